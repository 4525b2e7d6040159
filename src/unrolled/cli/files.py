"""Files as people have them: a table on disk becomes a frame whose time, id and target columns are known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..errors import DataError
from ..forecasting.panel import Columns
from .cells import read_cells, shown

TARGET_NAMES = ("y", "target", "value")
TIME_NAMES = ("ds", "date", "datetime", "time", "timestamp", "month", "week", "day", "year", "quarter", "period")
ID_NAMES = ("unique_id", "id", "series", "series_id", "item_id", "item", "symbol", "ticker", "store", "name")
FORMATS = ("ISO8601", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y%m%d")
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y")
MONTH_FIRST = tuple(f.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m") for f in DAY_FIRST)
SAMPLE = 200  # cells that are looked at to tell what a column is
ENOUGH = 0.9  # share of them that must be of a kind
LARGEST_WHOLE = 2**53  # beyond it a float64 has no ones


@dataclass(frozen=True)
class Beside:
    """The columns that a command names beside id, time and target.

    Attributes:
        past, future, static, weight: as in `Columns`.
        kinds: whether a column holds texts, for those whose kind a training has decided.
    """

    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    weight: str | None = None
    kinds: Mapping[str, bool] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [*self.past, *self.future, *self.static, *([] if self.weight is None else [self.weight])]


@dataclass(frozen=True)
class Table:
    """A file that has been understood: stamps parsed, the target numeric, and what its columns are."""

    frame: pd.DataFrame
    columns: Columns
    notes: tuple[str, ...]


def read_table(
    path: str,
    id_name: str | None = None,
    time_name: str | None = None,
    target_name: str | None = None,
    prefer: Columns | None = None,
    beside: Beside | None = None,
) -> Table:
    """Read a CSV or Parquet file, or standard input for "-", and find its columns.

    Columns that are not named are the preferred ones where the file has them, else they are inferred.

    Raises:
        DataError: with the place (column, line) and a remedy.
    """
    cells, lines = read_cells(path)
    path = shown(path)
    beside = beside or Beside()
    named = [name for name in (id_name, time_name, target_name, *beside.names) if name is not None]
    _refuse_absent(path, cells, named)
    for name in named:
        if named.count(name) > 1:
            raise DataError(f"{path}: column {name!r} is named twice. Id, time, target and others are different.")
    if prefer is not None:
        id_name = id_name or (prefer.id if prefer.id in cells else None)
        time_name = time_name or (prefer.time if prefer.time in cells else None)
        target_name = target_name or (prefer.target if prefer.target in cells else None)
    found = cells.drop(columns=beside.names)
    time = time_name or _find_time(path, found, [c for c in (id_name, target_name) if c])
    if _looks_like_dates(pd.Series([time])):
        raise DataError(f"{path}: its first line is data ({time!r}), not names. Write names above it, such as ds,y")
    cells, lines, notes = _without_footer(cells, lines, time)
    found = cells.drop(columns=beside.names)
    stamps = _parse_stamps(path, cells[time], lines)
    numeric = [c for c in _names(found) if c not in (time, id_name) and _is_numeric(found[c])]
    id_column = id_name or _find_id(found, stamps, time, target_name)
    target = target_name or _find_target(path, found, [c for c in numeric if c != id_column], (time, id_column))
    frame = pd.DataFrame({time: stamps, target: _parse_numbers(path, cells[target], lines)})
    if id_column is not None:
        frame.insert(0, id_column, cells[id_column])
    for name in beside.names:
        frame[name] = _parse_beside(path, cells[name], lines, beside.kinds.get(name))
    columns = Columns(
        id_column or Columns.id, time, target, lines, beside.past, beside.future, beside.static, beside.weight
    )
    return Table(frame, columns, tuple(notes))


def read_future(path: str, columns: Columns, grouped: bool, kinds: Mapping[str, bool]) -> pd.DataFrame:
    """Read a file of what is known ahead: stamps, the columns known ahead, and ids where the series have them."""
    cells, lines = read_cells(path)
    path = shown(path)
    _refuse_absent(path, cells, [columns.time, *([columns.id] if grouped else []), *columns.future])
    frame = pd.DataFrame({columns.time: _parse_stamps(path, cells[columns.time], lines)})
    if grouped:
        frame[columns.id] = cells[columns.id]
    for name in columns.future:
        frame[name] = _parse_beside(path, cells[name], lines, kinds.get(name))
    return frame


def _refuse_absent(path: str, cells: pd.DataFrame, names: Iterable[str]) -> None:
    for name in names:
        if name not in cells:
            raise DataError(f"{path}: there is no column {name!r}; it has: {_listed(cells.columns)}.")


def _parse_beside(path: str, column: pd.Series, lines: list[int], texts: bool | None) -> pd.Series:
    """A covariate: numbers where nearly all cells are numbers, else texts; `texts` says what a training decided."""
    if column.isna().all() or (texts if texts is not None else not _is_numeric(column)):
        return column
    return _parse_numbers(path, column, lines)


def read_forecast(path: str, id_name: str | None = None, time_name: str | None = None) -> Table:
    """Read a file of forecasts: stamps, perhaps ids, cutoffs, and every other column that holds numbers.

    The target of its columns is the first of those.
    """
    cells, lines = read_cells(path)
    path = shown(path)
    _refuse_absent(path, cells, [name for name in (id_name, time_name) if name is not None])
    time = time_name or _find_time(path, cells, [id_name] if id_name else [])
    stamps = _parse_stamps(path, cells[time], lines)
    ours = _names(cells)
    frame = pd.DataFrame({time: stamps})
    if "cutoff" in cells:
        frame["cutoff"] = _parse_stamps(path, cells["cutoff"], lines)
    id_column = id_name or (None if "cutoff" in cells else _find_id(cells, stamps, time, None))
    if id_column is None and frame.duplicated().any() and ours[0] != time:
        id_column = ours[0]  # where `forecast` and `backtest` write it; a row or two a series tell nothing else
    numeric = [c for c in ours if c not in (time, id_column, "cutoff") and _is_numeric(cells[c])]
    for column in numeric:
        frame[column] = _parse_numbers(path, cells[column], lines)
    if id_column is not None:
        frame.insert(0, id_column, cells[id_column])
    return Table(frame, Columns(id_column or Columns.id, time, numeric[0] if numeric else Columns.target, lines), ())


# --- columns ----------------------------------------------------------------------------------------


def _names(cells: pd.DataFrame) -> list[str]:
    return [str(name) for name in cells.columns]


def _listed(columns: Iterable[str]) -> str:
    names = list(columns)
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _share(column: pd.Series, parses: Callable[[pd.Series], pd.Series]) -> float:
    """Share of a column's known cells, sampled over its length, that parse."""
    known = column.dropna()
    if not len(known):
        return 0.0
    sample = known.iloc[np.linspace(0, len(known) - 1, min(len(known), SAMPLE)).astype(int)]
    return float(parses(sample).notna().mean())


