"""The place of timestamps in the day, the week and the year, as smooth numbers between -1 and 1."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ...arrays import Array
from ...series.frequency import DAY, Frequency

WEEK = 7 * DAY
# parts of the calendar: the name of a circle, and the places of dates on it, 0 .. 1
# (utilsforecast's Fourier terms count the rows of a series instead of reading the calendar)
CIRCLES: dict[str, tuple[str, Callable[[pd.DatetimeIndex], Any]]] = {
    "time of day": (
        "day",
        lambda dates: (dates - dates.normalize()).to_numpy("timedelta64[ns]").view(np.int64) / DAY,
    ),
    "day of week": ("week", lambda dates: dates.day_of_week / 7),
    # relative to the length of the month, so that the last days of all months lie together
    "day of month": ("month", lambda dates: (dates.day - 1) / dates.days_in_month),
    "day of year": ("year", lambda dates: (dates.day_of_year - 1) / (365 + dates.is_leap_year)),
    "month of year": ("year", lambda dates: (dates.month - 1) / 12),
}


def calendar_features(frequency: Frequency, ordinals: Array, season: int | None = None) -> tuple[list[str], Array]:
    """Features of the calendar that make sense for a frequency.

    A place on a circle is given by sine and cosine, so that the end of a year lies next to the beginning of another.

    Args:
        frequency: of the series.
        ordinals: numbers of periods, past or future, (n,).
        season: periods in a season, used for whole-number timestamps only; None: the frequency's own.

    Returns:
        The names, and the features (n, K); none for years, and for whole numbers without a season.

    >>> monthly = Frequency.named("MS", np.datetime64("2024-01-01"))
    >>> names, values = calendar_features(monthly, np.array([0, 3, 6]))
    >>> names, values.round(2).tolist()
    (['year sine', 'year cosine'], [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0]])
    """
    ordinals = np.asarray(ordinals, np.int64)
    if frequency.unit == "integer":
        season = frequency.season if season is None else season
        if season < 2:
            return [], np.zeros((len(ordinals), 0))
        return ["season sine", "season cosine"], _circle(ordinals % season / season)
    chosen = _chosen(frequency)
    names = [name for part in chosen for name in _names(part)]
    if not chosen or not len(ordinals):
        return names, np.zeros((len(ordinals), len(names)))
    first, last = int(ordinals.min()), int(ordinals.max())
    # many series share few timestamps: each is computed once
    if last - first < max(len(ordinals), 1000):
        distinct, places = np.arange(first, last + 1), ordinals - first
    else:
        distinct, places = np.unique(ordinals, return_inverse=True)
    dates = pd.DatetimeIndex(frequency.local_stamps(distinct))
    return names, np.concatenate([_features(part, dates) for part in chosen], axis=1)[places]


def _chosen(frequency: Frequency) -> list[str]:
    """The parts of the calendar that vary within a series of this frequency."""
    if frequency.days:
        return ["day of year"]
    if frequency.unit == "month":
        return ["month of year"] if frequency.step % 12 else []
    parts = []
    if frequency.step % DAY:
        parts.append("time of day")
    if frequency.step < WEEK:
        parts += ["day of week", *(["weekend"] if frequency.has_weekends else [])]
    if DAY <= frequency.step < WEEK:
        parts.append("day of month")
    # with half a year or longer, a circle has too few points
    if frequency.step < 180 * DAY:
        parts.append("day of year")
    return parts


def _circle(share: Array) -> Array:
    """Places on a circle, 0 .. 1, as sine and cosine, (n, 2)."""
    return np.stack([np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)], axis=1)


def _names(part: str) -> list[str]:
    """The names of the features of a part of the calendar."""
    return [part] if part == "weekend" else [f"{CIRCLES[part][0]} sine", f"{CIRCLES[part][0]} cosine"]


def _features(part: str, dates: pd.DatetimeIndex) -> Array:
    """These features, (n, 1) or (n, 2)."""
    if part == "weekend":
        return (dates.day_of_week.to_numpy() >= 5).astype(np.float64)[:, None]
    return _circle(np.asarray(CIRCLES[part][1](dates)))
