"""Measures: worked by hand on tiny tables, and against M4's definitions and utilsforecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from utilsforecast import losses

import unrolled as un
from tables import panel_of
from unrolled.forecasting.evaluation.metrics import (
    Contest,
    InSampleValues,
    at_levels,
    has_many_zeros,
    in_sample_values,
    judging_measure,
    scales,
    score_groups,
    score_series,
    summarize,
)
from unrolled.forecasting.probabilistic.interval_columns import interval_columns, models_in
from unrolled.forecasting.probabilistic.quantiles import GRID_LEVELS, LEARNED, QUANTILES
from unrolled.series.frequency import DAY, HOUR, Frequency, mase_season

Y = np.array([10.0, 20.0, 30.0])
IDS = np.zeros(3, np.int64)


def one(forecasts, y=Y, ids=IDS, history=None):
    return summarize(score_series(ids, y, forecasts, history)).iloc[0]


def test_point_errors_worked_by_hand():
    row = one({"f": np.array([12.0, 20.0, 26.0])})
    assert row["MAE"] == pytest.approx(2.0)  # (2 + 0 + 4) / 3
    assert row["RMSE"] == pytest.approx(np.sqrt(20 / 3))
    assert row["sMAPE"] == pytest.approx(200 / 3 * (2 / 22 + 4 / 56))


def test_smape_runs_from_0_to_200():
    assert one({"f": Y})["sMAPE"] == 0
    assert one({"f": -Y})["sMAPE"] == pytest.approx(200)
    assert one({"f": Y / 50}, y=Y / 100)["sMAPE"] == pytest.approx(200 / 3)  # values below 1


@pytest.mark.parametrize("y", [[0.0, 20, 30], [-10.0, 20, 30], [0.0, 0, 0], [-1.0, 0, -1]])
def test_smape_is_unknown_where_it_means_nothing(y):
    """A value of 0 has a sMAPE of 200 whatever the forecast is, unless that is 0."""
    ids, y = np.array([0, 0, 0, 1, 1]), np.array([*y, 5.0, 6.0])
    scores = score_series(ids, y, {"f": y + 1})["sMAPE"].unstack("model")["f"]
    assert np.isnan(scores[0])
    assert scores[1] == pytest.approx(100 * (1 / 11 + 1 / 13))
    assert np.isnan(one({"f": y + 1}, y=y, ids=ids)["sMAPE"])
    assert one({"f": 1 - Y}, y=-Y)["sMAPE"] == pytest.approx(one({"f": Y - 1})["sMAPE"])  # all below 0


def test_scaled_errors_worked_by_hand():
    history = InSampleValues(
        np.zeros(4, np.int64), np.array([1.0, 5.0, 3.0, 9.0]), season=2
    )  # |3 - 1|, |9 - 5|: mean 3
    row = one({"f": np.array([13.0, 20.0, 24.0])}, history=history)
    assert row["MASE"] == pytest.approx(3 / 3)
    assert row["RMSSE"] == pytest.approx(np.sqrt(15 / 10))  # squares 9, 0, 36 over squares 4, 16


def test_intervals_worked_by_hand():
    """80 %: α = 0.2, so that a value outside costs ten times its distance."""
    columns = {"f": Y, "f-lo-80": np.array([8.0, 21.0, 20.0]), "f-hi-80": np.array([10.0, 24.0, 28.0])}
    history = InSampleValues(np.zeros(3, np.int64), np.array([0.0, 4.0, 8.0]), season=1)  # scale 4
    row = one(columns, history=history)
    assert row["coverage-80"] == pytest.approx(1 / 3)  # an end counts as inside
    assert row["IS-80"] == pytest.approx((2 + (3 + 10 * 1) + (8 + 10 * 2)) / 3)
    assert row["MSIS-80"] == pytest.approx(row["IS-80"] / 4)


def test_crps_is_the_mean_of_twice_the_pinball_losses(rng):
    quantiles = np.sort(rng.normal(size=(3, len(QUANTILES))), axis=1)
    y = rng.normal(size=3)
    row = one(interval_columns("f", quantiles, GRID_LEVELS), y=y)
    error = y[:, None] - quantiles[:, 1:-1]
    levels = np.array(LEARNED)
    assert row["CRPS"] == pytest.approx(2 * np.maximum(levels * error, (levels - 1) * error).mean())


def test_crps_of_a_certain_forecast_is_the_absolute_error():
    row = one(interval_columns("f", np.repeat(Y[:, None] + 2, len(QUANTILES), axis=1), GRID_LEVELS))
    assert row["CRPS"] == pytest.approx(2 * np.mean(LEARNED) * 2)  # each pinball: (1 - q) 2, and 1 - q averages ½


def test_without_all_learned_quantiles_there_is_no_crps():
    assert "CRPS" not in one(interval_columns("f", np.repeat(Y[:, None], len(QUANTILES), axis=1), [80, 95]))


def test_measures_follow_the_definitions_of_m4(rng):
    """Two series: sMAPE, MASE, MSIS and OWA as defined in the competition's texts."""
    m, x, y = 4, rng.uniform(5, 9, size=(2, 30)), rng.uniform(5, 9, size=(2, 6))
    methods = {name: rng.uniform(5, 9, size=(2, 6)) for name in ("f", "Naive2")}
    low, high = methods["f"] - 1.0, methods["f"] + 0.5
    smape, mase, msis = {}, {}, []
    for name, forecast in methods.items():
        smape[name] = np.mean(
            [200 * np.mean(abs(a - b) / (abs(a) + abs(b))) for a, b in zip(y, forecast, strict=True)]
        )
        scales = [np.abs(past[m:] - past[:-m]).mean() for past in x]
        mase[name] = np.mean([np.abs(a - b).mean() / s for a, b, s in zip(y, forecast, scales, strict=True)])
    for a, lo, hi, s in zip(y, low, high, scales, strict=True):
        below, above = 2 / 0.05 * (lo - a) * (a < lo), 2 / 0.05 * (a - hi) * (a > hi)
        msis.append(np.mean(hi - lo + below + above) / s)
    columns = {"f": methods["f"], "f-lo-95": low, "f-hi-95": high, "Naive2": methods["Naive2"]}
    history = InSampleValues(np.repeat([0, 1], 30), x.reshape(-1), m)
    table = summarize(
        score_series(np.repeat([0, 1], 6), y.reshape(-1), {k: v.reshape(-1) for k, v in columns.items()}, history)
    )
    for name in methods:
        assert table.loc[name, "sMAPE"] == pytest.approx(smape[name])
        assert table.loc[name, "MASE"] == pytest.approx(mase[name])
    assert table.loc["f", "MSIS-95"] == pytest.approx(np.mean(msis))
    owa = (smape["f"] / smape["Naive2"] + mase["f"] / mase["Naive2"]) / 2
    assert table["OWA"].tolist() == pytest.approx([owa, 1.0])
    assert table.columns.tolist()[:4] == ["sMAPE", "MASE", "OWA", "RMSSE"]


