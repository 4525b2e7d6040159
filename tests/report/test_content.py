"""The content of a report: a fitted table, its forecast, and the part of both that is shown."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from pages import Page, fitted
from reports import LEVELS, NAME, content_of
from tables import panel_frame, two_frequencies
from unrolled.report import content as report_content
from unrolled.report.content import ReportContent
from unrolled.report.wording import notes


def test_the_content_is_that_of_the_fit(rng):
    fc = fitted(panel_frame(rng), 4)
    content = fc.report(level=[80]).content
    fc.predict(level=[80])
    assert content.fitted.predictors is fc.fitted.predictors
    assert content.fitted.notes == (*fc.notes_, *fc.predict_notes_)
    assert content.comparison is fc.held_out_
    assert (content.name, content.columns, content.steps) == (NAME, fc.columns_, 4)
    assert content.ids == ["s0", "s1", "s2"]
    assert content.levels == [80.0]
    pd.testing.assert_frame_equal(content.forecast, fc.predict(level=[80]), check_exact=True)
    assert [curve.id for curve in content.curves] == content.ids


def test_drawn_series_are_divided_among_the_frequencies(rng, monkeypatch):
    monkeypatch.setattr(report_content, "MAX_SERIES_SHOWN", 3)
    content = fitted(two_frequencies(rng), 4).report().content
    assert [(part.name, part.shown) for part in content.parts] == [("monthly", 1), ("quarterly", 1)]
    assert [curve.id for curve in content.curves] == [part.panel.ids[0] for part in content.parts]
    assert content.shown == 2
    assert "Only the first 1 of 2 series that are quarterly are shown; forecast.csv has all" in notes(content)


def test_each_frequency_has_its_own_part_of_the_forecast(rng):
    content = content_of(two_frequencies(rng), 4)
    for part in content.parts:
        assert set(part.forecast["unique_id"]) == set(part.panel.ids)
        assert len(part.forecast) == 4 * len(part.panel.ids)
    assert isinstance(content, ReportContent)
    assert content.levels == list(LEVELS)


# --- sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "rows", "horizon"), [(120, 2100, 24), (60, 400, 100)])
def test_the_page_stays_below_ten_megabytes_however_large_the_table(series, rows, horizon, tmp_path, rng):
    stamps = pd.date_range("2024-01-01 00:30", periods=rows, freq="30min")
    parts = [
        pd.DataFrame({"unique_id": f"series {k}", "ds": stamps, "y": 100 * rng.standard_normal(rows)})
        for k in range(series)
    ]
    fc = fitted(pd.concat(parts), horizon, network="trained", steps=1, ensemble=1)
    fc.report().save(tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 10e6
    page = Page(tmp_path / "report.html")
    shown = len(page.data["series"])
    assert shown >= 20
    assert len(page.data["axes"]) == 1
    assert f"Only the first {shown} of {series} series are shown; forecast.csv has all" in page.text
    history = page.data["series"][0]["y"]
    assert len(history) == min(rows, 500)
    assert history == fc.panel_.y[fc.panel_.series(0)][-len(history) :].tolist()
    assert page.stamps(0)[0][-1] == str(stamps[-1])


def test_series_too_short_to_hold_rows_out_have_a_page_too(tmp_path):
    fc = fitted(pd.DataFrame({"ds": range(9), "y": range(9)}), horizon=4)
    title = os.fsdecode(b"caf\xe9.csv")  # names of files need not be UTF-8
    fc.report(title=title).save(tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "caf?.csv" in page.text
    assert "The series are too short to hold out any periods" in page.text
    assert page.data["series"][0]["held_out"] is None
    assert page.stamps(0)[1] == [9, 10, 11, 12]
