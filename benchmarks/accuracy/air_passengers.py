"""AirPassengers: the last year, and the time that the command takes from a cold start until all files are written."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import competition
import loaders
import pandas as pd

HORIZON, SEASON = 12, 12
SEEDS = (0, 1, 2, 3, 4)
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "tuned": {},
}


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of the results; the command is always timed with its defaults."""
    parts = loaders.air_passengers(data, validation)
    row = competition.row([(HORIZON, parts)], SEASON, settings, seeds)
    times = command_times(parts.train, seeds)
    return [row | {"command_wall_s": times, "median": row["median"] | {"command_wall_s": median(times)}}]


def command_times(train: pd.DataFrame, seeds: Sequence[int]) -> list[float]:
    """Seconds of `unrolled forecast` with each seed."""
    unrolled = Path(sys.executable).with_name("unrolled")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "passengers.csv")
        train[["ds", "y"]].to_csv(file, index=False)
        for seed in seeds:
            out = Path(folder, f"seed-{seed}")
            command = [unrolled, "forecast", file, "--horizon", str(HORIZON), "--seed", str(seed), "--out", out]
            began = time.perf_counter()
            subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - began)
    return times
