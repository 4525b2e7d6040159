"""Processes that are killed at random moments: all files are old or all are new, and the next run works."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

import unrolled as un
from unrolled.file_sets import COMPLETE, WRITING

from .commands import TASKS, begin, check_files, check_next_run, command, ended, expected, forked
from .outcomes import Kind, Lost, expect, repeated

WRITING_S = 0.01  # about the time for which files are written
EPOCHS = 60
X = np.linspace(-1, 1, 4000).reshape(400, 10, 1)


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    names = [*TASKS, "training"]
    name = names[number % len(names)]
    if name == "training":
        kill_a_training(rng, folder)
        return
    words, out, err = begin(name, folder)
    child = forked(lambda: command(words, err))
    if rng.random() < 0.5:
        wait_for_hidden(out)
        time.sleep(rng.uniform(0, WRITING_S))
    else:
        time.sleep(rng.uniform(0, 1.1 * expected(name).seconds))
    kill(child)
    check_files(name, out)
    check_next_run(name, out, words, err)


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    ended(child)


def wait_for_hidden(out: Path) -> None:
    """Wait until a run has begun to write, or for some seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if any(name.startswith((WRITING, COMPLETE)) for name in os.listdir(out)):
            return


def train(checkpoint: Path) -> np.ndarray:
    net = un.Network([un.GRU(8), un.Dropout(0.2), un.Last(), un.Dense(1)], 1)
    options = {"epochs": EPOCHS, "validation": 0.2, "checkpoint": checkpoint, "checkpoint_every": 1, "verbose": 0}
    net.fit(X, X.sum(axis=1), **options)
    return net.parameters


def kill_a_training(rng: np.random.Generator, folder: Path) -> None:
    """Kill it up to three times, resume it, and compare with one that was never killed."""
    (folder / "whole").mkdir()
    began = time.monotonic()
    whole = train(folder / "whole" / "file")
    seconds = time.monotonic() - began
    (folder / "cut").mkdir()
    checkpoint = folder / "cut" / "file"
    for _ in range(int(rng.integers(1, 4))):
        child = forked(lambda: int(train(checkpoint) is None))
        time.sleep(rng.uniform(0, seconds))
        kill(child)
    expect(np.array_equal(train(checkpoint), whole), "a resumed training has other bits", Lost)
    expect(os.listdir(folder / "cut") == ["file"], f"leftovers: {os.listdir(folder / 'cut')}", Lost)


KIND = Kind(repeated(attempt), tries=200, few=4)
