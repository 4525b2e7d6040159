"""What the end of an epoch tells, and one calm line that shows it: on a terminal, or in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class EpochEnd(NamedTuple):
    """What a callback is told after an epoch."""

    epoch: int
    loss: float
    validation_loss: float | None
    rate: float
    wall_s: float  # since training began


class Silent:
    """Shows nothing."""

    def within(self, epoch: int, share: float) -> None:
        """Told between the slices of an epoch: which share of it is done."""

    def end(self, end: EpochEnd) -> None:
        """Told at the end of an epoch."""


@contextmanager
def progress_line(title: str, epochs: int, verbose: int) -> Iterator[Silent]:
    """What shows how far training is: in a notebook or a terminal; elsewhere and with verbose=0 nothing is shown."""
    from .notebook import in_notebook, notebook_line

    if verbose and in_notebook():
        with notebook_line(title, epochs) as line:
            yield line
        return
    if not verbose or not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=epochs, loss="…")

        class Line(Silent):
            def within(self, epoch: int, share: float) -> None:
                bar.update(task, completed=epoch + share)

            def end(self, end: EpochEnd) -> None:
                loss = f"{end.epoch + 1}/{epochs}  loss {end.loss:.4g}"
                if end.validation_loss is not None:
                    loss += f"  validation {end.validation_loss:.4g}"
                bar.update(task, completed=end.epoch + 1, loss=loss)

        yield Line()
