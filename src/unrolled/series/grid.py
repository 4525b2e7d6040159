"""The rows of a table on the complete grid of their series: their ordinals, and how gaps are filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..arrays import Array
from ..errors import DataError, InputError
from ..plurals import counted
from .columns import Columns, occurs, series_name
from .frequency import Frequency
from .open_phases import WEEKDAYS, applies, describe_open, parse_open
from .ragged import offsets_of, rows_between
from .stamp_texts import format_stamp

MIN_STEPS_FOR_OWN_FREQUENCY = 4  # between the timestamps of a series that shows a frequency of its own
MIN_EVEN_STEPS_SHARE = 0.9  # of these steps, the share that must be about as long as the shortest
MAX_EVEN_STEP_RATIO = 1.2  # of such a step to the shortest
MAX_CLOSED_VALUES_SHARE = 0.25  # of the values of series, those in closed phases that may be left out
MAX_STRAY_SHARE = 0.1  # of the series of a table, those off its grid that are left out; more refuse the table
MAX_LISTED_ROWS = 5  # off the grid, in a message
MAX_NAMED = 3  # series in a note
MAX_GRID_ROWS_PER_ROW = 100  # rows on the grid of a series for each of its rows in the table
NO_SERIES = np.zeros(0, np.int64)


class Rows(NamedTuple):
    """The rows of a table, m of them."""

    columns: Columns
    ids: Sequence[Any]  # of the series
    codes: Array  # the number of each row's series, (m,)
    stamps: Array  # timestamps, (m,)
    values: Array  # the target, (m,)
    table_rows: Array  # the position of each row in the table, (m,)
    zone: str | None = None  # of the table, if the timestamps are in UTC

    def take(self, rows: Array) -> Rows:
        parts = {name: getattr(self, name)[rows] for name in ("codes", "stamps", "values", "table_rows")}
        return self._replace(**parts)

    def sorted(self) -> Rows:
        """The rows sorted by series, then by timestamp."""
        rises = self.stamps[1:] >= self.stamps[:-1]
        if ((self.codes[1:] > self.codes[:-1]) | (self.same_series & rises)).all():
            return self
        # a table sorted by timestamp is sorted by its series only; radix sort needs small integers
        narrow = self.codes.astype(np.min_scalar_type(len(self.ids)))
        order = np.argsort(narrow, kind="stable") if rises.all() else np.lexsort((self.stamps, narrow))
        return self.take(order)

    @property
    def same_series(self) -> Array:
        """Whether each row but the first belongs to the same series as the row before, (m - 1,)."""
        return self.codes[1:] == self.codes[:-1]

    @property
    def first(self) -> Array:
        """The first row of each series that has rows, if rows are sorted."""
        return np.flatnonzero(np.r_[True, ~self.same_series])

    def series(self, k: int) -> str:
        """The series of row k, in a message."""
        return series_name(self.ids[self.codes[k]])

    def stamp(self, k: int) -> str:
        """The timestamp of row k, and its series if there are several, in a message."""
        name = self.ids[self.codes[k]]
        return format_stamp(self.stamps[k], self.zone, self.columns.label) + (
            "" if name is None else f" of series {str(name)!r}"
        )

    def row(self, k: int) -> int:
        """The number of row k in messages."""
        return self.columns.row(self.table_rows[k])

    def place(self, k: int, name: str | None = None) -> str:
        """A column, by default that of the timestamps, and row k in messages."""
        return self.columns.place(name or self.columns.time, self.table_rows[k])


def _refuse_duplicates(rows: Rows) -> None:
    repeated = np.r_[False, rows.same_series & (rows.stamps[1:] == rows.stamps[:-1]), False]
    first = np.flatnonzero(repeated[1:] & ~repeated[:-1])
    if len(first):
        k, end = int(first[0]), int(np.flatnonzero(repeated[:-1] & ~repeated[1:])[0]) + 1
        remedy = (
            "If the table holds several series, name the column that tells them apart (`id_col`)"
            if rows.ids[0] is None
            else "Keep one row per timestamp"
        )
        raise DataError(
            f"column {rows.columns.time!r}: the timestamp {rows.stamp(k)} "
            f"{occurs(rows.columns.counts, map(rows.row, range(k, end)), len(first))}. {remedy}."
        )


def refuse_other_stamps(stamps: Array, frequency: Frequency, columns: Columns) -> None:
    """Raise an error if timestamps are dates and the frequency is one of whole numbers, or the reverse."""
    if (frequency.unit == "integer") == (stamps.dtype.kind == "M"):
        expected, found = ("whole numbers", "dates") if frequency.unit == "integer" else ("dates", "whole numbers")
        raise DataError(f"column {columns.time!r} holds {found}; timestamps must be {expected} as in training.")


class Placement(NamedTuple):
    """The rows of a table on the grid of one frequency."""

    rows: Rows  # sorted, without those dropped
    frequency: Frequency
    ordinals: Array  # (m,)
    n_dropped: int  # last rows of series that were dropped, because their period is incomplete
    notes: list[str]  # about closed phases of the week
    conflict: str | None  # why no grid holds all rows: a wrong timestamp, or several frequencies
    every_row: Rows  # sorted, with those dropped
    remedy: str  # the end of messages about timestamps that do not suit the frequency
    strays: Array = NO_SERIES  # the numbers of the series that were left out, as their timestamps lie off the grid
    stray_notes: Sequence[str] = ()


def place_rows(
    rows: Rows,
    freq: str | int | Frequency | None,
    opened: str | None = None,
    zone: str | None = None,
    left_out: int = 0,
    mask: str | None = None,
    without_strays: bool = True,
) -> Placement:
    """Sort rows and place them on the grid of a frequency, which is inferred if it is None.

    Args:
        rows: of a table.
        freq: the frequency, as pandas names it, as in training, or None.
        opened: the open days and hours; None: they are found, or those of the given `Frequency`.
        zone: the time zone of a frequency that is not given as a `Frequency`.
        left_out: the last periods of each series, whose values must not decide what is closed.
        mask: the open phases, if they have been found; see `masks_of_series`.
        without_strays: whether a few of many series are left out if their timestamps lie off the grid.
    """
    rows = rows.sorted()
    _refuse_duplicates(rows)
    decisive = ~np.isnan(rows.values)
    if isinstance(freq, Frequency):
        refuse_other_stamps(rows.stamps, freq, rows.columns)
        frequency = freq
    else:
        frequency, decisive = _frequency_of(rows, freq, opened, zone, left_out, mask)
    every_row = rows
    rows, n_closed = _without_closed(rows, frequency, decisive, 1.0 if opened else MAX_CLOSED_VALUES_SHARE)
    ordinals, on_grid = frequency.ordinals(rows.stamps)
    notes = _notes_on_closed(frequency, n_closed, not isinstance(freq, Frequency), opened is None)
    conflict, n_dropped, strays, stray_notes = None, 0, NO_SERIES, list[str]()
    shared = rows.same_series & (ordinals[1:] == ordinals[:-1])
    if not on_grid.all() or shared.any():
        # Last rows that come before the end of their period are dropped. They share it with the row before; if
        # timestamps are ends of months, such a row is alone in its month.
        last = np.r_[~rows.same_series, True]
        keep = on_grid | ~last | ~(np.r_[False, shared] | frequency.month_end)
        n_dropped = int((~keep).sum())
        rows, ordinals, on_grid = rows.take(keep), ordinals[keep], on_grid[keep]
        if without_strays:
            strays, stray_notes = _strays(rows, ordinals, on_grid, frequency)
        keep = ~np.isin(rows.codes, strays)
        rows, ordinals, on_grid = rows.take(keep), ordinals[keep], on_grid[keep]
        every_row = every_row.take(~np.isin(every_row.codes, strays))
        conflict = _off_grid(rows, ordinals, on_grid, frequency, freq)
    if conflict is None and freq is None:
        # the days of months without those that are closed are no longer even
        same = rows is every_row and not frequency.open
        whole = ordinals if same else frequency.whole.ordinals(every_row.stamps)[0]
        conflict = _coarser_series(every_row, whole, frequency)
    placed = Placement(rows, frequency, ordinals, n_dropped, notes, conflict, every_row, _frequency_remedy(freq))
    return placed._replace(strays=strays, stray_notes=stray_notes)


def _strays(rows: Rows, ordinals: Array, on_grid: Array, frequency: Frequency) -> tuple[Array, list[str]]:
    """The numbers of a few of many series that have rows off the grid, or two in one period; and a note."""
    shared = np.r_[False, rows.same_series & (ordinals[1:] == ordinals[:-1])]
    wrong = np.flatnonzero(~on_grid | shared)
    strays = np.unique(rows.codes[wrong])
    if not 0 < len(strays) <= MAX_STRAY_SHARE * len(rows.first):
        return NO_SERIES, []
    names = ", ".join(series_name(rows.ids[code]) for code in strays[:MAX_NAMED])
    more = f" and {len(strays) - MAX_NAMED} more" if len(strays) > MAX_NAMED else ""
    k = int(wrong[0])
    why = f"timestamps such as {rows.stamp(k)} in {rows.columns.counts} {rows.row(k)} do"
    if len(wrong) == 1:
        stamp = format_stamp(rows.stamps[k], rows.zone, rows.columns.label)
        why = f"its timestamp {stamp} in {rows.columns.counts} {rows.row(k)} does"
    return strays, [f"{names}{more} left out, as {why} not lie on the {frequency.name} grid of the others"]


def _frequency_remedy(freq: str | int | Frequency | None) -> str:
    """The end of a message about timestamps that do not suit the frequency; that of a training can't be changed."""
    if isinstance(freq, Frequency):
        return ""
    return f", or give {'the' if freq is None else 'another'} frequency (`freq`)"


