"""Report: a forecast, its data and its accuracy, to be shown or saved."""

import os
import tempfile
import webbrowser
from html import escape
from pathlib import Path

from ..argument_types import check_type
from ..errors import InputError
from ..file_sets import write_bytes
from ..interactive.notebook import in_notebook
from ..plurals import counted
from . import html, markdown
from .content import ReportContent

FRAME_HEIGHT = 800  # of the page inside a notebook, in pixels
SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


class Report:
    """A report of a forecast: `show` it, `save` it, or let a notebook display it.

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> report = un.Forecaster(horizon=3, steps=20, ensemble=1).fit(df).report(title="Sales")
    >>> report
    Report('Sales', 1 series, 3 steps ahead)
    >>> report.to_markdown().splitlines()[0]
    '# Sales'
    """

    def __init__(self, content: ReportContent) -> None:
        self.content = content

    def to_html(self) -> str:
        """The whole page."""
        return html.page(self.content)

    def to_markdown(self) -> str:
        return markdown.document(self.content)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a file, as HTML or Markdown according to its suffix (.html, .md).

        Raises:
            InputError: the suffix is another one.
        """
        check_type("`path`", path, str | os.PathLike[str])
        kind = SUFFIXES.get(Path(path).suffix.lower())
        if kind is None:
            raise InputError(f"a report is written as {', '.join(SUFFIXES)}; got {os.fspath(path)!r}. Choose one.")
        text = self.to_html() if kind == "html" else self.to_markdown()
        # the name of a file may hold bytes that are not UTF-8
        write_bytes(path, text.encode("utf-8", "replace"))

    def show(self) -> None:
        """Show the page: below the cell in a notebook, elsewhere in the browser."""
        if in_notebook():
            from IPython.display import display

            display(self)
            return
        with tempfile.NamedTemporaryFile("wb", suffix=".html", prefix="unrolled-report-", delete=False) as file:
            file.write(self.to_html().encode("utf-8", "replace"))
        webbrowser.open(Path(file.name).as_uri())

    def _repr_html_(self) -> str:
        # in a frame, so that the styles of the page and of the notebook do not affect each other
        return (
            f'<iframe title="{escape(self.content.title)}" width="100%" height="{FRAME_HEIGHT}" '
            f'style="border:0" srcdoc="{escape(self.to_html())}"></iframe>'
        )

    def __repr__(self) -> str:
        n, steps = len(self.content.ids), self.content.steps
        return f"Report({self.content.title!r}, {n} series, {counted(steps, 'step')} ahead)"
