"""From rows at any time to one row per period: aggregation, and timestamps that occur twice."""

import re
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError, InputError
from ...plurals import counted
from ..by_frequency import frequency_names
from ..columns import Columns, occurs
from ..dataframe import codes_of_ids
from ..frequency import DAY, HOUR, MINUTE, SECOND, Frequency, counts_days, steps_within
from ..panel import sparse_note
from ..ragged import starts_of
from ..stamp_texts import format_stamp, label_in_form
from ..stamps import Times, coded_numbers, in_zone, read_times, same_time_of_day, step_of_numbers
from ..zones import localized, to_utc
from .options import ReadOptions
from .parsed_stamps import with_zone
from .texts import as_objects

ROUND_PERIODS = [  # lengths in nanoseconds and names, the shortest first
    *((n * SECOND, f"{n}s") for n in (1, 5, 10, 15, 30)),
    *((n * MINUTE, f"{n}min") for n in (1, 5, 10, 15, 30)),
    *((n * HOUR, "h" if n == 1 else f"{n}h") for n in (1, 3, 6, 12)),
    (DAY, "D"),
    (7 * DAY, "W"),
    (31 * DAY, "MS"),
    (92 * DAY, "QS"),
    (366 * DAY, "YS"),
]
PANDAS_METHODS = {"mean": "mean", "last": "last", "count": "size"}
MIN_ON_GRID_SHARE = 0.9  # of timestamps; below it, they are irregular and not just mistaken in places
MIN_STAMPS = 10  # below it, irregular timestamps are not looked for
CLOCK_CHANGE_MONTHS = (3, 4, 9, 10, 11)  # in which clocks are set back, in the north and in the south
MAX_EMPTY_PERIODS_PER_ROW = 100
ROW = "\0row"  # a column for the number of a row, whose name no file can hold


@dataclass
class LongTable:
    """A long table that is being prepared."""

    name: str  # of the file, in messages
    frame: pd.DataFrame  # ids if there are any, timestamps, the target and covariates
    columns: Columns  # their names, and the line of each row
    has_ids: bool
    has_id_columns: bool = False  # whether the file has columns of ids
    copies: Array | None = None  # rows that equal an earlier one in every column of the file, (n,) bool; None: none
    _codes: Array | None = field(default=None, repr=False)
    _stamps: Array | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """The columns that identify a row."""
        return [self.columns.id, self.columns.time] if self.has_ids else [self.columns.time]

    @property
    def times(self) -> Times:
        import narwhals as nw

        # numbers that could be dates have been read, and remain numbers
        column = nw.from_native(self.frame[self.columns.time], series_only=True)
        return read_times(column, self.columns, codes=self.codes, freq=1)

    @property
    def stamps(self) -> Array:
        """Timestamps on the clock of their frequency, without a time zone, (n,)."""
        if self._stamps is None:
            self._stamps = self.times.counted(None, self.codes)[0]
        return self._stamps

    def step_of_codes(self) -> int | None:
        """The step between whole numbers that would otherwise be read as dates in a code; None for others."""
        distinct = np.unique(self.frame[self.columns.time])
        if distinct.dtype.kind != "i" or coded_numbers(distinct, self.columns.time) is None:
            return None
        return step_of_numbers(distinct)

    @property
    def codes(self) -> Array:
        """The number of each row's series, (n,)."""
        if self._codes is None:
            self._codes = np.zeros(len(self.frame), np.int64)
            if self.has_ids:
                self._codes = codes_of_ids(self.frame[self.columns.id])[0]
        return self._codes

    def take(self, keep: Array) -> None:
        """Keep only the rows for which `keep` (n,) bool is true, in place."""
        self.frame, self._codes, self._stamps = self.frame[keep].reset_index(drop=True), None, None
        self.copies = None if self.copies is None else self.copies[keep]
        rows = self.columns.rows
        if rows is not None:
            self.columns = replace(self.columns, rows=np.asarray(rows)[keep].tolist())


# --- timestamps that occur twice --------------------------------------------------------------------


