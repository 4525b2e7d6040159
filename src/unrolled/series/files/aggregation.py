"""From rows at any time to one row per period: aggregation, and timestamps that occur twice."""

from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError, InputError
from ..by_frequency import frequency_names
from ..columns import Columns
from ..dataframe import format_stamp
from ..frequency import DAY, HOUR, MINUTE, SECOND, Frequency
from .options import ReadOptions

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

    @property
    def keys(self) -> list[str]:
        """The columns that identify a row."""
        return [self.columns.id, self.columns.time] if self.has_ids else [self.columns.time]

    @property
    def stamps(self) -> pd.Series:
        return self.frame[self.columns.time]

    def take(self, keep: Array) -> None:
        """Keep only the rows for which `keep` (n,) bool is true, in place."""
        self.frame = self.frame[keep].reset_index(drop=True)
        rows = self.columns.rows
        if rows is not None:
            self.columns = replace(self.columns, rows=np.asarray(rows)[keep].tolist())


# --- timestamps that occur twice --------------------------------------------------------------------


def resolve_duplicates(table: LongTable) -> list[str]:
    """Drop exact duplicates of rows, average the hour that occurs twice when clocks are set back, in place; notes.

    Raises:
        DataError: there are other rows with the same timestamp in one series.
    """
    notes: list[str] = []
    if not table.frame.duplicated(table.keys).any():
        return notes
    exact = table.frame.duplicated().to_numpy()
    if exact.any() and not table.has_ids and exact.mean() > 0.5:
        exact[:] = False  # so many suggest several series without an id
    if exact.any():
        table.take(~exact)
        notes.append(f"{int(exact.sum())} exact duplicate(s) of rows dropped")
    duplicates = table.frame.duplicated(table.keys, keep=False).to_numpy()
    if not duplicates.any():
        return notes
    if not _are_clock_changes(table, duplicates):
        _refuse_duplicates(table, duplicates)
    return [*notes, _average(table)]


def _are_clock_changes(table: LongTable, duplicates: Array) -> bool:
    """Whether all duplicate timestamps are Sunday nights on which clocks may be set back, and occur twice each."""
    stamps = table.stamps
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
    return (
        f"local time: {int(repeated.sum())} timestamp(s) that occur twice, when clocks are set back, are averaged; "
        "the hour skipped in spring is a gap"
    )


def _refuse_duplicates(table: LongTable, duplicates: Array) -> NoReturn:
    columns = table.columns
    second = int(np.flatnonzero(table.frame.duplicated(table.keys).to_numpy())[0])
    same = np.ones(len(duplicates), bool)
    for key in table.keys:
        same &= (table.frame[key] == table.frame[key].iloc[second]).to_numpy()
    first = int(np.flatnonzero(same)[0])
    of_series = f" of series {str(table.frame[columns.id].iloc[second])!r}" if table.has_ids else ""
    stamp = format_stamp(np.asarray(table.stamps)[second])
    count = int(table.frame.duplicated(table.keys).sum())
    remedy = (
        "Name all columns that tell series apart with `id`"
        if table.has_ids
        else "If the table holds several series, name the column that tells them apart with `id`"
    )
    raise DataError(
        f"{table.name}, column {columns.time!r}: the timestamp {stamp}{of_series} occurs twice, in lines "
        f"{columns.row(first)} and {columns.row(second)} ({count} such pair(s)). {remedy}; if several rows belong to "
        "one period, add them up with `aggregate='sum'`, or take their mean, last or count."
    )


# --- irregular timestamps ---------------------------------------------------------------------------


def refuse_irregular(table: LongTable, options: ReadOptions) -> None:
    """Raise a `DataError` if most timestamps lie on no grid, and no frequency is given."""
    stamps = np.asarray(table.stamps)
    if options.freq is not None or stamps.dtype.kind != "M" or len(stamps) < MIN_STAMPS:
        return
    order, starts = _by_series(table)
    try:
        frequency = Frequency.infer(stamps[order], starts)
    except DataError:
        return
    _, on_grid = frequency.ordinals(stamps)
    if on_grid.mean() < MIN_ON_GRID_SHARE and not _has_regular_frequencies(table):
        raise DataError(
            f"{table.name}, column {table.columns.time!r}: timestamps are irregular: {int((~on_grid).sum())} of "
            f"{len(stamps)} do not lie on the {frequency.name} grid. Make them regular with `aggregate='mean'` (or "
            f"sum, last, count), for periods of {_typical_period(table)}, or others given as `freq`."
        )


def _has_regular_frequencies(table: LongTable) -> bool:
    """Whether the series have several frequencies, and timestamps are regular in each of them."""
    if not table.has_ids:
        return False
    stamps, codes = np.asarray(table.stamps), pd.factorize(table.frame[table.columns.id])[0]
    names = np.array(frequency_names(stamps, codes), object)[codes]
    shares = [_on_grid_share(stamps[names == name], codes[names == name]) for name in pd.unique(names)]
    return len(shares) > 1 and min(shares) >= MIN_ON_GRID_SHARE


def _on_grid_share(stamps: Array, codes: Array) -> float:
    """The share of timestamps that lie on the grid of their common frequency."""
    order = np.lexsort((stamps, codes))
    frequency = Frequency.infer(stamps[order], np.flatnonzero(np.diff(codes[order], prepend=-1)))
    return float(frequency.ordinals(stamps)[1].mean())


