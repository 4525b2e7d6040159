"""Days of months: the last one, business days, weekdays, and the rule that timestamps of months follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Array

MIN_MONTHLY_SHARE = 0.9  # of timestamps on the same day of their months; the others are wrong
NUMBERS_AT_ONCE = 1 << 16  # that are counted
MAX_DAYS_OF_A_MONTH = 4  # on which there are timestamps; more are inferred to be days, or weeks


def last_day_of(months: Array) -> Array:
    return (months + 1).astype("datetime64[D]") - 1


def day_of(months: Array, day: int | Array) -> Array:
    """A day of these months, counted from 0, datetime64[D]; the last one of months that are too short."""
    return np.minimum(months.astype("datetime64[D]") + day, last_day_of(months))


def business_day_of(months: Array, last: bool) -> Array:
    """The first or last business day, Monday to Friday, of these months, datetime64[D]."""
    days = last_day_of(months) if last else months.astype("datetime64[D]")
    return np.busday_offset(days, 0, roll="backward" if last else "forward")


def weekday_of_days(days: Array) -> Array:
    """The weekdays of these days, 0: Monday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def weekday_of(months: Array, n: int, weekday: int) -> Array:
    """The n-th weekday, or the last one if n is -1, of these months, datetime64[D]."""
    if n == -1:
        last = last_day_of(months)
        return last - (weekday_of_days(last) - weekday) % 7
    first = months.astype("datetime64[D]")
    return first + (weekday - weekday_of_days(first)) % 7 + 7 * (n - 1)


def rule_of_days(days: Array, distances: Array) -> dict[str, Any] | None:
    """The options of a `Frequency` of months whose timestamps are these days (n,), one of a month; None if none fits.

    If it is the same day of each month, that is the only option, "day", counted from 0. `distances` are the days
    between neighbours of one series. A rule that all days keep is preferred to one that a few wrong ones break.
    """
    months = days.astype("datetime64[M]")
    day = (days - months).astype(int)
    for share, usual in ((1.0, int(day.max())), (MIN_MONTHLY_SHARE, commonest(day))):
        if ((days + 1).astype("datetime64[M]") > months).mean() >= share:
            return {"month_end": True}
        if (days == day_of(months, usual)).mean() >= share:
            return {"day": usual}
        for month_end in (True, False):
            if (days == business_day_of(months, month_end)).mean() >= share:
                return {"month_end": month_end, "business": True}
        for n in (1, 2, 3, 4, -1):
            weekday = (n, int(weekday_of_days(days[:1])[0]))
            same = (days == weekday_of(months, *weekday)).mean()
            if (distances % distances.min()).any() and same >= share:
                return {"weekday": weekday}
    return None


def common_days(dates: Array) -> tuple[int, ...]:
    """The few days on which these dates lie in each month, counted from 1; empty if there is one, or many."""
    months = dates.astype("datetime64[M]")
    day = (dates - months).astype(int) + 1
    is_last = (dates + 1).astype("datetime64[M]") > months
    late = day >= 28
    latest = 31 if late.any() and is_last[late].all() else int(day.max())
    found = np.unique(np.where(is_last & (day < latest) & (latest >= 28), latest, day))
    if not 1 < len(found) <= MAX_DAYS_OF_A_MONTH or len(np.unique(dates)) < 2 * len(found):
        return ()
    return tuple(found.tolist())


def commonest(numbers: Array) -> int:
    """The most common of these numbers; of several, the smallest."""
    # hashing is ten times as fast as sorting, and needs a table with a place for each number
    pieces = [numbers[start : start + NUMBERS_AT_ONCE] for start in range(0, len(numbers), NUMBERS_AT_ONCE)]
    found = pd.concat([pd.Series(piece).value_counts(sort=False) for piece in pieces]).groupby(level=0).sum()
    return int(found.index.to_numpy()[found.to_numpy().argmax()])
