"""A column of texts as timestamps: dates in a format that fits the whole column, or whole numbers."""

import functools
import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NoReturn

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError, InputError
from ..date_codes import choose_reading, known_share
from ..date_words import WEEKDAYS, fold, is_month, months_of, names_part
from ..frequency import LIKELY_YEARS
from ..stamps import Times, in_zone
from ..zones import UTC, checked_zone, offset_name, to_local, to_utc, zone_of_offsets
from .dates import AMBIGUOUS_ZONES, MINUTE, ZONES, DateParts, parse_date, time_of_day
from .dialect import shorten
from .numbers import missing, spread

ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
MONTH_LENGTH = len("2024-12")
LENGTHS_WITHOUT_OFFSET = {MONTH_LENGTH, *map(len, ("2024-12-31", "2024-12-31 18:00", "2024-12-31 18:00:00"))}
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
MAX_WHOLE_NUMBER = 2**53  # float64 can't represent every larger whole number
FIRST_YEAR, LAST_YEAR = 1678, 2261  # the range of 64-bit nanoseconds
MIN_DATES_SHARE = 0.9  # of cells that can be read, or of periods that have one
MIN_CODES = 5  # distinct numbers that show that they are dates
FIRST_DATES = {"MS": "2024-12-01", "QS": "2024-10-01"}  # examples of the first date of numbered rows, by frequency
CHANGE_TO_NUMBERS = "change with `dates='number'`"
FIELDS = {"dmy": [2, 1, 0], "mdy": [2, 0, 1], "ymd": [0, 1, 2]}  # where dates have year, month and day, by `dates`
DIGITS = {"dmy": "%d%m%Y", "mdy": "%m%d%Y", "ymd": "%Y%m%d"}  # dates without separators, by `dates`


@dataclass
class ParsedStamps:
    """The distinct texts of a column as timestamps."""

    values: pd.Series  # datetime64[ns] or int64 of each distinct text, NaT where it can't be read
    notes: list[str]  # what was inferred
    times: Times | None = None  # of each distinct text, if all can be read and have a time zone
    refusal: str | None = None  # why the column can't be read, with a remedy; None if that depends on the text
    refused: int | None = None  # the position of the distinct text that shows it; None: all of them
    epoch: bool = False  # whether the texts are numbers since 1970, which have a time zone only if one is given
    zone: str | None = None  # of the values
    days: bool = False  # whether the values count days, and are in local time; otherwise they are in UTC

    @property
    def bad(self) -> Array:
        """Where a distinct text can't be read, bool."""
        return self.values.isna().to_numpy()


def read_stamps(column: pd.Series, dates: str | None = None) -> tuple[ParsedStamps, Array]:
    """The timestamps of a column's distinct texts, and the position among them of each cell, -1 where missing, (n,).

    `dates` is the option of `ReadOptions`.
    """
    codes, texts = pd.factorize(column.where(~missing(column), None))
    unique = pd.Series(texts, dtype=object)
    coded = None if dates is not None or not len(unique) else _parse_codes(unique, str(column.name or ""))
    return coded or _read_unique(unique, dates), codes


def on_clock(found: ParsedStamps, zone: str | None, freq: str | int | None) -> ParsedStamps:
    """Timestamps on the clock of a frequency, None to infer it, in the given time zone or their own."""
    times = found.times
    if times is None or times.utc is None:
        return found
    if zone is not None:
        times = Times(to_local(times.utc, zone), times.utc, zone, fixed=True)
    elif found.epoch:
        return found
    values, zone, notes = times.counted(freq if isinstance(freq, str) else None, np.zeros(len(times.local), np.int64))
    days = values is not times.utc
    if not days and times.zone is None:
        notes = ["timestamps with changing offsets are converted to UTC; give their time zone with `zone`"]
    elif not days and zone != UTC:
        notes = [f"timestamps with time zones are counted in UTC, and written in {zone}"]
    return replace(found, values=pd.Series(values), zone=zone, days=days, notes=[*found.notes, *notes])


def with_zone(stamps: pd.Series, zone: str | None, days: bool) -> pd.Series:
    """Timestamps on a clock, local time if it counts `days`, as a column with this time zone if there is one."""
    values = stamps.to_numpy()
    return stamps if zone is None else in_zone(to_utc(values, zone) if days else values, zone)


def dates_share(column: pd.Series) -> float:
    """The share of dates in a sample of a column's cells that are not empty; numbers alone are no dates."""
    present = column.dropna()
    if not len(present):
        return 0.0
    sample = present.iloc[spread(len(present))]
    return float(np.mean([parse_date(str(text)) is not None for text in sample]))


