"""Ctrl-C: once to keep what was reached, twice to leave."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("_asked", default=None)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag that is asked between slices of work; a second one interrupts at once.

    Within another one, one Ctrl-C is meant for both. Python tells its main thread only: on another one, the flag is
    that of the work which it is a part of, if there is any.
    """
    outer = _asked.get()
    if outer is not None or threading.current_thread() is not threading.main_thread():
        yield outer or (lambda: False)
        return
    # no Event: a second signal may come while its lock is held by the first, and would wait for ever
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
        if twice:  # raised inside NumPy it may come out as an error of NumPy's own
            raise KeyboardInterrupt from error
        raise
    finally:
        _asked.reset(token)
        signal.signal(signal.SIGINT, signal.SIG_DFL if previous is None else previous)  # None: not Python's own


def stop_when(asked: Callable[[], bool]) -> None:
    """From here on in this context, what is interruptible stops when this says so."""
    _asked.set(asked)
