"""Progress: one line for all trainings of a run, on a terminal or in a notebook.

A run is a tree of subtasks: a backtest has cutoffs, a cutoff has two trainings, a training has its networks. Each
subtask knows its share of the task above it, so that the line can show the current work and the time left for all.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from typing import IO, NamedTuple, cast

from .notebook import in_notebook, notebook_line
from .streams import StandardError, is_terminal

REDRAWS_PER_S = 4
BAR_WIDTH = 16  # characters
MIN_SHARE_FOR_ESTIMATE = 0.01  # share of the run that must be done before its end can be estimated


class EpochEnd(NamedTuple):
    """The argument of callbacks after each epoch."""

    epoch: int
    loss: float
    validation_loss: float | None
    rate: float
    wall_s: float  # since training began


class SilentProgress:
    """The interface of progress reports; this class shows nothing."""

    def within_epoch(self, epoch: int, share: float) -> None:
        """Report between the slices of an epoch which share of it is done."""

    def end_epoch(self, end: EpochEnd) -> None:
        """Report the end of an epoch."""

    def update(self, share: float, detail: str, left_s: float | None = None) -> None:
        """Report the share of a task without epochs that is done (0 .. 1), a detail, and the run's seconds left."""


class RunProgress(SilentProgress):
    """The progress of a run: the names of its current subtasks, and their share of the whole run.

    Args:
        show: called with the text after the bar and the share that is done; it may skip updates.
        clock: the time in seconds.
    """

    def __init__(self, show: Callable[[str, float], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self.names: list[str] = []
        self.first, self.size = 0.0, 1.0  # start of the current subtask and its size, as shares of the run
        self.depth = 0
        self.clock, self._show = clock, show
        self.since = clock(), 0.0  # from when on, and from which share on, the pace is measured

    def update(self, share: float, detail: str, left_s: float | None = None) -> None:
        """Show the progress of the current subtask; the time left is estimated from the pace where `left_s` is None.

        So it is in a subtask of another one, where `left_s` would not be that of the whole run.
        """
        done = self.first + self.size * share
        if left_s is None or self.depth > 1:
            began_s, at = self.since
            known = done - at >= MIN_SHARE_FOR_ESTIMATE
            left_s = (self.clock() - began_s) * (1 - done) / (done - at) if known else None
        # the time left comes first: a narrow terminal cuts off the end of the line
        self._show(" · ".join(filter(None, (time_left(left_s), *self.names, detail))), done)


class ParallelTask(RunProgress):
    """One of several tasks that run at the same time: stores its progress for the thread that draws the line."""

    def __init__(self) -> None:
        super().__init__(lambda words, done: None)
        self.share, self.words = 0.0, ""

    def update(self, share: float, detail: str, left_s: float | None = None) -> None:
        self.share = self.first + self.size * share
        self.words = " · ".join(filter(None, (*self.names, detail)))

    def join(self) -> None:
        """From now on, all progress reported in this context is that of this task."""
        _current.set(self)


class ParallelProgress:
    """Tasks of a run that run at the same time on several threads; the creating thread draws the line for all."""

    def __init__(self, count: int) -> None:
        self.tasks = [ParallelTask() for _ in range(count)]
        self._run = _current.get()

    def draw(self) -> None:
        if self._run is not None:
            slowest = min(self.tasks, key=lambda task: task.share)
            self._run.update(sum(task.share for task in self.tasks) / len(self.tasks), slowest.words)


def time_left(seconds: float | None) -> str:
    """A time left in words; empty if it is not known.

    >>> time_left(8.2), time_left(90), time_left(4000), time_left(None)
    ('9 s left', '1 min 30 s left', '1 h 06 min left', '')
    """
    if seconds is None:
        return ""
    whole = ceil(seconds - 1e-6)  # without the margin, rounding errors would add a second
    if whole < 60:
        return f"{whole} s left"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s left"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min left"


_current: ContextVar[RunProgress | None] = ContextVar("_current", default=None)


@contextmanager
def run_progress(verbose: int) -> Iterator[None]:
    """Show one line for all trainings in this block; nested blocks share the line of the outermost one.

    Nothing is shown with verbose=0, nor where there is neither a notebook nor a terminal.
    """
    if not verbose or _current.get() is not None or not (in_notebook() or is_terminal(sys.stderr)):
        yield
        return
    with notebook_line() if in_notebook() else terminal_line() as show:
        token = _current.set(RunProgress(show))
        try:
            yield
        finally:
            _current.reset(token)


@contextmanager
def terminal_line() -> Iterator[Callable[[str, float], None]]:
    """A line on standard error, erased at the end; yields a function of the text and the share that is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    bar = Progress(
        BarColumn(bar_width=BAR_WIDTH),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        console=Console(file=cast(IO[str], StandardError())),
        transient=True,
        refresh_per_second=REDRAWS_PER_S,
    )
    with bar:
        task = bar.add_task("", total=1.0)

        def show(words: str, done: float) -> None:
            room = max(bar.console.width - BAR_WIDTH - 2, 0)  # a longer text would shrink the bar
            bar.update(task, description=words[:room], completed=done)

        yield show


@contextmanager
def subtask(name: str, number: int = 0, count: int = 1, span: int = 1) -> Iterator[None]:
    """Work in this block is `span` of `count` equal subtasks of the current task, from `number` on (counted from 0).

    The name is shown in the line unless it is empty.
    """
    run = _current.get()
    if run is None:
        yield
        return
    before = run.first, run.size, list(run.names)
    run.first, run.size = run.first + run.size * number / count, run.size * span / count
    run.names += [name] if name else []
    run.depth += count > 1
    try:
        yield
    finally:
        run.first, run.size, run.names = before
        run.depth -= count > 1


def restart_estimate() -> None:
    """Estimate the time left from the next subtask on, as the pace of a search is not that of trainings."""
    run = _current.get()
    if run is not None and run.depth <= 1:
        run.since = run.clock(), run.first + run.size


@contextmanager
def progress_line(name: str, epochs: int, verbose: int, steps: int | None = None) -> Iterator[SilentProgress]:
    """The progress of one training, shown in the line of its run unless `verbose` is 0.

    A task without epochs has 0 of them and calls `update`; with the steps of an epoch given, steps are counted.
    """
    with run_progress(verbose), subtask(name):
        run = _current.get()
        yield TaskProgress(run, epochs, steps) if verbose and run is not None else SilentProgress()


class TaskProgress(SilentProgress):
    """The progress of one training, reported to its run.

    >>> seconds = iter(range(2))
    >>> run = RunProgress(lambda words, done: print(f"{done:.2f} {words}"), clock=lambda: next(seconds))
    >>> line = TaskProgress(run, epochs=4, steps=50)
    0.00 step 0/200
    >>> line.end_epoch(EpochEnd(0, 0.5, 0.75, 0.01, 1.0))
    0.25 3 s left · step 50/200 · loss 0.5, validation 0.75
    """

    def __init__(self, run: RunProgress, epochs: int, steps: int | None = None) -> None:
        self._run, self._epochs, self._steps = run, epochs, steps
        self._loss = ""
        self._show(0.0)

    def within_epoch(self, epoch: int, share: float) -> None:
        self._show(epoch + share)

    def end_epoch(self, end: EpochEnd) -> None:
        self._loss = f"loss {end.loss:.4g}"
        if end.validation_loss is not None:
            self._loss += f", validation {end.validation_loss:.4g}"
        self._show(end.epoch + 1)

    def update(self, share: float, detail: str, left_s: float | None = None) -> None:
        self._run.update(share, detail, left_s)

    def _show(self, epochs: float) -> None:
        if not self._epochs:
            self._run.update(0.0, "")
            return
        unit, each = ("epoch", 1) if self._steps is None else ("step", self._steps)
        counted = f"{unit} {round(epochs * each)}/{self._epochs * each}"
        self._run.update(min(epochs / self._epochs, 1.0), " · ".join(filter(None, (counted, self._loss))))
