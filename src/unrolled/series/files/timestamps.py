"""A column of texts as stamps: dates in the form that the whole column has, or whole numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...arrays import Array
from ...errors import DataError
from .dates import DateParts, parse_date
from .dialect import shorten
from .numbers import SAMPLE, missing

ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
LARGEST_WHOLE = 2**53  # beyond it a float64 has no ones
FIRST_YEAR, LAST_YEAR = 1678, 2261  # what 64 bits of nanoseconds can tell


@dataclass
class ParsedStamps:
    """Different texts of a column as stamps.

    Attributes:
        values: datetime64[ns] or int64 of each different text; where it can't be read, NaT.
        notes: what was guessed.
        open: a text that can be read day first or month first, where none decides.
    """

    values: pd.Series
    notes: list[str]
    open: str | None = None

    @property
    def bad(self) -> Array:
        return self.values.isna().to_numpy()


def read_stamps(column: pd.Series, dates: str | None = None) -> tuple[ParsedStamps, Array]:
    """Read a column; the different texts' stamps, and which of them each cell has, -1 where missing, (n,)."""
    codes, texts = pd.factorize(column.where(~missing(column), None))
    return _read_unique(pd.Series(texts, dtype=object), dates), codes


def dates_share(column: pd.Series) -> float:
    """Share of a column's known cells, sampled over its length, that are written as dates; bare numbers are not."""
    known = column.dropna()
    if not len(known):
        return 0.0
    sample = known.iloc[np.linspace(0, len(known) - 1, min(len(known), SAMPLE)).astype(int)]
    return float(np.mean([parse_date(str(text)) is not None for text in sample]))