def fits_dates(column: pd.Series, dates: str) -> bool:
    """Whether nearly all cells of a sample are dates as `dates`, the option of `ReadOptions`, says."""
    sample = pd.Series(column.dropna().unique(), dtype=object)
    if not len(sample):
        return False
    found = _read_unique(sample.iloc[spread(len(sample))].reset_index(drop=True), dates)
    return found.values.dtype.kind == "M" and bool(found.values.notna().mean() >= MIN_DATES_SHARE)


def code_of_dates(column: pd.Series) -> str | None:
    """The meaning of a column of numbers that are dates in a code, without gaps and in order; None for others."""
    texts = pd.Series(column.dropna().unique(), dtype=object)
    if len(texts) < MIN_CODES:
        return None
    found = choose_reading(texts, str(column.name), lambda: whole_numbers(texts))
    if found is None or found.code is None or not found.code.has_year:
        return None
    return found.code.meaning if known_share(found.stamps) >= MIN_DATES_SHARE else None


def holds_years(column: pd.Series) -> bool:
    """Whether a column holds consecutive years."""
    years = whole_numbers(pd.Series(column.dropna().unique(), dtype=object))
    likely = len(years) >= MIN_CODES and bool(years.between(*LIKELY_YEARS).all())
    return likely and known_share(years.astype(np.int64)) >= MIN_DATES_SHARE


def whole_numbers(column: pd.Series) -> pd.Series:
    """A column as whole numbers, NaN for everything else."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers.where((numbers == np.round(numbers)) & (numbers.abs() < MAX_WHOLE_NUMBER))


def _read_unique(texts: pd.Series, dates: str | None) -> ParsedStamps:
    if not len(texts):
        return ParsedStamps(pd.Series([], dtype="datetime64[ns]"), [])
    if dates is not None and "%" in dates:
        try:
            parsed = pd.to_datetime(texts, format=dates, errors="coerce", utc="%z" in dates)
        except ValueError as error:
            raise InputError(
                f"`dates={dates!r}` is not a format of dates: {str(error).rstrip('.')}. Use one such as %d.%m.%Y."
            ) from error
        if parsed.dt.tz is None:
            return ParsedStamps(parsed, [])
        utc = parsed.dt.tz_localize(None)
        return _with_offsets(utc + _offsets(texts, dates), utc)
    if dates in DIGITS and texts.str.fullmatch(r"\d{5,8}").all():
        return _read_digits(texts, dates)
    if dates != "number":
        sample = texts.iloc[spread(len(texts))]
        parsed_iso = _parse_iso(texts) if all(map(ISO.fullmatch, sample)) else None
        if parsed_iso is not None:
            return parsed_iso
    whole = whole_numbers(texts)
    if whole.notna().all() and not texts.str.contains("E+", regex=False).any():
        return ParsedStamps(whole.astype(np.int64), [])
    return _parse_parts(texts, dates)


def _read_digits(texts: pd.Series, dates: str) -> ParsedStamps:
    """Dates without separators, such as 31122024 and 1012024, whose first zero a spreadsheet has removed."""
    long = texts.str.len().max() > len("311224")
    form = DIGITS[dates] if long else DIGITS[dates].replace("%Y", "%y")
    return ParsedStamps(pd.to_datetime(texts.str.zfill(8 if long else 6), format=form, errors="coerce"), [])


def _offsets(texts: pd.Series, form: str) -> pd.Series:
    """The offset from UTC of each text of a format with an offset; 0 where a text does not fit it."""

    def offset(text: str) -> timedelta:
        try:
            return datetime.strptime(text, form).utcoffset() or timedelta()
        except ValueError:
            return timedelta()

    return pd.to_timedelta(texts.map(offset))


def _parse_iso(texts: pd.Series) -> ParsedStamps | None:
    """ISO 8601 dates, all at once; None if some are not, or only some have a day or an offset."""
    lengths = set(map(len, texts))
    if MONTH_LENGTH in lengths and len(lengths) > 1:
        return None
    zoned = pd.Series(False, texts.index) if lengths <= LENGTHS_WITHOUT_OFFSET else texts.str.contains(OFFSET)
    if zoned.any() != zoned.all():
        return None
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True, cache=False)
    if parsed.isna().any():
        return None
    utc = parsed.dt.tz_localize(None)
    if not zoned.any():
        return ParsedStamps(utc, [])
    local = pd.to_datetime(texts.str.replace(OFFSET, "", regex=True), format="ISO8601", errors="coerce")
    return _with_offsets(local, utc)


def _with_offsets(local: pd.Series, utc: pd.Series) -> ParsedStamps:
    """Timestamps with time zones, NaT where a text can't be read."""
    if local.isna().any():
        return ParsedStamps(local, [])
    own, instants = local.to_numpy("datetime64[ns]"), utc.to_numpy("datetime64[ns]")
    return ParsedStamps(local, [], Times(own, instants, zone_of_offsets(instants, own)))