def test_all_measures_are_those_of_utilsforecast(rng):
    """Three series whose rows are in no order, with a missing value, against an independent implementation."""
    ids, past = rng.permutation(np.repeat([3, 1, 2], 15)), np.repeat([3, 1, 2], 20)
    y, x = rng.uniform(1, 5, size=45), rng.uniform(1, 5, size=60)
    y[4] = np.nan
    forecasts = interval_columns("f", np.sort(rng.uniform(1, 5, size=(45, len(QUANTILES))), axis=1), GRID_LEVELS)
    scores = score_series(ids, y, forecasts, InSampleValues(past, x, 7)).droplevel("model")
    frame = pd.DataFrame({"unique_id": ids, "y": y, **forecasts})[~np.isnan(y)]
    train = pd.DataFrame({"unique_id": past, "y": x})
    names = [f"f-lo-{level:g}" for level in GRID_LEVELS] + ["f"]
    names += [f"f-hi-{level:g}" for level in reversed(GRID_LEVELS)]
    expected = {
        "sMAPE": 200 * by_series(losses.smape(frame, ["f"])),
        "MASE": by_series(losses.mase(frame, ["f"], 7, train)),
        "RMSSE": by_series(losses.rmsse(frame, ["f"], 7, train)),
        "MAE": by_series(losses.mae(frame, ["f"])),
        "RMSE": by_series(losses.rmse(frame, ["f"])),
        "CRPS": 2 * by_series(losses.mqloss(frame, {"f": names}, np.array(LEARNED))),
    }
    for level in (80, 95):
        expected[f"coverage-{level}"] = by_series(losses.coverage(frame, ["f"], level))
        expected[f"IS-{level}"] = by_series(losses.winkler_score(frame, ["f"], level))
    pd.testing.assert_frame_equal(
        scores[list(expected)], pd.DataFrame(expected).sort_index(), check_names=False, rtol=1e-12
    )


