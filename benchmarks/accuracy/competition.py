"""One forecast after the end of each series, measured as in competitions; one row per choice of settings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import loaders
import measures
import pandas as pd
import record

import unrolled as un

MODEL = "network"  # the column of our forecast


def forecast(parts: loaders.Parts, horizon: int, settings: Mapping[str, Any], seed: int) -> tuple[pd.DataFrame, Any]:
    """The test part with our forecast and its 95 % interval as further columns, and the forecaster."""
    fc = un.Forecaster(horizon, seed=seed, alias=MODEL, verbose=0, **settings)
    made = fc.fit(parts.train).predict(level=[measures.LEVEL])
    merged = parts.test.merge(made, on=["unique_id", "ds"], validate="one_to_one")
    if len(merged) != len(parts.test):
        raise ValueError(f"{len(merged)} forecasts for {len(parts.test)} values")
    return merged, fc


def row(
    parts: Sequence[tuple[int, loaders.Parts]],
    season: int,
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    baselines: Iterable[str] = measures.BASELINES,
) -> dict[str, Any]:
    """Scores of every seed, their medians, and the baselines' scores.

    Args:
        parts: horizons, and the data to forecast at each, with a forecaster of its own; scores are means over all
            series.
        season: of the measures and baselines.
        settings: arguments of `Forecaster`.
    """
    train = pd.concat([part.train for _, part in parts], ignore_index=True)
    test = pd.concat([part.test for _, part in parts], ignore_index=True)
    beside = measures.with_baselines(train, test, season, baselines)
    simple = {name: measures.scores(train, beside, name, season) for name in baselines}
    by_seed = []
    for seed in seeds:
        began = time.perf_counter()
        made = [forecast(part, horizon, settings, seed) for horizon, part in parts]
        wall_s = time.perf_counter() - began
        own = measures.scores(train, pd.concat([table for table, _ in made], ignore_index=True), MODEL, season)
        if "Naive2" in simple:
            own["owa"] = measures.owa(own, simple["Naive2"])
        by_seed.append({"seed": seed, **own, "wall_s": wall_s})
    return {
        "files": parts[0][1].files,
        "series": int(train["unique_id"].nunique()),
        "horizon": "/".join(dict.fromkeys(str(horizon) for horizon, _ in parts)),
        "origins": 1,
        "season": season,
        "settings": dict(settings),
        **record.configuration([fc for _, fc in made]),
        "seeds": list(seeds),
        "median": {name: median(run[name] for run in by_seed) for name in by_seed[0] if name != "seed"},
        "by_seed": by_seed,
        "baselines": simple,
    }
