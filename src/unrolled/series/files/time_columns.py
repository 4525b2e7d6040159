"""The columns that hold the timestamps of a table, which are found by their names and cells."""

from collections.abc import Sequence

import pandas as pd

from ..date_words import PART_NAMES, bare_name, names_part
from .calendar_parts import calendar_parts, has_name, in_range
from .day_periods import read_periods
from .dialect import RawTable
from .numbers import is_numeric, sample_of
from .texts import as_objects
from .times_of_day import counts_hours, is_half_of_day, is_time_of_day
from .timestamps import (
    code_of_dates,
    dates_share,
    fits_dates,
    holds_years,
    whole_numbers,
)

TIME_NAMES = ("ds", "date", "datetime", "time", "timestamp", "month", "week", "day", "year", "quarter", "period")
MIN_TIME_SHARE = 0.9  # of the cells of a column of dates, or of times of day


def find_time(raw: RawTable, given: Sequence[str], taken: Sequence[str], dates: str | None = None) -> list[str]:
    """The columns of the time: one, or several to be joined; none if no column holds times.

    A column of dates with a usual name is preferred, then any column of dates, then year, month, day and so on, then
    a column of whole numbers with a usual name, then one of dates in a code. Columns that are `given` are taken as
    they are. `dates` is the option of `ReadOptions`.
    """
    if given:
        return list(given)
    free = [str(c) for c in raw.cells if c not in taken]
    found = _dates_and_times(raw, free, dates)
    half = [c for c in free if c not in found and is_half_of_day(raw.cells[c])]
    return [*found, *half[:1]] if found else []


def _dates_and_times(raw: RawTable, free: Sequence[str], dates: str | None) -> list[str]:
    """The columns of `find_time` among these, without one of the halves of days."""
    usual = sorted((c for c in free if _time_rank(c) is not None), key=lambda c: _time_rank(c) or 0)
    others = [c for c in free if c not in usual]
    if dates is not None and dates != "number":
        fitting = [c for c in [*usual, *others] if fits_dates(raw.cells[c], dates)]
        if fitting and ("%" in dates or not any(_could_be_dates(raw.cells[c]) for c in fitting)):
            return [fitting[0]]
    dated = [c for c in usual if dates_share(raw.cells[c]) >= MIN_TIME_SHARE]
    # numbers alone may mean anything, unless the column has the name of a time
    possible = [c for c in others if _could_be_dates(raw.cells[c])]
    if possible and (not dated or raw.cells[dated[0]].duplicated().any()):
        dated += possible
    if dated:
        best = next((c for c in dated if "utc" in c.lower()), None) or _most_distinct(raw, dated)
        return [best, *_time_of_day_column(raw, best, [c for c in free if c != best])]
    parts = calendar_parts(raw, free)
    if parts:
        return parts
    whole = [c for c in usual if _counts_time(raw.cells[c])]
    coded = whole[:1] or [c for c in free if code_of_dates(raw.cells[c]) or _mixes_years(raw.cells[c])]
    named = [c for c in usual if bare_name(c) in TIME_NAMES or not is_numeric(raw.cells[c])]
    if not coded:
        return named[:1]
    found = _most_distinct(raw, coded)
    return [found, *_time_of_day_column(raw, found, [c for c in free if c != found])]


def _time_rank(name: str) -> int | None:
    """How usual a name is for a column of times, from 0 on; None if it is not."""
    if bare_name(name) in TIME_NAMES:
        return TIME_NAMES.index(bare_name(name))
    part = next((part for part in TIME_NAMES if part in PART_NAMES and names_part(name, part)), None)
    return None if part is None else len(TIME_NAMES) + TIME_NAMES.index(part)


def _counts_time(column: pd.Series) -> bool:
    """Whether a column with a usual name holds whole numbers; years if the name is not English."""
    name = str(column.name)
    if bare_name(name) not in TIME_NAMES and not (names_part(name, "year") and in_range(column, "year")):
        return False
    return bool(whole_numbers(sample_of(column)).notna().all())


def _mixes_years(column: pd.Series) -> bool:
    """Whether a column holds years beside other dates, such as quarters."""
    sample = sample_of(column)
    years = sample.str.fullmatch(r"\d{4}")
    return bool(years.any()) and not years.all() and dates_share(sample[~years]) >= MIN_TIME_SHARE


def suggest_time(raw: RawTable, taken: Sequence[str]) -> str:
    """A sentence on a column that may hold the time although no evidence is enough; "" if there is none."""
    for name in (c for c in raw.names if c not in taken):
        if holds_years(raw.cells[name]):
            return f" Column {name!r} may hold years: if it does, use `time={name!r}` and `freq='YS'`."
        if as_objects(raw.cells[name]).str.fullmatch(r"\d{7,8}").all():
            for order in ("dmy", "mdy"):
                if fits_dates(raw.cells[name], order):
                    return f" Column {name!r} may hold dates without separators: if it does, use `dates={order!r}`."
    return ""


def _most_distinct(raw: RawTable, dated: Sequence[str]) -> str:
    """The first of these columns of dates, unless another one tells many more rows apart."""
    if len(dated) == 1:
        return dated[0]
    counts = {column: raw.cells[column].nunique() for column in dated}
    return next(column for column in dated if 2 * counts[column] >= max(counts.values()))


def _could_be_dates(column: pd.Series) -> bool:
    head = column.dropna().head(3)
    if not dates_share(head) or pd.to_numeric(as_objects(head), errors="coerce").notna().all():
        return False
    return dates_share(column) >= MIN_TIME_SHARE


def _time_of_day_column(raw: RawTable, date: str, free: Sequence[str]) -> list[str]:
    """The column of the time of day, if the column of dates has none."""
    days = raw.cells[date]
    if sample_of(days).map(lambda text: ":" in str(text)).any():
        return []
    found = [c for c in free if is_time_of_day(raw.cells[c]) and not is_half_of_day(raw.cells[c])]
    if not found and days.duplicated().any():
        found = [c for c in free if read_periods(days, raw.cells[c])]
        found = found or [c for c in free if counts_hours(raw.cells[c], days)]
        found = found or [c for c in free if has_name(c, "hour") and in_range(raw.cells[c], "hour")]
    return found[:1]
