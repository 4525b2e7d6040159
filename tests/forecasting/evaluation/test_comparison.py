"""Comparisons with baselines: their verdicts, and the combination of several frequencies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import quick
from tables import series, two_frequencies
from unrolled.forecasting.evaluation.comparison import combine_comparisons, format_value


@pytest.fixture
def both(rng) -> pd.DataFrame:
    return two_frequencies(rng)


def test_the_comparison_is_over_all_series_and_by_frequency(both, rng):
    years = series(rng, 30, "YS", "year", 1, "1980-01-01")  # without a season
    fc = quick().fit(pd.concat([both, years]))
    held_out, parts = fc.held_out_, [one.held_out_ for one in fc.parts_.values()]
    naive = parts[2].by_series.xs("Naive", level="model").to_numpy()
    np.testing.assert_array_equal(held_out.by_series.loc[("year", "SeasonalNaive")], naive[0])
    models = {*fc.held_out_.table.index}
    assert models == {*parts[0].table.index, *parts[1].table.index}
    assert len(held_out.by_series) == 6 * len(models)
    weights = [3, 2, 1]
    for model in ("GRU", "Naive", "Drift"):
        errors = [part.table.loc[model] for part in parts]
        np.testing.assert_allclose(held_out.table.loc[model], np.average(errors, axis=0, weights=weights), rtol=1e-12)
        assert held_out.by_frequency.loc[model].tolist() == [e["MASE"] for e in errors]
    values = [part.known.sum() for part in parts]
    assert held_out.coverage[80] == pytest.approx(np.average([p.coverage[80] for p in parts], weights=values))
    squares = [p.by_step.loc[(2, "GRU"), "RMSE"] ** 2 for p in parts]
    expected = np.sqrt(np.average(squares, weights=[p.known[1] for p in parts]))
    assert held_out.by_step.loc[(2, "GRU"), "RMSE"] == pytest.approx(expected)
    assert "monthly: the last" in repr(held_out)
    assert "quarterly" in held_out._repr_html_()
    assert "3 series, monthly; 2 series, quarterly; 1 series, yearly" in fc._repr_html_()


def test_no_comparisons_combine_to_none():
    assert combine_comparisons({}) is None


def test_one_comparison_combined_with_none_keeps_its_numbers(rng):
    one = quick().fit(series(rng, 60, "MS", "a", 12)).held_out_
    whole = combine_comparisons({"monthly": one})
    np.testing.assert_allclose(whole.table, one.table, rtol=1e-12)
    np.testing.assert_allclose(whole.by_step, one.by_step, rtol=1e-12)
    assert whole.coverage == pytest.approx(one.coverage)
    assert whole.by_frequency["monthly"].tolist() == one.table["MASE"].tolist()


def test_the_verdict_on_a_random_walk_follows_the_table():
    """On a random walk nothing beats the last value by much, and the verdict follows the table."""
    y = np.random.default_rng(0).normal(size=200).cumsum() + 100
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=200, freq="D"), "y": y})
    held_out = un.Forecaster(horizon=5, steps=20, ensemble=2, verbose=0).fit(df).held_out_
    errors = held_out.table["MASE"]
    assert ("beats" in held_out.verdict) == (errors["GRU"] < errors.drop("GRU").min())
    averages = {"WindowAverage", "SeasonalWindowAverage"}
    assert set(held_out.table.index) == {"GRU", "Naive", "SeasonalNaive", "Drift", "Theta"} | averages


def test_a_comparison_is_shown_in_words(rng):
    held_out = quick().fit(series(rng, 60, "MS", "a", 12)).held_out_
    assert held_out.extent == f"the last {held_out.rows} periods, {held_out.origins} origins"
    text, page = repr(held_out), held_out._repr_html_()
    for part in (held_out.extent, held_out.verdict):
        assert part in text
        assert part in page
    for level, share in held_out.coverage.items():
        assert f"{level} %: {100 * share:.0f} %" in text
        assert f"{100 * share:.0f} %" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1,234"), (0.0012345, "0.001234"), (-98765.0, "-98,765"), (1e16, "1e+16"), (2.0, "2")],
)
def test_values_have_four_digits_or_are_whole(value, text):
    assert format_value(value) == text


def test_the_strongest_baselines_are_shown(rng):
    held_out = quick().fit(series(rng, 60, "MS", "a", 12)).held_out_
    assert held_out.strongest == held_out.ordered.index.drop("GRU")[:3].tolist()
    assert set(held_out.short.index) == {"GRU", *held_out.strongest}
    others = len(held_out.table) - 4
    for text in (repr(held_out), held_out._repr_html_()):
        assert f"{others} more baselines in the report" in text
        assert not any(name in text.replace("SeasonalNaive", "") for name in held_out.ordered.index.drop("GRU")[3:])


def test_a_day_with_a_far_lower_coverage_is_named(rng):
    held_out = quick().fit(series(rng, 60, "MS", "a", 12)).held_out_
    days = {"Mondays": {80: 0.5, 95: 0.62}, "Sundays": {80: 0.4, 95: 0.97}}
    assert held_out.uneven == []
    assert replace(held_out, coverage_by_day=days).uneven == ["on Mondays the 95 % intervals held only 62 %"]
    assert "; on Mondays the 95 % intervals held only 62 %" in repr(replace(held_out, coverage_by_day=days))
    assert replace(held_out, coverage_by_day={"Sundays": days["Sundays"]}).uneven == []


def test_frequencies_without_a_known_smape_have_none_together(rng):
    zeros = series(rng, 40, "QS", "b", 4).assign(y=lambda d: d["y"] - d["y"].iloc[-1])  # both signs, and 0
    held_out = quick().fit(pd.concat([series(rng, 60, "MS", "a", 12), zeros])).held_out_
    assert np.isfinite(held_out.parts["monthly"].by_step["sMAPE"]).all()
    assert held_out.table["sMAPE"].isna().all()
    assert held_out.by_step["sMAPE"].loc[4].isna().all()  # the last step meets the 0
    assert np.isfinite(held_out.by_step["MASE"]).all()
