from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from .. import model_options as opt
from ..console import tell_notes
from ..table_options import all_given, reads_a_table

if TYPE_CHECKING:
    from ...report.curves import Curve
    from ...series.files import ReadOptions

PICTURES = (".svg", ".png", ".pdf")
PAGES = (".html", ".htm")
UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # the same figure is the same file


@reads_a_table
def command(
    ctx: typer.Context,
    forecast: Annotated[
        Path,
        typer.Argument(metavar="FORECAST", help="CSV that `unrolled forecast` wrote, or its model.safetensors."),
    ],
    history: Annotated[
        Path | None,
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
    has its own. Beside the figure stands a file that ends in .toml and repeats it.

    Example: unrolled plot sales-forecast/forecast.csv sales.csv --out sales.png
    """
    from ..output_files import file_for, write_file

    kind = out.suffix.lower()
    if kind not in (*PICTURES, *PAGES):
        raise InputError(f"--out takes a file that ends in {', '.join((*PICTURES, '.html'))}; got {str(out)!r}.")
    if past_rows is not None and past_rows < 1:
        raise InputError(f"--last takes a number of rows ≥ 1; got {past_rows}.")
    repeats = file_for(out, ctx)
    if forecast.suffix == ".safetensors":
        curves, of, model, notes = from_model(forecast, history, level, reading, future_file)
    else:
        curves, of, model, notes = from_tables(str(forecast), history, reading)
    wanted = None if series is None else [name.strip() for name in series.split(",") if name.strip()]
    content, shown = drawn(curves, wanted, of, model, forecast.name, kind, past_rows)
    files = write_file(repeats, content, all_given(ctx, reading))
    talk = opt.talker(quiet)
    tell_notes(notes, talk)
    more = f" of {len(curves)}; --series names others" if shown < len(curves) else ""
    talk(f"{out}: {shown} series{more} · {files[-1]} repeats it")


def drawn(
    curves: Sequence[Curve], wanted: list[str] | None, of: str, model: str, title: str, kind: str, rows: int | None
) -> tuple[bytes, int]:
    """A page or a picture of this kind as the content of a file, and of how many series it is."""
    from ...report.figures import MOST_ASKED, chosen, of_curves

    if kind in PAGES:
        from ...report.figure_page import figure_page

        shown = chosen(curves, wanted) if wanted else curves
        return figure_page(shown, of, model, title).encode("utf-8", "replace"), len(shown)
    shown = chosen(curves, wanted)
    picture = of_curves(shown[:MOST_ASKED] if wanted is None else shown, of, model, rows)
    content = BytesIO()
    picture.savefig(content, format=kind[1:], dpi=200, metadata=UNDATED.get(kind))
    return content.getvalue(), len(shown)


def from_model(
    model: Path, history: Path | None, level: str, reading: ReadOptions, future_file: Path | None = None
) -> tuple[Sequence[Curve], str, str, Sequence[str]]:
    """What a saved forecaster says of its own series, or of those of a table; the target's name, its own, notes."""
    from dataclasses import replace

    from ...forecasting.multi_frequency import tables_for
    from ...report import curves
    from ...report.report import forecast_of_panel
    from ..saved_models import load_forecaster, read_newer

    levels = opt.parse_levels(level)
    fc = load_forecaster(model)
    tables, notes = [(one, one.tail_) for one in fc.parts], tuple[str, ...]()
    if history is not None:
        table = read_newer(fc, history, reading)
        notes = table.notes
        fc.columns_ = replace(table.columns, weight=None)
        tables = [(one, one.reread(rows)) for one, rows in tables_for(fc, table.frame)]
    ahead = opt.read_ahead(future_file, fc.columns_, [panel for _, panel in tables])
    found = [
        curve
        for one, panel in tables
        for curve in curves.of_forecaster(one, panel, forecast_of_panel(one, panel, levels, ahead), len(panel.ids))
    ]
    return found, fc.columns_.target, fc.name, notes


def from_tables(
    forecast: str, history: Path | None, reading: ReadOptions
) -> tuple[Sequence[Curve], str, str, Sequence[str]]:
    """What a file of forecasts says, after the table it came from; the target's name, the first model's, notes."""
    from ...forecasting.probabilistic.interval_columns import models_in
    from ...report import curves
    from ...series.columns import Columns
    from ...series.files import read_file, read_forecast

    told = read_forecast(forecast, reading.id, reading.time)
    frame, columns, past, notes = told.frame, told.columns, None, told.notes
    if "cutoff" in frame:
        raise InputError(
            f"{forecast} holds forecasts from several cutoffs; a figure shows one. Keep the rows of one."
        )
    models = models_in(curves.value_columns(frame, columns))
    if not models:
        raise InputError(f"{forecast}: no column holds forecasts.")
    if history is not None:
        came = read_file(str(history), reading, prefer=Columns(columns.id, columns.time))
        if (columns.id in frame) != (came.columns.id in came.frame):
            raise InputError(
                f"one of {forecast} and {history} has a column of ids, the other has none. Name it: --id"
            )
        frame = frame.rename(columns={columns.id: came.columns.id, columns.time: came.columns.time})
        columns, past, notes = came.columns, came.frame, (*notes, *came.notes)
    of = "value" if past is None else columns.target
    return curves.of_tables(frame, past, columns), of, next(iter(models)), notes
