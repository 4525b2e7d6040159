"""The parts of a date in a text: numbers, time of day and time zone. The column decides which number is the day."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from ..date_words import MONTHS_BY_NAME, PART_NAMES, WEEKDAYS, fold, in_ascii, is_month
from ..frequency import LIKELY_YEARS

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
# words and endings of ordinal numbers that may stand in a date, in several languages
_FILLERS = set(
    re.findall(r"\w+", "of de del d den da du st nd rd th the er eme o a e g r г р fy fiscal год года roku")
)
QUARTERS = ("q", "t", "k", "trim", "tri", "qtr", "quart", "kv", "kvart", "кв", *map(fold, PART_NAMES["quarter"]))
HALF_YEARS = (
    "h",
    "s",
    "sem",
    "semester",
    "semestre",
    "semestr",
    "halbjahr",
    "hj",
    "half",
    "halvar",
    "pololeti",
    "полугодие",
)
_MONTHS_OF_PART = dict.fromkeys(QUARTERS, 3) | dict.fromkeys(HALF_YEARS, 6)
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "ist": 330, "jst": 540, "kst": 540, "sgt": 480, "hkt": 480, "aest": 600,
    "aedt": 660, "acst": 570, "awst": 480, "nzst": 720, "nzdt": 780, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
}  # fmt: skip
AMBIGUOUS_ZONES = {  # abbreviations of several zones: that which `ZONES` has, and another one
    "ist": ("India", "Israel"), "cst": ("North America", "China"), "bst": ("British summer", "Bangladesh"),
}  # fmt: skip

# year, month, day; or day and month in either order, then the year; or a year without a century and a month
Order = Literal["ymd", "ambiguous", "short year"]


class DateParts(NamedTuple):
    """The parts of a date."""

    first: int
    second: int
    third: int
    order: Order  # the meaning of the three numbers
    digits: int = 4  # of the year
    second_of_day: float = 0.0
    zone: int | None = None  # minutes ahead of UTC
    place: str | None = None  # the name of the time zone, such as Europe/Berlin
    month_name: str | None = None  # without accents; the names of a column together decide on its language


_TIME = re.compile(
    r"[tT ,]*(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?P<f>[.,]\d+)?)?)?"
    r"\s*(?P<half>[aApP]\.?\s?[mM]\.?)?\s*(?:[uU]hr|[hH](?:rs?)?)?"
    r"\s*\(?(?P<zone>[zZ]|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?|[A-Za-z]{3,4})?\)?"
    r"\s*(?:\[?(?P<place>[A-Z]\w+/[\w/+-]+)\]?)?"
)
_CLOCK = re.compile(
    r"\d{1,2}(?::\d{2}|\.\d{2}\.\d{2}|h\d{2}|\s*[aApP]\.?\s?[mM]|(?:\.\d{2})?\s*[uU]hr)"
)  # a time that can't be a number
_HOURS = re.compile(r"(\S+?(?:\s*[uU]hr)?)(?:\s*[-–]\s*| to | bis )(\d{1,2}:\d{2}|\d{1,2}(?:[.h]\d{2})?(\s*[uU]hr))")
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?!\d)")
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(\D.*)?")  # without separators
_MONTHLY = re.compile(r"(\d{4})(?:[-/. :]|M)(\d{1,2})|(\d{1,2})[-/.](\d{4})")
_SHORT_YEAR = re.compile(r"(\d{1,3})-(\d{2})")
_YEAR_AND_PART = re.compile(r"(\d{4})[-/ .:]?(?:([QTKHS])([1-4])|([1-4])([QTKHS]))", re.IGNORECASE)
_PART_AND_YEAR = re.compile(r"(?:([QTHS])([1-4])|([1-4])([QTHS]))[-/ .]?'?(\d{4}|\d{2})", re.IGNORECASE)
_WEEK = re.compile(r"(\d{4})[- /]?(?:w|kw|week) ?(\d{1,2})(?:-([1-7]))?", re.IGNORECASE)
_WEEK_AND_DAY = re.compile(r"(\d{4})W(\d{2})([1-7])")
_WEEK_AND_YEAR = re.compile(r"(?:w|kw|week) ?(\d{1,2})[-/ ,]+(\d{4})", re.IGNORECASE)
_FISCAL = re.compile(r"FY[ -]?'?(\d{4}|\d{2})|(?:FY ?)?(\d{4})[-/–](\d{4}|\d{2})", re.IGNORECASE)
_INTERVAL = re.compile(r"(.{5,}?)(?:\s?[–—]\s?| - | to | bis |(?<=:\d\d)/|(?<=Z)/)(.{4,})")
_FIRST_WORD = re.compile(r"(?:week (?:of|beginning|starting) |([^\W\d_]{2,})[.,]*\s+)(?=\S)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def parse_date(text: str) -> DateParts | None:
    """The parts of a date; None if the text is no date.

    >>> parse_date("Friday, 26 October 2012")[:5]
    (2012, 10, 26, 'ymd', 4)
    >>> parse_date("10/03/2004 18.00.00")[:4], parse_date("1962Q2")[:3], parse_date("284")
    ((10, 3, 2004, 'ambiguous'), (1962, 4, 1), None)
    >>> parse_date("Mo 03.01.2022")[:3], parse_date("1º semestre de 2000")[:3], parse_date("Marketing 1990")
    ((3, 1, 2022), (2000, 1, 1), None)
    """
    text = in_ascii(text.strip())
    if len(text) > 60 or not any(map(str.isdigit, text)):
        return None
    if (begin := begin_of_interval(text)) is not None:
        return parse_date(begin)
    first = _FIRST_WORD.match(text)
    if first and (first[1] is None or (fold(first[1]) in WEEKDAYS and not is_month(first[1]))):
        return parse_date(text[first.end() :])
    if first and fold(first[1]) in WEEKDAYS and _NUMERIC.match(text, first.end()):
        text = text[first.end() :]
    if found := _NUMERIC.match(text):
        return _numeric(found, text[found.end() :])
    for form, read in _FORMS.items():
        if (found := form.fullmatch(text)) and (parts := read(found)):
            return parts
    return _part_in_words(text) or _in_words(text)


def begin_of_interval(text: str) -> str | None:
    """The beginning of an interval of two dates, or of a date and a time of day; None for other texts.

    >>> begin_of_interval("01.01.2024 00:00 - 01.01.2024 01:00"), begin_of_interval("1 - 2 May 2024")
    ('01.01.2024 00:00', None)
    """
    found = _INTERVAL.fullmatch(text)
    if found is None or (parse_date(found[2]) is None and time_of_day(found[2]) is None):
        return None
    return found[1] if parse_date(found[1]) is not None else None


def _numeric(found: re.Match[str], rest: str) -> DateParts | None:
    a, b, c = found[1], found[3], found[4]
    time = _time(rest)
    if time is None:
        return None
    if len(a) == 4 and len(c) <= 2:
        return _if_possible(DateParts(int(a), int(b), int(c), "ymd", 4, *time))
    if len(a) > 2 or len(c) not in (2, 4):
        return None
    if not (1 <= int(a) <= 31 and 1 <= int(b) <= 31 and min(int(a), int(b)) <= 12):
        return None
    return DateParts(int(a), int(b), int(c), "ambiguous", len(c), *time)


def _if_possible(parts: DateParts) -> DateParts | None:
    return parts if 1 <= parts.second <= 12 and 1 <= parts.third <= 31 else None


def _monthly(found: re.Match[str]) -> DateParts | None:
    year, month = int(found[1] or found[4]), int(found[2] or found[3])
    likely = LIKELY_YEARS[0] <= year <= LIKELY_YEARS[1]  # 2.8837 is a number
    return _if_possible(DateParts(year, month, 1, "ymd")) if likely else None


def _short_year(found: re.Match[str]) -> DateParts | None:
    return DateParts(int(found[1]), int(found[2]), 1, "short year", 1) if 1 <= int(found[2]) <= 12 else None


def _part_of_year(year: str, letter: str, number: str) -> DateParts | None:
    months = _MONTHS_OF_PART[letter.lower()]
    month = months * (int(number) - 1) + 1
    return DateParts(int(year), month, 1, "ymd", len(year)) if month <= 12 else None


def _year_and_part(found: re.Match[str]) -> DateParts | None:
    return _part_of_year(found[1], found[2] or found[5], found[3] or found[4])


def _part_and_year(found: re.Match[str]) -> DateParts | None:
    letter, year = found[1] or found[4], found[5]
    if len(year) == 2 and found[1] and letter.lower() in "ts":  # a code rather than a date
        return None
    return _part_of_year(year, letter, found[2] or found[3])


def _weekly(year: str, week: str, day: str | None = None) -> DateParts | None:
    try:
        start = date.fromisocalendar(int(year), int(week), int(day or 1))
    except ValueError:
        return None
    return DateParts(start.year, start.month, start.day, "ymd")


def _fiscal(found: re.Match[str]) -> DateParts | None:
    """A fiscal year, by the year in which it begins, or by its name where it has one number only."""
    if found[1]:
        return DateParts(int(found[1]), 1, 1, "ymd", len(found[1]))
    follows = int(found[3]) == (int(found[2]) + 1) % 10 ** len(found[3])
    return DateParts(int(found[2]), 1, 1, "ymd") if follows else None


def _basic(found: re.Match[str]) -> DateParts | None:
    year, month, day, hour, minute, second, zone = found.groups()
    time = _time(f"T{hour}:{minute}:{second or '00'}{zone or ''}")
    return _if_possible(DateParts(int(year), int(month), int(day), "ymd", 4, *time)) if time else None


_FORMS: dict[re.Pattern[str], Callable[[re.Match[str]], DateParts | None]] = {
    _BASIC: _basic,
    _MONTHLY: _monthly,
    _SHORT_YEAR: _short_year,
    _YEAR_AND_PART: _year_and_part,
    _PART_AND_YEAR: _part_and_year,
    _WEEK: lambda found: _weekly(found[1], found[2], found[3]),
    _WEEK_AND_DAY: lambda found: _weekly(found[1], found[2], found[3]),
    _WEEK_AND_YEAR: lambda found: _weekly(found[2], found[1]),
    _FISCAL: _fiscal,
}


def _part_in_words(text: str) -> DateParts | None:
    """A quarter or half-year whose number, name and year stand in any order, such as 1. Quartal 2012."""
    words = [word for word in re.findall(r"\d+|[^\W\d_]+", fold(text)) if word not in _FILLERS]
    named = [word for word in words if word in _MONTHS_OF_PART]
    numbers = [str(ROMAN.get(word, word)) for word in words if word.isdigit() or word in ROMAN]
    if len(named) != 1 or len(numbers) != 2 or len(words) != 3:
        return None
    year = next((number for number in numbers if len(number) == 4), numbers[1])
    number = numbers[1] if numbers[0] == year else numbers[0]
    if number not in "1234" or len(year) not in (2, 4) or (len(year) == 2 and len(named[0]) == 1):
        return None
    return _part_of_year(year, named[0], number)


def _in_words(text: str) -> DateParts | None:
    """A date with the name of its month."""
    time_text = re.search(r"[ T,]+\d{1,2}:\d{2}.*$", text)
    time = _time(time_text[0]) if time_text else (0.0, None, None)
    words = [fold(word) for word in re.findall(r"\d+|[^\W\d_]+", text[: time_text.start()] if time_text else text)]
    if time is None or len(words) > 7:
        return None
    named = [word for word in words if is_month(word)]
    if len(named) > 1 and named[0] in WEEKDAYS:  # mar is Tuesday in some languages
        named = named[1:]
    others = [word for word in words if not (word.isdigit() or word in named)]
    numbers = [word for word in words if word.isdigit()]
    if len(named) != 1 or not 1 <= len(numbers) <= 2 or not all(word in _FILLERS | WEEKDAYS for word in others):
        return None
    year = next((number for number in numbers if len(number) == 4), numbers[-1])
    at = numbers.index(year) if len(year) == 4 else len(numbers) - 1
    day = next((int(number) for k, number in enumerate(numbers) if k != at), 1)
    if len(year) not in (2, 4) or not 1 <= day <= 31:
        return None
    month = min(MONTHS_BY_NAME[named[0]])
    return DateParts(int(year), month, day, "ymd", len(year), *time, month_name=named[0])


def _time(rest: str) -> tuple[float, int | None, str | None] | None:
    """The second of the day, the offset from UTC and the name of the zone after a date; None if it is no time."""
    if not rest.strip():
        return 0.0, None, None
    found = _TIME.fullmatch(rest)
    if found is None or (found["m"] is None and found["half"] is None and not rest.startswith(("T", " "))):
        return None
    hour, minute, second = int(found["h"]), int(found["m"] or 0), int(found["s"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    zone = _zone(found["zone"])
    if found["zone"] and zone is None:
        return None
    part = float(found["f"].replace(",", ".")) if found["f"] else 0.0
    return hour * HOUR + minute * MINUTE + second + part, zone, found["place"]


def _zone(text: str | None) -> int | None:
    if not text:
        return None
    if offset := re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}?):?(\d{2})?", text):
        return (-1 if offset[1] == "-" else 1) * (int(offset[2]) * 60 + int(offset[3] or 0))
    return ZONES.get(text.lower())


def time_of_day(text: str) -> float | None:
    """The second of the day of a text that is a time without a date, such as 18.00.00, 6:30 PM or 8 Uhr; else None.

    Of an interval, such as 18:00-19:00, it is the beginning.

    >>> time_of_day("18.00.00"), time_of_day("6:30 PM"), time_of_day("8-9 Uhr"), time_of_day("18"), time_of_day("1.5")
    (64800.0, 66600.0, 28800.0, None, None)
    """
    begin = begin_of_hours(text)
    if not _CLOCK.match(begin):
        return None
    found = _time(" " + begin)
    return None if found is None else found[0]


def begin_of_hours(text: str) -> str:
    """The beginning of an interval of two times of day; other texts as they are, in usual characters.

    >>> begin_of_hours("18:00-19:00"), begin_of_hours("8-9 Uhr"), begin_of_hours("9:00 to 10:00")
    ('18:00', '8 Uhr', '9:00')
    """
    text = in_ascii(text)
    found = _HOURS.fullmatch(text)
    if found is None:
        return text
    return f"{found[1]}{found[3]}" if found[1].isdigit() and found[3] else found[1]
