from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from ...interactive.interrupts import exit_code
from ...interactive.streams import is_terminal
from ...plurals import counted
from .. import output_files as outputs
from ..common_options import OUTPUT, File, FutureFile, OutputOptions, Seed
from ..console import Console, print_json, records, records_by_model
from ..csv_form import print_rows, readable
from ..input_tables import read_known_future, source_of, training_panels
from ..model_options import COVARIATES, TRAINING, Alias, TrainingOptions
from ..option_groups import with_option_groups
from ..saved_models import was_interrupted
from ..search_summary import as_options, chosen_by_fit, search_json
from ..spreadsheet import formula_notes
from ..table_options import READING, all_options, detected_columns

if TYPE_CHECKING:
    import pandas as pd

    from ...forecaster import Forecaster
    from ...forecasting.evaluation.comparison import Comparison
    from ...forecasting.explanation.explanation import Explanation
    from ...series.columns import Columns
    from ...series.files import FileTable
    from ...series.panel import Panel

INNER_LEVEL = 50.0  # per cent: the coverage of the inner band of the report's fans
Horizon = Annotated[
    int | None, Option("--horizon", "-H", help="Periods to forecast.", show_default="a year, a day or similar")
]
OutFolder = Annotated[
    Path | None,
    Option("--out", help="Folder for the outputs; - prints CSV and writes no files.", show_default="FILE-forecast"),
]
Format = Annotated[str, Option("--format", help="Format of the report: html, md (Markdown), or html,md for both.")]


@with_option_groups(reading=READING, covariates=COVARIATES, training=TRAINING, output=OUTPUT)
def command(
    ctx: typer.Context,
    *,
    file: File,
    horizon: Horizon = None,
    reading: Any,
    covariates: Any,
    future_file: FutureFile = None,
    training: TrainingOptions,
    out: OutFolder = None,
    form: Format = "html",
    alias: Alias = None,
    output: OutputOptions,
    seed: Seed = 0,
) -> None:
    """Train on a table of time series, compare with simple baselines, forecast, and write a report.

    Writes forecast.csv, model.safetensors, report.html (or report.md), and run.toml, which repeats the run with
    --config. The forecast is also printed to standard output.

    Example: unrolled forecast sales.csv --horizon 12
    """
    from ...interactive.interrupts import interruptible
    from ...report import Report, ReportContent
    from ...series.files import read_file

    console, given = Console(ctx, output.quiet), all_options(ctx, reading)
    reports = outputs.parse_format(form)
    parameters = {"alias": alias, "seed": seed, "verbose": int(not output.quiet)}
    fc = training.forecaster(reading, horizon=1 if horizon is None else horizon, **parameters)
    folder = outputs.output_folder(out, file)
    run_file = outputs.run_file_in(folder, [outputs.FORECAST, outputs.MODEL, *reports], ctx)
    table = read_file(str(file), reading, covariates)
    panels = training_panels(fc, str(file), table, console)
    if horizon is None:
        given["horizon"] = horizon = default_horizon(panels, console)
        fc.set_params(horizon=horizon)
    ahead = known_future(future_file, table, panels, horizon)
    with nullcontext() if folder is None else outputs.created_folder(folder):
        fc.fit_panels(panels, source_of(table), training.baselines, table.notes)
        fit_notes = print_fit(fc, console)
        with interruptible() as interrupted:  # little remains to be done: the results so far are written
            fans = fc.predict(level=sorted({*training.levels, INNER_LEVEL}), future=ahead)
            result = fans if INNER_LEVEL in training.levels else without_level(fans, fc.name, INNER_LEVEL)
            notes = [*fit_notes, *console.notes(fc.predict_notes_)]  # in these, parameters are written as options
            console.notes(formula_notes(result, output.csv.excel_safe))
            wall_s, shown = console.elapsed_s, replace(fc.fitted, notes=tuple(notes))
            total = fc.fitted.total(training.levels, ahead)
            report = Report(ReportContent(shown, fans, file.name, _command(), wall_s, total, explained(fc, ahead)))
            files = outputs.write_forecast(run_file, fc, result, report, reports, given | detected_columns(table))
            stopped = was_interrupted(fc) or interrupted()
    if output.as_json:
        print_json(forecast_json(fc, table.columns, result, notes, files, wall_s))
    else:
        print_rows(readable(result, table.columns), output.csv, always_csv=folder is None)  # else a file has it
    show_chart(fc, panels[0], result, training.levels, console)
    written = f"{folder}/: {', '.join(path.name for path in files)} · " if files else ""
    console.message(f"\n{written}total run time {console.elapsed_s:.1f} s")
    if stopped:
        raise typer.Exit(exit_code())