def _frequency_of(
    rows: Rows, freq: str | int | None, opened: str | None, zone: str | None, left_out: int, mask: str | None
) -> tuple[Frequency, Array]:
    """The frequency of sorted rows, and which of them decide what is closed, (m,) bool."""
    found = Frequency.of_steps(rows.stamps, rows.first) if freq is None else Frequency.named(freq, rows.stamps[0])
    whole = replace(found, zone=zone).with_label(rows.columns.label)

    def close(decisive: Array) -> list[Frequency]:
        if mask is not None:
            frequency = whole.with_mask(mask, rows.stamps)
        elif opened is not None and applies(opened, whole.phases):
            frequency = whole.opened(opened, rows.stamps)
        else:
            frequency = whole.with_closed_phases(rows.stamps, rows.first, decisive)
        return [frequency] * len(rows.first)

    frequencies, decisive = _decided(rows, whole, left_out, close)
    return frequencies[0], decisive


def masks_of_series(placed: Placement, left_out: int) -> list[str]:
    """The open phases of each series, (S,), which may differ; arguments as in `place_rows`."""
    rows, whole = placed.every_row, placed.frequency.whole
    close = partial(whole.with_closed_phases_of_each, rows.stamps, rows.first)
    found = np.full(len(rows.ids), "", object)
    found[rows.codes[rows.first]] = [frequency.open for frequency in _decided(rows, whole, left_out, close)[0]]
    return list(found)


