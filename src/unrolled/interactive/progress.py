"""How far training is: one calm line for all trainings of a run, on a terminal or in a notebook.

A run is a tree of parts: a backtest has cutoffs, a cutoff two trainings, a training its networks. Each part says
which share of the one above it is, so that the line can tell what is being done and how long all of it will take.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from typing import NamedTuple

REDRAWN_PER_S = 4  # a line that changes more often can't be read
BAR_WIDTH = 16  # in characters
LEAST_SHARE = 0.01  # of a run, before which nothing can be said of its end


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

    def tell(self, share: float, detail: str, left_s: float | None = None) -> None:
        """Told by what has no epochs: the share that is done, 0 .. 1, in words, and how long the run still takes."""


class RunProgress(Silent):
    """A run on its way: the names of the parts that it is in, and the share of it that these parts are.

    Args:
        show: is given what to write after the bar, and the share that is done; it draws when it likes.
        clock: seconds.
    """

    def __init__(self, show: Callable[[str, float], None], clock: Callable[[], float] = time.perf_counter) -> None:
        self.names: list[str] = []
        self.first, self.size = 0.0, 1.0  # where the current part begins, and how much of the run it is
        self.depth = 0
        self._show, self._clock = show, clock
        self._since = clock(), 0.0

    def tell(self, share: float, detail: str, left_s: float | None = None) -> None:
        """How far the current part is; what it knows of the time left is that of the run if it is a part of nothing
        else, and is judged by the pace so far otherwise."""
        done = self.first + self.size * share
        if left_s is None or self.depth > 1:
            left_s = self._judged_left(done)
        # what a person waits for comes first: the end of the line is cut off where a terminal is narrow
        self._show(" · ".join(filter(None, (remaining(left_s), *self.names, detail))), done)

    def _judged_left(self, done: float) -> float | None:
        began, at = self._since
        return (self._clock() - began) * (1 - done) / (done - at) if done - at >= LEAST_SHARE else None

    def restart(self) -> None:
        """From here on a part goes at a pace of its own, as trainings do after a search of a given time."""
        if self.depth <= 1:
            self._since = self._clock(), self.first + self.size


class ParallelPart(RunProgress):
    """One of several parts that are done at once: remembers how far it is, for whoever draws the line."""

    def __init__(self) -> None:
        super().__init__(lambda words, done: None)
        self.share, self.words = 0.0, ""

    def tell(self, share: float, detail: str, left_s: float | None = None) -> None:
        self.share = self.first + self.size * share
        self.words = " · ".join(filter(None, (*self.names, detail)))

    def join(self) -> None:
        """From here on in this context, what is done belongs to this part."""
        _current.set(self)


class ParallelProgress:
    """Parts of a run that are done at once, on threads; the thread that made this draws for all."""

    def __init__(self, count: int) -> None:
        self.each = [ParallelPart() for _ in range(count)]
        self._run = _current.get()

    def draw(self) -> None:
        if self._run is not None:
            slowest = min(self.each, key=lambda side: side.share)
            self._run.tell(sum(side.share for side in self.each) / len(self.each), slowest.words)


def remaining(seconds: float | None) -> str:
    """A time left in words, for a person who decides whether to wait.

    >>> remaining(8.2), remaining(90), remaining(4000), remaining(None)
    ('9 s left', '1 min 30 s left', '1 h 06 min left', '')
    """
    if seconds is None:
        return ""
    whole = ceil(seconds - 1e-6)  # a rounding error is no second
    if whole < 60:
        return f"{whole} s left"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s left"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min left"


_current: ContextVar[RunProgress | None] = ContextVar("_current", default=None)


@contextmanager
def whole_run(verbose: int) -> Iterator[None]:
    """Within it all trainings share one line; where a run is on its way already, they join that one.

    Nothing is shown with verbose=0, nor where neither a notebook nor a terminal is there to show it.
    """
    from .notebook import in_notebook, notebook_line

    if not verbose or _current.get() is not None or not (in_notebook() or sys.stderr.isatty()):
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
    """A line on standard error that is gone at the end; what it gives takes the words and the share that is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    bar = Progress(
        BarColumn(bar_width=BAR_WIDTH),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=REDRAWN_PER_S,
    )
    with bar:
        task = bar.add_task("", total=1.0)

        def show(words: str, done: float) -> None:
            room = max(bar.console.width - BAR_WIDTH - 2, 0)  # a longer text would squeeze the bar
            bar.update(task, description=words[:room], completed=done)

        yield show


@contextmanager
def part(name: str, number: int = 0, count: int = 1, taken: int = 1) -> Iterator[None]:
    """Part `number` of `count` equal ones of what is being done, or `taken` of them from there on; an empty name is
    not shown."""
    run = _current.get()
    if run is None:
        yield
        return
    before = run.first, run.size, list(run.names)
    run.first, run.size = run.first + run.size * number / count, run.size * taken / count
    run.names += [name] if name else []
    run.depth += count > 1
    try:
        yield
    finally:
        run.first, run.size, run.names = before
        run.depth -= count > 1


def restart() -> None:
    """What comes now goes at a pace of its own: see `RunProgress.restart`."""
    run = _current.get()
    if run is not None:
        run.restart()


@contextmanager
def progress_line(name: str, epochs: int, verbose: int, steps: int | None = None) -> Iterator[Silent]:
    """What shows how far a training is; nothing is shown where `whole_run` shows nothing.

    Args:
        name: of the training.
        epochs: that it will have; 0 for what has none and tells how far it is in words of its own.
        verbose: 1 shows it.
        steps: optimizer steps of an epoch, where these are to be counted instead of epochs.
    """
    with whole_run(verbose), part(name):
        run = _current.get()
        yield Line(run, epochs, steps) if verbose and run is not None else Silent()


class Line(Silent):
    """Tells a run about one training in it.

    >>> seconds = iter(range(2))
    >>> run = RunProgress(lambda words, done: print(f"{done:.2f} {words}"), clock=lambda: next(seconds))
    >>> line = Line(run, epochs=4, steps=50)
    0.00 step 0/200
    >>> line.end(EpochEnd(0, 0.5, 0.75, 0.01, 1.0))
    0.25 3 s left · step 50/200 · loss 0.5, validation 0.75
    """

    def __init__(self, run: RunProgress, epochs: int, steps: int | None = None) -> None:
        self._run, self._epochs, self._steps = run, epochs, steps
        self._loss = ""
        self._at(0.0)

    def within(self, epoch: int, share: float) -> None:
        self._at(epoch + share)

    def end(self, end: EpochEnd) -> None:
        self._loss = f"loss {end.loss:.4g}"
        if end.validation_loss is not None:
            self._loss += f", validation {end.validation_loss:.4g}"
        self._at(end.epoch + 1)

    def tell(self, share: float, detail: str, left_s: float | None = None) -> None:
        self._run.tell(share, detail, left_s)

    def _at(self, epochs: float) -> None:
        if not self._epochs:
            self._run.tell(0.0, "")
            return
        unit, each = ("epoch", 1) if self._steps is None else ("step", self._steps)
        counted = f"{unit} {round(epochs * each)}/{self._epochs * each}"
        self._run.tell(min(epochs / self._epochs, 1.0), " · ".join(filter(None, (counted, self._loss))))
