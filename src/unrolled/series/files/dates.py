"""The parts of a date in a text: numbers, time of day and time zone. The column decides which number is the day."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
# stems of months in English, German, French, Spanish, Italian, Portuguese and Dutch; longer ones first
_STEMS = (
    "jan ene gen janv", "feb fev febr", "mar maa mae mär mrt", "apr avr abr", "may mai mag mei maio mayo",
    "jun giu juin", "jul lug juil", "aug ago aou aoû", "sep set", "oct okt ott out", "nov", "dec dez dic déc",
)  # fmt: skip
MONTHS = {stem: k + 1 for k, stems in enumerate(_STEMS) for stem in stems.split()} | {"fév": 2}
_WEEKDAYS = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thur?s?|fri|satur|sat|sun)(?:day)?|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|mo|di|mi|do|fr|sa|so|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
)
_FILLERS = {"of", "de", "del", "st", "nd", "rd", "th", "the", "er"}
ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "ist": 330, "jst": 540, "kst": 540, "sgt": 480, "hkt": 480, "aest": 600,
    "aedt": 660, "acst": 570, "awst": 480, "nzst": 720, "nzdt": 780, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
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


_TIME = re.compile(
    r"[tT ,]*(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?P<f>[.,]\d+)?)?)?\s*(?P<half>[aApP]\.?[mM]\.?)?"
    r"\s*\(?(?P<zone>[zZ]|[+-]\d{2}:?(?:\d{2})?|[A-Za-z]{3,4})?\)?\s*(?:\[?[A-Z]\w+/[\w/+-]+\]?)?"
)
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?!\d)")
_MONTHLY = re.compile(r"(\d{4})(?:[-/. ]|M)(\d{1,2})|(\d{1,2})[-/.](\d{4})")
_SHORT_YEAR = re.compile(r"(\d{1,3})-(\d{2})")
_YEAR_AND_PART = re.compile(r"(\d{4})[-/ .:]?(?:([QTHS])([1-4])|([1-4])([QTHS]))", re.IGNORECASE)
_PART_AND_YEAR = re.compile(r"(?:([QTHS])([1-4])|([1-4])([QTHS]))[-/ .]?'?(\d{4}|\d{2})", re.IGNORECASE)
_MONTHS_OF_PART = {"q": 3, "t": 3, "h": 6, "s": 6}  # quarters (T in French) and half-years
_WEEK = re.compile(r"(\d{4})[- /]?(?:w|kw|week) ?(\d{1,2})(?:-([1-7]))?", re.IGNORECASE)
_WEEK_AND_DAY = re.compile(r"(\d{4})W(\d{2})([1-7])")
_WEEK_AND_YEAR = re.compile(r"(?:w|kw|week) ?(\d{1,2})[-/ ,]+(\d{4})", re.IGNORECASE)
_FISCAL = re.compile(r"FY[ -]?'?(\d{4}|\d{2})|(?:FY ?)?(\d{4})[-/](\d{4}|\d{2})", re.IGNORECASE)
_INTERVAL = re.compile(r"(.{5,}?)(?:\s?[–—]\s?| - | to | bis |(?<=:\d\d)/|(?<=Z)/)(.{4,})")


@lru_cache(maxsize=4096)
def parse_date(text: str) -> DateParts | None:
    """The parts of a date; None if the text is no date.

    >>> parse_date("Friday, 26 October 2012")
    DateParts(first=2012, second=10, third=26, order='ymd', digits=4, second_of_day=0.0, zone=None)
    >>> parse_date("10/03/2004 18.00.00")[:4], parse_date("1962Q2")[:3], parse_date("284")
    ((10, 3, 2004, 'ambiguous'), (1962, 4, 1), None)
    """
    text = text.strip()
    if len(text) > 60 or not any(map(str.isdigit, text)):
        return None
    if (begin := begin_of_interval(text)) is not None:
        return parse_date(begin)
    if found := _NUMERIC.match(text):
        return _numeric(found, text[found.end() :])
    for form, read in _FORMS.items():
        if (found := form.fullmatch(text)) and (parts := read(found)):
            return parts
    return _in_words(text)


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
    return _if_possible(DateParts(int(found[1] or found[4]), int(found[2] or found[3]), 1, "ymd"))


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
    if len(year) == 2 and letter.lower() in "ts":  # a code rather than a date
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


_FORMS: dict[re.Pattern[str], Callable[[re.Match[str]], DateParts | None]] = {
    _MONTHLY: _monthly,
    _SHORT_YEAR: _short_year,
    _YEAR_AND_PART: _year_and_part,
    _PART_AND_YEAR: _part_and_year,
    _WEEK: lambda found: _weekly(found[1], found[2], found[3]),
    _WEEK_AND_DAY: lambda found: _weekly(found[1], found[2], found[3]),
    _WEEK_AND_YEAR: lambda found: _weekly(found[2], found[1]),
    _FISCAL: _fiscal,
}


def _in_words(text: str) -> DateParts | None:
    """A date with the name of its month."""
    time_text = re.search(r"[ T,]+\d{1,2}:\d{2}.*$", text)
    time = _time(time_text[0]) if time_text else (0.0, None)
    words = re.findall(r"\d+|[^\W\d_]+", text[: time_text.start()] if time_text else text)
    if time is None or len(words) > 7:
        return None
    month, numbers = None, []
    for word in words:
        lower = word.lower()
        if word.isdigit():
            numbers.append((word, month is None))
        elif not (lower in _FILLERS or _WEEKDAYS.fullmatch(lower)):
            if month is not None or _month(lower) is None:
                return None
            month = _month(lower)
    if month is None or not 1 <= len(numbers) <= 2:
        return None
    years = [k for k, (word, _) in enumerate(numbers) if len(word) == 4]
    at = years[0] if years else len(numbers) - 1
    year = numbers[at][0]
    day = next((int(word) for k, (word, _) in enumerate(numbers) if k != at), 1)
    if len(year) not in (2, 4) or not 1 <= day <= 31:
        return None
    return DateParts(int(year), month, day, "ymd", len(year), *time)


def _month(word: str) -> int | None:
    if len(word) < 3 or len(word) > 12:
        return None
    return next((MONTHS[word[:n]] for n in (4, 3) if word[:n] in MONTHS), None)


def month_named(name: str) -> int | None:
    """The month of a name such as "JAN" or "March", else None."""
    return _month(name.strip().lower()) if name.strip().isalpha() and len(name.strip()) < 10 else None


def _time(rest: str) -> tuple[float, int | None] | None:
    """The second of the day and the time zone after a date; None if the text is no time."""
    if not rest.strip():
        return 0.0, None
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
    return hour * HOUR + minute * MINUTE + second + part, zone


def _zone(text: str | None) -> int | None:
    if not text:
        return None
    if text[0] in "+-":
        digits = text[1:].replace(":", "").ljust(4, "0")
        return (-1 if text[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:]))
    return ZONES.get(text.lower())


def time_of_day(text: str) -> float | None:
    """The second of the day of a text that is a time without a date, such as 18.00.00 or 6:30 PM; else None.

    Of an interval, such as 18:00-19:00, it is the beginning.

    >>> time_of_day("18.00.00"), time_of_day("6:30 PM"), time_of_day("18"), time_of_day("1.5")
    (64800.0, 66600.0, None, None)
    """
    if not re.match(r"\d{1,2}(?::\d{2}|\.\d{2}\.\d{2}|\s*[aApP]\.?[mM])", text):
        return None
    begin = re.fullmatch(r"(.+?)\s*[-–]\s*\d{1,2}:\d{2}", text)
    found = _time(" " + (begin[1] if begin else text))
    return None if found is None else found[0]
