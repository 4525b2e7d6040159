"""The style of all Matplotlib figures."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


WIDTH, HEIGHT = 8.0, 3.2  # inches, of a figure of one series
SCREEN_DPI = 96  # CSS pixels per inch
INK, SOFT, LINE, OURS = "#1b2530", "#5a6875", "#dfe4e9", "#0b6e99"
RIVALS = ("#b4451f", "#7d5bbe", "#8a7300", "#20807a", "#b03a78")
STYLE: dict[Any, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "font.size": 9,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "svg.fonttype": "none",  # keep text as text
    "svg.hashsalt": "unrolled",  # the same figure gives the same file
}


def styled_figure(width: float, height: float, draw: Callable[[Picture], None]) -> Picture:
    """A figure in the common style, `width` by `height` inches, on which `draw` has drawn."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("figures need Matplotlib: pip install 'unrolled[plot]'") from error

    class NotebookFigure(Figure):
        """A figure that notebooks display without pyplot."""

        def savefig(self, *args: Any, **options: Any) -> None:
            with mpl.rc_context(STYLE):  # some settings are read only when a file is written
                super().savefig(*args, **options)

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            content = BytesIO()
            # sharp on high-resolution screens, at the same size
            self.savefig(content, format="png", dpi=2 * SCREEN_DPI)
            sides = self.get_size_inches() * SCREEN_DPI
            return content.getvalue(), {"width": round(sides[0]), "height": round(sides[1])}

    with mpl.rc_context(STYLE):
        figure = NotebookFigure(figsize=(width, height), layout="constrained", facecolor="white")
        draw(figure)
    return figure
