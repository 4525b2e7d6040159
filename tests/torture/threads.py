"""Threads: each fit gives the bits that it gives alone, and a forecast during a fit that of the old or new one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import unrolled as un
from tables import panel_frame, two_frequencies

from .outcomes import Kind, Mixed, expect, repeated

THREADS = 4


def quick(**options: Any) -> un.Forecaster:
    return un.Forecaster(3, **{"steps": 3, "ensemble": 1, "hidden": 4, "verbose": 0} | options)


@cache
def tables() -> tuple[pd.DataFrame, ...]:
    rng = np.random.default_rng(0)
    return panel_frame(rng, (60,)), two_frequencies(rng), panel_frame(rng, (50, 40))


@cache
def alone() -> tuple[pd.DataFrame, ...]:
    return tuple(quick().fit(df).predict(level=80) for df in tables())


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    alone()
    (fits_at_once, forecasts_during_fits, loads_at_once, networks_at_once)[number % 4](rng, folder)


def all_at_once(call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def fits_at_once(rng: np.random.Generator, folder: Path) -> None:
    order = rng.integers(len(tables()), size=THREADS)
    found = all_at_once(lambda k: quick().fit(tables()[order[k]]).predict(level=80))
    expect(all(frame.equals(alone()[k]) for frame, k in zip(found, order, strict=True)), "a fit has other bits")


def forecasts_during_fits(rng: np.random.Generator, folder: Path) -> None:
    fc, done = quick().fit(tables()[0]), False

    def ask(_: int) -> None:
        while not done:
            found = fc.predict(level=80)
            expect(any(found.equals(frame) for frame in alone()), "a forecast belongs to no fit", Mixed)

    with ThreadPoolExecutor(THREADS) as pool:
        asking = [pool.submit(ask, k) for k in range(THREADS - 1)]
        try:
            for k in rng.integers(len(tables()), size=4):
                fc.fit(tables()[k])
                expect(
                    fc.predict(level=80).equals(alone()[k]), "the forecast after a fit belongs to another one", Mixed
                )
        finally:
            done = True
        for one in asking:
            one.result()


def loads_at_once(rng: np.random.Generator, folder: Path) -> None:
    """Some threads save the same file while others load it."""
    fc = [quick().fit(df) for df in tables()[:2]]
    fc[0].save(folder / "model")

    def use(k: int) -> None:
        for turn in range(3):
            fc[(k + turn) % 2].save(folder / "model")
            found = un.load(folder / "model").predict(level=80)
            expect(any(found.equals(frame) for frame in alone()[:2]), "a loaded model has other bits", Mixed)

    all_at_once(use)
    expect([path.name for path in folder.iterdir()] == ["model"], "there are leftovers", Mixed)


def networks_at_once(rng: np.random.Generator, folder: Path) -> None:
    """Trainings, streams and forward passes of several networks."""
    x = rng.standard_normal((40, 6, 1))

    def train(seed: int) -> bytes:
        net = un.Network([un.GRU(4), un.Dropout(0.2), un.Last(), un.Dense(1)], 1, seed=seed)
        net.fit(x, x.sum(axis=1), epochs=3, seed=seed, verbose=0)
        return net.parameters.tobytes() + net.forward(x)[0].tobytes()

    expected = [train(k) for k in range(THREADS)]
    expect(all_at_once(train) == expected, "a training in a thread has other bits")


KIND = Kind(repeated(attempt), tries=60, few=4)
