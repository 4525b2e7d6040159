"""A panel: series one below the other on a complete grid of stamps, and the columns they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..ops import Array
from .frequency import Frequency


@dataclass(frozen=True)
class Columns:
    """The names that matter in a long table. A table without the id column is one series."""

    id: str = "unique_id"
    time: str = "ds"
    target: str = "y"
    rows: Sequence[int] | None = None  # what each row is called in messages, such as its line in a file

    def row(self, k: Any) -> int:
        """What row k of the table is called in messages."""
        return int(k if self.rows is None else self.rows[k])


@dataclass(frozen=True)
class Panel:
    """Series one below the other, on a complete grid of stamps.

    Attributes:
        ids: one a series, as they came; [None] for a table without ids.
        frequency: what lies between two rows of a series.
        offsets: series k has the rows offsets[k] .. offsets[k + 1], (S + 1,).
        first: ordinal of each series' first row, (S,).
        y: the target; gaps are filled with the value one season before, else the last one, (n,).
        observed: false where a gap was filled, (n,).
        notes: what was changed on the way in, for the user to know.
    """

    ids: list[Any]
    frequency: Frequency
    offsets: Array
    first: Array
    y: Array
    observed: Array
    notes: tuple[str, ...] = ()

    @property
    def lengths(self) -> Array:
        return np.diff(self.offsets)

    def series(self, k: int) -> slice:
        return slice(int(self.offsets[k]), int(self.offsets[k + 1]))

    def name(self, k: int) -> str:
        """A series in a message."""
        return "the series" if self.ids[k] is None else f"series {str(self.ids[k])!r}"

    def stamps(self, k: int) -> Array:
        return self.frequency.stamps(self.first[k] + np.arange(self.lengths[k]))

    def until(self, left_out: int) -> Panel:
        """The panel without the last `left_out` rows of each series; series with no rows left are gone."""
        return self._cut(self.offsets[:-1], self.offsets[1:] - left_out)

    def tail(self, rows: int) -> Panel:
        """The last `rows` rows of each series."""
        return self._cut(np.maximum(self.offsets[1:] - rows, self.offsets[:-1]), self.offsets[1:])

    def select(self, wanted: Array) -> Panel:
        """The series for which `wanted` (S,) bool is true."""
        return self._cut(self.offsets[:-1], np.where(wanted, self.offsets[1:], self.offsets[:-1]))

    def _cut(self, starts: Array, ends: Array) -> Panel:
        kept = np.flatnonzero(ends > starts)
        pieces = [slice(int(starts[k]), int(ends[k])) for k in kept]
        return replace(
            self,
            ids=[self.ids[k] for k in kept],
            offsets=np.concatenate(([0], np.cumsum(ends[kept] - starts[kept]))).astype(np.int64),
            first=(self.first + starts - self.offsets[:-1])[kept],
            y=np.concatenate([self.y[p] for p in pieces]) if pieces else self.y[:0],
            observed=np.concatenate([self.observed[p] for p in pieces]) if pieces else self.observed[:0],
        )


def series_of(panel: Panel, ends: Array) -> Array:
    """The number of the series that holds the row before each of these ends."""
    return np.searchsorted(panel.offsets, ends - 1, side="right") - 1
