"""Extreme numbers: each call gives finite results or an error of the library, and no warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import unrolled as un

from .outcomes import Kind, expect, repeated

ROWS, HORIZON = 48, 4
TINY, DENORMAL, LARGEST = 1e-300, 5e-324, np.finfo(float).max
SCALES = (DENORMAL, TINY, 1e-38, 1e-9, 1.0, 1e9, 2.0**53, 3e38, 1e150, 1e300, 1e308, LARGEST)
ODD = (np.inf, -np.inf, np.nan, 0.0, -0.0)
OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {}, {"log": True}, {"log": False}, {"scaling": "std"}, {"scaling": ["level", "trend", "season"], "season": 7},
    {"likelihood": "normal"}, {"likelihood": "student_t"}, {"likelihood": "poisson"},
    {"likelihood": "negative_binomial"}, {"combine": "Theta"}, {"combine": "SeasonalNaive"}, {"reach": 1},
    {"integer": True}, {"nonnegative": True}, {"nonnegative": False}, {"season": None}, {"calendar": True},
)  # fmt: skip


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):  # as by default
        warnings.simplefilter("error")  # nothing of NumPy or pandas may reach the user
        (forecasters, forecasters, networks, files)[number % 4](rng, folder)


def values(rng: np.random.Generator, size: int, odd: float = 0.1) -> np.ndarray:
    """Numbers of one or two scales, of one sign or both, perhaps all equal, perhaps with odd ones."""
    scales = rng.choice(SCALES, 2) if rng.random() < 0.5 else np.repeat(rng.choice(SCALES), 2)
    shapes = (
        rng.uniform(0.1, 1, size), rng.uniform(-1, 1, size), np.ones(size), np.linspace(0, 1, size),
        1 + 1e-15 * rng.integers(0, 3, size), (rng.random(size) < 0.1) * 1.0, np.resize([1.0, -1.0], size),
    )  # fmt: skip
    with np.errstate(all="ignore"):
        y = shapes[int(rng.integers(len(shapes)))] * np.where(rng.random(size) < rng.random(), *scales)
    if rng.random() < odd:
        y[rng.integers(size, size=3)] = rng.choice(ODD, 3)
    return y


def table(rng: np.random.Generator) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range("2024-01-01", periods=ROWS),
                "y": values(rng, ROWS),
                "x": values(rng, ROWS, 0.0) if rng.random() < 0.5 else 1.0,
                "weight": abs(values(rng, 1, 0.05)[0]) or 1.0,
            }
        )
        for name in "ab"[: int(rng.integers(1, 3))]
    ]
    return pd.concat(parts, ignore_index=True)


def answer(call: Callable[[], Any]) -> Any:
    """The result of a call; None after an error of the library."""
    try:
        return call()
    except un.UnrolledError as error:
        text = str(error)
        expect(len(text) < 2000 and "\n" not in text, f"the message is not one line: {text:.300}")
        return None


def check_finite(frame: pd.DataFrame, what: str) -> None:
    numbers = frame.select_dtypes("number").to_numpy(float)
    expect(bool(np.isfinite(numbers).all()), f"{what} is not finite: {numbers[~np.isfinite(numbers)][:3]}")


def forecasters(rng: np.random.Generator, folder: Path) -> None:
    df, newer = table(rng), table(rng)
    options = dict(OPTIONS[int(rng.integers(len(OPTIONS)))])
    roles = ({}, {}, {"past_cols": ["x"]}, {"future_cols": ["x"]}, {"weight_col": "weight"})[int(rng.integers(5))]
    fc = un.Forecaster(HORIZON, steps=3, ensemble=1, hidden=4, verbose=0, **options)
    if answer(lambda: fc.fit(df, **roles)) is None:
        return
    ahead = None
    if "future_cols" in roles:
        ends = df.groupby("unique_id")["ds"].max()
        ahead = pd.concat(
            pd.DataFrame({"unique_id": name, "ds": pd.date_range(end, periods=HORIZON + 1)[1:]}).assign(
                x=values(rng, HORIZON, 0.0)
            )
            for name, end in ends.items()
        )
    for call in (
        lambda: fc.predict(level=[80, 95], future=ahead),
        lambda: fc.predict(newer, future=ahead),
        lambda: None if ahead is not None else fc.sample(3),
    ):
        found = answer(call)
        if found is not None:
            check_finite(found, f"a forecast of {options}")
            answer(lambda found=found: un.score(found, newer))
    answer(lambda: fc.report().to_html())
    answer(lambda: fc.save(folder / "model"))
    if (folder / "model").exists():
        un.load(folder / "model")


def networks(rng: np.random.Generator, folder: Path) -> None:
    dtype = str(rng.choice(["float32", "float64"]))
    cell = (un.RNN, un.GRU, un.LSTM)[int(rng.integers(3))](3)
    net = un.Network([cell, un.Last(), un.Dense(1)], 2, dtype)
    x, y = values(rng, 80).reshape(8, 5, 2), values(rng, 8).reshape(8, 1)
    optimizer = (un.SGD(1e3), un.Adam(0.1), un.RMSprop(1e-300))[int(rng.integers(3))]
    answer(lambda: net.fit(x, y, epochs=2, optimizer=optimizer, verbose=0))
    expect(bool(np.isfinite(net.parameters).all()), "the weights are not finite")
    out = answer(lambda: net.forward(x))
    if out is not None and np.isfinite(x).all():
        expect(bool(np.isfinite(out[0]).all()), "an output is not finite")


def files(rng: np.random.Generator, folder: Path) -> None:
    """Numbers as texts, also such as no floating-point number can hold."""
    y = [repr(float(v)) for v in values(rng, ROWS)]
    for _ in range(int(rng.integers(3))):
        y[int(rng.integers(ROWS))] = str(rng.choice(["1e400", "-1e400", "1e-400", "9" * 400, "0." + "0" * 400 + "1"]))
    rows = [f"{day:%Y-%m-%d},{cell}" for day, cell in zip(pd.date_range("2024-01-01", periods=ROWS), y, strict=True)]
    (folder / "t.csv").write_text("\n".join(["ds,y", *rows]) + "\n")
    df = answer(lambda: un.read_table(folder / "t.csv"))
    if df is not None:
        fc = answer(lambda: un.Forecaster(HORIZON, steps=2, ensemble=1, hidden=2, verbose=0).fit(df))
        found = None if fc is None else answer(fc.predict)
        if found is not None:
            check_finite(found, "a forecast")


KIND = Kind(repeated(attempt), tries=1500, few=12)
