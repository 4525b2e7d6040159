"""The options that describe how to read a table, for every command that reads one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .option_groups import FLAG, INTEGER, TEXT, OptionGroup, option

if TYPE_CHECKING:
    from ..series.files import FileTable, ReadOptions


def _option(kind: Any, name: str, explained: str, shown: str | bool = "detected") -> tuple[Any, Any]:
    return option(kind, name, explained, shown)


OPTIONS = {
    "id_column": _option(TEXT, "--id", "Column that identifies the series; several are separated by commas."),
    "time_column": _option(TEXT, "--time", "Column of timestamps; several, such as date,hour, are joined."),
    "target": _option(TEXT, "--target", "Column to forecast; each of several columns becomes a series."),
    "freq": _option(
        TEXT,
        "--freq",
        "Frequency, such as MS, W, D, B, h, 30min; it also gives timestamps to a table without them.",
    ),
    "open": _option(
        TEXT,
        "--open",
        "Days and hours that have values, such as mon-sat or 08:00-20:00; other times are closed, not gaps. "
        "all: nothing is closed.",
    ),
    "wide": _option(FLAG, "--wide/--no-wide", "Whether every numeric column is a series."),
    "na": _option(TEXT, "--na", "Further values to treat as missing, such as -200,9999.", False),
    "aggregate": _option(
        TEXT, "--aggregate", "Combine the rows of each period into one: their sum, mean, last or count.", False
    ),
    "start": _option(TEXT, "--start", "First timestamp of a table without timestamps; requires --freq.", False),
    "zone": _option(
        TEXT,
        "--zone",
        "Time zone, such as Europe/Berlin, of timestamps without one; others are converted to it.",
        "that of the timestamps",
    ),
    "dates": _option(TEXT, "--dates", "Date format: dmy, mdy, ymd, number, or a format such as %d.%m.%Y."),
    "decimal": _option(TEXT, "--decimal", "Decimal separator: a point or a comma."),
    "delimiter": _option(TEXT, "--delimiter", "Separator of cells: one character, tab or space."),
    "encoding": _option(TEXT, "--encoding", "Encoding of the file, such as cp1252."),
    "sheet": _option(TEXT, "--sheet", "Sheet of an Excel workbook: its name or number."),
    "header": _option(INTEGER, "--header", "Number of header rows; 0 for none."),
    "skip_rows": _option(TEXT, "--skip-rows", "Lines to leave out, numbered as in an editor, such as 1-4,14.", False),
    "max_bytes": _option(INTEGER, "--max-bytes", "Largest size of each table in bytes, also unpacked.", "2 GiB"),
}
FIELDS = {"id_column": "id", "time_column": "time"}  # fields of `ReadOptions` whose option has another parameter name


def _read_options(given: dict[str, Any]) -> ReadOptions:
    from ..series.files import ReadOptions
    from ..series.files.options import number_or_name

    values = {FIELDS.get(name, name): value for name, value in given.items()}
    return ReadOptions(**values | {"freq": number_or_name(values["freq"])})


READING = OptionGroup(OPTIONS, _read_options)


def all_options(ctx: typer.Context, reading: ReadOptions) -> dict[str, Any]:
    """The values of all options of a command by name."""
    return {**ctx.params, "freq": reading.freq}


def detected_columns(table: FileTable) -> dict[str, str]:
    """The options that name the detected columns of a table.

    Columns that were joined or reshaped are not in the file: they are omitted, to be detected again.
    """
    columns, roles = table.columns, table.roles
    names = {"time_column": columns.time, "target": columns.target, "id_column": columns.id}
    return {option: name for option, name in names.items() if roles.get(name) == FIELDS.get(option, option)}
