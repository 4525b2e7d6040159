from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from ..common_options import OUTPUT, FutureFile, Level, OutFile, OutputOptions, parse_levels
from ..console import STANDARD_OUTPUT, Console, print_json, records
from ..csv_form import print_rows, readable
from ..input_tables import read_known_future
from ..option_groups import with_option_groups
from ..output_files import run_file_for, write_table
from ..saved_models import load_forecaster, read_newer
from ..spreadsheet import formula_notes, unescaped
from ..table_options import READING, all_options

Model = Annotated[Path, Argument(metavar="MODEL", help="Model file from `unrolled forecast` or `Forecaster.save`.")]
File = Annotated[
    Path | None,
    Argument(
        metavar="FILE",
        help="Table to forecast, read like the training table. Without it, the training series are forecast.",
    ),
]
Horizon = Annotated[
    int | None,
    Option(
        "--horizon",
        "-H",
        help="Periods to forecast: at most the trained horizon, or any number for a model with --reach.",
        show_default="the trained horizon",
    ),
]


@with_option_groups(reading=READING, output=OUTPUT)
def command(
    ctx: typer.Context,
    *,
    model: Model,
    file: File = None,
    horizon: Horizon = None,
    level: Level = "80,95",
    future_file: FutureFile = None,
    reading: Any,
    out: OutFile = STANDARD_OUTPUT,
    output: OutputOptions,
) -> None:
    """Forecast with a saved model, without training.

    Notes list what is new in the table, such as unknown categories. With --out, a run file (.toml, for --config)
    that repeats the run is written next to the CSV file. --excel-safe also removes the quotes that it put into an
    earlier table.

    Example: unrolled predict sales-forecast/model.safetensors newer.csv
    """
    levels = parse_levels(level)
    run_file = run_file_for(out, ctx)
    fc = load_forecaster(model)
    frame, table_notes = None, tuple[str, ...]()
    contexts = [one.context for one in fc.fitted.predictors.values()]
    if file is not None:
        table = read_newer(fc, file, reading)
        table_notes = table.notes
        fc, frame = fc.with_columns(table.columns), unescaped(table.frame) if output.csv.excel_safe else table.frame
    from ...series.files.labels import labelled

    options = reading.with_defaults(fc.reading_)
    result = fc.predict(frame, levels, horizon, read_known_future(future_file, fc.columns_, contexts, options))
    console = Console(ctx, output.quiet)
    told = dict.fromkeys([*fc.predict_notes_, *table_notes, *formula_notes(result, output.csv.excel_safe)])
    notes = console.notes(told)
    rows = readable(result, fc.columns_)
    files = write_table(run_file, rows, all_options(ctx, reading))
    if output.as_json:
        print_json(
            {
                "forecast": records(labelled(result, fc.columns_)),
                "notes": notes,
                "files": [str(path) for path in files],
            }
        )
    elif files:
        console.message(", ".join(map(str, files)))
    else:
        print_rows(rows, output.csv)