def _by_series(table: LongTable) -> tuple[Array, Array]:
    """The order of rows by series and timestamp, (n,), and the position of each series' first row in it."""
    stamps = np.asarray(table.stamps)
    if not table.has_ids:
        rises = (stamps[1:] >= stamps[:-1]).all()
        return (np.arange(len(stamps)) if rises else np.argsort(stamps, kind="stable")), np.array([0])
    codes = pd.factorize(table.frame[table.columns.id])[0]
    order = np.lexsort((stamps, codes))
    return order, np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])


def _typical_period(table: LongTable) -> str:
    """The shortest round period that is about as long as the median step between timestamps of a series."""
    order, starts = _by_series(table)
    nanoseconds = np.asarray(table.stamps).astype("datetime64[ns]").view(np.int64)[order]
    steps = np.diff(nanoseconds)
    inside = np.ones(len(steps), bool)
    inside[starts[1:] - 1] = False
    steps = steps[inside & (steps > 0)]
    median = float(np.median(steps)) if len(steps) else DAY
    return next((name for length, name in ROUND_PERIODS if length >= 0.9 * median), "YS")


# --- aggregation ------------------------------------------------------------------------------------


def period_of(table: LongTable, options: ReadOptions) -> str:
    """The period by which rows are aggregated, as an alias of pandas."""
    return str(options.freq or _typical_period(table))


def aggregate(table: LongTable, options: ReadOptions) -> list[str]:
    """Aggregate to one row per period and series, in place; notes.

    Periods without rows are 0 if rows are summed or counted, and gaps otherwise. A last period that is incomplete is
    dropped.

    Raises:
        InputError: timestamps are numbers, or the frequency has no periods.
    """
    if options.aggregate is None:
        return []
    stamps, columns = table.stamps, table.columns
    if stamps.dtype.kind != "M":
        raise InputError(f"`aggregate` needs dates; column {columns.time!r} holds whole numbers.")
    method, period = options.aggregate, period_of(table, options)
    begins, ends = _periods(stamps, period)
    incomplete = _is_incomplete(stamps, ends)
    notes = [f"{method} of the rows in each period ({period}{'' if options.freq else '; change with `freq`'})"]
    work = table.frame.copy()
    work[columns.time], work[ROW] = begins, range(len(work)) if columns.rows is None else columns.rows
    if not incomplete.all():
        if incomplete.any():
            notes.append(
                f"the last period, {format_stamp(np.asarray(begins[incomplete])[0])}, is incomplete: dropped"
            )
        work = work[~incomplete]
    groups = work.sort_values(columns.time, kind="stable").groupby(table.keys, sort=False)
    covariates = [c for c in work if c not in (*table.keys, columns.target, ROW)]
    done = groups.agg({ROW: "first"} | {c: _covariate_method(work[c], c in columns.static) for c in covariates})
    values = groups[columns.target]
    # a period whose rows all lack a value is a gap
    done[columns.target] = values.sum(min_count=1) if method == "sum" else getattr(values, PANDAS_METHODS[method])()
    done = done.reset_index()
    if method in ("sum", "count"):
        done, n_empty = _add_empty_periods(table, done, period)
        if n_empty:
            notes.append(f"{n_empty} period(s) without rows are 0")
    table.columns = replace(columns, rows=done[ROW].ffill().astype(int).tolist())
    table.frame = done[[c for c in table.frame if c in done]]
    return notes


def _covariate_method(values: pd.Series, static: bool) -> str:
    return "mean" if pd.api.types.is_numeric_dtype(values) and not static else "last"


def _periods(stamps: pd.Series, period: str) -> tuple[pd.Series, pd.Series]:
    """The timestamp of each row's period, which is its beginning or its last day, and the end of the period."""
    try:
        offset = pd.tseries.frequencies.to_offset(period)
        kind = type(offset).__name__
        span = {"Week": "W", "MonthBegin": "M", "MonthEnd": "M", "QuarterBegin": "Q", "QuarterEnd": "Q"}.get(
            kind, {"YearBegin": "Y", "YearEnd": "Y"}.get(kind)
        )
        if span is not None and offset.n == 1:
            whole = stamps.dt.to_period(span)
            begin, end = whole.dt.start_time, (whole + 1).dt.start_time
            return (whole.dt.end_time.dt.normalize() if kind.endswith("End") else begin), end
        begin = stamps.dt.floor(period)
        return begin, begin + pd.Timedelta(offset.nanos, "ns")
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"`aggregate` can't use the periods of `freq={period!r}`; use an alias such as D, W, MS, ME, QS, YS, h "
            "or 15min."
        ) from error


def _is_incomplete(stamps: pd.Series, ends: pd.Series) -> Array:
    """Rows of the last period, if it extends further beyond the last timestamp than timestamps usually lie apart."""
    last = stamps.max()
    steps = np.diff(np.unique(np.asarray(stamps)))
    usual = np.quantile(steps.astype(np.int64), 0.99) if len(steps) else 0.0
    end = ends[stamps == last].iloc[0]
    complete = last.value + int(usual) >= end.value  # as integers, since the sum may lie beyond the last timestamp
    return np.zeros(len(stamps), bool) if complete else (ends == end).to_numpy()


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
