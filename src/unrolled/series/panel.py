"""A panel: many series on the complete grid of timestamps of one frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import Array
from .columns import series_name
from .covariates import Covariates
from .frequency import Frequency
from .ragged import offsets_of, rows_between

MIN_KNOWN_SHARE = 0.5  # of the periods of a table; below it, a note says so
MIN_KNOWN = 10  # values; with fewer, nothing is said


@dataclass(frozen=True)
class Panel:
    """S series of n rows in all, stored below one another on the complete grid of their timestamps."""

    ids: list[Any]  # one per series, in the table's order; [None] for a table without ids
    frequency: Frequency  # the distance between two rows of a series
    offsets: Array  # series k has the rows offsets[k] .. offsets[k + 1], (S + 1,)
    first: Array  # ordinal of each series' first row, (S,)
    y: Array  # the target; gaps are filled with the value one season before, else the last one, (n,)
    observed: Array  # false where a gap was filled, (n,)
    notes: tuple[str, ...] = ()  # what was changed while reading the table
    covariates: Covariates = None  # type: ignore[assignment]  # by default none, set in __post_init__

    def __post_init__(self) -> None:
        if self.covariates is None:
            object.__setattr__(self, "covariates", Covariates.none(len(self.y), len(self.ids)))

    @property
    def lengths(self) -> Array:
        return np.diff(self.offsets)

    def series(self, k: int) -> slice:
        return slice(int(self.offsets[k]), int(self.offsets[k + 1]))

    def name(self, k: int) -> str:
        """The name of series k in messages."""
        return series_name(self.ids[k])

    def stamps(self, k: int) -> Array:
        return self.frequency.stamps(self.first[k] + np.arange(self.lengths[k]))

    def until(self, left_out: int) -> Panel:
        """The panel without the last `left_out` rows of each series; series without rows left are dropped.

        Covariates known in advance stay known for the rows left out, in `covariates.ahead`.
        """
        return self._cut(self.offsets[:-1], self.offsets[1:] - left_out)

    def head(self, rows: Array) -> Panel:
        """The first `rows` (S,) rows of each series; later rows are treated as in `until`."""
        return self._cut(self.offsets[:-1], self.offsets[:-1] + rows)

    def tail(self, rows: int) -> Panel:
        """The last `rows` rows of each series."""
        return self._cut(np.maximum(self.offsets[1:] - rows, self.offsets[:-1]), self.offsets[1:])

    def select(self, wanted: Array) -> Panel:
        """The series for which `wanted` (S,) bool is true."""
        return self._cut(self.offsets[:-1], np.where(wanted, self.offsets[1:], self.offsets[:-1]))

    def _cut(self, starts: Array, ends: Array) -> Panel:
        if np.array_equal(starts, self.offsets[:-1]) and np.array_equal(ends, self.offsets[1:]):
            return self
        kept = np.flatnonzero(ends > starts)
        rows = rows_between(starts[kept], ends[kept])
        return replace(
            self,
            ids=[self.ids[k] for k in kept],
            offsets=offsets_of(ends[kept] - starts[kept]),
            first=(self.first + starts - self.offsets[:-1])[kept],
            y=self.y[rows],
            observed=self.observed[rows],
            covariates=self.covariates.cut(self.offsets, starts, ends, kept),
        )


def series_of(panel: Panel, ends: Array) -> Array:
    """The number of the series that contains the row before each of these ends."""
    return np.searchsorted(panel.offsets, ends - 1, side="right") - 1


def sparse_note(known: int, periods: int, frequency: Frequency) -> list[str]:
    """A note if most periods between the first and the last value of the series have no value."""
    if known < MIN_KNOWN or known >= MIN_KNOWN_SHARE * periods:
        return []
    return [
        f"only {known} of {periods} {frequency.name} periods have a value; if the timestamps are misread, change "
        "`time`, `dates` or `freq`"
    ]


def ends_note(panel: Panel) -> list[str]:
    """A note on networks that are trained on all series, if these end at different dates."""
    last = panel.first + panel.lengths - 1
    if panel.frequency.unit == "integer" or last.min() == last.max():
        return []
    earliest, latest = panel.frequency.texts(np.array([last.min(), last.max()]))
    return [
        f"the series end between {earliest} and {latest}; cutoffs and held-out rows are counted from the end of each "
        "series, so the networks that are judged on one series have been trained on later rows of others"
    ]
