"""Small tables for several test files: long frames of every library, and the lines of a CSV file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from unrolled.series.files import FileTable
from unrolled.series.frequency import Frequency
from unrolled.series.origins import Origins
from unrolled.series.panel import Panel

LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": lambda data: pa.table(dict(data))}
SALES = ("date,sales", "2024-01-01,1.5", "2024-01-02,", "2024-01-03,3")
DAYS = [f"2024-01-{day:02}" for day in range(1, 21)]


def table(y, start="2024-01-01", freq="D", **columns) -> pd.DataFrame:
    """A table with one row per value and consecutive timestamps."""
    return pd.DataFrame({**columns, "ds": pd.date_range(start, periods=len(y), freq=freq), "y": y})


def panel_frame(rng, lengths=(90, 60, 75), season=12):
    """Monthly series with trend, season and noise, of different lengths."""
    parts = []
    for k, n in enumerate(lengths):
        t = np.arange(n)
        y = 50 * (k + 1) + 0.4 * t + 8 * np.sin(2 * np.pi * t / season) + rng.normal(size=n)
        stamps = pd.date_range("2010-01-01", periods=n, freq="MS")
        parts.append(pd.DataFrame({"unique_id": f"s{k}", "ds": stamps, "y": y}))
    return pd.concat(parts, ignore_index=True)


def series(rng, rows: int, freq: str, name: str, season: int, start: str = "2012-01-01") -> pd.DataFrame:
    """One series with trend, season and noise."""
    t = np.arange(rows)
    y = 60 + 0.2 * t + 8 * np.sin(2 * np.pi * t / season) + rng.normal(size=rows)
    return table(y, start, freq, unique_id=name)


def counts_frame(seed=0, lengths=(120, 90, 100), rates=(0.4, 3, 20)) -> pd.DataFrame:
    """Daily Poisson counts, a series for each rate."""
    random = np.random.default_rng(seed)
    parts = [table(random.poisson(m, n), unique_id=f"c{m}") for n, m in zip(lengths, rates, strict=True)]
    return pd.concat(parts, ignore_index=True)


def two_frequencies(rng) -> pd.DataFrame:
    """Months and quarters, their rows shuffled."""
    months = [series(rng, rows, "MS", f"m{rows}", 12) for rows in (70, 64, 60)]
    quarters = [series(rng, rows, "QS", f"q{rows}", 4, "2005-01-01") for rows in (40, 36)]
    whole = pd.concat(months + quarters, ignore_index=True)
    return whole.iloc[rng.permutation(len(whole))].reset_index(drop=True)


def panel_of(*series) -> Panel:
    """Series of these values, whose timestamps are whole numbers from 0 on."""
    offsets = np.concatenate(([0], np.cumsum([len(y) for y in series])))
    y = np.concatenate(series).astype(float)
    names = [f"s{k}" for k in range(len(series))]
    first = np.zeros(len(series), np.int64)
    return Panel(names, Frequency("integer", 1, 0), offsets, first, y, np.ones(len(y), bool))


def origins_of(panel: Panel, *ends) -> Origins:
    """Origins at these ends of each series, counted from its first row."""
    rows = [first + np.asarray(own, np.int64) for first, own in zip(panel.offsets[:-1], ends, strict=True)]
    return Origins(panel, np.concatenate(rows))


def seasonal_values(rng, rows: int, season: int, strength: float = 3.0) -> np.ndarray:
    """A line with a season and noise."""
    t = np.arange(rows)
    return 20 + 0.1 * t + strength * np.cos(2 * np.pi * t / season) + rng.normal(size=rows)


def shops(rng, count=3, rows=120):
    """Daily series that depend on a price known ahead, with all other kinds of covariates."""
    parts = []
    for k in range(count):
        price = rng.normal(size=rows)
        y = 20 * (k + 1) + 5 * price + 0.3 * rng.normal(size=rows)
        about = {
            "unique_id": f"s{k}",
            "past": rng.normal(size=rows),
            "price": price,
            "sky": rng.choice(["blue", "grey"], rows),
            "size": float(k),
            "town": "Rome" if k % 2 else "Bonn",
            "w": 1.0 + k,
        }
        parts.append(table(y, **about))
    return pd.concat(parts, ignore_index=True)


def split_future(df, horizon):
    """A table without its last rows, and the values of these that are known ahead."""
    late = df.groupby("unique_id").cumcount(ascending=False) < horizon
    return df[~late], df[late].drop(columns=["y", "past"])


# --- files ------------------------------------------------------------------------------------------


def daily(cells, header="date;sales") -> list[str]:
    """The lines of a file with one row per day."""
    return [header, *(f"{day};{cell}" for day, cell in zip(DAYS, cells, strict=False))]


def values(table) -> list[float]:
    """The target of a file that was read."""
    return table.frame[table.columns.target].tolist()


def stamps(table) -> pd.DatetimeIndex:
    """The timestamps of a file that was read."""
    return pd.DatetimeIndex(table.frame[table.columns.time])


def assert_sales(table: FileTable) -> None:
    """Assert that the table has the content of SALES."""
    assert list(table.frame.columns) == ["date", "sales"]
    assert table.frame["date"].tolist() == list(pd.date_range("2024-01-01", periods=3))
    assert table.frame["sales"].fillna(-1).tolist() == [1.5, -1, 3]
    assert (table.columns.id, table.columns.time, table.columns.target) == ("unique_id", "date", "sales")


def columns_of(table: FileTable) -> tuple[str, str, str]:
    """The columns of the ids, the time and the target."""
    return table.columns.id, table.columns.time, table.columns.target


def eight_shops() -> pd.DataFrame:
    """Daily sales of eight shops with a trend and a weekly season, under columns of other names than the default."""
    days = pd.date_range("2024-01-01", periods=60)
    parts = [
        pd.DataFrame({"shop": f"shop {k}", "day": days, "sold": k + np.arange(60.0) % 7 + np.arange(60)})
        for k in range(8)
    ]
    return pd.concat(parts)
