"""Which series are taken in logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...errors import DataError
from ...series.panel import Panel

if TYPE_CHECKING:
    pass


def choose_logs(panel: Panel, log: bool | None, season: int) -> Array:
    """Which series are taken in logarithms, (S,) bool; `log` None: decided for each."""
    if log is None:
        parts = [panel.series(k) for k in range(len(panel.ids))]
        return all_positive(panel) & [wants_logarithm(panel.y[p], panel.observed[p], season) for p in parts]
    if log and not all_positive(panel).all():
        name = panel.name(int((~all_positive(panel)).argmax()))
        raise DataError(f"{name} has values that are not positive, so log=True can't be. Leave log out.")
    return np.full(len(panel.ids), log)


NEAR_ZERO = 0.01  # of a series' largest value: in logarithms, what lies below would outweigh all other movements


def all_positive(panel: Panel) -> Array:
    """For each series whether all its values are above 0, (S,) bool."""
    return np.minimum.reduceat(panel.y, panel.offsets[:-1]) > 0


def wants_logarithm(y: Array, observed: Array, season: int) -> bool:
    """Whether a series swings in proportion to its level, so that its logarithm swings evenly.

    Block by block (a season, or 8 values) the spread is compared with the level: a slope of log spread on log level
    above ½ is nearer to proportional than to even. And the logarithms' spreads must indeed be more alike than the
    values': a series that stumbles towards 0 now and then would move wildly in logarithms. Source: Guerrero,
    J. of Forecasting 12, 1993, with the Box-Cox power rounded to 0 or 1. A series of fewer than three blocks can't be
    judged so: growth is more often in proportion than not, so it is taken in logarithms unless some of its values
    are near 0.
    """
    block = max(season, 8) if season > 1 else 8
    blocks = len(y) // block
    if not (y[observed] > 0).all():
        return False
    if blocks < 3:
        return bool(y.min() > NEAR_ZERO * y.max())
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
    # a later value of a series that was positive when this was decided may not be
    z[in_logs] = np.log(np.maximum(z[in_logs], np.finfo(float).tiny))
    return z
