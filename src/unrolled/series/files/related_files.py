"""Files beside the table: what is known ahead, and forecasts made before."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ...errors import DataError
from ..columns import Columns
from .column_roles import JOINED, find_ids, join_names, named
from .dialect import Sheet
from .numbers import is_numeric
from .options import CovariateColumns, ReadOptions
from .reader import FileTable, covariate, identity_of, numbers_of, read_sheet, told_columns
from .time_columns import find_time, read_time_column


def read_future(path: str, columns: Columns, grouped: bool, kinds: Mapping[str, bool]) -> pd.DataFrame:
    """Read a file of what is known ahead: stamps, the columns known ahead, and ids where the series have them."""
    reading = ReadOptions()
    sheet = read_sheet(path, reading)
    needed = [*([columns.id] if grouped else []), *columns.future]
    time = named(sheet, columns.time) if columns.time in sheet.cells else _parts_of(sheet, columns.time, " ")
    for name in needed:
        named(sheet, name)
    clock = read_time_column(sheet, time, reading)
    frame = pd.DataFrame({columns.time: clock.stamps})
    if grouped:
        frame[columns.id] = identity_of(sheet, [columns.id])
    for name in columns.future:
        frame[name] = covariate(sheet, reading, name, kinds.get(name), None, [])
    keys = [columns.time, columns.id] if grouped else [columns.time]
    double = (
        frame.duplicated(keys, keep=False).to_numpy() & frame[list(columns.future)].notna().any(axis=1).to_numpy()
    )
    again = frame.duplicated(keys).to_numpy() & double
    if again.any():
        second = int(again.argmax())
        same = (frame[keys] == frame[keys].iloc[second]).all(axis=1).to_numpy() & double
        raise DataError(
            f"{sheet.name}, column {columns.time!r}: {sheet.cells[time[0]].iloc[second]!r} comes twice for one "
            f"series, in lines {sheet.lines[int(same.argmax())]} and {sheet.lines[second]}. "
            "Keep one row a stamp and series."
        )
    return frame


def _parts_of(sheet: Sheet, joined: str, mark: str) -> list[str]:
    parts = joined.split(mark)
    return parts if all(part in sheet.cells for part in parts) else named(sheet, joined)


def read_forecast(path: str, id_name: str | None = None, time_name: str | None = None) -> FileTable:
    """Read a file of forecasts: stamps, perhaps ids, cutoffs, and every other column that holds numbers.

    The target of its columns is the first of those.
    """
    reading = ReadOptions(id=id_name, time=time_name)
    sheet = read_sheet(path, reading)
    told = told_columns(sheet, reading, CovariateColumns(), None)
    times = told["time"] or find_time(sheet, [], told["id"])
    if not times:
        raise DataError(f"{sheet.name}: no column reads as dates; it has: {join_names(sheet.cells.columns)}.")
    clock = read_time_column(sheet, times, reading)
    ours = [str(c) for c in sheet.cells]
    frame = pd.DataFrame({clock.name: clock.stamps})
    if "cutoff" in sheet.cells:
        frame["cutoff"] = read_time_column(sheet, ["cutoff"], reading).stamps
    ids = told["id"] or ([] if "cutoff" in sheet.cells else find_ids(sheet, clock.stamps, times))
    if not ids and frame.duplicated().any() and ours[0] not in times:
        ids = [ours[0]]  # where `forecast` and `backtest` write it; a row or two a series tell nothing else
    numeric = [c for c in ours if c not in (*times, *ids, "cutoff") and is_numeric(sheet.cells[c])]
    for column in numeric:
        frame[column] = numbers_of(sheet, reading, column, None, [])
    identity = identity_of(sheet, ids)
    name = JOINED.join(ids) if ids else Columns.id
    if identity is not None:
        frame.insert(0, name, identity)
    target = numeric[0] if numeric else Columns.target
    return FileTable(frame, Columns(name, clock.name, target, sheet.lines))
