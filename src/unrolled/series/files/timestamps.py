"""A column of texts as timestamps: dates in a format that fits the whole column, or whole numbers."""

import functools
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError, InputError
from ..stamps import Times, in_zone
from ..zones import UTC, to_local, to_utc, zone_of_offsets
from .date_codes import choose_reading
from .dates import DateParts, parse_date
from .dialect import shorten
from .numbers import missing, spread

ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
MONTH_LENGTH = len("2024-12")
LENGTHS_WITHOUT_OFFSET = {MONTH_LENGTH, *map(len, ("2024-12-31", "2024-12-31 18:00", "2024-12-31 18:00:00"))}
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
MAX_WHOLE_NUMBER = 2**53  # float64 can't represent every larger whole number
FIRST_YEAR, LAST_YEAR = 1678, 2261  # the range of 64-bit nanoseconds
CHANGE_TO_NUMBERS = "change with `dates='number'`"


@dataclass
class ParsedStamps:
    """The distinct texts of a column as timestamps."""

    values: pd.Series  # datetime64[ns] or int64 of each distinct text, NaT where it can't be read
    notes: list[str]  # what was inferred
    times: Times | None = None  # of each distinct text, if all can be read and have a time zone
    ambiguous: str | None = None  # a text that can be read day first or month first, if no text decides
    without_year: str | None = None  # a text, if all are days and months without a year
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
                f"`dates={dates!r}` is not a format of dates: {error}. Use one such as %d.%m.%Y."
            ) from error
        if parsed.dt.tz is None:
            return ParsedStamps(parsed, [])
        utc = parsed.dt.tz_localize(None)
        return _with_offsets(utc + _offsets(texts, dates), utc)
    if dates != "number":
        sample = texts.iloc[spread(len(texts))]
        parsed_iso = _parse_iso(texts) if all(map(ISO.fullmatch, sample)) else None
        if parsed_iso is not None:
            return parsed_iso
    whole = whole_numbers(texts)
    if whole.notna().all():
        return ParsedStamps(whole.astype(np.int64), [])
    return _parse_parts(texts, dates)


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
        without_year=None if found.code.has_year else texts.iloc[0],
        epoch=found.code.epoch,
    )


def _parse_parts(texts: pd.Series, dates: str | None) -> ParsedStamps:
    parts = [parse_date(text) for text in texts]
    months_only = [bool(re.fullmatch(r"\d{4}[-/.]\d{1,2}", text)) for text in texts]
    if 2 * sum(months_only) < len(months_only):  # among days, a month alone is a date that was cut off
        parts = [None if cut else part for part, cut in zip(parts, months_only, strict=True)]
    orders = np.array(["" if part is None else part.order for part in parts])
    if not (orders != "").any():
        return ParsedStamps(pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]"), [])
    notes: list[str] = []
    fields = np.array([part[:3] if part else (0, 0, 0) for part in parts], np.int64)  # (n, 3)
    ambiguous = orders == "ambiguous"
    if ambiguous.any():
        order = _day_or_month_first(fields[ambiguous], texts[ambiguous], dates)
        if order is None:
            return ParsedStamps(_assemble(fields, parts), [], ambiguous=texts[ambiguous].iloc[0])
        columns, notes = order
        fields[ambiguous] = fields[ambiguous][:, columns]
    if (orders == "short year").any():
        notes += _complete_short_years(fields, orders == "short year")
    digits = np.array([part.digits if part else 4 for part in parts])
    if (digits == 2).any():
        notes += _complete_centuries(fields, digits == 2)
    local = _assemble(fields, parts)
    if any(part.zone is not None for part in parts if part):
        return _with_zones(local, parts, notes)
    return ParsedStamps(local, notes)


def _with_zones(local: pd.Series, parts: list[DateParts | None], notes: list[str]) -> ParsedStamps:
    zones = np.array([np.nan if part is None or part.zone is None else part.zone for part in parts], float)
    local = local.where(~np.isnan(zones))  # timestamps without a zone can't be compared with the others
    found = _with_offsets(local, local - pd.to_timedelta(zones, unit="min"))
    return replace(found, notes=notes)


def _day_or_month_first(fields: Array, texts: pd.Series, dates: str | None) -> tuple[list[int], list[str]] | None:
    """The columns of year, month and day among the fields (n, 3) of ambiguous dates, and notes; None if undecided."""
    columns = {"dmy": [2, 1, 0], "mdy": [2, 0, 1], "ymd": [0, 1, 2]}
    if dates in columns:
        return columns[dates], []
    first, second, _ = fields.T
    day_first, month_first = (second <= 12).all(), (first <= 12).all()
    dotted = "." in re.split(r"[ T]", texts.iloc[0])[0]
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
    return columns["dmy" if day_first else "mdy"], notes


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


def refuse_unread(place: str, text: str, remedy: str) -> NoReturn:
    """Raise an error for a text that is no timestamp; `remedy` leaves out such lines, "" if all are such."""
    if out_of_range(text):
        fault = f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}. Correct it."
    else:
        fault = (
            f"is not a date{' like the others' if remedy else ''}. Write dates as 2024-12-31, give their format "
            "(`dates`), such as %d.%m.%Y, or name another column (`time`)."
        )
    raise DataError(f"{place}: {shorten(text)} {fault} {remedy}".rstrip())
