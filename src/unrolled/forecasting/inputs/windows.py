"""Windows of series, as networks read them: where they end, and their values in a view."""

from dataclasses import replace

import numpy as np

from ...arrays import Array
from ...errors import DataError
from ...nn.datasets import Windows
from ...plurals import counted
from ...series.panel import Panel, series_of
from ...series.ragged import rows_between
from ..preprocessing.logarithms import all_positive
from ..preprocessing.spread import typical_error, window_statistics
from ..preprocessing.transform import TransformedOrigins, deseasonalized
from .features import Features
from .views import Cut, View
from .window_spec import WindowSpec

MAX_NAMED = 3  # series in a note
MAX_WINDOW_WEIGHT = 20  # relative to the median weight


def count_windows(rows: Array, horizon: int) -> int:
    """The approximate number of windows in series with these numbers of rows (S,)."""
    return int(np.maximum(rows - horizon, 0).sum())


def window_ends(panel: Panel, spec: WindowSpec, horizon: int | None = None, origins: slice = slice(None)) -> Array:
    """Ends (exclusive) of all windows that have `horizon` values after them, series by series.

    Windows begin where a series is long enough for a full one with all changes over a season known, so that most
    windows of the training look like those of later forecasts. In short series they begin in the middle.

    Args:
        panel: the series.
        spec: how windows are cut.
        horizon: values after each window; None: those that a network forecasts at once.
        origins: selects among the windows of each series; slice(-3, None) takes the last three.
    """
    horizon = spec.horizon if horizon is None else horizon
    latest = panel.lengths - horizon
    earliest = np.maximum(spec.shortest, np.minimum(spec.full, latest // 2))
    counts = np.maximum(latest + 1 - earliest, 0)
    first = panel.offsets[:-1] + earliest
    if origins == slice(None):
        return rows_between(first, first + counts)
    ends = [begin + np.arange(n)[origins] for begin, n in zip(first, counts, strict=True)]
    return np.concatenate([np.empty(0, np.int64), *ends])


def make_windows(
    origins: TransformedOrigins, spec: WindowSpec, view: View, features: Features, *, weighted: bool = False
) -> Windows:
    """The windows that end at these origins, in one of the views.

    They hold only the rows of the panel that they need. Values known ahead must reach a horizon beyond each
    origin, see `series.known_future.extend_panel`.

    Args:
        origins: N.
        spec: how windows are cut.
        view: how they are centred and scaled.
        features: what is read besides the target.
        weighted: whether each window gets its weight in training.
    """
    panel, ends = origins.panel, origins.ends
    transform = origins.transform
    z = deseasonalized(panel, transform) if view.without_season else transform.transformed(panel)
    lengths = np.minimum(spec.window, ends - origins.starts)
    lengths -= lengths % spec.segment
    starts = ends - lengths
    cut = Cut(z, origins, starts, spec.window, spec.season, spec.horizon)
    scale = view.scale(cut)
    # the values one season before the targets may lie before the window
    first = np.minimum(starts, ends - spec.season) if view.seasonal_change else starts
    rows = _rows_of_ranges(first, ends + spec.horizon, len(z))
    channels = [z[rows], _change(panel, z, spec.season, rows)][: view.channels]
    return Windows(
        values=np.column_stack([*channels, features.channels(panel, rows)]),
        observed=panel.observed[rows].astype(np.float64),
        starts=np.searchsorted(rows, starts),
        lengths=lengths,
        loc=np.stack([view.anchor(cut), np.zeros(len(ends))][: view.channels], axis=1),
        scale=np.stack([scale] * view.channels, axis=1),
        window=spec.window,
        horizon=spec.horizon,
        drift=view.slope(cut),
        lags=spec.lags if view.seasonal_change else None,
        segment=spec.segment,
        decoded=spec.decoded,
        known=features.n_known_ahead,
        weight=_weights(origins, spec.season, starts, scale) if weighted else None,
        series=origins.series,
        fixed=features.static_values(panel),
        codes=features.category_codes(panel),
    )


def _rows_of_ranges(first: Array, last: Array, count: int) -> Array:
    """The rows of a table of `count` that lie in any of the ranges first .. last - 1, in order.

    >>> _rows_of_ranges(np.array([5, 1]), np.array([7, 3]), 9).tolist()
    [1, 2, 5, 6]
    """
    begin = np.bincount(first, minlength=count + 1)
    end = np.bincount(np.minimum(last, count), minlength=count + 1)
    return np.flatnonzero(np.cumsum(begin - end)[:count] > 0)


def _weights(origins: TransformedOrigins, season: int, starts: Array, scale: Array) -> Array:
    """The weight of each window. Errors count relative to the error of the seasonal naive forecast. For positive
    series, half of the weight is relative to the level instead."""
    panel, transform, series = origins.panel, origins.transform, origins.series
    z = transform.transformed(panel)
    error = typical_error(z, panel, season)[series]
    weight = scale / error
    positive = all_positive(panel)[series]
    if positive.any():
        # an error in logarithms is already relative
        mean = np.abs(window_statistics(z, starts, origins.ends)[0])
        level = np.where(transform.logs[series], 1.0, mean)[positive]
        weight[positive] /= 2
        weight[positive] += scale[positive] / level * np.median(level / error[positive]) / 2
    return np.minimum(weight / np.median(weight), MAX_WINDOW_WEIGHT) * panel.covariates.weights[series]


def _change(panel: Panel, z: Array, season: int, rows: Array) -> Array:
    """Change over a season at these rows (n,), 0 in a series' first season."""
    begin = panel.offsets[series_of(panel, rows + 1)]
    return np.where(rows - begin >= season, z[rows] - z[rows - season], 0.0)


def refuse_untrainable(panel: Panel, spec: WindowSpec) -> None:
    """Raise a `DataError` if no series is long enough to be trained on."""
    longest = int(panel.lengths.argmax())
    if panel.lengths[longest] < spec.needed:
        remedy = "Give more" if spec.horizon == 1 else "Lower the horizon, or give more"
        raise DataError(
            f"{panel.name(longest)} has {counted(int(panel.lengths[longest]), 'period')}; horizon {spec.horizon} "
            f"with a window of at least {spec.shortest}{spec.reason} needs {spec.needed}. {remedy} periods."
        )


def refuse_unforecastable(panel: Panel, spec: WindowSpec) -> None:
    """Raise a `DataError` if a series is too short to be forecast."""
    shortest = int(panel.lengths.argmin())
    if panel.lengths[shortest] < spec.shortest:
        raise DataError(
            f"{panel.name(shortest)} has {counted(int(panel.lengths[shortest]), 'period')}; a forecast needs at "
            f"least {spec.shortest}{spec.reason}. Leave that series out, or give more periods."
        )


def without_short(panel: Panel, spec: WindowSpec) -> Panel:
    """The series that are long enough to be forecast; a note of the panel names the others. If all are too short,
    they stay."""
    short = panel.lengths < spec.shortest
    if short.all() or not short.any():
        return panel
    named = [f"{panel.name(k)} ({panel.lengths[k]})" for k in np.flatnonzero(short)[:MAX_NAMED].tolist()]
    more = f" and {short.sum() - len(named)} more" if short.sum() > len(named) else ""
    note = (
        f"no forecast of {', '.join(named)}{more}: fewer periods than the {spec.shortest} that a forecast needs"
        f"{spec.reason}"
    )
    return replace(panel.select(~short), notes=(*panel.notes, note))
