"""Report: a forecast, what it came from and how good it is, to show, to save and to send."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..errors import InputError
from ..forecasting.probabilistic.interval_columns import interval_columns
from ..forecasting.probabilistic.quantiles import check_levels
from ..interactive.notebook import in_notebook
from ..series.to_frame import forecast_frame
from ..storage import write_bytes
from . import html, markdown
from .content import ReportContent

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from ..forecaster import Forecaster
    from ..series.panel import Panel

FANS = (50.0, 80.0, 95.0)  # levels of the intervals, in per cent
FRAME_HEIGHT = 800  # of the page inside a notebook, in pixels
SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


class Report:
    """A report of a forecast: `show` it, `save` it, or let a notebook display it.

    Args:
        about: what it is about.

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> report = un.Forecaster(horizon=3, steps=20, ensemble=1).fit(df).report(title="Sales")
    >>> report
    Report('Sales', 1 series, 3 steps ahead)
    >>> report.to_markdown().splitlines()[0]
    '# Sales'
    """

    def __init__(self, about: ReportContent) -> None:
        self.about = about

    def to_html(self) -> str:
        """The page, whole."""
        return html.page(self.about)

    def to_markdown(self) -> str:
        return markdown.document(self.about)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file: HTML or Markdown, as its suffix says (.html, .md).

        Raises:
            InputError: another suffix.
        """
        kind = SUFFIXES.get(Path(path).suffix.lower())
        if kind is None:
            raise InputError(f"a report is written as {', '.join(SUFFIXES)}; got {os.fspath(path)!r}. Choose one.")
        content = self.to_html() if kind == "html" else self.to_markdown()
        # a file's name may hold bytes that are no UTF-8
        write_bytes(path, content.encode("utf-8", "replace"))

    def show(self) -> None:
        """Show the page: in a notebook below the cell, elsewhere in the browser."""
        if in_notebook():
            from IPython.display import display

            display(self)
            return
        with tempfile.NamedTemporaryFile("wb", suffix=".html", prefix="unrolled-report-", delete=False) as file:
            file.write(self.to_html().encode("utf-8", "replace"))
        webbrowser.open(Path(file.name).as_uri())

    def _repr_html_(self) -> str:
        # in a frame of its own: its styles must not reach the notebook, nor the notebook's the page
        return (
            f'<iframe title="{escape(self.about.title)}" width="100%" height="{FRAME_HEIGHT}" '
            f'style="border:0" srcdoc="{escape(self.to_html())}"></iframe>'
        )

    def __repr__(self) -> str:
        n, steps = len(self.about.ids), self.about.steps
        return f"Report({self.about.title!r}, {n} series, {steps} steps ahead)"


def report_of(
    fc: Forecaster,
    title: str | None = None,
    level: Sequence[float] | float = FANS,
    future: IntoDataFrame | None = None,
    asked: str | None = None,
    wall_s: float | None = None,
) -> Report:
    """The report of a fitted forecaster on the series it was fitted on.

    Args:
        fc: the forecaster; one that was loaded from a file has only the ends of its series.
        title: of the page; None: named after the target.
        level: coverage of the intervals in per cent.
        future: what is known ahead, as in `Forecaster.predict`.
        asked: the command that repeats this, if there is one.
        wall_s: how long it took.
    """
    forecast = forecast_of(fc, check_levels(level), future)
    return Report(ReportContent(fc, forecast, title or str(fc.columns_.target), asked, wall_s))


def forecast_of(fc: Forecaster, levels: Sequence[float], future: IntoDataFrame | None = None) -> pd.DataFrame:
    """What a forecaster predicts of the series it was fitted on, in pandas whatever library they came in."""
    return pd.concat([forecast_of_panel(one, one.tail_, levels, future) for one in fc.parts], ignore_index=True)


def forecast_of_panel(
    fc: Forecaster, panel: Panel, levels: Sequence[float], future: IntoDataFrame | None = None
) -> pd.DataFrame:
    """What a forecaster of one frequency predicts of the series of a panel."""
    longer, ends = fc.ahead(panel, future)
    profile = fc.profile_ if panel is fc.tail_ else fc.profile_of(panel)
    values = fc.predict_panel(longer, profile, ends)
    frame: pd.DataFrame = forecast_frame(
        panel, fc.horizon, fc.columns_, interval_columns(fc.name, values, levels, fc.model_.limits)
    )
    return frame
