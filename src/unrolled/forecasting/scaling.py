"""From the units of the target to those of the network, and back.

A series may be taken in logarithms, and its season is taken out; then each window is centred at its own smoothed
level and scaled by its own spread. All of it looks at the past only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..ops import Array
from .levels import best_smoothings, best_trends, pieces_of, side_by_side
from .panel import Panel, series_of
from .seasons import season_of

if TYPE_CHECKING:
    from .windows import Framing

BEYOND = 1.5  # times the distance of a series' extremes from its median may a logarithm go beyond these
NEAR_ZERO = 0.01  # of a series' largest value: in logarithms, what lies below would outweigh all other movements


@dataclass(frozen=True)
class Profile:
    """What is known of each of S series beyond its window.

    Attributes:
        logs: whether it is taken in logarithms, (S,) bool.
        season: what its season adds at each place of the season, ordinal 0 first, (S, season); 0 where it has none.
        smoothing: weight of the newest value in its level, (S,).
        trend: how fast the values behind its slope lose weight, (S,); 0: it has none. See `levels.window_slope`.
        steady: whether its trend leaves hardly a doubt, (S,) bool.
        spread: its standard deviation, (S,); where it is constant, its usual change.
        change: mean absolute change from one value to the next, positive, (S,).
        extent: its lowest value, its median and its highest, (S, 3).
    """

    logs: Array
    season: Array
    smoothing: Array
    trend: Array
    steady: Array
    spread: Array
    change: Array
    extent: Array

    def take(self, series: Array) -> Profile:
        return Profile(*(part[series] for part in astuple(self)))


def estimate_profile(panel: Panel, framing: Framing, logs: Array) -> Profile:
    """The profile of each series, from all of its rows; `logs` say which are taken in logarithms."""
    count, season = len(panel.ids), framing.season
    z = to_logs(panel, logs)
    seasonal = np.zeros((count, season))
    for k in range(count if season > 1 else 0):
        phase = (panel.first[k] + np.arange(panel.lengths[k])) % season
        seasonal[k] = season_of(z[panel.series(k)], phase, season)
    _, spread = window_statistics(z, panel.offsets[:-1], panel.offsets[1:])
    change = usual_change(panel, logs)
    none = np.zeros(count)
    parts = [z[panel.series(k)] for k in range(count)]
    extent = np.array([(part.min(), np.median(part), part.max()) for part in parts]).reshape(count, 3)
    profile = Profile(logs, seasonal, none, none, none > 0, np.where(spread > 0, spread, change), change, extent)
    flat = _without_season(z, panel, profile)
    smoothing = best_smoothings(flat, panel.offsets, framing.horizon)
    profile = replace(profile, smoothing=smoothing)
    if "trend" not in framing.views:
        return profile
    trend, steady = best_trends(flat, panel.offsets, smoothing, season, framing.horizon)
    return replace(profile, trend=trend, steady=steady)


def renewed(old: Profile, ids: Sequence[Any], fresh: Profile, panel: Panel) -> Profile:
    """Profiles of a new panel: the old ones of its series that are among `ids`, fresh ones of the others."""
    places = {name: k for k, name in enumerate(ids)}
    known = np.array([places.get(name, -1) for name in panel.ids])
    # a logarithm can't be kept where a new value is not positive
    use = (known >= 0) & ~(old.logs[known] & ~all_positive(panel))
    kept = old.take(known)
    return Profile(
        *(
            np.where(use.reshape(-1, *[1] * (a.ndim - 1)), a, b)
            for a, b in zip(astuple(kept), astuple(fresh), strict=True)
        )
    )


def all_positive(panel: Panel) -> Array:
    """For each series whether all its values are above 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) > 0


def wants_logarithm(y: Array, observed: Array, season: int) -> bool:
    """Whether a series swings in proportion to its level, so that its logarithm swings evenly.

    Block by block (a season, or 8 values) the spread is compared with the level: a slope of log spread on log level
    above ½ is nearer to proportional than to even. And the logarithms' spreads must indeed be more alike than the
    values': a series that stumbles towards 0 now and then would move wildly in logarithms. Source: Guerrero,
    J. of Forecasting 12, 1993, with the Box-Cox power rounded to 0 or 1. A series of fewer than three blocks can't be
    judged so: growth is more often in proportion than not, so it is taken in logarithms unless some of its values
    are near 0.
    """
    block = max(season, 8) if season > 1 else 8
    blocks = len(y) // block
    if not (y[observed] > 0).all():
        return False
    if blocks < 3:
        return bool(y.min() > NEAR_ZERO * y.max())
    pieces = y[len(y) - blocks * block :].reshape(blocks, block)
    level, spread = pieces.mean(axis=1), pieces.std(axis=1)
    usable = spread > 0
    if usable.sum() < 3 or np.ptp(np.log(level[usable])) < 0.1:
        return False
    slope = np.polyfit(np.log(level[usable]), np.log(spread[usable]), 1)[0]
    in_logs = np.log(pieces).std(axis=1)
    return bool(slope > 0.5 and in_logs.std() / in_logs.mean() < spread.std() / spread.mean())


