"""Columns of timestamps as arrays, with or without a time zone, and the clock on which they are counted."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from ..plurals import counted
from .columns import Columns
from .date_codes import CodedStamps, read_coded
from .frequency import LIKELY_YEARS, Frequency
from .jitter import grid_distances
from .ragged import starts_of
from .stamp_texts import format_stamp
from .zones import UTC, common_zone, localized, midnights, to_local, zone_name, zone_of_midnights, zone_of_offsets

OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"  # of a timestamp of ISO 8601
FIRST_YEAR, LAST_YEAR = 1678, 2261  # the range of 64-bit nanoseconds
CONVERT = "convert the column to dates if that is wrong"


class Times(NamedTuple):
    """The timestamps of a table's rows."""

    local: Array  # in local time; or without a zone; or whole numbers, (n,)
    utc: Array | None = None  # the same as instants; NaT for a local time that does not exist; None: without a zone
    zone: str | None = None  # None, too, for offsets that agree with no known zone
    fixed: bool = False  # whether the zone was given, and not taken from the column
    naive: bool = False  # whether the column has neither a zone nor offsets
    moved: bool = False  # whether times of day of the column are other ones in this zone
    epoch: bool = False  # whether they are numbers since 1970: instants, whose days in UTC are dates without a zone
    notes: tuple[str, ...] = ()  # how codes of dates were read, and which timestamps were moved

    def counted(self, freq: Frequency | str | int | None, codes: Array) -> tuple[Array, str | None, list[str]]:
        """Timestamps on the clock of a frequency, the zone of this clock, and notes.

        Days and longer periods are counted in local time, shorter ones in UTC. If the frequency is None, it is
        inferred. `codes` (n,) are the numbers of the rows' series.
        """
        if self.utc is None:
            return self.local, None, []
        order = np.lexsort((self.local, codes))
        first = starts_of(codes[order])
        if not _counts_days(freq, self.local[order], first):
            return self.utc, self.zone or UTC, []
        if self.zone is None:
            return self.local, None, []
        decisive = np.delete(order, np.r_[first[1:], len(order)] - 1)  # the last row of a series may be incomplete
        if self.zone == UTC and not self.fixed and (zone := zone_of_midnights(self.utc[decisive])):
            found = Times(to_local(self.utc, zone), self.utc, zone)
            note = (
                f"timestamps in UTC that are midnight in {zone} read as local days; change with `zone`, such as "
                f"`zone='{UTC}'`"
            )
            return found._whole_days(), zone, [note]
        if self.epoch and not self.fixed:
            return self.local, None, []
        local = self._whole_days()
        if freq is None and not same_time_of_day(local[decisive]) and same_time_of_day(self.utc[decisive]):
            return self.utc, UTC, []
        return local, self.zone, []

    def without_jitter(self, freq: Frequency | str | int | None, codes: Array) -> Times:
        """These times on a grid that they miss by a small part of a period; parameters as in `counted`."""
        frequency = freq if isinstance(freq, Frequency) else None
        for stamps in (self.local, self.utc):
            if stamps is None or not (moves := grid_distances(stamps, codes, frequency)).any():
                continue
            k = int((moves != 0).argmax())
            one = f"{np.datetime_as_string(stamps[k]).replace('T', ' ')} to {format_stamp(stamps[k] + moves[k])}"
            note = (
                f"{counted(int((moves != 0).sum()), 'timestamp')} moved by less than 1 % of a period, such as {one}"
            )
            utc = None if self.utc is None else self.utc + moves
            return self._replace(local=self.local + moves, utc=utc, notes=(*self.notes, note))
        return self

    def notes_on(self, trained: Frequency) -> list[str]:
        """A note if the time zones of this table and of a training differ."""
        if self.zone is not None and trained.zone not in (None, self.zone):
            return [
                f"timestamps and forecasts are in {self.zone}, whose offsets agree with all timestamps; those of the "
                f"training all had the offset {trained.zone}"
            ]
        if self.moved and not trained.counts_days:
            return [f"timestamps converted to the time zone of the training, {trained.zone}"]
        if self.naive and not trained.counts_days:
            return [f"timestamps without a time zone read as local time of {trained.zone}, as in training"]
        if trained.zone is None and self.utc is not None and not (self.epoch and trained.counts_days):
            clock = "local dates" if trained.counts_days else "UTC"
            return [f"timestamps with a time zone read as {clock}, as those of the training have none"]
        return []

    def _whole_days(self) -> Array:
        """Local time, at midnight where clocks are set forward at midnight and a day begins later."""
        if self.zone is None or same_time_of_day(self.local):
            return self.local
        days = self.local.astype("datetime64[D]").astype("datetime64[ns]")
        return np.where(self.local == midnights(self.local, self.zone), days, self.local)


