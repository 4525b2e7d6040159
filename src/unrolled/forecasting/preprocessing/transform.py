"""What is removed from each series before a network reads it (logarithm, linear effects, season), its level, and the
inverse.

All of it is estimated from the past only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...arrays import Array, over_leading_axes
from ...series.origins import Origins
from ...series.panel import Panel
from ...series.ragged import pieces_of, side_by_side
from .effects import NO_TERMS, LinearEffects, Terms, estimate_effects
from .logarithms import all_positive, log_transformed
from .seasonality import estimate_season
from .smoothing import best_smoothings, best_trends
from .spread import usual_change, window_statistics

# A forecast in logarithms may go beyond the extremes of its series by this multiple of their distance from its
# median.
MAX_EXCESS_OF_EXTREMES = 1.5
# Beyond that, forecasts still differ, but come no farther than this share of that excess, or this change.
COMPRESSED_SHARE, MIN_COMPRESSED = 0.1, 0.01
LARGEST_LOGARITHM = 700.0  # float64 overflows soon after, and no forecast may become infinite


@dataclass(frozen=True)
class SeriesTransform:
    """What forecasts need to know about each of S series besides its window."""

    logs: Array  # whether it is taken in logarithms, (S,) bool
    nonnegative: Array  # whether its forecasts are kept at or above 0, (S,) bool
    effects: LinearEffects  # of what is known ahead, in the units of the target or its logarithm
    season: Array  # its seasonal effects, ordinal 0 first, (S, season)
    smoothing: Array  # weight of the newest value in its level, (S,)
    trend: Array  # decay of the weights behind its slope, (S,); 0 without a trend
    steady: Array  # whether its trend is steady, see `best_trends`, (S,) bool
    spread: Array  # its standard deviation, (S,); for a constant series its usual change
    change: Array  # its mean absolute change from one value to the next, positive, (S,)
    extent: Array  # its lowest value, its median and its highest value, (S, 3)

    @property
    def arrays(self) -> dict[str, Array]:
        """All but the effects, by name; the first axis of each has a place for each series."""
        return {name: part for name, part in vars(self).items() if name != "effects"}

    def take(self, series: Array) -> SeriesTransform:
        parts = {name: part[series] for name, part in self.arrays.items()}
        return SeriesTransform(**parts, effects=self.effects.take(series))

    def transformed(self, panel: Panel) -> Array:
        """The values of a panel of these series without their effects, in logarithms where these are taken, (n,)."""
        return np.asarray(log_transformed(panel, self.logs) - self.effects.of(panel))


def estimate_transform(
    panel: Panel,
    logs: Array,
    season: int,
    horizon: int,
    *,
    nonnegative: Array | None = None,
    terms: Terms = NO_TERMS,
    for_networks: bool = True,
    with_trends: bool = False,
) -> SeriesTransform:
    """The transform of each series, estimated from all of its rows.

    Args:
        panel: S series.
        logs: which of them are taken in logarithms, (S,) bool.
        season: periods in a season; 1: none.
        horizon: periods ahead at which levels and trends are evaluated.
        nonnegative: series whose forecasts are kept at or above 0, (S,) bool; None: no series.
        terms: what has linear effects.
        for_networks: whether seasons and levels are estimated, which networks trained on the table need; else there
            are no seasons, and levels are last values.
        with_trends: whether trends are estimated, too.
    """
    count = len(panel.ids)
    original = log_transformed(panel, logs)
    effects = estimate_effects(panel, original, terms)
    z = original - effects.of(panel)
    seasonal, smoothing = np.zeros((count, season)), np.ones(count)
    for k in range(count if for_networks else 0):
        ordinals = panel.first[k] + np.arange(panel.lengths[k])
        phase = panel.frequency.local_ordinals(ordinals, season) % season
        seasonal[k] = estimate_season(z[panel.series(k)], phase, season)
    _, spread = window_statistics(z, panel.offsets[:-1], panel.offsets[1:])
    change = usual_change(panel, logs)
    flat = _without_season(z, panel, seasonal)
    if for_networks:
        smoothing = best_smoothings(flat, panel.offsets, horizon)
    trend, steady = np.zeros(count), np.zeros(count, bool)
    if with_trends:
        trend, steady = best_trends(flat, panel.offsets, smoothing, season, horizon)
    return SeriesTransform(
        logs=logs,
        nonnegative=np.zeros(count, bool) if nonnegative is None else nonnegative,
        effects=effects,
        season=seasonal,
        smoothing=smoothing,
        trend=trend,
        steady=steady,
        spread=np.where(spread > 0, spread, change),
        change=change,
        extent=_extent(original, panel.offsets),
    )


def _extent(z: Array, offsets: Array) -> Array:
    """The lowest value, the median and the highest value of each series, (S, 3)."""
    found = np.empty((len(offsets) - 1, 3))
    for some, values in side_by_side(z, offsets[:-1], offsets[1:]):
        found[some] = np.stack([values.min(axis=1), np.median(values, axis=1), values.max(axis=1)], axis=1)
    return found


def merge_transforms(
    old: SeriesTransform, ids: Sequence[Any], fresh: SeriesTransform, panel: Panel
) -> SeriesTransform:
    """The transform of a new panel: the old one for its series that are among `ids`, the fresh one for the others.

    Forecasts of a series that has been negative in either panel may be negative.
    """
    places = {name: k for k, name in enumerate(ids)}
    known = np.array([places.get(name, -1) for name in panel.ids])
    # a logarithm can't be kept where a new value is not positive
    use = (known >= 0) & ~(old.logs[known] & ~all_positive(panel))
    kept = old.take(known)
    own = kept.effects.coefficients, fresh.effects.coefficients
    pairs = {name: (part, getattr(fresh, name)) for name, part in kept.arrays.items()}
    merged = SeriesTransform(
        **{name: np.where(over_leading_axes(use, a.ndim), a, b) for name, (a, b) in pairs.items()},
        effects=replace(old.effects, coefficients=np.where(use[:, None], *own)),
    )
    return replace(merged, nonnegative=fresh.nonnegative & ((known < 0) | old.nonnegative[known]))


def deseasonalized(panel: Panel, transform: SeriesTransform) -> Array:
    """The series without their effects and seasons, in logarithms where these are taken, (n,)."""
    return _without_season(transform.transformed(panel), panel, transform.season)


def _without_season(z: Array, panel: Panel, effects: Array) -> Array:
    """z without the seasonal effects (S, season) of its series, (n,)."""
    if not effects.any():
        return z
    season = effects.shape[1]
    out = np.empty(len(z))
    for series, rows, offsets in pieces_of(panel.offsets):
        lengths = np.diff(offsets)
        ordinals = np.arange(offsets[-1]) + np.repeat(panel.first[series] - offsets[:-1], lengths)
        places = panel.frequency.local_ordinals(ordinals, season) % season
        places += np.repeat(season * np.arange(len(lengths)), lengths)
        out[rows] = z[rows] - effects[series].ravel()[places]
    return out


@dataclass(frozen=True)
class TransformedOrigins(Origins):
    """Origins of series whose transform is known."""

    transform: SeriesTransform  # of the panel's series

    def season_ahead(self, horizon: int) -> Array:
        """The seasonal effects of the `horizon` periods ahead, (N, horizon)."""
        season = self.transform.season.shape[1]
        places = self.panel.frequency.local_ordinals(self.ordinals_ahead(horizon), season) % season
        return np.take_along_axis(self.transform.season[self.series], places, axis=1)

    def targets(self, horizon: int) -> Array:
        """The values to forecast without effects, in logarithms where these are taken, (N, horizon)."""
        return self.transform.transformed(self.panel)[self.rows_ahead(horizon)]

    def without_effects(self) -> TransformedOrigins:
        """The same origins in series from which the linear effects are removed."""
        if not self.transform.effects.terms.size:
            return self
        z = self.transform.transformed(self.panel)
        y = np.where(np.repeat(self.transform.logs, self.panel.lengths), np.exp(z), z)
        return replace(self, panel=replace(self.panel, y=y))

    def effects_ahead(self, horizon: int, dimensions: int = 2) -> Array | float:
        """The linear effects in the periods ahead, (N, horizon, 1, ...) with so many dimensions."""
        found = self.transform.effects.ahead(self, horizon)
        return found if isinstance(found, float) else over_leading_axes(found, dimensions)

    def inverse_transform(self, z: Array) -> Array:
        """Forecasts (N, H, ...) in the units of the target: with their effects, the exponential for series taken in
        logarithms, and at least 0 for series that are never negative.

        A spread that grows steadily in logarithms grows exponentially in the units of the target. Forecasts
        are therefore limited to a range around the extremes of their series, including its last value. Beyond it they
        are compressed, so that the bounds of different intervals stay different.
        """
        z = z + self.effects_ahead(z.shape[1], z.ndim)
        own = np.flatnonzero(self.transform.logs[self.series])
        lowest, median, highest = self.transform.extent[self.series[own]].T
        last = np.log(np.maximum(self.panel.y[self.ends[own] - 1], np.finfo(float).tiny))
        below, above = (MAX_EXCESS_OF_EXTREMES * distance for distance in (median - lowest, highest - median))
        rooms = [np.maximum(COMPRESSED_SHARE * excess, MIN_COMPRESSED) for excess in (below, above)]
        low = np.minimum(lowest, last) - below
        high = np.minimum(np.maximum(highest, last) + above, LARGEST_LOGARITHM - rooms[1])
        low, high, under, over = (over_leading_axes(a, z.ndim) for a in (low, high, *rooms))
        nonnegative = over_leading_axes(self.transform.nonnegative[self.series], z.ndim)
        y = np.where(nonnegative, np.maximum(z, 0.0), z)
        inside = np.clip(z[own], low, high)
        y[own] = np.exp(inside + _compressed(z[own] - inside, over) - _compressed(inside - z[own], under))
        return y


def _compressed(excess: Array, room: Array) -> Array:
    """An excess as a smaller one that rises with it, but stays below the room; 0 where it is negative."""
    return room * (1 - room / (np.maximum(excess, 0.0) + room))
