"""Which windows there are, and what the network sees of them.

Each row of training data is a window of one series and the `horizon` values after it. There are several views of it,
and the networks of an ensemble take turns in those that are chosen, since each errs where another does not:

- "level": the network reads the series without its season, and predicts how far each target, without its season, lies
  from the window's smoothed level;
- "season": it reads the series as it is and its change over a season, and predicts how far each target lies from the
  value a season (or more) before it. It is taken where last year tells more than last month;
- "mean", "last", "robust": it reads the series as it is, less the window's mean (its last value, its median), divided
  by its standard deviation (for "robust" the spread of its middle half), and finds level and season for itself. This
  takes much data. "mean" is known as reversible instance normalisation (Kim et al., ICLR 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..data import Windows
from ..errors import DataError
from ..ops import Array
from .panel import Panel, series_of
from .scaling import (
    Profile,
    adjusted,
    to_logs,
    typical_error,
    window_level,
    window_quartiles,
    window_statistics,
)

SHORTEST_WINDOW = 4
LEAST_SCALE = 0.1  # of a window, in mean absolute changes of its series
HEAVIEST = 20  # times the typical weight that one window may have

View = Literal["level", "season", "mean", "last", "robust", "count"]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True)
class Framing:
    """How windows are cut from series.

    Attributes:
        horizon: periods ahead.
        season: periods in a season; 1: none.
        window: periods the network reads, a multiple of the segment.
        views: the views that the networks of an ensemble take in turn.
        segment: periods the network takes at one step.
        decoded: whether the horizon is written segment by segment.
    """

    horizon: int
    season: int
    window: int
    views: tuple[View, ...]
    segment: int = 1
    decoded: bool = False

    @property
    def lags(self) -> Array:
        """For each target, how far before it the value in the last known season lies, (horizon,)."""
        return self.season * -(-np.arange(1, self.horizon + 1) // self.season)

    @property
    def memory(self) -> int:
        """Rows of a series that a forecast looks at: the window, and a season before it for the change."""
        return self.window + (self.season if "season" in self.views else 0)

    @property
    def shortest(self) -> int:
        """Periods a window must have at least; the season view looks back a whole season."""
        return max(SHORTEST_WINDOW, self.segment, self.season if "season" in self.views else 1)

    @property
    def needed(self) -> int:
        """Rows a series must have to be trained on: the shortest window and one horizon."""
        return self.shortest + self.horizon


def seasonal_errs_less(panel: Panel, z: Array, horizon: int, season: int) -> bool:
    """Whether, over all series and steps ahead, the seasonal naive's absolute error is smaller than the naive's."""
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


def window_ends(panel: Panel, framing: Framing, horizon: int | None = None, origins: slice = slice(None)) -> Array:
    """Ends (exclusive) of all windows that have `horizon` values after them, series by series.

    `origins` selects among the windows of each series: slice(-3, None) takes the last three.

    Windows begin where the series is long enough for a full window with all changes over a season known, so that most
    of what is learned from looks like what is asked later; in short series, from their middle on.
    """
    horizon = framing.horizon if horizon is None else horizon
    ends = [np.zeros(0, np.int64)]
    for start, length in zip(panel.offsets[:-1], panel.lengths, strict=True):
        latest = length - horizon
        earliest = max(framing.shortest, min(framing.memory, latest // 2))
        ends.append(start + np.arange(earliest, latest + 1)[origins])
    return np.concatenate(ends)


def make_windows(
    panel: Panel, profile: Profile, framing: Framing, ends: Array, view: View, weighted: bool = False
) -> Windows:
    """Windows that end at these rows (exclusive), in one of the views; `weighted` for training."""
    z = adjusted(panel, profile) if view == "level" else to_logs(panel, profile.logs)
    series = series_of(panel, ends)
    lengths = np.minimum(framing.window, ends - panel.offsets[series])
    lengths -= lengths % framing.segment
    starts = ends - lengths
    mean, scale = window_quartiles(z, starts, ends) if view == "robust" else window_statistics(z, starts, ends)
    # a window that hardly moves must not be taken for the measure of what may come
    scale = np.maximum(scale, LEAST_SCALE * profile.change[series])
    if view == "count":
        mean, scale = np.zeros_like(mean), 1 + np.abs(mean)
    level = {
        "level": lambda: window_level(z, panel, profile, framing.window)[ends - 1],
        "season": lambda: z[ends - 1],
        "last": lambda: z[ends - 1],
    }.get(view, lambda: mean)()
    channels = [z, _change(panel, z, framing.season)] if view == "season" else [z]
    return Windows(
        values=np.stack(channels, axis=1),
        observed=panel.observed.astype(np.float64),
        starts=starts,
        lengths=lengths,
        loc=np.stack([level, np.zeros(len(ends))][: len(channels)], axis=1),
        scale=np.stack([scale] * len(channels), axis=1),
        window=framing.window,
        horizon=framing.horizon,
        lags=framing.lags if view == "season" else None,
        segment=framing.segment,
        decoded=framing.decoded,
        weight=_weights(panel, profile, framing, starts, ends, scale) if weighted else None,
    )


def _weights(panel: Panel, profile: Profile, framing: Framing, starts: Array, ends: Array, scale: Array) -> Array:
    """How much each window counts: so that errors are judged relative to how well the series could be forecast
    without learning, and relative to its level, half and half, and not in scales of the window."""
    series = series_of(panel, ends)
    z = to_logs(panel, profile.logs)
    error = typical_error(z, panel, framing.season)[series]
    # an error in logarithms is relative already
    level = np.where(profile.logs[series], 1.0, np.abs(window_statistics(z, starts, ends)[0]))
    usual = np.median(level / error)
    weight = scale / error + scale * usual / np.maximum(level, 1e-3 * usual * error)
    return np.minimum(weight / np.median(weight), HEAVIEST)


def _change(panel: Panel, z: Array, season: int) -> Array:
    """Change over a season, 0 in a series' first season, (n,)."""
    change = np.zeros_like(z)
    change[season:] = z[season:] - z[:-season]
    for start, end in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        change[start : min(start + season, end)] = 0
    return change


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
