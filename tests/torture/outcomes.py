"""Kinds of torture, and their results: the number of tries, and each failure with the number of its try."""

from __future__ import annotations

import faulthandler
import importlib
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

HUNG_S = 120.0  # seconds after which a try counts as hung, and its process is ended
FAULTS = ("lost", "mixed", "wrong", "hung")  # kinds of faults, which are counted


class Lost(AssertionError):
    """Data that were there, or should be there, are missing or damaged."""


class Mixed(AssertionError):
    """Some files are of the earlier run and some of the later one."""


class Hung(AssertionError):
    """Something has not ended in time."""


class Failure(NamedTuple):
    """A try that failed."""

    fault: str  # one of `FAULTS`
    number: int  # of the try
    text: str


Try = Callable[[int, np.random.Generator, Path], None]  # the number of a try, its randomness, an empty folder
Run = Callable[[Iterable[int], int], list[Failure]]  # the numbers of tries, and the seed


class Kind(NamedTuple):
    """One kind of torture."""

    run: Run
    tries: int  # of the long form
    few: int  # of the short form; 0: it has none
    short: Run | None = None  # of the short form, if it is another one


def repeated(attempt: Try) -> Run:
    """A run that makes tries one after the other; each is a function of its number and the seed."""

    def run(numbers: Iterable[int], seed: int) -> list[Failure]:
        failures = []
        for number in numbers:
            faulthandler.dump_traceback_later(HUNG_S, exit=True, file=sys.__stderr__)
            try:
                with tempfile.TemporaryDirectory() as folder:
                    attempt(number, np.random.default_rng([seed, number]), Path(folder))
            except Exception as error:
                failures.append(Failure(fault_of(error), number, describe(error)))
                print(f"  try {number}: {failures[-1].text}", file=sys.stderr, flush=True)
            finally:
                faulthandler.cancel_dump_traceback_later()
        return failures

    return run


def fault_of(error: Exception) -> str:
    return next((kind.__name__.lower() for kind in (Lost, Mixed, Hung) if isinstance(error, kind)), "wrong")


def describe(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:400]} ({Path(last.filename).name}:{last.lineno})"


def expect(holds: bool, text: str, fault: type[AssertionError] = AssertionError) -> None:
    """Fail with this text unless the condition holds; unlike `assert`, with a kind of fault."""
    if not holds:
        raise fault(text)


def kind_of(name: str) -> Kind:
    return importlib.import_module(f"tests.torture.{name}").KIND


def row(name: str, tried: int, failures: Iterable[Failure], seconds: float) -> str:
    """A row of the table."""
    found = [failure.fault for failure in failures]
    return f"| {name} | {tried} | {' | '.join(str(found.count(fault)) for fault in FAULTS)} | {seconds:.0f} |"


def usual_signals() -> None:
    """Restore default signals: a shell lets background jobs ignore Ctrl-C, and child processes inherit this."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