def by_series(table):
    return table.set_index("unique_id")["f"]


def test_models_without_intervals_have_no_measures_of_them():
    scores = score_series(IDS, Y, {"a": Y, "a-lo-80": Y, "a-hi-80": Y, "b": Y}).droplevel("series")
    assert scores["coverage-80"].to_dict() == {"a": 1.0, "b": pytest.approx(np.nan, nan_ok=True)}
    assert np.isnan(scores.loc["b", "IS-80"])


def test_seasons_of_scales_differ_by_series():
    """Differences of one and of two rows: 1 and 6."""
    history = InSampleValues(np.array([5, 5, 5, 8, 8, 8]), np.array([0.0, 1, 2, 1, 9, 7]), np.repeat([1, 2], 3))
    np.testing.assert_array_equal(scales(history, np.array([8, 5, 6, 9]))[:, 0], [6, 1, np.nan, np.nan])


def test_without_a_history_there_are_no_scales():
    found = scales(InSampleValues(np.zeros(0, np.int64), np.zeros(0), 1), np.array([3, 4]))
    np.testing.assert_array_equal(found, np.full((2, 2), np.nan))


def test_values_in_sample_are_the_observed_ones_of_numbered_series():
    panel = panel_of([1.0, 2.0], [3.0, 4.0, 5.0])
    panel = replace(panel, observed=panel.y != 4)
    for numbers, ids in ((None, [0, 0, 1, 1, 1]), (np.array([4, 9]), [4, 4, 9, 9, 9])):
        found = in_sample_values(panel, 7, numbers)
        assert found.ids.tolist() == ids
        np.testing.assert_array_equal(found.y, [1, 2, 3, np.nan, 5])
        assert found.season == 7


def test_without_known_values_there_is_nothing_to_score():
    assert score_series(IDS, np.full(3, np.nan), {"f": Y}).empty


def test_short_and_long_series_have_the_same_weight_in_means():
    row = one({"f": np.zeros(4)}, y=np.array([1.0, 1.0, 1.0, 5.0]), ids=np.array([0, 0, 0, 1]))
    assert row["MAE"] == pytest.approx(3.0)


def test_unknown_values_do_not_count():
    row = one({"f": np.zeros(3)}, y=np.array([1.0, np.nan, 3.0]))
    assert row["MAE"] == pytest.approx(2.0)


@pytest.mark.parametrize("past", [[7.0, 7.0, 7.0], [7.0]], ids=["constant", "short"])
def test_a_series_without_a_scale_is_left_out_of_scaled_means(past):
    history = InSampleValues(np.array([0] * len(past) + [1, 1]), np.array([*past, 1.0, 3.0]), 1)
    scores = score_series(np.array([0, 1]), np.array([4.0, 4.0]), {"f": np.zeros(2)}, history)
    assert np.isnan(scores.loc[(0, "f"), "MASE"])
    assert summarize(scores).loc["f", "MASE"] == pytest.approx(4 / 2)
    assert summarize(scores).loc["f", "MAE"] == pytest.approx(4)


def test_columns_may_have_any_name():
    forecasts = {name: Y + k for k, name in enumerate(("y", "unique_id", "cutoff", "scale", "m0", "a-lo", "ds"))}
    history = InSampleValues(np.zeros(3, np.int64), np.arange(3.0), 1)
    table = summarize(score_series(IDS, Y, forecasts, history))
    assert table["MAE"].to_dict() == {name: pytest.approx(k) for k, name in enumerate(forecasts)}


def test_levels_may_be_fractions():
    assert one({"f": Y, "f-lo-97.5": Y - 1, "f-hi-97.5": Y + 1})["IS-97.5"] == pytest.approx(2)