def _to_numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def _is_numeric(column: pd.Series) -> bool:
    return _share(column, _to_numbers) >= ENOUGH


def _looks_like_dates(column: pd.Series) -> bool:
    return any(_share(column, _reader(form)) >= ENOUGH for form in (*FORMATS, *DAY_FIRST, *MONTH_FIRST))


def _reader(form: str) -> Callable[[pd.Series], pd.Series]:
    def parse(column: pd.Series) -> pd.Series:
        # pandas would also take a plain number such as 284 or 20.7 for a year, and 201411 for the first of January
        begin = {"ISO8601": r"\d{4}-\d{2}", "%Y%m%d": r"\d{8}$"}.get(form)
        if begin is not None:
            column = column.where(column.str.match(begin, na=False), None)
        return pd.to_datetime(column, format=form, errors="coerce", utc=True)

    return parse


def _find_time(path: str, cells: pd.DataFrame, taken: Sequence[str]) -> str:
    """A column with a usual name that reads as dates, else any that does, else a usual name with whole numbers."""
    free = [c for c in _names(cells) if c not in taken]
    usual = sorted((c for c in free if c.lower() in TIME_NAMES), key=lambda c: TIME_NAMES.index(c.lower()))
    for column in usual:
        if _looks_like_dates(cells[column]):
            return column
    for column in free:
        # a bare eight-digit number may be anything, unless its column is named like a time
        if _looks_like_dates(cells[column]) and not _is_numeric(cells[column]):
            return column
    for column in usual:
        if _share(cells[column], _whole_numbers) == 1:
            return column
    if usual:
        return usual[0]  # its first bad cell will be named
    raise DataError(
        f"{path}: no column reads as dates; it has: {_listed(cells.columns)}. Name the time column with --time; "
        "dates such as 2024-12-31 and whole numbers are understood. Without one, number the rows: 1, 2, 3, ..."
    )


def _whole_numbers(column: pd.Series) -> pd.Series:
    numbers = _to_numbers(column)
    return numbers.where((numbers == np.round(numbers)) & (numbers.abs() < LARGEST_WHOLE))


