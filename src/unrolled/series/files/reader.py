"""A file becomes a long frame whose columns are known: what a cell, a row and a column mean is found out here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ...errors import DataError
from ..columns import Columns
from .aggregation import LongTable, aggregate, period_of, refuse_irregular, resolve_duplicates
from .column_roles import JOINED, find_ids, find_target, join_names, named, numeric_columns
from .decode import decode_file
from .dialect import Sheet, parse_sheet, shorten
from .numbers import core_of, decide_decimal, is_numeric, missing, read_numbers, sample_of
from .options import CovariateColumns, ReadOptions
from .reshape import ACROSS, series_across, unpivot
from .sentinels import sentinel_notes
from .time_columns import TimeColumn, find_time, number_rows, read_time_column
from .timestamps import dates_share

LARGEST = 1e36  # networks reckon in 32 bits
MOST_CELLS = 200_000_000  # of a table that becomes long


@dataclass(frozen=True)
class FileTable:
    """A file that has been understood: stamps parsed, the target numeric, and what its columns are.

    Attributes:
        frame: long, one row a stamp and series.
        columns: what its columns are called.
        notes: what was guessed or changed, a line each.
        roles: what each column of the file is, by name.
        reading: what was said about the file, and the period that rows were put together by: a newer file of the
            same form is read by it.
    """

    frame: pd.DataFrame
    columns: Columns
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    reading: ReadOptions = field(default_factory=ReadOptions)


def read_file(
    path: str,
    reading: ReadOptions | None = None,
    beside: CovariateColumns | None = None,
    prefer: Columns | None = None,
) -> FileTable:
    """Read a CSV or Parquet file, or standard input for "-", and find out what its columns are.

    Args:
        path: of the file.
        reading: what the user says about it.
        beside: the covariates' columns.
        prefer: columns that are taken where they are there and none is named.

    Raises:
        DataError: with the place (column, line) and a remedy.
    """
    reading = reading or ReadOptions()
    return interpret_sheet(read_sheet(path, reading), reading, beside or CovariateColumns(), prefer)


def read_sheet(path: str, reading: ReadOptions) -> Sheet:
    """The cells of a file."""
    return parse_sheet(decode_file(path, reading.encoding), reading)


def interpret_sheet(
    sheet: Sheet, reading: ReadOptions, beside: CovariateColumns, prefer: Columns | None = None
) -> FileTable:
    """What the cells of a sheet mean."""
    reading.refuse_start_alone()
    long = False
    known = prefer is not None and prefer.time in sheet.cells
    if not (reading.time or reading.target or reading.wide or known or beside.names or reading.start):
        long = unpivot(sheet)
    told = told_columns(sheet, reading, beside, prefer)
    if long and len(sheet.cells.columns) == len(ACROSS):
        told["id"] = [ACROSS[0]]
    clock = _clock(sheet, reading, beside, told)
    taken = [*clock.used, *told["target"], *beside.names]
    ids = told["id"] or find_ids(sheet, clock.stamps, taken)
    identity = identity_of(sheet, ids)
    notes = [*sheet.notes, *clock.notes]
    if len(ids) > 1 and not told["id"]:
        notes.append(f"no column alone tells series apart: {join_names(ids)} do together; --id overrules")
    targets = told["target"] or _targets(sheet, reading, clock, identity, [*taken, *ids], notes)
    table = _long(sheet, reading, beside, clock, identity, ids, targets, notes)
    if reading.aggregate:
        period = period_of(table, reading)
        notes += aggregate(table, reading)
        reading = replace(reading, freq=period)
    else:
        notes += resolve_duplicates(table)
        refuse_irregular(table, reading)
    notes += sentinel_notes(table.frame, [table.columns.target, *beside.past, *beside.future])
    return FileTable(table.frame, table.columns, tuple(notes), _roles(sheet, clock, ids, targets, beside), reading)


def told_columns(
    sheet: Sheet, reading: ReadOptions, beside: CovariateColumns, prefer: Columns | None
) -> dict[str, list[str]]:
    """The columns that options name, or that are preferred and there."""
    told = {role: named(sheet, getattr(reading, role)) for role in ("id", "time", "target")}
    for name in beside.names:
        if name not in sheet.cells:
            raise DataError(f"{sheet.name}: there is no column {name!r}; it has: {join_names(sheet.cells.columns)}.")
    everything = [*told["id"], *told["time"], *told["target"], *beside.names]
    for name in everything:
        if everything.count(name) > 1:
            raise DataError(
                f"{sheet.name}: column {name!r} is named twice. Id, time, target and others are different."
            )
    if prefer is not None:
        for role, name in (("id", prefer.id), ("time", prefer.time), ("target", prefer.target)):
            parts = [name] if name in sheet.cells else name.split(" " if role == "time" else JOINED)
            if not told[role] and all(part in sheet.cells and part not in everything for part in parts):
                told[role] = parts
    return told


def _clock(sheet: Sheet, reading: ReadOptions, beside: CovariateColumns, told: Mapping[str, list[str]]) -> TimeColumn:
    """The stamps; rows below the last one that are remarks are left out first."""
    taken = [*told["id"], *told["target"], *beside.names]
    names = [] if reading.start and not told["time"] else find_time(sheet, told["time"], taken)
    if names:
        _drop_footer(sheet, names[0])
        return read_time_column(sheet, names, reading)
    if reading.freq is not None:
        ids = identity_of(sheet, told["id"])
        return number_rows(sheet, reading, ids)
    raise DataError(
        f"{sheet.name}: no column reads as dates; it has: {join_names(sheet.cells.columns)}. Name the time column "
        "with --time, or number the rows with --freq, such as --freq D, and --start, such as --start 2024-12-31."
    )


def _drop_footer(sheet: Sheet, time: str) -> None:
    """Leave out last lines that hold a remark: text in one cell, nothing else."""
    keep = len(sheet.cells)
    while keep > 1 and sheet.cells.shape[1] > 1:
        row = sheet.cells.iloc[keep - 1]
        known = row[row.notna()]
        if len(known) != 1 or dates_share(known) or is_numeric(known) or missing(known).all():
            break
        if row[time] is None and known.index[0] != sheet.cells.columns[0]:
            break
        keep -= 1
    if keep < len(sheet.cells):
        sheet.notes.append(f"{len(sheet.cells) - keep} remark(s) below the table left out")
        sheet.take(np.arange(keep))


def identity_of(sheet: Sheet, ids: Sequence[str]) -> pd.Series | None:
    """The name of each row's series."""
    if not ids:
        return None
    for column in ids:
        gone = sheet.cells[column].isna().to_numpy()
        if gone.any():
            row = int(gone.argmax())
            raise DataError(f"{sheet.place(column, row)}: the id is missing. Fill it in or delete the line.")
    name = sheet.cells[ids[0]]
    for column in ids[1:]:
        name = name + JOINED + sheet.cells[column]
    return name


