"""The names of months, weekdays and parts of dates in many languages.

Names are compared without case and accents. A name that means different months in two languages, such as listopad, is
decided by the other names of its column.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

WORDS = json.loads(Path(__file__).with_name("date_words.json").read_text(encoding="utf-8"))
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d"})  # which have no accent that could be removed
_NUMBERED_MONTH = re.compile(r"(\d{1,2})\s*[月월]|(?:tháng|thg|th)\.?\s*(\d{1,2})", re.IGNORECASE)
_NUMBERED_DATE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日일])?\s*")
_NUMBERED_QUARTER = re.compile(r"(\d{4})\s*[年년]\s*第?\s*([1-4])\s*(?:季度?|四半期|분기)")
_NUMBERED_MONTH_AND_YEAR = re.compile(r"(?:tháng|thg)\.?\s*(\d{1,2})\s*(?:[/,-]|năm)?\s*(\d{4})", re.IGNORECASE)
_DASHED = re.compile(r"(\d)[‐‑–−](\d{1,2})[‐‑–−](\d)")
_NUMBERED_TIME = re.compile(r"(\d{1,2})\s*[時时시]\s*(?:(\d{1,2})\s*[分분])?")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A word without case and accents.

    >>> fold("Février"), fold("KASIM"), fold("Kasım")
    ('fevrier', 'kasim', 'kasim')
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)


def _folded(names: str) -> list[str]:
    return [fold(name) for name in names.split()]


MONTHS = {  # by language and name
    language: {name: k + 1 for k, names in enumerate(months) for name in _folded(names)}
    for language, months in WORDS["months"].items()
}
MONTHS_BY_NAME: dict[str, set[int]] = {}
for _months in MONTHS.values():
    for _name, _month in _months.items():
        MONTHS_BY_NAME.setdefault(_name, set()).add(_month)
WEEKDAYS = frozenset(_folded(WORDS["weekdays"]))
PART_NAMES = {  # of columns, by part, in all languages
    part: frozenset(name for parts in WORDS["parts"].values() for name in parts.get(part, "").split())
    for part in WORDS["parts"]["en"]
}
_WITHOUT_ACCENTS = {part: {fold(name) for name in names if len(name) > 3} for part, names in PART_NAMES.items()}


def bare_name(name: str) -> str:
    """The name of a column in lower case, without marks around it, such as those of <DATE>."""
    return re.sub(r"^\W+|\W+$", "", name.lower())


def names_part(name: str, part: str) -> bool:
    """Whether a word names a part of a date, such as "year", in some language; short words need their accents.

    >>> names_part("Año", "year"), names_part("MIESIAC", "month"), names_part("ar", "year")
    (True, True, False)
    """
    name = bare_name(name)
    return name in PART_NAMES[part] or fold(name) in _WITHOUT_ACCENTS[part]


def is_month(word: str) -> bool:
    """Whether a word names a month in some language."""
    return fold(word) in MONTHS_BY_NAME


def months_of(names: Iterable[str]) -> dict[str, int]:
    """The month of each name that is one, in the languages that know most of them; none of a name that stays unclear.

    >>> months_of(["listopad", "prosinac"]), months_of(["Listopad", "sierpień"]), months_of(["listopad"])
    ({'listopad': 10, 'prosinac': 12}, {'listopad': 11, 'sierpien': 8}, {})
    """
    known = {fold(name) for name in names} & MONTHS_BY_NAME.keys()
    counts = {language: len(known & months.keys()) for language, months in MONTHS.items()}
    best = [MONTHS[language] for language, count in counts.items() if count == max(counts.values())]
    meanings = {name: {months[name] for months in best if name in months} or MONTHS_BY_NAME[name] for name in known}
    return {name: min(months) for name, months in sorted(meanings.items()) if len(months) == 1}


def months_named(names: Iterable[str]) -> list[int | None]:
    """The months of names such as "JAN", "März" or "1月", all of one language; None of texts that are none.

    >>> months_named(["Oca", "Şub", "x", "12月"])
    [1, 2, None, 12]
    """
    texts = [str(name).strip() for name in names]
    months = months_of(text.rstrip(".") for text in texts)
    return [numbered_month(text) or months.get(fold(text.rstrip("."))) for text in texts]


def numbered_month(text: str) -> int | None:
    """The month of a name with its number, such as 1月."""
    found = None if text.isascii() else _NUMBERED_MONTH.fullmatch(text)
    month = int(found[1] or found[2]) if found else 0
    return month if 1 <= month <= 12 else None


def in_ascii(text: str) -> str:
    """A date with full-width digits, Asian names of its parts or other words for a.m. and p.m., in usual characters.

    >>> in_ascii("2019年1月"), in_ascii("2023년 1월 2일 오후 2시"), in_ascii("01/01/2023 1:00 π.μ.")
    ('2019-1', '2023-1-2 2:00 PM', '01/01/2023 1:00 AM')
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = _DASHED.sub(r"\1-\2-\3", text)
    text = _NUMBERED_DATE.sub(lambda found: "-".join(filter(None, found.groups())) + " ", text)
    text = _NUMBERED_QUARTER.sub(r"\1Q\2", text)
    text = _NUMBERED_MONTH_AND_YEAR.sub(r"\2-\1", text)
    text = _NUMBERED_TIME.sub(lambda found: f"{found[1]}:{found[2] or '00':0>2}", text)
    for form, half in _HALVES:
        text = form.sub(lambda found, half=half: f"{found[1] or found[2]} {half}", text)  # type: ignore[misc]
    return text.strip()


def half_of_day(text: str) -> str | None:
    """The half of the day that a word names, AM or PM; None for other texts.

    >>> half_of_day("a.m."), half_of_day("PM"), half_of_day("午後"), half_of_day("amount")
    ('AM', 'PM', 'PM', None)
    """
    return _HALVES_BY_NAME.get(_letters(text))


def _letters(text: str) -> str:
    return re.sub(r"[.\s]", "", unicodedata.normalize("NFKC", text).casefold())


_HALVES_BY_NAME = {_letters(name): half.upper() for half in ("am", "pm") for name in (half, *WORDS[half].split())}


def _half_of_day(names: str) -> re.Pattern[str]:
    """A time of day after or before one of these names, which may have points."""
    words = "|".join(r"\.?\s?".join(map(re.escape, unicodedata.normalize("NFKC", name))) for name in names.split())
    time = r"(\d{1,2}(?:[:.]\d{2}){0,2})"
    return re.compile(rf"(?:{words})\.?\s*{time}|(?<![-/.\d]){time}\s*(?:{words})\.?", re.IGNORECASE)


_HALVES = [(_half_of_day(WORDS[half]), half.upper()) for half in ("am", "pm")]
