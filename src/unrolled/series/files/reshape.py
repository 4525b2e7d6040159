"""Wide tables, with a column for each series, month or date, which become long tables."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...arrays import Array
from ...plurals import counted
from ..date_words import months_named
from .calendar_parts import PART_RANGES, has_name
from .column_roles import ID_SEPARATOR, TARGET_NAMES
from .dates import parse_date, time_of_day
from .day_periods import CELL, read_periods
from .dialect import RawTable
from .numbers import is_numeric, read_numbers
from .subtotals import names_total
from .texts import as_objects
from .time_columns import TIME_NAMES
from .timestamps import dates_share, whole_numbers

MIN_WIDE_COLUMNS = 3  # columns of dates, or of series, in a table that is taken as wide
MAX_OTHER_COLUMNS = 10  # beside columns of dates
MIN_HOUR_COLUMNS = 6  # of names such as 8h, which can be durations, too
HOUR_NAME = r"(?:[01]?\d|2[0-4]) ?h"  # such as 0h
MAX_EMPTY_SHARE = 0.5  # of a column of an hour; emptier ones hold the hour that occurs again in autumn
LONG_NAMES = ("series", "date", "value")  # of the columns of a table that was made long


def unpivot(raw: RawTable, ids: Sequence[str] = ()) -> bool:
    """Make a table long, in place, if its columns are months, hours or dates; whether it was such a table.

    The columns `ids` name the rows, if they are given.
    """
    names = raw.names
    if len(names) > MIN_WIDE_COLUMNS and not ids and (_unpivot_years(raw, names) or _unpivot_hours(raw, names)):
        return True
    dates = [c for c in names if _is_date(c)]
    if len(dates) < MIN_WIDE_COLUMNS or len(dates) < len(names) - MAX_OTHER_COLUMNS:
        return False
    others = [c for c in names if c not in dates]
    if any(c.lower() in TIME_NAMES for c in others):
        return False
    totals = [c for c in others if c not in ids and _is_total(raw, c, dates)]
    _drop_below(raw, others, dates)
    _melt(raw, dates, dates, _row_names(raw, ids or [c for c in others if c not in totals], bool(ids)))
    raw.notes += [f"column {c!r} is left out, as a total of the others" for c in totals]
    raw.notes.append(f"{len(dates)} columns are dates: each row is read as a series")
    return True


def _is_date(name: str) -> bool:
    return bool(re.fullmatch(r"(1[89]|20|21)\d\d", name)) or (not name.isdigit() and parse_date(name) is not None)


def _unpivot_years(raw: RawTable, names: Sequence[str]) -> bool:
    """Make a table with one row per year and one column per month or quarter long; whether it was one."""
    year, *others = names
    totals = [c for c in others if names_total(c, of_year=True)]
    others = [c for c in others if c not in totals]
    months = _months_of(others)
    if months is None:
        return False
    _drop_below(raw, [year], None)
    years = as_objects(raw.cells[year])
    if not (has_name(year, "year") or whole_numbers(years.dropna()).between(*PART_RANGES["year"]).all()):
        return False
    _melt(raw, others, [f"{month:02}" for month in months], None, years)
    raw.notes += [f"column {c!r} is left out, as a total of the others" for c in totals]
    raw.notes.append(f"{len(others)} columns are parts of the year {year!r}: read row by row")
    return True


def _unpivot_hours(raw: RawTable, names: Sequence[str]) -> bool:
    """Make a table with one row per day and one column per hour or part of it long; whether it was one."""
    day, *parts = names
    totals = [c for c in parts if names_total(c)]
    parts = [c for c in parts if c not in totals]
    clock = _are_even_hours(parts)
    numbered = len(parts) >= 24 and all(re.fullmatch(CELL, part) for part in parts)
    days = as_objects(raw.cells[day])
    if not (clock or numbered) or len(parts) < MIN_WIDE_COLUMNS or days.duplicated().any() or dates_share(days) < 1:
        return False
    if not all(is_numeric(raw.cells[part]) for part in parts if raw.cells[part].notna().any()):
        return False
    stamps, hours = np.repeat(days.to_numpy(object), len(parts)), np.tile(np.array(parts, object), len(days))
    rare = (raw.cells[list(parts)].isna().mean() > MAX_EMPTY_SHARE).to_numpy()
    values = raw.cells[list(parts)].apply(as_objects).to_numpy(object).reshape(-1)
    kept = ~(np.tile(rare, len(days)) & pd.isna(values))
    long = pd.DataFrame({LONG_NAMES[1]: stamps, "hour": hours, LONG_NAMES[2]: values}, dtype=object)[kept]
    long = long.reset_index(drop=True)
    if not clock and read_periods(long[LONG_NAMES[1]], long["hour"]) is None:
        return False
    raw.cells = long
    raw.lines = np.repeat(np.asarray(raw.lines), len(parts))[kept].tolist()
    raw.notes += [f"column {c!r} is left out, as a total of the others" for c in totals]
    raw.notes.append(f"{len(parts)} columns are parts of the day {day!r}: read row by row; change with `wide=True`")
    return True


def _are_even_hours(names: Sequence[str]) -> bool:
    """Whether names are evenly spaced times of day, such as 08:00, or at least six such as 8h."""
    found = [time_of_day(name) for name in names]
    if len(names) >= MIN_HOUR_COLUMNS and all(re.fullmatch(HOUR_NAME, name) for name in names):
        found = [float(re.sub(r"\D", "", name)) for name in names]
    seconds = [second for second in found if second is not None]
    return len(seconds) == len(names) > 1 and len(set(np.diff(seconds))) == 1


def totals_among(raw: RawTable, numeric: Sequence[str]) -> list[str]:
    """The columns of numbers that have the name of a total, and are the sum or the mean of those without."""
    named = [c for c in numeric if names_total(c)]
    others = [c for c in numeric if c not in named]
    if not named or len(others) < 2:
        return []
    parts = _numbers(raw, others)
    return [c for c in named if _adds_up(read_numbers(raw.cells[c]).values, parts)]


def _drop_below(raw: RawTable, labels: Sequence[str], dates: Sequence[str] | None) -> None:
    """Drop last rows that hold a total, by the word in one of these columns, of a table with dates or months across.

    If the rows are series with values at these `dates`, a total must be their sum or mean. If they are years, remarks
    are dropped, too.
    """
    keep, remarks, totals = len(raw.cells), 0, []
    while keep > 1:
        filled = raw.cells.iloc[keep - 1].dropna()
        word = next((str(t) for c, t in filled.items() if c in labels and names_total(str(t))), None)
        if word is not None and (dates is None or _sums_up(raw, dates, keep)):
            totals.append(f"line {raw.lines[keep - 1]} ({word!r}) is left out, as a total below the table")
        elif dates is None and [*filled.index] == raw.names[:1] and not is_numeric(filled):
            remarks += 1
        else:
            break
        keep -= 1
    raw.notes += [f"{counted(remarks, 'remark')} below the table dropped"] if remarks else []
    raw.notes += reversed(totals)
    raw.cells, raw.lines = raw.cells.iloc[:keep], raw.lines[:keep]


def _sums_up(raw: RawTable, columns: Sequence[str], rows: int) -> bool:
    """Whether the last of some rows holds the sums or means of those above, in all of these columns."""
    if rows < 3 or not all(is_numeric(raw.cells[c]) for c in columns):
        return False
    values = _numbers(raw, columns)[:, :rows]
    return _adds_up(values[:, -1], values[:, :-1].T)


def _numbers(raw: RawTable, columns: Sequence[str]) -> Array:
    """The numbers of some columns, (columns, rows)."""
    return np.stack([read_numbers(raw.cells[c]).values for c in columns])


def _is_total(raw: RawTable, column: str, others: Sequence[str]) -> bool:
    """Whether a column of numbers has the name of a total, or is the sum or the mean of the others, row by row."""
    if not is_numeric(raw.cells[column]) or not all(is_numeric(raw.cells[c]) for c in others):
        return False
    if names_total(column):
        return True
    return _adds_up(read_numbers(raw.cells[column]).values, _numbers(raw, others))


def _adds_up(found: Array, parts: Array) -> bool:
    """Whether numbers (n,) are the sums or the means of some parts (k, n), where they are known."""
    sums, counts = np.nansum(parts, axis=0), np.maximum((~np.isnan(parts)).sum(axis=0), 1)
    known = ~np.isnan(found)
    same = any(np.allclose(found[known], whole[known], rtol=1e-3) for whole in (sums, sums / counts))
    return bool(known.any() and same)


def _months_of(names: Sequence[str]) -> list[int] | None:
    if [*names] == [f"column {k}" for k in range(2, 14)]:  # beside years in a table without names
        return [*range(1, 13)]
    quarters = [re.fullmatch(r"[Qq](?:tr|TR)? ?([1-4])", name) for name in names]
    if len(names) == 4 and all(quarters):
        return [3 * int(found[1]) - 2 for found in quarters if found]
    numbers = [int(name) if name.isdigit() and len(name) < 3 else None for name in names]
    months = [number or month for number, month in zip(numbers, months_named(names), strict=True)]
    return months if len(names) == 12 and sorted(m or 0 for m in months) == list(range(1, 13)) else None  # type: ignore[return-value]


def _row_names(raw: RawTable, others: Sequence[str], given: bool = False) -> pd.Series | None:
    """The name of each row: the first column without duplicates, else, or if they are given, all columns joined."""
    if not others or (len(raw.cells) == 1 and not given):
        return None
    for column in () if given else others:
        if raw.cells[column].notna().all() and not raw.cells[column].duplicated().any():
            return as_objects(raw.cells[column])
    texts = [as_objects(raw.cells[c]).map(lambda text: text or "") for c in others]
    return pd.Series([ID_SEPARATOR.join(row) for row in zip(*texts, strict=True)], dtype=object)


def _melt(
    raw: RawTable, columns: Sequence[str], dates: Sequence[str], ids: pd.Series | None, years: pd.Series | None = None
) -> None:
    """Give each cell of these columns a row of its own, in the order of the file, in place.

    `dates` are those of the columns, or, if the rows have `years`, the part after the year; `ids` name the rows.
    """
    rows, count = len(raw.cells), len(columns)
    stamps = np.tile(np.array(dates, object), rows)
    if years is not None:
        stamps = np.array([None if y is None else f"{y}-{d}" for y in years for d in dates], object)
    values = raw.cells[list(columns)].apply(as_objects).to_numpy(object).reshape(-1)
    long = {LONG_NAMES[1]: stamps, LONG_NAMES[2]: values}
    if ids is not None:
        long = {LONG_NAMES[0]: np.repeat(ids.to_numpy(object), count), **long}
    raw.cells = pd.DataFrame(long, dtype=object)
    raw.lines = np.repeat(np.asarray(raw.lines), count).tolist()


def columns_are_series(raw: RawTable, numeric: Sequence[str], taken: Sequence[str]) -> bool:
    """Whether each free column is a series: all are numeric, and their names differ in a number only."""
    rest = [name for name in raw.names if name not in taken]
    if len(numeric) < MIN_WIDE_COLUMNS or len(rest) != len(numeric):
        return False
    if any(c.lower() in TARGET_NAMES for c in rest):
        return False
    stems = {re.sub(r"\d+$", "", c) for c in rest}
    return len(stems) == 1 and all(c[-1:].isdigit() for c in rest) and all(is_numeric(raw.cells[c]) for c in rest)
