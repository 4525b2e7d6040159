"""Print a digest of each result of a fixed set of fits: forecasts, comparisons, sample paths, model files, networks.

A change that is not meant to change results must not change any line. Digests are compared between two
versions on one machine, because sums may round differently on another:

    python tools/fingerprint.py > before.txt
    git switch my-change && pip install -e .
    python tools/fingerprint.py | diff before.txt -
"""

import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import unrolled as un

AIR_PASSENGERS = Path(__file__).resolve().parents[1] / "examples" / "air_passengers.csv"
COVARIATES = {
    "past_cols": ["temperature", "sky"],
    "future_cols": ["promo", "price"],
    "static_cols": ["region", "size"],
    "weight_col": "weight",
}
LEVELS = [50, 80, 95]
Digests = Iterator[tuple[str, str]]


# --- tables -----------------------------------------------------------------------------------------


def panel(
    rng: np.random.Generator, freq: str, rows: int, series: str, season: int, trend: float = 0.05
) -> pd.DataFrame:
    """Series with a trend, a season and noise, each three rows shorter than the one before it."""
    frames = []
    for k, name in enumerate(series):
        t = np.arange(rows - 3 * k)
        y = 20 + k + trend * (k + 1) * t + 3 * np.sin(2 * np.pi * t / season + k) + rng.standard_normal(len(t))
        stamps = pd.date_range("2015-01-01", periods=len(t), freq=freq)
        frames.append(pd.DataFrame({"unique_id": name, "ds": stamps, "y": y}))
    return pd.concat(frames, ignore_index=True)


def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(5)
    months, quarters = panel(rng, "MS", 90, "abcd", 12), panel(rng, "QS", 44, "efghi", 4)
    years, hours = panel(rng, "YS", 30, "jkl", 7), panel(rng, "h", 1500, "abcd", 24, trend=0.0005)
    days = panel(rng, "D", 900, "ab", 7, trend=0.002)
    days["promo"] = (rng.uniform(size=len(days)) < 0.2).astype(float)
    days["price"] = rng.normal(10, 1, len(days))
    days["temperature"] = rng.normal(15, 5, len(days))
    days["sky"] = rng.choice(["blue", "grey", "rain"], len(days))
    for name, values in {"region": ("north", "south"), "size": (3.0, 7.0), "weight": (1.0, 2.0)}.items():
        days[name] = days["unique_id"].map(dict(zip("ab", values, strict=True)))
    days["y"] += 4 * days["promo"]
    weeks = panel(rng, "W", 150, "abc", 52)
    passengers = pd.read_csv(AIR_PASSENGERS, names=["ds", "y"], header=0, parse_dates=["ds"])
    whole = pd.DataFrame({"ds": np.arange(200), "y": 10 + 3 * np.sin(np.arange(200) * np.pi / 5)})
    return {
        "passengers": passengers,
        "months": months,
        "quarters": quarters,
        "hours": hours,
        "days": days,
        "counts": weeks.assign(y=rng.poisson(np.maximum(weeks["y"] / 10, 0.2)).astype(float)),
        "gaps": months.drop(months.index[[5, 6, 40, 130]]),
        "short": months.groupby("unique_id").head(7),
        "whole numbers": whole.assign(y=whole["y"] + rng.standard_normal(200)),
        "mixed": pd.concat([months, quarters, years], ignore_index=True),
    }


# --- digests ----------------------------------------------------------------------------------------


def digest(*parts: bytes | pd.DataFrame) -> str:
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            found.update(part)
            continue
        for name, column in part.reset_index().items():
            values = column.to_numpy()
            found.update(str(name).encode())
            found.update(values.tobytes() if values.dtype.kind in "fiuMb" else "\0".join(map(str, values)).encode())
    return found.hexdigest()[:16]