def _parse_codes(texts: pd.Series, name: str) -> ParsedStamps | None:
    """Texts that may be dates in a code, in the best reading; None if they fit no code."""

    @functools.cache
    def plain() -> ParsedStamps:
        return _read_unique(texts, None)

    found = choose_reading(texts, name, lambda: plain().values)
    if found is None:
        return None
    if found.code is None:
        return plain()
    change = CHANGE_TO_NUMBERS if texts.iloc[0].isdigit() else "change with `dates`"
    note = f"{texts.iloc[0]!r} read as {found.code.meaning}; {change}"
    instants = found.stamps.to_numpy()
    return ParsedStamps(
        found.stamps,
        [note],
        Times(instants, instants, UTC) if found.code.epoch else None,
        refusal=None if found.code.has_year else no_year(texts.iloc[0]),
        epoch=found.code.epoch,
    )


def _parse_parts(texts: pd.Series, dates: str | None) -> ParsedStamps:
    parts = [parse_date(text) for text in texts]
    months_only = [bool(re.fullmatch(r"\d{4}[-/.]\d{1,2}", text)) for text in texts]
    if 2 * sum(months_only) < len(months_only):  # among days, a month alone is a date that was cut off
        parts = [None if cut else part for part, cut in zip(parts, months_only, strict=True)]
    if dates is None and (refusal := _swapped_days(texts, parts)):
        return ParsedStamps(_assemble(np.zeros((len(parts), 3), np.int64), parts), [], refusal=refusal)
    parts = _in_language(parts)
    orders = np.array(["" if part is None else part.order for part in parts])
    if not (orders != "").any():
        return ParsedStamps(pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]"), [])
    notes: list[str] = []
    fields = np.array([part[:3] if part else (0, 0, 0) for part in parts], np.int64)  # (n, 3)
    ambiguous = orders == "ambiguous"
    if ambiguous.any():
        order = _day_or_month_first(fields[ambiguous], texts[ambiguous], dates)
        if order is None:
            refusal = (
                f"dates such as {texts[ambiguous].iloc[0]!r} can be read day first or month first, and no date tells "
                "which. Choose one with `dates='dmy'` or `dates='mdy'`, or write them as 2024-12-31."
            )
            return ParsedStamps(_assemble(fields, parts), [], refusal=refusal)
        columns, notes = order
        fields[ambiguous] = fields[ambiguous][:, columns]
    if (orders == "short year").any():
        if texts.str.fullmatch(r"\d{1,2}-\d{2}").all() and (orders == "").any():
            return ParsedStamps(_assemble(fields, parts), [], refusal=no_year(texts.iloc[0]))
        notes += _complete_short_years(fields, orders == "short year")
    digits = np.array([part.digits if part else 4 for part in parts])
    if (digits == 2).any():
        notes += _complete_centuries(fields, digits == 2)
    local = _assemble(fields, parts)
    zoned = np.array([part is not None and (part.zone is not None or part.place is not None) for part in parts])
    if not zoned.any():
        return ParsedStamps(local, notes)
    without = ~zoned & (orders != "")
    if without.any():
        refusal = (
            f"{texts[without].iloc[0]!r} has no time zone, but {texts[zoned].iloc[0]!r} has one. Write all "
            "timestamps with their offset from UTC, such as 2024-12-31T18:00+01:00, or all of them without."
        )
        return ParsedStamps(local, [], refusal=refusal, refused=int(without.argmax()))
    return _with_zones(local, parts, notes + _zone_notes(texts))


def _in_language(parts: list[DateParts | None]) -> list[DateParts | None]:
    """The parts of dates with the months of the language that knows all their names; None of those left unclear."""
    months = months_of({part.month_name for part in parts if part and part.month_name})

    def located(part: DateParts | None) -> DateParts | None:
        if part is None or part.month_name is None:
            return part
        return part._replace(second=months[part.month_name]) if part.month_name in months else None

    return [located(part) for part in parts]


