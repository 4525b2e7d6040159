"""The timestamps of a table: the columns that hold them, joined if there are several; or rows that are numbered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
import pandas as pd

from ...errors import DataError
from ..frequency import LIKELY_YEARS, Frequency
from ..zones import to_utc
from .dates import month_named, time_of_day
from .day_periods import read_periods
from .dialect import RawTable, shorten
from .numbers import is_numeric, sample_of
from .options import ReadOptions
from .timestamps import dates_share, on_clock, read_stamps, refuse_unread, whole_numbers, with_zone

TIME_NAMES = ("ds", "date", "datetime", "time", "timestamp", "month", "week", "day", "year", "quarter", "period")
CALENDAR_PARTS = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "año", "anno"),
    "quarter": ("quarter", "qtr", "quartal", "trimestre", "period"),
    "month": ("month", "mon", "mo", "mm", "mnth", "monat", "mois", "mes", "mese", "maand", "period"),
    "week": ("week", "wk", "kw", "weeknum", "week_number", "isoweek", "woche", "semaine", "semana", "settimana"),
    "day of the year": ("doy", "dayofyear", "day_of_year", "yday", "jday", "julian"),
    "day": (
        "day",
        "dy",
        "dd",
        "dom",
        "dayofmonth",
        "day_of_month",
        "date_of_month",
        "tag",
        "jour",
        "día",
        "giorno",
        "dag",
    ),
    "hour": ("hour", "hr", "hh", "hours", "stunde", "heure", "hora", "ora"),
    "minute": ("minute", "min", "minutes"),
}
PART_RANGES = {
    "year": LIKELY_YEARS,
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "day of the year": (1, 366),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 59),
}
CALENDAR_CHAINS = (  # parts that make up a timestamp, each from the year down; of equally long ones, the first
    ("year", "month", "day", "hour", "minute"),
    ("year", "day of the year", "hour", "minute"),
    ("year", "week"),
    ("year", "quarter"),
)
MIN_TIME_SHARE = 0.9  # of the cells of a column of dates, or of times of day
DEFAULT_START = "2001-01-01"  # of numbered rows; a Monday


@dataclass
class TimeColumn:
    """The timestamps of a table."""

    name: str  # of the column of timestamps in the long table
    stamps: pd.Series  # datetime64[ns], with a time zone if it is known, or int64, (n,)
    used: list[str]  # the columns of the file that hold them
    notes: list[str] = field(default_factory=list)  # what was inferred


def find_time(raw: RawTable, given: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The columns of the time: one, or several to be joined; none if no column holds times.

    A column of dates with a usual name is preferred, then any column of dates, then year, month, day and so on, then
    a column of whole numbers with a usual name. Columns that are `given` are taken as they are.
    """
    if given:
        return list(given)
    free = [str(c) for c in raw.cells if c not in taken]
    usual = sorted((c for c in free if c.lower() in TIME_NAMES), key=lambda c: TIME_NAMES.index(c.lower()))
    others = [c for c in free if c not in usual]
    dated = [c for c in usual if dates_share(raw.cells[c]) >= MIN_TIME_SHARE]
    # numbers alone may mean anything, unless the column has the name of a time
    if not dated or raw.cells[dated[0]].duplicated().any():
        dated += [c for c in others if _could_be_dates(raw.cells[c])]
    if dated:
        best = next((c for c in dated if "utc" in c.lower()), None) or _most_distinct(raw, dated)
        return [best, *_time_of_day_column(raw, best, [c for c in free if c != best])]
    parts = _calendar_parts(raw, free)
    if parts:
        return parts
    whole = [c for c in usual if whole_numbers(sample_of(raw.cells[c])).notna().all()]
    if not whole:
        return usual[:1]
    return [whole[0], *_time_of_day_column(raw, whole[0], [c for c in free if c != whole[0]])]


def _most_distinct(raw: RawTable, dated: Sequence[str]) -> str:
    """The first of these columns of dates, unless another one tells many more rows apart."""
    counts = {column: raw.cells[column].nunique() for column in dated}
    return next(column for column in dated if 2 * counts[column] >= max(counts.values()))


def _could_be_dates(column: pd.Series) -> bool:
    head = column.dropna().head(3)
    if not dates_share(head) or pd.to_numeric(head, errors="coerce").notna().all():
        return False
    return dates_share(column) >= MIN_TIME_SHARE


def _time_of_day_column(raw: RawTable, date: str, free: Sequence[str]) -> list[str]:
    """The column of the time of day, if the column of dates has none."""
    days = raw.cells[date]
    if sample_of(days).map(lambda text: ":" in str(text)).any():
        return []
    for column in free:
        sample = sample_of(raw.cells[column])
        if (
            len(sample)
            and time_of_day(str(sample.iloc[0])) is not None
            and sample.map(lambda text: time_of_day(str(text)) is not None).mean() >= MIN_TIME_SHARE
        ):
            return [column]
    if days.duplicated().any():
        numbered = next((c for c in free if read_periods(days, raw.cells[c])), None)
        if numbered is not None:
            return [numbered]
        return [c for c in free if c.lower() in CALENDAR_PARTS["hour"] and _in_range(raw.cells[c], "hour")][:1]
    return []


