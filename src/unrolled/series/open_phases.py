"""Open phases of the week: the days and hours in which series have values. Closed ones are no gaps.

A phase is one period of a frequency within a week, such as Tuesday, or Tuesday 09:00 to 10:00; all together divide
the week, Monday first. A mask says which of them are open: "1111110" for days from Monday to Saturday.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import InputError

MINUTE, DAY = 60 * 10**9, 86_400 * 10**9
WEEK = 7 * DAY
MONDAY = 4 * DAY  # the first one since 1970, in nanoseconds
WEEKDAYS = "1111100"  # the mask of business days
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MAX_CLOSED_SHARE = 0.1  # of the occurrences of a closed phase, those that may have a value
MIN_OPEN_SHARE = 0.5  # of the occurrences of open phases, those that must have a value
MIN_SERIES_SHARE = 0.1  # of the series of a table, those that must be closed at the same times to have a mask
MIN_LENGTH_SHARE = 0.5  # of the longest series, the length that one of them must have
CELLS_AT_ONCE = 2_000_000  # phases times series that are counted at once
MAX_CHANCE = 0.05  # with which gaps that come at random may look like one closed phase

OPEN_FORM = "use all, or days and hours such as mon-sat, 08:00-20:00 or 'mon-fri 08:00-20:00, sat 09:00-14:00'"
HOUR_GROUPS = (("hour", "minute"), ("end_hour", "end_minute"))
PART = re.compile(
    r"(?P<day>[a-z]{3})?[a-z]*(-(?P<last>[a-z]{3})[a-z]*)?\s*"
    r"((?P<hour>\d\d?)(:(?P<minute>\d\d))?\s*-\s*(?P<end_hour>\d\d?)(:(?P<end_minute>\d\d))?)?"
)


def phases_of(step: int) -> int:
    """The number of phases into which a step, in nanoseconds, divides the week; 0 if it does not divide days."""
    return WEEK // step if MINUTE <= step <= DAY and DAY % step == 0 else 0


def phase_numbers(times: Array, origin: int, phases: int) -> tuple[Array, Array]:
    """The number of each time's phase since the first Monday, and whether it lies as far into it as the origin.

    Times are nanoseconds since 1970. A time of any hour belongs to its day, if phases are days.
    """
    length = WEEK // phases
    into = (origin - MONDAY) % length
    rest = times - MONDAY
    number = rest // length
    if length == DAY:
        return number, np.ones(np.shape(times), bool)
    rest %= length
    number -= rest < into
    return number, rest == into


class OpenWeek(NamedTuple):
    """The open phases of all weeks, numbered without the closed ones."""

    mask: str
    origin: int  # a timestamp, in nanoseconds since 1970

    @property
    def is_open(self) -> Array:
        return np.frombuffer(self.mask.encode(), np.uint8) == ord("1")

    def is_closed(self, times: Array) -> Array:
        """Whether a closed phase begins at each time."""
        _, on_grid = phase_numbers(times, self.origin, len(self.mask))
        _, is_open = self.number(times)
        return on_grid > is_open

    def number(self, times: Array) -> tuple[Array, Array]:
        """The number of open phases from the first Monday to each time, and whether an open one begins there."""
        number, on_grid = phase_numbers(times, self.origin, len(self.mask))
        week, phase = np.divmod(number, len(self.mask))
        before = np.cumsum(self.is_open) - self.is_open
        return week * self.mask.count("1") + before[phase], on_grid & self.is_open[phase]

    def times(self, numbers: Array) -> Array:
        """The times at which open phases begin, by their numbers."""
        week, k = np.divmod(numbers, self.mask.count("1"))
        length = WEEK // len(self.mask)
        number = week * len(self.mask) + np.flatnonzero(self.is_open)[k]
        return MONDAY + (self.origin - MONDAY) % length + number * length

    @property
    def has_weekends(self) -> bool:
        """Whether phases on weekends are open, and others as well."""
        weekdays, weekends = np.split(self.is_open.reshape(7, -1), [5])
        return bool(weekdays.any() and weekends.any())

    @property
    def seasons(self) -> dict[str, int]:
        """Open phases of a day, if all open days have as many, of a week and of 52 weeks, without seasons of one."""
        per_day = self.is_open.reshape(7, -1).sum(axis=1)
        same = len(np.unique(per_day[per_day > 0])) == 1
        found = {
            "day": int(per_day.max()) if same else 1,
            "week": int(per_day.sum()),
            "year": 52 * int(per_day.sum()),
        }
        return {name: count for name, count in found.items() if count > 1}


# --- from the data ----------------------------------------------------------------------------------


def find_open(numbers: Array, first: Array, phases: int) -> str:
    """The mask of the phases in which series have values; "" if all are open.

    A phase is closed if it hardly ever has a value, whereas the others mostly have one, and if this is unlikely for
    gaps that come at random: with share p of values in n occurrences, and share q in open phases, the Chernoff bound
    exp(-n KL(p, q)) of the chance, times the number of such phases, must be small. Whole days, both days of the
    weekend together, and times of the day are tested as well as single phases.

    Args:
        numbers: of the phases since some Monday, of all timestamps with a value, sorted by series and time, (n,).
        first: the position of each series' first timestamp, (S,).
        phases: in a week.

    >>> week = np.array([0, 1, 2, 3, 4, 5])
    >>> find_open(np.concatenate([week, week + 7, week + 14, week + 21]), np.array([0]), 7)
    '1111110'
    """
    last = np.r_[first[1:], len(numbers)] - 1
    starts, ends, together = numbers[first], numbers[last], np.zeros(len(first), np.int64)
    known = np.bincount(numbers % phases, minlength=phases).reshape(1, 7, -1)
    possible = _occurrences(starts, ends, phases, together)
    # series may share an outage, so that the evidence is the number of weeks, not that of series
    span = _occurrences(starts.min(keepdims=True), ends.max(keepdims=True), phases, together[:1])
    return _as_text(_are_open(known, possible, np.minimum(possible, span))[0])


def find_open_of_each(numbers: Array, first: Array, phases: int) -> list[str]:
    """The mask of each series, (S,), whose closed phases may differ; arguments as in `find_open`.

    A mask is used if it is found in enough series, of which one must be about as long as the longest of all. Other
    series have the first of these, by open phases, that leaves out hardly any of their values; those without one
    share a mask, unless all of them are short.

    >>> six, five = ([k for k in range(140) if k % 7 in days] for days in (range(6), range(1, 6)))
    >>> find_open_of_each(np.array([*six, *five, *range(140)]), np.array([0, 120, 220]), 7)
    ['1111110', '0111110', '']
    """
    ends = np.r_[first[1:], len(numbers)]
    lengths = numbers[ends - 1] - numbers[first] + 1
    is_long = lengths >= MIN_LENGTH_SHARE * lengths.max()
    own = _own_masks(numbers, first, phases)
    counts = Counter(own)
    found = {mask for mask, long in zip(own, is_long.tolist(), strict=True) if long and mask}
    used = [mask for mask in sorted(found) if counts[mask] >= MIN_SERIES_SHARE * len(own)]
    used.sort(key=lambda mask: mask.count("1"))
    place = np.array([used.index(mask) if mask in used else -1 for mask in own])  # in `used`
    for k, mask in enumerate(used):
        place[(place < 0) & _leaves_out_little(mask, numbers, first, lengths)] = k
    others = place < 0
    shared = max(used, key=counts.__getitem__, default="")
    if is_long[others].any():
        rows, counted = np.repeat(others, ends - first), (ends - first)[others]
        shared = find_open(numbers[rows], np.cumsum(counted) - counted, phases)
    return [[*used, shared][k] for k in place]


def _own_masks(numbers: Array, first: Array, phases: int) -> list[str]:
    """The mask of each series by itself; more series may look closed by chance, so that each needs more evidence."""
    ends = np.r_[first[1:], len(numbers)]
    series = np.repeat(np.arange(len(first)), ends - first)
    found = []
    for k in range(0, len(first), step := max(1, CELLS_AT_ONCE // phases)):
        some = np.arange(k, min(k + step, len(first)))
        rows = slice(first[k], ends[some[-1]])
        cells = (series[rows] - k) * phases + numbers[rows] % phases
        known = np.bincount(cells, minlength=len(some) * phases).reshape(len(some), 7, -1)
        possible = _occurrences(numbers[first[some]], numbers[ends[some] - 1], phases, some - k)
        found += [_as_text(mask) for mask in _are_open(known, possible, possible, len(first))]
    return found


def _leaves_out_little(mask: str, numbers: Array, first: Array, lengths: Array) -> Array:
    """Whether closed phases have values hardly ever, compared with open ones, in each series (S,) bool."""
    is_closed = np.array([k == "0" for k in mask], np.int64)
    before = np.cumsum(is_closed) - is_closed

    def closed_until(number: Array) -> Array:
        week, phase = np.divmod(number, len(mask))
        return week * is_closed.sum() + before[phase]

    known = np.diff(np.r_[first, len(numbers)])
    known_closed = np.add.reduceat(is_closed[numbers % len(mask)], first)
    closed = closed_until(numbers[first] + lengths) - closed_until(numbers[first])
    share = MAX_CLOSED_SHARE * (known - known_closed)
    return known_closed * (lengths - closed) <= share * closed


def _are_open(known: Array, possible: Array, weeks: Array, n_series: int = 1) -> Array:
    """Whether phases are open in groups of series, (G, 7, phases / 7) bool, by the tests of `find_open`.

    Args:
        known: values in each phase, shaped as the result.
        possible: its occurrences between the first and the last values of series.
        weeks: its occurrences that are evidence.
        n_series: whose masks are found; chance may close a phase in any of them.
    """
    days = weeks.max(axis=2, keepdims=True)
    is_weekend = (np.arange(7) >= 5)[:, None]
    weekend = _share(*(counts[:, 5:].sum((1, 2), keepdims=True) for counts in (known, possible)))
    tests = (  # share of values, number of occurrences, number of tests, whether of whole days
        (_share(known, possible), weeks, 7 * known.shape[2], False),
        (_share(*_sums(known, possible, 1)), weeks.sum(1, keepdims=True), known.shape[2], False),
        (_share(*_sums(known, possible, 2)), days, 7, True),
        (np.where(is_weekend, weekend, 1.0), days[:, 5:].sum(1, keepdims=True), 1, True),
    )
    usual = np.all(np.broadcast_arrays(*(share > MAX_CLOSED_SHARE for share, *_ in tests)), axis=0)
    n_known, n_possible = _total(known * usual), _total(possible * usual)
    closed = np.zeros(known.shape, bool)
    for share, n, count, of_days in tests:
        # as many open occurrences as there are of the kind tested, in weeks, with one gap more than there are
        total = _total(days * usual.any(2, keepdims=True) if of_days else weeks * usual)
        q = (n_known / np.maximum(n_possible, 1) * total + 1) / (total + 2)
        chance = n_series * count * np.exp(-n * _divergence(share, q))
        closed |= (share <= MAX_CLOSED_SHARE) & (chance <= MAX_CHANCE)
    return ~closed | (n_known < MIN_OPEN_SHARE * n_possible) | (n_possible == 0)


def _sums(known: Array, possible: Array, axis: int) -> tuple[Array, Array]:
    return known.sum(axis, keepdims=True), possible.sum(axis, keepdims=True)


def _total(counts: Array) -> Array:
    """The sum for each group, (G, 1, 1)."""
    return counts.sum((1, 2), keepdims=True)


def _as_text(is_open: Array) -> str:
    """A mask as text; "" if all phases are open."""
    return "" if is_open.all() else "".join("01"[k] for k in is_open.ravel().astype(int).tolist())


def _occurrences(starts: Array, ends: Array, phases: int, group: Array) -> Array:
    """How often each phase of the week lies between starts and ends (S,), both included; (G, 7, phases / 7).

    `group` (S,) numbers the groups whose occurrences are added up, 0 .. G - 1.
    """
    whole, rest = np.divmod(ends - starts + 1, phases)
    change = np.zeros((group.max() + 1, 2 * phases), np.int64)
    np.add.at(change, (group, starts % phases), 1)
    np.add.at(change, (group, starts % phases + rest), -1)
    weeks = np.zeros(len(change), np.int64)
    np.add.at(weeks, group, whole)
    return np.cumsum(change, axis=1).reshape(len(change), 2, 7, -1).sum(axis=1) + weeks[:, None, None]


def _share(known: Array, possible: Array) -> Array:
    """The share of values in the occurrences of a phase; 1 where there are none."""
    return np.divide(known, possible, out=np.ones(np.shape(known)), where=np.asarray(possible) > 0)


def _divergence(p: Array, q: Array) -> Array:
    """KL(p, q) of two Bernoulli distributions, for p < 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        of_values = np.where(p > 0, p * np.log(p / q), 0.0)
        return of_values + (1 - p) * np.log((1 - p) / (1 - q))