def _targets(
    sheet: Sheet,
    reading: ReadOptions,
    clock: TimeColumn,
    identity: pd.Series | None,
    taken: list[str],
    notes: list[str],
) -> list[str]:
    """The columns to forecast; none where rows are counted."""
    numeric = numeric_columns(sheet, taken) if reading.wide or identity is None else []
    if reading.wide:
        if not numeric:
            raise DataError(
                f"{sheet.name}: --wide needs columns of numbers; it has: {join_names(sheet.cells.columns)}."
            )
        return numeric
    if reading.aggregate == "count":
        return []
    if identity is None and reading.wide is None and series_across(sheet, numeric, taken):
        notes.append(
            f"{len(numeric)} columns taken as series, as their names differ in a number only; --target names one"
        )
        return numeric
    target, more = find_target(sheet, clock.name, identity, taken)
    notes += more
    return [target]


# --- the long table ---------------------------------------------------------------------------------


def _long(
    sheet: Sheet,
    reading: ReadOptions,
    beside: CovariateColumns,
    clock: TimeColumn,
    identity: pd.Series | None,
    ids: Sequence[str],
    targets: Sequence[str],
    notes: list[str],
) -> LongTable:
    """Ids, stamps, targets and covariates as one long frame; several targets become a series each."""
    hint = _decimal_hint(sheet, reading)
    several = len(targets) > 1
    id_name = JOINED.join(ids) if ids else Columns.id
    target = targets[0] if len(targets) == 1 else "value" if several else "count"
    if several:
        id_name = "series" if "series" not in (clock.name, *beside.names) else "series name"
    while target in (clock.name, id_name, *beside.names):
        target += "_"
    data: dict[str, object] = {}
    if identity is not None:
        data[id_name] = identity
    data[clock.name] = clock.stamps
    others = {c: covariate(sheet, reading, c, beside.kinds.get(c), hint, notes) for c in beside.names}
    values = [numbers_of(sheet, reading, c, hint, notes) for c in targets] or [np.ones(len(sheet.cells))]
    lines: Sequence[int] = sheet.lines
    if not several:
        frame = pd.DataFrame(data | {target: values[0]} | others)
    else:
        if len(values) * len(sheet.cells) > MOST_CELLS:
            raise DataError(
                f"{sheet.name}: {len(values)} series of {len(sheet.cells)} rows are too many. Choose some."
            )
        rows = np.tile(np.arange(len(sheet.cells)), len(values))
        frame = pd.DataFrame(data | others).iloc[rows].reset_index(drop=True)
        names = np.repeat(np.array(targets, object), len(sheet.cells))
        frame[id_name] = names if identity is None else frame[id_name] + JOINED + names
        frame[target] = np.concatenate(values)
        lines = np.tile(np.asarray(lines), len(values)).tolist()
    columns = Columns(id_name, clock.name, target, lines, beside.past, beside.future, beside.static, beside.weight)
    return LongTable(sheet.name, frame, columns, identity is not None or several)