def whole_numbers(column: pd.Series) -> pd.Series:
    """Whole numbers, NaN for all else."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers.where((numbers == np.round(numbers)) & (numbers.abs() < LARGEST_WHOLE))


def _read_unique(texts: pd.Series, dates: str | None) -> ParsedStamps:
    if not len(texts):
        return ParsedStamps(pd.Series([], dtype="datetime64[ns]"), [])
    if dates is not None and "%" in dates:
        parsed = pd.to_datetime(texts, format=dates, errors="coerce", utc="%z" in dates)
        return ParsedStamps(parsed.dt.tz_localize(None) if parsed.dt.tz is not None else parsed, [])
    if dates != "number":
        sample = texts.iloc[np.linspace(0, len(texts) - 1, min(len(texts), SAMPLE)).astype(int)]
        if sample.map(lambda text: ISO.fullmatch(text) is not None).all():
            fast = _iso(texts)
            if fast is not None:
                return fast
    whole = whole_numbers(texts)
    if whole.notna().all():
        return _numbers(texts, whole.astype(np.int64), dates)
    return _dissected(texts, dates)


def _iso(texts: pd.Series) -> ParsedStamps | None:
    """Dates as ISO 8601 has them, all at once; None where some are not, or only some have a day or an offset."""
    monthly = texts.str.len() == len("2024-12")
    zoned = texts.str.contains(OFFSET)
    if monthly.any() != monthly.all() or zoned.any() != zoned.all():
        return None
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    if parsed.isna().any():
        return None
    utc = parsed.dt.tz_localize(None)
    if not zoned.any():
        return ParsedStamps(utc, [])
    clock = pd.to_datetime(texts.str.replace(OFFSET, "", regex=True), format="ISO8601", errors="coerce")
    return _with_zone(clock, utc)


def _with_zone(clock: pd.Series, utc: pd.Series) -> ParsedStamps:
    """Stamps with a zone: where all have the same time of day on their own clock, that clock counts, else UTC."""
    times = clock.dt.normalize().rsub(clock)
    if (times == times.iloc[0]).all():
        return ParsedStamps(clock, [])
    return ParsedStamps(utc, [] if clock.equals(utc) else ["stamps with different zones put on one clock, UTC's"])


def _numbers(texts: pd.Series, whole: pd.Series, dates: str | None) -> ParsedStamps:
    """Whole numbers: yyyymmdd, yyyymm, seconds since 1970, or just numbers."""
    plain = ParsedStamps(whole, [])
    if dates == "number" or not texts.str.fullmatch(r"\d{6}|\d{8}|\d{10}|\d{13}").all():
        return plain
    length = texts.str.len()
    if length.nunique() > 1:
        return plain
    digits = int(length.iloc[0])
    if digits in (10, 13):
        parsed = pd.to_datetime(whole, unit="s" if digits == 10 else "ms", errors="coerce")
        if parsed.dt.year.between(1990, 2100).all():
            return ParsedStamps(parsed, [f"{texts.iloc[0]!r} read as seconds since 1970; --dates number overrules"])
        return plain
    parsed = pd.to_datetime(texts, format="%Y%m%d" if digits == 8 else "%Y%m", errors="coerce")
    if parsed.isna().any() or not parsed.dt.year.between(1700, 2200).all():
        return plain
    form = "year, month and day" if digits == 8 else "year and month"
    return ParsedStamps(parsed, [f"{texts.iloc[0]!r} read as {form}; --dates number overrules"])


# --- dates taken apart ------------------------------------------------------------------------------


def _dissected(texts: pd.Series, dates: str | None) -> ParsedStamps:
    parts = [parse_date(text) for text in texts]
    monthly = [bool(re.fullmatch(r"\d{4}[-/.]\d{1,2}", text)) for text in texts]
    if not all(monthly):  # one that was cut off, among days
        parts = [None if cut else part for part, cut in zip(parts, monthly, strict=True)]
    known = np.array([part is not None for part in parts])
    orders = {part.order for part in parts if part}
    if not known.any():
        return ParsedStamps(pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]"), [])
    notes: list[str] = []
    fields = np.array([part[:3] if part else (0, 0, 0) for part in parts], np.int64)  # (n, 3)
    open_ = np.array([part is not None and part.order == "open" for part in parts])
    if "open" in orders:
        told = _ordered(fields, open_, texts, dates)
        if isinstance(told, str):
            return ParsedStamps(_assembled(fields, parts), [], told)
        notes += told
    if "small" in orders:
        notes += _small(fields, np.array([part is not None and part.order == "small" for part in parts]))
    digits = np.array([part.digits if part else 4 for part in parts])
    if (digits == 2).any():
        notes += _centuries(fields, digits == 2)
    clock = _assembled(fields, parts)
    zones = [part.zone for part in parts if part]
    if any(zone is not None for zone in zones):
        return _zoned(clock, parts, notes)
    return ParsedStamps(clock, notes)


def _zoned(clock: pd.Series, parts: list[DateParts | None], notes: list[str]) -> ParsedStamps:
    zones = np.array([np.nan if part is None or part.zone is None else part.zone for part in parts], float)
    if (np.isnan(zones) & clock.notna().to_numpy()).any():
        clock = clock.where(~np.isnan(zones))  # those without a zone can't be put beside the others
    found = _with_zone(clock.dropna(), (clock - pd.to_timedelta(zones, unit="min")).dropna())
    return ParsedStamps(found.values.reindex(clock.index), notes + found.notes)


def _ordered(fields: Array, open_: Array, texts: pd.Series, dates: str | None) -> list[str] | str:
    """Put open dates into the order year, month, day, in place; notes, or a text where nothing decides."""
    first, second, last = fields[open_].T
    day_first, month_first = (second <= 12).all(), (first <= 12).all()
    example = texts[open_].iloc[0]
    if dates in ("dmy", "mdy", "ymd"):
        orders = {"dmy": (last, second, first), "mdy": (last, first, second), "ymd": (first, second, last)}
        fields[open_] = np.stack(orders[dates], axis=1)
        return []
    dotted = "." in re.split(r"[ T]", example)[0]
    same = (first == second).all()
    if day_first and month_first and not dotted and not same:
        return example
    if not day_first and not month_first:  # the commoner one; those that do not fit will be named
        day_first = (second <= 12).sum() >= (first <= 12).sum()
    if day_first:
        decides = texts[open_][first > 12]
        fields[open_] = np.stack([last, second, first], axis=1)
    else:
        decides = texts[open_][second > 12]
        fields[open_] = np.stack([last, first, second], axis=1)
    if dotted or not len(decides):
        return []
    order, option = ("day", "mdy") if day_first else ("month", "dmy")
    return [f"dates read {order} first, as {decides.iloc[0]!r} must be; --dates {option} overrules"]


def _small(fields: Array, small: Array) -> list[str]:
    """Years without a century, such as 1-01, 1-02: counted from 2001, as the true ones are not told."""
    years = fields[small, 0]
    if years.max() > 99:
        return []
    fields[small, 0] += 2000
    return [f"years {years.min()} to {years.max()} taken as {2000 + years.min()} to {2000 + years.max()}"]


def _centuries(fields: Array, shorten: Array) -> list[str]:
    """Years of two digits get the century in which they follow each other; the last year lies before 2050."""
    years = np.unique(fields[shorten, 0])
    steps = np.diff(np.r_[years, years[0] + 100])
    last = years[steps.argmax()]  # before the widest gap on the circle
    end = last + (2000 if last < 50 else 1900)
    full = fields[shorten, 0] + end - last
    fields[shorten, 0] = np.where(fields[shorten, 0] > last, full - 100, full)
    low, high = fields[shorten, 0].min(), fields[shorten, 0].max()
    return [f"years of two digits read as {low} to {high}" if low < high else f"a year of two digits read as {low}"]


def _assembled(fields: Array, parts: list[DateParts | None]) -> pd.Series:
    """Year, month, day and time of day as stamps, NaT where there is no such day."""
    year, month, day = fields.T
    good = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0)
    good &= days.astype("datetime64[M]") == months  # there is no 30th of February
    seconds = np.array([part.second_of_day if part else 0.0 for part in parts])
    stamps = days.astype("datetime64[ns]") + np.round(seconds * 1e6).astype("timedelta64[us]")
    return pd.Series(np.where(good, stamps, np.datetime64("NaT")))


def too_far(text: str) -> bool:
    """Whether a text is a date that 64 bits of nanoseconds can't tell."""
    parts = parse_date(text)
    year = None if parts is None or parts.digits != 4 else parts.third if parts.order == "open" else parts.first
    return year is not None and not FIRST_YEAR <= year <= LAST_YEAR


def refuse_unread(place: str, text: str, others: bool) -> None:
    """Raise: this text is no stamp."""
    if too_far(text):
        raise DataError(
            f"{place}: {shorten(text)} lies outside the years 1678 to 2261. Correct it or delete the line."
        )
    like = " like the others" if others else ""
    raise DataError(
        f"{place}: {shorten(text)} is not a date{like}. Write dates as 2024-12-31, give their form with --dates, "
        "such as %d.%m.%Y, or name another column with --time."
    )
