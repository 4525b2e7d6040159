"""Panels: their pieces keep timestamps, values and gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tables import table
from unrolled.series.columns import Columns
from unrolled.series.frequency import Frequency
from unrolled.series.from_frame import read_panel
from unrolled.series.panel import Panel, ends_note, series_of, sparse_note


@pytest.fixture
def panel() -> Panel:
    """Three series of 5, 2 and 4 rows; row 1 of the last is a gap."""
    frames = [table([1.0, 2.0, 3.0, 4.0, 5.0], unique_id="a"), table([6.0, 7.0], start="2024-01-03", unique_id="b")]
    return read_panel(
        pd.concat([*frames, table([8.0, np.nan, 10.0, 11.0], start="2024-01-02", unique_id="c")]), Columns()
    )


def content(panel: Panel) -> dict[str, list]:
    """For each series its rows as (day of January, value or None)."""
    found = {}
    for k, name in enumerate(panel.ids):
        days = (panel.stamps(k) - np.datetime64("2023-12-31")).astype("timedelta64[D]").astype(int).tolist()
        values = [v if seen else None for v, seen in zip(panel.y, panel.observed, strict=True)][panel.series(k)]
        found[name] = list(zip(days, values, strict=True))
    return found


def test_pieces_keep_their_stamps_and_marks(panel):
    a, b, c = (content(panel)[name] for name in "abc")
    assert a == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert b == [(3, 6), (4, 7)]
    assert c == [(2, 8), (3, None), (4, 10), (5, 11)]
    assert content(panel.until(2)) == {"a": a[:-2], "c": c[:-2]}
    assert content(panel.tail(3)) == {"a": a[-3:], "b": b, "c": c[-3:]}
    assert content(panel.select(np.array([False, True, True]))) == {"b": b, "c": c}
    assert content(panel.until(9)) == {}
    assert panel.name(2) == "series 'c'"


def test_ends_belong_to_the_series_whose_rows_lie_before_them(panel):
    assert series_of(panel, np.array([1, 5, 6, 7, 8, 11])).tolist() == [0, 0, 1, 1, 2, 2]


def test_a_note_says_that_most_periods_have_no_value():
    month = Frequency.named("MS", np.datetime64("2024-01-01"))
    note = "only 10 of 21 monthly periods have a value; if the timestamps are misread, change `time`, `dates` or "
    assert sparse_note(10, 21, month) == [note + "`freq`"]
    assert not sparse_note(10, 20, month)
    assert not sparse_note(9, 21, month)  # too few values for a rule


def test_series_that_end_at_different_dates_are_noted(panel):
    assert [text.partition(";")[0] for text in ends_note(panel)] == [
        "the series end between 2024-01-04 and 2024-01-05"
    ]
    assert ends_note(panel.select(np.array([True, False, True]))) == []


def test_numbered_series_of_different_lengths_are_not_noted():
    """As in competitions, where the numbers are no dates."""
    frames = [
        pd.DataFrame({"unique_id": name, "ds": np.arange(rows), "y": 1.0}) for name, rows in (("a", 5), ("b", 9))
    ]
    assert ends_note(read_panel(pd.concat(frames), Columns())) == []
