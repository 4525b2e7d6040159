"""Wide tables, with a column for each series, month or date, which become long tables."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .column_roles import ID_SEPARATOR, TARGET_NAMES
from .date_words import months_named
from .dates import parse_date
from .dialect import RawTable
from .numbers import is_numeric
from .time_columns import PART_RANGES, TIME_NAMES, has_name
from .timestamps import whole_numbers

MIN_WIDE_COLUMNS = 3  # columns of dates, or of series, in a table that is taken as wide
MAX_OTHER_COLUMNS = 10  # beside columns of dates
LONG_NAMES = ("series", "date", "value")  # of the columns of a table that was made long


def unpivot(raw: RawTable) -> bool:
    """Make a table long, in place, if its columns are months or dates; whether it was such a table."""
    names = raw.names
    if len(names) > MIN_WIDE_COLUMNS and _unpivot_years(raw, names):
        return True
    dates = [c for c in names if _is_date(c)]
    if len(dates) < MIN_WIDE_COLUMNS or len(dates) < len(names) - MAX_OTHER_COLUMNS:
        return False
    others = [c for c in names if c not in dates]
    if any(c.lower() in TIME_NAMES for c in others):
        return False
    _melt(raw, dates, dates, _row_names(raw, others))
    raw.notes.append(f"{len(dates)} columns are dates: each row is read as a series")
    return True


def _is_date(name: str) -> bool:
    return bool(re.fullmatch(r"(1[89]|20|21)\d\d", name)) or (not name.isdigit() and parse_date(name) is not None)


def _unpivot_years(raw: RawTable, names: Sequence[str]) -> bool:
    """Make a table with one row per year and one column per month or quarter long; whether it was one."""
    year, *others = names
    years, months = raw.cells[year], _months_of(others)
    named = has_name(year, "year")
    if months is None or not (named or whole_numbers(years.dropna()).between(*PART_RANGES["year"]).all()):
        return False
    _melt(raw, others, [f"{month:02}" for month in months], None, years)
    raw.notes.append(f"{len(others)} columns are parts of the year {year!r}: read row by row")
    return True


def _months_of(names: Sequence[str]) -> list[int] | None:
    quarters = [re.fullmatch(r"[Qq](?:tr|TR)? ?([1-4])", name) for name in names]
    if len(names) == 4 and all(quarters):
        return [3 * int(found[1]) - 2 for found in quarters if found]
    numbers = [int(name) if name.isdigit() and len(name) < 3 else None for name in names]
    months = [number or month for number, month in zip(numbers, months_named(names), strict=True)]
    return months if len(names) == 12 and sorted(m or 0 for m in months) == list(range(1, 13)) else None  # type: ignore[return-value]


def _row_names(raw: RawTable, others: Sequence[str]) -> pd.Series | None:
    """The name of each row: the first column without duplicates, else all columns joined."""
    if not others or len(raw.cells) == 1:
        return None
    for column in others:
        if raw.cells[column].notna().all() and not raw.cells[column].duplicated().any():
            return raw.cells[column]
    texts = [raw.cells[c].map(lambda text: text or "") for c in others]
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
    long = {LONG_NAMES[1]: stamps, LONG_NAMES[2]: raw.cells[list(columns)].to_numpy(object).reshape(-1)}
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
