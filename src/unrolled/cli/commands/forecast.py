from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import model_options as opt
from ..console import give, give_json, give_table, records, say, tell_notes
from ..exit_codes import BEGAN, INTERRUPTED
from ..run_file import Choices, as_options, choices_of
from ..spreadsheet import executed
from ..table_options import all_given, reads_a_table

if TYPE_CHECKING:
    import pandas as pd

    from ...forecaster import Forecaster
    from ...forecasting.evaluation.comparison import Comparison
    from ...series.files import FileTable
    from ...series.panel import Panel

INNER = 50.0  # per cent: the inner band of the report


@reads_a_table
def command(
    ctx: typer.Context,
    file: opt.File,
    horizon: Annotated[
        int | None,
        typer.Option("--horizon", "-H", help="Periods to forecast.", show_default="a year, a day or the like"),
    ] = None,
    reading: Any = None,
    past: opt.Past = None,
    future: opt.Future = None,
    static: opt.Static = None,
    weight: opt.Weight = None,
    future_file: opt.FutureFile = None,
    season: opt.Season = None,
    cell: opt.Cell = "gru",
    hidden: opt.Hidden = None,
    layers: opt.Layers = 1,
    window: opt.Window = None,
    steps: opt.Steps = None,
    ensemble: opt.Ensemble = None,
    segment: opt.Segment = None,
    scaling: opt.Scaling = None,
    decoder: opt.Decoder = None,
    calendar: opt.Calendar = None,
    log: opt.Log = None,
    dropout: opt.Dropout = None,
    batch_size: opt.BatchSize = None,
    rate: opt.Rate = None,
    weight_decay: opt.WeightDecay = 1e-2,
    budget: opt.Budget = None,
    max_trials: opt.MaxTrials = None,
    likelihood: opt.Likelihood = None,
    reach: opt.Reach = None,
    nonnegative: opt.Nonnegative = False,
    integer: opt.Integer = False,
    combine: opt.Combine = None,
    level: opt.Level = "80,95",
    baselines: opt.Baselines = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the outputs; - gives CSV and writes no files.", show_default="FILE-forecast"),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="The report's: html (report.html), md (report.md), or html,md.")
    ] = "html",
    alias: opt.Alias = None,
    excel_safe: opt.ExcelSafe = False,
    as_json: opt.AsJson = False,
    seed: opt.Seed = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Train on a table of time series, compare with simple baselines, forecast, and write a report.

    Writes forecast.csv, model.safetensors, report.html (or report.md), and run.toml, which repeats the run. The
    forecast also goes to standard output.

    Example: unrolled forecast sales.csv --horizon 12
    """
    given = all_given(ctx, reading)
    began: float = ctx.meta[BEGAN]
    from ...interactive.interrupts import interruptible
    from ...report import Report, ReportContent
    from ...series.files import read_file
    from ...series.files.inspection import common_horizon
    from ...series.known_future import extend_panel
    from .. import output_files as outputs

    levels = opt.parse_levels(level)
    reports = outputs.parse_format(form)
    beside = opt.parse_baselines(baselines)
    fc = opt.make_forecaster({**given, "horizon": 1 if horizon is None else horizon})
    talk = opt.talker(quiet)

    table = read_file(str(file), reading, opt.parse_beside(past, future, static, weight))
    panels = opt.understand(fc, str(file), table, talk)
    if horizon is None:
        horizon = common_horizon(panels)
        talk(f"{horizon} periods ahead; --horizon overrules")
        given["horizon"] = fc.horizon = horizon
    ahead = opt.read_ahead(future_file, table.columns, panels)
    for panel in panels:  # what is missing ahead is said at once
        extend_panel(panel, horizon, ahead, replace(table.columns, rows=None))
    given |= found_columns(table)
    with outputs.folder_for(out, file) as folder:
        repeats = outputs.repeats_in(folder, ctx)
        fc.fit_panels(panels, beside)
        fc.notes_[:0] = table.notes
        tell_fit(fc, talk)
        with interruptible() as interrupted:  # from here on all is nearly done: what was reached is written
            # the report's fans have an inner band, whatever intervals were asked for
            fans = fc.predict(level=sorted({*levels, INNER}), future=ahead)
            result = fans.drop(columns=[] if INNER in levels else interval_names(fc, [INNER]))
            tell_notes([*fc.predict_notes_, *executed(result, excel_safe)], talk)
            wall_s = time.perf_counter() - began
            stopped = fc.interrupted_ or fc.search_interrupted_
            report = Report(ReportContent(fc, fans, file.name, asked_now(), wall_s))
            files = outputs.write(repeats, fc, result, report, reports, given)
            stopped |= interrupted()
    if as_json:
        give_json(summary(fc, table.columns, result, files, wall_s))
    else:
        give_forecast(result, excel_safe, whole=folder is None)
    if not quiet:
        show_chart(fc, panels[0], result, levels)
    told = f"{folder}/: {', '.join(path.name for path in files)} · " if files else ""
    talk(f"\n{told}{time.perf_counter() - began:.1f} s")
    if stopped:
        raise typer.Exit(INTERRUPTED)


def found_columns(table: FileTable) -> dict[str, str]:
    """The columns of a file that were found, as the options that name them; what was joined or turned is left out, to
    be found again."""
    columns, roles = table.columns, table.roles
    found = {"time_column": columns.time, "target": columns.target, "id_column": columns.id}
    return {option: name for option, name in found.items() if roles.get(name) == option.removesuffix("_column")}


def searched(trials: pd.DataFrame, choices: Choices) -> dict[str, Any]:
    """What --json tells of a search; the choices by frequency, where there are several."""
    chosen = {of: {name: value for name, value in one.items() if name != "verbose"} for of, one in choices.items()}
    return {"trials": records(trials), "chosen": chosen.get("", chosen), "options": as_options(choices)}


def tell_fit(fc: Forecaster, talk: Callable[[str], None]) -> None:
    """What a fit had to say, and how good it is."""
    tell_notes(fc.notes_, talk)
    if fc.search_ is not None:
        talk(f"to repeat the choice: {as_options(choices_of(fc))}")
    if fc.held_out_ is not None:
        talk(f"\nheld out: {fc.held_out_}\n")


def give_forecast(result: pd.DataFrame, excel_safe: bool, whole: bool) -> None:
    """The forecast on standard output; `whole`: as CSV at a terminal too, since nothing else holds it."""
    from ..spreadsheet import as_csv, escaped

    if whole:
        give(as_csv(result, excel_safe).rstrip("\n"))
    else:
        give_table(escaped(result) if excel_safe else result)


def show_chart(fc: Forecaster, panel: Panel, result: pd.DataFrame, levels: list[float]) -> None:
    """A small chart, for a person at a terminal."""
    if not sys.stderr.isatty():
        return
    from ..terminal_chart import LEAST_WIDTH, draw_forecast

    columns = shutil.get_terminal_size().columns
    if columns >= LEAST_WIDTH:
        own = result.head(fc.horizon * len(panel.ids))
        say("\n" + draw_forecast(fc, panel, own, columns, max(levels, default=None)))


def interval_names(fc: Forecaster, levels: list[float]) -> list[str]:
    """The columns of the intervals of these levels."""
    return [f"{fc.name}-{end}-{level:g}" for level in levels for end in ("lo", "hi")]


def asked_now() -> str:
    """The command as it was typed."""
    return shlex.join(["unrolled", *sys.argv[1:]])


def summary(fc: Forecaster, columns: Any, result: Any, files: list[Path], wall_s: float) -> dict[str, Any]:
    """What --json prints."""
    first = fc.parts[0].model_.members
    return {
        "columns": {"id": columns.id, "time": columns.time, "target": columns.target},
        "forecast": records(result),
        "held_out": None if fc.held_out_ is None else compared(fc.held_out_),
        "notes": [*fc.notes_, *fc.predict_notes_],
        "interrupted": fc.interrupted_ or fc.search_interrupted_,
        "search": None if fc.search_ is None else searched(fc.search_, choices_of(fc)),
        "model": {
            "cell": first[0].architecture.cell,
            "networks": len(first),
            "parameters": first[0].parameters.size,
        },
        "files": [str(path) for path in files],
        "seconds": round(wall_s, 3),
    }


def compared(held_out: Comparison) -> dict[str, Any]:
    """A comparison for --json, and below it that of each frequency, where there are several."""
    found: dict[str, Any] = {
        "rows": held_out.rows,
        "origins": held_out.origins,
        "errors": {str(model): dict(row) for model, row in held_out.table.iterrows()},
        "coverage": {str(level): share for level, share in held_out.coverage.items()},
        "verdict": held_out.verdict,
    }
    parts = getattr(held_out, "parts", {})
    return found | ({"by_frequency": {name: compared(part) for name, part in parts.items()}} if parts else {})