def test_intervals_belong_to_their_models():
    names = ["A", "A-lo-95", "A-lo-80", "A-hi-95", "A-hi-80", "A-B", "A-B-lo-50", "A-B-hi-50"]
    assert models_in(names) == {
        "A": {95: ("A-lo-95", "A-hi-95"), 80: ("A-lo-80", "A-hi-80")},
        "A-B": {50: ("A-B-lo-50", "A-B-hi-50")},
    }
    with pytest.raises(un.InputError, match=r"80 % interval of 'A' lacks the column 'A-hi-80'"):
        models_in(["A", "A-lo-80"])
    with pytest.raises(un.InputError, match="lacks the column 'A'"):
        models_in(["A-lo-80", "A-hi-80"])


def test_measures_of_other_levels_can_be_left_out():
    table = pd.DataFrame([[1.0] * 6], columns=["MAE", "IS-80", "IS-95", "MSIS-80", "coverage-80", "coverage-95"])
    assert at_levels(table, [80.0]).columns.tolist() == ["MAE", "IS-80", "MSIS-80", "coverage-80"]


def test_the_season_of_mase_is_m4s_unless_stamps_are_numbers():
    assert mase_season(Frequency("fixed", DAY, 0), 7) == 1
    assert mase_season(Frequency("fixed", HOUR, 0), None) == 24
    assert mase_season(Frequency("integer", 1, 0), 24) == 24
    assert mase_season(Frequency("integer", 1, 0), None) == 1


def errors_of(**mase: float) -> pd.DataFrame:
    return pd.DataFrame({"sMAPE": 200.0, "MASE": mase, "MAE": 1.0}, index=list(mase))


def verdict_of(table: pd.DataFrame, by_series: pd.DataFrame | None = None) -> Contest:
    if by_series is None:
        by_series = pd.concat({0: table}, names=["series", "model"])
    return Contest.of(table, "RNN", judging_measure(table), by_series)


def test_the_verdict_follows_mase():
    table = errors_of(RNN=2, Naive=1, Drift=3)
    assert str(verdict_of(table)) == "The network loses to Naive: MASE 2 against 1. Prefer Naive here."
    assert str(verdict_of(table.drop("Naive"))) == "The network beats the best baseline (Drift): MASE 2 against 3."


def test_the_verdict_on_a_constant_series_uses_mae():
    table = pd.DataFrame({"sMAPE": 0.0, "MASE": np.nan, "MAE": [0.0, 0.0]}, index=["RNN", "Naive"])
    assert str(verdict_of(table)) == "The network and Naive make no error here."
    table["MAE"] = [1.0, 2.0]
    assert str(verdict_of(table)) == "The network beats the best baseline (Naive): MAE 1 against 2."
    table["MASE"] = [np.nan, 1.0]  # unknown for one model
    assert judging_measure(table) == "MAE"


@pytest.mark.parametrize(
    ("gain", "spread", "outcome"),
    [(0.25, 1, "better"), (0.1, 1, "tie"), (-0.1, 1, "tie"), (-0.25, 1, "worse"), (0, 0, "tie")],
)
def test_a_difference_within_its_noise_is_a_tie(gain, spread, outcome, rng):
    difference = rng.normal(size=100)
    difference = gain + spread * (difference - difference.mean()) / difference.std(
        ddof=1
    )  # standard error spread / 10
    index = pd.MultiIndex.from_product([range(100), ["RNN", "Naive"]], names=["series", "model"])
    naive = 5 + rng.normal(size=100)  # the same for both: only differences count
    by_series = pd.DataFrame({"MASE": np.column_stack((naive - difference, naive)).ravel()}, index=index)
    by_series["sMAPE"], by_series["MAE"] = 1.0, 1.0
    found = verdict_of(by_series.groupby(level="model", sort=False).mean(), by_series)
    assert found.outcome == outcome
    assert found.noise == pytest.approx(spread / 10)
    assert ("differences up to 0.2 may be chance" in str(found)) == (outcome == "tie" and spread > 0)
    if spread and outcome == "tie":
        first = (
            "The network has a smaller error than Naive" if gain > 0 else "Naive has a smaller error than the network"
        )
        assert str(found).startswith(f"{first} here, but not clearly: MASE ")