def _find_id(cells: pd.DataFrame, stamps: pd.Series, time: str, target: str | None) -> str | None:
    """The column that tells series apart, where stamps come more than once; None for a single series."""
    free = [c for c in _names(cells) if c not in (time, target) and c.lower() not in (*TARGET_NAMES, *TIME_NAMES)]
    usual = [c for c in free if c.lower() in ID_NAMES]
    if not stamps.duplicated().any():
        return next((c for c in usual if c.lower() == "unique_id"), None)
    text = [c for c in free if c not in usual and not _is_numeric(cells[c])]
    codes = [c for c in free if c not in (*usual, *text) and _share(cells[c], _whole_numbers) == 1]

    def tells_apart(column: str) -> bool:
        names = cells[column]
        if names.isna().any() or names.nunique() > len(names) / 2:  # series have more than one row
            return False
        return not pd.DataFrame({"name": names, "stamp": stamps}).duplicated().any()

    return next((c for c in (*usual, *text, *codes) if tells_apart(c)), None)


def _find_target(path: str, cells: pd.DataFrame, numeric: Sequence[str], taken: tuple[str, str | None]) -> str:
    for name in TARGET_NAMES:
        for column in _names(cells):
            if column.lower() == name and column not in taken:
                return column
    if len(numeric) == 1:
        return numeric[0]
    if not numeric:
        raise DataError(
            f"{path}: no column holds numbers, apart from the time {taken[0]!r}; it has: {_listed(cells.columns)}. "
            "Name the one to forecast with --target."
        )
    likely = max(numeric, key=lambda name: cells[name].nunique())  # a code or a calendar part repeats itself
    raise DataError(
        f"{path}: several columns hold numbers: {_listed(numeric)}. Say which one to forecast, such as "
        f"--target {shlex.quote(likely)}"
    )


def _without_footer(cells: pd.DataFrame, lines: list[int], time: str) -> tuple[pd.DataFrame, list[int], list[str]]:
    """Drop last lines that hold a remark: text in one cell, nothing else."""
    keep = len(cells)
    while keep > 1 and cells.shape[1] > 1 and cells.iloc[keep - 1].notna().sum() == 1:
        remark = cells[time].iloc[keep - 1]
        if remark is None or _looks_like_dates(cells[time].iloc[[keep - 1]]) or re.fullmatch(r"[\d.,-]+", remark):
            break
        keep -= 1
    notes = [] if keep == len(cells) else [f"{len(cells) - keep} remark(s) below the table left out"]
    return cells.iloc[:keep], lines[:keep], notes


# --- values -----------------------------------------------------------------------------------------


def _parse_stamps(path: str, column: pd.Series, lines: list[int]) -> pd.Series:
    """The time column as dates, or as whole numbers."""
    place = f"{path}, column {column.name!r}"
    if column.isna().any():
        line = lines[int(column.isna().to_numpy().argmax())]
        raise DataError(f"{place}, line {line}: the stamp is missing. Fill it in or delete the line.")
    readings = {form: _reader(form)(column) for form in FORMATS}
    whole = _whole_numbers(column)
    if whole.notna().all() and readings["%Y%m%d"].isna().any():
        return whole.astype(np.int64)
    day_first = [_reader(form)(column) for form in DAY_FIRST]
    month_first = [_reader(form)(column) for form in MONTH_FIRST]
    if any(
        d.notna().all() and m.notna().all() and not d.equals(m) for d, m in zip(day_first, month_first, strict=True)
    ):
        raise DataError(
            f"{place}: dates such as {column.iloc[0]!r} can be read day first or month first, and none decides. "
            "Write them as 2024-12-31."
        )
    candidates = [*readings.values(), *day_first, *month_first]
    best = max(candidates, key=lambda parsed: parsed.notna().sum())
    if best.isna().any():
        at = int(best.isna().to_numpy().argmax())
        raise DataError(
            f"{place}, line {lines[at]}: {column.iloc[at]!r} is not a date"
            + (" like the others" if best.notna().any() else "")
            + ". Write dates as 2024-12-31, or name another column with --time."
        )
    return best.dt.tz_localize(None)


def _parse_numbers(path: str, column: pd.Series, lines: list[int]) -> pd.Series:
    numbers = _to_numbers(column)
    bad = (numbers.isna() & column.notna()).to_numpy()
    if bad.any():
        at = int(bad.argmax())
        raise DataError(
            f"{path}, column {column.name!r}, line {lines[at]}: {column.iloc[at]!r} is not a number "
            f"({bad.sum()} such cell(s)). Correct it, or leave it empty."
        )
    infinite = np.isinf(numbers.to_numpy(float))
    if infinite.any():
        line = lines[int(infinite.argmax())]
        raise DataError(
            f"{path}, column {column.name!r}, line {line}: the value is infinite. Correct it or empty it."
        )
    if numbers.isna().all():
        raise DataError(f"{path}, column {column.name!r}: all {len(numbers)} cells are empty.")
    return numbers.astype(float)
