"""Statistics of windows and series: location, spread, usual change."""

import numpy as np

from ...arrays import Array
from ...series.panel import Panel
from ...series.ragged import pieces_of, side_by_side
from .logarithms import log_transformed


def window_statistics(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of z in each window [start, end), (N,) each; a constant window has deviation 0.

    Each window is computed on its own: running sums would carry later values and other series into its last digits.
    """
    mean, scale = np.empty(len(starts)), np.empty(len(starts))
    for rows, values in side_by_side(z, starts, ends):
        mean[rows] = values.mean(axis=1)
        scale[rows] = _beyond_rounding(values.std(axis=1), values)
    return mean, scale


def window_quartiles(z: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Median of z in each window [start, end), and its interquartile range divided by that of a standard normal
    distribution, (N,) each. Where the range is 0, the standard deviation takes its place."""
    middle, scale = np.empty(len(ends)), np.empty(len(ends))
    for rows, values in side_by_side(z, starts, ends):
        low, middle[rows], high = np.percentile(values, (25, 50, 75), axis=1)
        spread = np.where(high > low, (high - low) / 1.349, values.std(axis=1))
        scale[rows] = _beyond_rounding(spread, values)
    return middle, scale


def _beyond_rounding(spread: Array, values: Array) -> Array:
    """The spread of each row of values; 0 where it is the one that rounding gives to equal values."""
    return np.where(spread > 1e-12 * np.abs(values).max(axis=1), spread, 0.0)


def usual_change(panel: Panel, logs: Array) -> Array:
    """The mean absolute change of each series from one value to the next, (S,), in logarithms where `logs` is true. A
    constant series gets a thousandth of its value, or 1 where that is 0."""
    change = typical_error(log_transformed(panel, logs), panel, 1)
    level = np.where(logs, 1.0, np.abs(panel.y[panel.offsets[:-1]]))
    constant = np.minimum.reduceat(panel.y, panel.offsets[:-1]) == np.maximum.reduceat(panel.y, panel.offsets[:-1])
    return np.where(constant, np.where(level > 0, 1e-3 * level, 1.0), change)


def typical_error(z: Array, panel: Panel, season: int) -> Array:
    """The mean absolute error of the seasonal naive forecast within each series, (S,); 1 for a constant series."""
    error = np.empty(len(panel.ids))
    for series, rows, offsets in pieces_of(panel.offsets):
        values, lengths = z[rows], np.diff(offsets)
        lag = np.where(lengths > season, season, 1)
        lags, places = np.repeat(lag, lengths), np.arange(len(values))
        known = places - np.repeat(offsets[:-1], lengths) >= lags
        change = np.where(known, np.abs(values - values[places - lags]), 0.0)
        error[series] = np.add.reduceat(change, offsets[:-1]) / np.maximum(lengths - lag, 1)
    return np.where(error > 0, error, 1.0)