def _swapped_days(texts: pd.Series, parts: list[DateParts | None]) -> str | None:
    """Why dates can't be read of which a spreadsheet of another country took those with a possible month."""
    iso = [k for k, part in enumerate(parts) if part and part.order == "ymd" and ISO.match(texts.iloc[k])]
    other = [k for k, part in enumerate(parts) if part and part.order == "ambiguous"]
    if not iso or not other:
        return None
    days = {part.third for k in iso if (part := parts[k])}
    if max(days) > 12 or any(max(part[:2]) <= 12 for k in other if (part := parts[k])):
        return None
    return (
        f"dates such as {texts.iloc[iso[0]]!r} and {texts.iloc[other[0]]!r} are mixed, and no day of the "
        "former exceeds 12: a spreadsheet seems to have taken the day for the month wherever that was possible. "
        "Export the dates again as 2024-12-31, or read them as they are written with `dates='dmy'` or `dates='mdy'`."
    )


def _with_zones(local: pd.Series, parts: list[DateParts | None], notes: list[str]) -> ParsedStamps:
    zones = np.array([np.nan if part is None or part.zone is None else part.zone for part in parts], float)
    places = pd.Series([part.place if part else None for part in parts], dtype=object)
    try:
        known = {place: checked_zone(place) for place in places.dropna().unique()}
    except InputError:
        known = {}
    utc = local - pd.to_timedelta(zones, unit="min")  # timestamps without a zone can't be compared with the others
    for place, zone in known.items():
        own = ((places == place) & utc.isna() & local.notna()).to_numpy()
        utc[own] = to_utc(local[own].to_numpy(), zone)
    local = local.where(utc.notna())
    if local.notna().all() and len(known) == 1 and places.notna().all():
        instants, zone = utc.to_numpy(), next(iter(known.values()))
        return ParsedStamps(local, notes, Times(to_local(instants, zone), instants, zone))
    return replace(_with_offsets(local, utc), notes=notes)


def _zone_notes(texts: pd.Series) -> list[str]:
    """Notes on abbreviations of time zones that have several meanings."""
    notes = []
    for name in texts.str.extract(r"\b([A-Za-z]{3})\)?$")[0].dropna().unique():
        if meanings := AMBIGUOUS_ZONES.get(name.lower()):
            offset = offset_name(ZONES[name.lower()] * MINUTE * 10**9)
            notes.append(
                f"time zone {name!r} read as {offset} ({meanings[0]}, not {meanings[1]}); write offsets such as "
                "+02:00 if that is wrong"
            )
    return notes


def _day_or_month_first(fields: Array, texts: pd.Series, dates: str | None) -> tuple[list[int], list[str]] | None:
    """The columns of year, month and day among the fields (n, 3) of ambiguous dates, and notes; None if undecided."""
    if dates in FIELDS:
        return FIELDS[dates], []
    first, second, _ = fields.T
    day_first, month_first = (second <= 12).all(), (first <= 12).all()
    dotted = re.match(r"\D*\d{1,2}\.\d", texts.iloc[0]) is not None
    if day_first and month_first and not dotted and not (first == second).all():
        return None
    if not day_first and not month_first:  # the order that fits more dates; the others are reported later
        day_first = (second <= 12).sum() >= (first <= 12).sum()
    decisive = texts[(first if day_first else second) > 12]
    order, other = ("day", "mdy") if day_first else ("month", "dmy")
    notes = []
    if len(decisive) and not dotted:
        example = decisive.iloc[0]
        notes = [f"dates read {order} first, as {example!r} allows nothing else; change with `dates={other!r}`"]
    return FIELDS["dmy" if day_first else "mdy"], notes


def _complete_short_years(fields: Array, short: Array) -> list[str]:
    """Add 2000 to years such as 1 in 1-01, 1-02, whose century is unknown, in place; notes."""
    years = fields[short, 0]
    if years.max() > 99:
        return []
    fields[short, 0] += 2000
    return [f"years {years.min()} to {years.max()} read as {2000 + years.min()} to {2000 + years.max()}"]


def _complete_centuries(fields: Array, short: Array) -> list[str]:
    """Complete years of two digits to consecutive years, the last of them before 2050, in place; notes."""
    years = np.unique(fields[short, 0])
    steps = np.diff(np.r_[years, years[0] + 100])
    last = years[steps.argmax()]  # the year before the widest gap, counted in a circle of 100 years
    end = last + (2000 if last < 50 else 1900)
    full = fields[short, 0] + end - last
    fields[short, 0] = np.where(fields[short, 0] > last, full - 100, full)
    low, high = fields[short, 0].min(), fields[short, 0].max()
    return [f"years of two digits read as {low} to {high}" if low < high else f"a year of two digits read as {low}"]


