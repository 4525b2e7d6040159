"""From the units of the target to those of the network, and back.

A series may be taken in logarithms, and its season is taken out; then each window is centred at its own smoothed
level and scaled by its own spread. All of it looks at the past only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from ..ops import Array
from .panel import Panel, series_of

SMOOTHINGS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MOST_CELLS = 1 << 20  # of windows that are laid side by side at once
SEASON_MEMORY = 0.85  # weight of a season relative to the one after it
LEAST_SEASONALITY = 0.2  # share of the variance about the trend that a season must explain, adjusted for its size


@dataclass(frozen=True)
class Profile:
    """What is known of each of S series beyond its window.

    Attributes:
        logs: whether it is taken in logarithms, (S,) bool.
        season: what its season adds at each place of the season, ordinal 0 first, (S, season); 0 where it has none.
        smoothing: weight of the newest value in its level, (S,).
        change: mean absolute change from one value to the next, positive, (S,).
    """

    logs: Array
    season: Array
    smoothing: Array
    change: Array

    def take(self, series: Array) -> Profile:
        return Profile(self.logs[series], self.season[series], self.smoothing[series], self.change[series])

    def kept(self, use: Array, places: Array, fresh: Profile) -> Profile:
        """For N series the profiles at these places (N,) where `use` (N,) says so, else fresh ones."""
        return Profile(
            *(
                np.where(use.reshape(-1, *[1] * (new.ndim - 1)), old[places], new)
                for old, new in zip(astuple(self), astuple(fresh), strict=True)
            )
        )


def estimate_profile(panel: Panel, season: int, horizon: int, logs: Array) -> Profile:
    """The profile of each series, from all of its rows; `logs` say which are taken in logarithms."""
    count = len(panel.ids)
    parts = [panel.series(k) for k in range(count)]
    z = to_logs(panel, logs)
    seasonal = np.zeros((count, season))
    smoothing = np.ones(count)
    for k, part in enumerate(parts):
        phase = (panel.first[k] + np.arange(panel.lengths[k])) % season
        seasonal[k] = season_of(z[part], phase, season)
        smoothing[k] = best_smoothing(z[part] - seasonal[k][phase], horizon)
    return Profile(logs, seasonal, smoothing, usual_change(panel, logs))


def all_positive(panel: Panel) -> Array:
    """For each series whether all its values are above 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) > 0


def wants_logarithm(y: Array, observed: Array, season: int) -> bool:
    """Whether a series swings in proportion to its level, so that its logarithm swings evenly.

    Block by block (a season, or 8 values) the spread is compared with the level: a slope of log spread on log level
    above ½ is nearer to proportional than to even. Source: Guerrero, J. of Forecasting 12, 1993, with the Box-Cox
    power rounded to 0 or 1.
    """
    block = max(season, 8) if season > 1 else 8
    blocks = len(y) // block
    if blocks < 3 or not (y[observed] > 0).all():
        return False
    pieces = y[len(y) - blocks * block :].reshape(blocks, block)
    level, spread = pieces.mean(axis=1), pieces.std(axis=1)
    usable = spread > 0
    if usable.sum() < 3 or np.ptp(np.log(level[usable])) < 0.1:
        return False
    slope = np.polyfit(np.log(level[usable]), np.log(spread[usable]), 1)[0]
    return bool(slope > 0.5)


def season_of(z: Array, phase: Array, season: int) -> Array:
    """What the season adds at each of its places, (season,), summing to 0; zeros where there is no clear season.

    Classical decomposition: values less a centred moving average of one season, averaged place by place. Newer
    seasons weigh more, since seasons change. Source: Hyndman & Athanasopoulos, "Forecasting", 3rd ed., section 3.4.
    """
    none = np.zeros(season)
    if season == 1 or len(z) < 2 * season + 1:
        return none
    weights = np.full(season, 1 / season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5] / season
    trend = np.convolve(z, weights, "valid")
    skipped = (len(z) - len(trend)) // 2
    around = z[skipped : skipped + len(trend)] - trend
    phase = phase[skipped : skipped + len(trend)]
    weight = SEASON_MEMORY ** (np.arange(len(around))[::-1] / season)
    sums = np.bincount(phase, weight * around, minlength=season)
    means = sums / np.maximum(np.bincount(phase, weight, minlength=season), 1e-300)
    means -= means.mean()
    total, rest = np.sum((around - around.mean()) ** 2), np.sum((around - means[phase]) ** 2)
    degrees = len(around) - season
    # adjusted for the season's size: season - 1 free means explain much of any short series
    if total <= 0 or degrees < 1 or 1 - (rest / degrees) / (total / (len(around) - 1)) < LEAST_SEASONALITY:
        return none
    return means


