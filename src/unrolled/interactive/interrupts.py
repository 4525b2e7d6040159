"""Ctrl-C: the first one ends the work early and keeps its results, the second one exits at once.

Commands treat the signals that ask a process to end, SIGTERM and SIGHUP, like Ctrl-C, except that a repetition within
a second does not count. Signals that were ignored when the process started, such as SIGHUP by `nohup`, stay ignored.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
AGAIN_AFTER_S = 0.01  # a Ctrl-C that was lost is repeated
REPEATED_S = 1.0  # after a signal, within which another one is a repetition
MOST_REQUESTS = 4  # signals that a command answers; the next one ends it like a kill
OF_SIGNALS = 128  # the exit code of a process that a signal has ended is the sum of this and its number

Handler = Callable[[int, Any], None]
_asked: ContextVar[Callable[[], bool] | None] = ContextVar("_asked", default=None)
_on_interrupt: list[Handler] = [signal.default_int_handler]  # the last one is in force
_ended_by: list[tuple[int, float]] = []  # the signals of `ENDING` that have arrived, and when, in seconds


def exit_at_interrupt() -> None:
    """From now on, Ctrl-C ends the process with one line: imports can't be interrupted without a traceback.

    So do the signals that ask it to end.
    """
    for number in (signal.SIGINT, *ENDING):
        _handle(number, _leave)


def raise_at_interrupt() -> None:
    """From now on, Ctrl-C raises a `KeyboardInterrupt`, as Python does by default.

    After `exit_at_interrupt`, the signals that ask the process to end do the same.
    """
    _ended_by.clear()
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _repeat_lost_interrupt
    _handle(signal.SIGINT, signal.default_int_handler)
    for number in ENDING:
        if signal.getsignal(number) is _leave:
            _handle(number, _interrupt)


def ignore_interrupts() -> None:
    """From now on, Ctrl-C and the signals that ask the process to end do nothing: it is about to end."""
    for number in (signal.SIGINT, *ENDING):
        _handle(number, signal.SIG_IGN)


def _repeat_lost_interrupt(lost: sys.UnraisableHookArgs) -> None:
    """Repeat a Ctrl-C that arrived while an object was destroyed, where Python only prints exceptions."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        later = threading.Timer(AGAIN_AFTER_S, _thread.interrupt_main)  # at once, it would be raised in this function
        later.daemon = True
        later.start()
    else:
        sys.__unraisablehook__(lost)


def _leave(number: int, frame: Any) -> None:
    with suppress(OSError):
        os.write(2, b"interrupted.\n")
    os._exit(OF_SIGNALS + number)


def _interrupt(number: int, frame: Any) -> None:
    _ended_by.append((number, time.monotonic()))
    if len(_ended_by) > MOST_REQUESTS:  # something does not react
        _leave(number, frame)
    # closing a terminal, for example, may send a signal twice
    if len(_ended_by) == 1 or _ended_by[-1][1] - _ended_by[-2][1] > REPEATED_S:
        _on_interrupt[-1](number, frame)


def _handle(number: int, handler: Handler | signal.Handlers) -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, handler)


def exit_code() -> int:
    """The exit code of a process that Ctrl-C or another signal has ended early."""
    return OF_SIGNALS + (_ended_by[0][0] if _ended_by else signal.SIGINT)


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

    previous = signal.getsignal(signal.SIGINT)
    _on_interrupt.append(on_interrupt)
    token = _asked.set(asked)
    try:
        _handle(signal.SIGINT, on_interrupt)
        yield asked
    except Exception as error:
        if twice:  # raised inside NumPy, a KeyboardInterrupt may surface as an error of NumPy
            raise KeyboardInterrupt from error
        raise
    finally:
        _asked.reset(token)
        _on_interrupt.pop()
        # None: a handler not set by Python
        signal.signal(signal.SIGINT, signal.SIG_DFL if previous is None else previous)


def stop_when(asked: Callable[[], bool]) -> None:
    """From now on, interruptible work in this context stops as soon as `asked` returns True."""
    _asked.set(asked)
