"""Forecast origins: the ends of the rows that forecasts may look at."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ..arrays import Array
from .panel import Panel, series_of


@dataclass(frozen=True)
class Origins:
    """Where forecasts start. Origin k sees the rows of its series before row `ends[k]` of the panel, and none after.

    >>> from unrolled.series.frequency import Frequency
    >>> y, offsets = np.arange(6.0), np.array([0, 4, 6])
    >>> panel = Panel(["a", "b"], Frequency("integer", 1, 0), offsets, np.zeros(2), y, y > -1)
    >>> Origins(panel, np.array([3, 6])).series.tolist()
    [0, 1]
    """

    panel: Panel  # the series
    ends: Array  # (N,)

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def series(self) -> Array:
        """The number of each origin's series, (N,)."""
        return series_of(self.panel, self.ends)

    @property
    def starts(self) -> Array:
        """The first row of each origin's series, (N,)."""
        return self.panel.offsets[self.series]

    @cached_property
    def last_known(self) -> Array:
        """The last observed row that each origin sees, (N,); the first row of a series is observed."""
        observed = np.where(self.panel.observed, np.arange(len(self.panel.y)), 0)
        return np.maximum.accumulate(observed)[self.ends - 1]

    def rows_ahead(self, horizon: int) -> Array:
        """The rows to forecast, (N, horizon)."""
        return self.ends[:, None] + np.arange(horizon)

    def ordinals_ahead(self, horizon: int) -> Array:
        """The numbers of their periods, (N, horizon)."""
        return (self.panel.first[self.series] + self.ends - self.starts)[:, None] + np.arange(horizon)

    def take(self, rows: Array) -> Self:
        """Some of the origins."""
        return replace(self, ends=self.ends[rows])
