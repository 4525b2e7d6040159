"""Frequencies: timestamps as whole numbers of periods (ordinals), and back.

Panels are built on ordinals: a gap is a skipped ordinal, a duplicate a repeated one, and the next timestamps are
those of the next ordinals.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError

Unit = Literal["integer", "fixed", "month", "business day"]

SECOND, MINUTE, HOUR, DAY = (n * 10**9 for n in (1, 60, 3600, 86400))
# seasons of fixed frequencies, in nanoseconds: (longest period to which the season applies, length of the season)
FIXED_SEASONS = ((MINUTE, HOUR), (12 * HOUR, DAY), (DAY, 7 * DAY), (7 * DAY, 364 * DAY))
MAX_WEEKEND_SHARE = 0.1  # of weekends on which a series of business days may have a value
VALID_ALIASES = "use an alias such as D, B, W, MS, QS, YS, h or 30min"


@dataclass(frozen=True)
class Frequency:
    """The distance between two timestamps, and the position of their grid."""

    unit: Unit
    step: int  # from one timestamp to the next: integers, nanoseconds, months or business days
    origin: int  # the timestamp of ordinal 0, as an integer or as nanoseconds since 1970
    month_end: bool = False  # monthly timestamps are the last days of their months
    business: bool = False  # monthly timestamps are the first or last business days of their months

    @classmethod
    def infer(cls, stamps: Array, first: Array) -> Frequency:
        """The frequency of sorted timestamps (n,), int64 or datetime64, whose series begin at the positions `first`.

        The most common distance decides; months are recognized by the days of the month. A `DataError` says that no
        series has two different timestamps.
        """
        steps, inside = steps_within(stamps, first)
        if not len(steps):
            raise DataError(
                "no series has two different timestamps, so the frequency can't be inferred. Give it (`freq`)."
            )
        step = _commonest(steps)
        origin = int(as_integers(stamps[:1])[0])
        if stamps.dtype.kind != "M":
            return cls("integer", step, origin)
        if step >= 28 * DAY:
            months = cls._months(stamps, inside, origin)
            if months is not None:
                return months
        if step == DAY:
            days = stamps.astype("datetime64[D]")
            weekends = _weekends_between(days)[inside]
            if weekends.any() and (~np.is_busday(days)).sum() <= MAX_WEEKEND_SHARE * weekends.sum():
                first_business_day = int(as_integers(stamps[np.is_busday(days)][:1])[0])
                return cls("business day", 1, first_business_day)
        return cls("fixed", step, origin)

    @classmethod
    def _months(cls, stamps: Array, inside: Array, origin: int) -> Frequency | None:
        """The frequency of months that fits the days of these timestamps, if there is one.

        `inside` (n - 1,) is false for the last row of each series.
        """
        days = stamps.astype("datetime64[D]")
        # the last timestamp of a series may lie in the middle of its month, so only the others decide
        decisive = days[:-1][inside]
        months = decisive.astype("datetime64[M]")
        gaps = np.diff(days.astype("datetime64[M]").astype(np.int64))[inside]
        if not (gaps > 0).any():
            return None
        step = _commonest(gaps[gaps > 0])
        day = (decisive - months).astype(int)
        if ((decisive + 1).astype("datetime64[M]") > months).all():
            return cls("month", step, origin, month_end=True)
        if (decisive == _day_of(months, day.max())).all():
            own = np.flatnonzero(days - days.astype("datetime64[M]") == day.max())  # not clipped to a short month
            return cls("month", step, int(as_integers(stamps[own[:1]])[0]))
        for month_end in (True, False):
            if (decisive == _business_day_of(months, month_end)).all():
                return cls("month", step, origin, month_end, business=True)
        return None

    @classmethod
    def named(cls, name: str | int, first_stamp: Any) -> Frequency:
        """The frequency of a pandas alias such as "D", "MS", "W", "30min", or of a whole number."""
        dates = isinstance(first_stamp, np.datetime64)
        if isinstance(name, (int, np.integer)) == dates:
            kind = "dates; use an alias such as D or MS" if dates else "whole numbers; use a whole number, such as 1"
            raise InputError(f"`freq={name!r}` does not fit timestamps that are {kind}.")
        if isinstance(name, (int, np.integer)):
            if name < 1:
                raise InputError(f"`freq` must be ≥ 1; got {name!r}.")
            return cls("integer", int(name), int(first_stamp))
        origin = int(first_stamp.astype("datetime64[ns]").view(np.int64))
        try:
            with warnings.catch_warnings(action="ignore"):  # of aliases that pandas will drop
                offset = pd.tseries.frequencies.to_offset(name)
        except (ValueError, TypeError) as error:
            raise InputError(f"`freq={name!r}` is not a known frequency; {VALID_ALIASES}.") from error
        kind, n = type(offset).__name__, offset.n
        if n < 1:
            raise InputError(f"`freq={name!r}` is not a positive step; {VALID_ALIASES}.")
        span = re.fullmatch(r"(Business|B)?(Month|Quarter|Year)(Begin|End)", kind)
        if span:
            months = {"Month": 1, "Quarter": 3, "Year": 12}[span[2]]
            return cls("month", n * months, origin, month_end=span[3] == "End", business=span[1] is not None)
        if kind == "BusinessDay":
            return cls("business day", n, origin)
        try:
            return cls("fixed", 7 * DAY * n if kind == "Week" else offset.nanos, origin)
        except ValueError as error:
            raise InputError(f"`freq={name!r}` has no fixed length; {VALID_ALIASES}.") from error

    def ordinals(self, stamps: Array) -> tuple[Array, Array]:
        """For each timestamp the ordinal of its period, and whether it lies on the grid."""
        if self.unit in ("integer", "fixed"):
            distance = as_integers(stamps) - self.origin
            ordinals = distance // self.step
            return ordinals, ordinals * self.step == distance
        days, start = stamps.astype("datetime64[D]"), self._origin_day
        if self.unit == "business day":
            number = np.busday_count(start, days)
            return number // self.step, np.is_busday(days) & (number % self.step == 0)
        months = days.astype("datetime64[M]").astype(np.int64) - start.astype("datetime64[M]").astype(np.int64)
        ordinals = months // self.step
        return ordinals, days == self.stamps(ordinals).astype("datetime64[D]")

    def stamps(self, ordinals: Array) -> Array:
        """The timestamps of these ordinals, int64 or datetime64[ns]."""
        if self.unit in ("integer", "fixed"):
            stamps = self.origin + ordinals * self.step
            return stamps if self.unit == "integer" else stamps.view("datetime64[ns]")
        start = self._origin_day
        first_month = start.astype("datetime64[M]")
        months = first_month + ordinals * self.step
        if self.unit == "business day":
            days = np.busday_offset(start, ordinals * self.step, roll="forward")
        elif self.business:
            days = _business_day_of(months, self.month_end)
        else:
            days = _last_day_of(months) if self.month_end else _day_of(months, (start - first_month).astype(int))
        return days.astype("datetime64[ns]") + np.timedelta64(self.origin % DAY, "ns")  # the time of day stays

    @property
    def _origin_day(self) -> np.datetime64:
        return np.datetime64(self.origin, "ns").astype("datetime64[D]")

    @property
    def counts_days(self) -> bool:
        """Whether periods are whole days, weeks or months, so that all timestamps have the same time of day."""
        return self.unit in ("month", "business day") or (self.unit == "fixed" and self.step % DAY == 0)

    @property
    def season(self) -> int:
        """Periods per season: 12 for months, 4 for quarters, 7 for days, 24 for hours; 1 if there is no usual one."""
        if self.unit == "month":
            return 12 // self.step if 12 % self.step == 0 else 1
        if self.unit == "business day":
            return 5 if self.step == 1 else 1
        if self.unit == "fixed":
            for longest, season in FIXED_SEASONS:
                if self.step <= longest:
                    return season // self.step if season % self.step == 0 and season > self.step else 1
        return 1

    @property
    def mase_season(self) -> int:
        """The season that scales MASE, as defined by the M4 competition: 1 for days and weeks."""
        return 1 if self.unit == "business day" or (self.unit == "fixed" and self.step >= DAY) else self.season

    @property
    def name(self) -> str:
        """The frequency in words, such as "monthly", "daily", "every 30 minutes"."""
        if self.unit == "integer":
            return "numbered" if self.step == 1 else f"numbered by {self.step}"
        if self.unit == "business day":
            return "business days" if self.step == 1 else f"every {self.step} business days"
        if self.unit == "month":
            words = {1: "monthly", 3: "quarterly", 12: "yearly"}
            return words.get(self.step, f"every {self.step} months")
        words = {7 * DAY: "weekly", DAY: "daily", HOUR: "hourly", MINUTE: "every minute", SECOND: "every second"}
        if self.step in words:
            return words[self.step]
        for unit, word in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (SECOND, "seconds")):
            if self.step % unit == 0:
                return f"every {self.step // unit} {word}"
        return f"every {self.step / SECOND:g} seconds"


def as_integers(stamps: Array) -> Array:
    """Timestamps that are dates as nanoseconds since 1970, and whole numbers as they are, int64."""
    return (
        stamps.astype("datetime64[ns]", copy=False).view(np.int64)
        if stamps.dtype.kind == "M"
        else stamps.astype(np.int64)
    )


def steps_within(stamps: Array, first: Array) -> tuple[Array, Array]:
    """The steps > 0 between sorted timestamps (n,) of one series; and whether two neighbours are of one, (n - 1,).

    Series begin at the positions `first`.
    """
    steps = np.diff(as_integers(stamps))
    inside = np.ones(len(steps), bool)
    inside[first[1:] - 1] = False
    return steps[inside & (steps > 0)], inside


def _commonest(numbers: Array) -> int:
    """The most common of these numbers; of several, the smallest."""
    found = pd.Series(numbers).value_counts(sort=False).sort_index()  # hashing is ten times as fast as sorting
    return int(found.index.to_numpy()[found.to_numpy().argmax()])


def _weekends_between(days: Array) -> Array:
    """Whether a weekend lies between each day and the next, (n - 1,) bool."""
    return np.busday_count(days[:-1], days[1:]) < np.diff(days).astype(int)


def _last_day_of(months: Array) -> Array:
    return (months + 1).astype("datetime64[D]") - 1


def _day_of(months: Array, day: int) -> Array:
    """A day of these months, counted from 0, datetime64[D]; the last one of months that are too short."""
    return np.minimum(months.astype("datetime64[D]") + day, _last_day_of(months))


def _business_day_of(months: Array, last: bool) -> Array:
    """The first or last business day, Monday to Friday, of these months, datetime64[D]."""
    days = _last_day_of(months) if last else months.astype("datetime64[D]")
    return np.busday_offset(days, 0, roll="backward" if last else "forward")


def mase_season(frequency: Frequency, season: int | None) -> int:
    """The season that scales errors: that of the frequency; for timestamps that are whole numbers, the given one."""
    return season if frequency.unit == "integer" and season else frequency.mase_season