def _calendar_parts(raw: RawTable, free: Sequence[str]) -> list[str]:
    """The columns of year, month, day and so on, without a gap from the year down to the finest."""
    found = {
        part: next((c for c in free if c.lower() in names and _in_range(raw.cells[c], part)), None)
        for part, names in CALENDAR_PARTS.items()
    }
    whole = [
        [str(column) for column in takewhile(lambda column: column is not None, (found[part] for part in chain))]
        for chain in CALENDAR_CHAINS
    ]
    return max((columns for columns in whole if len(columns) > 1), key=len, default=[])


def _in_range(column: pd.Series, part: str) -> bool:
    numbers = _part_numbers(sample_of(column), part)
    low, high = PART_RANGES[part]
    coded = str(column.name).lower() != "period" or not is_numeric(column)  # a period 1 may be anything
    return len(numbers) > 0 and coded and bool(numbers.between(low, high).all())


def _part_numbers(column: pd.Series, part: str) -> pd.Series:
    """A column of one part of dates as numbers, NaN where a cell is none; Jan and M01 are months, Q1 is a quarter."""

    def number(text: str) -> int | None:
        code = re.fullmatch(rf"{part[0]}(\d\d?)", text.strip().lower())
        return int(code[1]) if code else month_named(text) if part == "month" else None

    named = part in ("month", "quarter") and column.notna().any() and not is_numeric(column)
    return whole_numbers(column.map(number, na_action="ignore") if named else column)


