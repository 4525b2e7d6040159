"""Derivatives of the anchor, the slope and the scale of a window with respect to the values of its series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..inputs.views import MIN_SCALE_IN_CHANGES, Cut, View
from ..inputs.window_spec import WindowSpec
from ..preprocessing.transform import TransformedOrigins


class ViewGradients(NamedTuple):
    """Derivatives with respect to each of n rows of the panel, (n,) each."""

    anchor: Array
    slope: Array
    scale: Array


def view_gradients(view: View, z: Array, origins: TransformedOrigins, spec: WindowSpec, length: int) -> ViewGradients:
    """The derivatives for one origin in a view.

    Anchors and slopes are linear in the values, but for medians: their derivatives are those of the unit vectors.

    Args:
        view: a view of the library.
        z: the panel's values as the view reads them, (n,).
        origins: one origin.
        spec: how windows are cut.
        length: of the window.

    Raises:
        InputError: the derivatives of this view are not known.
    """
    if view.name not in SCALES:
        raise InputError(
            f"derivatives are known for the scalings {', '.join(SCALES)}, not for {view.name!r}. Fit with one of "
            "these, or read the contributions only."
        )
    end, n = int(origins.ends[0]), len(z)
    values = z[end - length : end]
    found = ViewGradients(*np.zeros((3, n)))
    cut = _of_unit_vectors(origins, spec, length)
    seen = slice(end - len(cut.origins), end)
    if view.name == "robust":
        found.anchor[end - length : end] = _order_statistic(values, 0.5)
    else:
        found.anchor[seen] = view.anchor(cut)
    slope = view.slope(cut)
    if slope is not None:
        found.slope[seen] = slope
    bound = MIN_SCALE_IN_CHANGES * origins.transform.change[origins.series[0]]
    scale = float(view.scale(Cut(z, origins, origins.ends - length, spec.window, spec.season, spec.horizon))[0])
    if view.name == "count" or scale > bound:
        found.scale[end - length : end] = SCALES[view.name](values)
    return found


def _of_unit_vectors(origins: TransformedOrigins, spec: WindowSpec, length: int) -> Cut:
    """Windows of the unit vectors of all rows behind an anchor or a slope, each in a series of its own."""
    panel, end, series = origins.panel, origins.ends[0], origins.series
    rows = int(min(max(spec.memory, spec.window), end - origins.starts[0]))
    ends = rows * np.arange(1, rows + 1)
    several = np.repeat(series, rows)
    units = replace(
        panel,
        ids=[panel.ids[int(series[0])]] * rows,
        offsets=np.append(0, ends),
        first=panel.first[several] + end - origins.starts[0] - rows,
        y=np.eye(rows).ravel(),
        observed=np.ones(rows * rows, bool),
        covariates=None,  # type: ignore[arg-type]
    )
    cut = TransformedOrigins(units, ends, origins.transform.take(several))
    return Cut(units.y, cut, ends - length, spec.window, spec.season, spec.horizon)


def _order_statistic(values: Array, q: float) -> Array:
    """Derivatives of the quantile q, which lies between two of the values in order, (W,)."""
    place = q * (len(values) - 1)
    low, order = int(place), np.argsort(values, kind="stable")
    found = np.zeros(len(values))
    found[order[low]] += 1 - (place - low)
    found[order[min(low + 1, len(values) - 1)]] += place - low
    return found


def _deviation(values: Array) -> Array:
    """Derivatives of the standard deviation."""
    return np.asarray((values - values.mean()) / (len(values) * values.std()))


def _quartile_range(values: Array) -> Array:
    """Derivatives of the scaled interquartile range, or of the deviation where that is 0."""
    low, high = np.percentile(values, (25, 75))
    if high <= low:
        return _deviation(values)
    return (_order_statistic(values, 0.75) - _order_statistic(values, 0.25)) / 1.349


def _absolute_mean(values: Array) -> Array:
    """Derivatives of 1 + |mean|."""
    return np.full(len(values), np.sign(values.mean()) / len(values))


def _none(values: Array) -> Array:
    """Derivatives of a scale that is estimated from the whole series, in the fit."""
    return np.zeros(len(values))


SCALES: dict[str, Callable[[Array], Array]] = {
    "level": _deviation,
    "trend": _deviation,
    "season": _deviation,
    "mean": _deviation,
    "last": _none,
    "robust": _quartile_range,
    "count": _absolute_mean,
}
