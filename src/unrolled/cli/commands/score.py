from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from ..common_options import OUTPUT, OutFile, OutputOptions
from ..console import STANDARD_OUTPUT, Console, print_json, records_by_model
from ..csv_form import print_rows, significant
from ..option_groups import with_option_groups
from ..output_files import run_file_for, write_table
from ..spreadsheet import unescape, unescaped
from ..table_options import READING, all_options

if TYPE_CHECKING:
    from ...forecasting.evaluation.scoring import Score
    from ...series.files import FileTable

Forecast = Annotated[Path, Argument(metavar="FORECAST", help="CSV file from `unrolled forecast`, or one like it.")]
Actuals = Annotated[
    Path,
    Argument(
        metavar="ACTUALS", help="Table with the actual values, and with the earlier rows if scaled errors are wanted."
    ),
]
Season = Annotated[
    int | None,
    Option(
        "--season", help="Periods in a season, for MASE, RMSSE and MSIS.", show_default="that of the M4 competition"
    ),
]
BySeries = Annotated[bool, Option("--by-series", help="Print one row per series and model instead of means.")]


@with_option_groups(reading=READING, output=OUTPUT)
def command(
    ctx: typer.Context,
    *,
    forecast: Forecast,
    actuals: Actuals,
    reading: Any,
    season: Season = None,
    by_series: BySeries = False,
    out: OutFile = STANDARD_OUTPUT,
    output: OutputOptions,
) -> None:
    """Compute the errors of an earlier forecast from the actual values.

    Rows are joined on id and timestamp. The errors go to standard output, one row per model, the best first: means
    over the series.
    With --out, a run file (.toml, for --config) that repeats the run is written next to the CSV file. --excel-safe
    also removes the quotes that it put into the earlier forecast.

    Example: unrolled score sales-forecast/forecast.csv newer.csv
    """
    from ...forecasting.evaluation.scoring import score
    from ...series.columns import Columns
    from ...series.files import read_file, read_forecast

    run_file = run_file_for(out, ctx)
    earlier = read_forecast(str(forecast), reading.id, reading.time, reading.zone, reading.max_bytes)
    if output.csv.excel_safe:
        earlier = without_escapes(earlier)
    prefer = Columns.without_target(earlier.columns.id, earlier.columns.time)
    actual = read_file(str(actuals), reading, prefer=prefer, series=earlier.series)
    names = actual.columns
    # the two files may name their columns of ids and timestamps differently; those of the actual values are used
    table = earlier.frame.rename(columns={earlier.columns.id: names.id, earlier.columns.time: names.time})
    result = score(table, actual.frame, names.id, names.time, names.target, season, reading.freq, zone=reading.zone)
    console = Console(ctx, output.quiet)
    console.notes([*earlier.notes, *actual.notes])
    notes = console.notes(result.notes)
    console.message(
        f"{result.matched} of {result.rows} forecast rows have a value in {actuals}, target {names.shown_target}\n"
    )
    rows = significant((result.by_series if by_series else result.ordered).reset_index())
    files = write_table(run_file, rows, all_options(ctx, reading))
    if output.as_json:
        print_json(score_json(result) | {"notes": notes, "files": [str(path) for path in files]})
    elif files:
        console.message(", ".join(map(str, files)))
    else:
        print_rows(rows, output.csv)


def score_json(result: Score) -> dict[str, Any]:
    """The errors for --json."""
    by_series = result.by_series.groupby("series")
    return {
        "rows": result.rows,
        "matched": result.matched,
        "measure": result.measure,
        "models": records_by_model(result.table),
        "by_series": {str(name): records_by_model(part.droplevel("series")) for name, part in by_series},
    }


def without_escapes(table: FileTable) -> FileTable:
    """A table as it was before it was escaped for spreadsheets, with the names of its columns."""
    columns = table.columns
    names = {part: unescape(getattr(columns, part)) for part in ("id", "time", "target")}
    return replace(table, frame=unescaped(table.frame), columns=replace(columns, **names))