def _assemble(fields: Array, parts: list[DateParts | None]) -> pd.Series:
    """Timestamps from year, month, day (n, 3) and the times of day, NaT where there is no such day."""
    year, month, day = fields.T
    good = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0)
    good &= days.astype("datetime64[M]") == months  # false for days such as the 30th of February
    seconds = np.array([part.second_of_day if part else 0.0 for part in parts])
    stamps = days.astype("datetime64[ns]") + np.round(seconds * 1e6).astype("timedelta64[us]")
    return pd.Series(np.where(good, stamps, np.datetime64("NaT")))


def out_of_range(text: str) -> bool:
    """Whether a text is a date outside the range of 64-bit nanoseconds."""
    parts = parse_date(text)
    if parts is None or parts.digits != 4:
        return False
    return not FIRST_YEAR <= (parts.third if parts.order == "ambiguous" else parts.first) <= LAST_YEAR


def no_year(text: str, freq: str = "D") -> str:
    """Why a text that is a part of a date can't be read, with the remedy for a column of these texts."""
    kind, lacks = ("times", "date") if freq == "h" else ("dates", "year")
    format_given = "give their format if the numbers are years (`dates='%b-%y'`)"
    other = format_given if re.fullmatch(r"[A-Za-z]{3}-\d{2}", text) else "name another column (`time`)"
    return (
        f"{kind} such as {text!r} have no {lacks}. Add it, or number the rows with `freq={freq!r}` and "
        f"`start={FIRST_DATES.get(freq, '2024-12-31')!r}`, or {other}."
    )


def freq_of_part(text: str) -> str | None:
    """The frequency of texts that are parts of dates without the year, such as W1 or Jan; None for others.

    >>> [freq_of_part(text) for text in ("W1", "Q1", "Mon", "January", "08:00:00", "01.01.", "Day 1", "x")]
    ['W', 'QS', 'D', 'MS', 'h', 'D', 'D', None]
    """
    name = re.sub(r"[\s\d]*$", "", fold(text.strip())).rstrip(".")
    numbered, of_year = text.strip()[-1:].isdigit(), text.strip()[-1:] in "1234"
    if time_of_day(text) is not None:
        return "h"
    if not numbered and (is_month(name) or name in WEEKDAYS):
        return "MS" if is_month(name) else "D"
    two = re.fullmatch(r"(\d{1,2})(?:[-/](\d{1,2})|\.(\d{1,2})\.)", text.strip())
    pair = sorted(int(number) for number in two.groups() if number) if two else [0, 0]
    if (1 <= pair[0] <= 12 and pair[1] <= 31) or (numbered and names_part(name, "day")):
        return "D"
    if numbered and (name in ("w", "wk", "kw") or names_part(name, "week")):
        return "W"
    return "QS" if of_year and (name in ("q", "t", "qtr") or names_part(name, "quarter")) else None


def _impossible(text: str) -> str | None:
    """What shows that there is no such day or week, in a date that is written like one."""
    if (week := re.fullmatch(r"(\d{4})[- /]?(?:w|kw|week) ?(\d{1,2})", text, re.IGNORECASE)) and int(week[1]):
        last = date(int(week[1]), 12, 28).isocalendar()[1]
        known = 1 <= int(week[2]) <= last
        return None if known else f"does not exist: the weeks of {week[1]} are numbered 1 to {last}"
    if (
        (day := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text))
        and 1 <= int(day[2]) <= 12
        and int(day[1])
    ):
        last = monthrange(int(day[1]), int(day[2]))[1]
        return f"does not exist: that month has {last} days" if int(day[3]) > last else None
    return None


def refuse_unread(place: str, text: str, remedy: str, hint: str = "") -> NoReturn:
    """Raise an error for a text that is no timestamp, with a hint at the end; `remedy` leaves out such lines, "" if
    all are such."""
    if not remedy and (freq := freq_of_part(text)):
        raise DataError(f"{place}: {no_year(text, freq)}")
    if out_of_range(text):
        fault = f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}. Correct it."
    elif (parts := parse_date(text)) and parts.month_name and not months_of([parts.month_name]):
        fault = "names different months in two languages. Write dates as 2024-12-31."
    elif impossible := _impossible(text):
        fault = f"{impossible}. Correct it."
    elif re.fullmatch(r"\d(\.\d+)?E\+\d+", text):
        fault = (
            "has lost its last digits, as a spreadsheet wrote the number with an exponent. Export the column as "
            "whole numbers or dates."
        )
    else:
        fault = (
            f"is not a date{' like the others' if remedy else ''}. Write dates as 2024-12-31, give their format "
            "(`dates`), such as %d.%m.%Y, or name another column (`time`)."
        )
    raise DataError(f"{place}: {shorten(text)} {fault} {remedy}".rstrip() + hint)
