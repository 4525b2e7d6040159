"""Rows at any time become one a period: aggregating, the hour that comes twice, rows that come twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError, InputError
from ..by_frequency import frequency_names
from ..columns import Columns
from ..dataframe import format_stamp
from ..frequency import DAY, HOUR, MINUTE, SECOND, Frequency
from .options import ReadOptions

ROUND = [
    *((n * SECOND, f"{n}s") for n in (1, 5, 10, 15, 30)),
    *((n * MINUTE, f"{n}min") for n in (1, 5, 10, 15, 30)),
    *((n * HOUR, "h" if n == 1 else f"{n}h") for n in (1, 3, 6, 12)),
    (DAY, "D"),
    (7 * DAY, "W"),
    (31 * DAY, "MS"),
    (92 * DAY, "QS"),
    (366 * DAY, "YS"),
]
WAYS = {"mean": "mean", "last": "last", "count": "size"}
REGULAR = 0.9  # share of stamps on a grid from which on the others are mistakes
FEWEST = 10  # stamps that show whether they are regular
CLOCK_MONTHS = (3, 4, 9, 10, 11)  # in which clocks are put back, north and south


@dataclass
class LongTable:
    """A long table in the making: id (if any), stamps, target and others, and the line of each row."""

    name: str
    frame: pd.DataFrame
    columns: Columns
    grouped: bool

    @property
    def keys(self) -> list[str]:
        return [self.columns.id, self.columns.time] if self.grouped else [self.columns.time]

    @property
    def stamps(self) -> pd.Series:
        return self.frame[self.columns.time]

    def take(self, keep: Array) -> None:
        self.frame = self.frame[keep].reset_index(drop=True)
        rows = self.columns.rows
        if rows is not None:
            self.columns = replace(self.columns, rows=np.asarray(rows)[keep].tolist())


# --- rows that come twice ---------------------------------------------------------------------------


def resolve_duplicates(table: LongTable) -> list[str]:
    """Leave out rows that repeat another one exactly, average the hour when clocks are put back, refuse others."""
    notes: list[str] = []
    if not table.frame.duplicated(table.keys).any():
        return notes
    exact = table.frame.duplicated().to_numpy()
    if exact.any() and not table.grouped and exact.mean() > 0.5:
        exact[:] = False  # as where an id has been left out
    if exact.any():
        table.take(~exact)
        notes.append(f"{int(exact.sum())} row(s) that repeat another one exactly left out")
    double = table.frame.duplicated(table.keys, keep=False).to_numpy()
    if double.any() and _clocks_put_back(table, double):
        notes.append(_average(table, double))
        double[:] = False
    if double.any():
        _refuse_doubles(table, double)
    return notes


def _clocks_put_back(table: LongTable, double: Array) -> bool:
    """Whether all doubled stamps are of nights to Sunday in which clocks may go back, twice each."""
    stamps = table.stamps
    if stamps.dtype.kind != "M" or (stamps.dt.normalize() == stamps).all():
        return False
    at = stamps[double]
    counts = table.frame[double].groupby(table.keys, sort=False).size()
    nights = at.dt.month.isin(CLOCK_MONTHS) & (at.dt.dayofweek == 6) & (at.dt.hour <= 3)
    return bool(nights.all() and (counts == 2).all() and 20 * double.sum() < len(stamps))


def _average(table: LongTable, double: Array) -> str:
    target = table.columns.target
    means = table.frame.groupby(table.keys, sort=False)[target].transform("mean")
    table.frame[target] = means
    repeated = table.frame.duplicated(table.keys).to_numpy()
    table.take(~repeated)
    return (
        f"local time: {int(repeated.sum())} stamp(s) come twice as clocks are put back and are averaged; the hour "
        "left out in spring is a gap"
    )


def _refuse_doubles(table: LongTable, double: Array) -> None:
    columns = table.columns
    second = int(np.flatnonzero(table.frame.duplicated(table.keys).to_numpy())[0])
    same = np.ones(len(double), bool)
    for key in table.keys:
        same &= (table.frame[key] == table.frame[key].iloc[second]).to_numpy()
    first = int(np.flatnonzero(same)[0])
    who = f" of series {str(table.frame[columns.id].iloc[second])!r}" if table.grouped else ""
    stamp = format_stamp(np.asarray(table.stamps)[second])
    count = int(table.frame.duplicated(table.keys).sum())
    apart = "name all columns that tell series apart with --id" if table.grouped else (
        "If the table holds several series, name the column that tells them apart with --id"
    )  # fmt: skip
    raise DataError(
        f"{table.name}, column {columns.time!r}: the stamp {stamp}{who} comes twice, in lines {columns.row(first)} "
        f"and {columns.row(second)} ({count} such pair(s)). {apart[:1].upper() + apart[1:]}; if several rows "
        "belong to one period, add them up with --aggregate sum, or take their mean, last or count."
    )


# --- one row a period -------------------------------------------------------------------------------


def refuse_irregular(table: LongTable, reading: ReadOptions) -> None:
    """Raise where most stamps lie on no grid, and no frequency was named."""
    stamps = np.asarray(table.stamps)
    if reading.freq is not None or stamps.dtype.kind != "M" or len(stamps) < FEWEST:
        return
    order, starts = _by_series(table)
    try:
        frequency = Frequency.infer(stamps[order], starts)
    except DataError:
        return
    _, on_grid = frequency.ordinals(stamps)
    if on_grid.mean() < REGULAR and not _of_several_frequencies(table):
        period = _typical(table)
        raise DataError(
            f"{table.name}, column {table.columns.time!r}: stamps are irregular: {int((~on_grid).sum())} of "
            f"{len(stamps)} lie on no {frequency.name} grid. Make them regular with --aggregate mean (or sum, last, "
            f"count), each {period} or as --freq says."
        )


def _of_several_frequencies(table: LongTable) -> bool:
    """Whether stamps are regular in the series of each frequency."""
    if not table.grouped:
        return False
    stamps, codes = np.asarray(table.stamps), pd.factorize(table.frame[table.columns.id])[0]
    names = np.array(frequency_names(stamps, codes), object)[codes]
    parts = [_grid(stamps[names == name], codes[names == name]) for name in pd.unique(names)]
    return len(parts) > 1 and all(on_grid.mean() >= REGULAR for _, on_grid in parts)


def _grid(stamps: Array, codes: Array) -> tuple[Frequency, Array]:
    """The frequency of series, and which of their stamps lie on its grid, sorted by series and stamp."""
    order = np.lexsort((stamps, codes))
    frequency = Frequency.infer(stamps[order], np.flatnonzero(np.diff(codes[order], prepend=-1)))
    return frequency, frequency.ordinals(stamps[order])[1]


def _by_series(table: LongTable) -> tuple[Array, Array]:
    """The order by series and stamp, and where series begin in it."""
    stamps = np.asarray(table.stamps)
    if not table.grouped:
        rising = (stamps[1:] >= stamps[:-1]).all()
        return (np.arange(len(stamps)) if rising else np.argsort(stamps, kind="stable")), np.array([0])
    codes = pd.factorize(table.frame[table.columns.id])[0]
    order = np.lexsort((stamps, codes))
    return order, np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])


def _typical(table: LongTable) -> str:
    """The round period that holds most distances between stamps of a series."""
    order, starts = _by_series(table)
    nanos = np.asarray(table.stamps).astype("datetime64[ns]").view(np.int64)[order]
    steps = np.diff(nanos)
    inside = np.ones(len(steps), bool)
    inside[starts[1:] - 1] = False
    steps = steps[inside & (steps > 0)]
    middle = float(np.median(steps)) if len(steps) else DAY
    return next((name for length, name in ROUND if length >= 0.9 * middle), "YS")


def period_of(table: LongTable, reading: ReadOptions) -> str:
    """The period that rows are put together by, as --freq names it."""
    return str(reading.freq or _typical(table))


def aggregate(table: LongTable, reading: ReadOptions) -> list[str]:
    """One row a period and series, in place; notes.

    Periods without rows are 0 where rows are added up or counted, and gaps otherwise. A last period that is not over
    yet is left out.

    Raises:
        InputError: stamps are numbers, or the frequency has no periods.
    """
    if reading.aggregate is None:
        return []
    stamps, columns = table.stamps, table.columns
    if stamps.dtype.kind != "M":
        raise InputError(f"--aggregate needs dates; column {columns.time!r} holds whole numbers.")
    how, period = reading.aggregate, period_of(table, reading)
    begins, ends = _periods(stamps, period)
    open_ = _is_open(stamps, ends)
    notes = [f"{how} of the rows in each period ({period}{'' if reading.freq else '; --freq overrules'})"]
    if open_.any() and not open_.all():
        notes.append(f"the last period, {format_stamp(np.asarray(begins[open_])[0])}, is not over: left out")
    work = table.frame.copy()
    work[columns.time], work["\0row"] = begins, np.asarray(_rows(table))
    if not open_.all():
        work = work[~open_]
    by = work.sort_values(columns.time, kind="stable").groupby(table.keys, sort=False)
    beside = [c for c in work if c not in (*table.keys, columns.target, "\0row")]
    done = by.agg({"\0row": "first"} | {c: _way(work[c], c in columns.static) for c in beside})
    values = by[columns.target]
    # a period whose rows all miss their value is a gap
    done[columns.target] = values.sum(min_count=1) if how == "sum" else getattr(values, WAYS[how])()
    done = done.reset_index()
    if how in ("sum", "count"):
        done, empty = _with_empty_periods(table, done, period)
        if empty:
            notes.append(f"{empty} period(s) without rows are 0")
    rows = done["\0row"].ffill().astype(int).tolist()
    table.frame = done[[c for c in table.frame if c in done]]
    table.columns = replace(columns, rows=rows)
    return notes


def _rows(table: LongTable) -> list[int]:
    rows = table.columns.rows
    return list(range(len(table.frame))) if rows is None else list(rows)


def _way(values: pd.Series, static: bool) -> str:
    """How a covariate is aggregated."""
    return "mean" if pd.api.types.is_numeric_dtype(values) and not static else "last"


def _periods(stamps: pd.Series, period: str) -> tuple[pd.Series, pd.Series]:
    """When each stamp's period begins (or what it is called by) and when it ends."""
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
            f"--aggregate knows no periods of --freq {period!r}; such as D, W, MS, ME, QS, YS, h or 15min do."
        ) from error


