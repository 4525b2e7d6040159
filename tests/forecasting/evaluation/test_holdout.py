"""The held-out end: predicted once, calibrated on other origins, compared as in a computation by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import quick
from tables import panel_frame
from unrolled.forecasting import fitting
from unrolled.forecasting.evaluation import holdout
from unrolled.forecasting.evaluation.holdout import HeldOutForecasts, _stride, predict_held_out
from unrolled.forecasting.evaluation.shares import MAX_BLOCKS_OF_ORIGINS
from unrolled.forecasting.model.architecture import Architecture
from unrolled.forecasting.model.ensemble import Ensemble
from unrolled.forecasting.probabilistic.conformal import calibrate, conformal_factors
from unrolled.forecasting.probabilistic.interval_columns import interval_columns
from unrolled.forecasting.probabilistic.quantile_function import scores_of_levels
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES

NORMAL = scores_of_levels(QUANTILES)
QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


def held_out(frame, **options):
    """The forecasts of the held-out end of a fit, and the fit."""
    caught = []

    def predict(*args):
        caught.append(predict_held_out(*args))
        return caught[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "predict_held_out", predict)
        fc = quick(**options).fit(frame)
    return caught[0], fc


# --- windows read by the networks -------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"reach": 2}, {"likelihood": "normal"}, {"combine": "Naive"}])
def test_each_window_goes_through_each_network_once(options, rng, monkeypatch):
    asked, read = [], []
    outputs, forward = Ensemble.outputs, Architecture.forward

    def counted_outputs(ensemble, origins):
        asked.append(origins)
        before = len(read)
        found = outputs(ensemble, origins)
        # all windows by each network, in any number of pieces
        assert sum(read[before:]) == len(origins) * len(ensemble.members)
        return found

    def counted_forward(architecture, parameters, inputs, lengths):
        found = forward(architecture, parameters, inputs, lengths)
        read.append(len(found))
        return found

    monkeypatch.setattr(Ensemble, "outputs", counted_outputs)
    monkeypatch.setattr(Architecture, "forward", counted_forward)
    found, _ = held_out(panel_frame(rng), ensemble=4, scaling=["level", "season"], **options)
    same = [origins for origins in asked if origins is found.origins]
    assert len(same) == 1
    if "reach" in options:  # later blocks have windows of their own, for medians and for paths
        assert len(asked) == 3
        assert all(np.shape(origins.ends)[0] % len(found.origins) == 0 for origins in asked)
    else:
        assert asked == same
        assert sum(read) == 4 * len(found.origins)


def test_the_windows_lie_in_the_held_out_end_the_last_among_them(rng):
    df = panel_frame(rng)
    found, fc = held_out(df)
    panel, rows = found.origins.panel, fc.held_out_.rows
    ends_of_series = panel.offsets[found.origins.series + 1]
    assert (found.origins.ends >= ends_of_series - rows).all()  # nothing that is read was held out from the first
    np.testing.assert_array_equal(found.origins.ends + 4 + found.left, ends_of_series)
    assert (found.left == 0).sum() == 3
    z = found.origins.inverse_transform(found.target)
    np.testing.assert_allclose(z, panel.y[found.origins.rows_ahead(4)], rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "limit"), [({}, "MAX_HELD_OUT_WINDOWS"), ({"reach": 2}, "MAX_RECURSIVE_WINDOWS")]
)
def test_of_many_windows_an_evenly_spaced_part_is_predicted(options, limit, rng, monkeypatch):
    monkeypatch.setattr(holdout, limit, 12)
    found, fc = held_out(panel_frame(rng), **options)
    assert len(found.origins) <= 12
    assert sorted(set(found.left)) == [0, 3, 6, 9]
    assert fc.held_out_.origins == 4


@pytest.mark.parametrize(
    ("least", "count", "seasons", "stride"),
    [
        (1, 168, (24, 168), 1),
        (2, 168, (24, 168), 5),
        (24, 400, (24, 168), 25),
        (7, 100, (7, 364), 8),
        (3, 12, (12,), 3),
        (50, 12, (7,), 50),
    ],
)
def test_origins_lie_at_all_places_of_the_seasons_that_occur_twice(least, count, seasons, stride):
    assert _stride(least, count, seasons) == stride


def test_a_week_of_hours_is_held_out_with_all_of_its_hours_and_days(monkeypatch):
    # every fourth origin would see six hours of the day only
    monkeypatch.setattr(holdout, "MAX_HELD_OUT_WINDOWS", 42)
    found, fc = held_out(hours(1600, 8), ensemble=1, steps=2)
    assert fc.held_out_.rows == 4 + 167
    stamps = found.origins.panel.frequency.stamps(found.origins.ordinals_ahead(1)[:, 0])
    assert set(pd.DatetimeIndex(stamps).hour) == set(range(24))
    assert set(pd.DatetimeIndex(stamps).dayofweek) == set(range(7))


def hours(rows, steps=0):
    """Hours of days that look alike, except for `steps` added at noon of Mondays."""
    stamps = pd.date_range("2024-01-01", periods=rows, freq="h")
    y = 50 + 10 * np.sin(2 * np.pi * stamps.hour / 24) + steps * ((stamps.dayofweek == 0) & (stamps.hour == 12))
    return pd.DataFrame({"ds": stamps, "y": y})


@pytest.mark.parametrize("zone", [None, "America/Los_Angeles"])
def test_coverage_of_each_day_is_counted_by_hand(rng, zone):
    """Days are those of the local time of the series, also where hours are counted in UTC."""
    frame = hours(1600).assign(y=lambda table: table["y"] + rng.normal(size=len(table)))
    found, fc = held_out(frame.assign(ds=frame["ds"].dt.tz_localize(zone)), ensemble=1, steps=2)
    rows = found.origins.rows_ahead(4)
    y = found.origins.panel.y[rows]
    days = frame["ds"].dt.dayofweek.to_numpy()[rows]  # of a single series without gaps
    values = found.origins.inverse_transform(found.calibrated_on_others())
    low, high = list(interval_columns("", values, [95], found.ensemble.support).values())[1:]
    inside = (low <= y) & (y <= high)
    by_day = fc.held_out_.coverage_by_day
    for number, name in enumerate(
        ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"]
    ):
        own = days.ravel() == number
        assert by_day[name][95] == pytest.approx(inside.ravel()[own].mean())
    assert held_out(panel_frame(rng))[1].held_out_.coverage_by_day == {}  # months have no days


def test_gaps_have_no_weight(rng):
    df = panel_frame(rng, lengths=(90,)).drop(index=[85])
    found, fc = held_out(df)
    rows = found.origins.rows_ahead(4)
    np.testing.assert_array_equal(found.weight == 0, rows == 85)
    assert fc.held_out_.known.sum() == found.weight.sum() == rows.size - 4


# --- calibration ------------------------------------------------------------------------------------


def test_no_origin_is_calibrated_on_its_own_targets(rng):
    """Poison all targets of one origin, and of origins that share targets with it: its quantiles keep their bits."""
    found, _ = held_out(panel_frame(rng, lengths=(90, 80)))
    calibrated, factors = found.calibrated_on_others(), found.conformal_factors
    origins = np.unique(found.left)
    assert len(origins) <= MAX_BLOCKS_OF_ORIGINS  # each is a block of its own
    for own in (origins[0], origins[-1]):
        near = np.abs(found.left - own) < found.horizon
        target = found.target.copy()
        target[near] += 1e6
        poisoned = replace(found, target=target)
        again = poisoned.calibrated_on_others()
        here = found.left == own
        np.testing.assert_array_equal(again[here], calibrated[here])
        assert (again[~near] != calibrated[~near]).any()
        assert (poisoned.conformal_factors >= factors).all()


def test_the_calibration_of_few_windows_is_shrunk_towards_the_usual_one(rng):
    """The held-out ends have 12 origins, which are three blocks of a horizon of 4 in each of two series."""
    found, _ = held_out(panel_frame(rng, lengths=(90, 80)))
    assert (len(np.unique(found.left)), found.horizon) == (12, 4)
    own = conformal_factors(found.quantiles, found.target, found.weight, 6)
    assert found.typical_factor == 1 + 2.5 / np.sqrt(85 - 15)
    np.testing.assert_allclose(found.conformal_factors, own ** (6 / 11) * found.typical_factor ** (5 / 11))


@pytest.mark.parametrize("origins", [2, 8, 45])
@pytest.mark.parametrize("series", [1, 120])
def test_reported_coverage_is_calibrated_on_other_origins(origins, series, rng):
    """The values after an origin affect the intervals of others, never its own."""
    left = np.repeat(np.arange(origins), series)
    raw = NORMAL * rng.uniform(1, 2, size=(len(left), 3, 1))
    target = 3 * rng.normal(size=(len(left), 3))
    held_out = HeldOutForecasts(
        ensemble=None,
        origins=SimpleNamespace(series=np.tile(np.arange(series), origins)),
        left=left,
        quantiles=raw,
        target=target,
        weight=np.ones_like(target),
        correlation=np.eye(3),
        typical_factor=1.5,
    )
    before = held_out.calibrated_on_others()
    target[left == 1] *= 100
    changed = (held_out.calibrated_on_others() != before).any(axis=(1, 2))
    assert not changed[left == 1].any()
    assert changed[left != 1].any()


def test_coverage_is_counted_by_hand(rng):
    found, fc = held_out(panel_frame(rng, lengths=(90, 80)))
    values = found.origins.inverse_transform(found.calibrated_on_others())
    y = found.origins.panel.y[found.origins.rows_ahead(4)]
    for level, pair in ((50, 4), (80, 3), (90, 2), (95, 1)):
        inside = (values[..., pair] <= y) & (y <= values[..., -1 - pair])
        assert fc.held_out_.coverage[level] == pytest.approx(inside.mean(), rel=1e-12)


# --- the comparison ---------------------------------------------------------------------------------


def test_the_noise_of_a_single_series_is_that_of_blocks_of_a_horizon(rng):
    found, fc = held_out(panel_frame(rng, lengths=(90,)))
    comparison = fc.held_out_
    blocks = found.blocks
    rows = found.origins.rows_ahead(4)
    assert np.unique(rows[blocks == 0]).tolist() == [86, 87, 88, 89]
    errors = np.abs(comparison_errors(found, comparison))
    own = [errors[blocks == k].mean() for k in np.unique(blocks)]
    by_block = comparison.by_block["MAE"].xs("Naive", level="model")
    np.testing.assert_allclose(by_block, own)
    difference = comparison.by_block[comparison.measure].unstack("model")
    difference = difference[comparison.name] - difference[comparison.contest.best]
    assert comparison.contest.noise == pytest.approx(difference.std() / np.sqrt(len(difference)))
    assert held_out(panel_frame(rng))[1].held_out_.by_block is None


def comparison_errors(found, comparison):
    """The errors of the naive forecast, (K, H)."""
    panel = found.origins.panel
    return panel.y[found.origins.rows_ahead(4)] - panel.y[found.origins.ends - 1][:, None]


def test_the_networks_errors_are_those_of_their_medians(rng):
    found, fc = held_out(panel_frame(rng))
    comparison, factors = fc.held_out_, found.conformal_factors
    np.testing.assert_array_equal(fc.fitted.only.conformal_factors, factors)
    medians = found.origins.inverse_transform(calibrate(found.quantiles, factors))[..., MEDIAN]
    errors = np.abs(medians - found.origins.panel.y[found.origins.rows_ahead(4)])
    np.testing.assert_allclose(comparison.by_step["MAE"].xs("GRU", level="model"), errors.mean(axis=0), rtol=1e-12)
    by_series = [errors[found.origins.series == k].mean() for k in range(3)]
    np.testing.assert_allclose(comparison.by_series["MAE"].xs("GRU", level="model"), by_series, rtol=1e-12)
    assert comparison.table.loc["GRU", "MAE"] == pytest.approx(np.mean(by_series), rel=1e-12)
    last = comparison.example.groupby("unique_id", sort=False)["GRU"].apply(list).tolist()
    np.testing.assert_array_equal(last, medians[found.left == 0])


def test_the_comparison_agrees_with_a_hand_computation(rng):
    df = panel_frame(rng, lengths=(90,))
    held_out = un.Forecaster(horizon=4, **QUICK).fit(df).held_out_
    y = df["y"].to_numpy()
    ends = [90 - 4 - k for k in range(held_out.origins)]
    naive = np.mean([np.abs(y[e : e + 4] - y[e - 1]).mean() for e in ends])
    seasonal = np.mean([np.abs(y[e : e + 4] - y[e - 12 : e - 8]).mean() for e in ends])
    assert held_out.table.loc["Naive", "MAE"] == pytest.approx(naive, rel=1e-12)
    assert held_out.table.loc["SeasonalNaive", "MAE"] == pytest.approx(seasonal, rel=1e-12)
    in_sample = np.abs(y[12 : 90 - held_out.rows] - y[: 90 - held_out.rows - 12]).mean()
    assert held_out.table.loc["Naive", "MASE"] == pytest.approx(naive / in_sample, rel=1e-12)


@pytest.mark.parametrize(("rows", "compared"), [(50, True), (24, False)])
def test_the_seasonal_naive_needs_one_season_only(rows, compared):
    y = 100 + 20 * np.sin(2 * np.pi * np.arange(rows) / 24)
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=rows, freq="h"), "y": y})
    fc = un.Forecaster(4, steps=2, ensemble=1, hidden=2, verbose=0).fit(frame)
    assert fc.model_.spec.season == 1  # too few seasons for the networks
    assert ("SeasonalNaive" in fc.held_out_.table.index) == compared
    if compared:
        assert fc.held_out_.table.loc["SeasonalNaive", "MAE"] < 1e-9
        assert "loses to SeasonalNaive" in fc.held_out_.verdict


def test_many_zeros_are_judged_by_squared_errors_and_means(rng):
    y = rng.poisson(2.0, 120) * (rng.uniform(size=120) < 0.3)
    comparison = held_out(pd.DataFrame({"ds": np.arange(120), "y": y}), ensemble=1, steps=2)[1].held_out_
    assert comparison.measure == comparison.contest.measure == "RMSSE"
    assert {"HistoricAverage", "SES"} < set(comparison.table.index)
    assert comparison.ordered["RMSSE"].is_monotonic_increasing
    assert comparison.table["sMAPE"].isna().all()
    assert "sMAPE" not in repr(comparison)
    assert {"HistoricAverage", "SES"}.isdisjoint(held_out(panel_frame(rng))[1].held_out_.table.index)
