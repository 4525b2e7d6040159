"""Memory, threads and open files after thousands of cycles of loading, forecasting, fitting and streaming."""

from __future__ import annotations

import gc
import os
import resource
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import unrolled as un

from .damaged_files import quick, table
from .outcomes import Kind, expect, repeated

WARM_UP = 0.2  # of the cycles, in which memory is still allocated for the first time
MAX_GROWTH = 200.0  # bytes per cycle, beyond what `SLACK` allows
SLACK = 2 * 2**20  # bytes: of memory that the allocator has in pieces
CYCLES = 2000


def resident() -> int:
    """The memory of this process, in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def attempt(number: int, rng: np.random.Generator, folder: Path, cycles: int = CYCLES) -> None:
    name = list(CYCLE)[number % len(CYCLE)]
    cycle = CYCLE[name](folder)
    for _ in range(max(3, int(WARM_UP * cycles))):
        cycle()
    before = resident(), threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(cycles):
        cycle()
    after = resident(), threading.active_count(), len(os.listdir("/proc/self/fd"))
    growth = after[0] - before[0]
    expect(growth <= SLACK + MAX_GROWTH * cycles, f"{name}: {growth / cycles:.0f} bytes per cycle, {growth} in all")
    expect(after[1:] == before[1:], f"{name}: threads and files {before[1:]} became {after[1:]}")


def network() -> un.Network:
    return un.Network([un.GRU(16), un.Last(), un.Dense(1)], 2)


X = np.random.default_rng(0).standard_normal((32, 20, 2))


def loads(folder: Path) -> Callable[[], Any]:
    quick().fit(table(40, "a")).save(folder / "model")
    return lambda: un.load(folder / "model")


def forecasts(folder: Path) -> Callable[[], Any]:
    return quick().fit(table(40, "a")).predict


def fits(folder: Path) -> Callable[[], Any]:
    df = table(40, "a")
    return lambda: quick(ensemble=1).fit(df)


def streams(folder: Path) -> Callable[[], Any]:
    net = un.Network([un.GRU(16), un.Dense(1)], 2)

    def cycle() -> None:
        stream = net.stream()
        for x in X[0]:
            stream.step(x[None])

    return cycle


def trainings(folder: Path) -> Callable[[], Any]:
    return lambda: network().fit(X, X[:, 0, :1], epochs=2, verbose=0, checkpoint=None)


def checkpoints(folder: Path) -> Callable[[], Any]:
    net = network()

    def cycle() -> None:
        net.fit(X, X[:, 0, :1], epochs=1, verbose=0, checkpoint=folder / "file")
        (folder / "file").unlink()

    return cycle


def errors(folder: Path) -> Callable[[], Any]:
    """Errors keep frames alive, and these keep arrays."""
    net = network()

    def cycle() -> None:
        try:
            net.forward(np.full((1, 10, 2), np.nan)[:, :, :1])
        except un.UnrolledError:
            return
        raise AssertionError("an input of the wrong size was accepted")

    return cycle


CYCLE: dict[str, Callable[[Path], Callable[[], Any]]] = {
    "load": loads,
    "predict": forecasts,
    "fit": fits,
    "stream": streams,
    "train": trainings,
    "checkpoint": checkpoints,
    "error": errors,
}
SHORT = repeated(partial(attempt, cycles=20))
KIND = Kind(repeated(attempt), tries=len(CYCLE), few=len(CYCLE), short=SHORT)
