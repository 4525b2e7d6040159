from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from .talk import give_json, give_table, records, say

if TYPE_CHECKING:
    from ..forecasting import Forecaster

INTERRUPTED = 130


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or Parquet file; - reads standard input.")],
    horizon: Annotated[int, typer.Option("--horizon", "-H", help="Periods to forecast.")],
    id_column: Annotated[str | None, typer.Option("--id", help="Column that tells series apart.")] = None,
    time_column: Annotated[str | None, typer.Option("--time", help="Column of stamps.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="Column to forecast.")] = None,
    freq: Annotated[
        str | None, typer.Option(help="Frequency, such as MS, W, D, B, h, 30min.", show_default="inferred")
    ] = None,
    season: Annotated[
        int | None, typer.Option(help="Periods in a season.", show_default="from the frequency")
    ] = None,
    cell: Annotated[str, typer.Option(help="Recurrent cell: rnn, gru or lstm.")] = "rnn",
    hidden: Annotated[int | None, typer.Option(help="Hidden units.", show_default="by the data")] = None,
    window: Annotated[
        int | None, typer.Option(help="Steps the network reads.", show_default="from season and data")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Optimizer steps of each training.", show_default="by the data")
    ] = None,
    ensemble: Annotated[
        int | None, typer.Option(help="Networks whose mean is taken.", show_default="by the data")
    ] = None,
    level: Annotated[str, typer.Option(help="Coverage of intervals in per cent.")] = "80,95",
    out: Annotated[Path | None, typer.Option(help="Folder for the outputs.", show_default="FILE-forecast")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Train on a table of time series, compare with simple baselines, forecast, and write a report.

    Writes forecast.csv, model.safetensors and report.html. The forecast also goes to standard output.

    Example: unrolled forecast sales.csv --horizon 12
    """
    began = time.perf_counter()
    from ..forecasting import Forecaster
    from ..forecasting.table import read_panel, refuse_horizon
    from ..report.html import facts, write_report
    from ..storage import write_bytes
    from .files import read_table

    refuse_horizon(horizon)
    levels = parse_levels(level)
    given = {"season": season, "window": window, "hidden": hidden, "steps": steps, "ensemble": ensemble}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    fc = Forecaster(horizon, cell=cell, freq=freq, seed=seed, verbose=0 if quiet else 1, **options)
    fc.check_params()
    talk = (lambda text: None) if quiet else say

    table = read_table(file, id_column, time_column, target)
    panel = read_panel(table.frame, table.columns, freq, season)
    fc.columns_ = table.columns
    series = f"{table.columns.id!r}, " if panel.ids[0] is not None else ""
    talk(
        f"{file}: id {series}time {table.columns.time!r}, target {table.columns.target!r}"
        if series
        else f"{file}: time {table.columns.time!r}, target {table.columns.target!r}"
    )
    talk(facts(fc, panel))
    fc.backend_ = "pandas"
    with output_folder(out or Path(f"{'stdin' if file == '-' else Path(file).stem}-forecast")) as folder:
        fc.fit_panel(panel)
        fc.notes_[:0] = table.notes
        for note in fc.notes_:
            talk(f"note: {note}")
        result = fc.predict(level=levels)
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
    if fc.model_.interrupted:
        raise typer.Exit(INTERRUPTED)


def parse_levels(text: str) -> list[float]:
    from ..forecasting.intervals import check_levels

    try:
        return check_levels([float(part) for part in text.split(",") if part.strip()])
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"--level takes numbers such as 80,95; got {text!r}.") from error


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
        "interrupted": fc.model_.interrupted,
        "model": {
            "cell": fc.cell,
            "networks": len(fc.model_.members),
            "parameters": fc.model_.members[0].parameters.size,
        },
        "files": [str(folder / name) for name in ("forecast.csv", "model.safetensors", "report.html")],
        "seconds": round(wall_s, 3),
    }
