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
    """One state of the line, as a notebook or a console shows it; empty where no share is done yet or any more."""

    def __init__(self, words: str = "", done: float | None = None) -> None:
        self.words, self.done = words, done

    def __repr__(self) -> str:
        return "" if self.done is None else f"{100 * self.done:.0f} %  {self.words}"

    def _repr_html_(self) -> str:
        if self.done is None:
            return "<span></span>"
        return (
            '<div style="font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums">'
            f'<progress value="{self.done:.3f}" style="width:12em;vertical-align:middle"></progress> '
            f"{escape(self.words)}</div>"
        )


@contextmanager
def notebook_line() -> Iterator[Callable[[str, float], None]]:
    """A line below the cell, empty at the end; yields a function of the text and the share that is done."""
    from IPython.display import display

    handle: Any = display(ProgressDisplay(), display_id=True)
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
            handle.update(ProgressDisplay())
