from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer import Argument, Option

from ...errors import InputError
from ..common_options import FutureFile, Level, Quiet, names_in, parse_levels
from ..console import Console
from ..input_tables import read_known_future
from ..option_groups import with_option_groups
from ..output_files import run_file_for, write_file
from ..saved_models import load_forecaster, read_newer
from ..table_options import READING, all_options

if TYPE_CHECKING:
    from ...report.curves import Curve
    from ...series.files import ReadOptions

IMAGES = (".svg", ".png", ".pdf")
PAGES = (".html", ".htm")
WITHOUT_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # the same figure gives the same file
Forecast = Annotated[
    Path, Argument(metavar="FORECAST", help="CSV file from `unrolled forecast`, or its model.safetensors.")
]
History = Annotated[
    Path | None,
    Argument(metavar="HISTORY", help="Table that the forecast was made from; with a model, it may be a newer one."),
]
Series = Annotated[
    str | None, Option("--series", help="Series to plot, separated by commas.", show_default="the first six")
]
PastRows = Annotated[
    int | None, Option("--last", help="Periods of the history to plot.", show_default="six horizons")
]
OutFile = Annotated[Path, Option("--out", help="File: .svg, .png, .pdf, or .html for an interactive page.")]


class Content(NamedTuple):
    """The content of a figure."""

    curves: Sequence[Curve]  # one per series
    target: str  # the name of the values
    model: str  # the name of the forecast
    notes: Sequence[str]  # on the tables that were read


@with_option_groups(reading=READING)
def command(
    ctx: typer.Context,
    *,
    forecast: Forecast,
    history: History = None,
    series: Series = None,
    past_rows: PastRows = None,
    out: OutFile = Path("forecast.svg"),
    level: Level = "50,80,95",
    reading: Any,
    future_file: FutureFile = None,
    quiet: Quiet = False,
) -> None:
    """Plot a forecast with its history and its intervals, as an image or an interactive page.

    Images need Matplotlib: pip install 'unrolled[plot]'. Given a model file, plot computes the forecast again, with
    the intervals of --level; given a CSV file, it draws the intervals in that file. A run file (.toml, for
    --config) that repeats the figure is written next to it.

    Example: unrolled plot sales-forecast/forecast.csv sales.csv --out sales.png
    """
    kind = out.suffix.lower()
    if kind not in (*IMAGES, *PAGES):
        raise InputError(f"--out takes a file that ends in {', '.join((*IMAGES, '.html'))}; got {str(out)!r}.")
    if past_rows is not None and past_rows < 1:
        raise InputError(f"--last takes a number of periods ≥ 1; got {past_rows}.")
    run_file = run_file_for(out, ctx)
    if forecast.suffix == ".safetensors":
        content = from_model(forecast, history, level, reading, future_file)
    else:
        content = from_tables(str(forecast), history, reading)
    wanted = None if series is None else names_in(series)
    figure, shown = drawn(content, wanted, forecast.name, kind, past_rows)
    files = write_file(run_file, figure, all_options(ctx, reading))
    console = Console(ctx, quiet)
    console.notes(content.notes)
    total = len(content.curves)
    of_all, others = (f" of {total}", " (choose others with --series)") if shown < total else ("", "")
    console.message(f"{out}: {shown}{of_all} series{others} · {files[-1]} repeats it")


def drawn(
    content: Content, wanted: list[str] | None, title: str, kind: str, past_rows: int | None
) -> tuple[bytes, int]:
    """The figure as the content of a file of this kind, and the number of series in it."""
    from ...report.figures import MAX_SERIES, chosen, of_curves

    curves, target, model, _ = content
    if kind in PAGES:
        from ...report.figure_page import figure_page

        shown = chosen(curves, wanted) if wanted else curves
        return figure_page(shown, target, model, title).encode("utf-8", "replace"), len(shown)
    shown = chosen(curves, wanted)
    image = of_curves(shown[:MAX_SERIES] if wanted is None else shown, target, model, past_rows)
    file = BytesIO()
    image.savefig(file, format=kind[1:], dpi=200, metadata=WITHOUT_DATE.get(kind))
    return file.getvalue(), len(shown)


def from_model(
    model: Path, history: Path | None, level: str, reading: ReadOptions, future_file: Path | None = None
) -> Content:
    """The forecasts of a saved model for its own series, or for those of a table."""
    from dataclasses import replace

    from ...report.curves import of_predictor

    levels = parse_levels(level)
    fc = load_forecaster(model)
    columns, notes = fc.columns_, tuple[str, ...]()
    asked = fc.fitted.split(None)
    if history is not None:
        table = read_newer(fc, history, reading)
        columns, notes = replace(table.columns, weight=None), table.notes
        fc = fc.with_columns(columns)
        asked = fc.fitted.split(table.frame)
    options = reading.with_defaults(fc.reading_)
    ahead = read_known_future(future_file, columns, [series.history for _, series in asked], options)
    found: list[Curve] = []
    for one, series in asked:
        forecast = one.predict(series, levels, future=ahead).frame
        found += of_predictor(one, series.history, forecast, len(series.history.ids))
    return Content(found, columns.target, fc.name, notes)


def from_tables(forecast: str, history: Path | None, reading: ReadOptions) -> Content:
    """The forecasts in a file, after the table that was forecast."""
    from ...forecasting.probabilistic.interval_columns import models_in
    from ...report import curves
    from ...series.columns import Columns
    from ...series.files import read_file, read_forecast

    table = read_forecast(forecast, reading.id, reading.time, reading.zone, reading.max_bytes)
    frame, columns, notes, past = table.frame, table.columns, table.notes, None
    if "cutoff" in frame:
        raise InputError(
            f"{forecast} holds forecasts from several cutoffs, but a figure shows one. Keep the rows of one cutoff."
        )
    models = models_in(curves.value_columns(frame, columns))
    if not models:
        raise InputError(f"{forecast}: no column holds forecasts.")
    if history is not None:
        earlier = read_file(
            str(history), reading, prefer=Columns.without_target(columns.id, columns.time), series=table.series
        )
        if (columns.id in frame) != (earlier.columns.id in earlier.frame):
            raise InputError(f"only one of {forecast} and {history} has a column of ids. Name the column with --id.")
        frame = frame.rename(columns={columns.id: earlier.columns.id, columns.time: earlier.columns.time})
        columns, past, notes = earlier.columns, earlier.frame, (*notes, *earlier.notes)
    target, drawn = "value" if past is None else columns.target, curves.of_tables(frame, past, columns)
    notes = notes if past is None else (*notes, *curves.distance_notes(drawn))
    return Content(drawn, target, next(iter(models)), notes)
