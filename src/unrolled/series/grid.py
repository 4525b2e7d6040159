"""Rows of a table on the complete grid of their series: which rows count, where they lie, and what fills the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .dataframe import format_stamp
from .frequency import Frequency
from .ragged import rows_between

LEAST_STEPS, EVEN, MOSTLY = 4, 1.2, 0.9  # of a series of its own frequency: steps, most of which hardly differ
MOST_GRID = 100  # rows a series may have on its grid for each one in the table


class OffGrid(DataError):
    """Stamps that no one grid holds: a stamp is wrong, or series have different frequencies."""


@dataclass(frozen=True)
class Rows:
    """The rows of a table, sorted by series and stamp."""

    columns: Columns
    names: Sequence[Any]  # of the series
    codes: Array  # the series of each row, (n,)
    stamps: Array
    values: Array
    places: Array  # where each row stood in the table

    def take(self, rows: Array) -> Rows:
        return replace(
            self,
            codes=self.codes[rows],
            stamps=self.stamps[rows],
            values=self.values[rows],
            places=self.places[rows],
        )

    def sorted(self) -> Rows:
        """By series, then by stamp."""
        later = self.stamps[1:] >= self.stamps[:-1]
        if ((self.codes[1:] > self.codes[:-1]) | (self.follows & later)).all():
            return self
        # a table by stamps needs its series only; radix sort takes small integers
        narrow = self.codes.astype(np.min_scalar_type(len(self.names)))
        order = np.argsort(narrow, kind="stable") if later.all() else np.lexsort((self.stamps, narrow))
        return self.take(order)

    @property
    def follows(self) -> Array:
        """Whether each row but the first is of the same series as the one before, (n - 1,)."""
        return self.codes[1:] == self.codes[:-1]

    def series(self, k: int) -> str:
        """The series of row k, in a message."""
        name = self.names[self.codes[k]]
        return "the series" if name is None else f"series {str(name)!r}"

    def stamp(self, k: int) -> str:
        """Row k's stamp, and its series if there are several, in a message."""
        name = self.names[self.codes[k]]
        return format_stamp(self.stamps[k]) + ("" if name is None else f" of series {str(name)!r}")

    def row(self, k: int) -> int:
        return self.columns.row(self.places[k])


def refuse_duplicates(rows: Rows) -> None:
    double = np.flatnonzero(rows.follows & (rows.stamps[1:] == rows.stamps[:-1]))
    if len(double):
        k = int(double[0])
        remedy = (
            "If the table holds several series, name the column that tells them apart (the id column)"
            if rows.names[0] is None
            else "Keep one row a stamp"
        )
        raise DataError(
            f"column {rows.columns.time!r}: the stamp {rows.stamp(k)} comes twice, in rows {rows.row(k)} and "
            f"{rows.row(k + 1)} ({len(double)} such pair(s)). {remedy}."
        )


def incomplete_ends(rows: Rows, ordinals: Array, on_grid: Array, frequency: Frequency) -> Array:
    """Last rows of series that come before their period is over, (n,) bool.

    They share it with the row before; where stamps are the ends of months, such a row has its month for itself.
    """
    last = np.r_[~rows.follows, True]
    shared = np.r_[False, rows.follows & (ordinals[1:] == ordinals[:-1])]
    return last & ~on_grid & (shared | frequency.month_end)


def refuse_off_grid(rows: Rows, ordinals: Array, on_grid: Array, frequency: Frequency) -> None:
    off = np.flatnonzero(~on_grid)
    if len(off):
        k = int(off[0])
        raise OffGrid(
            f"column {rows.columns.time!r}, row {rows.row(k)}: the stamp {rows.stamp(k)} does not lie on the "
            f"{frequency.name} grid that most stamps follow ({len(off)} of {len(on_grid)} do not). "
            "Aggregate to regular stamps first (--aggregate mean, sum, last or count), or give the frequency (freq)."
        )
    double = np.flatnonzero(rows.follows & (ordinals[1:] == ordinals[:-1]))
    if len(double):
        k = int(double[0])
        raise OffGrid(
            f"column {rows.columns.time!r}, rows {rows.row(k)} and {rows.row(k + 1)}: two stamps lie in one "
            f"{frequency.name} period, {rows.stamp(k)} and {rows.stamp(k + 1)}. Aggregate them, or give the "
            "frequency (freq)."
        )


