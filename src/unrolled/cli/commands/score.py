from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import model_options as opt
from ..console import STANDARD_OUTPUT, by_model, give_json, give_table, say
from ..table_options import all_given, reads_a_table

if TYPE_CHECKING:
    from ...series.files import FileTable


@reads_a_table
def command(
    ctx: typer.Context,
    forecast: Annotated[
        Path, typer.Argument(metavar="FORECAST", help="CSV that `unrolled forecast` wrote, or alike.")
    ],
    actuals: Annotated[
        Path,
        typer.Argument(
            metavar="ACTUALS", help="Table with what came; with the rows before it, errors are scaled too."
        ),
    ],
    reading: Any = None,
    season: Annotated[
        int | None, typer.Option(help="Season of MASE, RMSSE and MSIS.", show_default="M4's for the frequency")
    ] = None,
    by_series: Annotated[
        bool, typer.Option("--by-series", help="One row a series and model, not their means.")
    ] = False,
    out: opt.OutFile = STANDARD_OUTPUT,
    excel_safe: opt.ExcelSafe = False,
    as_json: opt.AsJson = False,
    quiet: opt.Quiet = False,
) -> None:
    """Rate an old forecast now that its values have come.

    Rows are joined on id and stamp. The measures go to standard output, one row a model: means over series. Beside
    the file of --out stands one that ends in .toml and repeats the run.

    Example: unrolled score sales-forecast/forecast.csv newer.csv
    """
    from ...forecasting.evaluation.scoring import score
    from ...series.columns import Columns
    from ...series.files import read_file, read_forecast
    from ..output_files import file_for, write_table
    from ..spreadsheet import escaped

    repeats = file_for(out, ctx)
    told = read_forecast(str(forecast), reading.id, reading.time)
    if excel_safe:
        told = unquoted(told)
    found = Columns(told.columns.id, told.columns.time)
    came = read_file(str(actuals), reading, prefer=found)
    names = came.columns
    # each file may have its own name for the stamps and ids: the actuals' are used for both
    table = told.frame.rename(columns={told.columns.id: names.id, told.columns.time: names.time})
    result = score(table, came.frame, names.id, names.time, names.target, season, reading.freq)
    if not quiet:
        for note in (*told.notes, *came.notes, *result.notes):
            say(f"note: {note}")
        say(f"{result.matched} of {result.rows} forecast rows have a value in {actuals}, column {names.target!r}\n")
    rows = (result.by_series if by_series else result.table).reset_index()
    files = write_table(repeats, rows, all_given(ctx, reading))
    if as_json:
        series = {str(name): by_model(part.droplevel("series")) for name, part in result.by_series.groupby("series")}
        give_json(
            {
                "rows": result.rows,
                "matched": result.matched,
                "models": by_model(result.table),
                "by_series": series,
                "notes": list(result.notes),
                "files": [str(path) for path in files],
            }
        )
    elif files:
        opt.talker(quiet)(", ".join(map(str, files)))
    else:
        give_table(escaped(rows) if excel_safe else rows)


def unquoted(table: FileTable) -> FileTable:
    """A table as it was before it was made safe for spreadsheets, its names too."""
    from ..spreadsheet import unescape, unescaped

    columns = table.columns
    names = {part: unescape(getattr(columns, part)) for part in ("id", "time", "target")}
    return replace(table, frame=unescaped(table.frame), columns=replace(columns, **names))
