"""The HTML report of a forecast: one file that works offline.

The page carries plotly.js, the data as JSON, and a small script that draws it (`page.html`).
"""

from __future__ import annotations

import json
import os
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import __version__
from ..forecasting.backtest import short
from ..forecasting.panel import Panel
from ..forecasting.reading import show_stamp
from ..storage import write_bytes

if TYPE_CHECKING:
    from ..forecasting import Forecaster

# more would make the page slow to open; all series are in the CSV
MOST_SERIES = 100
MOST_HISTORY = 2000  # rows of history a series
MOST_TRIALS = 50  # of a search
MOST_ROWS = 50_000  # of history in all; forecasts are a tenth of that at most
VIEWS = {
    "level": "the smoothed level",
    "trend": "the smoothed level and its slope",
    "season": "the value one season before",
    "mean": "the window's mean",
    "last": "the last value",
    "robust": "the window's median",
    "count": "0",
}


def write_report(
    path: str | os.PathLike[str],
    fc: Forecaster,
    panel: Panel,
    forecast: pd.DataFrame,
    title: str,
    asked: str,
    wall_s: float,
) -> None:
    """Write the page.

    Args:
        path: where to.
        fc: the fitted forecaster.
        panel: the series it was fitted on.
        forecast: what it predicted, with intervals.
        title: of the page, such as the file's name.
        asked: the command that repeats this.
        wall_s: how long it took.
    """
    from plotly.offline import get_plotlyjs

    template = resources.files(__package__).joinpath("page.html").read_text("utf-8")
    shown = min(len(panel.ids), MOST_SERIES, max(1, MOST_ROWS // (10 * fc.horizon)))
    history = min(MOST_HISTORY, MOST_ROWS // shown)
    notes = list(fc.notes_)
    if shown < len(panel.ids):
        notes.append(f"drawn are the first {shown} of {len(panel.ids)} series; forecast.csv has all")
    data = {
        "series": [_series(fc, panel, forecast, k, history) for k in range(shown)],
        "name": fc.name,
        "target": fc.columns_.target,
        "histories": [member.history.loss for member in fc.model_.members],
    }
    parts = {
        "title": escape(title),
        "facts": escape(facts(fc, panel)),
        "notes": "".join(f"<li>{escape(note)}</li>" for note in notes),
        "held_out": _held_out(fc),
        "search": _search(fc),
        "forecast": _forecast_table(forecast, fc),
        "model": _model(fc, wall_s),
        "asked": escape(asked),
        "version": __version__,
        # </script> inside a name must not end the script
        "data": json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
        "plotly": get_plotlyjs(),
    }
    page = template
    for name, content in parts.items():
        # the library comes last and is large: nothing in it is looked at again
        page = page.replace(f"<!--{name}-->", content)
    # a file's name may hold bytes that are no UTF-8
    write_bytes(path, page.encode("utf-8", "replace"))


def facts(fc: Forecaster, panel: Panel) -> str:
    """What was understood of the data, in one line."""
    n = len(panel.ids)
    first = min(panel.first)
    last = max(panel.first + panel.lengths) - 1
    span = " … ".join(show_stamp(stamp) for stamp in panel.frequency.stamps(np.array([first, last])))
    rows = int(panel.observed.sum())
    return f"{n} series · {panel.frequency.name} · {span} · {rows} values · target {fc.columns_.target!r}"


def _series(fc: Forecaster, panel: Panel, forecast: pd.DataFrame, k: int, history: int) -> dict[str, Any]:
    rows = slice(max(panel.series(k).start, panel.series(k).stop - history), panel.series(k).stop)
    y = panel.y[rows]
    steps = fc.horizon
    part = forecast.iloc[k * steps : (k + 1) * steps]
    held_out = None
    if fc.held_out_ is not None:
        example = fc.held_out_.example
        if panel.ids[k] is not None:
            example = example[example[fc.columns_.id] == panel.ids[k]]
        held_out = _columns(example, fc)
    return {
        "id": "" if panel.ids[k] is None else str(panel.ids[k]),
        "x": _stamps(panel.stamps(k)[-len(y) :]),
        "y": [None if not seen else float(v) for v, seen in zip(y, panel.observed[rows], strict=True)],
        "forecast": _columns(part, fc),
        "held_out": held_out,
    }


def _columns(frame: pd.DataFrame, fc: Forecaster) -> dict[str, Any]:
    values = {
        str(name): [None if not np.isfinite(v) else float(v) for v in frame[name]]
        for name in frame.columns
        if name not in (fc.columns_.id, fc.columns_.time)
    }
    return {"x": _stamps(frame[fc.columns_.time].to_numpy()), "values": values}


def _stamps(stamps: np.ndarray) -> list[Any]:
    return [show_stamp(s) for s in stamps] if stamps.dtype.kind == "M" else [int(s) for s in stamps]


def _table(header: list[str], rows: list[list[str]], strong: int | None = None) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr{' class=ours' if k == strong else ''}>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>"
        for k, row in enumerate(rows)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _held_out(fc: Forecaster) -> str:
    held_out = fc.held_out_
    if held_out is None:
        return "<p>The series are too short to hold any rows out.</p>"
    names = list(held_out.table.index)
    rows = [[name, *map(short, held_out.table.loc[name])] for name in names]
    coverage = ", ".join(f"{level} % intervals held {100 * c:.0f} %" for level, c in held_out.coverage.items())
    table = _table(["model", *held_out.table.columns], rows, names.index(fc.name))
    how = (
        f"The last {held_out.rows} rows of each series were held out; forecasts of {fc.horizon} steps from "
        f"{held_out.origins} origins in them, by a network trained without them. sMAPE runs from 0 to 200."
    )
    return (
        f"<p class=verdict>{escape(held_out.verdict)}</p>{table}<p>{escape(how)} "
        f"{escape(f'On these rows the {coverage} of the values.')}</p>"
    )


def _search(fc: Forecaster) -> str:
    """The evidence of an automatic choice."""
    if fc.search_ is None or fc.search_.empty:
        return ""
    shown = fc.search_.head(MOST_TRIALS)
    header = [str(column).replace("_", " ") for column in shown.columns]
    rows = [[cell if isinstance(cell, str) else short(cell) for cell in row] for row in shown.itertuples(index=False)]
    chosen = next((k for k, note in enumerate(shown["note"]) if "chosen" in note), None)
    how = (
        "Judged by forecasts from rolling origins before the held-out end: score is the error of the median, divided "
        "by the series' mean change from row to row; the standard error is that of the difference from the default. "
        "Scores of those that were only screened, with less training and fewer origins, compare among themselves."
    )
    return f"<h2>Automatic choice</h2><div class=scroll>{_table(header, rows, chosen)}</div><p>{escape(how)}</p>"


def _forecast_table(forecast: pd.DataFrame, fc: Forecaster) -> str:
    shown = forecast.head(fc.horizon if len(forecast) == fc.horizon else 50)
    rows = [
        [
            show_stamp(np.datetime64(v))
            if isinstance(v, pd.Timestamp)
            else f"{v:.6g}"
            if isinstance(v, float)
            else str(v)
            for v in row
        ]
        for row in shown.itertuples(index=False)
    ]
    more = f"<p>{len(forecast) - len(shown)} more rows in forecast.csv</p>" if len(forecast) > len(shown) else ""
    return _table([str(c) for c in forecast.columns], rows) + more


def _model(fc: Forecaster, wall_s: float) -> str:
    framing = fc.model_.framing
    rows = [
        ["network", repr(fc.model_.members[0].architecture)],
        ["networks in the ensemble", str(len(fc.model_.members))],
        ["window", f"{framing.window} steps"],
        ["season", f"{framing.season} steps" if framing.season > 1 else "none"],
        ["targets are measured from", " and ".join(VIEWS[view] for view in framing.views)],
        ["distribution", (fc.likelihood or "learned quantiles").replace("_", " ")],
        ["logarithms", f"{int(fc.profile_.logs.sum())} of {len(fc.tail_.ids)} series"],
        ["time", f"{wall_s:.1f} s"],
        ["seed", str(fc.seed)],
    ]
    return _table(["", ""], rows)
