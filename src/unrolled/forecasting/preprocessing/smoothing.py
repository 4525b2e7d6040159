"""The level and the slope of a series, from which forecasts are measured.

Both are weighted sums of the last values before a window's end. The weights decay geometrically with age, and the
rate of decay of each series is the one that would have forecast it best.
"""

import numpy as np

from ...arrays import Array
from ...series.origins import Origins
from ...series.ragged import pieces_of, rows_between, side_by_side

# A level is evaluated at most a horizon ahead, and at most a twelfth of the series (or three steps) ahead.
SERIES_PER_JUDGED_HORIZON, MIN_JUDGED_STEPS = 12, 3
SMOOTHINGS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TREND_DECAYS = (2.0, 4.0, 8.0, 16.0)  # natural logarithms of the newest weight over the oldest one behind a slope
SEASONS_BEHIND_SLOPE = 5
MIN_HORIZONS_TO_SEE_TREND, MIN_ROWS_TO_SEE_TREND = 3, 8
MAX_ERROR_OF_TREND = 0.9  # relative to the level's error; above it a series counts as not trending
MAX_ERROR_OF_STEADY_TREND = 0.25  # relative to the level's error
MAX_ORIGINS_TO_JUDGE_TREND = 50  # of a series


# --- levels -----------------------------------------------------------------------------------------


def best_smoothings(z: Array, offsets: Array, horizon: int) -> Array:
    """The smoothing of each series whose level, repeated, has the smallest mean absolute error, (S,).

    The error is measured one step ahead, at the horizon and half way. Series of fewer than 12 horizons are evaluated
    less far ahead, because they have too few forecasts of the whole horizon.
    """
    found = [_best_of_some(z[rows], own, horizon) for _, rows, own in pieces_of(offsets)]
    return np.concatenate([np.empty(0), *found])


