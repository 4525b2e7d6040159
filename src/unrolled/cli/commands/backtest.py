from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from ...interactive.interrupts import exit_code
from ...plurals import counted
from ..common_options import OUTPUT, File, OutputOptions, Seed
from ..console import Console, number_or_null, print_json, print_table, records_by_model
from ..csv_form import print_rows
from ..input_tables import source_of, training_panels
from ..model_options import COVARIATES, TRAINING, Alias, TrainingOptions
from ..option_groups import with_option_groups
from ..output_files import interrupt_remarks, run_file_for, write_table
from ..run_file import RunFile
from ..search_summary import as_options, choice_remarks, chosen_by_backtest, search_json, with_choice
from ..spreadsheet import formula_notes
from ..table_options import READING, all_options, detected_columns

if TYPE_CHECKING:
    import pandas as pd

    from ...forecasting.cross_validation import Backtest

Horizon = Annotated[int, Option("--horizon", "-H", help="Periods to forecast.")]
Windows = Annotated[int, Option("--windows", "-K", help="Number of cutoffs to forecast from.")]
Step = Annotated[int | None, Option("--step", help="Rows between cutoffs.", show_default="the horizon")]
Refit = Annotated[bool, Option("--refit/--no-refit", help="Train at each cutoff, or once before the first cutoff.")]
OutFile = Annotated[
    Path | None,
    Option(
        "--out",
        help="CSV file for all forecasts with the actual values; - prints them instead of the errors.",
        show_default="none",
    ),
]


@with_option_groups(reading=READING, covariates=COVARIATES, training=TRAINING, output=OUTPUT)
def command(
    ctx: typer.Context,
    *,
    file: File,
    horizon: Horizon,
    windows: Windows,
    step: Step = None,
    refit: Refit = True,
    reading: Any,
    covariates: Any,
    training: TrainingOptions,
    out: OutFile = None,
    alias: Alias = None,
    output: OutputOptions,
    seed: Seed = 0,
) -> None:
    """Forecast from several cutoffs in the past, and compare the errors with those of the baselines.

    The errors go to standard output, one row per model, the best first: means over the series. Networks are
    trained on the rows of each series before its cutoff. With --out, a run file (.toml, for --config) that repeats
    the run is written next to the CSV file. --cell auto searches once, before the first cutoff.

    Example: unrolled backtest sales.csv --horizon 12 --windows 4
    """
    from ...forecasting.baselines.registry import SIMPLE
    from ...forecasting.cross_validation import CrossValidationPlan, backtest
    from ...forecasting.evaluation.metrics import at_levels
    from ...forecasting.probabilistic.quantiles import GRID_LEVELS
    from ...series.files import read_file
    from ...series.files.labels import labelled

    console = Console(ctx, output.quiet)
    fc = training.forecaster(reading, horizon=horizon, alias=alias, seed=seed, verbose=int(not output.quiet))
    levels = list(dict.fromkeys([*training.levels, *GRID_LEVELS]))  # those to print, and those that CRPS needs
    baselines = list(dict.fromkeys([*SIMPLE, *training.baselines]))
    plan = CrossValidationPlan.checked(windows, horizon if step is None else step, refit, levels, baselines)
    run_file = run_file_for(out, ctx)
    table = read_file(str(file), reading, covariates)
    panels = training_panels(fc, str(file), table, console, plan.most_left_out(horizon))
    found = backtest(fc.parameters, panels, source_of(table), plan)
    rows = labelled(forecast_rows(found, training.levels), table.columns)
    console.notes(table.notes)
    notes = console.notes(found.notes)
    console.notes([] if out is None else formula_notes(rows, output.csv.excel_safe))
    files = write_rows(run_file, rows, found, all_options(ctx, reading) | detected_columns(table))
    errors = found.table()
    errors = at_levels(errors.sort_values(found.measure_of(errors), kind="stable"), training.levels)
    print_verdict(found, f"horizon {horizon}, trained {'at each' if refit else 'once'}", console)
    if output.as_json:
        content = backtest_json(found, errors, training.levels)
        print_json(content | {"notes": notes, "files": list(map(str, files)), "seconds": round(console.elapsed_s, 3)})
    elif str(out) == "-":
        print_rows(rows, output.csv, always_csv=True)
    else:
        print_table(errors.reset_index())
    written = f"{', '.join(map(str, files))} · " if files else ""
    console.message(f"\n{written}total run time {console.elapsed_s:.1f} s")
    if found.interrupted:
        raise typer.Exit(exit_code())


def write_rows(run_file: RunFile | None, rows: pd.DataFrame, backtest: Backtest, given: dict[str, Any]) -> list[Path]:
    """Write the forecasts and the run file, with the choice of a search in its place."""
    chosen = chosen_by_backtest(backtest.found)
    remarks = [*interrupt_remarks(backtest.interrupted), *choice_remarks(given, chosen)]
    return write_table(run_file, rows, with_choice(given, chosen), remarks)


def print_verdict(backtest: Backtest, setting: str, console: Console) -> None:
    """Print the choice of a search, what was forecast, and whether the network was better than the baselines."""
    from ...forecasting.evaluation.metrics import without_scale

    if backtest.found is not None:
        console.message(f"to repeat the choice: {as_options(chosen_by_backtest(backtest.found))}")
    series = len(set(backtest.series.tolist()))
    interrupted = " before the interrupt" if backtest.interrupted else ""
    console.message(f"\n{series} series · {counted(backtest.windows, 'cutoff')}{interrupted}, {setting}")
    console.message("".join(f"({text})\n" for text in without_scale(backtest.by_series())) + backtest.verdict())


def forecast_rows(backtest: Backtest, levels: list[float]) -> pd.DataFrame:
    """All forecasts: id, timestamp, cutoff, target, models, and the intervals of these levels."""
    from ...forecasting.probabilistic.interval_columns import INTERVAL
    from ...series.dataframe import PANDAS, in_library

    matches = {name: INTERVAL.fullmatch(name) for name in backtest.columns}
    shown = [name for name, match in matches.items() if match is None or float(match["level"]) in levels]
    return in_library({name: backtest.columns[name] for name in shown}, PANDAS, backtest.zone)


def backtest_json(backtest: Backtest, errors: pd.DataFrame, levels: list[float]) -> dict[str, Any]:
    """The results of a backtest for --json."""
    from ...forecasting.evaluation.metrics import at_levels

    steps = at_levels(backtest.by_step(), levels).groupby(level="model", sort=False)
    found = backtest.found
    return {
        "models": records_by_model(errors),
        "by_step": {
            str(model): {str(c): [number_or_null(v) for v in rows[c]] for c in rows} for model, rows in steps
        },
        "measure": backtest.measure_of(errors),
        "verdict": backtest.verdict(),
        "windows": backtest.windows,
        "interrupted": backtest.interrupted,
        "search": None if found is None else search_json(found.table, chosen_by_backtest(found)),
    }
