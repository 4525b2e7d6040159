"""Exponential smoothing and the Theta method: worked by hand, by a plain loop, and against statsforecast."""

from __future__ import annotations

import numpy as np
import pytest

from tables import origins_of, panel_of, seasonal_values
from unrolled.forecasting.baselines.naive2 import seasonal_indices
from unrolled.forecasting.baselines.theta import exponential_smoothing, theta
from unrolled.forecasting.preprocessing.smoothing import SMOOTHINGS


def test_a_straight_line_is_continued():
    """Its smoothed level is the last value, and half of the slope is added at each step."""
    y = 5.0 + 2 * np.arange(30)
    found = theta(origins_of(panel_of(y), [30]), 3, 1, np.array([30]))
    np.testing.assert_allclose(found, [[63 + 1, 63 + 2, 63 + 3]])


def test_a_constant_series_is_forecast_exactly():
    found = theta(origins_of(panel_of(np.full(20, 7.0)), [20]), 2, 4, np.array([20]))
    np.testing.assert_allclose(found, [[7, 7]], rtol=1e-14)


def levels_by_loop(x):
    """For each smoothing the weighted mean of all values up to each row, and the squared error one step ahead."""
    for smoothing in SMOOTHINGS:
        weights = (1 - smoothing) ** np.arange(len(x))
        level = np.array([np.average(x[: k + 1][::-1], weights=weights[: k + 1]) for k in range(len(x))])
        yield np.sum((x[1:] - level[:-1]) ** 2), level


def test_smoothing_is_chosen_by_its_squared_error_before_the_first_origin(rng):
    y = rng.normal(size=40).cumsum()
    best = min(range(len(SMOOTHINGS)), key=lambda k: [error for error, _ in levels_by_loop(y[:25])][k])
    level = [level for _, level in levels_by_loop(y)][best]
    found = exponential_smoothing(origins_of(panel_of(rng.normal(size=9), y), [9], [25, 40]), 2, 1, np.array([9, 34]))
    np.testing.assert_allclose(found[1:], np.repeat(level[[24, 39]][:, None], 2, axis=1), rtol=1e-9)


def test_theta_is_the_mean_of_its_two_lines_in_seasonally_adjusted_values(rng):
    """The classical recipe: the regression line, and the smoothed line of twice the curvature, by a plain loop."""
    y = seasonal_values(rng, 48, 4, 5.0)
    indices = seasonal_indices(y, np.array([48]), 4)[0]
    x = y / np.tile(indices, 12)
    slope, intercept = np.polyfit(np.arange(48), x, 1)
    line = intercept + slope * np.arange(53)
    level = min(levels_by_loop(2 * x - line[:48]), key=lambda found: found[0])[1][-1]
    expected = (line[48:] + level) / 2 * np.resize(indices, 5)
    np.testing.assert_allclose(theta(origins_of(panel_of(y), [48]), 5, 4, np.array([48]))[0], expected, rtol=1e-9)


@pytest.mark.parametrize("season", [1, 4, 12])
def test_theta_is_close_to_that_of_statsforecast(season, rng):
    """There the first level is estimated, too, and smoothings are no grid."""
    models = pytest.importorskip("statsforecast.models")
    series = [seasonal_values(rng, 20 + 6 * season, season, 3.0) for _ in range(10)]
    panel = panel_of(*series)
    found = theta(origins_of(panel, *[[len(y)] for y in series]), season, season, panel.offsets[1:])
    expected = [models.Theta(season_length=season).forecast(y, season)["mean"] for y in series]
    apart = np.abs(found / np.array(expected) - 1).mean(axis=1)
    assert np.median(apart) < 0.02
