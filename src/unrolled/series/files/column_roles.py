"""Which column tells series apart, and which is to be forecast."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from ...errors import DataError
from .dialect import Sheet
from .numbers import is_numeric, sample_of
from .time_columns import PARTS, TIME_NAMES
from .timestamps import whole_numbers

TARGET_NAMES = ("y", "target", "value")
ID_NAMES = ("unique_id", "id", "series", "series_id", "item_id", "item", "symbol", "ticker", "store", "name")
COUNTING = ("", "no", "nr", "no.", "index", "idx", "row", "rownum", "row_number", "unnamed: 0", "#", "id")
CALENDAR = {name for names in PARTS.values() for name in names} | {"weekday", "dayofweek", "week"}
JOINED = "/"  # between the names of several ids
ALMOST_NONE = 0.02  # share of stamps that may come twice in one series and are for aggregating


def join_names(columns: Iterable[object]) -> str:
    names = [str(name) for name in columns]
    return ", ".join(repr(name) for name in names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def named(sheet: Sheet, told: str | None) -> list[str]:
    """The columns that an option names: one, or several with commas between.

    Raises:
        DataError: there is no such column.
    """
    if told is None:
        return []
    names = [told] if told in sheet.cells else [part.strip() for part in told.split(",")]
    spaced = {str(c).strip(): str(c) for c in sheet.cells}
    for k, name in enumerate(names):
        names[k] = spaced.get(name, name)
        if names[k] not in sheet.cells:
            raise DataError(f"{sheet.name}: there is no column {told!r}; it has: {join_names(sheet.cells.columns)}.")
    return names


def find_ids(sheet: Sheet, stamps: pd.Series, taken: Sequence[str]) -> list[str]:
    """The columns that tell series apart, where stamps come more than once; none for a single series.

    A column with a usual name, else one of text, else one of codes, else two of them together.
    """
    cells = sheet.cells
    free = [str(c) for c in cells if c not in taken and str(c).lower() not in (*TARGET_NAMES, *TIME_NAMES)]
    usual = [c for c in free if c.lower() in ID_NAMES]
    if not stamps.duplicated().any():
        return [c for c in usual if c.lower() == "unique_id"][:1]
    free = [c for c in free if c in usual or not _mostly_missing(cells[c])]
    text = [c for c in free if c not in usual and not is_numeric(cells[c])]
    codes = [c for c in free if c not in (*usual, *text) and whole_numbers(sample_of(cells[c])).notna().all()]
    candidates = [*usual, *text, *codes]
    stamp_codes = pd.factorize(stamps)[0].astype(np.int64)
    numbers = {c: pd.factorize(cells[c])[0].astype(np.int64) for c in candidates}
    usable = [c for c in candidates if 1 <= numbers[c].max() + 1 <= len(stamps) / 2 and numbers[c].min() >= 0]

    def doubled(*columns: str) -> float:
        """Share of rows whose stamp comes twice in the series that these columns tell."""
        key = stamp_codes
        for column in columns:
            key = key * (int(numbers[column].max()) + 1) + numbers[column]
        return float(pd.Series(key).duplicated().mean())

    shares = {c: doubled(c) for c in usable}
    for most in (0.0, ALMOST_NONE):
        for column in usable:
            if shares[column] <= most and numbers[column].max() >= 1:
                return [column]
    for pair in combinations([c for c in usable if shares[c] < doubled()][:6], 2):
        if doubled(*pair) == 0:
            return list(pair)
    return []


def _mostly_missing(column: pd.Series) -> bool:
    return bool(column.isna().any())


def numeric_columns(sheet: Sheet, taken: Sequence[str]) -> list[str]:
    return [str(c) for c in sheet.cells if c not in taken and is_numeric(sheet.cells[c])]


def find_target(sheet: Sheet, time: str, ids: pd.Series | None, taken: Sequence[str]) -> tuple[str, list[str]]:
    """The column to forecast, and what was guessed.

    Raises:
        DataError: none holds numbers, or several do.
    """
    for name in TARGET_NAMES:
        for column in sheet.cells:
            if str(column).lower() == name and column not in taken:
                return str(column), []
    numeric = numeric_columns(sheet, taken)
    if len(numeric) == 1:
        return numeric[0], []
    if not numeric:
        raise DataError(
            f"{sheet.name}: no column holds numbers, apart from the time {time!r}; it has: "
            f"{join_names(sheet.cells.columns)}. Name the one to forecast with --target, or count rows with "
            "--aggregate count."
        )
    likely = [c for c in numeric if not _tells_nothing(sheet, c, ids)]
    if len(likely) == 1:
        return likely[0], [f"{likely[0]!r} is forecast: other numbers are constant or count rows; --target overrules"]
    candidates = likely or numeric
    best = max(candidates, key=lambda name: sheet.cells[name].nunique())  # a code or a calendar part repeats itself
    raise DataError(
        f"{sheet.name}: several columns hold numbers: {join_names(candidates)}. --wide takes each as a series. Say "
        f"which one to forecast, or several with commas between, such as --target {shlex.quote(best)}"
    )


def _tells_nothing(sheet: Sheet, column: str, ids: pd.Series | None) -> bool:
    """Whether a column counts the rows, or has one value a series, or names a part of the calendar."""
    cells = sheet.cells[column]
    if column.lower() in CALENDAR or (len(cells) > 2 and cells.nunique() == 1):
        return True
    if ids is not None and cells.groupby(ids.to_numpy(), sort=False).nunique().max() == 1:
        return True
    if not (column.lower() in COUNTING or column == "column 1"):
        return False
    numbers = whole_numbers(cells)
    return bool(numbers.notna().all() and (numbers.diff().iloc[1:] == 1).all())
