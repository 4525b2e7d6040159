from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from . import options as opt
from .reading import reads_a_table
from .talk import say

if TYPE_CHECKING:
    from ..report.curves import Curve
    from ..tables import Reading

PICTURES = (".svg", ".png", ".pdf")
PAGES = (".html", ".htm")


@reads_a_table
def command(
    forecast: Annotated[
        str,
        typer.Argument(metavar="FORECAST", help="CSV that `unrolled forecast` wrote, or its model.safetensors."),
    ],
    history: Annotated[
        str | None,
        typer.Argument(metavar="HISTORY", help="Table that it came from; of a model, newer rows may be there."),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option("--series", help="Series to draw, with commas between.", show_default="the first six"),
    ] = None,
    past_rows: Annotated[
        int | None, typer.Option("--last", help="Rows of the past to draw.", show_default="six horizons")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="File: .svg, .png, .pdf, or .html, which is interactive.")
    ] = Path("forecast.svg"),
    level: opt.Level = "50,80,95",
    reading: Any = None,
    future_file: opt.FutureFile = None,
    quiet: opt.Quiet = False,
) -> None:
    """Draw a forecast with its past and its intervals, as a picture or a page.

    Pictures need Matplotlib: pip install 'unrolled[plot]'. A model forecasts anew, at the levels of --level; a CSV
    has its own.

    Example: unrolled plot sales-forecast/forecast.csv sales.csv --out sales.png
    """
    from ..report.figures import MOST_ASKED, chosen, of_curves
    from ..storage import write_bytes

    kind = out.suffix.lower()
    if kind not in (*PICTURES, *PAGES):
        raise InputError(f"--out takes a file that ends in {', '.join((*PICTURES, '.html'))}; got {str(out)!r}.")
    if past_rows is not None and past_rows < 1:
        raise InputError(f"--last takes a number of rows ≥ 1; got {past_rows}.")
    if Path(forecast).suffix == ".safetensors":
        curves, of, model = from_model(forecast, history, level, reading, future_file)
    else:
        curves, of, model = from_tables(forecast, history, reading)
    wanted = None if series is None else [name.strip() for name in series.split(",") if name.strip()]
    if kind in PAGES:
        from ..report.pages import figure_page

        shown = chosen(curves, wanted) if wanted else curves
        write_bytes(out, figure_page(shown, of, model, Path(forecast).name).encode("utf-8", "replace"))
    else:
        shown = chosen(curves, wanted)
        picture = of_curves(shown[:MOST_ASKED] if wanted is None else shown, of, model, past_rows)
        try:
            picture.savefig(out, dpi=200, metadata={"Date": None} if kind == ".svg" else None)
        except OSError as error:
            raise InputError(f"can't write {out}: {error.strerror}. Choose another file with --out.") from error
    if not quiet:
        more = f" of {len(curves)}; --series names others" if len(shown) < len(curves) else ""
        say(f"{out}: {len(shown)} series{more}")


def from_model(
    model: str, history: str | None, level: str, reading: Reading, future_file: str | None = None
) -> tuple[Sequence[Curve], str, str]:
    """What a saved forecaster says of its own series, or of those of a table; the target's name and its own."""
    from dataclasses import replace

    from ..errors import ModelFileError
    from ..forecasting import Forecaster
    from ..forecasting.mixed import tables_for
    from ..loading import load
    from ..report import curves
    from ..report.report import forecast_of_panel
    from ..tables import Beside, read

    fc = load(model)
    if not isinstance(fc, Forecaster):
        raise ModelFileError(f"{model} holds a network, not a forecaster: it can't forecast tables by itself.")
    levels = opt.parse_levels(level)
    tables = [(one, one.tail_) for one in fc.parts]
    if history is not None:
        own = fc.columns_
        beside = Beside(own.past, own.future, own.static, kinds=opt.kinds([tail for _, tail in tables]))
        table = read(history, reading, beside, prefer=own)
        fc.columns_ = replace(table.columns, weight=None)
        tables = [(one, one.reread(rows)) for one, rows in tables_for(fc, table.frame)]
    ahead = opt.read_ahead(future_file, fc.columns_, [panel for _, panel in tables])
    found = [
        curve
        for one, panel in tables
        for curve in curves.of_forecaster(one, panel, forecast_of_panel(one, panel, levels, ahead), len(panel.ids))
    ]
    return found, fc.columns_.target, fc.name


def from_tables(forecast: str, history: str | None, reading: Reading) -> tuple[Sequence[Curve], str, str]:
    """What a file of forecasts says, after the table that it came from; the target's name and the first model's."""
    from ..forecasting.metrics import models_in
    from ..forecasting.panel import Columns
    from ..report import curves
    from ..tables import read, read_forecast

    told = read_forecast(forecast, reading.id, reading.time)
    frame, columns, past = told.frame, told.columns, None
    if "cutoff" in frame:
        raise InputError(
            f"{forecast} holds forecasts from several cutoffs; a figure shows one. Keep the rows of one."
        )
    models = models_in(curves.value_columns(frame, columns))
    if not models:
        raise InputError(f"{forecast}: no column holds forecasts.")
    if history is not None:
        came = read(history, reading, prefer=Columns(columns.id, columns.time))
        if (columns.id in frame) != (came.columns.id in came.frame):
            raise InputError(
                f"one of {forecast} and {history} has a column of ids, the other has none. Name it: --id"
            )
        frame = frame.rename(columns={columns.id: came.columns.id, columns.time: came.columns.time})
        columns, past = came.columns, came.frame
    of = "value" if past is None else columns.target
    return curves.of_tables(frame, past, columns), of, next(iter(models))
