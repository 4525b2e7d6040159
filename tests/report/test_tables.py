"""The tables of a report: their numbers are those of the comparison, the forecast, the series and the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from reports import NAME, content_of
from tables import panel_frame, table, two_frequencies
from unrolled.forecasting.inputs.views import VIEWS, MeanView, register_view
from unrolled.report import formatting, tables


def number(cell: str) -> float:
    return float(cell.replace("−", "-").replace(",", ""))


def test_models_are_sorted_from_best_to_worst(air):
    shown = tables.models(air)
    errors = air.comparison.table["MASE"].sort_values()
    assert [row[0] for row in shown.rows] == list(errors.index)
    assert shown.rows[shown.ours][0] == NAME
    assert shown.header == ["model", "sMAPE", "MASE", "RMSSE", "MAE", "RMSE"]
    np.testing.assert_allclose([number(row[2]) for row in shown.rows], errors, rtol=1e-2)


def test_errors_by_step_show_at_most_eight_steps_including_both_ends(air):
    shown = tables.by_step(air)
    steps = [int(cell) for cell in shown.header[1:]]
    assert (len(steps), steps[0], steps[-1]) == (8, 1, 12)
    errors = air.comparison.by_step["MASE"]
    for row in shown.rows:
        np.testing.assert_allclose([number(c) for c in row[1:]], [errors[step, row[0]] for step in steps], rtol=1e-2)


@pytest.mark.parametrize(
    ("promised", "reached", "said"),
    [
        (0.8, 0.84, "as promised"),
        (0.8, 0.76, "as promised"),
        (0.8, 0.7, "too narrow"),
        (0.8, 0.9, "wider than needed"),
    ],
)
def test_coverage_is_judged(promised, reached, said):
    assert tables._judged(promised, reached) == said


def test_coverage_of_a_forecast_without_errors_is_not_judged():
    shown = tables.coverage(content_of(table(np.full(60, 850.0), freq="MS"), 6))
    assert [row[1:] for row in shown.rows] == [["100 %", "no errors"]] * len(shown.rows)


def test_coverage_is_that_of_the_comparison(air):
    shown = tables.coverage(air)
    assert [row[:2] for row in shown.rows] == [
        [f"{level} %", formatting.percent(share)] for level, share in air.comparison.coverage.items()
    ]


def test_the_forecast_is_shown_in_numbers(air, rng):
    shown = tables.forecast(air)
    assert shown.header == ["Month", NAME, *(f"{v} % {end}" for v in (50, 80, 95) for end in ("from", "to"))]
    assert [row[0] for row in shown.rows] == [str(stamp.date()) for stamp in air.forecast["Month"]]
    np.testing.assert_allclose([number(row[1]) for row in shown.rows], air.forecast[NAME], atol=0.005)
    many = content_of(panel_frame(rng, lengths=(90,) * 5), 12)
    assert len(tables.forecast(many).rows) == tables.MAX_FORECAST_ROWS < len(many.forecast)


def test_contributions_are_those_of_the_explanation(air, hostile):
    shown = tables.explanation(air)
    summary = air.explanation.summary.iloc[0]
    assert [row[0] for row in shown.rows] == list(summary.index)
    np.testing.assert_allclose([number(row[1]) for row in shown.rows], summary, atol=0.051)
    for row in shown.rows:
        assert number(row[2]) <= number(row[1]) <= number(row[3])
    assert shown.rows[shown.ours][0] == "forecast"
    assert tables.explanation(replace(air, explanation=None)) is None
    assert len(hostile.explanation.summary) == 1


def test_series_at_a_glance_have_their_errors(rng):
    content = content_of(two_frequencies(rng), 4)
    shown = tables.series(content)
    assert [row[0] for row in shown.rows] == content.ids
    assert [row[1] for row in shown.rows] == ["monthly"] * 3 + ["quarterly"] * 2
    errors = content.comparison.by_series["MASE"].unstack("model")
    for row in shown.rows:
        ours, (best, name) = row[-2], row[-1].split()
        others = errors.loc[row[0]].drop(NAME).dropna()
        assert number(ours) == pytest.approx(errors.loc[row[0], NAME], abs=0.005)
        assert (number(best), name) == (pytest.approx(others.min(), abs=0.005), others.idxmin())


def test_errors_by_frequency(air, rng):
    assert tables.by_frequency(air) is None
    content = content_of(two_frequencies(rng), 4)
    shown = tables.by_frequency(content)
    assert shown.header == ["", "3 monthly", "2 quarterly"]
    assert len(shown.rows) == len(content.comparison.table)
    for row in shown.rows:
        expected = content.comparison.by_frequency.loc[row[0]]
        np.testing.assert_allclose([number(cell) for cell in row[1:]], expected, rtol=1e-2)


def test_the_search_is_shown_with_its_choice(air, rng):
    assert tables.search(air) is None
    fc = un.Forecaster(4, cell="auto", max_trials=5, hidden=4, steps=4, batch_size=8, verbose=0)
    content = fc.fit(panel_frame(rng, lengths=(120,))).report().content
    shown = tables.search(content)
    assert [row[1] for row in shown.rows] == fc.search_["configuration"].tolist()
    assert "chosen" in shown.rows[shown.ours][-1]
    assert "standard error" in shown.header


def test_the_model_is_described_by_frequency(air, rng):
    facts = dict(tables.model(air).rows)
    assert facts["network"] == "GRU(4), direct decoding; the pretrained network"
    assert facts["networks in the ensemble"] == "2"
    views = air.fitted.only.ensemble.spec.views[:2]  # of two networks
    assert facts["targets are relative to"] == "; ".join(view.description for view in views)
    assert facts["distribution"] == "learned quantiles"
    assert facts["total run time"] == "4.2 s"
    assert facts["seed"] == "7"
    mixed = tables.model(content_of(two_frequencies(rng), 4))
    assert mixed.header == ["", "monthly", "quarterly"]
    assert next(row[1:] for row in mixed.rows if row[0] == "season") == ["12 steps", "4 steps"]


def test_a_registered_view_is_described(rng, monkeypatch):
    monkeypatch.setitem(VIEWS, "first", None)  # undone after the test

    @register_view
    class FirstView(MeanView):
        name = "first"
        description = "the window's first value"

        def anchor(self, cut):
            return cut.z[cut.starts]

    facts = dict(tables.model(content_of(panel_frame(rng), 4, scaling="first")).rows)
    assert facts["targets are relative to"] == "the window's first value"
