"""Series on the local clock of their time zone, so that each hour of a day has the same place in all days.

Hours are counted in UTC. When clocks are set forward or back, the hours of a day move by one row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Array
from .frequency import Frequency
from .ragged import offsets_of


class LocalClock(NamedTuple):
    """The rows of series, one cell for each period of the local clock.

    The cell of an hour that clocks skip has the row before it; that of an hour that occurs twice has its first row.
    """

    offsets: Array  # of the cells of each series, (S + 1,)
    source: Array | None = None  # the row of each cell, (m,); None: cells are rows
    place: Array | None = None  # the cell of each row, (n,); None: cells are rows

    @classmethod
    def of(cls, frequency: Frequency, first: Array, offsets: Array, season: int) -> LocalClock:
        """The clock of series whose first rows have the ordinals `first`, (S,), for seasons of so many rows."""
        if not frequency.changes_clocks(season):
            return cls(offsets)
        lengths = np.diff(offsets)
        ordinals = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
        local = frequency.local_ordinals(ordinals, season)
        begin = np.minimum.reduceat(local, offsets[:-1])
        cells = offsets_of(np.maximum.reduceat(local, offsets[:-1]) - begin + 1)
        place = local + np.repeat(cells[:-1] - begin, lengths)
        source = np.full(cells[-1], -1)
        source[place[::-1]] = np.arange(len(place))[::-1]
        filled = np.maximum.accumulate(np.where(source < 0, 0, np.arange(len(source))))
        return cls(cells, source[filled], place)

    def cells(self, values: Array) -> Array:
        """Values of rows (n,) as values of cells, (m,)."""
        return values if self.source is None else values[self.source]

    def rows(self, values: Array) -> Array:
        """Values of cells (m,) as values of rows, (n,)."""
        return values if self.place is None else values[self.place]
