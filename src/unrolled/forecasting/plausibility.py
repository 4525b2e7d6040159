"""Notes on forecasts: limits that took effect, and fans that reach far beyond all that a series has been."""

from collections.abc import Mapping

import numpy as np

from ..arrays import Array
from ..series.panel import Panel
from .preprocessing.transform import SeriesTransform

MAX_NAMED = 3  # series in a note


def limit_notes(panel: Panel, transform: SeriesTransform, forecast: Mapping[str, Array]) -> list[str]:
    """A note on the series that were never negative and whose forecast or interval would be.

    Args:
        panel: S series.
        transform: of these series.
        forecast: the columns of the forecast, (S, H) each.
    """
    lowest = np.min([values.min(axis=1) for values in forecast.values()], axis=0)
    limited = np.flatnonzero(transform.nonnegative & (lowest == 0))
    if not len(limited):
        return []
    return [
        f"no value of {_named(panel, limited)} is negative, so the forecast is kept at or above 0; "
        "`nonnegative=False` lifts this"
    ]


def zero_notes(panel: Panel, transform: SeriesTransform, forecast: Mapping[str, Array]) -> list[str]:
    """A note on the series with other values than 0 whose forecast is 0 at every step; parameters as above."""
    median = next(iter(forecast.values()))
    zero = np.flatnonzero((median == 0).all(axis=1) & transform.extent[:, [0, 2]].any(axis=1) & ~transform.logs)
    if not len(zero):
        return []
    return [
        f"the forecast of {_named(panel, zero)} is 0 at every step, because it is a median; means are larger: "
        "`point='mean'`"
    ]


def fan_notes(panel: Panel, transform: SeriesTransform, forecast: Mapping[str, Array]) -> list[str]:
    """A note on the fans that reach beyond the range of their series by more than its width; parameters as above."""
    begin = panel.offsets[:-1]
    low, high = np.minimum.reduceat(panel.y, begin), np.maximum.reduceat(panel.y, begin)
    # a newer table, or the rows that a model file keeps, may not hold the whole history
    units = transform.extent.copy()
    units[transform.logs] = np.exp(units[transform.logs])
    low, high = np.minimum(low, units[:, 0]), np.maximum(high, units[:, 2])
    width = high - low
    beyond = {name: np.maximum(low[:, None] - v, v - high[:, None]) for name, v in forecast.items()}
    excess = np.max([values.max(axis=1) for values in beyond.values()], axis=0)
    far = np.flatnonzero((width > 0) & (excess > width))
    if not len(far):
        return []
    k = far[np.argmax(excess[far] / width[far])]
    name = max(beyond, key=lambda column: beyond[column][k].max())
    step = int(beyond[name][k].argmax())
    (stamp,) = panel.frequency.texts(panel.first[k] + panel.lengths[k] + np.array([step]))
    remedy = "`log=False` or a lower horizon" if transform.logs[k] else "a lower horizon"
    return [
        f"the forecast of {_named(panel, far)} reaches farther beyond the known values than these lie apart: "
        f"{name!r} of {panel.name(int(k))} is {forecast[name][k, step]:.4g} at step {step + 1} ({stamp}), and its "
        f"values were {low[k]:.4g} to {high[k]:.4g}. Check its last values; {remedy} may help"
    ]


def _named(panel: Panel, series: Array) -> str:
    """Series in a note: the first names, and how many there are."""
    names = [panel.name(int(k)) for k in series[:MAX_NAMED]]
    return ", ".join(names) + (f" and {len(series) - len(names)} more" if len(series) > len(names) else "")