def to_logs(panel: Panel, logs: Array) -> Array:
    """The target, its logarithm for the series in `logs` (S,) bool, (n,)."""
    z = panel.y.copy()
    in_logs = np.repeat(logs, panel.lengths)
    # a later value of a series that was positive when this was decided may not be
    z[in_logs] = np.log(np.maximum(z[in_logs], np.finfo(float).tiny))
    return z


def adjusted(panel: Panel, profile: Profile) -> Array:
    """The series without their seasons, in logarithms where the profile says so, (n,)."""
    return _without_season(to_logs(panel, profile.logs), panel, profile)


def _without_season(z: Array, panel: Panel, profile: Profile) -> Array:
    """z less what the season of its series adds, (n,)."""
    season = profile.season.shape[1]
    if season == 1 or not profile.season.any():
        return z
    out = np.empty(len(z))
    for series, rows, offsets in pieces_of(panel.offsets):
        lengths = np.diff(offsets)
        places = (np.arange(offsets[-1]) + np.repeat(panel.first[series] - offsets[:-1], lengths)) % season
        places += np.repeat(season * np.arange(len(lengths)), lengths)
        out[rows] = z[rows] - profile.season[series].reshape(-1)[places]
    return out


def season_ahead(panel: Panel, profile: Profile, ends: Array, horizon: int) -> Array:
    """What the season adds to each of the `horizon` periods after these ends, (N, horizon)."""
    series = series_of(panel, ends)
    ordinals = (panel.first[series] + ends - panel.offsets[series])[:, None] + np.arange(horizon)
    return np.take_along_axis(profile.season[series], ordinals % profile.season.shape[1], axis=1)


def in_units(z: Array, profile: Profile, panel: Panel, ends: Array) -> Array:
    """Forecasts (N, ...) in the units of the target, from logarithms for the series that are taken in them.

    There a spread that grows with the steps ahead grows exponentially. No forecast goes much farther beyond a series'
    extremes, its last value among them, than these lie from its median.
    """
    series = series_of(panel, ends)
    own = np.flatnonzero(profile.logs[series])
    lowest, median, highest = profile.extent[series[own]].T
    last = np.log(np.maximum(panel.y[ends[own] - 1], np.finfo(float).tiny))
    low = np.minimum(lowest, last) - BEYOND * (median - lowest)
    # beyond e^700 a float64 overflows; a forecast must not become infinite
    high = np.minimum(np.maximum(highest, last) + BEYOND * (highest - median), 700.0)
    y = z.copy()
    beside = (-1, *[1] * (z.ndim - 1))
    y[own] = np.exp(np.clip(z[own], low.reshape(beside), high.reshape(beside)))
    return y


def window_statistics(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of z within each window [start, end), (N,) each; the latter 0 for a constant one.

    Each window is looked at by itself: running sums would carry what comes after it, or stands in another series,
    into its last digits.
    """
    mean, scale = np.empty(len(starts)), np.empty(len(starts))
    for rows, values in side_by_side(z, starts, ends):
        mean[rows] = values.mean(axis=1)
        spread = values.std(axis=1)
        # what rounding alone leaves of a constant window
        scale[rows] = np.where(spread > 1e-12 * np.abs(values).max(axis=1), spread, 0.0)
    return mean, scale


def window_quartiles(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Median of z within each window [start, end), and the distance of its quartiles over that of a normal
    distribution, (N,) each; where half of a window is constant, its standard deviation."""
    middle, scale = np.empty(len(ends)), np.empty(len(ends))
    for rows, values in side_by_side(z, starts, ends):
        low, middle[rows], high = np.percentile(values, (25, 50, 75), axis=1)
        spread = np.where(high > low, (high - low) / 1.349, values.std(axis=1))
        scale[rows] = np.where(spread > 1e-12 * np.abs(values).max(axis=1), spread, 0.0)
    return middle, scale


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
    for series, rows, offsets in pieces_of(panel.offsets):
        values, lengths = z[rows], np.diff(offsets)
        lag = np.where(lengths > season, season, 1)
        lags, places = np.repeat(lag, lengths), np.arange(len(values))
        known = places - np.repeat(offsets[:-1], lengths) >= lags
        change = np.where(known, np.abs(values - values[places - lags]), 0.0)
        error[series] = np.add.reduceat(change, offsets[:-1]) / np.maximum(lengths - lag, 1)
    return np.where(error > 0, error, 1.0)
