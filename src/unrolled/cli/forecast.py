from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from . import options as opt
from .reading import reads_a_table
from .talk import give_json, give_table, records

if TYPE_CHECKING:
    from ..forecasting import Forecaster

INTERRUPTED = 130


@reads_a_table
def command(
    file: opt.File,
    horizon: opt.Horizon,
    past: opt.Past = None,
    future: opt.Future = None,
    static: opt.Static = None,
    weight: opt.Weight = None,
    future_file: opt.FutureFile = None,
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
    out: Annotated[Path | None, typer.Option(help="Folder for the outputs.", show_default="FILE-forecast")] = None,
    as_json: opt.AsJson = False,
    seed: opt.Seed = 0,
    quiet: opt.Quiet = False,
) -> None:
    """Train on a table of time series, compare with simple baselines, forecast, and write a report.

    Writes forecast.csv, model.safetensors and report.html. The forecast also goes to standard output.

    Example: unrolled forecast sales.csv --horizon 12
    """
    given = locals()
    began = time.perf_counter()
    from ..forecasting.ahead import extend_panel
    from ..report.html import write_report
    from ..storage import write_bytes
    from ..tables import read

    levels = opt.parse_levels(level)
    beside = opt.parse_baselines(baselines)
    fc = opt.make_forecaster(given)
    talk = opt.talker(quiet)

    table = read(file, reading, opt.parse_beside(past, future, static, weight))
    panel = opt.understand(fc, file, table, talk)
    ahead = opt.read_ahead(future_file, table.columns, panel)
    extend_panel(panel, horizon, ahead, replace(table.columns, rows=None))  # what is missing ahead is said at once
    with output_folder(out or Path(f"{'stdin' if file == '-' else Path(file).stem}-forecast")) as folder:
        fc.fit_panel(panel, baselines=beside)
        fc.notes_[:0] = table.notes
        for note in fc.notes_:
            talk(f"note: {note}")
        if fc.search_ is not None:
            talk(f"to repeat the choice: {opt.as_options(fc)}")
        result = fc.predict(level=levels, future=ahead)
        if fc.held_out_ is not None:
            talk(f"\nheld out: {fc.held_out_}\n")
        wall_s = time.perf_counter() - began
        write_bytes(folder / "forecast.csv", result.to_csv(index=False).encode())
        fc.save(folder / "model.safetensors")
        asked = shlex.join(["unrolled", *sys.argv[1:]])
        write_report(folder / "report.html", fc, panel, result, Path(file).name, asked, wall_s)
    if as_json:
        give_json(summary(fc, table.columns, result, folder, wall_s))
    else:
        give_table(result)
    talk(f"\n{folder}/: forecast.csv, model.safetensors, report.html · {time.perf_counter() - began:.1f} s")
    if fc.model_.interrupted or fc.search_interrupted_:
        raise typer.Exit(INTERRUPTED)


@contextmanager
def output_folder(folder: Path) -> Iterator[Path]:
    """A folder that can be written to, made before long work starts; if that fails, what was made is gone again."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"can't write to {folder}: {error.strerror}. Choose another folder with --out.") from error
    try:
        yield folder
    except BaseException:
        for parent in made:
            if not any(parent.iterdir()):
                parent.rmdir()
        raise


def summary(fc: Forecaster, columns: Any, result: Any, folder: Path, wall_s: float) -> dict[str, Any]:
    """What --json prints."""
    held_out = fc.held_out_
    return {
        "columns": {"id": columns.id, "time": columns.time, "target": columns.target},
        "forecast": records(result),
        "held_out": None
        if held_out is None
        else {
            "rows": held_out.rows,
            "origins": held_out.origins,
            "errors": {str(model): dict(row) for model, row in held_out.table.iterrows()},
            "coverage": {str(level): share for level, share in held_out.coverage.items()},
            "verdict": held_out.verdict,
        },
        "notes": fc.notes_,
        "interrupted": fc.model_.interrupted or fc.search_interrupted_,
        "search": None
        if fc.search_ is None
        else {
            "trials": records(fc.search_),
            "chosen": {name: value for name, value in fc.chosen_.items() if name != "verbose"},
            "options": opt.as_options(fc),
        },
        "model": {
            "cell": fc.model_.members[0].architecture.cell,
            "networks": len(fc.model_.members),
            "parameters": fc.model_.members[0].parameters.size,
        },
        "files": [str(folder / name) for name in ("forecast.csv", "model.safetensors", "report.html")],
        "seconds": round(wall_s, 3),
    }