def _counts_days(freq: Frequency | str | int | None, stamps: Array, first: Array) -> bool:
    """Whether a frequency counts days or longer periods; None: that of sorted series beginning at rows `first`."""
    if freq is None:
        try:
            return Frequency.infer(stamps, first).counts_days
        except DataError:  # each series has one timestamp
            return same_time_of_day(stamps)
    return (freq if isinstance(freq, Frequency) else Frequency.named(freq, stamps[0])).counts_days


def same_time_of_day(stamps: Array) -> bool:
    """Whether all timestamps have the same time of day."""
    times = stamps - stamps.astype("datetime64[D]")
    return bool((times[1:] == times[:-1]).all())


def read_times(
    column: Any,
    columns: Columns,
    zone: str | None = None,
    codes: Array | None = None,
    freq: Frequency | str | int | None = None,
) -> Times:
    """The timestamps of a column.

    Args:
        column: of a narwhals table.
        columns: the names of the table's columns.
        zone: to which timestamps with a zone are converted; those without are local time of it. None: the column's.
            If it is only the offset of a trained `freq`, a zone that agrees with it and with the column is taken.
        codes: the numbers of the rows' series, (n,); of local times that occur twice, the first comes first.
        freq: the frequency; one of whole numbers keeps numbers that may be dates in a code.
    """
    missing = column.is_null().to_numpy()
    if missing.any():
        place = columns.place(columns.time, missing.argmax())
        raise DataError(f"{place}: the timestamp is missing. Fill it in or drop the row.")
    found = _numbers(column, columns, freq) if column.dtype.is_numeric() else _times(column, columns)
    if found.local.dtype.kind != "M":
        return found
    codes = np.zeros(len(found.local), np.int64) if codes is None else codes
    return _in_given_zone(found, zone, codes, freq).without_jitter(freq, codes)


def _in_given_zone(found: Times, zone: str | None, codes: Array, freq: Frequency | str | int | None) -> Times:
    """Times in a time zone, if it is given; parameters as in `read_times`."""
    if zone is None:
        return found
    if found.utc is not None:
        if isinstance(freq, Frequency):
            zone = common_zone(zone, freq.instants(np.zeros(1, np.int64)), found.zone, found.utc, found.local)
        local = to_local(found.utc, zone)
        return found._replace(local=local, zone=zone, fixed=True, moved=bool((local != found.local).any()))
    return found._replace(utc=localized(found.local, codes, zone), zone=zone, fixed=True, naive=True)


def cells_of(column: Any) -> pd.Series:
    """The cells of a narwhals column, those that are lists or records as objects."""
    values = column.to_list() if column.dtype.is_nested() or "Int128" in str(column.dtype) else column.to_numpy()
    return pd.Series(values, dtype=object if isinstance(values, list) else None)


def in_zone(instants: Array, zone: str) -> pd.Series:
    """Instants as a column of a data frame with a time zone."""
    return pd.Series(pd.DatetimeIndex(instants).tz_localize(UTC).tz_convert(zone))


def local_time(column: pd.Series) -> Array:
    """A column of timestamps as an array, in local time if it has a time zone."""
    return (column.dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column).to_numpy()


