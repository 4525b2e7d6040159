from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from . import options as opt
from .reading import reads_a_table
from .talk import by_model, give_json, give_table, or_null

if TYPE_CHECKING:
    import pandas as pd

    from ..forecasting.rolling import Backtest

INTERRUPTED = 130


@reads_a_table
def command(
    file: opt.File,
    horizon: opt.Horizon,
    windows: Annotated[int, typer.Option("--windows", "-K", help="Cutoffs to forecast from.")],
    step: Annotated[
        int | None, typer.Option(help="Rows from one cutoff to the next.", show_default="the horizon")
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Train at each cutoff, or once before the first.")
    ] = True,
    past: opt.Past = None,
    future: opt.Future = None,
    static: opt.Static = None,
    weight: opt.Weight = None,
    reading: Any = None,
    season: opt.Season = None,
    cell: opt.Cell = "gru",
    hidden: opt.Hidden = None,
    window: opt.Window = None,
    steps: opt.Steps = None,
    ensemble: opt.Ensemble = None,
    segment: opt.Segment = None,
    scaling: opt.Scaling = None,
    dropout: opt.Dropout = None,
    batch_size: opt.BatchSize = None,
    rate: opt.Rate = None,
    budget: opt.Budget = None,
    max_trials: opt.MaxTrials = None,
    likelihood: opt.Likelihood = None,
    nonnegative: opt.Nonnegative = False,
    integer: opt.Integer = False,
    level: opt.Level = "80,95",
    baselines: opt.Baselines = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV file for all forecasts and what came.", show_default="none")
    ] = None,
    as_json: opt.AsJson = False,
    seed: opt.Seed = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast from several cutoffs in the past, and rate the network beside the baselines.

    The table of measures goes to standard output, one row a model: means over series. No network has seen anything
    after its cutoff.

    Example: unrolled backtest sales.csv --horizon 12 --windows 4
    """
    given = locals()
    began = time.perf_counter()
    from ..forecasting.baselines import SIMPLE
    from ..forecasting.metrics import GRID_LEVELS, at_levels, verdict
    from ..forecasting.rolling import Plan, roll
    from ..tables import read

    levels = opt.parse_levels(level)
    beside = list(dict.fromkeys([*SIMPLE, *opt.parse_baselines(baselines)]))
    fc = opt.make_forecaster(given)
    # the nine learned quantiles for CRPS, whatever levels are shown
    plan = Plan.checked(
        windows, horizon if step is None else step, refit, list(dict.fromkeys([*levels, *GRID_LEVELS])), beside
    )
    _refuse_unwritable(out)
    talk = opt.talker(quiet)

    table = read(file, reading, opt.parse_beside(past, future, static, weight))
    panel = opt.understand(fc, file, table, talk)
    backtest = roll(fc, panel, table.columns, plan)
    for note in (*table.notes, *backtest.notes):
        talk(f"note: {note}")
    rated = at_levels(backtest.table(), levels)
    if out is not None:
        write_rows(backtest, levels, out)
    talk(f"\n{_cutoffs(backtest)}, horizon {horizon}, {'trained at each' if refit else 'trained once'}")
    talk(verdict(rated, fc.name))
    if as_json:
        give_json(summary(backtest, rated, levels, out, time.perf_counter() - began))
    else:
        give_table(rated.reset_index())
    talk(f"\n{'' if out is None else f'{out} · '}{time.perf_counter() - began:.1f} s")
    if backtest.interrupted:
        raise typer.Exit(INTERRUPTED)


def _refuse_unwritable(out: Path | None) -> None:
    """Raise before long work if this file can't be written."""
    if out is None:
        return
    try:
        existed = out.exists()
        with out.open("ab"):
            pass
        if not existed:
            out.unlink()
    except OSError as error:
        raise InputError(f"can't write {out}: {error.strerror}. Choose another file with --out.") from error


def _cutoffs(backtest: Backtest) -> str:
    series = len(set(backtest.series.tolist()))
    return f"{series} series · {backtest.windows} cutoff(s)" + (
        " before the interrupt" if backtest.interrupted else ""
    )


def write_rows(backtest: Backtest, levels: list[float], out: Path) -> None:
    """All forecasts as CSV: id, stamp, cutoff, target, models and intervals."""
    import pandas as pd

    from ..forecasting.metrics import INTERVAL
    from ..storage import write_bytes

    def asked(name: str) -> bool:
        match = INTERVAL.fullmatch(name)
        return match is None or float(match["level"]) in levels

    frame = pd.DataFrame({name: values for name, values in backtest.columns.items() if asked(name)})
    write_bytes(out, frame.to_csv(index=False).encode())


def summary(
    backtest: Backtest, rated: pd.DataFrame, levels: list[float], out: Path | None, wall_s: float
) -> dict[str, Any]:
    """What --json prints."""
    from ..forecasting.metrics import at_levels, verdict

    steps = at_levels(backtest.by_step(), levels).groupby(level="model", sort=False)
    return {
        "models": by_model(rated),
        "by_step": {str(model): {str(c): [or_null(v) for v in rows[c]] for c in rows} for model, rows in steps},
        "verdict": verdict(rated, backtest.name),
        "windows": backtest.windows,
        "interrupted": backtest.interrupted,
        "notes": backtest.notes,
        "files": [] if out is None else [str(out)],
        "seconds": round(wall_s, 3),
    }
