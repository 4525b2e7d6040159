"""The same numbers in every type of column and every library give the same bits in `fit`, `predict` and `score`."""

from __future__ import annotations

import decimal
import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import unrolled as un

from .outcomes import Kind, expect, repeated

ROWS, HORIZON = 40, 3
DAYS = pd.date_range("2024-01-01", periods=ROWS + HORIZON)
Y = (np.arange(ROWS + HORIZON) * 7 % 11 + 1).astype(np.float64)  # small whole numbers, which all types hold
Cells = Callable[[np.ndarray], Any]
NUMBERS: dict[str, dict[str, Cells]] = {
    "pandas": {
        **{
            name: lambda y, name=name: y.astype(name)
            for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u8")
        },
        **{
            name: lambda y, name=name: pd.array(y, name) for name in ("Int8", "Int64", "UInt16", "Float32", "Float64")
        },
        "object": lambda y: pd.Series(y.tolist(), dtype=object),
        "Decimal": lambda y: [decimal.Decimal(int(v)) for v in y],
        "arrow": lambda y: pd.array(y, pd.ArrowDtype(pa.float32())),
        "arrow decimal": lambda y: pd.array([decimal.Decimal(int(v)) for v in y], pd.ArrowDtype(pa.decimal128(9, 2))),
        "sparse": lambda y: pd.arrays.SparseArray(y),
        "category": lambda y: pd.Categorical(y),
        "big-endian": lambda y: y.astype(">f8"),
    },
    "polars": {
        name: lambda y, name=name: pl.Series(y).cast(getattr(pl, name))
        for name in ("Float32", "Float64", "Int8", "Int32", "Int64", "UInt8", "UInt64")
    }
    | {"Decimal": lambda y: pl.Series([decimal.Decimal(int(v)) for v in y])},
    "pyarrow": {
        name: lambda y, name=name: pa.array(y.astype(np.int64)).cast(getattr(pa, name)(), safe=False)
        for name in ("float16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint64")
    }
    | {"chunked": lambda y: pa.chunked_array([y[:9], y[9:]])},
}
STAMPS: dict[str, dict[str, Cells]] = {
    "pandas": {
        "ns": lambda d: d,
        "s": lambda d: d.astype("M8[s]"),
        "ms": lambda d: d.astype("M8[ms]"),
        "text": lambda d: [str(v)[:10] for v in d],
        "date": lambda d: pd.Series(d).dt.date.to_numpy(),
        "period": lambda d: pd.PeriodIndex(pd.DatetimeIndex(d), freq="D"),
        "arrow": lambda d: pd.array(d, pd.ArrowDtype(pa.timestamp("us"))),
    },
    "polars": {
        "us": lambda d: pl.Series(d).cast(pl.Datetime("us")),
        "ms": lambda d: pl.Series(d).cast(pl.Datetime("ms")),
        "Date": lambda d: pl.Series(d).cast(pl.Date),
        "text": lambda d: [str(v)[:10] for v in d],
    },
    "pyarrow": {
        "us": lambda d: pa.array(d.astype("M8[us]")),
        "date32": lambda d: pa.array(d.astype("M8[D]")),
        "date64": lambda d: pa.array(d.astype("M8[D]")).cast(pa.date64()),
        "text": lambda d: pa.array([str(v)[:10] for v in d]),
    },
}
MAKE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
}
CASES = [
    (library, number, stamp)
    for library in MAKE
    for number, stamp in itertools.product(NUMBERS[library], STAMPS[library])
]
DTYPES = ("f2", "f4", "f8", "i1", "i8", "u2", "?", ">f4")  # of arrays that a network takes


class Results(NamedTuple):
    """The numbers of a forecast after `fit`, of one from a table, and the scores of the first one."""

    fitted: bytes
    predicted: bytes
    scores: bytes


def results(library: str, number: str, stamp: str) -> Results:
    def frame(rows: slice) -> Any:
        stamps = DAYS.to_numpy()[rows]
        return MAKE[library]({"ds": STAMPS[library][stamp](stamps), "y": NUMBERS[library][number](Y[rows])})

    fc = un.Forecaster(HORIZON, steps=2, ensemble=1, hidden=2, verbose=0).fit(frame(slice(0, ROWS)))
    forecast = fc.predict(level=80)
    expect(type(forecast) is type(frame(slice(0, 5))), f"the forecast is a {type(forecast)}")
    again = fc.predict(frame(slice(3, ROWS)), level=80)
    scores = un.score(forecast, frame(slice(0, None))).table
    return Results(bits(forecast), bits(again), scores.to_numpy(float).tobytes())


def bits(forecast: Any) -> bytes:
    frame = forecast.to_pandas() if hasattr(forecast, "to_pandas") else forecast
    stamps = frame["ds"].dt.to_timestamp() if isinstance(frame["ds"].dtype, pd.PeriodDtype) else frame["ds"]
    stamps = pd.DatetimeIndex(stamps).as_unit("ns").to_numpy()
    return stamps.tobytes() + frame.drop(columns="ds").to_numpy(float).tobytes()


@cache
def expected() -> Results:
    return results("pandas", "f8", "ns")


def attempt(number: int, rng: np.random.Generator, folder: Path) -> None:
    """The tries go through all combinations in a fixed random order; every tenth one is of arrays."""
    if number % 10 == 9:
        arrays(number // 10)
        return
    case = CASES[np.random.default_rng(0).permutation(len(CASES))[(number - number // 10) % len(CASES)]]
    found = results(*case)
    different = [name for name in Results._fields if getattr(found, name) != getattr(expected(), name)]
    expect(not different, f"{', '.join(case)}: other bits of {', '.join(different)}")


def arrays(number: int) -> None:
    """Arrays of every type that hold the same numbers, in `fit`, `forward`, `stream` and `gradients`."""
    kind = DTYPES[number % len(DTYPES)]
    x = np.random.default_rng(0).integers(0, 2, (6, 4, 1))

    def all_results(x: np.ndarray) -> list[bytes]:
        net = un.Network([un.GRU(3), un.Last(), un.Dense(1)], 1)
        net.fit(x, x[:, 0], epochs=2, verbose=0)
        _, grads = net.gradients(x, x[:, 0])
        stream = un.Network([un.GRU(3), un.Dense(1)], 1).stream()
        steps = [stream.step(x[:1, t]).tobytes() for t in range(4)]
        return [
            net.parameters.tobytes(),
            net.forward(x)[0].tobytes(),
            grads.parameters.tobytes(),
            *steps,
        ]

    expect(all_results(x.astype(kind)) == all_results(x.astype("f8")), f"arrays of {kind} give other bits")


KIND = Kind(repeated(attempt), tries=280, few=10)
