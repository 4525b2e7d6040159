"""Frequencies: stamps as whole numbers of periods, and back.

Everything behind the table works on these ordinals: a gap is a number left out, a duplicate one that comes twice, the
next stamps are the next numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError

Unit = Literal["integer", "fixed", "month", "business day"]

SECOND, MINUTE, HOUR, DAY = (n * 10**9 for n in (1, 60, 3600, 86400))
# what one season is, in nanoseconds of a fixed frequency: (longest period it holds for, its length)
FIXED_SEASONS = ((MINUTE, HOUR), (12 * HOUR, DAY), (DAY, 7 * DAY), (7 * DAY, 364 * DAY))


@dataclass(frozen=True)
class Frequency:
    """The distance between two stamps, and where the grid lies.

    Attributes:
        unit: what `step` counts.
        step: units from one stamp to the next: integers, nanoseconds, months or business days.
        origin: the stamp of ordinal 0, as an integer or as nanoseconds since 1970.
        month_end: monthly stamps are the last days of their months.
        business: monthly stamps are the first or last business days of their months.
    """

    unit: Unit
    step: int
    origin: int
    month_end: bool = False
    business: bool = False

    # --- reading ------------------------------------------------------------------------------------

    @classmethod
    def infer(cls, stamps: Array, first: Array) -> Frequency:
        """The frequency of sorted stamps (n,), whose series begin at the positions `first`.

        Stamps are int64 or datetime64. The commonest distance decides; months are seen by their days.
        """
        steps = np.diff(stamps.astype("datetime64[ns]").view(np.int64) if stamps.dtype.kind == "M" else stamps)
        inside = np.ones(len(steps), bool)
        inside[first[1:] - 1] = False  # from one series to the next
        steps = steps[inside & (steps > 0)]
        if not len(steps):
            raise DataError(
                "no series has two different stamps: the frequency can't be inferred. Give the frequency (freq)."
            )
        step = _commonest(steps)
        if stamps.dtype.kind != "M":
            return cls("integer", step, int(stamps[0]))
        origin = int(stamps[0].astype("datetime64[ns]").view(np.int64))
        if step >= 28 * DAY:
            months = cls._months(stamps, inside, origin)
            if months is not None:
                return months
        if step == DAY:
            days = stamps.astype("datetime64[D]")
            if np.is_busday(days).all() and _weekends_between(days)[inside].any():
                return cls("business day", 1, origin)
        return cls("fixed", step, origin)

    @classmethod
    def _months(cls, stamps: Array, inside: Array, origin: int) -> Frequency | None:
        """A frequency of months, if the days of the stamps are those of one; `inside` (n - 1,) leaves out ends."""
        days = stamps.astype("datetime64[D]")
        # each series' last stamp may lie in the middle of its month: the others decide
        decisive = days[:-1][inside]
        months = decisive.astype("datetime64[M]")
        gaps = np.diff(days.astype("datetime64[M]").astype(np.int64))[inside]
        if not (gaps > 0).any():
            return None
        step = _commonest(gaps[gaps > 0])
        day = (decisive - months).astype(int)
        if ((decisive + 1).astype("datetime64[M]") > months).all():
            return cls("month", step, origin, month_end=True)
        if (day == day[0]).all():
            return cls("month", step, origin)
        for month_end in (True, False):
            if (decisive == _business_day_of(months, month_end)).all():
                return cls("month", step, origin, month_end, business=True)
        return None

    @classmethod
    def named(cls, name: str | int, first_stamp: Any) -> Frequency:
        """The frequency that a pandas alias such as "D", "MS", "W", "30min" or a whole number names."""
        dates = isinstance(first_stamp, np.datetime64)
        if isinstance(name, (int, np.integer)) == dates:
            fits = "dates; give a name such as D or MS" if dates else "whole numbers; give one, such as 1"
            raise InputError(f"freq {name!r} does not go with stamps that are {fits}.")
        if isinstance(name, (int, np.integer)):
            if name < 1:
                raise InputError(f"freq must be ≥ 1; got {name!r}.")
            return cls("integer", int(name), int(first_stamp))
        origin = int(first_stamp.astype("datetime64[ns]").view(np.int64))
        try:
            offset = pd.tseries.frequencies.to_offset(name)
        except (ValueError, TypeError) as error:
            raise InputError(f"freq {name!r} is not known; such as D, B, W, MS, QS, YS, h or 30min are.") from error
        kind, n = type(offset).__name__, offset.n
        if n < 1:
            raise InputError(f"freq {name!r} does not go forward; such as D, B, W, MS, QS, YS, h or 30min do.")
        business = kind.startswith("B") and kind.endswith(("Begin", "End"))
        span = kind.removeprefix("Business" if kind.startswith("Business") else "B") if business else kind
        if span.startswith(("Month", "Quarter", "Year")):
            months = 12 if span.startswith("Year") else 3 if span.startswith("Quarter") else 1
            return cls("month", n * months, origin, kind.endswith("End"), business)
        if kind == "BusinessDay":
            return cls("business day", n, origin)
        if kind == "Week":
            return cls("fixed", 7 * DAY * n, origin)
        try:
            return cls("fixed", offset.nanos, origin)
        except ValueError as error:
            raise InputError(
                f"freq {name!r} has no fixed length; such as D, B, W, MS, QS, YS, h or 30min do."
            ) from error

    # --- stamps and ordinals ------------------------------------------------------------------------

    def ordinals(self, stamps: Array) -> tuple[Array, Array]:
        """For each stamp the number of its period, and whether it lies on the grid."""
        if self.unit == "integer":
            distance = stamps.astype(np.int64) - self.origin
            return distance // self.step, distance % self.step == 0
        if self.unit == "fixed":
            distance = stamps.astype("datetime64[ns]").view(np.int64) - self.origin
            return distance // self.step, distance % self.step == 0
        days, start = stamps.astype("datetime64[D]"), self._origin_day
        if self.unit == "business day":
            number = np.busday_count(start, days)
            return number // self.step, np.is_busday(days) & (number % self.step == 0)
        months = days.astype("datetime64[M]").astype(np.int64) - start.astype("datetime64[M]").astype(np.int64)
        ordinals = months // self.step
        return ordinals, days == self.stamps(ordinals).astype("datetime64[D]")

    def stamps(self, ordinals: Array) -> Array:
        """The stamps of these periods, int64 or datetime64[ns]."""
        if self.unit == "integer":
            return self.origin + ordinals * self.step
        if self.unit == "fixed":
            return (self.origin + ordinals * self.step).view("datetime64[ns]")
        start = self._origin_day
        if self.unit == "business day":
            days = np.busday_offset(start, ordinals * self.step, roll="forward")
        elif self.business:
            days = _business_day_of(start.astype("datetime64[M]") + ordinals * self.step, self.month_end)
        elif self.month_end:
            days = (start.astype("datetime64[M]") + ordinals * self.step + 1).astype("datetime64[D]") - 1
        else:
            day = int((start - start.astype("datetime64[M]")).astype(int))
            days = (start.astype("datetime64[M]") + ordinals * self.step).astype("datetime64[D]") + day
        return days.astype("datetime64[ns]") + np.timedelta64(self.origin % DAY, "ns")  # the time of day stays

    @property
    def _origin_day(self) -> np.datetime64:
        return np.datetime64(self.origin, "ns").astype("datetime64[D]")

    # --- what it means ------------------------------------------------------------------------------

    @property
    def counts_days(self) -> bool:
        """Whether every stamp has the same time of day: the frequency counts days, weeks or months."""
        return self.unit in ("month", "business day") or (self.unit == "fixed" and self.step % DAY == 0)

    @property
    def season(self) -> int:
        """Periods in one season: 12 for months, 4 for quarters, 7 for days, 24 for hours; 1 where none is known."""
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
        """The season that MASE scales by, as the M4 competition fixed it: 1 for days and weeks."""
        return 1 if self.unit == "business day" or (self.unit == "fixed" and self.step >= DAY) else self.season

    @property
    def name(self) -> str:
        """In words, such as "monthly", "daily", "every 30 minutes"."""
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


def _commonest(numbers: Array) -> int:
    """The smallest of those that come most often."""
    found = pd.Series(numbers).value_counts(sort=False).sort_index()  # hashes: ten times as fast as sorting
    return int(found.index.to_numpy()[found.to_numpy().argmax()])


def _weekends_between(days: Array) -> Array:
    """Whether a weekend lies between each day and the next, (n - 1,) bool."""
    return np.busday_count(days[:-1], days[1:]) < np.diff(days).astype(int)


def _business_day_of(months: Array, last: bool) -> Array:
    """The first or last business day, Monday to Friday, of these months, datetime64[D]."""
    days = (months + 1).astype("datetime64[D]") - 1 if last else months.astype("datetime64[D]")
    return np.busday_offset(days, 0, roll="backward" if last else "forward")


def mase_season(frequency: Frequency, season: int | None) -> int:
    """The season that scaled errors use: M4's for the frequency; numbered stamps have none but the one given."""
    return season if frequency.unit == "integer" and season else frequency.mase_season