def _decided(
    rows: Rows, whole: Frequency, left_out: int, close: Callable[[Array], list[Frequency]]
) -> tuple[list[Frequency], Array]:
    """The frequency of each series, and the rows that decide what is closed: those with a value, (m,) bool.

    Closed phases do not count in `left_out`. If there are any, the last decisive row lies earlier; it is moved until
    no later one has decided.
    """
    decisive = _before_the_end(rows, [whole] * len(rows.first), left_out)
    while True:
        found = close(decisive)
        earlier = decisive & _before_the_end(rows, found, left_out)
        if (earlier == decisive).all():
            return found, decisive
        decisive = earlier


def _before_the_end(rows: Rows, frequencies: Sequence[Frequency], left_out: int) -> Array:
    """Whether rows have a value and lie before the last `left_out` periods of their series, (m,) bool.

    There is a frequency for each series.
    """
    known = ~np.isnan(rows.values)
    if not left_out or not frequencies[0].phases:
        return known
    counts = np.diff(rows.first, append=len(known))
    ordinals, on_grid = np.empty(len(known), np.int64), np.empty(len(known), bool)
    for frequency in set(frequencies):
        own = np.repeat([one == frequency for one in frequencies], counts)
        ordinals[own], on_grid[own] = frequency.ordinals(rows.stamps[own])
    last = np.maximum.reduceat(np.where(known & on_grid, ordinals, ordinals.min()), rows.first)
    return known & (ordinals <= np.repeat(last - left_out, counts))


