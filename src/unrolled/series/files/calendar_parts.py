"""Parts of dates in several columns: their names and numbers, which belong together, and how they are joined."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd

from ...errors import DataError
from ..date_codes import known_share
from ..date_words import PART_NAMES, bare_name, fold, half_of_day, months_named, names_part
from ..frequency import LIKELY_YEARS
from .dates import HALF_YEARS, QUARTERS, ROMAN
from .day_periods import read_periods
from .dialect import RawTable, shorten
from .numbers import sample_of
from .texts import as_objects, distinct_texts, each_text
from .times_of_day import as_clock, is_half_of_day
from .timestamps import (
    read_stamps,
    whole_numbers,
)

CALENDAR_PARTS = {  # names of columns besides those of the parts in many languages
    "year": ("yr", "yy", "yyyy"),
    "half": ("halfyear", "half_year", "period", *(name for name in HALF_YEARS if len(name) > 1)),
    "quarter": ("period", *(name for name in QUARTERS if len(name) > 1)),
    "month": ("mon", "mo", "mm", "mnth", "period"),
    "week": ("wk", "kw", "weeknum", "week_number", "isoweek"),
    "day of the year": ("doy", "dayofyear", "day_of_year", "yday", "jday", "julian"),
    "day": ("dy", "dd", "dom", "dayofmonth", "day_of_month", "date_of_month"),
    "dekad": ("dekade", "decade", "decada"),
    "weekday": ("dayofweek", "day_of_week", "dow", "wochentag"),
    "hour": ("hr", "hh", "hours"),
    "minute": ("min", "mm", "minutes"),
}
PART_RANGES = {
    "year": LIKELY_YEARS,
    "half": (1, 2),
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "day of the year": (1, 366),
    "day": (1, 31),
    "dekad": (1, 3),
    "weekday": (1, 7),
    "hour": (0, 24),
    "minute": (0, 59),
}
CALENDAR_CHAINS = (  # parts that make up a timestamp, each from the year down; of equally long ones, the first
    ("year", "month", "day", "hour", "minute"),
    ("year", "day of the year", "hour", "minute"),
    ("year", "month", "dekad"),
    ("year", "week", "weekday"),
    ("year", "quarter"),
    ("year", "half"),
)
NUMBERED = {"half": HALF_YEARS, "quarter": QUARTERS, "month": ("m",), "dekad": ("d", "dekad")}  # as in H1 and Q1
NUMBER = re.compile(
    r"(?:(?P<before>[^\W\d_]+)[ .]*)??(?P<number>\d\d?|iv|i{1,3})(?:st|nd|rd|th|er|e|o|[ºª.])?"
    r"(?: *(?P<after>[^\W\d_]+)\.?)?"
)
MAX_COMPARED_ROWS = 2000  # of tables whose columns may be different parts of a date


def calendar_parts(raw: RawTable, free: Sequence[str]) -> list[str]:
    """The columns of year, month, day and so on, without a gap from the year down to the finest."""
    return max((_columns_of(raw, free, chain) for chain in CALENDAR_CHAINS), key=len) or []


def _columns_of(raw: RawTable, free: Sequence[str], chain: Sequence[str]) -> list[str]:
    """The columns of these parts of dates, as far as there are; none if there are fewer than two."""
    found: list[str] = []
    for part in chain:
        own = (c for c in free if c not in found and has_name(c, part) and in_range(raw.cells[c], part))
        if (column := next(own, None)) is None:
            break
        found.append(column)
    return found if len(found) > 1 else []


def has_name(name: str, part: str) -> bool:
    """Whether a column has a name of this part of a date."""
    named = "day" if part == "weekday" else part
    return fold(bare_name(name)) in (part, *CALENDAR_PARTS[part]) or (named in PART_NAMES and names_part(name, named))


def is_calendar_name(name: str) -> bool:
    """Whether a column has the name of some part of a date."""
    return any(has_name(name, part) for part in CALENDAR_PARTS)


def in_range(column: pd.Series, part: str) -> bool:
    """Whether a sample of a column can be this part of dates."""
    sample = sample_of(column)
    numbers = _part_numbers(sample, part)
    low, high = PART_RANGES[part]
    # a period 1 or II may be anything, but Q1 and M01 tell what they are
    untold = bare_name(str(column.name)) == "period" and sample.str.match(r"(?i)\d|[iv]+$").any()
    return len(numbers) > 0 and not untold and bool(numbers.between(low, high).all())


def _part_numbers(column: pd.Series, part: str) -> pd.Series:
    """A column of one part of dates as numbers, NaN where a cell is none; Jan and M01 are months, Q1 is a quarter."""
    numbers = whole_numbers(column)
    if part not in NUMBERED or not (numbers.isna() & column.notna()).any():
        return numbers
    numbers = numbers.fillna(each_text(column, lambda texts: texts.map(lambda text: _numbered(text, part))))
    if part == "month":
        numbers = numbers.fillna(each_text(column, months_named))
    return numbers.astype(float)


def _numbered(text: str, part: str) -> float:
    """The number of a part of dates in a text such as Q1, 1st quarter or III; NaN for others."""
    found = NUMBER.fullmatch(fold(text.strip()))
    words = [word for word in (found["before"], found["after"]) if word] if found else ["none"]
    if found is None or not all(word in NUMBERED[part] for word in words):
        return np.nan
    return float(ROMAN.get(found["number"]) or found["number"])


def join_columns(raw: RawTable, names: Sequence[str]) -> tuple[pd.Series, list[str]]:
    """Several columns as one column of texts: year, month and so on, or a date and the time of day; and notes."""
    notes: list[str] = []
    halves = [name for name in names[1:] if is_half_of_day(raw.cells[name])]
    if halves:
        texts, notes = join_columns(raw, [name for name in names if name not in halves])
        return _with_half(texts, raw.cells[halves[0]]), notes
    if parts := _assign_parts(raw, names):
        year = as_objects(raw.cells[parts["year"]])
        if year.isna().any() and year.iloc[0] is not None:  # cells that a spreadsheet has merged
            year = year.ffill()
            notes = [f"empty cells of {parts['year']!r} read as the year above them"]
        notes += [f"{c!r} read as the {part}" for part, c in parts.items() if not is_calendar_name(c)]
        columns = {part: year if part == "year" else as_objects(raw.cells[c]) for part, c in parts.items()}
        return _join_parts(raw, columns), notes
    first, *others = (as_objects(raw.cells[c]) for c in names)
    joined = first.str.replace(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", regex=True)
    for column in others:
        if periods := read_periods(first, column, min_days=1):
            joined = joined + " " + periods.texts
            raw.notes.append(periods.note)
        else:
            clock, own = as_clock(column)
            joined, notes = joined + " " + clock, [*notes, *own]
    return joined.where(joined.notna(), None), notes


def _with_half(texts: pd.Series, halves: pd.Series) -> pd.Series:
    """Dates and times of day, (n,), with the half of the day of each row, unless hours count up to 24."""
    hours = texts.str.extract(r"\b(\d{1,2}):\d\d")[0].astype(float)
    if hours.max() > 12:
        return texts
    clock = texts.str.replace(r"\b00?(:\d\d)", r"12\1", regex=True).where(hours.notna(), texts + " 12:00")
    return clock + " " + each_text(halves, lambda words: words.map(half_of_day))


def _assign_parts(raw: RawTable, names: Sequence[str]) -> dict[str, str]:
    """The column of each part of a date, from the year down; none if the columns are a date and a time of day.

    A column whose name tells no part may be each part whose range its numbers keep. Of several ways, the one is
    chosen whose timestamps follow each other with the fewest gaps.
    """
    possible = {name: _possible_parts(raw.cells[name]) for name in names}
    ways = [
        dict(zip(chain, order, strict=False))
        for chain in CALENDAR_CHAINS
        if len(chain) >= len(names)
        for order in permutations(names)
        if all(part in possible[name] for part, name in zip(chain, order, strict=False))
    ]
    if len(ways) < 2:
        return ways[0] if ways else {}
    head = replace(raw, cells=raw.cells.head(MAX_COMPARED_ROWS).reset_index(drop=True))

    def share(way: Mapping[str, str]) -> float:
        columns = {part: as_objects(head.cells[c]) for part, c in way.items()}
        columns["year"] = columns["year"].ffill()
        try:
            _, texts = distinct_texts(_join_parts(head, columns))
        except DataError:
            return -1.0
        return known_share(read_stamps(texts, "ymd")[0].values)

    return max(ways, key=share)


def _possible_parts(column: pd.Series) -> list[str]:
    """The parts of a date that a column can hold: those that its name tells, else those whose range it keeps."""
    named = [part for part in CALENDAR_PARTS if has_name(str(column.name), part)]
    fitting = [part for part in named or CALENDAR_PARTS if in_range(column, part)]
    return fitting or named[:1]


def _join_parts(raw: RawTable, parts: Mapping[str, pd.Series]) -> pd.Series:
    """Texts of dates from the columns of year, month, day, hour and so on."""
    numbers = {}
    for part, column in parts.items():
        found = _part_numbers(column, part)
        low, high = PART_RANGES[part]
        bad = ~found.between(low, high).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            fault = (
                f"the {part} is missing"
                if column.iloc[row] is None
                else f"{shorten(column.iloc[row])} is not a {part}"
            )
            raise DataError(
                f"{raw.place(column.name, row)}: {fault}. Correct it, or name "
                f"the columns of the time (`time`). {raw.without(np.flatnonzero(bad))}"
            )
        numbers[part] = found.astype(int).to_numpy()
    two_digits = "{:02}".format
    years = pd.Series(numbers["year"]).map("{:04}".format)
    if "week" in parts:
        texts = years + "-W" + pd.Series(numbers["week"]).map(two_digits)
        texts = texts + "-" + pd.Series(numbers["weekday"]).astype(str) if "weekday" in parts else texts
    elif "day of the year" in parts:
        first = (numbers["year"] - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        texts = pd.Series((first + numbers["day of the year"] - 1).astype(str))
    else:
        ones = np.ones(len(years), int)
        months = 3 * numbers.get("quarter", 2 * numbers.get("half", ones) - 1) - 2
        days = 10 * numbers.get("dekad", ones) - 9
        texts = years + "-" + pd.Series(numbers.get("month", months)).map(two_digits)
        texts = texts + "-" + pd.Series(numbers.get("day", days)).map(two_digits)
    if "hour" in parts:
        minutes = pd.Series(numbers.get("minute", np.zeros(len(years), int))).map(two_digits)
        texts = texts + " " + pd.Series(numbers["hour"]).map(two_digits) + ":" + minutes
    return texts.astype(object)
