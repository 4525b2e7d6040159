"""A command is killed before or after each step that opens, syncs, renames or removes a file."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from steps import STEPS, WRITING_STEPS, Counter

from .commands import ENDED_BY_TEST, TASKS, begin, check_files, check_next_run, command, ended, forked, run_command
from .outcomes import Kind, expect, repeated


def prepared(counter: Counter, writing: bool = False) -> None:
    """Install the counter, of all steps or of those that write, in a process that ends soon: nothing is undone."""
    counter.install(pytest.MonkeyPatch(), WRITING_STEPS if writing else STEPS)


@cache
def steps_of(name: str, writing: bool = False) -> int:
    """The number of steps of a task, which its process writes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        words, _, err = begin(name, Path(folder))
        count = Path(folder) / "count"

        def counted() -> int:
            counter = Counter(0, lambda: None, False)
            code = command(words, err, lambda: prepared(counter, writing))
            count.write_text(str(counter.calls))
            return code

        expect(ended(forked(counted)) == 0, f"{name}: {err.read_text()}")
        return int(count.read_text())


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    """The tries go through the steps of all tasks in turn, the last steps first, since these write."""
    names = list(TASKS)
    name, turn = names[number % len(names)], number // len(names)
    after = bool(turn % 2)
    steps = steps_of(name)
    k = steps - (turn // 2) % steps
    words, out, err = begin(name, folder)
    killing = Counter(k, lambda: os._exit(ENDED_BY_TEST), after)
    code = run_command(words, err, lambda: prepared(killing))
    expect(code == ENDED_BY_TEST, f"{name}: step {k} of {steps} was not reached ({code}): {err.read_text()}")
    check_files(name, out)
    check_next_run(name, out, words, err)


KIND = Kind(repeated(attempt), tries=300, few=6)
