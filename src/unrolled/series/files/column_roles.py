"""The columns of series ids, and the column to forecast."""

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError
from ..date_words import bare_name
from .calendar_parts import is_calendar_name
from .day_periods import ID_NAMES
from .dialect import RawTable
from .numbers import has_several_units, has_suffixes, is_numeric, sample_of
from .time_columns import TIME_NAMES
from .times_of_day import is_time_of_day
from .timestamps import whole_numbers

TARGET_NAMES = ("y", "target", "value")
# words in names of columns that people forecast, chosen among several columns of numbers if one has such a name
TARGET_WORDS = {
    *("sales", "demand", "quantity", "qty", "units", "revenue", "turnover", "consumption", "load"),
    *("umsatz", "absatz", "verkauf", "nachfrage", "verbrauch", "verkoop", "verbruik"),
    *("ventes", "demande", "consommation", "ventas", "demanda", "consumo", "vendite", "consumi"),
}
ROW_NUMBER_NAMES = ("", "no", "nr", "no.", "index", "idx", "row", "rownum", "row_number", "unnamed: 0", "#", "id")
ID_SEPARATOR = "/"  # in the names and values of joined ids
MAX_DUPLICATE_SHARE = 0.02  # of rows whose timestamp occurs twice in one series; they are aggregated or refused later
# if fewer rows have the timestamp of another one, the series of a column without a usual name must be regular
MIN_DUPLICATE_SHARE_OF_SERIES = 1 / 3
MIN_KNOWN_SHARE_OF_SERIES = 0.9  # of the table's timestamps between the first and the last of a regular series
MIN_COUNTED_ROWS = 20  # below it, numbers that rise by 1 from row to row may well be values
MAX_LISTED_NAMES = 12
MAX_PLACES_PER_NUMBER = 8  # that are marked where numbers are counted; with more, these are hashed
MAX_ID_PAIR_COLUMNS = 6  # columns among which a pair of ids is searched


def list_names(columns: Iterable[object], most: int = MAX_LISTED_NAMES) -> str:
    """Names of columns in a message, so many at most."""
    names = [str(name) for name in columns]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def columns_of_option(raw: RawTable, value: str | None) -> list[str]:
    """The columns that the value of an option names: one, or several separated by commas."""
    if value is None:
        return []
    names = [value] if value in raw.cells else [part.strip() for part in value.split(",")]
    by_stripped_name = {name.strip(): name for name in raw.names}
    names = [by_stripped_name.get(name, name) for name in names]
    if any(name not in raw.cells for name in names):
        raise DataError(f"{raw.name}: there is no column {value!r}; it has: {list_names(raw.names)}.")
    return names


def find_ids(raw: RawTable, stamps: pd.Series, taken: Sequence[str]) -> list[str]:
    """The columns of series ids if timestamps occur more than once; none for a single series.

    A column with a usual name is preferred, then a column of texts, then one of whole numbers, then two of them.
    """
    cells = raw.cells
    reserved = (*TARGET_NAMES, *TIME_NAMES)
    free = [c for c in raw.names if not (c in taken or bare_name(c) in reserved or is_calendar_name(c))]
    usual = [c for c in free if c.lower() in ID_NAMES]
    times = stamps.array
    if (times[1:] > times[:-1]).all() or not stamps.duplicated().any():  # in order, no hashing is needed
        return [c for c in usual if c.lower() == "unique_id"][:1]
    free = [c for c in free if c in usual or (cells[c].notna().all() and not is_time_of_day(cells[c]))]
    numeric = numeric_columns(raw, taken)
    text = [c for c in free if c not in (*usual, *numeric)]
    # the target is a column of numbers, too; numbers with units, such as "250 ml", may be names
    others = [c for c in numeric if c in free and c not in usual] if len(numeric) > 1 else []
    whole = [c for c in others if whole_numbers(sample_of(cells[c])).notna().all() or has_suffixes(cells[c])]
    candidates = [*usual, *text, *whole]
    stamp_codes = pd.factorize(stamps)[0].astype(np.int64)
    codes = {c: pd.factorize(cells[c])[0].astype(np.int64) for c in candidates}
    usable = [c for c in candidates if 1 <= codes[c].max() + 1 <= len(stamps) / 2 and codes[c].min() >= 0]

    def duplicate_share(*columns: str) -> float:
        """The share of rows whose timestamp occurred before in the same series, if these columns are the ids."""
        key, count = stamp_codes, int(stamp_codes.max()) + 1
        for column in columns:
            key, count = codes[column] * count + key, count * (int(codes[column].max()) + 1)
        # a table in the order of series and time needs no counting
        return 0.0 if (key[1:] > key[:-1]).all() else 1 - _count_distinct(key, count) / len(key)

    shares, without_ids = {c: duplicate_share(c) for c in usable}, duplicate_share()
    if without_ids <= MAX_DUPLICATE_SHARE:  # a single series with some mistakes, unless a name tells otherwise
        usable = [c for c in usable if c in usual]
    for most in (0.0, MAX_DUPLICATE_SHARE):
        for column in usable:
            if shares[column] > most or codes[column].max() < 1:
                continue
            several = column in usual or without_ids >= MIN_DUPLICATE_SHARE_OF_SERIES
            if several or _known_share(stamps, codes[column]) >= MIN_KNOWN_SHARE_OF_SERIES:
                return [column]
    for pair in combinations([c for c in usable if shares[c] < without_ids][:MAX_ID_PAIR_COLUMNS], 2):
        if duplicate_share(*pair) == 0:
            return list(pair)
    return []