def refuse_open(opened: str | None, frequencies: Sequence[Frequency]) -> None:
    """Raise an error if open days and hours are given that apply to none of the frequencies of a table."""
    most = max(frequency.phases for frequency in frequencies)
    if opened is None or applies(opened, most):
        return
    if most:
        parse_open(opened, most)
    names = ", ".join(frequency.name for frequency in frequencies)
    raise InputError(f"`open={opened!r}` applies to days and parts of a day, but the series are {names}.")


def _without_closed(rows: Rows, frequency: Frequency, decisive: Array, most: float) -> tuple[Rows, int]:
    """The rows without those in closed phases, and the number of values left out.

    All rows are kept if more than this share of the `decisive` ones would be left out: the frequency does not fit.
    """
    closed = frequency.is_closed(rows.stamps)
    if not closed.any() or (closed & decisive).sum() > most * decisive.sum():
        return rows, 0
    return rows.take(~closed), int((closed & ~np.isnan(rows.values)).sum())


def _notes_on_closed(frequency: Frequency, n_closed: int, in_training: bool, found: bool) -> list[str]:
    times, notes = describe_open(frequency.open), []
    if in_training and found and frequency.open not in ("", WEEKDAYS):
        notes.append(f"{frequency.name}: other times are no gaps, and are not forecast; change with `open`")
    if n_closed:
        remedy = "`open='all'` keeps them" if in_training else "the model was trained without such values"
        notes.append(f"{counted(n_closed, 'value')} outside {times} left out; {remedy}")
    return notes


def _off_grid(
    rows: Rows, ordinals: Array, on_grid: Array, frequency: Frequency, freq: str | int | Frequency | None
) -> str | None:
    """What is wrong where rows lie off the grid, or two fall into one period; `freq` is as given to `place_rows`."""
    grid = "that most timestamps follow" if freq is None else f"of `freq={freq!r}`"
    grid, remedy = "of the training" if isinstance(freq, Frequency) else grid, _frequency_remedy(freq)
    off = np.flatnonzero(~on_grid)
    if freq is None and frequency.unit == "fixed" and 2 * len(off) > len(on_grid):
        k = int(off[0])
        return (
            f"column {rows.columns.time!r}: timestamps are irregular: {len(off)} of {len(on_grid)} do not lie on a "
            f"common grid ({frequency.name}), such as {rows.stamp(k)} in {rows.columns.counts} {rows.row(k)}. Round "
            "them, or aggregate the rows to regular timestamps (`aggregate` when reading a file)."
        )
    if len(off):
        k, numbers = int(off[0]), sorted({rows.row(j) for j in off.tolist()})
        few = len(numbers) <= MAX_LISTED_ROWS
        listed = f", in {rows.columns.counts}s {', '.join(map(str, numbers))}" if few and len(numbers) > 1 else ""
        correct = f"Correct or drop such {rows.columns.counts}s"
        if few and rows.columns.of_file:
            correct += f" (`skip_rows={','.join(map(str, numbers))!r}`)"
        return (
            f"{rows.place(k)}: the timestamp {rows.stamp(k)} does not lie on the {frequency.name} grid {grid} "
            f"({len(off)} of {len(on_grid)} do not{listed}). {correct}, aggregate the rows to regular timestamps "
            f"(`aggregate` when reading a file){remedy}."
        )
    shared = np.flatnonzero(rows.same_series & (ordinals[1:] == ordinals[:-1]))
    if len(shared):
        k = int(shared[0])
        return (
            f"column {rows.columns.time!r}, {rows.columns.counts}s {rows.row(k)} and {rows.row(k + 1)}: two "
            f"timestamps lie in one period of the {frequency.name} grid, {rows.stamp(k)} and {rows.stamp(k + 1)}. "
            f"Aggregate them{remedy}."
        )
    return None


def _coarser_series(rows: Rows, ordinals: Array, frequency: Frequency) -> str | None:
    """What is wrong where a series is evenly spaced at a coarser frequency, and would consist of gaps mostly."""
    bounds = np.append(rows.first, len(ordinals))
    if len(bounds) == 2:
        return None
    steps = np.append(np.diff(ordinals), 0)
    steps[bounds[1:] - 1] = np.iinfo(np.int64).max
    shortest = np.minimum.reduceat(steps, bounds[:-1])
    coarser: list[tuple[int, int]] = []  # first row, periods per step
    for k in np.flatnonzero((np.diff(bounds) > MIN_STEPS_FOR_OWN_FREQUENCY) & (shortest > 1)).tolist():
        own = steps[bounds[k] : bounds[k + 1] - 1]
        if (own <= MAX_EVEN_STEP_RATIO * shortest[k]).mean() >= MIN_EVEN_STEPS_SHARE:
            coarser.append((int(bounds[k]), int(np.median(own))))
    if not coarser or len(coarser) == len(bounds) - 1:
        return None
    first, step = coarser[0]
    return (
        f"{rows.series(first)} has a value only every {step} periods of the {frequency.name} grid that most "
        f"timestamps follow ({len(coarser)} of {len(bounds) - 1} series are like this). Forecast each frequency "
        "separately (`un.by_frequency`), or give one frequency for all (`freq`)."
    )


