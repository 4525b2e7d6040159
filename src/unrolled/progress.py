"""What the end of an epoch tells, and one calm line on standard error that shows it where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class EpochEnd(NamedTuple):
    """What a callback is told after an epoch."""

    epoch: int
    loss: float
    validation_loss: float | None
    rate: float
    wall_s: float  # since training began


@contextmanager
def progress_line(title: str, epochs: int, verbose: int) -> Iterator[Callable[[EpochEnd], None]]:
    """A function that shows the end of an epoch; it does nothing off a terminal or with verbose=0."""
    if not verbose or not sys.stderr.isatty():
        yield lambda end: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total}  loss {task.fields[loss]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=epochs, loss="…")

        def show(end: EpochEnd) -> None:
            loss = f"{end.loss:.4g}"
            if end.validation_loss is not None:
                loss += f"  validation {end.validation_loss:.4g}"
            bar.update(task, completed=end.epoch + 1, loss=loss)

        yield show
