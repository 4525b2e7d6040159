"""Which windows there are, and what the network sees of them.

Each row of training data is a window of one series and the `horizon` values after it. The network reads two channels:
the level, less the window's last value, and the change over a season. It predicts how far each target lies from an
anchor: the last value of the window, or the value one season (or more) before the target.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data import Windows
from ..errors import DataError
from ..ops import Array
from .scaling import window_scale
from .table import Panel

SHORTEST_WINDOW = 4


@dataclass(frozen=True)
class Framing:
    """How windows are cut from series.

    Attributes:
        horizon: periods ahead.
        season: periods in a season; 1: none.
        window: steps the network reads.
        seasonal_anchor: whether targets are measured from the value a season before, or from the last value.
    """

    horizon: int
    season: int
    window: int
    seasonal_anchor: bool

    @property
    def lags(self) -> Array:
        """For each target, how far before it its anchor lies, (horizon,)."""
        ahead = np.arange(1, self.horizon + 1)
        return self.season * -(-ahead // self.season) if self.seasonal_anchor else ahead

    @property
    def shortest(self) -> int:
        """Steps a window must have at least: its anchors lie inside it."""
        return max(SHORTEST_WINDOW, self.season if self.seasonal_anchor else 1)

    @property
    def needed(self) -> int:
        """Rows a series must have to be trained on: the shortest window and one horizon."""
        return self.shortest + self.horizon


def choose_framing(panel: Panel, z: Array, horizon: int, season: int, window: int | None) -> Framing:
    """Anchor and window length from the data.

    The anchor is whichever of the naive and the seasonal naive errs less over the horizon. The window has one and a
    half seasons, or without season two horizons within 8 .. 64; it is shorter where the typical series has few rows.
    """
    typical = int(np.median(panel.lengths))
    if season > 1 and typical < 2 * season + horizon:
        season = 1
    seasonal_anchor = season > 1 and _seasonal_errs_less(panel, z, horizon, season)
    if window is None:
        wanted = max(8, 3 * season // 2) if season > 1 else int(np.clip(2 * horizon, 8, 64))
        room = (typical - horizon) // 2
        window = max(min(wanted, room), season if seasonal_anchor else SHORTEST_WINDOW)
    return Framing(horizon, season, max(window, season if seasonal_anchor else 1), seasonal_anchor)


def _seasonal_errs_less(panel: Panel, z: Array, horizon: int, season: int) -> bool:
    """Whether, over all series and steps ahead, the seasonal naive's absolute error is the smaller."""
    naive = seasonal = 0.0
    for k in range(len(panel.ids)):
        values = z[panel.series(k)]
        spread = values.std() or 1.0
        for ahead in range(1, horizon + 1):
            lag = season * -(-ahead // season)
            if len(values) > max(lag, ahead) + 1:
                # both are averaged over the same targets
                errors = np.abs(values[lag:] - values[: len(values) - lag])
                last = np.abs(values[lag:] - values[lag - ahead : len(values) - ahead])
                seasonal += errors.mean() / spread
                naive += last.mean() / spread
    return bool(seasonal < naive)


def channels(panel: Panel, z: Array, season: int) -> Array:
    """What the network reads at each row: level, and change over a season (0 in a series' first season), (n, 2)."""
    change = np.zeros_like(z)
    change[season:] = z[season:] - z[:-season]
    for start, end in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        change[start : min(start + season, end)] = 0
    return np.stack((z, change), axis=1)


def window_ends(panel: Panel, framing: Framing, horizon: int | None = None, origins: slice = slice(None)) -> Array:
    """Ends (exclusive) of all windows that have `horizon` values after them, series by series.

    `origins` selects among the windows of each series: slice(-3, None) takes the last three.

    A window is full and all its changes over a season are known where the series is long enough for that, so that
    most of what is learned from looks like what is asked later.
    """
    horizon = framing.horizon if horizon is None else horizon
    full = framing.window + (framing.season if framing.season > 1 else 0)
    ends = []
    for start, length in zip(panel.offsets[:-1], panel.lengths, strict=True):
        latest = length - horizon
        earliest = max(framing.shortest, min(full, latest // 2))
        ends.append(start + np.arange(earliest, latest + 1)[origins])
    return np.concatenate(ends) if ends else np.zeros(0, np.int64)


def make_windows(panel: Panel, z: Array, framing: Framing, ends: Array) -> Windows:
    """Windows that end at these rows (exclusive)."""
    series = np.searchsorted(panel.offsets, ends - 1, side="right") - 1
    starts = np.maximum(ends - framing.window, panel.offsets[series])
    scale = window_scale(z, panel.offsets, starts, ends)
    return Windows(
        values=channels(panel, z, framing.season),
        observed=panel.observed.astype(np.float64),
        starts=starts,
        lengths=ends - starts,
        loc=np.stack((z[ends - 1], np.zeros(len(ends))), axis=1),
        scale=np.stack((scale, scale), axis=1),
        window=framing.window,
        lags=framing.lags,
    )


def refuse_untrainable(panel: Panel, framing: Framing) -> None:
    """Raise if no series is long enough to be trained on."""
    longest = int(panel.lengths.argmax())
    if panel.lengths[longest] < framing.needed:
        raise DataError(
            f"{panel.name(longest)} has {panel.lengths[longest]} rows; horizon {framing.horizon} with a window of at "
            f"least {framing.shortest} needs {framing.needed}. Lower the horizon, or give more rows."
        )


def refuse_unforecastable(panel: Panel, framing: Framing) -> None:
    """Raise if a series is too short to be forecast from."""
    shortest = int(panel.lengths.argmin())
    if panel.lengths[shortest] < framing.shortest:
        raise DataError(
            f"{panel.name(shortest)} has {panel.lengths[shortest]} rows; a forecast needs at least "
            f"{framing.shortest}. Leave that series out, or give more rows."
        )
