"""Which columns tell the time, joined where it stands in several, and their stamps; or rows that are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...errors import DataError
from ..frequency import Frequency
from .dates import month_named, time_of_day
from .dialect import Sheet, shorten
from .numbers import is_numeric, sample_of
from .options import ReadOptions
from .timestamps import dates_share, read_stamps, refuse_unread, whole_numbers

TIME_NAMES = ("ds", "date", "datetime", "time", "timestamp", "month", "week", "day", "year", "quarter", "period")
PARTS = {
    "year": ("year", "yr", "yyyy", "jahr", "année", "año", "anno"),
    "quarter": ("quarter", "qtr", "quartal"),
    "month": ("month", "mon", "mo", "mnth", "monat", "mois", "mes", "mese"),
    "day": ("day", "dom", "dayofmonth", "tag", "jour", "día", "giorno"),
    "hour": ("hour", "hr", "hours", "stunde", "heure", "hora", "ora"),
    "minute": ("minute", "min", "minutes"),
}
RANGES = {
    "year": (1700, 2200),
    "quarter": (1, 4),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 59),
}
ENOUGH = 0.9
BEGIN = "2001-01-01"  # of rows that are numbered and told no start; a Monday


@dataclass
class TimeColumn:
    """The stamps of a sheet.

    Attributes:
        name: of the column they are called by.
        stamps: datetime64[ns] or int64, (n,).
        used: the columns of the file that tell them.
        notes: what was guessed.
    """

    name: str
    stamps: pd.Series
    used: list[str]
    notes: list[str] = field(default_factory=list)


def find_time(sheet: Sheet, told: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The columns that tell the time: one, or several to be joined; none where nothing reads as a time.

    A column with a usual name that reads as dates, else any that does, else year, month, day and so on, else a usual
    name with whole numbers.
    """
    if told:
        return list(told)
    free = [str(c) for c in sheet.cells if c not in taken]
    usual = sorted((c for c in free if c.lower() in TIME_NAMES), key=lambda c: TIME_NAMES.index(c.lower()))
    others = [c for c in free if c not in usual]
    dated = [c for c in usual if dates_share(sheet.cells[c]) >= ENOUGH]
    # a bare number may be anything, unless its column is named like a time
    dated = dated or [c for c in others if _could_be_dates(sheet.cells[c])]
    if dated:
        best = next((c for c in dated if "utc" in c.lower()), dated[0])
        return [best, *_time_beside(sheet, best, [c for c in free if c != best])]
    parts = _calendar_parts(sheet, free)
    if parts:
        return parts
    whole = [c for c in usual if whole_numbers(sample_of(sheet.cells[c])).notna().all()]
    return whole[:1] or usual[:1]


def _could_be_dates(column: pd.Series) -> bool:
    head = column.dropna().head(3)
    if not dates_share(head) or pd.to_numeric(head, errors="coerce").notna().all():
        return False
    return dates_share(column) >= ENOUGH


def _time_beside(sheet: Sheet, date: str, free: Sequence[str]) -> list[str]:
    """The column with the time of day, beside one with days that has none."""
    days = sheet.cells[date]
    if sample_of(days).map(lambda text: ":" in str(text)).any():
        return []
    for column in free:
        sample = sample_of(sheet.cells[column])
        if (
            len(sample)
            and time_of_day(str(sample.iloc[0])) is not None
            and sample.map(lambda text: time_of_day(str(text)) is not None).mean() >= ENOUGH
        ):
            return [column]
    if days.duplicated().any():
        return [c for c in free if c.lower() in PARTS["hour"] and _in_range(sheet.cells[c], "hour")][:1]
    return []


def _calendar_parts(sheet: Sheet, free: Sequence[str]) -> list[str]:
    """Columns for year, month, day and so on, down to the finest that is there without a gap."""
    found = {
        part: next((c for c in free if c.lower() in names and _in_range(sheet.cells[c], part)), None)
        for part, names in PARTS.items()
    }
    if found["year"] is None or not (found["quarter"] or found["month"]):
        return []
    if not found["month"]:
        return [found["year"], found["quarter"]]  # type: ignore[list-item]
    chosen = []
    for part in ("year", "month", "day", "hour", "minute"):
        if found[part] is None:
            break
        chosen.append(str(found[part]))
    return chosen


def _in_range(column: pd.Series, part: str) -> bool:
    sample = sample_of(column)
    if part == "month" and len(sample) and sample.map(lambda text: month_named(str(text)) is not None).all():
        return True
    numbers = whole_numbers(sample)
    low, high = RANGES[part]
    return len(numbers) > 0 and bool(numbers.between(low, high).all())


# --- stamps -----------------------------------------------------------------------------------------