def model_file(model: Any) -> tuple[bytes, Any]:
    """The file of a model without the times that a search took, and the model loaded from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        content = path.read_bytes()
        length = int.from_bytes(content[:8], "little")  # of the header, which is padded
        header = re.sub(rb'seconds(\\*)": [0-9.e+-]+', b"seconds", content[8 : 8 + length].rstrip())
        return header + content[8 + length :], un.load(path)


def of_fit(
    df: pd.DataFrame, horizon: int, ahead: int | None = None, future: pd.DataFrame | None = None, **options: Any
) -> Digests:
    """Digests of all results of a fit; `options` are those of the forecaster and of `fit`."""
    given = {name: options.pop(name) for name in (*COVARIATES, "baselines") if name in options}
    forecaster = un.Forecaster(horizon, verbose=0, **options).fit(df, **given)
    yield "forecast", digest(forecaster.predict(level=LEVELS, horizon=ahead, future=future))
    yield "paths", digest(forecaster.sample(7, horizon=ahead, seed=3, future=future))
    held_out = forecaster.held_out_
    if held_out is not None:
        coverage = repr(held_out.coverage).encode()
        yield "comparison", digest(held_out.table, held_out.by_series, held_out.by_step, held_out.example, coverage)
    content, loaded = model_file(forecaster)
    yield "model", digest(content)
    yield "loaded", digest(loaded.predict(level=LEVELS, horizon=ahead, future=future))


def fits() -> Iterator[tuple[str, Digests]]:
    found = tables()
    days = found["days"]
    future = days.groupby("unique_id").tail(14)
    known, future = days.drop(future.index), future[["unique_id", "ds", "promo", "price"]]
    small = {"steps": 60, "ensemble": 2}
    for name, horizon in {"passengers": 12, "hours": 24, "gaps": 6, "short": 3, "mixed": 4}.items():
        yield name, of_fit(found[name], horizon, **({"steps": 60} if name in ("hours", "mixed") else {}))
    yield "whole numbers", of_fit(found["whole numbers"], 5, season=10, log=True)
    yield "stacked lstm", of_fit(found["passengers"], 12, cell="lstm", layers=2, steps=60)
    yield "baselines", of_fit(found["months"], 6, steps=60, baselines=["Naive2", "Theta"])
    yield "combination", of_fit(found["months"], 6, steps=60, combine={"AutoETS": 0.3, "Drift": 0.1})
    for view in ("level", "trend", "season", "mean", "last", "robust"):
        yield f"view {view}", of_fit(found["months"], 6, cell="rnn", scaling=view, **small)
    for decoder in ("direct", "parallel", "recurrent"):
        yield f"decoder {decoder}", of_fit(days[["unique_id", "ds", "y"]], 7, decoder=decoder, **small)
    for decoder in ("parallel", "recurrent"):
        yield f"covariates {decoder}", of_fit(known, 14, future=future, decoder=decoder, **small, **COVARIATES)
    for likelihood in ("normal", "student_t"):
        yield likelihood, of_fit(found["quarters"], 4, likelihood=likelihood, steps=60)
    for likelihood in ("poisson", "negative_binomial"):
        yield likelihood, of_fit(found["counts"], 4, likelihood=likelihood, steps=60)
    yield "reach", of_fit(found["months"], 12, ahead=20, reach=4, steps=60)
    yield "reach normal", of_fit(found["months"], 12, reach=5, likelihood="normal", nonnegative=True, steps=60)
    for name, trials in {"months": 8, "mixed": 12}.items():
        yield f"search {name}", of_fit(found[name], 4, cell="auto", max_trials=trials)
    yield (
        "cross-validation",
        iter(
            {
                f"refit {refit}": digest(
                    un.Forecaster(4, steps=60, verbose=0).cross_validation(
                        found["mixed"], 3, level=[80], refit=refit, baselines=True
                    )
                )
                for refit in (True, 2, False)
            }.items()
        ),
    )
    yield "networks", of_networks()


def of_networks() -> Digests:
    x = np.random.default_rng(0).uniform(size=(64, 20, 1))
    for cell in (un.LSTM(8), un.GRU(8), un.GRU(8, reset="before"), un.RNN(8)):
        network = un.Network([cell, un.Last(), un.Dense(1)], input_size=1)
        network.fit(x, x.mean(axis=1), epochs=8, optimizer=un.Adam(0.01), validation=0.2, verbose=0)
        yield repr(cell), digest(model_file(network)[0])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for fit, digests in fits():
        for result, value in digests:
            print(f"{value}  {fit}: {result}", flush=True)
