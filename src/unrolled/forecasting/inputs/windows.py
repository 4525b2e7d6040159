"""Which windows there are, and what the network sees of them.

Each row of training data is a window of one series and the `horizon` values after it. There are several views of it,
and the networks of an ensemble take turns in those that are chosen, since each errs where another does not:

- "level": the network reads the series without its season, and predicts how far each target, without its season, lies
  from the window's smoothed level;
- "trend": the same, but measured from that level carried on along the slope of the last five seasons (without them,
  of five horizons), where a series has shown a trend: a window of one season does not show a slow trend under noise.
  Beside this view, "level" goes along, too, where a series has hardly ever left its trend;
- "season": it reads the series as it is and its change over a season, and predicts how far each target lies from the
  value a season (or more) before it. It is taken where last year tells more than last month;
- "mean", "robust": it reads the series as it is, less the window's mean (its median), divided by its standard
  deviation (the spread of its middle half), and finds level and season for itself. "mean" is known as reversible
  instance normalisation (Kim et al., ICLR 2022);
- "last": it reads the series less the window's last value, divided by the standard deviation of the whole series: the
  network sees whether a window is calm or wild;
- "count": it reads the series as it is, divided by 1 + the window's mean, and measures targets from 0, as counts are
  measured (DeepAR, Salinas et al., Int. J. Forecasting 36, 2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...errors import DataError
from ...series.panel import Panel
from ..preprocessing.logarithms import all_positive, log_transformed
from .features import Features
from .framing import View, WindowSpec

if TYPE_CHECKING:
    pass

from ...nn.datasets import Windows
from ...series.panel import series_of
from ...series.ragged import rows_between
from ..preprocessing.profile import SeriesTransform, deseasonalized
from ..preprocessing.smoothing import window_level, window_slope
from ..preprocessing.spread import typical_error, window_quartiles, window_statistics
from .framing import WITHOUT_SEASON

LEAST_SCALE = 0.1  # of a window, in mean absolute changes of its series

HEAVIEST = 20  # times the typical weight that one window may have


def window_ends(panel: Panel, framing: WindowSpec, horizon: int | None = None, origins: slice = slice(None)) -> Array:
    """Ends (exclusive) of all windows that have `horizon` values after them, series by series.

    `origins` selects among the windows of each series: slice(-3, None) takes the last three.

    Windows begin where the series is long enough for a full window with all changes over a season known, so that most
    of what is learned from looks like what is asked later; in short series, from their middle on.
    """
    horizon = framing.horizon if horizon is None else horizon
    latest = panel.lengths - horizon
    earliest = np.maximum(framing.shortest, np.minimum(framing.full, latest // 2))
    counts = np.maximum(latest + 1 - earliest, 0)
    first = panel.offsets[:-1] + earliest
    if origins == slice(None):
        return rows_between(first, first + counts)
    ends = [begin + np.arange(n)[origins] for begin, n in zip(first, counts, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *ends])


def make_windows(
    panel: Panel,
    profile: SeriesTransform,
    framing: WindowSpec,
    ends: Array,
    view: View,
    features: Features,
    weighted: bool = False,
) -> Windows:
    """Windows that end at these rows (exclusive), in one of the views; `weighted` for training.

    They hold the rows of the panel that they need, and no others: of a long panel few are drawn. What is known ahead
    must reach a horizon beyond each end, see `ahead.extend_panel`.
    """
    z = deseasonalized(panel, profile) if view in WITHOUT_SEASON else log_transformed(panel, profile.logs)
    series = series_of(panel, ends)
    lengths = np.minimum(framing.window, ends - panel.offsets[series])
    lengths -= lengths % framing.segment
    starts = ends - lengths
    mean, scale = window_quartiles(z, starts, ends) if view == "robust" else window_statistics(z, starts, ends)
    if view == "last":
        scale = profile.spread[series]
    # a window that hardly moves must not be taken for the measure of what may come
    scale = np.maximum(scale, LEAST_SCALE * profile.change[series])
    if view == "count":
        mean, scale = np.zeros_like(mean), 1 + np.abs(mean)
    level = {
        "level": lambda: window_level(z, panel, profile, ends, framing.window),
        "trend": lambda: window_level(z, panel, profile, ends, framing.window),
        "season": lambda: z[ends - 1],
        "last": lambda: z[ends - 1],
    }.get(view, lambda: mean)()
    seasonal = view == "season"
    first = np.minimum(starts, ends - framing.season) if seasonal else starts  # targets are measured from there
    rows = _rows_of_ranges(first, ends + framing.horizon, len(z))
    channels = [z[rows], _change(panel, z, framing.season, rows)] if seasonal else [z[rows]]
    return Windows(
        values=np.column_stack([*channels, features.channels(panel, rows)]),
        observed=panel.observed[rows].astype(np.float64),
        starts=np.searchsorted(rows, starts),
        lengths=lengths,
        loc=np.stack([level, np.zeros(len(ends))][: len(channels)], axis=1),
        scale=np.stack([scale] * len(channels), axis=1),
        window=framing.window,
        horizon=framing.horizon,
        drift=_drift(z, panel, profile, framing, ends, view),
        lags=framing.lags if seasonal else None,
        segment=framing.segment,
        decoded=framing.decoded,
        known=features.known,
        weight=_weights(panel, profile, framing, starts, ends, scale) if weighted else None,
        series=series,
        fixed=features.statics(panel),
        codes=features.codes(panel),
    )


def _drift(
    z: Array, panel: Panel, profile: SeriesTransform, framing: WindowSpec, ends: Array, view: View
) -> Array | None:
    """How much farther from one row to the next targets are measured, (N,), in the views that follow a trend."""
    followed = {"trend": profile.trend, "level": np.where(profile.steady, profile.trend, 0.0)}.get(view)
    if followed is None or not followed.any():
        return None
    return window_slope(z, panel, followed, ends, framing.season, framing.horizon)


def _rows_of_ranges(first: Array, last: Array, count: int) -> Array:
    """The rows of a table of `count` that lie in any of the ranges first .. last - 1, in order.

    >>> _rows_of_ranges(np.array([5, 1]), np.array([7, 3]), 9).tolist()
    [1, 2, 5, 6]
    """
    begin = np.bincount(first, minlength=count + 1)
    end = np.bincount(np.minimum(last, count), minlength=count + 1)
    return np.flatnonzero(np.cumsum(begin - end)[:count] > 0)


def _weights(
    panel: Panel, profile: SeriesTransform, framing: WindowSpec, starts: Array, ends: Array, scale: Array
) -> Array:
    """How much each window counts, so that errors are not judged in scales of the window: relative to how well the
    series could be forecast without learning, and for positive series as much relative to their level."""
    series = series_of(panel, ends)
    z = log_transformed(panel, profile.logs)
    error = typical_error(z, panel, framing.season)[series]
    weight = scale / error
    positive = all_positive(panel)[series]
    if positive.any():
        # an error in logarithms is relative already
        level = np.where(profile.logs[series], 1.0, np.abs(window_statistics(z, starts, ends)[0]))[positive]
        weight[positive] /= 2
        weight[positive] += scale[positive] / level * np.median(level / error[positive]) / 2
    return np.minimum(weight / np.median(weight), HEAVIEST) * panel.covariates.weights[series]


def _change(panel: Panel, z: Array, season: int, rows: Array) -> Array:
    """Change over a season at these rows (n,), 0 in a series' first season."""
    begin = panel.offsets[series_of(panel, rows + 1)]
    return np.where(rows - begin >= season, z[rows] - z[rows - season], 0.0)


def refuse_untrainable(panel: Panel, framing: WindowSpec) -> None:
    """Raise if no series is long enough to be trained on."""
    longest = int(panel.lengths.argmax())
    if panel.lengths[longest] < framing.needed:
        raise DataError(
            f"{panel.name(longest)} has {panel.lengths[longest]} rows; horizon {framing.horizon} with a window of at "
            f"least {framing.shortest} needs {framing.needed}. Lower the horizon, or give more rows."
        )


def refuse_unforecastable(panel: Panel, framing: WindowSpec) -> None:
    """Raise if a series is too short to be forecast from."""
    shortest = int(panel.lengths.argmin())
    if panel.lengths[shortest] < framing.shortest:
        raise DataError(
            f"{panel.name(shortest)} has {panel.lengths[shortest]} rows; a forecast needs at least "
            f"{framing.shortest}. Leave that series out, or give more rows."
        )


def count_windows(rows: Array, horizon: int) -> int:
    """About how many windows series of so many rows give."""
    return int(np.maximum(rows - horizon, 0).sum())
