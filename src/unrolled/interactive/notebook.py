"""Notebooks: whether the code runs in one, and a progress line for them.

The line is one display that is updated in place and empty at the end; ipywidgets is not needed.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

UPDATE_INTERVAL_S = 0.2  # each update is a message to the front end


def in_notebook() -> bool:
    """Whether IPython runs with a front end that shows HTML; IPython is never imported for this."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


class ProgressDisplay:
    """One state of the line, as a notebook or a console shows it."""

    def __init__(self, words: str, done: float) -> None:
        self.words, self.done = words, done

    def __repr__(self) -> str:
        return f"{100 * self.done:.0f} %  {self.words}"

    def _repr_html_(self) -> str:
        return (
            '<div style="font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums">'
            f'<progress value="{self.done:.3f}" style="width:12em;vertical-align:middle"></progress> '
            f"{escape(self.words)}</div>"
        )


class EmptyDisplay:
    """The line before the first update and after the end of the run."""

    def __repr__(self) -> str:
        return ""

    def _repr_html_(self) -> str:
        return "<span></span>"


@contextmanager
def notebook_line() -> Iterator[Callable[[str, float], None]]:
    """A line below the cell, empty at the end; yields a function of the text and the share that is done."""
    from IPython.display import display

    handle: Any = display(EmptyDisplay(), display_id=True)
    shown_s = time.perf_counter()

    def show(words: str, done: float) -> None:
        nonlocal shown_s
        now = time.perf_counter()
        if handle is not None and now - shown_s >= UPDATE_INTERVAL_S:
            shown_s = now
            handle.update(ProgressDisplay(words, done))

    try:
        yield show
    finally:
        if handle is not None:
            handle.update(EmptyDisplay())