def read_stamps(
    column: Any, columns: Columns, frequency: Frequency | None = None, codes: Array | None = None
) -> Array:
    """Timestamps as int64 or datetime64[ns] on the clock of a frequency, (n,); see `Times.counted`."""
    times = read_times(column, columns, None if frequency is None else frequency.zone, codes, frequency)
    codes = np.zeros(len(times.local), np.int64) if codes is None else codes
    return times.counted(frequency, codes)[0]


def _numbers(column: Any, columns: Columns, freq: Frequency | str | int | None) -> Times:
    """The times of numbers: dates if all are in one code, whose dates leave no more gaps; else whole numbers."""
    whole = column.dtype.is_integer()
    numbers = _whole_numbers(column, columns) if whole else np.asarray(column.to_numpy(), float)
    kept = freq.unit == "integer" if isinstance(freq, Frequency) else isinstance(freq, (int, np.integer))
    distinct, positions = np.unique(numbers, return_inverse=True)
    found = None if kept else coded_numbers(distinct, columns.time)
    if found is None:
        return Times(years_as_dates(numbers if whole else _round_numbers(numbers, columns), freq))
    step = step_of_numbers(distinct)
    change = f"change with `freq={step}`" if step else CONVERT
    first = distinct[0] if whole else f"{distinct[0]:.15g}"
    return _of_code(found, positions, f"column {columns.time!r}: {first} read as {found.code.meaning}; {change}")


def years_as_dates(numbers: Array, freq: Frequency | str | int | None) -> Array:
    """Whole numbers as dates if all are likely years, and a frequency of dates such as YS is given."""
    has_dates = freq.unit != "integer" if isinstance(freq, Frequency) else isinstance(freq, str)
    if not has_dates or not ((numbers >= LIKELY_YEARS[0]) & (numbers <= LIKELY_YEARS[1])).all():
        return numbers
    return (numbers - 1970).astype("datetime64[Y]").astype("datetime64[ns]")


def coded_numbers(distinct: Array, name: str) -> CodedStamps | None:
    """The dates of distinct numbers of a column with this name, if they are in a code."""
    whole = bool((distinct == np.round(distinct)).all() and (np.abs(distinct) < 2**63).all())
    numbers = pd.Series(distinct.astype(np.int64) if whole else distinct)
    plain = numbers if whole else pd.Series(pd.NaT, numbers.index, dtype="datetime64[ns]")
    return read_coded(numbers.astype(str), name, lambda: plain)


def step_of_numbers(distinct: Array) -> int:
    """The largest step whose multiples lie between numbers in order; 0 if not all of them are whole."""
    return int(np.gcd.reduce(np.diff(distinct).astype(np.int64))) if (distinct == np.round(distinct)).all() else 0


def _of_code(found: CodedStamps, positions: Array, note: str) -> Times:
    """The times of a column of codes, which are at these positions (n,) among the distinct ones."""
    stamps = found.stamps.to_numpy("datetime64[ns]")[positions]
    if not found.code.epoch:
        return Times(stamps, notes=(note,))
    return Times(stamps, stamps, UTC, epoch=True, notes=(note,))


def _times(column: Any, columns: Columns) -> Times:
    native = column.to_native()
    dtype = getattr(native, "dtype", None)
    if isinstance(dtype, pd.PeriodDtype):
        return Times(native.dt.start_time.to_numpy("datetime64[ns]"))
    # narwhals does not support those time zones of pandas whose names have an underscore
    if isinstance(dtype, pd.DatetimeTZDtype):
        utc, zone = native.dt.tz_convert(UTC).dt.tz_localize(None), zone_name(dtype.tz)
    elif getattr(column.dtype, "time_zone", None) is not None:
        utc, zone = column.dt.convert_time_zone(UTC).dt.replace_time_zone(None), column.dtype.time_zone
    else:
        stamps = cells_of(column)
        if not pd.api.types.is_datetime64_dtype(stamps):
            return _parsed(stamps, columns)
        return Times(_nanoseconds(stamps, columns))
    instants = _nanoseconds(pd.Series(utc.to_numpy()), columns)
    return Times(to_local(instants, zone), instants, zone)


