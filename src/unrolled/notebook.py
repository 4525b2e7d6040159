"""Notebooks: whether this runs in one, and a calm line there that shows how far training is.

Neither needs ipywidgets: the line is one display that is updated in place and empty at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from .progress import EpochEnd, Silent

PAUSE_S = 0.2  # between two updates: each is a message to the front end


def in_notebook() -> bool:
    """Whether IPython runs with a front end that shows HTML; IPython is never imported for this."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


class Shown:
    """One state of the line, as a notebook or a console shows it."""

    def __init__(self, title: str, share: float, told: str) -> None:
        self.title, self.share, self.told = title, share, told

    def __repr__(self) -> str:
        return f"{self.title}: {100 * self.share:.0f} %  {self.told}"

    def _repr_html_(self) -> str:
        return (
            '<div style="font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums">'
            f'{escape(self.title)} <progress value="{self.share:.3f}" style="width:12em;vertical-align:middle">'
            f"</progress> {escape(self.told)}</div>"
        )


class Nothing:
    """What is left of the line when training is over."""

    def __repr__(self) -> str:
        return ""

    def _repr_html_(self) -> str:
        return "<span></span>"


class NotebookLine(Silent):
    """Progress of a training in a notebook."""

    def __init__(self, title: str, epochs: int) -> None:
        from IPython.display import display

        self.title, self.epochs = title, epochs
        self.told, self.shown_s = "", time.perf_counter()
        self.handle: Any = display(Shown(title, 0.0, ""), display_id=True)

    def within(self, epoch: int, share: float) -> None:
        self._update(epoch + share)

    def end(self, end: EpochEnd) -> None:
        self.told = f"{end.epoch + 1}/{self.epochs}  loss {end.loss:.4g}"
        if end.validation_loss is not None:
            self.told += f"  validation {end.validation_loss:.4g}"
        self._update(end.epoch + 1)

    def _update(self, done: float) -> None:
        now = time.perf_counter()
        if self.handle is not None and now - self.shown_s >= PAUSE_S:
            self.shown_s = now
            self.handle.update(Shown(self.title, done / self.epochs, self.told))


@contextmanager
def notebook_line(title: str, epochs: int) -> Iterator[NotebookLine]:
    """The line, as long as a training lasts."""
    line = NotebookLine(title, epochs)
    try:
        yield line
    finally:
        if line.handle is not None:
            line.handle.update(Nothing())
