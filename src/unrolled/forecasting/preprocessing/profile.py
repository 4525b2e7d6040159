"""From the units of the target to those of the network, and back.

A series may be taken in logarithms, and its season is taken out; then each window is centred at its own smoothed
level and scaled by its own spread. All of it looks at the past only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array
from ...series.panel import Panel, series_of
from ...series.ragged import pieces_of
from .logarithms import all_positive, log_transformed
from .seasonality import estimate_season
from .smoothing import best_smoothings, best_trends
from .spread import usual_change, window_statistics

if TYPE_CHECKING:
    from ..inputs.framing import WindowSpec

BEYOND = 1.5  # times the distance of a series' extremes from its median may a logarithm go beyond these


@dataclass(frozen=True)
class SeriesTransform:
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

    def take(self, series: Array) -> SeriesTransform:
        return SeriesTransform(*(part[series] for part in astuple(self)))


def estimate_transform(panel: Panel, framing: WindowSpec, logs: Array) -> SeriesTransform:
    """The profile of each series, from all of its rows; `logs` say which are taken in logarithms."""
    count, season = len(panel.ids), framing.season
    z = log_transformed(panel, logs)
    seasonal = np.zeros((count, season))
    for k in range(count if season > 1 else 0):
        phase = (panel.first[k] + np.arange(panel.lengths[k])) % season
        seasonal[k] = estimate_season(z[panel.series(k)], phase, season)
    _, spread = window_statistics(z, panel.offsets[:-1], panel.offsets[1:])
    change = usual_change(panel, logs)
    none = np.zeros(count)
    parts = [z[panel.series(k)] for k in range(count)]
    extent = np.array([(part.min(), np.median(part), part.max()) for part in parts]).reshape(count, 3)
    profile = SeriesTransform(
        logs, seasonal, none, none, none > 0, np.where(spread > 0, spread, change), change, extent
    )
    flat = _without_season(z, panel, profile)
    smoothing = best_smoothings(flat, panel.offsets, framing.horizon)
    profile = replace(profile, smoothing=smoothing)
    if "trend" not in framing.views:
        return profile
    trend, steady = best_trends(flat, panel.offsets, smoothing, season, framing.horizon)
    return replace(profile, trend=trend, steady=steady)


def merge_transforms(
    old: SeriesTransform, ids: Sequence[Any], fresh: SeriesTransform, panel: Panel
) -> SeriesTransform:
    """Profiles of a new panel: the old ones of its series that are among `ids`, fresh ones of the others."""
    places = {name: k for k, name in enumerate(ids)}
    known = np.array([places.get(name, -1) for name in panel.ids])
    # a logarithm can't be kept where a new value is not positive
    use = (known >= 0) & ~(old.logs[known] & ~all_positive(panel))
    kept = old.take(known)
    return SeriesTransform(
        *(
            np.where(use.reshape(-1, *[1] * (a.ndim - 1)), a, b)
            for a, b in zip(astuple(kept), astuple(fresh), strict=True)
        )
    )


def deseasonalized(panel: Panel, profile: SeriesTransform) -> Array:
    """The series without their seasons, in logarithms where the profile says so, (n,)."""
    return _without_season(log_transformed(panel, profile.logs), panel, profile)


def _without_season(z: Array, panel: Panel, profile: SeriesTransform) -> Array:
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


def season_ahead(panel: Panel, profile: SeriesTransform, ends: Array, horizon: int) -> Array:
    """What the season adds to each of the `horizon` periods after these ends, (N, horizon)."""
    series = series_of(panel, ends)
    ordinals = (panel.first[series] + ends - panel.offsets[series])[:, None] + np.arange(horizon)
    return np.take_along_axis(profile.season[series], ordinals % profile.season.shape[1], axis=1)


def inverse_transform(z: Array, profile: SeriesTransform, panel: Panel, ends: Array) -> Array:
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