def _nanoseconds(stamps: pd.Series, columns: Columns) -> Array:
    first, end = np.datetime64(f"{FIRST_YEAR}-01-01"), np.datetime64(f"{LAST_YEAR + 1}-01-01")
    outside = ~((stamps >= first) & (stamps < end)).to_numpy()
    if outside.any():
        row = int(outside.argmax())
        _refuse_outside_years(columns.place(columns.time, row), stamps[row])
    return stamps.to_numpy("datetime64[ns]")


def _whole_numbers(column: Any, columns: Columns) -> Array:
    values = cells_of(column).to_numpy()
    beyond = values > np.iinfo(np.int64).max
    if beyond.any():
        place = columns.place(columns.time, beyond.argmax())
        raise DataError(f"{place}: {values.max()} exceeds the range of 64-bit whole numbers. Correct it.")
    return np.asarray(values, np.int64)


def _round_numbers(values: Array, columns: Columns) -> Array:
    # float64 can't represent every whole number beyond 2^53; NaN fails the comparison as well
    bad = ~((np.abs(values) < 2**53) & (values == np.round(values)))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{columns.place(columns.time, row)}: {values[row]:g} is not a whole number or a date.")
    return values.astype(np.int64)


def _parsed(stamps: pd.Series, columns: Columns) -> Times:
    """The times of texts of ISO 8601, and of objects that print as such."""
    try:
        codes, texts = pd.factorize(stamps)  # long tables repeat their timestamps, and parsing is slow
        words = pd.Series(texts, dtype=object).astype(str)
    except TypeError:  # lists and the like
        codes, words = np.arange(len(stamps)), stamps.astype(str)
    coded = read_coded(words, columns.time, lambda: _iso(words))
    if coded is not None and coded.code.has_year:
        return _of_code(
            coded, codes, f"column {columns.time!r}: {words[0]!r} read as {coded.code.meaning}; {CONVERT}"
        )
    utc = _iso(words)
    zoned = words.str.contains(OFFSET) & words.str.contains(":")
    local = utc
    if zoned.any():
        words = words.str.replace(OFFSET, "", regex=True)
        local = pd.to_datetime(words, errors="coerce", format="ISO8601").where(utc.notna())
    bad = (local.isna() | ~local.dt.year.between(FIRST_YEAR, LAST_YEAR) | (zoned != zoned[0])).to_numpy()[codes]
    if bad.any():
        row = int(bad.argmax())
        _refuse(stamps[row], columns.place(columns.time, row), unlike=bool(local.notna()[codes[row]]))
    own, instants = local.to_numpy("datetime64[ns]")[codes], utc.to_numpy("datetime64[ns]")[codes]
    return Times(own, instants, zone_of_offsets(instants, own)) if zoned.any() else Times(own)


def _iso(words: pd.Series) -> pd.Series:
    """Texts of ISO 8601 as instants in UTC, NaT where one is none, so that a message can name its row."""
    return pd.to_datetime(words, errors="coerce", format="ISO8601", utc=True).dt.tz_localize(None)


def _refuse(stamp: Any, place: str, unlike: bool) -> NoReturn:
    """Raise an error for a cell that is no timestamp, or is `unlike` the others in that it has an offset or none."""
    if _beyond_nanoseconds(str(stamp)):
        _refuse_outside_years(place, stamp)
    if unlike:
        raise DataError(
            f"{place}: only some timestamps have an offset from UTC, unlike {stamp!r}. Write all of them alike."
        )
    raise DataError(f"{place}: {stamp!r} is not a date. Write dates as 2024-12-31.")


def _refuse_outside_years(place: str, stamp: object) -> NoReturn:
    raise DataError(f"{place}: {stamp} lies outside the years {FIRST_YEAR} to {LAST_YEAR}. Correct it.")


def _beyond_nanoseconds(text: str) -> bool:
    """Whether a text is a date outside the range of 64-bit nanoseconds."""
    try:
        year = pd.to_datetime([text], format="ISO8601").year[0]
    except pd.errors.OutOfBoundsDatetime:
        return True
    except (ValueError, OverflowError):
        return False
    return not FIRST_YEAR <= year <= LAST_YEAR
