"""Trainings beside another one, or beside two busy processes: each takes at most 2.5 times as long as alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from .outcomes import Kind, expect, repeated

ROOT = Path(__file__).parents[2]
MAX_RATIO = 2.5
TURNS = 9  # of which the medians are compared
TRAINING_S = 0.3  # about the time of one training alone
CASES = ("GRU 32 32 1 40", "RNN 8 64 32 100", "LSTM 8 64 32 100", "GRU 8 64 32 100", "LSTM 32 256 64 100")


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    """In processes of their own, with as many threads as there are cores."""
    case = CASES[number % len(CASES)]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    words = [sys.executable, "-m", "tests.torture.contention", *case.split()]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    expect(done.returncode == 0, f"{case}: {done.stderr[-400:]}")
    ratios = dict(
        zip(
            ("beside another training", "beside two busy processes"),
            map(float, done.stdout.splitlines()[-1].split()),
            strict=True,
        )
    )
    for where, ratio in ratios.items():
        print(f"  {case} {where}: {ratio:.2f} times as long", file=sys.stderr)
        expect(ratio <= MAX_RATIO, f"{case} {where} takes {ratio:.2f} times as long as alone")


def main(cell: str, *sizes: str) -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import contestants
    import speed
    from measuring import Bench

    shape = contestants.Shape(*map(int, sizes))
    run = contestants.unrolled_training(cell, shape, contestants.random_rows(shape))
    other = [speed.TRAINING_PROCESS, str(ROOT / "benchmarks"), cell, *sizes]
    busy = [speed.BUSY_PROCESS]
    with speed.neighbours(other) as beside_another, speed.neighbours(busy, busy) as beside_busy:
        runs = {"unrolled": run, "another": beside_another(run), "busy": beside_busy(run)}
        (ratios,) = Bench(TURNS, TRAINING_S, os.cpu_count() or 1).measure("contention", {cell: runs})
    print(ratios["another"], ratios["busy"])


if __name__ == "__main__":
    main(*sys.argv[1:])

KIND = Kind(repeated(attempt), tries=len(CASES), few=0)