def numbers_of(sheet: Sheet, reading: ReadOptions, column: str, hint: str | None, notes: list[str]) -> np.ndarray:
    """A column as numbers; what is none is refused with its line."""
    cells = sheet.cells[column]
    found = read_numbers(cells, reading.missing, reading.decimal, hint)
    place = sheet.place(column)
    if found.bad.any():
        row = int(found.bad.argmax())
        texts = [str(text) for text in cells[found.bad].unique()]
        few = ",".join(texts)
        mark = f" or count it as missing with --na '{few}'," if len(texts) <= 5 and len(few) < 60 else ""
        raise DataError(
            f"{sheet.place(column, row)}: {shorten(cells.iloc[row])} is not a number ({int(found.bad.sum())} such "
            f"cell(s)). Correct it,{mark} or leave it empty."
        )
    infinite = np.isinf(found.values)
    if infinite.any():
        row = int(infinite.argmax())
        raise DataError(f"{sheet.place(column, row)}: the value is infinite. Correct it or empty it.")
    if (np.abs(found.values) > LARGEST).any():
        row = int((np.abs(found.values) > LARGEST).argmax())
        raise DataError(
            f"{sheet.place(column, row)}: {shorten(cells.iloc[row])} is beyond {LARGEST:g}. Use a larger unit."
        )
    if np.isnan(found.values).all():
        raise DataError(f"{place}: all {len(cells)} cells are empty. Name another column.")
    notes += [f"column {column!r}: {note}" for note in found.notes]
    return found.values


def covariate(
    sheet: Sheet, reading: ReadOptions, column: str, texts: bool | None, hint: str | None, notes: list[str]
) -> pd.Series | np.ndarray:
    """A covariate: numbers where nearly all cells are numbers, else texts; `texts` says what a training decided."""
    cells = sheet.cells[column]
    gone = missing(cells, reading.missing)
    if gone.all() or (texts if texts is not None else not is_numeric(cells)):
        return cells.where(~gone, None)
    return numbers_of(sheet, reading, column, hint, notes)


def _decimal_hint(sheet: Sheet, reading: ReadOptions) -> str | None:
    """The decimal sign of the columns that can have one only."""
    if reading.decimal is not None or sheet.delimiter == "":
        return None
    cores = []
    for column in list(sheet.cells)[:50]:
        sample = sample_of(sheet.cells[column])
        texts = [text for text in sample.head(50) if "," in text]
        if texts and is_numeric(sheet.cells[column]):
            cores += [core_of(text)[0] for text in texts]
    found = decide_decimal(cores) if cores else None
    return "," if found == "," else None


def _roles(
    sheet: Sheet, clock: TimeColumn, ids: Sequence[str], targets: Sequence[str], beside: CovariateColumns
) -> dict[str, str]:
    roles = dict.fromkeys(clock.used, "time") | dict.fromkeys(ids, "id") | dict.fromkeys(targets, "target")
    for role in ("past", "future", "static"):
        roles |= dict.fromkeys(getattr(beside, role), role)
    if beside.weight is not None:
        roles[beside.weight] = "weight"
    return roles
