from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import model_options as opt
from ..console import STANDARD_OUTPUT, give_json, give_table, records, tell_notes
from ..spreadsheet import executed
from ..table_options import all_given, reads_a_table


@reads_a_table
def command(
    ctx: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Model file that `unrolled forecast` or Forecaster.save wrote.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Table to forecast from, read as that of the training; without it, the series of the training.",
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option("--horizon", "-H", help="Periods, at most those trained, or any number if trained with reach."),
    ] = None,
    level: Annotated[str, typer.Option(help="Coverage of intervals in per cent.")] = "80,95",
    future_file: opt.FutureFile = None,
    reading: Any = None,
    out: opt.OutFile = STANDARD_OUTPUT,
    excel_safe: opt.ExcelSafe = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the forecast as JSON.")] = False,
    quiet: opt.Quiet = False,
) -> None:
    """Forecast with a saved model, without training.

    What a table holds that training has not seen, such as a new category, is said. Beside the file of --out stands
    one that ends in .toml and repeats the run.

    Example: unrolled predict sales-forecast/model.safetensors newer.csv
    """
    from ..output_files import file_for, write_table
    from ..saved_models import load_forecaster, read_newer
    from ..spreadsheet import escaped, unescaped

    levels = opt.parse_levels(level)
    repeats = file_for(out, ctx)
    fc = load_forecaster(model)
    frame, notes = None, list[str]()
    tails = [one.tail_ for one in fc.parts]
    if file is not None:
        table = read_newer(fc, file, reading)
        notes += table.notes
        fc.columns_, frame = table.columns, unescaped(table.frame) if excel_safe else table.frame
    result = fc.predict(frame, levels, horizon, opt.read_ahead(future_file, fc.columns_, tails))
    notes += [*fc.predict_notes_, *executed(result, excel_safe)]
    talk = opt.talker(quiet)
    tell_notes(notes, talk)
    files = write_table(repeats, result, all_given(ctx, reading))
    if as_json:
        give_json({"forecast": records(result), "notes": notes, "files": [str(path) for path in files]})
    elif files:
        talk(", ".join(map(str, files)))
    else:
        give_table(escaped(result) if excel_safe else result)
