"""AirPassengers at default settings: the last three yearly origins, five seeds, against the seasonal naive.

    python benchmarks/air_passengers.py [--seeds 5] [--origins 3] [options of Forecaster as --name value]

Prints one line a seed and the medians; sMAPE runs from 0 to 200.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import unrolled as un
from unrolled.forecasting.scaling import season_of

FILE = Path(__file__).parent.parent / "examples" / "air_passengers.csv"
HORIZON = 12


def smape(y: np.ndarray, forecast: np.ndarray) -> float:
    return float(np.mean(200 * np.abs(y - forecast) / (np.abs(y) + np.abs(forecast))))


def last_level(y: np.ndarray) -> np.ndarray:
    """The last value without its season, repeated, with the seasons put back: no growth at all."""
    z, places = np.log(y), np.arange(len(y) + HORIZON) % HORIZON
    season = season_of(z, places[: len(y)], HORIZON)[places]
    return np.exp(z[-1] - season[len(y) - 1] + season[len(y) :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--origins", type=int, default=3)
    parser.add_argument(
        "--until", type=int, default=144, help="use the first rows only, as when defaults were chosen"
    )
    parser.add_argument("--cell", default="rnn")
    args = parser.parse_args()

    table = pd.read_csv(FILE).iloc[: args.until]
    frame = pd.DataFrame({"ds": pd.to_datetime(table["Month"]), "y": table["#Passengers"].astype(float)})
    y = frame["y"].to_numpy()
    ends = [len(y) - HORIZON * k for k in range(args.origins, 0, -1)]
    naive = [smape(y[e : e + HORIZON], y[e - HORIZON : e]) for e in ends]
    print("first month forecast ", *(f"{frame['ds'].iloc[e]:%Y-%m}" for e in ends), "    mean", sep="  ")
    print("seasonal naive       ", *(f"{v:7.2f}" for v in naive), f"{np.mean(naive):8.2f}", sep="  ")
    level = [smape(y[e : e + HORIZON], last_level(y[:e])) for e in ends]
    print("last level, seasons  ", *(f"{v:7.2f}" for v in level), f"{np.mean(level):8.2f}", sep="  ")
    errors = []
    for seed in range(args.seeds):
        fc = un.Forecaster(HORIZON, cell=args.cell, seed=seed, verbose=0)
        cv = fc.cross_validation(frame, n_windows=args.origins)
        parts = [part for _, part in cv.groupby("cutoff")]
        errors.append([smape(part["y"].to_numpy(), part[fc.name].to_numpy()) for part in parts])
        print(
            f"{fc.name}, seed {seed}".ljust(21),
            *(f"{v:7.2f}" for v in errors[-1]),
            f"{np.mean(errors[-1]):8.2f}",
            sep="  ",
        )
    medians = np.median(errors, axis=0)
    median_mean = np.median(np.mean(errors, axis=1))
    print("median over seeds    ", *(f"{v:7.2f}" for v in medians), f"{median_mean:8.2f}", sep="  ")
    behind = int((np.array(errors) >= naive).sum())
    print(f"{behind} of {len(errors) * len(ends)} forecasts behind the seasonal naive")


if __name__ == "__main__":
    main()
