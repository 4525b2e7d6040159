"""Compare NeuralForecast's LSTM with ours on the training part of M4 hourly: the time of one training and forecast.

    make bench-neuralforecast DATA=../shared/data      # in an environment that has both

Both have the same window, hidden size, horizon, quantiles, steps and windows per step, use float32 and the same
number of threads, and take turns in one process. Both forecast the last 48 hours of the training part, which neither
has seen; no test file is opened. In each step, NeuralForecast builds the windows of 32 series (its default) and draws
from these.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import loaders
import measures
import pandas as pd
import record

HORIZON, SEASON = 48, 24
QUANTILES = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975]


class Sizes(NamedTuple):
    window: int = 72
    hidden: int = 64
    batch: int = 128  # windows per step
    steps: int = 500


def unrolled_settings(sizes: Sizes) -> dict[str, Any]:
    """One network of one layer, without dropout."""
    return {
        "cell": "lstm",
        "season": SEASON,
        "window": sizes.window,
        "hidden": sizes.hidden,
        "batch_size": sizes.batch,
        "steps": sizes.steps,
        "ensemble": 1,
        "dropout": 0.0,
        "network": "trained",
    }


def unrolled_once(parts: loaders.Parts, sizes: Sizes, seed: int) -> pd.DataFrame:
    """One training and one forecast; nothing is held out, and no intervals are calibrated."""
    import unrolled as un

    fc = un.Forecaster(HORIZON, seed=seed, alias="f", verbose=0, **unrolled_settings(sizes))
    return fc.cross_validation(pd.concat([parts.train, parts.test]), n_windows=1)


def unrolled_fit(parts: loaders.Parts, sizes: Sizes, seed: int) -> pd.DataFrame:
    """The call of a user: a training without the end, comparison, calibration, and a training on all rows."""
    import unrolled as un

    fc = un.Forecaster(HORIZON, seed=seed, alias="f", verbose=0, **unrolled_settings(sizes))
    return fc.fit(parts.train).predict()


def neuralforecast_once(parts: loaders.Parts, sizes: Sizes, seed: int) -> pd.DataFrame:
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import LSTM

    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    model = LSTM(
        h=HORIZON,
        input_size=sizes.window,
        encoder_n_layers=1,
        encoder_hidden_size=sizes.hidden,
        decoder_layers=1,
        loss=MQLoss(quantiles=QUANTILES),
        max_steps=sizes.steps,
        windows_batch_size=sizes.batch,
        random_seed=seed,
        alias="f",
        accelerator="cpu",
        logger=False,
        **quiet,
    )
    network = NeuralForecast([model], freq=1)
    network.fit(parts.train)
    return network.predict().rename(columns={"f-median": "f", "f_ql0.5": "f"})


CONTESTANTS: dict[str, Callable[[loaders.Parts, Sizes, int], pd.DataFrame]] = {
    "unrolled, one training": unrolled_once,
    "NeuralForecast, one training": neuralforecast_once,
    "unrolled, fit with comparison and calibration": unrolled_fit,
}


def contest(parts: loaders.Parts, sizes: Sizes, repeats: int) -> list[dict[str, Any]]:
    """Run each contestant once for a few steps, then all in turns, in reverse order every other turn."""
    for make in CONTESTANTS.values():
        make(parts, sizes._replace(steps=5), 0)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTESTANTS}
    for turn in range(repeats):
        for name in list(CONTESTANTS)[:: -1 if turn % 2 else 1]:
            began = time.perf_counter()
            made = CONTESTANTS[name](parts, sizes, turn)
            wall_s = time.perf_counter() - began
            merged = parts.test.merge(made[["unique_id", "ds", "f"]], on=["unique_id", "ds"], validate="one_to_one")
            smape = measures.scores(parts.train, merged, "f", SEASON)["smape"]
            print(f"{name:46} {wall_s:8.2f} s  sMAPE {smape:.2f}", flush=True)
            runs[name].append((wall_s, smape))
    return [
        {
            "contestant": name,
            "median": {"wall_s": median(t for t, _ in own), "smape": median(s for _, s in own)},
            "wall_s": [t for t, _ in own],
            "smape": [s for _, s in own],
        }
        for name, own in runs.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=record.RESULTS)
    for name, value in Sizes()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)  # before any of them is loaded
    import torch

    torch.set_num_threads(args.threads)
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning|neuralforecast")
    sizes = Sizes(**{name: getattr(args, name) for name in Sizes._fields})
    parts = loaders.m4_hourly(args.data, validation=True)
    content = {
        "table": "neuralforecast",
        "split": "validation",
        "files": parts.files,
        "horizon": HORIZON,
        "season": SEASON,
        **sizes._asdict(),
        "seeds": list(range(args.repeats)),
        "threads": {"unrolled": args.threads, "torch": torch.get_num_threads()},
        "machine": record.machine("unrolled", "neuralforecast", "torch"),
    }
    content["rows"] = contest(parts, sizes, args.repeats)
    record.write(record.file_of(args.output, "neuralforecast", True), content)


if __name__ == "__main__":
    main()