def read_time_column(raw: RawTable, names: Sequence[str], options: ReadOptions) -> TimeColumn:
    """The timestamps in these columns."""
    texts = raw.cells[names[0]] if len(names) == 1 else _join(raw, names)
    found, codes = read_stamps(texts, options.dates)
    name = " ".join(names) if len(names) > 1 else names[0]
    place = raw.place(name)
    if found.ambiguous is not None:
        raise DataError(
            f"{place}: dates such as {found.ambiguous!r} can be read day first or month first, and no date tells "
            "which. Choose one with `dates='dmy'` or `dates='mdy'`, or write them as 2024-12-31."
        )
    if found.without_year is not None:
        raise DataError(
            f"{place}: dates such as {found.without_year!r} have no year. Add it, or number the rows with `freq='D'` "
            "and `start='2024-12-31'`, or give the format of another date with `dates`."
        )
    bad = found.bad
    if bad.any():
        rows = np.flatnonzero(bad[codes] & (codes >= 0))
        remedy = "" if bad.all() else raw.without(rows)
        refuse_unread(f"{place}, line {raw.lines[rows[0]]}", str(texts.iloc[rows[0]]), remedy)
    found = on_clock(found, options.zone, options.freq)
    notes = [*found.notes]
    if len(names) > 1:
        listed = ", ".join(map(repr, names))
        notes.insert(0, f"timestamps joined from {len(names)} columns: {listed}; change with `time`")
    values = found.values.to_numpy()
    first, last = LIKELY_YEARS
    if isinstance(options.freq, str) and values.dtype.kind == "i" and ((values >= first) & (values <= last)).all():
        # years, which a frequency of dates such as YS needs as dates
        values = (values - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    if (codes < 0).any():
        stamps, note = _fill_missing(values, codes, raw, name)
        notes = [*notes, note]
    else:
        stamps = pd.Series(values[codes])
    return TimeColumn(name, with_zone(stamps, found.zone, found.days), [*names], notes)


def _join(raw: RawTable, names: Sequence[str]) -> pd.Series:
    """Several columns as one column of texts: year, month, day and so on, or a date and the time of day."""
    parts = {_part_of(raw.cells[c]): c for c in names}
    if "year" in parts and None not in parts and len(parts) == len(names):
        return _join_parts(raw, {str(part): raw.cells[c] for part, c in parts.items()})
    first, *others = (raw.cells[c] for c in names)
    joined = first.copy()
    for column in others:
        if periods := read_periods(first, column, min_days=1):
            joined = joined.str.replace(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", regex=True) + " " + periods.texts
            raw.notes.append(periods.note)
            continue
        column = column.str.replace(r"\s*[-–]\s*\d{1,2}:\d{2}$", "", regex=True)  # the end of an interval
        hour_only = column.str.fullmatch(r"\d{1,2}", na=False)
        joined = joined + " " + column.where(~hour_only, column.str.zfill(2) + ":00")
    return joined.where(joined.notna(), None)


def _part_of(column: pd.Series) -> str | None:
    """The part of a date that a column has the name of; of several, one that its cells can be."""
    parts = [part for part, usual in CALENDAR_PARTS.items() if str(column.name).lower() in usual]
    return next((part for part in parts if _in_range(column, part)), parts[0] if parts else None)


def _join_parts(raw: RawTable, parts: Mapping[str, pd.Series]) -> pd.Series:
    """Texts of dates from the columns of year, month, day, hour and so on."""
    numbers = {}
    for part, column in parts.items():
        found = _part_numbers(column, part)
        low, high = PART_RANGES[part]
        bad = ~found.between(low, high).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise DataError(
                f"{raw.place(column.name, row)}: {shorten(column.iloc[row])} is not a {part}. Correct it, or name "
                f"the columns of the time (`time`). {raw.without(np.flatnonzero(bad))}"
            )
        numbers[part] = found.astype(int).to_numpy()
    two_digits = "{:02}".format
    years = pd.Series(numbers["year"]).map("{:04}".format)
    if "week" in parts:
        texts = years + "-W" + pd.Series(numbers["week"]).map(two_digits)
    elif "day of the year" in parts:
        first = (numbers["year"] - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        texts = pd.Series((first + numbers["day of the year"] - 1).astype(str))
    else:
        months = 3 * numbers["quarter"] - 2 if "quarter" in parts else numbers.get("month", np.ones(len(years), int))
        texts = years + "-" + pd.Series(months).map(two_digits)
        texts = texts + "-" + pd.Series(numbers.get("day", np.ones(len(years), int))).map(two_digits)
    if "hour" in parts:
        minutes = pd.Series(numbers.get("minute", np.zeros(len(years), int))).map(two_digits)
        texts = texts + " " + pd.Series(numbers["hour"]).map(two_digits) + ":" + minutes
    return texts.astype(object)


def _fill_missing(values: np.ndarray, codes: np.ndarray, raw: RawTable, name: str) -> tuple[pd.Series, str]:
    """The timestamps of rows, with missing ones filled in if all others are evenly spaced; and a note.

    `codes` (n,) are the positions of the rows' timestamps among the distinct `values`, -1 where they are missing.
    """
    present, missing = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
    refusal = DataError(
        f"{raw.place(name, int(missing[0]))}: the timestamp is missing ({len(missing)} such line(s)). Fill it in, "
        f"or number all rows with `start` and `freq`. {raw.without(missing)}"
    )
    # a single last row without a timestamp may well be a total
    only_last = len(missing) == 1 and missing[0] == len(codes) - 1
    if len(present) < 3 or len(missing) > len(present) or only_last:
        raise refusal
    stamps = values[codes[present]]
    try:
        frequency = Frequency.infer(np.sort(stamps), np.array([0]))
    except DataError:
        raise refusal from None
    ordinals, on_grid = frequency.ordinals(stamps)
    first = ordinals[0] - present[0]
    if not on_grid.all() or (ordinals != first + present).any():
        raise refusal
    note = f"{len(missing)} missing timestamp(s) filled in, as all others are evenly spaced"
    return pd.Series(frequency.stamps(first + np.arange(len(codes)))), note


def number_rows(raw: RawTable, options: ReadOptions, ids: pd.Series | None) -> TimeColumn:
    """Timestamps for the rows of a table that has none; each series begins at the start."""
    position = np.arange(len(raw.cells)) if ids is None else ids.groupby(ids, sort=False).cumcount().to_numpy()
    name = next(name for name in ("ds", "stamp", "time of row") if name not in raw.cells)
    freq, start = options.freq, options.start
    if isinstance(freq, int):
        first = int(start) if start and start.lstrip("-").isdigit() else 1
        note = f"rows numbered {first}, {first + freq}, ..."
        return TimeColumn(name, pd.Series(first + position * freq), [], [note])
    found, _ = read_stamps(pd.Series([start or DEFAULT_START], dtype=object), options.dates)
    if found.bad.any() or found.values.dtype.kind != "M":
        raise DataError(f"`start={start!r}` is not a date. Write it as 2024-12-31.")
    first = found.values.to_numpy()[0]
    frequency = Frequency.named(freq or 1, first)
    ordinals, _ = frequency.ordinals(np.array([first]))
    if options.zone is not None and not frequency.counts_days:  # an hour is an hour when clocks change
        first = to_utc(np.array([first]), options.zone)[0]
        frequency = Frequency.named(freq or 1, first)
        ordinals = np.zeros(1, np.int64)
    stamps = frequency.stamps(ordinals[0] + position)
    note = f"rows taken as consecutive, {frequency.name}, from {str(stamps[0])[:10]}"
    return TimeColumn(
        name,
        with_zone(pd.Series(stamps), options.zone, frequency.counts_days),
        [],
        [note + ("" if start else "; give the true first date as `start`")],
    )
