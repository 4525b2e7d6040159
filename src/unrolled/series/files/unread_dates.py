"""Messages about texts that are no timestamps."""

import re
from calendar import monthrange
from datetime import date
from typing import NoReturn

from ...errors import DataError
from ..date_words import WEEKDAYS, fold, is_month, months_of, names_part
from ..stamps import FIRST_YEAR, LAST_YEAR
from .dates import parse_date, time_of_day
from .dialect import shorten

FIRST_DATES = {"MS": "2024-12-01", "QS": "2024-10-01"}  # examples of the first date of numbered rows, by frequency


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
