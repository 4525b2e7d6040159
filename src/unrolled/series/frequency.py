"""Frequencies: timestamps as whole numbers of periods (ordinals), and back.

Panels are built on ordinals: a gap is a skipped ordinal, a duplicate a repeated one, and the next timestamps are
those of the next ordinals.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from ..argument_types import Between, Integer64
from ..arrays import Array
from ..errors import DataError, InputError
from .month_days import business_day_of, common_days, commonest, day_of, last_day_of, rule_of_days, weekday_of
from .open_phases import (
    DAY,
    MINUTE,
    WEEK,
    WEEKDAYS,
    OpenWeek,
    describe_open,
    find_open,
    find_open_of_each,
    parse_open,
    phase_numbers,
    phases_of,
)
from .stamp_texts import YEAR, format_stamp
from .zones import OFFSET_SIGNS, UTC, checked_zone, to_local, to_utc

Unit = Literal["integer", "fixed", "month"]
Step = Annotated[int, Between(1, 2**63 - 1)]
Day = Annotated[int, Between(1, 31)]
Place = Annotated[int, Between(-1, 5)]
Weekday = Annotated[int, Between(0, 6)]

SECOND, HOUR = 10**9, 3600 * 10**9
SEASONS = ("hour", "day", "week", "year")
# of fixed frequencies, in nanoseconds: (longest period to which the season applies, length of the season); a year is
# 52 whole weeks, so that a value and the one a year before are of the same day of the week
FIXED_SEASONS = dict(zip(SEASONS, ((MINUTE, HOUR), (12 * HOUR, DAY), (DAY, WEEK), (WEEK, 364 * DAY)), strict=True))
NAMES = {  # of unit and step: the frequency, and its periods
    ("month", 1): ("monthly", "months"),
    ("month", 3): ("quarterly", "quarters"),
    ("month", 12): ("yearly", "years"),
    ("fixed", WEEK): ("weekly", "weeks"),
    ("fixed", DAY): ("daily", "days"),
    ("fixed", HOUR): ("hourly", "hours"),
    ("fixed", MINUTE): ("every minute", "minutes"),
    ("fixed", SECOND): ("every second", "seconds"),
}
LIKELY_YEARS = (1700, 2200)  # numbers between them are taken for years, codes of dates lie in them
VALID_ALIASES = "use an alias such as D, B, W, SMS, MS, ME, WOM-3FRI, QS, YS, h or 30min"


@dataclass(frozen=True)
class Frequency:
    """The distance between two timestamps, and the position of their grid."""

    unit: Unit
    step: Step  # from one timestamp to the next: integers, nanoseconds or months; closed phases do not count
    origin: Integer64  # the timestamp of ordinal 0, as an integer or as nanoseconds since 1970
    month_end: bool = False  # monthly timestamps are the last days of their months
    business: bool = False  # monthly timestamps are the first or last business days of their months
    days: tuple[Day, ...] = ()  # of each month, if several have a timestamp, such as 1, 11, 21; 31: the last
    weekday: tuple[Place, Weekday] | None = None  # the n-th (-1: last) such day, 0 Monday, of their months
    zone: str | None = None  # of the table; days and longer periods count in local time, shorter ones in UTC
    open: str = ""  # the mask of the phases of the week that have timestamps, see `open_phases`; "": all
    label: str | None = None  # one of the timestamps as the table writes them, if they are labels of years

    def check(self) -> None:
        """Raise an `InputError` if the parts contradict each other, as those of a damaged file may."""
        phases = len(self.open)
        if phases:
            whole = self.unit == "fixed" and phases_of(WEEK // phases) == phases and not self.step * phases % WEEK
            if not whole or set(self.open) - {"0", "1"} or "1" not in self.open:
                raise InputError(f"the open phases of its frequency are not a mask: {self.open[:50]!r}")
        if self.unit != "month" and (self.days or self.weekday):
            raise InputError(f"its frequency counts days of months, but its unit is {self.unit!r}")
        if list(self.days) != sorted(set(self.days)):
            raise InputError(f"the days of its frequency do not rise: {list(self.days)}")
        if self.zone is not None and (checked_zone(self.zone) and self.unit == "integer"):
            raise InputError("its frequency has a time zone, but counts whole numbers")
        if self.label is not None and not YEAR.fullmatch(self.label):
            raise InputError(f"the label of its timestamps is not one of a year: {self.label[:50]!r}")

    def check_range(self, first: int, last: int) -> None:
        """Raise an `InputError` if these ordinals have no timestamps, because 64-bit numbers can't hold them."""
        ordinals = np.array([first, last])
        stamps = self.stamps(ordinals)
        # clocks that are set forward or back move a timestamp by less than two periods
        if stamps[0] >= stamps[1] or (np.abs(self.ordinals(stamps)[0] - ordinals) > 1).any():
            raise InputError(f"periods {first} to {last} of its frequency have no timestamps")

    @classmethod
    def infer(cls, stamps: Array, first: Array) -> Frequency:
        """The frequency of sorted timestamps (n,), int64 or datetime64, whose series begin at the positions `first`.

        The most common distance decides; months are recognized by the days of the month, closed phases of the week
        by the timestamps. A `DataError` says that no series has two different timestamps.
        """
        return cls.of_steps(stamps, first).with_closed_phases(stamps, first)

    @classmethod
    def of_steps(cls, stamps: Array, first: Array) -> Frequency:
        """`infer` with all phases of the week open."""
        steps, inside = steps_within(stamps, first)
        if not len(steps):
            raise DataError(
                "no series has two different timestamps, so the frequency can't be inferred. Give it (`freq`)."
            )
        step = commonest(steps)
        origin = int(as_integers(stamps[:1])[0])
        if stamps.dtype.kind != "M":
            return cls("integer", step, _commonest_phase(stamps, step))
        if DAY < step < 28 * DAY and (steps % step).any():
            several = cls._several_a_month(stamps, origin)
            if several is not None:
                return several
        if step >= 28 * DAY:
            months = cls._months(stamps, inside, origin)
            if months is not None:
                return months
        return cls("fixed", step, _commonest_phase(stamps, step))

    def with_closed_phases(self, stamps: Array, first: Array, known: Array | None = None) -> Frequency:
        """This frequency without the phases of the week in which there are no values.

        Timestamps are as in `infer`; those of a zone are local time if periods are days or longer, else UTC. `known`
        (n,) bool marks those with a value that may decide; None: all.
        """
        numbers, begins, _ = self._known_phases(stamps, first, known)
        return self._open_if_distinct(find_open(numbers, begins, self.phases), stamps, first) if len(begins) else self

    def with_closed_phases_of_each(self, stamps: Array, first: Array, known: Array) -> list[Frequency]:
        """`with_closed_phases` for each series, whose closed phases may differ."""
        numbers, begins, series = self._known_phases(stamps, first, known)
        masks = find_open_of_each(numbers, begins, self.phases) if len(begins) else []
        found = {mask: self._open_if_distinct(mask, stamps, first) for mask in set(masks)}
        usual = found[Counter(masks).most_common(1)[0][0]] if masks else self  # for series without such a value
        of_series = dict(zip(series.tolist(), masks, strict=True))
        return [found[of_series[k]] if k in of_series else usual for k in range(len(first))]

    def _known_phases(self, stamps: Array, first: Array, known: Array | None) -> tuple[Array, Array, Array]:
        """The phases of known timestamps, where those of each series begin, and the numbers of these series.

        There are none if phases can't be closed, or are closed already.
        """
        none = np.zeros(0, np.int64)
        if self.open or not self.phases:
            return none, none, none
        numbers, on_grid = phase_numbers(as_integers(self._local(stamps)), self._local_origin, self.phases)
        wanted = on_grid if known is None else known & on_grid
        counts = np.add.reduceat(wanted, first, dtype=np.int64)  # of each series
        begins = (np.cumsum(counts) - counts)[counts > 0]
        return numbers if wanted.all() else numbers[wanted], begins, np.flatnonzero(counts)

    def _open_if_distinct(self, mask: str, stamps: Array, first: Array) -> Frequency:
        """This frequency with a mask, unless two timestamps of a series then lie in one period.

        An hour that occurs twice when clocks are set back can't be told apart in local time.
        """
        if not mask:
            return self
        opened = self.with_mask(mask, stamps)
        ordinals, is_open = opened.ordinals(stamps)
        ordinals, within = ordinals[is_open], _series_numbers(first, len(stamps))[is_open]
        return self if (np.diff(ordinals)[np.diff(within) == 0] == 0).any() else opened

    def opened(self, text: str, stamps: Array) -> Frequency:
        """This frequency with the open days and hours that a text names, for these timestamps (n,)."""
        return self.with_mask(parse_open(text, self.phases), stamps) if self.phases else self

    def with_mask(self, mask: str, stamps: Array) -> Frequency:
        """This frequency with these open phases, for these timestamps (n,)."""
        opened = replace(self, open=mask)
        if not mask:
            return opened
        inside = np.flatnonzero(opened.ordinals(stamps)[1])
        if not len(inside):
            raise InputError(f"no timestamp lies within {describe_open(mask)} (`open`).")
        return replace(opened, origin=int(as_integers(stamps[inside[:1]])[0]))

    @classmethod
    def _months(cls, stamps: Array, inside: Array, origin: int) -> Frequency | None:
        """The frequency of months that fits the days of these timestamps, if there is one.

        `inside` (n - 1,) is false for the last row of each series.
        """
        days = stamps.astype("datetime64[D]")
        # the last timestamp of a series may lie in the middle of its month, so only the others decide
        decisive = days[:-1][inside]
        gaps = np.diff(days.astype("datetime64[M]").astype(np.int64))[inside]
        if not (gaps > 0).any():
            return None
        rule = rule_of_days(decisive, np.diff(days).astype(int)[inside])
        if rule is None:
            return None
        day = rule.pop("day", None)
        if day is not None:
            own = np.flatnonzero(days - days.astype("datetime64[M]") == day)  # not clipped to a short month
            origin = int(as_integers(stamps[own[:1]])[0])
        return cls("month", commonest(gaps[gaps > 0]), origin, **rule)

    @classmethod
    def _several_a_month(cls, stamps: Array, origin: int) -> Frequency | None:
        """The frequency of the same few days of each month, if these timestamps have one."""
        days = common_days(stamps.astype("datetime64[D]"))
        return cls("month", 1, origin, days=days) if days else None

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
                offset: Any = pd.tseries.frequencies.to_offset(name)
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
            return cls("fixed", n * DAY, origin, open=WEEKDAYS)
        if kind == "WeekOfMonth":
            return cls("month", n, origin, weekday=(offset.week + 1, offset.weekday))
        if kind in ("SemiMonthBegin", "SemiMonthEnd") and n == 1:
            days = (1, offset.day_of_month) if kind == "SemiMonthBegin" else (offset.day_of_month, 31)
            return cls("month", 1, origin, days=days)
        try:
            return cls("fixed", WEEK * n if kind == "Week" else offset.nanos, origin)
        except ValueError as error:
            raise InputError(f"`freq={name!r}` has no fixed length; {VALID_ALIASES}.") from error

    def ordinals(self, stamps: Array) -> tuple[Array, Array]:
        """For each timestamp the ordinal of its period, and whether it lies on the grid."""
        if self.open:
            number, is_open = self._week.number(as_integers(self._local(stamps)))
            number -= self._week.number(np.array(self._local_origin))[0]
            return number // self._phases_per_step, is_open & (number % self._phases_per_step == 0)
        if self.unit in ("integer", "fixed"):
            distance = as_integers(stamps) - self.origin
            ordinals = distance // self.step
            distance %= self.step  # in place, as tables may have millions of rows
            return ordinals, distance == 0
        days, start = stamps.astype("datetime64[D]"), self._origin_day
        months = days.astype("datetime64[M]").astype(np.int64) - start.astype("datetime64[M]").astype(np.int64)
        ordinals = months // self.step
        if self.days:
            day = (days - days.astype("datetime64[M]")).astype(int) + 1
            ordinals = months * len(self.days) + np.searchsorted(self.days, day, "right") - self._origin_place
            ordinals -= self.stamps(ordinals).astype("datetime64[D]") > days  # the period has begun before
        return ordinals, days == self.stamps(ordinals).astype("datetime64[D]")

    def stamps(self, ordinals: Array) -> Array:
        """The timestamps of these ordinals, int64 or datetime64[ns]."""
        if self.open:
            first = self._week.number(np.array(self._local_origin))[0]
            times = self._week.times(first + ordinals * self._phases_per_step).view("datetime64[ns]")
            return times if self.zone is None or self.counts_days else to_utc(times, self.zone)
        if self.unit in ("integer", "fixed"):
            stamps = self.origin + ordinals * self.step
            return stamps if self.unit == "integer" else stamps.view("datetime64[ns]")
        start = self._origin_day
        first_month = start.astype("datetime64[M]")
        months = first_month + ordinals * self.step
        if self.days:
            month, place = np.divmod(ordinals + self._origin_place, len(self.days))
            days = day_of(first_month + month, np.array(self.days)[place] - 1)
        elif self.weekday:
            days = weekday_of(months, *self.weekday)
        elif self.business:
            days = business_day_of(months, self.month_end)
        else:
            days = last_day_of(months) if self.month_end else day_of(months, (start - first_month).astype(int))
        return days.astype("datetime64[ns]") + np.timedelta64(self.origin % DAY, "ns")  # the time of day stays

    def instants(self, ordinals: Array) -> Array:
        """The timestamps of these ordinals in UTC if the frequency has a zone, else as they are."""
        stamps = self.stamps(ordinals)
        return to_utc(stamps, self.zone) if self.zone and self.counts_days else stamps

    def local_stamps(self, ordinals: Array) -> Array:
        """The timestamps of these ordinals in local time if the frequency has a zone, else as they are."""
        stamps = self.stamps(ordinals)
        return to_local(stamps, self.zone) if self.zone and not self.counts_days else stamps

    def texts(self, ordinals: Array) -> list[str]:
        """The timestamps of these ordinals as texts: labels as the table has them, times with the offset from UTC."""
        zone = None if self.counts_days else self.zone
        return [format_stamp(stamp, zone, self.label) for stamp in self.stamps(ordinals)]

    def with_label(self, label: str | None) -> Frequency:
        """This frequency with a label of a year as the example of its timestamps, if it counts years."""
        return replace(self, label=label if self.unit == "month" and self.step % 12 == 0 else None)

    def changes_clocks(self, season: int) -> bool:
        """Whether the places of periods in a season of so many of them move when clocks are set forward or back."""
        zoned = self.zone is not None and self.zone != UTC and self.zone[0] not in OFFSET_SIGNS
        return zoned and not (self.counts_days or self.open) and self.step * season % DAY == 0

    def local_ordinals(self, ordinals: Array, season: int) -> Array:
        """Ordinals on the local clock, on which a season of days begins at the same time of day throughout.

        When clocks are set forward, an ordinal is skipped; when they are set back, one occurs twice.
        """
        if not self.changes_clocks(season):
            return ordinals
        stamps = self.stamps(ordinals)
        offset = as_integers(self._local(stamps)) - as_integers(stamps)
        return ordinals + np.rint((offset - self._local_origin + self.origin) / self.step).astype(np.int64)

    @property
    def whole(self) -> Frequency:
        """This frequency with all phases of the week open."""
        return replace(self, open="")

    def is_closed(self, stamps: Array) -> Array:
        """Whether each timestamp (n,) begins a phase of the week that is closed, bool."""
        return self._week.is_closed(as_integers(self._local(stamps))) if self.open else np.zeros(len(stamps), bool)

    def _local(self, stamps: Array) -> Array:
        """Timestamps as `stamps` gives them in local time, in which days and hours are open or closed."""
        return stamps if self.zone is None or self.counts_days else to_local(stamps, self.zone)

    @property
    def _local_origin(self) -> int:
        return int(as_integers(self._local(np.array([self.origin], "datetime64[ns]")))[0])

    @property
    def _week(self) -> OpenWeek:
        return OpenWeek(self.open, self._local_origin)

    @property
    def phases(self) -> int:
        """The number of phases of the week that can be open or closed; 0 if periods are no days or parts of them."""
        return phases_of(self.step) if self.unit == "fixed" else 0

    @property
    def _phases_per_step(self) -> int:
        return self.step * len(self.open) // WEEK

    @property
    def _origin_day(self) -> np.datetime64:
        return np.datetime64(self.origin, "ns").astype("datetime64[D]")

    @property
    def _origin_place(self) -> int:
        """The place of the origin among the days of its month."""
        start = self._origin_day
        days = day_of(start.astype("datetime64[M]"), np.array(self.days) - 1)
        return int(np.searchsorted(days, start, "right")) - 1

    @property
    def counts_days(self) -> bool:
        """Whether periods are whole days, weeks or months, so that all timestamps have the same time of day."""
        return self.unit == "month" or (self.unit == "fixed" and self.step % DAY == 0)

    @property
    def seasons(self) -> dict[str, int]:
        """Periods of each season of the calendar, the shortest first: a day of 24 hours, a week of 168 and so on.

        Closed phases do not count.
        """
        if self.unit == "month":
            year = 12 // self.step * max(len(self.days), 1)
            return {"year": year} if year > 1 and 12 % self.step == 0 else {}
        if self.open:
            return self._week.seasons if self._phases_per_step == 1 else {}
        if self.unit == "integer":
            return {}
        lengths = {name: length for name, (longest, length) in FIXED_SEASONS.items() if self.step <= longest}
        whole = all(length % self.step == 0 for length in lengths.values())
        return {name: length // self.step for name, length in lengths.items()} if whole else {}

    @property
    def season(self) -> int:
        """Periods per season: 12 for months, 4 for quarters, 7 for days, 24 for hours; 1 if there is no usual one."""
        return next(iter(self.seasons.values()), 1)

    @property
    def mase_season(self) -> int:
        """The season that scales MASE, as defined by the M4 competition: 1 for days and weeks."""
        return 1 if self.unit == "fixed" and self.step >= DAY else self.season

    @property
    def has_weekends(self) -> bool:
        """Whether some periods of days or hours lie on weekends, and others do not."""
        return not self.open or self._week.has_weekends

    @property
    def name(self) -> str:
        """The frequency in words, such as "monthly", "daily", "every 30 minutes", "daily (Monday to Saturday)"."""
        if self.unit == "integer":
            return "numbered" if self.step == 1 else f"numbered by {self.step}"
        if self.open == WEEKDAYS:
            return "business days" if self.step == DAY else f"every {self.step // DAY} business days"
        if self.days:
            return {2: "half-monthly", 3: "dekadal"}.get(len(self.days), f"{len(self.days)} times a month")
        words = NAMES.get((self.unit, self.step))
        name = words[0] if words else f"every {self._length}"
        return f"{name} ({describe_open(self.open)})" if self.open else name

    @property
    def periods(self) -> str:
        """Its periods, such as "months", "business days", "open hours"; "steps" if they have no name."""
        if self.open == WEEKDAYS and self.step == DAY:
            return "business days"
        name = "steps" if self.days else NAMES.get((self.unit, self.step), ("", "steps"))[1]
        return f"open {name}" if self.open and name != "steps" else name

    @property
    def _length(self) -> str:
        if self.unit == "month":
            return f"{self.step} months" if self.step % 12 else f"{self.step // 12} years"
        for unit, word in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (SECOND, "seconds")):
            if self.step % unit == 0:
                return f"{self.step // unit} {word}"
        return f"{self.step / SECOND:g} seconds"


def counts_days(name: str) -> bool:
    """Whether the periods of a pandas alias are whole days, weeks or months."""
    return Frequency.named(name, np.datetime64(0, "ns")).counts_days


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
    kept = inside & (steps > 0)
    return steps if kept.all() else steps[kept], inside


def _series_numbers(first: Array, count: int) -> Array:
    """The number of each row's series, (count,), which begin at the rows `first`."""
    return np.repeat(np.arange(len(first)), np.diff(first, append=count))


def _commonest_phase(stamps: Array, step: int) -> int:
    """The first timestamp on the grid of this step that most of them lie on, as an integer."""
    numbers = as_integers(stamps)
    phase = numbers - numbers[0]
    phase %= step
    return int(numbers[(phase == commonest(phase)).argmax()] if phase.any() else numbers[0])


def mase_season(frequency: Frequency, season: int | None) -> int:
    """The season that scales errors: that of the frequency; for timestamps that are whole numbers, the given one."""
    return season if frequency.unit == "integer" and season else frequency.mase_season