class Grid(NamedTuple):
    """The complete grids of all series, which begin at the first observed target.

    S series with a target, n rows of the grid, m rows of the table that lie on it.
    """

    series: Array  # numbers of the series that have a target, (S,)
    offsets: Array  # series k has the rows offsets[k] .. offsets[k + 1] of the grid, (S + 1,)
    lengths: Array  # rows of each series up to its last observed target; the known future follows, (S,)
    first: Array  # ordinal of each series' first row, (S,)
    rows: Array  # numbers of the table's rows that lie on the grid, (m,)
    positions: Array  # their positions on the grid, (m,)

    @property
    def ahead(self) -> Array:
        """Rows of the grid after the last observed target of their series, (n,) bool."""
        ahead = np.zeros(int(self.offsets[-1]), bool)
        ahead[rows_between(self.offsets[:-1] + self.lengths, self.offsets[1:])] = True
        return ahead


def build_grid(rows: Rows, ordinals: Array, has_future: Array, remedy: str = "") -> Grid:
    """The grids of all series, of sorted rows with these ordinals (m,).

    `has_future` (m,) bool marks rows with a value of a covariate known in advance; where such rows follow the last
    observed target, they are part of the grid. A `DataError`, whose last sentence ends in the `remedy`, refuses
    series of almost nothing but gaps.
    """
    observed = np.flatnonzero(~np.isnan(rows.values))
    bounds = np.searchsorted(rows.codes, np.arange(len(rows.ids) + 1))
    before = np.searchsorted(observed, bounds)  # observed rows before each series
    series = np.flatnonzero(np.diff(before))
    start, last = observed[before[series]], observed[before[series + 1] - 1]
    del observed  # a table may have millions of rows
    future = np.flatnonzero(has_future)
    latest = np.searchsorted(future, bounds[series + 1]) - 1  # the last such row of this series or of one before
    end = np.maximum(last, future[latest] if len(future) else last)
    end = np.where(latest >= 0, end, last) + 1
    length = ordinals[end - 1] - ordinals[start] + 1
    jumps = np.flatnonzero(length > MAX_GRID_ROWS_PER_ROW * (end - start) + 1000)
    if len(jumps):
        _refuse_jump(rows, ordinals, int(start[jumps[0]]), int(end[jumps[0]]), remedy)
    offsets = offsets_of(length)
    inside = rows_between(start, end)
    positions = ordinals[inside]
    positions += np.repeat(offsets[:-1] - ordinals[start], end - start)
    return Grid(series, offsets, ordinals[last] - ordinals[start] + 1, ordinals[start], inside, positions)


def _refuse_jump(rows: Rows, ordinals: Array, start: int, end: int, remedy: str) -> NoReturn:
    """Raise an error for rows start .. end of one series, whose largest step shows a wrong timestamp or frequency."""
    steps = np.diff(ordinals[start:end])
    k = start + int(steps.argmax()) + 1
    raise DataError(
        f"{rows.place(k)}: {rows.stamp(k)} comes {steps.max()} periods after the previous timestamp, "
        f"{rows.stamp(k - 1)}; {end - start} rows would become {ordinals[end - 1] - ordinals[start] + 1} periods. "
        f"Correct the timestamp{remedy}."
    )


def fill_gaps(values: Array, season: int, offsets: Array | None = None) -> Array:
    """Replace each missing value (n,) by the one a season before in its series, else by the previous one.

    `offsets` hold the first row of each series, which has a value, and n at the end; None: one series.

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
    while len(gaps):  # a gap's source may be a gap itself; each pass doubles the distance looked back
        source[gaps] = source[source[gaps]]
        gaps = gaps[np.isnan(values[source[gaps]])]
    return values[source]
