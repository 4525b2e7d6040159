"""From the units of the target to those of the network, and back.

First each series may be taken in logarithms; then each window is centred and scaled by statistics of its own inputs.
Both look at the past only.
"""

from __future__ import annotations

import numpy as np

from ..ops import Array
from .table import Panel


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


def all_positive(panel: Panel) -> Array:
    """For each series whether all its values are above 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) > 0


def to_model(panel: Panel, logs: Array) -> Array:
    """The target in the units of the model: its logarithm for the series in `logs` (S,) bool."""
    z = panel.y.copy()
    in_logs = np.repeat(logs, panel.lengths)
    z[in_logs] = np.log(z[in_logs])
    return z


def from_model(z: Array, logs: Array) -> Array:
    """The inverse of `to_model` for forecasts z (S, ...)."""
    y = z.copy()
    # beyond e^700 a float64 overflows; such a forecast is absurd already, and must not become infinite
    y[logs] = np.exp(np.minimum(y[logs], 700))
    return y


def window_scale(z: Array, offsets: Array, starts: Array, ends: Array) -> Array:
    """Standard deviation of z within each window [start, end), (N,); 1 where a window is constant.

    Running sums make this one pass for any number of windows. They are taken about each series' mean, so that large
    levels cost no digits.
    """
    lengths = np.diff(offsets)
    sums = np.add.reduceat(z, offsets[:-1])
    centred = z - np.repeat(sums / lengths, lengths)
    first = np.concatenate(([0.0], np.cumsum(centred)))
    second = np.concatenate(([0.0], np.cumsum(centred * centred)))
    n = ends - starts
    mean = (first[ends] - first[starts]) / n
    variance = (second[ends] - second[starts]) / n - mean * mean
    # what rounding alone leaves of a constant window
    noise = 1e-12 * np.maximum((second[ends] - second[starts]) / n, np.finfo(float).tiny)
    return np.where(variance > noise, np.sqrt(np.maximum(variance, 0)), 1.0)