@pytest.mark.parametrize(("parts", "outcome"), [(2, "tie"), (3, "tie"), (4, "better"), (20, "better")])
def test_few_parts_show_only_large_differences_clearly(parts, outcome):
    """Student's limits are 12.7, 4.3, 3.18 and 2.09 standard errors; the difference is 4 of them."""
    pattern = np.resize([-1.0, 1.0], parts) - np.resize([-1.0, 1.0], parts).mean()
    difference = 4 + pattern / (pattern.std(ddof=1) / np.sqrt(parts))
    index = pd.MultiIndex.from_product([range(parts), ["RNN", "Naive"]], names=["series", "model"])
    errors = np.column_stack((50 - difference, np.full(parts, 50.0))).ravel()
    by_series = pd.DataFrame({"MASE": errors, "sMAPE": 1.0, "MAE": 1.0}, index=index)
    found = verdict_of(by_series.groupby(level="model", sort=False).mean(), by_series)
    assert found.noise == pytest.approx(1)
    assert found.outcome == outcome


def test_the_noise_is_known_from_two_parts_on():
    """Differences of 1 and 3: their deviation is √2, the standard error of their mean 1."""
    index = pd.MultiIndex.from_product([range(2), ["RNN", "Naive"]], names=["series", "model"])
    by_part = pd.DataFrame({"MASE": [2.0, 1.0, 5.0, 2.0]}, index=index)
    table = by_part.groupby(level="model", sort=False).mean()
    assert Contest.of(table, "RNN", "MASE", by_part).noise == pytest.approx(1)
    assert Contest.of(table, "RNN", "MASE", by_part.head(2)).noise == 0
    assert "equally good" in str(Contest("RNN", "Naive", "MASE", (2.0, 2.0), 0.5, 5))


def test_a_difference_of_rounding_is_a_tie():
    assert "equally good" in str(verdict_of(errors_of(RNN=1 + 1e-12, Naive=1)))


@pytest.mark.parametrize(
    ("y", "many"),
    [
        ([0.0, 0, 5, 2], True),
        ([0.0, 3, 5, 2], False),
        ([0.0, np.nan, np.nan, 2], True),
        ([0.0, 0], False),
        ([], False),
    ],
)
def test_half_of_the_known_values_are_zero(y, many):
    assert has_many_zeros(np.array(y)) is many


def test_where_half_of_the_values_are_zero_squared_errors_decide():
    """The forecast 0 has the smaller absolute error, the mean of 2.5 the smaller squared one."""
    y, history = np.array([0.0, 0, 0, 10]), InSampleValues(np.zeros(4), np.array([0.0, 2, 0, 2]), 1)
    scores = score_series(np.zeros(4), y, {"RNN": np.zeros(4), "Mean": np.full(4, 2.5)}, history)
    table = summarize(scores)
    assert judging_measure(table) == "MASE"
    assert judging_measure(table, many_zeros=True) == "RMSSE"
    assert judging_measure(table.assign(RMSSE=np.nan), many_zeros=True) == "RMSE"
    assert str(Contest.of(table, "RNN", "MASE", scores)).startswith("The network beats the best baseline (Mean)")
    assert (
        str(Contest.of(table, "RNN", "RMSSE", scores))
        == "The network loses to Mean: RMSSE 2.5 against 2.165. Prefer Mean here."
    )


def test_scaled_errors_by_step_are_those_of_values_divided_by_their_scales():
    """Two series with scales 2 and 4, whose errors at the first step are 2 and 2, at the second 6 and 4."""
    history = InSampleValues(np.array([0, 0, 1, 1]), np.array([1.0, 3, 4, 8]), 1)
    y, ids, steps = np.array([10.0, 10, 20, 20]), np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2])
    found = score_groups("step", steps, y, {"f": np.array([12.0, 16, 22, 16])}, scales(history, ids)).xs("f", level=1)
    np.testing.assert_allclose(found["MASE"], [(2 / 2 + 2 / 4) / 2, (6 / 2 + 4 / 4) / 2])
    np.testing.assert_allclose(found["RMSSE"], np.sqrt([(1 + 0.25) / 2, (9 + 1) / 2]))
    np.testing.assert_allclose(found["MAE"], [2, 5])


def test_errors_of_rounding_are_none():
    """Networks compute in 32 bits, whose numbers near 850 lie 6e-5 apart."""
    y = np.full(3, 850.0)
    scores = score_series(IDS, y, {"a": y + 8e-5, "b": y + 3e-3}).droplevel("series")
    assert scores["MAE"].to_dict() == {"a": 0.0, "b": pytest.approx(3e-3)}
    large = np.full(3, 2.0**23)
    assert one({"f": large + 1}, y=large)["MAE"] == 0
