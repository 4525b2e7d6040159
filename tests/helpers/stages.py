"""Faults at every stage of a call: each function of the package that it calls fails in turn."""

from __future__ import annotations

import inspect
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import unrolled

PACKAGE = str(Path(unrolled.__file__).parent)


class Fault(MemoryError):
    """Memory is an error that every function may meet, and that nothing may take for another one."""


class Stage(NamedTuple):
    """The first call of a function, or the last time that one returns."""

    file: str
    line: int
    name: str
    event: str  # "call" or "return"

    @classmethod
    def of(cls, frame: Any, event: str) -> Stage | None:
        code = frame.f_code
        if event not in ("call", "return") or not code.co_filename.startswith(PACKAGE):
            return None
        if event == "return" and code.co_flags & inspect.CO_GENERATOR:
            return None  # a fault where a generator yields would end it without its `finally`, which errors never do
        return cls(code.co_filename.removeprefix(PACKAGE), code.co_firstlineno, code.co_qualname, event)


@contextmanager
def profiled(callback: Callable[[Any, str, Any], None]) -> Iterator[None]:
    threading.setprofile(callback)  # of the threads that begin in the block
    sys.setprofile(callback)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def stages(call: Callable[[], Any], every: Sequence[str]) -> dict[Stage, int]:
    """The stages of a call that does not fail, in their order, and how often each is passed.

    They are all stages of the files whose paths begin with one of `every`, and the first and the last stage of each
    other file.
    """
    found: Counter[Stage] = Counter()

    def note(frame: Any, event: str, arg: Any) -> None:
        stage = Stage.of(frame, event)
        if stage is not None:
            found[stage] += 1

    call()  # what it imports and keeps is no stage
    with profiled(note):
        call()
    first = {stage.file: stage for stage in reversed(found)}
    last = {stage.file: stage for stage in found}
    ends = {*first.values(), *last.values()}
    return {stage: n for stage, n in found.items() if stage.file.startswith(tuple(every)) or stage in ends}


def fails_at(stage: Stage, passed: int, call: Callable[[], Any]) -> bool:
    """Call with a fault at this stage, which a call passes so often; whether the call failed with it."""
    wanted, reached = 1 if stage.event == "call" else passed, 0
    _, line, name, event_of_stage = stage

    def fail(frame: Any, event: str, arg: Any) -> None:
        nonlocal reached
        # the cheap comparisons come first, as a stage of every call would take most of the time
        if event != event_of_stage or frame.f_code.co_firstlineno != line or frame.f_code.co_qualname != name:
            return
        if Stage.of(frame, event) == stage:
            reached += 1
            if reached == wanted:
                raise Fault(f"a fault at {stage}")

    try:
        with profiled(fail):
            call()
    except Fault:
        return True
    return False
