"""Tables as commands read them: those of a training, and those of the known future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, InputError
from .console import Console

if TYPE_CHECKING:
    import pandas as pd

    from ..forecaster import Forecaster
    from ..forecasting.predictor import Source
    from ..series.columns import Columns
    from ..series.files import FileTable, ReadOptions
    from ..series.panel import Panel


def training_panels(fc: Forecaster, file: str, table: FileTable, console: Console, left_out: int = 0) -> list[Panel]:
    """The table of a training as one panel per frequency; its columns and series are printed.

    The last `left_out` rows of each series do not decide what is closed.
    """
    from ..series.by_frequency import read_panels
    from ..series.files.inspection import describe_panel

    try:
        parameters = fc.parameters
        panels = read_panels(
            table.frame,
            table.columns,
            parameters.freq,
            parameters.season,
            opened=parameters.open,
            zone=table.options.zone,
            left_out=left_out,
        )
    except DataError as error:
        raise DataError(f"{'standard input' if file == '-' else file}, {error}") from error
    series = f"id {table.columns.id!r}, " if "id" in table.roles.values() else ""
    console.message(f"{file}: {series}time {table.columns.time!r}, target {table.columns.shown_target}")
    for panel in panels:
        console.message(describe_panel(panel, table.columns))
    return panels


def source_of(table: FileTable) -> Source:
    """The table of a training, as a model remembers it."""
    from ..forecasting.predictor import Source

    return Source(table.columns, reading=saved_reading(table.options))


def saved_reading(reading: ReadOptions) -> dict[str, Any]:
    """The options of reading that a model file keeps.

    Single columns are not among them: the columns of the model are preferred in newer tables anyway. Numbers of lines
    hold for one file only.
    """
    columns = ("id", "time", "target")
    kept = {name: value for name, value in reading.given.items() if name != "skip_rows"}
    return {name: value for name, value in kept.items() if name not in columns or "," in str(value)}


def read_known_future(
    file: Path | None, columns: Columns, panels: Sequence[Panel], options: ReadOptions
) -> pd.DataFrame | None:
    """The table of --future-file, with the covariates of these panels that are known ahead.

    The options are those of the table that it continues.
    """
    from ..series.files import read_future

    if file is None:
        return None
    if not columns.future:
        raise InputError("--future-file needs columns known ahead: name them with --future A,B when training.")
    ids, zone = [name for panel in panels for name in panel.ids], panels[0].frequency.zone
    return read_future(str(file), columns, ids, text_covariates(panels), replace(options, zone=zone))


def text_covariates(panels: Sequence[Panel]) -> dict[str, bool]:
    """Whether each covariate holds texts, in the series of at least one frequency."""
    layouts = [panel.covariates.layout for panel in panels]
    features = [f for layout in layouts for f in (*layout.past, *layout.future, *layout.static)]
    return {f.name: any(other.texts is not None for other in features if other.name == f.name) for f in features}