def _count_distinct(numbers: Array, end: int) -> int:
    """How many different numbers there are among some of 0 .. end - 1, (n,)."""
    if end > MAX_PLACES_PER_NUMBER * len(numbers):
        return len(pd.unique(numbers))
    found = np.zeros(end, bool)
    found[numbers] = True
    return int(found.sum())


def _known_share(stamps: pd.Series, codes: Array) -> float:
    """The share of the table's timestamps, between the first and the last of each series, that this series has.

    `codes` (n,) are the numbers of the rows' series. It is low for texts that change from row to row, such as the
    weather.
    """
    position = pd.Series(np.unique(stamps, return_inverse=True)[1])
    of_series = position.groupby(codes)
    return len(position) / float((of_series.max() - of_series.min() + 1).sum())


def numeric_columns(raw: RawTable, taken: Sequence[str]) -> list[str]:
    """The columns of numbers that have no other role."""
    return [c for c in raw.names if c not in taken and is_numeric(raw.cells[c])]


def find_target(raw: RawTable, time: str, ids: pd.Series | None, taken: Sequence[str]) -> tuple[str, list[str]]:
    """The column to forecast, and notes; a `DataError` asks for it if no column holds numbers, or several do."""
    for name in TARGET_NAMES:
        for column in raw.names:
            if column.lower() == name and column not in taken:
                return column, []
    numeric = numeric_columns(raw, taken)
    # reading a column of several units names a cell whose unit differs
    numeric = numeric or [c for c in raw.names if c not in taken and has_several_units(raw.cells[c])][:1]
    if len(numeric) == 1:
        return numeric[0], []
    if not numeric:
        raise DataError(
            f"{raw.name}: no column holds numbers, apart from the time {time!r}; it has: "
            f"{list_names(raw.names)}. Name the column of values with `target`, or count rows with "
            "`aggregate='count'`."
        )
    informative = [c for c in numeric if not _is_uninformative(raw, c, ids)]
    if len(informative) == 1:
        note = f"{informative[0]!r} is the target, as other numbers are constant or count rows; change with `target`"
        return informative[0], [note]
    candidates = informative or numeric
    usual = [c for c in candidates if TARGET_WORDS.intersection(re.split(r"[\W\d_]+", c.lower()))]
    if len(usual) == 1:
        others = [c for c in candidates if c not in usual]
        return usual[0], [
            f"{usual[0]!r} is the target by its name, beside {list_names(others)}; change with `target`"
        ]
    candidates = usual or candidates
    best = max(candidates, key=lambda name: raw.cells[name].nunique())  # codes and parts of dates have few values
    raise DataError(
        f"{raw.name}: several columns hold numbers: {list_names(candidates)}. `wide=True` takes each as a series. "
        f"Name the target, or several separated by commas, such as `target={best!r}`"
    )


def _has_one_value_each(codes: Array, series: Array) -> bool:
    """Whether all known values of each series are the same; `codes` are the numbers of the values, (n,)."""
    known = codes >= 0
    pairs = np.unique(series[known].astype(np.int64) * (int(codes.max()) + 1) + codes[known])
    return len(pairs) > 0 and len(pairs) == len(np.unique(series[known]))


def _is_uninformative(raw: RawTable, column: str, ids: pd.Series | None) -> bool:
    """Whether a column counts the rows, has one value per series, or holds a part of the date."""
    cells = raw.cells[column]
    if is_calendar_name(column) or (len(cells) > 2 and cells.nunique() == 1):
        return True
    series = None if ids is None else pd.factorize(ids)[0]
    if series is not None and _has_one_value_each(pd.factorize(cells)[0], series):
        return True
    if len(cells) < MIN_COUNTED_ROWS and not (column.lower() in ROW_NUMBER_NAMES or column == "column 1"):
        return False
    numbers = whole_numbers(cells)
    steps = numbers.diff() if series is None else numbers.groupby(series).diff()
    return any(bool((one.dropna() == 1).all() and numbers.notna().all()) for one in (steps, numbers.diff()))
