"""Tables that are not long: a column a series, a column a month, a column a date; they become long ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .column_roles import JOINED, TARGET_NAMES
from .dates import month_named, parse_date
from .dialect import Sheet
from .numbers import is_numeric
from .time_columns import PARTS, TIME_NAMES
from .timestamps import whole_numbers

FEWEST = 3  # columns that must be dates before a table is taken to have dates across
ACROSS = ("series", "date", "value")  # what the columns of a table are called that had dates across


def unpivot(sheet: Sheet) -> bool:
    """Make a table long, in place, whose columns are months or dates; whether it was one."""
    names = [str(c) for c in sheet.cells]
    if len(names) > FEWEST and _months_across(sheet, names):
        return True
    heads = [c for c in names if _is_date(c)]
    if len(heads) < FEWEST or len(heads) < len(names) - 10:
        return False
    others = [c for c in names if c not in heads]
    if any(c.lower() in TIME_NAMES for c in others):
        return False
    _melt(sheet, heads, heads, _row_names(sheet, others))
    sheet.notes.append(f"{len(heads)} columns are dates: each row is a series")
    return True


def _is_date(name: str) -> bool:
    return bool(re.fullmatch(r"(1[89]|20|21)\d\d", name)) or (not name.isdigit() and parse_date(name) is not None)


def _months_across(sheet: Sheet, names: Sequence[str]) -> bool:
    """A row a year, a column a month or quarter."""
    year, *others = names
    if year.lower() not in PARTS["year"] and not whole_numbers(sheet.cells[year].dropna()).between(1700, 2200).all():
        return False
    months = _months_of(others)
    if months is None:
        return False
    years = sheet.cells[year]
    _melt(sheet, others, [f"{month:02}" for month in months], None, years)
    sheet.notes.append(f"{len(others)} columns are parts of the year {year!r}: read row by row")
    return True


def _months_of(names: Sequence[str]) -> list[int] | None:
    quarters = [re.fullmatch(r"[Qq](?:tr|TR)? ?([1-4])", name) for name in names]
    if len(names) == 4 and all(quarters):
        return [3 * int(found[1]) - 2 for found in quarters if found]
    months = [int(name) if name.isdigit() and len(name) < 3 else month_named(name) for name in names]
    return months if len(names) == 12 and sorted(m or 0 for m in months) == list(range(1, 13)) else None  # type: ignore[return-value]


def _row_names(sheet: Sheet, others: Sequence[str]) -> pd.Series | None:
    """What tells the rows apart: the first column that does, else all texts together."""
    if not others or len(sheet.cells) == 1:
        return None
    for column in others:
        if sheet.cells[column].notna().all() and not sheet.cells[column].duplicated().any():
            return sheet.cells[column]
    texts = [sheet.cells[c].map(lambda text: text or "") for c in others]
    return pd.Series([JOINED.join(row) for row in zip(*texts, strict=True)], dtype=object)


def _melt(
    sheet: Sheet, columns: Sequence[str], heads: Sequence[str], ids: pd.Series | None, years: pd.Series | None = None
) -> None:
    """Every cell of these columns a row of its own, row by row of the file."""
    rows, count = len(sheet.cells), len(columns)
    stamps = np.tile(np.array(heads, object), rows)
    if years is not None:
        stamps = np.array([None if y is None else f"{y}-{h}" for y in years for h in heads], object)
    long = {ACROSS[1]: stamps, ACROSS[2]: sheet.cells[list(columns)].to_numpy(object).reshape(-1)}
    if ids is not None:
        long = {ACROSS[0]: np.repeat(ids.to_numpy(object), count), **long}
    sheet.cells = pd.DataFrame(long, dtype=object)
    sheet.lines = np.repeat(np.asarray(sheet.lines), count).tolist()


def series_across(sheet: Sheet, numeric: Sequence[str], taken: Sequence[str]) -> bool:
    """Whether clearly each column is a series: nothing else is there, and names differ in a number only."""
    rest = [str(c) for c in sheet.cells if c not in taken]
    if len(numeric) < FEWEST or len(rest) != len(numeric):
        return False
    if any(c.lower() in TARGET_NAMES for c in rest):
        return False
    stems = {re.sub(r"\d+$", "", c) for c in rest}
    return len(stems) == 1 and all(c[-1:].isdigit() for c in rest) and all(is_numeric(sheet.cells[c]) for c in rest)
