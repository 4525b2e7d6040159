"""Where a series stands and where it is going: the level and the slope that a forecast is measured from.

Both are weighted sums of the last values before a window's end, whose weights fall by a constant factor with age; how
fast they fall is chosen for each series by what would have forecast it best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...series.panel import Panel, series_of
from ...series.ragged import pieces_of, rows_between, side_by_side

if TYPE_CHECKING:
    from .profile import SeriesTransform

JUDGED_IN, LEAST_JUDGED = 12, 3  # horizons that a series must have to be judged so far ahead; steps of a shorter one

SMOOTHINGS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

TRENDS = (2.0, 4.0, 8.0, 16.0)  # by how many powers of e the weights behind a slope fall over its rows

TREND_SEASONS = 5  # that a slope looks back

TREND_HORIZONS = 3  # that show whether a series has a trend

TRENDING = 0.9  # of the level's error: a slope that errs more is not worth following

STEADY = 0.25  # of it: a slope that errs less leaves hardly a doubt

MOST_ORIGINS = 50  # of a series, at which trends are judged


# --- levels -----------------------------------------------------------------------------------------


def best_smoothings(z: Array, offsets: Array, horizon: int) -> Array:
    """For each series the smoothing whose level, repeated, errs least in absolute terms, (S,).

    It is judged one step ahead, at the horizon and half way; in a series of fewer than JUDGED_IN horizons, which can
    hardly tell what comes so far ahead, no farther than a part of its length.
    """
    found = [_best_of_some(z[rows], own, horizon) for _, rows, own in pieces_of(offsets)]
    return np.concatenate([np.zeros(0), *found])


def _best_of_some(z: Array, offsets: Array, horizon: int) -> Array:
    lengths = np.diff(offsets)
    place = np.arange(len(z))
    age = place - np.repeat(offsets[:-1], lengths)
    farthest = np.minimum(horizon, np.maximum(lengths // JUDGED_IN, LEAST_JUDGED))
    judged = [np.repeat(steps, lengths) for steps in (np.ones_like(farthest), (1 + farthest) // 2, farthest)]
    errors = np.zeros((len(SMOOTHINGS), len(lengths)))
    for error, smoothing in zip(errors, SMOOTHINGS, strict=True):
        level = smoothed(z, age, smoothing)
        for steps in judged:
            known = age >= steps
            distance = np.where(known, np.abs(z - level[np.where(known, place - steps, 0)]), 0.0)
            error += np.add.reduceat(distance, offsets[:-1]) / np.maximum(np.add.reduceat(known, offsets[:-1]), 1)
    return np.array(SMOOTHINGS)[errors.argmin(axis=0)]


def smoothed(z: Array, age: Array, smoothing: float) -> Array:
    """Exponentially weighted mean of all values of a series up to each place, (n,).

    Args:
        z: series one behind the other.
        age: how many values of its series come before each, (n,).
        smoothing: weight of the newest value.
    """
    decay = 1 - smoothing
    total, weight = z.copy(), np.ones(len(z))
    reach = 1  # values that the sums hold; they double, until what would be added drowns in rounding
    while decay**reach > 1e-12 and reach < len(z):
        inside = age[reach:] >= reach
        for sums in (total, weight):
            sums[reach:] += np.where(inside, decay**reach * sums[:-reach], 0.0)
        reach *= 2
    return total / weight


def window_level(z: Array, panel: Panel, profile: SeriesTransform, ends: Array, window: int) -> Array:
    """The smoothed level at each of these ends, of the last `window` values of its series, (N,)."""
    series = series_of(panel, ends)
    return _levels(z, np.maximum(ends - window, panel.offsets[series]), ends, profile.smoothing[series])


def _levels(z: Array, starts: Array, ends: Array, smoothing: Array) -> Array:
    """Exponentially weighted means of z within [start, end), (N,)."""
    level = np.empty(len(ends))
    for rows, values in side_by_side(z, starts, ends):
        weights = (1 - smoothing[rows, None]) ** np.arange(values.shape[1])[::-1]
        level[rows] = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return level


# --- slopes -----------------------------------------------------------------------------------------


def slope_rows(season: int, horizon: int) -> int:
    """How many of the last values a slope is estimated from."""
    return TREND_SEASONS * (season if season > 1 else horizon)


def best_trends(z: Array, offsets: Array, smoothing: Array, season: int, horizon: int) -> tuple[Array, Array]:
    """For each series how fast the weights behind its slope fall, such that level and slope together err least; 0
    where that is hardly less than the level alone errs, or where fewer than three horizons are known, (S,). And
    whether it is a small part of that, so that the trend is steady, (S,) bool.

    They are judged on the second half of each series, at one step, half the horizon and the horizon ahead.
    """
    lengths = np.diff(offsets)
    found, steady = np.zeros(len(lengths)), np.zeros(len(lengths), bool)
    long = np.flatnonzero(lengths >= TREND_HORIZONS * horizon)
    if not len(long):
        return found, steady
    first, span = lengths[long] // 2, lengths[long] - horizon - lengths[long] // 2
    counts = np.minimum(span + 1, MOST_ORIGINS)
    number = rows_between(np.zeros_like(counts), counts)
    series = np.repeat(np.arange(len(long)), counts)
    begin = offsets[long[series]]
    ends = begin + first[series] + number * span[series] // np.maximum(counts[series] - 1, 1)
    rows = slope_rows(season, horizon)
    starts = np.maximum(ends - rows, begin)
    level = _levels(z, starts, ends, smoothing[long[series]])

    def error(slope: Array | float) -> Array:
        steps = sorted({1, (1 + horizon) // 2, horizon})
        errors = sum(np.abs(z[ends + h - 1] - level - h * slope) for h in steps)
        return np.bincount(series, errors)

    alone = error(0.0)
    errors = np.array([error(_slopes(z, starts, ends, trend, rows)) for trend in TRENDS])
    least = errors.min(axis=0)
    found[long] = np.where(least < TRENDING * alone, np.array(TRENDS)[errors.argmin(axis=0)], 0.0)
    steady[long] = least < STEADY * alone
    return found, steady


def window_slope(z: Array, panel: Panel, trend: Array, ends: Array, season: int, horizon: int) -> Array:
    """The slope of each series at these ends, in z a row, (N,); 0 where `trend`, (S,), sees none.

    It is that of the regression line through the last values, the newest of which weigh most. Source: discounted
    least squares, Brown, "Smoothing, Forecasting and Prediction of Discrete Time Series", 1963, chapter 9.
    """
    rows = slope_rows(season, horizon)
    series = series_of(panel, ends)
    slope = np.zeros(len(ends))
    for speed in TRENDS:
        own = np.flatnonzero(trend[series] == speed)
        starts = np.maximum(ends[own] - rows, panel.offsets[series[own]])
        slope[own] = _slopes(z, starts, ends[own], speed, rows)
    return slope


def _slopes(z: Array, starts: Array, ends: Array, trend: float, rows: int) -> Array:
    """Slopes of the regression lines through z within [start, end), whose weights fall by e^trend over `rows`."""
    slopes = np.zeros(len(ends))
    for some, values in side_by_side(z, starts, ends):
        length = values.shape[1]
        if length < 2:
            continue
        time = np.arange(length) - (length - 1.0)
        weight = np.exp(trend * time / rows)
        time -= np.average(time, weights=weight)
        slopes[some] = (values * (weight * time / (weight * time * time).sum())).sum(axis=1)
    return slopes