def refuse_coarser(rows: Rows, ordinals: Array, frequency: Frequency) -> None:
    """Raise where a series has values less often than the others but as evenly, as quarters among months: it would be
    taken for one of mostly gaps."""
    bounds = np.flatnonzero(np.r_[True, ~rows.follows, True])
    inside = np.r_[np.where(rows.follows, np.diff(ordinals), np.iinfo(np.int64).max), np.iinfo(np.int64).max]
    least = np.minimum.reduceat(inside, bounds[:-1])
    coarse: list[tuple[int, int]] = []
    for k in np.flatnonzero((np.diff(bounds) > LEAST_STEPS) & (least > 1)).tolist():
        steps = inside[bounds[k] : bounds[k + 1] - 1]
        if (steps <= EVEN * least[k]).mean() >= MOSTLY:
            coarse.append((int(bounds[k]), int(np.median(steps))))
    if coarse and len(coarse) < len(bounds) - 1:
        first, step = coarse[0]
        raise OffGrid(
            f"{rows.series(first)} has a value only every {step} periods of the {frequency.name} grid that most "
            f"stamps follow ({len(coarse)} of {len(bounds) - 1} series are such). Forecast series of different "
            "frequencies apart, as `un.by_frequency` splits them, or give the frequency of all (freq)."
        )


class Grid(NamedTuple):
    """Where rows lie on the complete grids of their series, from the first known target on.

    S series with a target, n rows of the grid, m rows of the table that lie on it.
    """

    series: Array  # numbers of the series that have a target, (S,)
    offsets: Array  # series k has the rows offsets[k] .. offsets[k + 1] of the grid, (S + 1,)
    lengths: Array  # of them up to the last known target; after it lies the known future, (S,)
    first: Array  # ordinal of each series' first row, (S,)
    rows: Array  # the table's rows that lie on the grid, (m,)
    places: Array  # where on it, (m,)

    @property
    def ahead(self) -> Array:
        """Rows of the grid after the last known target of their series, (n,) bool."""
        ahead = np.zeros(int(self.offsets[-1]), bool)
        ahead[rows_between(self.offsets[:-1] + self.lengths, self.offsets[1:])] = True
        return ahead


def build_grid(rows: Rows, ordinals: Array, useful: Array) -> Grid:
    """The grids of all series.

    Args:
        rows: sorted.
        ordinals: (m,)
        useful: rows after the last known target that tell of the future, (m,) bool.
    """
    known = np.flatnonzero(~np.isnan(rows.values))
    bounds = np.searchsorted(rows.codes, np.arange(len(rows.names) + 1))
    low, high = np.searchsorted(known, bounds[:-1]), np.searchsorted(known, bounds[1:])
    series = np.flatnonzero(high > low)
    start, last = known[low[series]], known[high[series] - 1]
    worth = np.flatnonzero(useful)
    later = np.searchsorted(worth, bounds[series + 1]) - 1  # the last useful row of this series or one before
    end = np.maximum(last, worth[later] if len(worth) else last)
    end = np.where(later >= 0, end, last) + 1
    length = ordinals[end - 1] - ordinals[start] + 1
    jumps = np.flatnonzero(length > MOST_GRID * (end - start) + 1000)
    if len(jumps):
        _refuse_jump(rows, ordinals, int(start[jumps[0]]), int(end[jumps[0]]))
    offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
    inside = rows_between(start, end)
    places = np.repeat(offsets[:-1] - ordinals[start], end - start) + ordinals[inside]
    return Grid(series, offsets, ordinals[last] - ordinals[start] + 1, ordinals[start], inside, places)


def _refuse_jump(rows: Rows, ordinals: Array, start: int, end: int) -> None:
    """Raise: these rows of one series would have nothing but gaps, so a stamp is wrong, or the frequency is."""
    jumps = np.diff(ordinals[start:end])
    k = start + int(jumps.argmax()) + 1
    raise DataError(
        f"column {rows.columns.time!r}, row {rows.row(k)}: {rows.stamp(k)} comes {jumps.max()} periods "
        f"after the one before, {rows.stamp(k - 1)}; {end - start} rows would become "
        f"{ordinals[end - 1] - ordinals[start] + 1}. Correct the stamp, or give the frequency (freq)."
    )


def fill_gaps(values: Array, season: int, offsets: Array | None = None) -> Array:
    """Each missing value becomes the one a season before, else the one before: from its series' past only.

    Args:
        values: series one below the other, each beginning with a value, (n,).
        season: rows in a season.
        offsets: where series begin, and n at the end; None: one series.

    >>> fill_gaps(np.array([1, 2, np.nan, np.nan]), season=2)
    array([1., 2., 1., 2.])
    """
    gaps = np.flatnonzero(np.isnan(values))
    if not len(gaps):
        return values
    offsets = np.array([0, len(values)]) if offsets is None else offsets
    start = offsets[np.searchsorted(offsets, gaps, side="right") - 1]
    source = np.arange(len(values))
    source[gaps] = np.where(gaps - season >= start, gaps - season, gaps - 1)
    while len(gaps):  # what a gap takes from may be one itself: each turn doubles how far is looked back
        source[gaps] = source[source[gaps]]
        gaps = gaps[np.isnan(values[source[gaps]])]
    return values[source]
