"""How a forecaster shows what it has found: a report, a figure, a few lines in a notebook.

Reports stand above forecasting; they are imported when one is asked for, never before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from .interactive.html import note, table, titled

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from .forecaster import Forecaster
    from .report import Report
    from .report.figures import Picture


class Showing:
    """The part of `Forecaster` that is for looking at."""

    def report(
        self,
        title: str | None = None,
        level: Sequence[float] | float = (50, 80, 95),
        future: IntoDataFrame | None = None,
    ) -> Report:
        """A report of the forecast: a page that works offline, or Markdown.

        Args:
            title: of the page; None: the target's name.
            level: coverage of the intervals in per cent.
            future: what is known ahead, as in `predict`.

        Returns:
            A report: `show()` it, `save("report.html")` or `save("report.md")` it; a notebook displays it.

        Raises:
            InputError: the forecaster has not been fitted, or a level is out of reach.
        """
        from .report import report_of

        fc = cast("Forecaster", self)
        fc._require_fit()
        return report_of(fc, title, level, future)

    def plot(
        self,
        ids: Any | Iterable[Any] | None = None,
        history: int | None = None,
        level: Sequence[float] | float = (50, 80, 95),
        future: IntoDataFrame | None = None,
    ) -> Picture:
        """A figure of the forecast, with Matplotlib (`pip install 'unrolled[plot]'`).

        Args:
            ids: the series to draw, one or several; None: the first six.
            history: rows of the past to draw; None: six horizons, at least 60.
            level: coverage of the intervals in per cent.
            future: what is known ahead, as in `predict`.

        Returns:
            A Matplotlib figure, which a notebook displays: `fc.plot().savefig("forecast.svg")`.

        Raises:
            InputError: there is no such series, or Matplotlib is not installed.
        """
        from .report.figures import of_forecaster

        fc = cast("Forecaster", self)
        fc._require_fit()
        return of_forecaster(fc, ids, history, level, future)

    def _repr_html_(self) -> str:
        fc = cast("Forecaster", self)
        if not (fc.parts_ or hasattr(fc, "model_")):
            return titled(repr(fc), note("not fitted"))
        series = "; ".join(f"{len(one.tail_.ids)} series, {one.tail_.frequency.name}" for one in fc.parts)
        parts = [note(f"fitted on {series}")]
        if fc.held_out_ is not None:
            parts.append(fc.held_out_._repr_html_())
        if fc.notes_:
            parts.append(table(["notes"], [[text] for text in fc.notes_]))
        return titled(repr(fc), *parts)
