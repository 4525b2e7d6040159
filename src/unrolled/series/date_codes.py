"""Texts that can be read as timestamps in several ways, such as 201902, 45000, 1-2015 or 2000-01.

Each way is a `DateCode`. Which of them a column is written in is decided by the whole column: the timestamps of the
right reading follow each other almost without gaps, those of a wrong one do not.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from .date_words import fold, months_named
from .frequency import LIKELY_YEARS, Frequency
from .packed_texts import by_pieces, pieces_of
from .zones import to_local, zone_of_midnights

EXCEL_ORIGIN = pd.Timestamp("1899-12-30")  # day 0 of its calendar, after its error about the year 1900
EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119
EPOCH_YEARS = (1990, 2100)
PARTS_OF_A_YEAR = (1, 2, 4, 12)  # of years with decimals: years, half-years, quarters, months
CLEARLY_BETTER = 0.1  # by which the share of known timestamps must exceed that of the reading before

# of columns, without case and accents
DATE_NAMES = re.compile(r"dat|fecha|day|tag|jour|dia|giorn|дат|tarih|paiva|ημερ|tangg|ngay|日|날")
WEEK_NAMES = re.compile(
    r"week|woche|semain|seman|settiman|setman|uge|uke|vecka|viikko|t[yi]d[ez]|недел|тижд|周|週|^kw$|^wk"
)
QUARTER_NAMES = re.compile(r"quar|kvar|kwar|qtr|trim|季")
DAY_OF_YEAR_NAMES = re.compile(r"doy|juli|day_?of_?year|yday")


class DateCode(NamedTuple):
    """One way to read texts as timestamps."""

    meaning: str  # in notes
    pattern: str  # of all texts
    read: Callable[[pd.Series], pd.Series]  # timestamps of texts that match, NaT where a text does not fit
    names: re.Pattern[str] | None = None  # of columns that are probably written so
    named_only: bool = False  # whether other columns are never read so
    has_year: bool = True
    by_text: bool = True  # whether each text is read by itself

    @property
    def epoch(self) -> bool:
        """Whether the texts count from an instant, and do not tell a local time."""
        return self.meaning.endswith("since 1970")


def _digits(form: str, length: int, meaning: str) -> DateCode:
    """Codes of digits in a format of `strptime`."""

    def read(texts: pd.Series) -> pd.Series:
        stamps = pd.to_datetime(texts, format=form, errors="coerce")
        return stamps.where(stamps.dt.year.between(*LIKELY_YEARS))

    return DateCode(meaning, rf"\d{{{length}}}", read)


def _years(years: pd.Series, days: pd.Series | int = 0) -> pd.Series:
    """The first day of each year, and a number of days later."""
    inside = years.between(*LIKELY_YEARS).to_numpy()
    begin = np.where(inside, years - 1970, 0).astype("datetime64[Y]").astype("datetime64[ns]")
    return pd.Series(begin, index=years.index).where(inside) + pd.to_timedelta(days, unit="D")


def _months(year: pd.Series, month: pd.Series) -> pd.Series:
    good = year.between(*LIKELY_YEARS) & month.between(1, 12)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    return pd.Series(months.astype("datetime64[ns]"), index=year.index).where(good)


def _split(texts: pd.Series, pattern: str) -> list[pd.Series]:
    found = texts.str.extract(pattern)
    return [found[k].astype(int) for k in found]


def _fiscal_years(texts: pd.Series) -> pd.Series:
    year, following = _split(texts, r"(\d{4})\D(\d+)")
    return _years(year).where(following % 100 == (year + 1) % 100)


def _quarters(texts: pd.Series) -> pd.Series:
    quarter, year = _split(texts, r"(\d)\D(\d{4})")
    return _months(year, 3 * quarter - 2)


def _years_and_quarters(texts: pd.Series) -> pd.Series:
    year, quarter = _split(texts, r"(\d{4})\D?(\d)")
    return _months(year, 3 * quarter - 2)


def _weeks(texts: pd.Series) -> pd.Series:
    year, week = _split(texts, r"(\d{4})\D?(\d\d?)")
    monday = _years(year, 3)  # 4 January lies in the first week of ISO 8601
    monday = monday - pd.to_timedelta(monday.dt.dayofweek, unit="D") + pd.to_timedelta(7 * (week - 1), unit="D")
    in_year = (monday + pd.Timedelta(3, "D")).dt.year == year  # week 53 does not exist in every year
    return monday.where(in_year & week.between(1, 53))


def _weeks_before_years(texts: pd.Series) -> pd.Series:
    return _weeks(texts.str.replace(r"(\d+)\D(\d+)", r"\2-\1", regex=True))


def _days_of_year(texts: pd.Series) -> pd.Series:
    year, day = _split(texts, r"(\d{4})\D?(\d{3})")
    stamps = _years(year, day - 1)
    return stamps.where((day > 0) & (stamps.dt.year == year))


def _hours(texts: pd.Series) -> pd.Series:
    """Days and hours; hour 24 is midnight at the end of the day."""
    hour = texts.str[8:10].astype(int)
    stamps = pd.to_datetime(texts.str[:8], format="%Y%m%d", errors="coerce") + pd.to_timedelta(hour, unit="h")
    return stamps.where(hour <= 24)


def _epoch(unit: str) -> Callable[[pd.Series], pd.Series]:
    def read(texts: pd.Series) -> pd.Series:
        numbers = texts.astype(float) if texts.str.contains(".", regex=False).any() else texts.astype("int64")
        stamps = pd.to_datetime(numbers, unit=unit, errors="coerce").astype("datetime64[ns]")  # type: ignore[call-overload]
        return stamps.where(stamps.dt.year.between(*EPOCH_YEARS))

    return read


def _excel_days(texts: pd.Series) -> pd.Series:
    days = texts.astype(float)
    seconds = pd.to_timedelta((days * 86400).round(), unit="s")
    return (EXCEL_ORIGIN + seconds).where(days.between(*EXCEL_DAYS))


def _decimal_years(texts: pd.Series) -> pd.Series:
    """The periods in which years with decimals lie, of the longest kind of which each holds one at most."""
    years = texts.astype(float)
    for parts in PARTS_OF_A_YEAR:
        period = pd.Series(np.floor(years * parts + 1e-2), index=texts.index).astype(int)
        if not period.duplicated().any():
            return _months(period // parts, period % parts * (12 // parts) + 1)
    whole = years.astype(int)
    day = np.floor((years - whole) * (365.0 + (whole % 4 == 0)) + 0.1)
    return _years(whole, pd.Series(day, index=texts.index))


def _day_and_month(texts: pd.Series) -> pd.Series:
    """The days of some leap year."""
    numbers = texts.str.extract(r"(\d+)")[0].astype(int)
    names = pd.Series(months_named(texts.str.extract(r"([^\W\d_]+)")[0]), index=texts.index, dtype=float)
    good = names.notna() & numbers.between(1, 31)
    days = "2000-" + names.where(good, 1).astype(int).astype(str) + "-" + numbers.where(good, 99).astype(str)
    return pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")


def _days_in_a_row(texts: pd.Series) -> pd.Series:
    """Days without a year that could also be months with a year, such as Jan-01, Jan-02; NaT unless days follow."""
    stamps = _day_and_month(texts)
    in_a_row = 2 * (stamps.diff().abs() == pd.Timedelta(1, "D")).sum() >= len(stamps) - 1 > 0
    return stamps if in_a_row else pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")


FISCAL_YEARS = DateCode("fiscal years", r"\d{4}[-/–](?:\d{2}|\d{4})", _fiscal_years)
# codes that are preferred to dates or numbers that fit as well, then those that must fit better
CODES = (
    (
        FISCAL_YEARS,
        _digits("%Y%m%d", 8, "year, month and day"),
        _digits("%Y%m", 6, "year and month"),
        DateCode("year and day of the year", r"\d{7}|\d{4}[-/.]\d{3}", _days_of_year, DAY_OF_YEAR_NAMES),
        DateCode("year, month, day and hour", r"\d{10}", _hours),
        _digits("%Y%m%d%H%M", 12, "date and time of day"),
        _digits("%Y%m%d%H%M%S", 14, "date and time of day"),
        DateCode("seconds since 1970", r"\d{9,10}(?:\.\d+)?", _epoch("s")),
        DateCode("milliseconds since 1970", r"\d{12,13}(?:\.0+)?", _epoch("ms")),
        DateCode("microseconds since 1970", r"\d{15,16}", _epoch("us")),
        DateCode("nanoseconds since 1970", r"\d{18,19}", _epoch("ns")),
        DateCode("days of Excel's calendar", r"\d{5}(?:\.\d+)?", _excel_days, DATE_NAMES, named_only=True),
        DateCode("days and times of Excel's calendar", r"\d{5}\.\d+", _excel_days),
        DateCode("years with decimals", r"\d{4}\.\d+", _decimal_years, by_text=False),
        DateCode("day and month", r"[^\W\d_]{3,9}\.?[-/. ]+\d{2}", _days_in_a_row, has_year=False, by_text=False),
    ),
    (
        DateCode("quarter and year", r"[1-4][-/. ]\d{4}", _quarters, QUARTER_NAMES),
        DateCode("year and quarter", r"\d{4}[-/. :]?[1-4]", _years_and_quarters, QUARTER_NAMES),
        DateCode("year and week", r"\d{6}|\d{4}[-/. ]\d\d?", _weeks, WEEK_NAMES),
        DateCode("week and year", r"\d\d?[-/. ]\d{4}", _weeks_before_years, WEEK_NAMES),
        DateCode(
            "day and month",
            r"\d{1,2}[-/. ]*[^\W\d_]{3,9}\.?|[^\W\d_]{3,9}[-/. ]+\d{1,2}",
            _day_and_month,
            has_year=False,
        ),
    ),
)


class Reading(NamedTuple):
    """The distinct texts of a column as timestamps."""

    code: DateCode | None  # None: as they are, without a code
    stamps: pd.Series  # datetime64[ns] or int64, NaT where a text does not fit

    @property
    def known_share(self) -> float:
        """That of `known_share`; of instants that are midnights of one zone, that of its days."""
        instants = self.stamps.to_numpy()
        zone = zone_of_midnights(instants) if self.code is not None and self.code.epoch else None
        return known_share(self.stamps if zone is None else pd.Series(to_local(instants, zone)).dt.normalize())


class CodedStamps(NamedTuple):
    """The distinct texts of a column as timestamps of a code."""

    code: DateCode
    stamps: pd.Series  # datetime64[ns]


def read_coded(texts: pd.Series, name: str, plain: Callable[[], pd.Series]) -> CodedStamps | None:
    """The distinct texts of a column as dates in a code; None if they are none. Parameters as in `choose_reading`."""
    found = choose_reading(texts, name, plain) if len(texts) else None
    return None if found is None or found.code is None else CodedStamps(found.code, found.stamps)


def choose_reading(texts: pd.Series, name: str, plain: Callable[[], pd.Series]) -> Reading | None:
    """How the distinct texts of a column are written; None if no code fits the first of them.

    `name` is that of the column; `plain` gives the timestamps or numbers that the texts are without a code.
    """
    decimal = texts.iloc[0].endswith(".0") and all(p.str.fullmatch(r"\d+\.0").all() for p in pieces_of(texts))
    whole = texts.astype(object).str.removesuffix(".0") if decimal else texts
    fitting = [[code for code in codes if _may_be(code, whole.iloc[0], name)] for codes in CODES]
    if not any(fitting):
        return None
    before, after = fitting
    named = [code for code in (*before, *after) if _is_named(code, name)]
    best, most = None, -1.0
    for code in [*named, *before, None, *after]:
        if most + CLEARLY_BETTER >= 1:
            break  # none can be clearly better
        found = Reading(None, plain()) if code is None else _read(code, whole)
        share = found.known_share if found else -1.0
        if share > most + CLEARLY_BETTER:
            best, most = found, share
    return best


def _is_named(code: DateCode | None, name: str) -> bool:
    return bool(code and code.names and code.names.search(fold(name)))


def _may_be(code: DateCode, first: str, name: str) -> bool:
    return bool(re.fullmatch(code.pattern, first)) and (not code.named_only or _is_named(code, name))


def _read(code: DateCode, texts: pd.Series) -> Reading | None:
    """The reading of these texts by a code; None if one of them does not fit."""
    if not all(piece.str.fullmatch(code.pattern).all() for piece in pieces_of(texts)):
        return None
    stamps = by_pieces(texts, code.read) if code.by_text else code.read(texts.astype(object))
    return None if stamps.isna().any() else Reading(code, stamps)


def known_share(stamps: pd.Series) -> float:
    """The share of the periods between the first and the last of some distinct timestamps that are among them.

    It is lower if some could not be read, or do not come in the order of time.

    >>> known_share(pd.Series([1, 2, 4, 5])), known_share(pd.Series([3, 1, 2]))
    (0.8, 0.5)
    """
    values = stamps.dropna().to_numpy()
    if len(values) < 2:
        return len(values) / max(len(stamps), 1)
    steps = np.diff(values).astype(np.int64)
    in_order = max((steps > 0).mean(), (steps < 0).mean())
    ordered = np.unique(values)
    if len(ordered) < 2:
        return 0.0
    ordinals, on_grid = Frequency.infer(ordered, np.array([0])).ordinals(ordered)
    span = int(ordinals[-1] - ordinals[0]) + 1
    return float(in_order * on_grid.sum() / span * len(ordered) / len(stamps))