def _best_of_some(z: Array, offsets: Array, horizon: int) -> Array:
    lengths = np.diff(offsets)
    place = np.arange(len(z))
    age = place - np.repeat(offsets[:-1], lengths)
    farthest = np.minimum(horizon, np.maximum(lengths // SERIES_PER_JUDGED_HORIZON, MIN_JUDGED_STEPS))
    judged = [np.repeat(steps, lengths) for steps in (np.ones_like(farthest), (1 + farthest) // 2, farthest)]

    def error(level: Array, steps: Array) -> Array:
        known = age >= steps
        distance = known * np.abs(z - level.take(place - steps, mode="wrap"))
        totals, counts = (np.add.reduceat(part, offsets[:-1]) for part in (distance, known))
        return np.asarray(totals / np.maximum(counts, 1))

    levels = (smoothed(z, age, smoothing) for smoothing in SMOOTHINGS)
    errors = [np.add.reduce([error(level, steps) for steps in judged]) for level in levels]
    return np.array(SMOOTHINGS)[np.argmin(errors, axis=0)]


def smoothed(z: Array, age: Array, smoothing: float) -> Array:
    """Exponentially weighted mean of all values of a series up to each row, (n,).

    Args:
        z: series one after the other.
        age: the number of earlier values of the same series, (n,).
        smoothing: weight of the newest value.
    """
    decay = 1 - smoothing
    total, weight = z.copy(), np.ones(len(z))
    span = 1  # values that the sums hold; doubled until further terms would be lost in rounding
    while decay**span > 1e-12 and span < len(z):
        inside = age[span:] >= span
        for sums in (total, weight):
            sums[span:] += np.where(inside, decay**span * sums[:-span], 0.0)
        span *= 2
    return total / weight


def window_level(z: Array, origins: Origins, smoothing: Array, window: int) -> Array:
    """The smoothed level at each origin, of the last `window` values of its series, (N,); `smoothing`: (S,)."""
    starts = np.maximum(origins.ends - window, origins.starts)
    return _levels(z, starts, origins.ends, smoothing[origins.series])


def _levels(z: Array, starts: Array, ends: Array, smoothing: Array) -> Array:
    """Exponentially weighted means of z within [start, end), (N,)."""
    level = np.empty(len(ends))
    for rows, values in side_by_side(z, starts, ends):
        weights = (1 - smoothing[rows, None]) ** np.arange(values.shape[1])[::-1]
        level[rows] = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return level


# --- slopes -----------------------------------------------------------------------------------------


def slope_rows(season: int, horizon: int) -> int:
    """How many of the last values a slope is estimated from: five seasons, or five horizons without a season."""
    return SEASONS_BEHIND_SLOPE * (season if season > 1 else horizon)


def best_trends(z: Array, offsets: Array, smoothing: Array, season: int, horizon: int) -> tuple[Array, Array]:
    """For each series the decay of the weights behind its slope, and whether its trend is steady, (S,) each.

    The decay is the one whose level and slope together have the smallest absolute error in the second half of the
    series, at one step, half the horizon and the horizon ahead. A series counts as trending if that error is at least
    10 % smaller than the error of the level alone, and as steady if it is at least 75 % smaller. The decay is 0 for
    series without a trend and for series of fewer than three horizons or eight rows.
    """
    lengths = np.diff(offsets)
    found, steady = np.zeros(len(lengths)), np.zeros(len(lengths), bool)
    long = np.flatnonzero(lengths >= max(MIN_HORIZONS_TO_SEE_TREND * horizon, MIN_ROWS_TO_SEE_TREND))
    if not len(long):
        return found, steady
    first, span = lengths[long] // 2, lengths[long] - horizon - lengths[long] // 2
    counts = np.minimum(span + 1, MAX_ORIGINS_TO_JUDGE_TREND)
    number = rows_between(np.zeros_like(counts), counts)
    series = np.repeat(np.arange(len(long)), counts)
    begin = offsets[long[series]]
    ends = begin + first[series] + number * span[series] // (counts[series] - 1)
    rows = slope_rows(season, horizon)
    starts = np.maximum(ends - rows, begin)
    level = _levels(z, starts, ends, smoothing[long[series]])

    def error(slope: Array | float) -> Array:
        steps = sorted({1, (1 + horizon) // 2, horizon})
        errors = sum(np.abs(z[ends + h - 1] - level - h * slope) for h in steps)
        return np.bincount(series, errors)

    of_level = error(0.0)
    errors = np.array([error(_slopes(z, starts, ends, decay, rows)) for decay in TREND_DECAYS])
    smallest = errors.min(axis=0)
    best = np.array(TREND_DECAYS)[errors.argmin(axis=0)]
    found[long] = np.where(smallest < MAX_ERROR_OF_TREND * of_level, best, 0.0)
    steady[long] = smallest < MAX_ERROR_OF_STEADY_TREND * of_level
    return found, steady


def window_slope(z: Array, origins: Origins, trend: Array, season: int, horizon: int) -> Array:
    """The slope of each series at its origin, per row of z, (N,); 0 where its `trend` (S,) is 0.

    It is the slope of the regression line through the last values, weighted by their newness. Source: discounted
    least squares, Brown, "Smoothing, Forecasting and Prediction of Discrete Time Series", 1963, chapter 9.
    """
    rows = slope_rows(season, horizon)
    slope = np.zeros(len(origins))
    for decay in TREND_DECAYS:
        own = np.flatnonzero(trend[origins.series] == decay)
        ends = origins.ends[own]
        slope[own] = _slopes(z, np.maximum(ends - rows, origins.starts[own]), ends, decay, rows)
    return slope


def _slopes(z: Array, starts: Array, ends: Array, decay: float, rows: int) -> Array:
    """Slopes of the regression lines through z in [start, end), whose weights decay by e^decay over `rows`."""
    slopes = np.zeros(len(ends))
    for some, values in side_by_side(z, starts, ends):
        length = values.shape[1]
        if length < 2:
            continue
        time = np.arange(length) - (length - 1.0)
        weight = np.exp(decay * time / rows)
        time -= np.average(time, weights=weight)
        slopes[some] = (values * (weight * time / (weight * time * time).sum())).sum(axis=1)
    return slopes