def _command() -> str:
    """The command that is running, as it is typed."""
    return shlex.join(["unrolled", *sys.argv[1:]])


def default_horizon(panels: Sequence[Panel], console: Console) -> int:
    """The default horizon, which is printed."""
    from ...series.files.inspection import common_horizon

    horizon = common_horizon(panels)
    console.message(f"Forecasting {counted(horizon, 'period')} (change with --horizon)")
    return horizon


def known_future(file: Path | None, table: FileTable, panels: Sequence[Panel], horizon: int) -> pd.DataFrame | None:
    """The table of --future-file, if there is one; checked to cover the horizon before the training."""
    from ...series.known_future import extend_panel

    ahead = read_known_future(file, table.columns, panels, table.options)
    for panel in panels:
        extend_panel(panel, horizon, ahead, replace(table.columns, rows=None))
    return ahead


def explained(fc: Forecaster, ahead: pd.DataFrame | None) -> Explanation | None:
    """Why the forecast of the first series is what it is, if this is computed quickly."""
    from ...forecasting.explanation.explanation import explain_first

    return explain_first(fc.fitted, ahead)


def print_fit(fc: Forecaster, console: Console) -> list[str]:
    """Print the notes of a fit, the choice of a search and the comparison; returns the notes as printed."""
    notes = console.notes(fc.notes_)
    if fc.search_ is not None:
        console.message(f"to repeat the choice: {as_options(chosen_by_fit(fc))}")
    if fc.held_out_ is not None:
        console.message(f"\nheld out: {fc.held_out_}")
    return notes


def without_level(forecast: pd.DataFrame, name: str, level: float) -> pd.DataFrame:
    """A forecast without the interval of this level."""
    return forecast.drop(columns=[f"{name}-{end}-{level:g}" for end in ("lo", "hi")])


def show_chart(fc: Forecaster, panel: Panel, result: pd.DataFrame, levels: list[float], console: Console) -> None:
    """Print a small chart if standard error is a terminal."""
    if console.quiet or not is_terminal(sys.stderr):
        return
    from ..terminal_chart import MIN_WIDTH, draw_forecast

    columns = shutil.get_terminal_size().columns
    if columns >= MIN_WIDTH:
        first_panel = result.head(fc.parameters.horizon * len(panel.ids))
        console.message("\n" + draw_forecast(fc.name, panel, first_panel, columns, max(levels, default=None)))


def forecast_json(
    fc: Forecaster, columns: Columns, result: pd.DataFrame, notes: list[str], files: list[Path], wall_s: float
) -> dict[str, Any]:
    """The output of --json; its facts about the model are those of the first network. The pretrained one has no
    cell of the user's choice."""
    from ...series.files.labels import labelled

    ensemble = fc.fitted.only.ensemble
    cell = ensemble.members[0].architecture.cell if ensemble.members else None
    networks = len(ensemble.members) + (ensemble.pretrained is not None)
    return {
        "columns": {"id": columns.id, "time": columns.time, "target": columns.target},
        "forecast": records(labelled(result, columns)),
        "held_out": None if fc.held_out_ is None else comparison_json(fc.held_out_),
        "notes": notes,
        "interrupted": was_interrupted(fc),
        "search": None if fc.search_ is None else search_json(fc.search_, chosen_by_fit(fc)),
        "model": {"cell": cell, "networks": networks, "parameters": ensemble.size},
        "files": [str(path) for path in files],
        "seconds": round(wall_s, 3),
    }


def comparison_json(held_out: Comparison) -> dict[str, Any]:
    """A comparison for --json, with those of the frequencies where there are several."""
    found: dict[str, Any] = {
        "rows": held_out.rows,
        "origins": held_out.origins,
        "errors": records_by_model(held_out.table),
        "coverage": {str(level): share for level, share in held_out.coverage.items()},
        "measure": held_out.measure,
        "verdict": held_out.verdict,
    }
    parts = getattr(held_out, "parts", {})
    return found | ({"by_frequency": {name: comparison_json(part) for name, part in parts.items()}} if parts else {})