def locate(table: LongTable, zone: str) -> None:
    """Give timestamps without a time zone this one, in place; those of several rows follow each other.

    Rows of local times that do not exist are dropped if they have no value, and refused otherwise.
    """
    stamps, columns = table.frame[table.columns.time], table.columns
    if stamps.dtype.kind != "M" or isinstance(stamps.dtype, pd.DatetimeTZDtype):
        return
    local = stamps.to_numpy("datetime64[ns]")
    instants = localized(local, table.codes, zone)
    missing = np.isnat(instants)
    if missing.any() and same_time_of_day(local):  # days, of which one begins later
        instants, missing = to_utc(local, zone), np.zeros(len(local), bool)
    wrong = np.flatnonzero(missing & table.frame[columns.target].notna().to_numpy())
    if len(wrong):
        raise DataError(
            f"{table.name}, column {columns.time!r}, line {columns.row(wrong[0])}: {format_stamp(local[wrong[0]])} "
            f"does not exist in {zone}, where clocks are set forward ({counted(len(wrong), 'such row')}). Give "
            "the zone of the table (`zone`), or leave it out."
        )
    table.frame[columns.time] = in_zone(instants, zone)
    table.take(~missing)


def mark_copies(table: LongTable, cells: pd.DataFrame) -> None:
    """Mark the rows that equal an earlier one in all cells of the file, in place; each series has all these rows."""
    if _in_order(table.stamps, table.codes):
        return
    rows = np.unique(np.flatnonzero(table.frame.duplicated(table.keys, keep=False)) % len(cells))
    copies = np.zeros(len(cells), bool)
    copies[rows] = cells.iloc[rows].apply(as_objects).duplicated().to_numpy()
    table.copies = np.tile(copies, len(table.frame) // len(cells))


def resolve_duplicates(table: LongTable) -> list[str]:
    """Drop exact duplicates of rows, average the hour that occurs twice when clocks are set back, in place; notes.

    Other rows with the same timestamp in one series are refused.
    """
    notes: list[str] = []
    if table.copies is None or not table.frame.duplicated(table.keys).any():
        return notes
    whole, exact = replace(table), table.copies
    if exact.any() and (table.has_ids or exact.mean() <= 0.5):  # more suggest several series without an id
        table.take(~exact)
        notes.append(f"{counted(int(exact.sum()), 'exact duplicate')} of rows dropped")
    duplicates = table.frame.duplicated(table.keys, keep=False).to_numpy()
    if not duplicates.any():
        return notes
    if not _are_clock_changes(table, duplicates):
        _refuse_duplicates(whole)
    return [*notes, _average(table)]


def _are_clock_changes(table: LongTable, duplicates: Array) -> bool:
    """Whether all duplicate timestamps are Sunday nights on which clocks may be set back, and occur twice each."""
    stamps = pd.Series(table.stamps)
    if stamps.dtype.kind != "M" or (stamps.dt.normalize() == stamps).all():
        return False
    doubled = stamps[duplicates]
    counts = table.frame[duplicates].groupby(table.keys, sort=False).size()
    nights = doubled.dt.month.isin(CLOCK_CHANGE_MONTHS) & (doubled.dt.dayofweek == 6) & (doubled.dt.hour <= 3)
    return bool(nights.all() and (counts == 2).all() and 20 * duplicates.sum() < len(stamps))


def _average(table: LongTable) -> str:
    """Average the target over rows of the same timestamp and series, in place; a note."""
    target = table.columns.target
    table.frame[target] = table.frame.groupby(table.keys, sort=False)[target].transform("mean")
    repeated = table.frame.duplicated(table.keys).to_numpy()
    table.take(~repeated)
    n = int(repeated.sum())
    return (
        f"local time: hours that occur twice, when clocks are set back, are averaged ({counted(n, 'timestamp')}); "
        "the hour skipped in spring is a gap; with `zone`, such as `zone='Europe/Berlin'`, each hour counts as one"
    )


def _refuse_duplicates(table: LongTable) -> NoReturn:
    columns, keys = table.columns, table.frame[table.keys]
    repeated = keys.duplicated().to_numpy()
    second = int(repeated.argmax())
    rows = np.flatnonzero((keys == keys.iloc[second]).all(axis=1))
    of_series = f" of series {str(table.frame[columns.id].iloc[second])!r}" if table.has_id_columns else ""
    stamp = str(table.frame[columns.time].iloc[second]).removesuffix(" 00:00:00")
    stamp = stamp if columns.label is None else label_in_form(int(stamp[:4]), columns.label)
    counted_keys = table.keys if table.has_id_columns else [columns.time]  # series that are columns share timestamps
    where = occurs("line", map(columns.row, rows), len(keys[repeated][counted_keys].drop_duplicates()))
    remedy = (
        "Name all columns that tell series apart with `id`"
        if table.has_id_columns
        else "If the table holds several series, name the column that tells them apart with `id`"
    )
    raise DataError(
        f"{table.name}, column {columns.time!r}: the timestamp {stamp}{of_series} {where}. {remedy}; if several "
        "rows belong to one period, add them up with `aggregate='sum'`, or take their mean, last or count."
    )


# --- irregular timestamps ---------------------------------------------------------------------------


def refuse_irregular(table: LongTable, options: ReadOptions) -> None:
    """Raise a `DataError` if most timestamps lie on no grid, and no frequency is given."""
    stamps = table.stamps
    if options.freq is not None or stamps.dtype.kind != "M" or len(stamps) < MIN_STAMPS:
        return
    try:
        frequency, on_grid = _common_grid(stamps, table.codes)
    except DataError:
        return
    if on_grid.mean() < MIN_ON_GRID_SHARE and not _has_regular_frequencies(table):
        raise DataError(
            f"{table.name}, column {table.columns.time!r}: timestamps are irregular: {int((~on_grid).sum())} of "
            f"{len(stamps)} do not lie on a common grid ({frequency.name}). Make them regular with "
            f"`aggregate='mean'` (or sum, last, count), for "
            f"periods of {typical_period(table)}, or others given as `freq`."
        )


def sparse_notes(table: LongTable, freq: str | int | None) -> list[str]:
    """A note if most periods between the first and the last value of the series have no value."""
    known = table.frame[table.columns.target].notna().to_numpy()
    every = known.all()
    stamps, first = _by_series(*((rows if every else rows[known]) for rows in (table.stamps, table.codes)))
    if not len(stamps):
        return []
    try:
        named = None if freq is None else Frequency.named(freq, stamps[0])
        frequency = named.with_closed_phases(stamps, first) if named else Frequency.infer(stamps, first)
    except (DataError, InputError):  # of which the next step tells
        return []
    ordinals = frequency.ordinals(stamps)[0]
    periods = int((ordinals[np.r_[first[1:], len(stamps)] - 1] - ordinals[first] + 1).sum())
    notes = sparse_note(len(stamps), periods, frequency)
    return [] if notes and freq is None and _has_regular_frequencies(table) else notes


def _has_regular_frequencies(table: LongTable) -> bool:
    """Whether the series have several frequencies, and timestamps are regular in each of them."""
    if not table.has_ids:
        return False
    stamps, codes = table.stamps, table.codes
    names = np.array(frequency_names(stamps, codes), object)[codes]
    grids = [_common_grid(stamps[names == name], codes[names == name]) for name in pd.unique(names)]
    return len(grids) > 1 and min(on_grid.mean() for _, on_grid in grids) >= MIN_ON_GRID_SHARE


def _common_grid(stamps: Array, codes: Array) -> tuple[Frequency, Array]:
    """The common frequency of timestamps (n,) of the series `codes`, and whether each lies on its grid, (n,) bool."""
    frequency = Frequency.of_steps(*_by_series(stamps, codes))
    return frequency, frequency.ordinals(stamps)[1]


def _by_series(stamps: Array, codes: Array) -> tuple[Array, Array]:
    """Timestamps (n,) sorted by series and time, and the position of each series' first one."""
    if not _in_order(stamps, codes):
        order = np.lexsort((stamps, codes))
        stamps, codes = stamps[order], codes[order]
    return stamps, starts_of(codes)


def _in_order(stamps: Array, codes: Array) -> bool:
    """Whether rows are sorted by series and time, without duplicates."""
    new_series = codes[1:] > codes[:-1]
    return bool((new_series | ((codes[1:] == codes[:-1]) & (stamps[1:] > stamps[:-1]))).all())


def typical_period(table: LongTable) -> str:
    """The shortest round period that is about as long as the median step between timestamps of a series."""
    steps, _ = steps_within(*_by_series(table.stamps, table.codes))
    median = float(np.median(steps)) if len(steps) else DAY
    return next((name for length, name in ROUND_PERIODS if length >= 0.9 * median), "YS")


# --- aggregation ------------------------------------------------------------------------------------


def aggregate(table: LongTable, method: str, period: str, inferred: bool) -> list[str]:
    """Aggregate to one row per period and series, in place; notes.

    Periods without rows are 0 if rows are summed or counted, and gaps otherwise. A first or last period that is
    incomplete is dropped.
    """
    columns = table.columns
    if table.frame[columns.time].dtype.kind != "M":
        raise InputError(f"`aggregate` needs dates; column {columns.time!r} holds whole numbers.")
    stamps, zone = _on_clock_of(table, period)
    labels, begins, ends = _periods(stamps, period)
    first, last = _are_incomplete(stamps, begins, ends)
    notes = [f"{method} of the rows in each period ({period}{'; change with `freq`' if inferred else ''})"]
    work = table.frame.copy()
    work[columns.time], work[ROW] = labels, range(len(work)) if columns.rows is None else columns.rows
    if not (first | last).all():
        for incomplete, which in ((first, "first"), (last, "last")):
            if incomplete.any():
                stamp = format_stamp(np.asarray(labels[incomplete])[0])
                notes.append(f"the {which} period, {stamp}, is incomplete: dropped")
        work = work[~(first | last)]
    groups = work.sort_values(columns.time, kind="stable").groupby(table.keys, sort=False)
    covariates = [c for c in work if c not in (*table.keys, columns.target, ROW)]
    averaged = {c for c in covariates if pd.api.types.is_numeric_dtype(work[c]) and c not in columns.static}
    done = groups.agg({ROW: "first"} | {c: "mean" if c in averaged else "last" for c in covariates})
    values = groups[columns.target]
    # a period whose rows all lack a value is a gap
    done[columns.target] = values.sum(min_count=1) if method == "sum" else getattr(values, PANDAS_METHODS[method])()
    done = done.reset_index()
    if method in ("sum", "count"):
        done, n_empty = _add_empty_periods(table, done, period)
        if n_empty:
            notes.append(f"{counted(n_empty, 'period')} without rows are 0")
    table.columns = replace(columns, rows=done[ROW].ffill().astype(int).tolist())
    done[columns.time] = with_zone(done[columns.time], zone, counts_days(period))
    table.frame, table._codes, table._stamps = done[[c for c in table.frame if c in done]], None, None
    return notes


def _on_clock_of(table: LongTable, period: str) -> tuple[pd.Series, str | None]:
    """Timestamps in local time if periods are days or longer, else in UTC; and their time zone, if they have one."""
    times = table.times
    if times.utc is None:
        return pd.Series(times.local), None
    return pd.Series(times.local if counts_days(period) else times.utc), times.zone


def _periods(stamps: pd.Series, period: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The timestamp of each row's period, which is its beginning or its last day, its beginning and its end."""
    try:
        offset = pd.tseries.frequencies.to_offset(period)
        kind = type(offset).__name__
        if re.fullmatch("Week|(Month|Quarter|Year)(Begin|End)", kind) and offset.n == 1:
            whole = stamps.dt.to_period(kind[0])
            begin, end = whole.dt.start_time, (whole + 1).dt.start_time
            return (whole.dt.end_time.dt.normalize() if kind.endswith("End") else begin), begin, end
        begin = stamps.dt.floor(period)
        return begin, begin, begin + pd.Timedelta(offset.nanos, "ns")
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"`aggregate` can't use the periods of `freq={period!r}`; use an alias such as D, W, MS, ME, QS, YS, h "
            "or 15min."
        ) from error


def _are_incomplete(stamps: pd.Series, begins: pd.Series, ends: pd.Series) -> tuple[Array, Array]:
    """Rows of the first and of the last period, if these reach farther beyond the timestamps than these usually lie
    apart; else none."""
    distinct = np.unique(np.asarray(stamps))
    steps = np.diff(distinct).astype(np.int64)
    usual = int(np.quantile(steps, 0.99)) if len(steps) else 0
    begin, end = begins[stamps == distinct[0]].iloc[0], ends[stamps == distinct[-1]].iloc[0]
    # as integers, since a sum may lie beyond all timestamps
    early, late = distinct[[0, -1]].astype(np.int64).tolist()
    none = np.zeros(len(stamps), bool)
    return (
        (begins == begin).to_numpy() if early - usual > begin.value else none,
        (ends == end).to_numpy() if late + usual < end.value else none,
    )


def _add_empty_periods(table: LongTable, done: pd.DataFrame, period: str) -> tuple[pd.DataFrame, int]:
    """Add the periods without rows between the first and the last of each series, as zeros; and their number."""
    columns, parts = table.columns, []
    groups = done.groupby(columns.id, sort=False) if table.has_ids else [(None, done)]
    for _, part in groups:
        anchor = pd.offsets.Week(weekday=0) if period.upper() == "W" else period
        whole = pd.date_range(part[columns.time].iloc[0], part[columns.time].iloc[-1], freq=anchor)
        if len(whole) > MAX_EMPTY_PERIODS_PER_ROW * len(part) + 1000:
            return done, 0  # the check of the grid will report the jump
        fuller = part.set_index(columns.time).reindex(whole.rename(columns.time)).reset_index()
        others = [str(c) for c in fuller if c not in (columns.time, columns.target, ROW)]
        # a row without a value stays a gap
        fuller[columns.target] = fuller[columns.target].where(fuller[ROW].notna(), 0.0)
        fuller[others] = fuller[others].ffill()
        parts.append(fuller)
    full = pd.concat(parts, ignore_index=True)
    return full, len(full) - len(done)
