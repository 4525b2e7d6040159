from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import model_options as opt
from ..console import by_model, give, give_json, give_table, or_null, tell_notes
from ..exit_codes import BEGAN, INTERRUPTED
from ..run_file import as_options, choices_found, remarks_on_choice, with_choice
from ..spreadsheet import executed
from ..table_options import all_given, reads_a_table
from .forecast import found_columns, searched

if TYPE_CHECKING:
    import pandas as pd

    from ...forecasting.cross_validation import Backtest


@reads_a_table
def command(
    ctx: typer.Context,
    file: opt.File,
    horizon: opt.Horizon,
    windows: Annotated[int, typer.Option("--windows", "-K", help="Cutoffs to forecast from.")],
    step: Annotated[
        int | None, typer.Option(help="Rows from one cutoff to the next.", show_default="the horizon")
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Train at each cutoff, or once before the first.")
    ] = True,
    reading: Any = None,
    past: opt.Past = None,
    future: opt.Future = None,
    static: opt.Static = None,
    weight: opt.Weight = None,
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
        typer.Option(
            help="CSV file for all forecasts and what came; - gives it instead of the measures.", show_default="none"
        ),
    ] = None,
    alias: opt.Alias = None,
    excel_safe: opt.ExcelSafe = False,
    as_json: opt.AsJson = False,
    seed: opt.Seed = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast from several cutoffs in the past, and rate the network beside the baselines.

    The table of measures goes to standard output, one row a model: means over series. No network has seen anything
    after its cutoff. Beside the file of --out stands one that ends in .toml and repeats the run. --cell auto chooses
    once, before the first cutoff.

    Example: unrolled backtest sales.csv --horizon 12 --windows 4
    """
    given = all_given(ctx, reading)
    began: float = ctx.meta[BEGAN]
    from ...forecasting.baselines.registry import SIMPLE
    from ...forecasting.cross_validation import CrossValidationPlan
    from ...forecasting.evaluation.metrics import at_levels, verdict
    from ...forecasting.multi_frequency import roll_all
    from ...forecasting.probabilistic.quantiles import GRID_LEVELS
    from ...series.files import read_file
    from ..output_files import file_for, write_table
    from ..spreadsheet import as_csv

    levels = opt.parse_levels(level)
    beside = list(dict.fromkeys([*SIMPLE, *opt.parse_baselines(baselines)]))
    fc = opt.make_forecaster(given)
    told = list(dict.fromkeys([*levels, *GRID_LEVELS]))  # the nine learned quantiles for CRPS, whatever is shown
    plan = CrossValidationPlan.checked(windows, horizon if step is None else step, refit, told, beside)
    repeats = file_for(out, ctx)
    talk = opt.talker(quiet)

    table = read_file(str(file), reading, opt.parse_beside(past, future, static, weight))
    panels = opt.understand(fc, str(file), table, talk)
    backtest = roll_all(fc, panels, table.columns, plan)
    rows = asked_rows(backtest, levels)
    tell_notes([*table.notes, *backtest.notes, *([] if out is None else executed(rows, excel_safe))], talk)
    rated = at_levels(backtest.table(), levels)
    choices = choices_found(backtest.found)
    given |= found_columns(table)
    remarks = remarks_on_choice(given, choices, backtest.interrupted)
    files = write_table(repeats, rows, with_choice(given, choices), remarks)
    if choices:
        talk(f"to repeat the choice: {as_options(choices)}")
    talk(f"\n{_cutoffs(backtest)}, horizon {horizon}, {'trained at each' if refit else 'trained once'}")
    talk(verdict(rated, fc.name))
    if as_json:
        give_json(summary(backtest, rated, levels, files, time.perf_counter() - began))
    elif str(out) == "-":
        give(as_csv(rows, excel_safe).rstrip("\n"))
    else:
        give_table(rated.reset_index())
    written = f"{', '.join(map(str, files))} · " if files else ""
    talk(f"\n{written}{time.perf_counter() - began:.1f} s")
    if backtest.interrupted:
        raise typer.Exit(INTERRUPTED)


def _cutoffs(backtest: Backtest) -> str:
    series = len(set(backtest.series.tolist()))
    return f"{series} series · {backtest.windows} cutoff(s)" + (
        " before the interrupt" if backtest.interrupted else ""
    )


def asked_rows(backtest: Backtest, levels: list[float]) -> pd.DataFrame:
    """All forecasts: id, stamp, cutoff, target, models and the intervals that were asked for."""
    import pandas as pd

    from ...forecasting.probabilistic.interval_columns import INTERVAL

    def asked(name: str) -> bool:
        match = INTERVAL.fullmatch(name)
        return match is None or float(match["level"]) in levels

    return pd.DataFrame({name: values for name, values in backtest.columns.items() if asked(name)})


def summary(
    backtest: Backtest, rated: pd.DataFrame, levels: list[float], files: list[Path], wall_s: float
) -> dict[str, Any]:
    """What --json prints."""
    from ...forecasting.evaluation.metrics import at_levels, verdict

    steps = at_levels(backtest.by_step(), levels).groupby(level="model", sort=False)
    return {
        "models": by_model(rated),
        "by_step": {str(model): {str(c): [or_null(v) for v in rows[c]] for c in rows} for model, rows in steps},
        "verdict": verdict(rated, backtest.name),
        "windows": backtest.windows,
        "interrupted": backtest.interrupted,
        "search": None if backtest.found is None else searched(backtest.found.table, choices_found(backtest.found)),
        "notes": backtest.notes,
        "files": [str(path) for path in files],
        "seconds": round(wall_s, 3),
    }
