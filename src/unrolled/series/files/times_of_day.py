"""Columns beside the dates that hold the time of day: clock times in many forms, intervals, and halves of the day."""

import re

import numpy as np
import pandas as pd

from ...arrays import Array
from ..date_words import bare_name, half_of_day, names_part
from .dates import HOUR, MINUTE, begin_of_hours, time_of_day
from .numbers import sample_of
from .texts import as_objects, distinct_texts, each_text

TIME_OF_DAY_NAMES = set(  # of columns, besides those of hours
    re.findall(
        r"\w+", "time uhrzeit zeit orario tijd tijdstip klockslag klokkeslæt klokkeslett čas czas idő время 时间 時刻"
    )
)
MIN_TIMES_SHARE = 0.9  # of the cells of a column of times of day
MIN_ORDERED_SHARE = 0.9  # of the rows whose date is that of the row above
MIN_FOLLOWED_SHARE = 0.5  # of the intervals of a day, between which there may be breaks
MIN_INTERVAL = 15 * MINUTE  # of which the lengths of intervals are multiples
MIN_COVERED_HOURS = 6  # by all intervals together
DAY_HOURS = 24
PLAIN = re.compile(r"T?(\d{1,6})\s*[hH]?")  # hours, hours and minutes, or hours, minutes and seconds
DOTTED = re.compile(r"(\d{1,2})(?:\.([0-5]\d))?")
INTERVAL = re.compile(r"(\d{1,4})\s*[-–]\s*(\d{1,4})")


def is_time_of_day(column: pd.Series) -> bool:
    """Whether nearly all cells of a sample are times of day, or halves of the day, whatever the column is called."""
    sample = sample_of(column)
    if not len(sample) or not (_is_part(sample.iloc[0]) and _is_part(sample.iloc[-1])):
        return False
    return bool(sample.map(_is_part).mean() >= MIN_TIMES_SHARE)


def is_half_of_day(column: pd.Series) -> bool:
    """Whether all cells of a sample are words such as AM and PM."""
    sample = sample_of(column)
    return len(sample) > 0 and all(half_of_day(text) is not None for text in sample)


def _is_part(text: str) -> bool:
    return time_of_day(text) is not None or half_of_day(text) is not None


def counts_hours(column: pd.Series, days: pd.Series) -> bool:
    """Whether numbers are times of day, which rise or fall within each of these dates; both are texts, (n,).

    Intervals such as 8-9 or 0800-0900 are, if each begins where another one ends. Numbers such as 8, 0800, 80000 and
    8.30 are only in a column with the name of a time.
    """
    named = names_time(str(column.name))
    sample = sample_of(column)
    forms = (INTERVAL, PLAIN, DOTTED) if named else (INTERVAL,)
    if not len(sample) or not any(sample.str.fullmatch(form.pattern).all() for form in forms):
        return False
    codes, texts = distinct_texts(column)
    seconds = _seconds(as_objects(texts))
    if seconds is None or (codes < 0).any():
        return False
    of_days = pd.factorize(days)[0]
    steps = np.diff(seconds[codes])[of_days[1:] == of_days[:-1]]
    return len(steps) > 0 and max((steps >= 0).mean(), (steps <= 0).mean()) >= MIN_ORDERED_SHARE


def names_time(name: str) -> bool:
    """Whether a column has the name of a time of day or of an hour.

    >>> [names_time(name) for name in ("<TIME>", "Uhrzeit", "Hora", "Timer")]
    [True, True, True, False]
    """
    return bare_name(name) in TIME_OF_DAY_NAMES or names_part(name, "hour")


def as_clock(column: pd.Series) -> tuple[pd.Series, list[str]]:
    """A column of times of day as texts that can follow a date, such as 08:00, (n,), and notes.

    Intervals are read by their beginning.
    """
    _, texts = distinct_texts(column)
    texts = as_objects(texts)
    seconds = _seconds(texts)
    if seconds is None:
        return each_text(column, lambda own: own.map(begin_of_hours)), []
    clock = {text: _clock(second) for text, second in zip(texts, seconds.tolist(), strict=True)}
    last = texts.iloc[-1]
    note = f"{str(column.name)!r} read as the time of day: {last!r} is {clock[last]}; change with `time`"
    notes = [] if texts.str.fullmatch(r"\d{1,2}").all() else [note]
    return each_text(column, lambda own: own.map(clock)), notes


def _clock(second: int) -> str:
    seconds = f":{second % MINUTE:02}" if second % MINUTE else ""
    return f"{second // HOUR:02}:{second % HOUR // MINUTE:02}{seconds}"


def _seconds(texts: pd.Series) -> Array | None:
    """The seconds of the day of distinct numbers or intervals of numbers, (n,); None if they are no times of day."""
    if not len(texts):
        return None
    if texts.str.fullmatch(INTERVAL.pattern).all():
        return _of_intervals(texts)
    if texts.str.fullmatch(PLAIN.pattern).all():
        return _of_digits(texts.str.extract(PLAIN.pattern)[0].astype(int).to_numpy())
    if texts.str.fullmatch(DOTTED.pattern).all():
        hours, minutes = (texts.str.extract(DOTTED.pattern)[k].fillna("0").astype(int).to_numpy() for k in (0, 1))
        return hours * HOUR + minutes * MINUTE if hours.max() <= DAY_HOURS else None
    return None


def _of_intervals(texts: pd.Series) -> Array | None:
    """The seconds of the day at which distinct intervals of hours, or of four digits each, begin; None for others.

    Intervals of ages, sizes or years have other lengths, do not follow each other, or cover few hours.
    """
    ends = texts.str.extract(INTERVAL.pattern)  # (n, 2)
    digits = ends.stack().str.len()
    begin, end = (_of_digits(ends[k].astype(int).to_numpy()) for k in (0, 1))
    if begin is None or end is None or not ((digits <= 2).all() or (digits == 4).all()):
        return None
    day = DAY_HOURS * HOUR
    lengths = np.unique((end - begin) % day)
    followed = np.isin(end % day, begin).mean()
    whole = len(lengths) == 1 and lengths[0] > 0 and not (lengths[0] % MIN_INTERVAL or day % lengths[0])
    covers = len(texts) * lengths[0] >= MIN_COVERED_HOURS * HOUR
    return begin if whole and covers and followed >= MIN_FOLLOWED_SHARE else None


def _of_digits(numbers: Array) -> Array | None:
    """The seconds of the day of numbers that are all hours, all hhmm or all hhmmss, (n,); None for others."""
    for count in (1, 2, 3):
        parts = numbers[:, None] // 100 ** np.arange(count)[::-1]  # (n, count)
        parts[:, 1:] %= 100
        if parts[:, 0].max() <= DAY_HOURS:
            valid = (parts[:, 1:] < 60).all() and (count == 1 or parts[:, 0].any())
            return parts @ np.array([HOUR, MINUTE, 1])[:count] if valid else None
    return None