def read_time_column(sheet: Sheet, names: Sequence[str], reading: ReadOptions) -> TimeColumn:
    """The stamps that these columns tell.

    Raises:
        DataError: a cell is missing or is no stamp, with its line.
    """
    texts = sheet.cells[names[0]] if len(names) == 1 else _joined(sheet, names)
    found, codes = read_stamps(texts, reading.dates)
    name = " ".join(names) if len(names) > 1 else names[0]
    place = f"{sheet.name}, column {shorten(name)}"
    if found.open is not None:
        raise DataError(
            f"{place}: dates such as {found.open!r} can be read day first or month first, and none decides. "
            "Say which with --dates dmy or --dates mdy, or write them as 2024-12-31."
        )
    bad = found.bad
    if bad.any():
        row = int(np.flatnonzero(bad[codes] & (codes >= 0))[0])
        refuse_unread(f"{place}, line {sheet.lines[row]}", str(texts.iloc[row]), not bad.all())
    notes = [*found.notes]
    if len(names) > 1:
        notes.insert(0, f"the time stands in {len(names)} columns: {', '.join(map(repr, names))}; --time overrules")
    values = found.values.to_numpy()
    if isinstance(reading.freq, str) and values.dtype.kind == "i" and ((values >= 1700) & (values <= 2200)).all():
        values = (values - 1970).astype("datetime64[Y]").astype("datetime64[ns]")  # years, as --freq YS takes them
    if (codes < 0).any():
        return _without_holes(sheet, TimeColumn(name, pd.Series(dtype=object), [*names], notes), values, codes, place)
    return TimeColumn(name, pd.Series(values[codes]), [*names], notes)


def _joined(sheet: Sheet, names: Sequence[str]) -> pd.Series:
    """Several columns as one of texts: parts of a calendar, or a date and the time of day."""
    parts = {part: c for part, known in PARTS.items() for c in names if c.lower() in known}
    if "year" in parts and len(parts) == len(names):
        return _from_parts(sheet, {part: sheet.cells[c] for part, c in parts.items()})
    first, *others = (sheet.cells[c] for c in names)
    joined = first.copy()
    for column in others:
        bare = column.str.fullmatch(r"\d{1,2}", na=False)
        joined = joined + " " + column.where(~bare, column.str.zfill(2) + ":00")
    return joined.where(joined.notna(), None)


def _from_parts(sheet: Sheet, parts: dict[str, pd.Series]) -> pd.Series:
    """Year, month, day, hour and minute as texts of dates."""
    numbers = {}
    for part, column in parts.items():
        texts = column
        if part == "month" and column.notna().any() and not is_numeric(column):
            texts = column.map(lambda text: month_named(text) if text is not None else None)
        numbers[part] = whole_numbers(texts)
        low, high = RANGES[part]
        bad = ~(numbers[part].between(low, high)).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise DataError(
                f"{sheet.place(column.name, row)}: {shorten(column.iloc[row])} is not a {part}. Correct it, or name "
                "the columns of the time with --time."
            )
    year, two = numbers["year"].astype(int), "{:02}".format
    month = 3 * numbers["quarter"] - 2 if "quarter" in parts and "month" not in parts else numbers.get("month", 1)
    texts = year.map("{:04}".format) + "-" + (year * 0 + month).astype(int).map(two)
    texts = texts + "-" + (year * 0 + numbers.get("day", 1)).astype(int).map(two)
    if "hour" in parts:
        minutes = (year * 0 + numbers.get("minute", 0)).astype(int).map(two)
        texts = texts + " " + numbers["hour"].astype(int).map(two) + ":" + minutes
    return texts.astype(object)


def _without_holes(sheet: Sheet, clock: TimeColumn, values: np.ndarray, codes: np.ndarray, place: str) -> TimeColumn:
    """Stamps that are missing follow from their neighbours, where all others lie evenly on the rows."""
    known = np.flatnonzero(codes >= 0)
    holes = np.flatnonzero(codes < 0)
    refusal = DataError(
        f"{place}, line {sheet.lines[int(holes[0])]}: the stamp is missing ({len(holes)} such line(s)). Fill it in "
        "or delete the line, or number all rows with --start and --freq."
    )
    # one last row without a stamp may well be a sum
    if len(known) < 3 or len(holes) > len(known) or (len(holes) == 1 and holes[0] == len(codes) - 1):
        raise refusal
    stamps = values[codes[known]]
    try:
        step = Frequency.infer(np.sort(stamps), np.array([0]))
    except DataError:
        raise refusal from None
    ordinals, on_grid = step.ordinals(stamps)
    first = ordinals[0] - known[0]
    if not on_grid.all() or (ordinals != first + known).any():
        raise refusal
    clock.stamps = pd.Series(step.stamps(first + np.arange(len(codes))))
    clock.notes.append(f"{len(holes)} missing stamp(s) filled in: all others follow each other row by row")
    return clock


# --- rows without stamps ----------------------------------------------------------------------------


def number_rows(sheet: Sheet, reading: ReadOptions, ids: pd.Series | None) -> TimeColumn:
    """Stamps for the rows of a table that has none; each series begins at the start."""
    place = np.arange(len(sheet.cells)) if ids is None else ids.groupby(ids, sort=False).cumcount().to_numpy()
    name = next(name for name in ("ds", "stamp", "time of row") if name not in sheet.cells)
    freq, start = reading.freq, reading.start
    if isinstance(freq, int):
        first = int(start) if start and start.lstrip("-").isdigit() else 1
        return TimeColumn(name, pd.Series(first + place * freq), [], [f"rows numbered {first}, {first + freq}, ..."])
    found, _ = read_stamps(pd.Series([start or BEGIN], dtype=object), reading.dates)
    if found.bad.any() or found.values.dtype.kind != "M":
        raise DataError(f"--start {start!r} is not a date. Write it as 2024-12-31.")
    first = found.values.to_numpy()[0]
    step = Frequency.named(freq or 1, first)
    ordinals, _ = step.ordinals(np.array([first]))
    stamps = step.stamps(ordinals[0] + place)
    told = f"the rows follow each other, {step.name}, from {str(stamps[0])[:10]}"
    return TimeColumn(name, pd.Series(stamps), [], [told + ("" if start else "; --start tells the true date")])
