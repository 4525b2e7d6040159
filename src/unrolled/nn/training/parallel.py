"""Several trainings at once, each on cores of its own.

Threads that share a small network wait for each other at every step; networks side by side do not. Bits depend on
neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

from ...interactive.interrupts import interruptible, stop_when
from ...interactive.progress import ParallelPart, ParallelProgress
from ..engines import Engine

T = TypeVar("T")

DRAWN_EVERY_S = 0.05


def run_in_parallel(works: Sequence[Callable[[], T]], engine: Engine) -> list[T]:
    """The results of all these, done at once, the threads of the engine shared out among them.

    Ctrl-C is told to all of them, and the line on the terminal tells of all together. If one fails, the others end as
    if they were interrupted, and its error is raised.
    """
    if len(works) == 1:
        return [works[0]()]
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    threads = max(1, engine.threads // len(works))
    sides, failed = ParallelProgress(len(works)), False

    def run(work: Callable[[], T], side: ParallelPart) -> T:
        stop_when(lambda: failed or interrupted())
        side.join()
        with engine.limited(threads):
            return work()

    with interruptible() as interrupted, ThreadPoolExecutor(len(works)) as pool:
        running = [
            pool.submit(copy_context().run, run, work, side) for work, side in zip(works, sides.each, strict=True)
        ]
        waiting = set(running)
        while waiting and not failed:
            done, waiting = wait(running, DRAWN_EVERY_S, FIRST_EXCEPTION)
            failed = any(future.exception() for future in done)
            sides.draw()
    return [future.result() for future in running]