# --- as text ----------------------------------------------------------------------------------------


def parse_open(text: str, phases: int) -> str:
    """The mask of days and hours in words; "" if all are open.

    A phase is open if it begins in one of these hours.

    >>> parse_open("mon-sat", 7), parse_open("all", 7)
    ('1111110', '')
    """
    if text.strip().lower() == "all":
        return ""
    is_open = np.zeros((7, phases // 7), bool)
    for part in text.lower().split(","):
        found = PART.fullmatch(part.strip())
        days, hours = (_days(found), _hours(found)) if found else ([], None)
        if not days or hours == ():
            raise InputError(f"`open={text!r}` is not understood at {part.strip()!r}; {OPEN_FORM}.")
        if hours and phases == 7:
            raise InputError(f"`open={text!r}` names hours, but the series are daily. Name days, such as mon-sat.")
        begin, end = hours or (0, DAY)
        times = np.arange(phases // 7) * (WEEK // phases)
        within = (begin <= times) & (times < end) if begin < end else (begin <= times) | (times < end)
        is_open[days] |= within
    if not is_open.any():
        raise InputError(f"`open={text!r}` leaves no period of the week open; {OPEN_FORM}.")
    return _as_text(is_open)


def applies(text: str, phases: int) -> bool:
    """Whether days and hours in words apply to a frequency with so many phases: hours do not apply to days.

    >>> applies("mon-sat", 7), applies("8-20", 7), applies("mon-sat", 0), applies("all", 0)
    (True, False, False, True)
    """
    names_hours = any(character.isdigit() for character in text)
    return text.strip().lower() == "all" or phases > 7 or (phases == 7 and not names_hours)


def _days(found: re.Match[str]) -> list[int]:
    """The days of the week that a part names, all if it names hours only; none if it is not valid."""
    short = [day[:3].lower() for day in DAYS]
    names = [name for name in (found["day"], found["last"]) if name]
    if not names:
        return list(range(7)) if found["hour"] else []
    if any(name not in short for name in names):
        return []
    begin, end = short.index(names[0]), short.index(names[-1])
    return [(begin + k) % 7 for k in range((end - begin) % 7 + 1)]


def _hours(found: re.Match[str]) -> tuple[int, ...] | None:
    """The begin and the end of the hours that a part names, in nanoseconds; None without hours, () if invalid."""
    if found["hour"] is None:
        return None
    begin, end = (60 * int(found[a]) + int(found[b] or 0) for a, b in HOUR_GROUPS)
    return (begin * MINUTE, end * MINUTE) if max(begin, end) <= 24 * 60 else ()


def describe_open(mask: str) -> str:
    """A mask in words.

    >>> describe_open("1010000"), describe_open(("0" * 8 + "1" * 12 + "0" * 4) * 5 + "0" * 48)
    ('Monday, Wednesday', 'Monday to Friday 08:00 to 20:00')
    """
    width = len(mask) // 7
    days = [_describe_hours(mask[k * width : (k + 1) * width]) for k in range(7)]
    parts, k = [], 0
    for hours, group in groupby(days):
        n = len(list(group))
        if hours is not None:
            names = DAYS[k : k + n] if n < 3 else (f"{DAYS[k]} to {DAYS[k + n - 1]}",)
            parts.append(" ".join([*([] if n == 7 else [", ".join(names)]), *([hours] if hours else [])]))
        k += n
    return ", ".join(parts)


def _describe_hours(mask: str) -> str | None:
    """The open hours of a day in words, "" if all are open; None if none is."""
    if "1" not in mask:
        return None
    minutes = 24 * 60 // len(mask)
    runs = [(m.start() * minutes, m.end() * minutes) for m in re.finditer("1+", mask)] if "0" in mask else []
    return " and ".join(f"{a // 60:02}:{a % 60:02} to {b // 60:02}:{b % 60:02}" for a, b in runs)
