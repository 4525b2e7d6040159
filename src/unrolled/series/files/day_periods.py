"""Columns that number the hours, half-hours or quarter-hours of each day, or hold the time of day as hhmm."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ...arrays import Array
from .numbers import sample_of
from .texts import as_objects, distinct_texts, each_text

ID_NAMES = ("unique_id", "id", "series", "series_id", "item_id", "item", "symbol", "ticker", "store", "name")
DAY_MINUTES = 24 * 60
PERIOD_COUNTS = (24, 48, 96, 144, 288)  # of a day
MIN_COMPLETE_SHARE = 0.5  # of the days, with or without the first and the last
MIN_ORDERED_SHARE = 0.9  # of the rows of a day
CELL = r"([hH][a-zA-Z]*[ _]?)?(\d{1,4})([ABab]?)(?: ?h)?"  # 7, HE07, 7h, and 3B for an hour that occurs again
NOVEMBER = r"(?i)nov|\d-11-\d|^\d{4}11\d\d$|^11/|\.11\."  # in a date


class DayPeriods(NamedTuple):
    """The times of day that a column of numbers stands for."""

    texts: pd.Series  # "hh:mm" of each row, (n,)
    note: str


def read_periods(days: pd.Series, column: pd.Series, min_days: int = 2) -> DayPeriods | None:
    """The times of day of a column that numbers the periods of each of these days, in order and completely.

    Both are texts, (n,). None for any other column, such as one of ids or of numbers that are measured.
    """
    name = str(column.name)
    if not sample_of(column).str.fullmatch(CELL).all() or name.lower() in ID_NAMES or days.isna().any():
        return None
    of_rows, distinct = distinct_texts(column)
    cells = as_objects(distinct).str.extract(f"^{CELL}$")
    if (of_rows < 0).any() or cells[1].isna().any() or cells[0].nunique(dropna=False) > 1:
        return None
    periods = cells[1].astype(int).to_numpy()
    if not any(count <= len(np.unique(periods)) <= count + count // 24 for count in PERIOD_COUNTS):
        return None
    numbers, codes = periods[of_rows], pd.factorize(days)[0]
    count = int(pd.Series(numbers).groupby(codes).nunique().mode()[0])
    first, clock = int(numbers.min()), np.unique(numbers)
    is_clock = numbers.max() > count + count // 24
    if count not in PERIOD_COUNTS or first > 1 or (is_clock and not _is_clock(clock, count)):
        return None
    positions = np.searchsorted(clock, numbers) if is_clock else numbers - first
    if codes.max() + 1 < min_days or not _counts_each_day(codes, positions, count):
        return None
    positions = positions if is_clock else _on_local_clock(days, codes, positions, count)
    minutes = positions * (DAY_MINUTES // count)
    texts = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, DAY_MINUTES, DAY_MINUTES // count)]
    numbered = "" if is_clock else f" {first} to {first + count - 1}"
    note = f"{name!r}{numbered} read as the times of day from 00:00 to {texts[-1]}; change with `id={name!r}`"
    return DayPeriods(pd.Series(np.array(texts, object)[minutes // (DAY_MINUTES // count)]), note)


def _is_clock(numbers: Array, count: int) -> bool:
    """Whether sorted numbers are times of day as hhmm, evenly spaced from midnight to midnight."""
    minutes = numbers // 100 * 60 + numbers % 100
    return len(numbers) == count and bool((np.diff(minutes, append=DAY_MINUTES) == DAY_MINUTES // count).all())


def _counts_each_day(codes: Array, positions: Array, count: int) -> bool:
    """Whether the periods of the days are complete, apart from an hour of clock changes, and in order.

    `codes` and `positions` (n,) are the numbers of the rows' days and, from 0, of their periods. The first and the
    last day may be incomplete.
    """
    of_days = pd.Series(positions).groupby(codes)
    distinct, highest = of_days.nunique().to_numpy(), of_days.max().to_numpy()
    inner = slice(1, -1) if len(distinct) > 2 else slice(None)
    near = (np.abs(distinct - count) <= count // 24)[inner].all() and highest.max() < count + count // 24
    steps = np.diff(positions)[codes[1:] == codes[:-1]]
    orders = [np.isin(steps, (0, sign, -sign * (count - 1))).mean() for sign in (1, -1) if len(steps)]
    complete = max((distinct == count)[days].mean() for days in (inner, slice(None))) >= MIN_COMPLETE_SHARE
    return bool(near and complete) and max(orders, default=0.0) >= MIN_ORDERED_SHARE


def _on_local_clock(days: pd.Series, codes: Array, positions: Array, count: int) -> Array:
    """Periods of local time: days with an hour more repeat an hour, and days with an hour less skip one.

    Half-hours are numbered in Britain, where clocks change at one o'clock. They change at two o'clock elsewhere, and
    the hour from one to two occurs again in America, in November, but that from two to three in Europe.
    """
    hour = count // 24
    highest = pd.Series(positions).groupby(codes).transform("max").to_numpy() + 1
    british = count == 48
    in_november = each_text(days, lambda texts: texts.str.contains(NOVEMBER)).to_numpy(bool)
    autumn_hour = np.where(british | in_november, 1, 2) * hour
    spring_hour = (1 if british else 2) * hour
    inner = (codes > 0) & (codes < codes.max())  # the first and the last day may be incomplete
    later = (highest == count + hour) & (positions >= autumn_hour + hour)
    earlier = (highest == count - hour) & inner & (positions >= spring_hour)
    return np.asarray(positions - hour * later + hour * earlier)