def _is_open(stamps: pd.Series, ends: pd.Series) -> Array:
    """Rows of the last period, if it goes on for longer after the last stamp than stamps usually lie apart."""
    last = stamps.max()
    steps = np.diff(np.unique(np.asarray(stamps)))
    usual = np.quantile(steps.astype(np.int64), 0.99) if len(steps) else 0.0
    end = ends[stamps == last].iloc[0]
    over = last + pd.Timedelta(int(usual), "ns") >= end
    return np.zeros(len(stamps), bool) if over else (ends == end).to_numpy()


def _with_empty_periods(table: LongTable, done: pd.DataFrame, period: str) -> tuple[pd.DataFrame, int]:
    """Periods of each series' own span that have no rows, as zeros."""
    columns, parts = table.columns, []
    groups = done.groupby(columns.id, sort=False) if table.grouped else [(None, done)]
    for _, part in groups:
        anchor = pd.offsets.Week(weekday=0) if period.upper() == "W" else period
        whole = pd.date_range(part[columns.time].iloc[0], part[columns.time].iloc[-1], freq=anchor)
        if len(whole) > 100 * len(part) + 1000:
            return done, 0  # so many periods without rows: the table's own check will name the jump
        fuller = part.set_index(columns.time).reindex(whole.rename(columns.time)).reset_index()
        others = [str(c) for c in fuller if c not in (columns.time, columns.target, "\0row")]
        fuller[columns.target] = fuller[columns.target].where(
            fuller["\0row"].notna(), 0.0
        )  # a row that is there and has no value stays a gap
        fuller[others] = fuller[others].ffill()
        parts.append(fuller)
    full = pd.concat(parts, ignore_index=True)
    return full, len(full) - len(done)
