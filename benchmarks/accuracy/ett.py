"""ETTh1, with each of its seven channels as a series: all windows of the last four months, at four horizons.

One training on the first twelve months, as in the published protocol; the four months of validation that follow are
only read as inputs of the first windows. Errors are means over windows, steps and channels, in units of the standard
deviation of each channel over the first twelve months.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import loaders
import pandas as pd
import record

import unrolled as un

LOOK_BACK = 96  # hours, as in the published comparisons
HORIZONS = (96, 192, 336, 720)
TRAINED = {"network": "trained"}  # the pretrained network would read more than the look-back
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"window": LOOK_BACK, **TRAINED},
    "tuned": {
        "window": LOOK_BACK,
        **TRAINED,
        "scaling": "last",
        "steps": 2000,
        "rate": 2e-3,
        "dropout": 0.3,
        "hidden": 256,
    },
}


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    parts = loaders.etth1(data, validation)
    return [row(parts, horizon, settings, seeds) for horizon in HORIZONS]


def row(parts: loaders.Parts, horizon: int, settings: Mapping[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    channels = parts.test["unique_id"].nunique()
    origins = len(parts.test) // channels - horizon + 1
    whole = pd.concat([parts.train, parts.test], ignore_index=True)
    cutoffs = len(whole) // channels - loaders.ETT_TRAIN - horizon + 1  # those in the validation months come first
    by_seed = []
    for seed in seeds:
        fc = un.Forecaster(horizon, seed=seed, alias="network", verbose=0, **settings)
        began = time.perf_counter()
        made = fc.cross_validation(whole, n_windows=cutoffs, step_size=1, refit=False)
        wall_s = time.perf_counter() - began
        made = made[made["cutoff"] >= parts.train["ds"].max()]
        by_seed.append({"seed": seed, **errors(made, parts.test["ds"].min(), channels * origins * horizon)})
        by_seed[-1]["wall_s"] = wall_s
    # cross-validation returns no fitted forecaster; this one chooses the same sizes
    known = whole[whole.groupby("unique_id").cumcount() < loaders.ETT_TRAIN]
    sized = un.Forecaster(horizon, verbose=0, **settings | {"steps": 1}).fit(known)
    return {
        "files": parts.files,
        "series": int(channels),
        "horizon": str(horizon),
        "origins": origins,
        "season": sized.model_.spec.season,
        "settings": dict(settings),
        **record.configuration([sized], steps=settings.get("steps")),
        "seeds": list(seeds),
        "median": {name: median(run[name] for run in by_seed) for name in ("mse", "mae", "wall_s")},
        "by_seed": by_seed,
        "baselines": {},
    }


def errors(made: pd.DataFrame, first: Any, count: int) -> dict[str, float]:
    """MSE and MAE of the forecasts; there must be `count`, from the timestamp `first` on."""
    if len(made) != count or made["ds"].min() != first:
        raise ValueError(f"{len(made)} forecasts from {made['ds'].min()} on; {count} from {first} on are wanted")
    error = (made["network"] - made["y"]).to_numpy()
    return {"mse": float((error**2).mean()), "mae": float(abs(error).mean())}
