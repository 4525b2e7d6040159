"""Ctrl-C: the first one ends the work early and keeps its results, the second one exits at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

INTERRUPTED = 130  # exit code of a process that Ctrl-C ended: 128 + the number of the signal
_asked: ContextVar[Callable[[], bool] | None] = ContextVar("_asked", default=None)


def exit_at_interrupt() -> None:
    """From now on, Ctrl-C ends the process with one line: imports can't be interrupted without a traceback."""

    def on_interrupt(number: int, frame: Any) -> None:
        os.write(2, b"interrupted.\n")
        os._exit(INTERRUPTED)

    signal.signal(signal.SIGINT, on_interrupt)


def raise_at_interrupt() -> None:
    """From now on, Ctrl-C raises a `KeyboardInterrupt`, as Python does by default."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag that is checked between slices of work; a second Ctrl-C raises at once.

    Nested blocks share the flag of the outermost one. Python delivers signals to the main thread only: in another
    thread the flag is that of the block which started the thread, if there is one.
    """
    outer = _asked.get()
    if outer is not None or threading.current_thread() is not threading.main_thread():
        yield outer or (lambda: False)
        return
    # not an Event: a second signal that arrives while the first one holds its lock would wait forever
    once = twice = False

    def on_interrupt(number: int, frame: Any) -> None:
        nonlocal once, twice
        if once:
            twice = True
            raise KeyboardInterrupt
        once = True

    def asked() -> bool:
        return once

    previous = signal.signal(signal.SIGINT, on_interrupt)
    token = _asked.set(asked)
    try:
        yield asked
    except Exception as error:
        if twice:  # raised inside NumPy, a KeyboardInterrupt may surface as an error of NumPy
            raise KeyboardInterrupt from error
        raise
    finally:
        _asked.reset(token)
        # None: a handler not set by Python
        signal.signal(signal.SIGINT, signal.SIG_DFL if previous is None else previous)


def stop_when(asked: Callable[[], bool]) -> None:
    """From now on, interruptible work in this context stops as soon as `asked` returns True."""
    _asked.set(asked)
