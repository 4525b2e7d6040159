"""Several trainings at the same time, each on cores of its own.

Threads that share a small network wait for each other at every step; networks trained in parallel do not. The results
have the same bits either way.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TypeVar

from ...interactive.interrupts import interruptible, stop_when
from ...interactive.progress import ParallelProgress, ParallelTask
from ..engines import Engine

T = TypeVar("T")
REDRAW_INTERVAL_S = 0.05


def run_in_parallel(tasks: Sequence[Callable[[], T]], engine: Engine) -> list[T]:
    """Run all tasks at the same time, dividing the threads of the engine among them; return their results.

    Ctrl-C stops all of them, and the progress line shows all together. If one fails, the others stop as if they were
    interrupted, and its error is raised. If not enough threads can be started, all run one after the other.
    """
    if len(tasks) == 1:
        return [tasks[0]()]
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    threads = max(1, engine.threads // len(tasks))
    progress, failed = ParallelProgress(len(tasks)), False

    def run(task: Callable[[], T], task_progress: ParallelTask) -> T:
        stop_when(lambda: failed or interrupted())
        task_progress.join()
        with engine.limited(threads):
            return task()

    with interruptible() as interrupted, ThreadPoolExecutor(len(tasks)) as pool:
        try:
            running = [
                pool.submit(copy_context().run, run, task, task_progress)
                for task, task_progress in zip(tasks, progress.tasks, strict=True)
            ]
        except RuntimeError:  # a limit on processes or memory
            failed, running = True, []
        waiting = set(running)
        while waiting and not failed:
            done, waiting = wait(running, REDRAW_INTERVAL_S, FIRST_EXCEPTION)
            failed = any(future.exception() for future in done)
            progress.draw()
    return [future.result() for future in running] if running else [task() for task in tasks]
