"""Levels and slopes that forecasts are measured from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from support import assert_close
from tables import panel_of
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.inputs.framing import WindowSpec
from unrolled.forecasting.inputs.windows import make_windows
from unrolled.forecasting.preprocessing.profile import estimate_transform
from unrolled.forecasting.preprocessing.smoothing import (
    SMOOTHINGS,
    TRENDS,
    best_smoothings,
    best_trends,
    slope_rows,
    window_slope,
)

HORIZON, SEASON = 6, 4
FRAMING = WindowSpec(HORIZON, SEASON, 8, ("trend",))


def profile_of(panel, trend):
    profile = estimate_transform(panel, FRAMING, np.zeros(len(panel.ids), bool))
    return replace(profile, trend=np.broadcast_to(float(trend), len(panel.ids)))


def smoothings(series, horizon=HORIZON):
    offsets = np.concatenate(([0], np.cumsum([len(y) for y in series])))
    return best_smoothings(np.concatenate(series), offsets, horizon)


@pytest.mark.parametrize("rows", [20, 40, 400])
def test_the_level_of_noise_is_its_mean_and_that_of_a_walk_its_last_value(rng, rows):
    noise = rng.normal(size=(30, rows))
    assert np.median(smoothings(noise, horizon=18)) < 0.25
    assert np.median(smoothings(noise.cumsum(axis=1), horizon=18)) > 0.7


def test_the_smoothing_is_the_one_whose_level_errs_least(rng):
    short, long = rng.normal(size=50).cumsum() + 3 * rng.normal(size=50), rng.normal(size=400).cumsum()
    expected = []
    for y, steps in ((short, (1, 2, 4)), (long, (1, 3, HORIZON))):  # 50 rows can hardly tell what comes 6 steps ahead
        errors = []
        for smoothing in SMOOTHINGS:
            weights = (1 - smoothing) ** np.arange(len(y))
            level = [np.average(y[: t + 1][::-1], weights=weights[: t + 1]) for t in range(len(y))]
            errors.append(sum(np.abs(y[h:] - level[:-h]).mean() for h in steps))
        expected.append(SMOOTHINGS[int(np.argmin(errors))])
    assert smoothings([short, long]).tolist() == expected


@pytest.mark.parametrize("trend", TRENDS)
def test_the_slope_of_a_line_is_found_exactly(trend):
    panel = panel_of(3.0 + 0.25 * np.arange(60), -2.0 * np.arange(60))
    ends = np.array([2, 9, 60, 75, 120])
    slope = window_slope(panel.y, panel, profile_of(panel, trend).trend, ends, SEASON, HORIZON)
    assert_close(slope, np.array([0.25, 0.25, 0.25, -2.0, -2.0]), terms=400, scale=120)


@pytest.mark.parametrize("trend", TRENDS)
def test_the_slope_is_that_of_a_weighted_regression(trend, rng):
    panel = panel_of(rng.normal(size=60))
    rows = slope_rows(SEASON, HORIZON)
    slope = window_slope(panel.y, panel, profile_of(panel, trend).trend, np.array([45]), SEASON, HORIZON)
    time = np.arange(rows)
    # polyfit weighs residuals, so their squares get the square
    weight = np.exp(trend * (time - rows + 1) / rows / 2)
    expected = np.polyfit(time, panel.y[45 - rows : 45], 1, w=weight)[0]
    assert_close(slope, np.array([expected]), terms=1000)


def test_a_series_without_a_trend_has_no_slope(rng):
    panel = panel_of(rng.normal(size=60), np.arange(60.0))
    slope = window_slope(panel.y, panel, profile_of(panel, 0).trend, np.array([40, 100]), SEASON, HORIZON)
    np.testing.assert_array_equal(slope, 0)


def test_a_trend_is_seen_under_noise_and_not_where_there_is_none(rng):
    noise = rng.normal(size=(3, 200))
    steep, flat = 0.1 * np.arange(200) + noise[0], noise[1]
    walk = noise[2].cumsum()  # what it did last says nothing of what it does next
    short = steep[: 3 * HORIZON - 1]
    offsets = np.cumsum([0, 200, 200, 200, len(short)])
    smoothing = np.array([0.1, 0.1, 1.0, 0.1])
    found, steady = best_trends(np.concatenate([steep, flat, walk, short]), offsets, smoothing, SEASON, HORIZON)
    assert found[0] in TRENDS
    np.testing.assert_array_equal(found[1:], 0)
    assert not steady.any()  # six steps of the steep line are less than a deviation of its noise


@pytest.mark.parametrize("rows", [3 * HORIZON, 200])
def test_a_steady_trend_is_known_by_its_small_errors(rng, rows):
    line = 0.5 * np.arange(rows) + 0.05 * rng.normal(size=rows)
    walk = rng.normal(size=rows).cumsum()
    trend, steady = best_trends(
        np.concatenate([line, walk]), np.array([0, rows, 2 * rows]), np.ones(2), SEASON, HORIZON
    )
    assert trend[0] in TRENDS
    assert steady.tolist() == [True, False]


def test_the_level_view_goes_along_with_a_steady_trend_only():
    panel = panel_of(*[3.0 + 0.25 * np.arange(60)] * 2)
    profile = profile_of(panel, TRENDS[0])
    profile = replace(profile, steady=np.array([True, False]))
    ends, framing, features = np.array([30, 90]), replace(FRAMING, views=("level", "trend")), Features()
    for view, expected in (("level", [0.25, 0.0]), ("trend", [0.25, 0.25])):
        windows = make_windows(panel, profile, framing, ends, view, features)
        assert_close(windows.drift, np.array(expected), terms=400, scale=120)


def test_a_slow_trend_that_no_window_shows_is_carried_on(rng):
    """The slope is a tenth of the noise: a window of 8 does not tell it from none."""
    rows = np.arange(150)
    df = pd.concat(
        pd.DataFrame({"unique_id": k, "ds": rows, "y": 100 + s * 0.2 * rows + 2 * rng.normal(size=150)})
        for k, s in enumerate((1, -1, 1, -1))
    )
    known = df[df["ds"] < 120]
    errors = {}
    for view in ("level", "trend"):
        fc = un.Forecaster(20, season=1, window=8, scaling=view, log=False, alias="f", ensemble=2, verbose=0)
        forecast = fc.fit(known).predict().merge(df, on=["unique_id", "ds"])
        errors[view] = (forecast["f"] - forecast["y"]).abs().mean()
    assert errors["trend"] < 0.8 * errors["level"]


def test_the_slope_sees_nothing_after_the_end(rng):
    panel = panel_of(rng.normal(size=60), rng.normal(size=60))
    trend = profile_of(panel, TRENDS[0]).trend
    ends = np.array([30, 90])
    poisoned = panel.y.copy()
    poisoned[30:60] = poisoned[90:] = 1e9
    seen = window_slope(panel.y, panel, trend, ends, SEASON, HORIZON)
    np.testing.assert_array_equal(seen, window_slope(poisoned, panel, trend, ends, SEASON, HORIZON))
