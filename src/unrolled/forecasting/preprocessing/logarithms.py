"""The choice of series that are forecast in logarithms, and these logarithms."""

import numpy as np

from ...arrays import Array
from ...errors import DataError
from ...series.panel import Panel

SMALLEST_SHARE_OF_MAXIMUM = 0.01  # smaller values would dominate all other changes in logarithms


def all_positive(panel: Panel) -> Array:
    """For each series whether all its values are above 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) > 0


def never_negative(panel: Panel) -> Array:
    """For each series whether none of its values is below 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) >= 0


def wants_logarithm(y: Array, observed: Array, season: int) -> bool:
    """Whether the variation of a series is proportional to its level, so that it is even in logarithms.

    The spread of each block (a season, or 8 values) is compared with its level. The variation counts as proportional
    where the slope of log spread on log level exceeds ½ and the spreads of the logarithms are more alike than those
    of the values: a series that sometimes drops to nearly 0 would vary strongly in logarithms. A series of fewer
    than three blocks is taken in logarithms unless some of its values are nearly 0, because growth is more often
    proportional than not. A constant series is not, so that its forecasts have no rounding errors.

    Source: Guerrero, J. of Forecasting 12, 1993, with the Box-Cox power rounded to 0 or 1.
    """
    block = max(season, 8)
    blocks = len(y) // block
    if not (y[observed] > 0).all() or y.min() == y.max():
        return False
    if blocks < 3:
        return bool(y.min() > SMALLEST_SHARE_OF_MAXIMUM * y.max())
    pieces = y[len(y) - blocks * block :].reshape(blocks, block)
    level, spread = pieces.mean(axis=1), pieces.std(axis=1)
    usable = spread > 0
    if usable.sum() < 3 or np.ptp(np.log(level[usable])) < 0.1:
        return False
    slope = np.polyfit(np.log(level[usable]), np.log(spread[usable]), 1)[0]
    in_logs = np.log(pieces).std(axis=1)
    return bool(slope > 0.5 and in_logs.std() / in_logs.mean() < spread.std() / spread.mean())


def log_transformed(panel: Panel, logs: Array) -> Array:
    """The target, its logarithm for the series in `logs` (S,) bool, (n,)."""
    z = panel.y.copy()
    in_logs = np.repeat(logs, panel.lengths)
    # later values may be 0 or negative although logarithms were chosen
    z[in_logs] = np.log(np.maximum(z[in_logs], np.finfo(float).tiny))
    return z


def choose_logs(panel: Panel, log: bool | None, season: int) -> Array:
    """Which series are taken in logarithms, (S,) bool; `log=None` decides for each series.

    Raises:
        DataError: logarithms were asked for, and a series has a value that is not positive.
    """
    positive = all_positive(panel)
    if log is None:
        parts = [panel.series(k) for k in range(len(panel.ids))]
        return positive & [wants_logarithm(panel.y[p], panel.observed[p], season) for p in parts]
    if log and not positive.all():
        name = panel.name(int(positive.argmin()))
        raise DataError(f"{name} has values that are not positive: they have no logarithm. Leave out `log=True`.")
    return np.full(len(panel.ids), log)
