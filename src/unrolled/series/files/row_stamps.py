"""The timestamps of the rows of a table: read from the columns of the time, completed, or numbered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ...errors import DataError
from ...plurals import counted
from ..frequency import DAY, Frequency
from ..stamps import years_as_dates
from ..zones import to_utc
from .calendar_parts import has_name, join_columns
from .dialect import RawTable, shorten
from .encodings import encoding_hint
from .labels import example_of_labels
from .numbers import sample_of
from .options import ReadOptions
from .parsed_stamps import on_clock, with_zone
from .texts import as_objects
from .time_columns import MIN_TIME_SHARE
from .timestamps import read_stamps
from .unread_dates import refuse_unread

KINDS = {  # of periods that tables of statistics mix in one column, from the longest on
    "years": r"\d{4}",
    "quarters": r"\d{4}[ -]?Q[1-4]|Q[1-4][ -]?\d{4}",
    "months": r"\d{4}[ -]?[A-Za-z]{3}|[A-Za-z]{3}[ -]?\d{4}",
}
FAR_DAYS, FAR_STEPS = 731, 20  # between a date and all others, if that is longer than their span
MIN_OTHERS = 5  # dates without which none is far away
DAYS_PER_YEAR = 365.25
MIN_MIDNIGHTS = 2  # that follow the other times of their dates, and are the ends of days
HALF_A_DAY = np.timedelta64(12, "h")
DEFAULT_START = "2001-01-01"  # of numbered rows; a Monday


@dataclass
class TimeColumn:
    """The timestamps of a table."""

    name: str  # of the column of timestamps in the long table
    stamps: pd.Series  # datetime64[ns], with a time zone if it is known, or int64, (n,)
    used: list[str]  # the columns of the file that hold them
    notes: list[str] = field(default_factory=list)  # what was inferred
    label: str | None = None  # one of the labels of years that the file has instead of dates
    order: str | None = None  # of day and month, as `dates` spells it, if it had to be found out


def read_time_column(raw: RawTable, names: Sequence[str], options: ReadOptions) -> TimeColumn:
    """The timestamps in these columns."""
    texts, joined = (raw.cells[names[0]], []) if len(names) == 1 else join_columns(raw, names)
    if options.dates is None:
        _refuse_mixed_kinds(texts, raw)
    found, codes = read_stamps(texts, options.dates)
    name = " ".join(names) if len(names) > 1 else names[0]
    place = raw.place(name)
    if found.refusal is not None:
        line = "" if found.refused is None else f", line {raw.lines[int((codes == found.refused).argmax())]}"
        raise DataError(f"{place}{line}: {found.refusal}")
    bad = found.bad
    if bad.any():
        rows = np.flatnonzero(bad[codes] & (codes >= 0))
        remedy = "" if bad.all() else raw.without(rows)
        refuse_unread(f"{place}, line {raw.lines[rows[0]]}", str(texts.iloc[rows[0]]), remedy, encoding_hint(raw))
    if found.times is None and _ends_with_midnight(found.values.to_numpy(), codes):
        midnight = found.values.dt.normalize() == found.values
        note = "midnight follows the other times of its date, and is read as the end of the day"
        values = found.values + pd.to_timedelta(midnight.astype(int), unit="D")
        found = replace(found, values=values, notes=[*found.notes, note])
    _refuse_far(found.values, codes, raw, name)
    found = on_clock(found, options.zone, options.freq)
    notes = [*found.notes]
    if len(names) > 1:
        listed = ", ".join(map(repr, names))
        notes = [f"timestamps joined from {len(names)} columns: {listed}; change with `time`", *joined, *notes]
    values = found.values.to_numpy()
    named_year = len(names) == 1 and (has_name(name, "year") or name.lower() == "date")
    if values.dtype.kind == "i":
        of_years = options.freq is None and options.dates is None and named_year
        values = years_as_dates(values, "YS" if of_years else options.freq)
    if (codes < 0).any():
        stamps, note = _fill_missing(values, codes, raw, name)
        notes = [*notes, note]
    else:
        stamps = pd.Series(values[codes])
    label = example_of_labels(texts, stamps, codes >= 0, plain=named_year)
    return TimeColumn(name, with_zone(stamps, found.zone, found.days), [*names], notes, label, found.order)


def _ends_with_midnight(values: np.ndarray, codes: np.ndarray) -> bool:
    """Whether each midnight in a column follows a time of the second half of the same date.

    `codes` (n,) are the positions of the rows' timestamps among the distinct `values`, -1 where they are missing.
    """
    if values.dtype.kind != "M":
        return False
    present = codes[codes >= 0] if codes.min(initial=0) < 0 else codes
    midnight = np.flatnonzero((values.astype("datetime64[ns]", copy=False).view(np.int64) % DAY == 0)[present])
    if len(midnight) < MIN_MIDNIGHTS or midnight[0] == 0:
        return False
    stamps, before = values[present[midnight]], values[present[midnight - 1]]
    day = before.astype("datetime64[D]")
    return bool(((before - day > HALF_A_DAY) & (day == stamps.astype("datetime64[D]"))).all())


def _refuse_mixed_kinds(texts: pd.Series, raw: RawTable) -> None:
    """Raise an error for a column of years, quarters and months together, and name the lines of all but the last."""
    sample = sample_of(texts)
    if sum(sample.str.fullmatch(form).any() for form in KINDS.values()) < 2:
        return
    texts = as_objects(texts)
    own = {kind: texts.str.fullmatch(form, na=False) for kind, form in KINDS.items()}
    if sum(rows.mean() for rows in own.values()) < MIN_TIME_SHARE:
        return
    found = {kind: rows for kind, rows in own.items() if rows.any()}
    *before, last = (f"{kind} ({texts[rows].iloc[0]!r})" for kind, rows in found.items())
    kind, kept = list(found.items())[-1]
    raise DataError(
        f"{raw.place(texts.name)}: the column mixes {', '.join(before)} and {last}. Keep one kind. "
        + raw.without(np.flatnonzero(~kept)).replace("these lines", f"all lines but those of {kind}")
    )


def _refuse_far(values: pd.Series, codes: np.ndarray, raw: RawTable, name: str) -> None:
    """Raise an error for a date that lies far before or after all others.

    `codes` (n,) are the positions of the rows' timestamps among the distinct `values`, -1 where they are missing.
    """
    if values.dtype.kind != "M" or len(values) < MIN_OTHERS:
        return
    days = values.to_numpy("datetime64[D]").view(np.int64)
    ends = {-1: int(days.argmax()), 0: int(days.argmin())}
    days.sort()
    for far, near, last, side in ((-1, -2, 0, "after"), (0, 1, -1, "before")):
        distance, span = abs(int(days[far] - days[near])), abs(int(days[near] - days[last]))
        if distance > max(FAR_DAYS, span) and distance > FAR_STEPS * np.median(np.diff(days)):
            rows = np.flatnonzero(codes == ends[far])
            years, date = round(distance / DAYS_PER_YEAR), shorten(str(values.iloc[ends[far]])[:10])
            raise DataError(
                f"{raw.place(name, int(rows[0]))}: {date} lies {years} years {side} "
                f"the others. Correct it. {raw.without(rows)}"
            )


def _fill_missing(values: np.ndarray, codes: np.ndarray, raw: RawTable, name: str) -> tuple[pd.Series, str]:
    """The timestamps of rows, with missing ones filled in if all others are evenly spaced; and a note.

    `codes` (n,) are the positions of the rows' timestamps among the distinct `values`, -1 where they are missing.
    """
    present, missing = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
    refusal = DataError(
        f"{raw.place(name, int(missing[0]))}: the timestamp is missing ({counted(len(missing), 'such line')}). Fill "
        f"it in, or number all rows with `start` and `freq`. {raw.without(missing)}"
    )
    # a single last row without a timestamp may well be a total
    only_last = len(missing) == 1 and missing[0] == len(codes) - 1
    if len(present) < 3 or len(missing) > len(present) or only_last:
        raise refusal
    stamps = values[codes[present]]
    try:
        frequency = Frequency.infer(np.sort(stamps), np.array([0]))
    except DataError:
        raise refusal from None
    ordinals, on_grid = frequency.ordinals(stamps)
    first = ordinals[0] - present[0]
    if not on_grid.all() or (ordinals != first + present).any():
        raise refusal
    note = f"{counted(len(missing), 'missing timestamp')} filled in, as all others are evenly spaced"
    return pd.Series(frequency.stamps(first + np.arange(len(codes)))), note


def number_rows(raw: RawTable, options: ReadOptions, ids: pd.Series | None) -> TimeColumn:
    """Timestamps for the rows of a table that has none; each series begins at the start."""
    position = np.arange(len(raw.cells)) if ids is None else ids.groupby(ids, sort=False).cumcount().to_numpy()
    name = next(name for name in ("ds", "stamp", "time of row") if name not in raw.cells)
    freq, start = options.freq, options.start
    if isinstance(freq, int):
        first = int(start) if start and start.lstrip("-").isdigit() else 1
        note = f"rows numbered {first}, {first + freq}, ..."
        return TimeColumn(name, pd.Series(first + position * freq), [], [note])
    found, _ = read_stamps(pd.Series([start or DEFAULT_START], dtype=object), options.dates)
    if found.bad.any() or found.values.dtype.kind != "M":
        raise DataError(f"`start={start!r}` is not a date. Write it as 2024-12-31.")
    first = found.values.to_numpy()[0]
    frequency = Frequency.named(freq or 1, first)
    ordinals, _ = frequency.ordinals(np.array([first]))
    if options.zone is not None and not frequency.counts_days:  # an hour is an hour when clocks change
        first = to_utc(np.array([first]), options.zone)[0]
        frequency = Frequency.named(freq or 1, first)
        ordinals = np.zeros(1, np.int64)
    stamps = frequency.stamps(ordinals[0] + position)
    note = f"rows taken as consecutive, {frequency.name}, from {str(stamps[0])[:10]}"
    return TimeColumn(
        name,
        with_zone(pd.Series(stamps), options.zone, frequency.counts_days),
        [],
        [note + ("" if start else "; give the true first date as `start`")],
    )
