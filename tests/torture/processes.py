"""Processes that are forked or spawned, before and after their parent has trained: the same bits, and no hanging."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from .outcomes import Hung, Kind, expect, repeated

ROOT = Path(__file__).parents[2]
CASES = [
    (method, trained, threads, nested)
    for method, trained, threads, nested in itertools.product(
        ("fork", "spawn", "forkserver"), (True, False), (2, 1), (False, True)
    )
]
END_S = 90.0


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    """In a process of its own, which may hang."""
    method, trained, threads, nested = CASES[number % len(CASES)]
    label = f"{method}, trained before: {trained}, {threads} threads, nested: {nested}"
    words = [sys.executable, "-m", "tests.torture.processes", method, str(trained), str(nested)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    try:
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=END_S)
    except subprocess.TimeoutExpired:
        raise Hung(label) from None
    expect(done.returncode == 0, f"{label}: {done.stderr[-400:]}")


def results(number: int) -> tuple[bytes, bytes]:
    """The bits of a training and of a forecast."""
    import unrolled as un

    x = np.random.default_rng(number).standard_normal((64, 12, 2))
    net = un.Network([un.LSTM(24), un.Last(), un.Dense(1)], 2)
    net.fit(x, x[:, 0, :1], epochs=2, batch_size=32, verbose=0)
    from tests.torture.damaged_files import quick, table

    forecast = quick(ensemble=1).fit(table(60, "a")).predict(level=80)
    return net.parameters.tobytes(), forecast["GRU"].to_numpy().tobytes()


def predict(pickled: bytes) -> bytes:
    """The bits of a forecaster's forecast that came from another process."""
    return pickle.loads(pickled).predict()["GRU"].to_numpy().tobytes()


def in_a_pool(method: str, number: int) -> tuple[bytes, bytes]:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        return pool.submit(results, number).result()


def main(method: str, trained: str, nested: str) -> None:
    warnings.simplefilter("ignore")  # newer versions of Python warn of a fork beside threads
    expected = [results(k) for k in range(2)] if trained == "True" else []
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, context) as pool:
        if nested == "True":
            found = [pool.submit(in_a_pool, method, k) for k in range(2)]
        else:
            found = [pool.submit(results, k) for k in range(2)]
        got = [one.result() for one in found]
        expected = expected or [results(k) for k in range(2)]
        assert got == expected, "a child has other bits"
        from tests.torture.damaged_files import quick, table

        fc = quick(ensemble=1).fit(table(60, "a"))
        bits = fc.predict()["GRU"].to_numpy().tobytes()
        assert pool.submit(predict, pickle.dumps(fc)).result() == bits, "a forecaster that was sent has other bits"


if __name__ == "__main__":
    main(*sys.argv[1:])

KIND = Kind(repeated(attempt), tries=len(CASES), few=1)
