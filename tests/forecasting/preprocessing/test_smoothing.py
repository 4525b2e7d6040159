"""Levels and slopes that forecasts are measured from."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from tables import origins_of, panel_of
from unrolled.forecasting.preprocessing.smoothing import (
    SMOOTHINGS,
    TREND_DECAYS,
    best_smoothings,
    best_trends,
    slope_rows,
    smoothed,
    window_level,
    window_slope,
)

HORIZON, SEASON = 6, 4


def slopes(origins, trend, z=None):
    """Slopes at origins, with the same trend decay for all series."""
    z = origins.panel.y if z is None else z
    return window_slope(z, origins, np.full(len(origins.panel.ids), float(trend)), SEASON, HORIZON)


def smoothings(series, horizon=HORIZON):
    offsets = np.concatenate(([0], np.cumsum([len(y) for y in series])))
    return best_smoothings(np.concatenate(series), offsets, horizon)


# --- levels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [20, 40, 400])
def test_the_level_of_noise_is_its_mean_and_that_of_a_walk_its_last_value(rng, rows):
    noise = rng.normal(size=(30, rows))
    assert np.median(smoothings(noise, horizon=18)) < 0.25
    assert np.median(smoothings(noise.cumsum(axis=1), horizon=18)) > 0.7


def test_the_smoothing_is_the_one_whose_level_errs_least(rng):
    """At one step, half the horizon and the horizon, which is at most a twelfth of the rows or 3."""
    lengths = np.resize([1, 2, 3, 3, 4, 5, 7, 11, 30, 36, 50, 59, 73], 130)
    series = [rng.normal(size=n).cumsum() + 2 * rng.normal(size=n) for n in lengths]
    expected = []
    for y in series:
        farthest = min(HORIZON, max(len(y) // 12, 3))
        age = np.subtract.outer(np.arange(len(y)), np.arange(len(y)))
        errors = []
        for smoothing in SMOOTHINGS:
            weights = np.where(age >= 0, (1 - smoothing) ** np.maximum(age, 0.0), 0)
            level = weights @ y / weights.sum(axis=1)
            known = [h for h in (1, (1 + farthest) // 2, farthest) if h < len(y)]
            errors.append(sum(np.abs(y[h:] - level[:-h]).mean() for h in known))
        expected.append(SMOOTHINGS[int(np.argmin(errors))])
    assert smoothings(series).tolist() == expected


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_smoothed_values_are_weighted_means_of_their_own_series(smoothing, rng):
    series = rng.normal(size=30), rng.normal(size=7)
    age = np.concatenate([np.arange(len(y)) for y in series])
    expected = [
        np.average(y[: t + 1][::-1], weights=(1 - smoothing) ** np.arange(t + 1))
        for y in series
        for t in range(len(y))
    ]
    assert_close(smoothed(np.concatenate(series), age, smoothing), expected, terms=60, scale=3)


def test_the_level_of_a_window_weighs_its_own_rows_only(rng):
    panel = panel_of(rng.normal(size=30), rng.normal(size=30))
    origins = origins_of(panel, [20], [3, 20])
    smoothing, window = np.array([0.3, 1.0]), 8
    level = window_level(panel.y, origins, smoothing, window)
    expected = np.average(panel.y[12:20], weights=0.7 ** np.arange(8)[::-1])
    assert_close(level, np.array([expected, panel.y[32], panel.y[49]]), terms=20)  # 1.0: the last value


# --- slopes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trend", TREND_DECAYS)
def test_the_slope_of_a_line_is_found_exactly(trend):
    panel = panel_of(3.0 + 0.25 * np.arange(60), -2.0 * np.arange(60))
    slope = slopes(origins_of(panel, [2, 9, 60], [15, 60]), trend)
    assert_close(slope, np.array([0.25, 0.25, 0.25, -2.0, -2.0]), terms=400, scale=120)


@pytest.mark.parametrize("trend", TREND_DECAYS)
def test_the_slope_is_that_of_a_weighted_regression(trend, rng):
    panel = panel_of(rng.normal(size=60))
    rows = slope_rows(SEASON, HORIZON)
    slope = slopes(origins_of(panel, [45]), trend)
    time = np.arange(rows)
    # polyfit weights residuals, so that their squares have squared weights
    weight = np.exp(trend * (time - rows + 1) / rows / 2)
    expected = np.polyfit(time, panel.y[45 - rows : 45], 1, w=weight)[0]
    assert_close(slope, np.array([expected]), terms=1000)


def test_slopes_reach_five_seasons_back_or_five_horizons():
    assert [slope_rows(season, HORIZON) for season in (1, 2, 4)] == [30, 10, 20]


def test_one_value_has_no_slope():
    assert slopes(origins_of(panel_of(np.arange(9.0)), [1, 2]), 2.0).tolist() == [0, 1]


def test_a_series_without_a_trend_has_no_slope(rng):
    panel = panel_of(rng.normal(size=60), np.arange(60.0))
    np.testing.assert_array_equal(slopes(origins_of(panel, [40], [40]), 0), 0)


def test_a_trend_is_seen_under_noise_and_not_where_there_is_none(rng):
    noise = rng.normal(size=(3, 200))
    steep, flat = 0.1 * np.arange(200) + noise[0], noise[1]
    walk = noise[2].cumsum()  # its last changes say nothing about the next ones
    short = steep[: 3 * HORIZON - 1]
    offsets = np.cumsum([0, 200, 200, 200, len(short)])
    smoothing = np.array([0.1, 0.1, 1.0, 0.1])
    found, steady = best_trends(np.concatenate([steep, flat, walk, short]), offsets, smoothing, SEASON, HORIZON)
    assert found[0] in TREND_DECAYS
    np.testing.assert_array_equal(found[1:], 0)
    assert not steady.any()  # six steps of the steep line are less than a deviation of its noise


@pytest.mark.parametrize("rows", [3 * HORIZON, 200])
def test_a_steady_trend_is_recognised_by_its_small_errors(rng, rows):
    line = 0.5 * np.arange(rows) + 0.05 * rng.normal(size=rows)
    walk = rng.normal(size=rows).cumsum()
    trend, steady = best_trends(
        np.concatenate([line, walk]), np.array([0, rows, 2 * rows]), np.ones(2), SEASON, HORIZON
    )
    assert trend[0] in TREND_DECAYS
    assert steady.tolist() == [True, False]


def test_trends_are_sought_in_series_of_three_horizons_and_eight_rows():
    for horizon, rows in ((HORIZON, 18), (1, 8)):
        offsets = np.array([0, rows - 1, 2 * rows - 1, 3 * rows - 1])
        lines = np.concatenate([np.arange(rows - 1.0), np.arange(1.0 * rows), np.ones(rows)])
        found, steady = best_trends(lines, offsets, np.ones(3), SEASON, horizon)
        assert (found > 0).tolist() == steady.tolist() == [False, True, False]


def weighted_slope(z, decay, rows):
    weight = np.exp(decay * np.arange(len(z)) / rows)
    time = np.arange(len(z)) - np.average(np.arange(len(z)), weights=weight)
    return (weight * time * z).sum() / (weight * time * time).sum()


def test_the_decay_is_the_one_whose_level_and_slope_err_least(rng):
    """In the second half of a series, at no more than 50 origins."""
    lengths = np.r_[np.resize([18, 19, 23, 31, 40], 60), 150, 151, 200, 201]
    steep = rng.uniform(0, 2, size=len(lengths))
    series = [a * np.arange(n) + rng.normal(size=n).cumsum() for a, n in zip(steep, lengths, strict=True)]
    smoothing = rng.choice([0.3, 0.7, 1.0], len(lengths))
    trends, steady = [], []
    for y, share in zip(series, smoothing, strict=True):
        first, last = len(y) // 2, len(y) - HORIZON
        count = min(last - first + 1, 50)
        errors = np.zeros(5)  # of the level alone, and with each slope
        for end in first + np.arange(count) * (last - first) // (count - 1):
            past = y[max(end - 5 * SEASON, 0) : end]
            level = np.average(past, weights=(1 - share) ** np.arange(len(past))[::-1])
            slope = np.array([0, *(weighted_slope(past, decay, 5 * SEASON) for decay in (2, 4, 8, 16))])
            errors += sum(np.abs(y[end + h - 1] - level - h * slope) for h in (1, 3, 6))
        best = int(np.argmin(errors[1:]))
        trends.append((2, 4, 8, 16)[best] if errors[1:].min() < 0.9 * errors[0] else 0)
        steady.append(errors[1:].min() < 0.25 * errors[0])
    assert len(set(trends)) == 5
    found = best_trends(np.concatenate(series), np.cumsum([0, *lengths]), smoothing, SEASON, HORIZON)
    assert found[0].tolist() == trends
    assert found[1].tolist() == steady


def test_the_slope_ignores_rows_after_the_origin(rng):
    panel = panel_of(rng.normal(size=60), rng.normal(size=60))
    origins = origins_of(panel, [30], [30])
    poisoned = panel.y.copy()
    poisoned[30:60] = poisoned[90:] = 1e9
    np.testing.assert_array_equal(slopes(origins, TREND_DECAYS[0]), slopes(origins, TREND_DECAYS[0], poisoned))
