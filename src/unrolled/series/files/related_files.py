"""Files that belong to a table: the known future, and earlier forecasts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...errors import DataError
from ..columns import Columns, free_name
from ..stamps import in_zone
from ..zones import localized
from .column_roles import ID_SEPARATOR, columns_of_option, find_ids, list_names
from .dialect import RawTable
from .numbers import is_numeric
from .options import DATE_ORDERS, CovariateColumns, ReadOptions
from .reader import FileTable, chosen_columns, decimal_hint, numbers_of, read_cells, read_covariate, series_names
from .row_stamps import read_time_column
from .time_columns import find_time
from .timestamps import fits_dates

SKIPPING = re.compile(r"To leave out (this line|these lines), use `skip_rows[^`]*`\.")  # of the training table


def read_future(
    path: str,
    columns: Columns,
    ids: Sequence[Any],
    kinds: Mapping[str, bool],
    options: ReadOptions | None = None,
) -> pd.DataFrame:
    """Read a file of the known future: timestamps, covariates known in advance, and ids if the series have them.

    If the series were columns of the training table, the file needs no ids, and its rows are those of all series.
    `columns` are those of the training table and `ids` its series, [None] without ids; `kinds` is whether a column
    held texts in it. Of its options, those on the meaning of cells and on sizes are those of this file, too.

    Raises:
        DataError: a column is missing or can't be read, or a timestamp occurs twice in one series.
    """
    try:
        return _read_future(path, columns, ids, kinds, options or ReadOptions())
    except DataError as error:
        raise DataError(SKIPPING.sub(r"Or delete \1.", str(error))) from error


def _read_future(
    path: str, columns: Columns, ids: Sequence[Any], kinds: Mapping[str, bool], given: ReadOptions
) -> pd.DataFrame:
    options = ReadOptions(zone=given.zone, max_bytes=given.max_bytes, na=given.na, decimal=given.decimal)
    zone, raw = given.zone, read_cells(path, options)
    for_all = columns.targets is not None and columns.id not in raw.cells
    has_ids = ids[0] is not None and not for_all
    id_columns = _parts_of(raw, columns.id, ID_SEPARATOR) if has_ids else []
    time_columns = _parts_of(raw, columns.time, " ")
    for name in (*id_columns, *columns.future):
        columns_of_option(raw, name)
    if given.dates in DATE_ORDERS or (
        given.dates is not None and fits_dates(raw.cells[time_columns[0]], given.dates)
    ):
        options = replace(options, dates=given.dates)
    frame = pd.DataFrame({columns.time: read_time_column(raw, time_columns, options).stamps})
    if has_ids:
        frame[columns.id] = series_names(raw, id_columns)
    _locate(frame, columns.time, columns.id, zone)
    for name in columns.future:
        frame[name] = read_covariate(raw, options, name, kinds.get(name), decimal_hint(raw, options), {})
    keys = [columns.time, *([columns.id] if has_ids else [])]
    has_value = frame[list(columns.future)].notna().any(axis=1).to_numpy()
    duplicates = frame.duplicated(keys, keep=False).to_numpy() & has_value
    repeated = frame.duplicated(keys).to_numpy() & duplicates
    if repeated.any():
        second = int(repeated.argmax())
        same = (frame[keys] == frame[keys].iloc[second]).all(axis=1).to_numpy() & duplicates
        raise DataError(
            f"{raw.name}, column {columns.time!r}: {raw.cells[time_columns[0]].iloc[second]!r} occurs twice for one "
            f"series, in lines {raw.lines[int(same.argmax())]} and {raw.lines[second]}. Keep one row per timestamp "
            "and series."
        )
    return frame.merge(pd.DataFrame({columns.id: ids}), how="cross") if for_all else frame


def _parts_of(raw: RawTable, name: str, separator: str) -> list[str]:
    """The columns that were read as one column of this name in training."""
    parts = [name] if name in raw.cells else name.split(separator)
    return parts if all(part in raw.cells for part in parts) else columns_of_option(raw, name)


def _locate(frame: pd.DataFrame, time: str, id_column: str, zone: str | None) -> None:
    """Give timestamps without a time zone this one, in place."""
    if zone is None or frame[time].dtype.kind != "M" or isinstance(frame[time].dtype, pd.DatetimeTZDtype):
        return
    codes = pd.factorize(frame[id_column])[0] if id_column in frame else np.zeros(len(frame), np.int64)
    frame[time] = in_zone(localized(frame[time].to_numpy("datetime64[ns]"), codes, zone), zone)


def read_forecast(
    path: str,
    id_name: str | None = None,
    time_name: str | None = None,
    zone: str | None = None,
    max_bytes: int | None = None,
) -> FileTable:
    """Read a file of forecasts: timestamps, ids and cutoffs if there are any, and all other columns of numbers.

    The first of these is the target of the table's columns.

    Raises:
        DataError: the file can't be read, or has no timestamps.
    """
    options = ReadOptions(time=time_name, zone=zone, max_bytes=max_bytes)
    raw = read_cells(path, options)
    joined = None if id_name is None else id_name.replace(",", ID_SEPARATOR)  # as `forecast` writes several ids
    options = replace(options, id=joined if joined in raw.cells else id_name)
    chosen = chosen_columns(raw, options, CovariateColumns(), None)
    times = chosen["time"] or find_time(raw, [], chosen["id"])
    if not times:
        raise DataError(f"{raw.name}: no column can be read as dates; it has: {list_names(raw.names)}.")
    time = read_time_column(raw, times, options)
    names = raw.names
    frame = pd.DataFrame({time.name: time.stamps})
    if "cutoff" in raw.cells:
        frame["cutoff"] = read_time_column(raw, ["cutoff"], options).stamps
    ids = chosen["id"] or ([] if "cutoff" in raw.cells else find_ids(raw, time.stamps, times))
    if not ids and names[0] not in (*times, "cutoff") and ("cutoff" in raw.cells or frame.duplicated().any()):
        ids = [names[0]]  # written first by `forecast` and `backtest`; one or two rows per series show no other id
    numeric = [c for c in names if c not in (*times, *ids, "cutoff") and is_numeric(raw.cells[c])]
    hint = decimal_hint(raw, options)
    for column in numeric:
        frame[column] = numbers_of(raw, options, column, hint, {})
    series = series_names(raw, ids)
    id_column = ID_SEPARATOR.join(ids) if ids else Columns.id
    if series is not None:
        frame.insert(0, id_column, series)
    target = numeric[0] if numeric else free_name(Columns.target, names)
    return FileTable(frame, Columns(id_column, time.name, target, raw.lines, of_file=True))
