"""The timestamps of a table: the columns that hold them, joined if there are several; or rows that are numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations, takewhile

import numpy as np
import pandas as pd

from ...errors import DataError
from ...plurals import counted
from ..date_codes import known_share
from ..date_words import PART_NAMES, months_named, names_part
from ..frequency import LIKELY_YEARS, Frequency
from ..zones import to_utc
from .dates import time_of_day
from .day_periods import read_periods
from .dialect import RawTable, shorten
from .encodings import encoding_hint
from .numbers import is_numeric, sample_of
from .options import ReadOptions
from .timestamps import (
    code_of_dates,
    dates_share,
    fits_dates,
    holds_years,
    on_clock,
    read_stamps,
    refuse_unread,
    whole_numbers,
    with_zone,
)

TIME_NAMES = ("ds", "date", "datetime", "time", "timestamp", "month", "week", "day", "year", "quarter", "period")
CALENDAR_PARTS = {  # names of columns besides those of the parts in many languages
    "year": ("yr", "yy", "yyyy"),
    "quarter": ("qtr", "period"),
    "month": ("mon", "mo", "mm", "mnth", "period"),
    "week": ("wk", "kw", "weeknum", "week_number", "isoweek"),
    "day of the year": ("doy", "dayofyear", "day_of_year", "yday", "jday", "julian"),
    "day": ("dy", "dd", "dom", "dayofmonth", "day_of_month", "date_of_month"),
    "hour": ("hr", "hh", "hours"),
    "minute": ("min", "mm", "minutes"),
}
PART_RANGES = {
    "year": LIKELY_YEARS,
    "quarter": (1, 4),
    "month": (1, 12),
    "week": (1, 53),
    "day of the year": (1, 366),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 59),
}
CALENDAR_CHAINS = (  # parts that make up a timestamp, each from the year down; of equally long ones, the first
    ("year", "month", "day", "hour", "minute"),
    ("year", "day of the year", "hour", "minute"),
    ("year", "week"),
    ("year", "quarter"),
)
KINDS = {  # of periods that tables of statistics mix in one column, from the longest on
    "years": r"\d{4}",
    "quarters": r"\d{4}[ -]?Q[1-4]|Q[1-4][ -]?\d{4}",
    "months": r"\d{4}[ -]?[A-Za-z]{3}|[A-Za-z]{3}[ -]?\d{4}",
}
MIN_TIME_SHARE = 0.9  # of the cells of a column of dates, or of times of day
FAR_DAYS = 3653  # between a date and all others, if that is longer than their span
MIN_OTHERS = 5  # dates without which none is far away
MAX_COMPARED_ROWS = 2000  # of tables whose columns may be different parts of a date
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


def find_time(raw: RawTable, given: Sequence[str], taken: Sequence[str], dates: str | None = None) -> list[str]:
    """The columns of the time: one, or several to be joined; none if no column holds times.

    A column of dates with a usual name is preferred, then any column of dates, then year, month, day and so on, then
    a column of whole numbers with a usual name, then one of dates in a code. Columns that are `given` are taken as
    they are. `dates` is the option of `ReadOptions`.
    """
    if given:
        return list(given)
    free = [str(c) for c in raw.cells if c not in taken]
    usual = sorted((c for c in free if _time_rank(c) is not None), key=lambda c: _time_rank(c) or 0)
    others = [c for c in free if c not in usual]
    if dates is not None and dates != "number":
        fitting = [c for c in [*usual, *others] if fits_dates(raw.cells[c], dates)]
        if fitting and ("%" in dates or not any(_could_be_dates(raw.cells[c]) for c in fitting)):
            return [fitting[0]]
    dated = [c for c in usual if dates_share(raw.cells[c]) >= MIN_TIME_SHARE]
    # numbers alone may mean anything, unless the column has the name of a time
    if not dated or raw.cells[dated[0]].duplicated().any():
        dated += [c for c in others if _could_be_dates(raw.cells[c])]
    if dated:
        best = next((c for c in dated if "utc" in c.lower()), None) or _most_distinct(raw, dated)
        return [best, *_time_of_day_column(raw, best, [c for c in free if c != best])]
    parts = _calendar_parts(raw, free)
    if parts:
        return parts
    whole = [c for c in usual if _counts_time(raw.cells[c])]
    coded = whole[:1] or [c for c in free if code_of_dates(raw.cells[c]) or _mixes_years(raw.cells[c])]
    named = [c for c in usual if c.lower() in TIME_NAMES or not is_numeric(raw.cells[c])]
    if not coded:
        return named[:1]
    found = _most_distinct(raw, coded)
    return [found, *_time_of_day_column(raw, found, [c for c in free if c != found])]


def _time_rank(name: str) -> int | None:
    """How usual a name is for a column of times, from 0 on; None if it is not."""
    if name.lower() in TIME_NAMES:
        return TIME_NAMES.index(name.lower())
    part = next((part for part in TIME_NAMES if part in PART_NAMES and names_part(name, part)), None)
    return None if part is None else len(TIME_NAMES) + TIME_NAMES.index(part)


def _counts_time(column: pd.Series) -> bool:
    """Whether a column with a usual name holds whole numbers; years if the name is not English."""
    name = str(column.name)
    if name.lower() not in TIME_NAMES and not (names_part(name, "year") and _in_range(column, "year")):
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
            return f" Column {name!r} may hold years: if it does, use `time={name!r}`."
        if raw.cells[name].str.fullmatch(r"\d{7,8}").all():
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
    if not dates_share(head) or pd.to_numeric(head, errors="coerce").notna().all():
        return False
    return dates_share(column) >= MIN_TIME_SHARE


def _time_of_day_column(raw: RawTable, date: str, free: Sequence[str]) -> list[str]:
    """The column of the time of day, if the column of dates has none."""
    days = raw.cells[date]
    if sample_of(days).map(lambda text: ":" in str(text)).any():
        return []
    for column in free:
        sample = sample_of(raw.cells[column])
        if (
            len(sample)
            and time_of_day(str(sample.iloc[0])) is not None
            and sample.map(lambda text: time_of_day(str(text)) is not None).mean() >= MIN_TIME_SHARE
        ):
            return [column]
    if days.duplicated().any():
        numbered = next((c for c in free if read_periods(days, raw.cells[c])), None)
        if numbered is not None:
            return [numbered]
        return [c for c in free if has_name(c, "hour") and _in_range(raw.cells[c], "hour")][:1]
    return []


def _calendar_parts(raw: RawTable, free: Sequence[str]) -> list[str]:
    """The columns of year, month, day and so on, without a gap from the year down to the finest."""
    found: dict[str, str | None] = {}
    for part in CALENDAR_PARTS:
        own = (c for c in free if c not in found.values() and has_name(c, part) and _in_range(raw.cells[c], part))
        found[part] = next(own, None)
    whole = [
        [str(column) for column in takewhile(lambda column: column is not None, (found[part] for part in chain))]
        for chain in CALENDAR_CHAINS
    ]
    return max((columns for columns in whole if len(columns) > 1), key=len, default=[])


def has_name(name: str, part: str) -> bool:
    """Whether a column has a name of this part of a date."""
    return name.lower() in CALENDAR_PARTS[part] or (part in PART_NAMES and names_part(name, part))


def is_calendar_name(name: str) -> bool:
    """Whether a column has the name of some part of a date."""
    return any(has_name(name, part) for part in CALENDAR_PARTS)


def _in_range(column: pd.Series, part: str) -> bool:
    numbers = _part_numbers(sample_of(column), part)
    low, high = PART_RANGES[part]
    coded = str(column.name).lower() != "period" or not is_numeric(column)  # a period 1 may be anything
    return len(numbers) > 0 and coded and bool(numbers.between(low, high).all())


def _part_numbers(column: pd.Series, part: str) -> pd.Series:
    """A column of one part of dates as numbers, NaN where a cell is none; Jan and M01 are months, Q1 is a quarter."""

    if part not in ("month", "quarter") or column.isna().all() or is_numeric(column):
        return whole_numbers(column)
    coded = pd.to_numeric(column.str.lower().str.extract(rf"^\s*{part[0]}?(\d\d?)\s*$")[0])
    if part == "quarter":
        return coded
    return coded.fillna(pd.Series(months_named(column.fillna("")), index=column.index, dtype=float))


def read_time_column(raw: RawTable, names: Sequence[str], options: ReadOptions) -> TimeColumn:
    """The timestamps in these columns."""
    texts, joined = (raw.cells[names[0]], []) if len(names) == 1 else _join(raw, names)
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
    first, last = LIKELY_YEARS
    if isinstance(options.freq, str) and values.dtype.kind == "i" and ((values >= first) & (values <= last)).all():
        # years, which a frequency of dates such as YS needs as dates
        values = (values - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    if (codes < 0).any():
        stamps, note = _fill_missing(values, codes, raw, name)
        notes = [*notes, note]
    else:
        stamps = pd.Series(values[codes])
    return TimeColumn(name, with_zone(stamps, found.zone, found.days), [*names], notes)


def _ends_with_midnight(values: np.ndarray, codes: np.ndarray) -> bool:
    """Whether each midnight in a column follows a time of the second half of the same date.

    `codes` (n,) are the positions of the rows' timestamps among the distinct `values`, -1 where they are missing.
    """
    if values.dtype.kind != "M":
        return False
    stamps = values[codes[codes >= 0]]
    days = stamps.astype("datetime64[D]")
    midnight = np.flatnonzero(stamps == days)
    if len(midnight) < MIN_MIDNIGHTS or midnight[0] == 0:
        return False
    before = midnight - 1
    late = stamps[before] - days[before] > HALF_A_DAY
    return bool((late & (days[before] == days[midnight])).all())


def _refuse_mixed_kinds(texts: pd.Series, raw: RawTable) -> None:
    """Raise an error for a column of years, quarters and months together, and name the lines of all but the last."""
    sample = sample_of(texts)
    if sum(sample.str.fullmatch(form).any() for form in KINDS.values()) < 2:
        return
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
    ordered = values.sort_values()
    days = ordered.to_numpy("datetime64[D]").astype(np.int64)
    for far, near, last, side in ((-1, -2, 0, "after"), (0, 1, -1, "before")):
        distance = abs(int(days[far] - days[near]))
        if distance > max(FAR_DAYS, abs(int(days[near] - days[last]))):
            rows = np.flatnonzero(codes == ordered.index[far])
            years = round(distance / DAYS_PER_YEAR)
            raise DataError(
                f"{raw.place(name, int(rows[0]))}: {shorten(str(ordered.iloc[far])[:10])} lies {years} years {side} "
                f"the others. Correct it. {raw.without(rows)}"
            )


def _join(raw: RawTable, names: Sequence[str]) -> tuple[pd.Series, list[str]]:
    """Several columns as one column of texts: year, month and so on, or a date and the time of day; and notes."""
    if parts := _assign_parts(raw, names):
        year, notes = raw.cells[parts["year"]], []
        if year.isna().any() and year.iloc[0] is not None:  # cells that a spreadsheet has merged
            year = year.ffill()
            notes = [f"empty cells of {parts['year']!r} read as the year above them"]
        notes += [f"{c!r} read as the {part}" for part, c in parts.items() if not is_calendar_name(c)]
        columns = {part: year if part == "year" else raw.cells[c] for part, c in parts.items()}
        return _join_parts(raw, columns), notes
    first, *others = (raw.cells[c] for c in names)
    joined = first.copy()
    for column in others:
        if periods := read_periods(first, column, min_days=1):
            joined = joined.str.replace(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", regex=True) + " " + periods.texts
            raw.notes.append(periods.note)
            continue
        column = column.str.replace(r"\s*[-–]\s*\d{1,2}:\d{2}$", "", regex=True)  # the end of an interval
        hour_only = column.str.fullmatch(r"\d{1,2}", na=False)
        joined = joined + " " + column.where(~hour_only, column.str.zfill(2) + ":00")
    return joined.where(joined.notna(), None), []


def _assign_parts(raw: RawTable, names: Sequence[str]) -> dict[str, str]:
    """The column of each part of a date, from the year down; none if the columns are a date and a time of day.

    A column whose name tells no part may be each part whose range its numbers keep. Of several ways, the one is
    chosen whose timestamps follow each other with the fewest gaps.
    """
    possible = {name: _possible_parts(raw.cells[name]) for name in names}
    ways = [
        dict(zip(chain, order, strict=False))
        for chain in CALENDAR_CHAINS
        if len(chain) >= len(names)
        for order in permutations(names)
        if all(part in possible[name] for part, name in zip(chain, order, strict=False))
    ]
    if len(ways) < 2:
        return ways[0] if ways else {}
    head = replace(raw, cells=raw.cells.head(MAX_COMPARED_ROWS).reset_index(drop=True))

    def share(way: Mapping[str, str]) -> float:
        columns = {part: head.cells[c] for part, c in way.items()}
        columns["year"] = columns["year"].ffill()
        try:
            texts = pd.Series(_join_parts(head, columns).unique(), dtype=object)
        except DataError:
            return -1.0
        return known_share(read_stamps(texts, "ymd")[0].values)

    return max(ways, key=share)


def _possible_parts(column: pd.Series) -> list[str]:
    """The parts of a date that a column can hold: those that its name tells, else those whose range it keeps."""
    named = [part for part in CALENDAR_PARTS if has_name(str(column.name), part)]
    fitting = [part for part in named or CALENDAR_PARTS if _in_range(column, part)]
    return fitting or named[:1]


def _join_parts(raw: RawTable, parts: Mapping[str, pd.Series]) -> pd.Series:
    """Texts of dates from the columns of year, month, day, hour and so on."""
    numbers = {}
    for part, column in parts.items():
        found = _part_numbers(column, part)
        low, high = PART_RANGES[part]
        bad = ~found.between(low, high).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            fault = (
                f"the {part} is missing"
                if column.iloc[row] is None
                else f"{shorten(column.iloc[row])} is not a {part}"
            )
            raise DataError(
                f"{raw.place(column.name, row)}: {fault}. Correct it, or name "
                f"the columns of the time (`time`). {raw.without(np.flatnonzero(bad))}"
            )
        numbers[part] = found.astype(int).to_numpy()
    two_digits = "{:02}".format
    years = pd.Series(numbers["year"]).map("{:04}".format)
    if "week" in parts:
        texts = years + "-W" + pd.Series(numbers["week"]).map(two_digits)
    elif "day of the year" in parts:
        first = (numbers["year"] - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        texts = pd.Series((first + numbers["day of the year"] - 1).astype(str))
    else:
        months = 3 * numbers["quarter"] - 2 if "quarter" in parts else numbers.get("month", np.ones(len(years), int))
        texts = years + "-" + pd.Series(months).map(two_digits)
        texts = texts + "-" + pd.Series(numbers.get("day", np.ones(len(years), int))).map(two_digits)
    if "hour" in parts:
        minutes = pd.Series(numbers.get("minute", np.zeros(len(years), int))).map(two_digits)
        texts = texts + " " + pd.Series(numbers["hour"]).map(two_digits) + ":" + minutes
    return texts.astype(object)


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