def best_smoothing(z: Array, horizon: int) -> float:
    """The smoothing whose level, repeated over the horizon, errs least in absolute terms."""
    ahead = sorted({1, (1 + horizon) // 2, horizon})
    begin = len(z) // 4
    if len(z) - begin <= horizon:
        return 1.0
    window = len(z)

    def error(smoothing: float) -> float:
        level = smoothed(z, smoothing, window)
        return sum(float(np.abs(z[begin + h :] - level[begin : len(z) - h]).mean()) for h in ahead)

    return min(SMOOTHINGS, key=error)


def smoothed(z: Array, smoothing: float, window: int) -> Array:
    """Exponentially weighted mean of the last `window` values at each place, (n,)."""
    # beyond the point where weights fall under rounding, nothing is added
    reach = window if smoothing < 1 else 1
    if 0 < smoothing < 1:
        reach = min(window, int(np.ceil(-40 / np.log2(1 - smoothing))))
    weights = (1 - smoothing) ** np.arange(reach)
    n = len(z)
    return np.convolve(z, weights)[:n] / np.convolve(np.ones(n), weights)[:n]


def to_logs(panel: Panel, logs: Array) -> Array:
    """The target, its logarithm for the series in `logs` (S,) bool, (n,)."""
    z = panel.y.copy()
    in_logs = np.repeat(logs, panel.lengths)
    # a later value of a series that was positive when this was decided may not be
    z[in_logs] = np.log(np.maximum(z[in_logs], np.finfo(float).tiny))
    return z


def adjusted(panel: Panel, profile: Profile) -> Array:
    """The series without their seasons, in logarithms where the profile says so, (n,)."""
    z = to_logs(panel, profile.logs)
    for k in range(len(panel.ids)):
        z[panel.series(k)] -= season_at(profile, k, panel.first[k] + np.arange(panel.lengths[k]))
    return z


def season_at(profile: Profile, k: int, ordinals: Array) -> Array:
    """What the season of series k adds at these ordinals."""
    return profile.season[k][ordinals % profile.season.shape[1]]


def season_ahead(panel: Panel, profile: Profile, ends: Array, horizon: int) -> Array:
    """What the season adds to each of the `horizon` periods after these ends, (N, horizon)."""
    series = series_of(panel, ends)
    ordinals = (panel.first[series] + ends - panel.offsets[series])[:, None] + np.arange(horizon)
    return np.take_along_axis(profile.season[series], ordinals % profile.season.shape[1], axis=1)


def in_units(z: Array, profile: Profile, panel: Panel, ends: Array) -> Array:
    """Forecasts (N, H, Q) in the units of the target, from logarithms for the series that are taken in them."""
    logs = profile.logs[series_of(panel, ends)]
    y = z.copy()
    # beyond e^700 a float64 overflows; such a forecast is absurd already, and must not become infinite
    y[logs] = np.exp(np.minimum(y[logs], 700))
    return y


def window_level(z: Array, panel: Panel, profile: Profile, window: int) -> Array:
    """The smoothed level of the window that ends with each row, (n,)."""
    return np.concatenate([smoothed(z[panel.series(k)], profile.smoothing[k], window) for k in range(len(panel.ids))])


def window_statistics(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of z within each window [start, end), (N,) each; the latter 0 for a constant one.

    Each window is looked at by itself: running sums would carry what comes after it, or stands in another series,
    into its last digits.
    """
    mean, scale = np.empty(len(starts)), np.empty(len(starts))
    for rows, values in _side_by_side(z, starts, ends):
        mean[rows] = values.mean(axis=1)
        spread = values.std(axis=1)
        # what rounding alone leaves of a constant window
        scale[rows] = np.where(spread > 1e-12 * np.abs(values).max(axis=1), spread, 0.0)
    return mean, scale


def window_quartiles(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Median of z within each window [start, end), and the distance of its quartiles over that of a normal
    distribution, (N,) each; where half of a window is constant, its standard deviation."""
    middle, scale = np.empty(len(ends)), np.empty(len(ends))
    for rows, values in _side_by_side(z, starts, ends):
        low, middle[rows], high = np.percentile(values, (25, 50, 75), axis=1)
        spread = np.where(high > low, (high - low) / 1.349, values.std(axis=1))
        scale[rows] = np.where(spread > 1e-12 * np.abs(values).max(axis=1), spread, 0.0)
    return middle, scale


def _side_by_side(z: Array, starts: Array, ends: Array) -> Iterator[tuple[Array, Array]]:
    """Windows of equal lengths, some at once: their numbers (n,) and values (n, length)."""
    lengths = ends - starts
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for piece in np.array_split(rows, max(1, len(rows) * int(length) // MOST_CELLS)):
            yield piece, z[starts[piece, None] + np.arange(length)]


def usual_change(panel: Panel, logs: Array) -> Array:
    """For each series the mean absolute change from one value to the next, (S,), in logarithms where `logs` says so;
    of a constant one a thousandth of its value, or 1 where that is 0."""
    change = typical_error(to_logs(panel, logs), panel, 1)
    level = np.where(logs, 1.0, np.abs(panel.y[panel.offsets[:-1]]))
    constant = np.minimum.reduceat(panel.y, panel.offsets[:-1]) == np.maximum.reduceat(panel.y, panel.offsets[:-1])
    return np.where(constant, np.where(level > 0, 1e-3 * level, 1.0), change)


def typical_error(z: Array, panel: Panel, season: int) -> Array:
    """For each series the mean absolute error of the seasonal naive over its rows, (S,); 1 for a constant series."""
    error = np.empty(len(panel.ids))
    for k in range(len(panel.ids)):
        values = z[panel.series(k)]
        lag = season if len(values) > season else 1
        error[k] = np.abs(values[lag:] - values[:-lag]).mean() if len(values) > lag else 0
    return np.where(error > 0, error, 1.0)
