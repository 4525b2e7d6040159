"""Public data sets as long tables with the columns `unique_id`, `ds`, `y`.

The training and test parts of a competition are two files of the same layout. Only `parts` opens a test file, and
only if it is not asked for a validation.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

Wide = dict[str, np.ndarray]  # the values of each series, by its name


class Parts(NamedTuple):
    """The known values and those to forecast; `test` follows `train` without a gap."""

    train: pd.DataFrame
    test: pd.DataFrame
    files: list[str]


def read_wide(path: Path) -> Wide:
    """One row per series: its name, in CIF 2016 its horizon, and its values; empty cells end a row.

    >>> path = Path(__import__("tempfile").mkdtemp(), "wide.csv")
    >>> _ = path.write_text("V1,V2,V3\\nH1,5,6\\nH2,7,\\n")
    >>> read_wide(path)["H2"]
    array([7.])
    """
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    first = 2 if head[1] == "horizon" else 1
    series = {}
    for row in rows:
        cells = row[first:]
        while cells and not cells[-1].strip():
            cells.pop()
        series[row[0]] = np.array(cells, dtype=np.float64)
    if len(series) != len(rows):
        raise ValueError(f"{path}: {len(rows)} rows but {len(series)} names")
    return series


def read_horizons(path: Path) -> dict[str, int]:
    """The column `horizon` of a wide file, by series."""
    table = pd.read_csv(path, usecols=[0, 1], index_col=0)
    return {str(name): int(horizon) for name, horizon in table["horizon"].items()}


def long_table(series: Wide, first: Mapping[str, int] | None = None) -> pd.DataFrame:
    """A long table whose timestamps are whole numbers from 1, or from `first` of each series."""
    starts = [1 if first is None else first[name] for name in series]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(list(series), [len(y) for y in series.values()]),
            "ds": np.concatenate([np.arange(s, s + len(y)) for s, y in zip(starts, series.values(), strict=True)]),
            "y": np.concatenate(list(series.values())),
        }
    )


def parts(train_file: Path, test_file: Path, horizons: Mapping[str, int], validation: bool) -> Parts:
    """With `validation`, the last horizon of each training series is forecast, and the test file is not opened."""
    train = read_wide(train_file)
    if validation:
        test = {name: y[-horizons[name] :] for name, y in train.items()}
        train = {name: y[: -horizons[name]] for name, y in train.items()}
    else:
        test = read_wide(test_file)
    for name in train:
        if len(test[name]) != horizons[name]:
            raise ValueError(f"{test_file}: {name} has {len(test[name])} values for horizon {horizons[name]}")
    after = {name: len(y) + 1 for name, y in train.items()}
    files = [train_file.name] if validation else [train_file.name, test_file.name]
    return Parts(long_table(train), long_table({name: test[name] for name in train}, after), files)


def last_horizon(table: pd.DataFrame, horizon: int, files: list[str]) -> Parts:
    """The last `horizon` rows of each series are to be forecast."""
    table = table.sort_values(["unique_id", "ds"], ignore_index=True)
    from_end = table.groupby("unique_id").cumcount(ascending=False)
    return Parts(table[from_end >= horizon], table[from_end < horizon], files)


def one_by_one(parts: Parts, every: int, shortest: int) -> list[Parts]:
    """Each series by itself: every `every`-th of those with at least `shortest` training rows."""
    rows = parts.train["unique_id"].value_counts(sort=False)
    names = rows.index[rows >= shortest][::every]
    train, test = (dict(list(table.groupby("unique_id"))) for table in parts[:2])
    return [Parts(train[name], test[name], parts.files) for name in names]


# --- competitions --------------------------------------------------------------------------------------------------


def m4_hourly(data: Path, validation: bool) -> Parts:
    train = data / "m4" / "Hourly-train.csv"
    horizons = dict.fromkeys(read_wide(train), 48)
    return parts(train, data / "m4" / "Hourly-test.csv", horizons, validation)


def m3_monthly(data: Path, validation: bool) -> Parts:
    train = data / "m3" / "m3_monthly_train.csv"
    horizons = dict.fromkeys(read_wide(train), 18)
    return parts(train, data / "m3" / "m3_monthly_test.csv", horizons, validation)


def m3_quarterly(data: Path, validation: bool) -> Parts:
    train = data / "m3" / "m3_quarterly_train.csv"
    horizons = dict.fromkeys(read_wide(train), 8)
    return parts(train, data / "m3" / "m3_quarterly_test.csv", horizons, validation)


def cif2016(data: Path, validation: bool) -> dict[int, Parts]:
    """The series by horizon: 15 have horizon 6, 57 have horizon 12."""
    train = data / "cif2016" / "cif2016_train.csv"
    horizons = read_horizons(train)
    whole = parts(train, data / "cif2016" / "cif2016_test.csv", horizons, validation)
    found = {}
    for horizon in sorted(set(horizons.values())):
        names = [name for name, h in horizons.items() if h == horizon]
        tables = [table[table["unique_id"].isin(names)].reset_index(drop=True) for table in whole[:2]]
        found[horizon] = Parts(*tables, whole.files)
    return found


# --- single files --------------------------------------------------------------------------------------------------

MONTH_ROWS = 30 * 24  # ETT counts months of 30 days
ETT_TRAIN, ETT_VALIDATION, ETT_TEST = 12 * MONTH_ROWS, 4 * MONTH_ROWS, 4 * MONTH_ROWS


def etth1(data: Path, validation: bool) -> Parts:
    """One series per channel, standardised by the mean and standard deviation of its first twelve months.

    The public protocol trains on the first twelve months and forecasts the four test months; the four months of
    validation lie between them. A validation reads the file only up to their end.
    """
    path = data / "ett" / "ETTh1.csv"
    rows = ETT_TRAIN + ETT_VALIDATION + (0 if validation else ETT_TEST)
    wide = pd.read_csv(path, nrows=rows, parse_dates=["date"], index_col="date")
    known = wide.iloc[:ETT_TRAIN]
    wide = (wide - known.mean()) / known.std(ddof=0)
    train, test = wide.iloc[: rows - ETT_TEST], wide.iloc[rows - ETT_TEST :]
    return Parts(*(_melted(part) for part in (train, test)), [path.name])


def _melted(wide: pd.DataFrame) -> pd.DataFrame:
    table = wide.melt(var_name="unique_id", value_name="y", ignore_index=False)
    return table.rename_axis("ds").reset_index()[["unique_id", "ds", "y"]]


def air_passengers(data: Path, validation: bool) -> Parts:
    """144 months; a validation reads only the first 132."""
    path = data / "classics" / "AirPassengers.csv"
    table = pd.read_csv(path, names=["ds", "y"], header=0, nrows=132 if validation else 144)
    return last_horizon(one_series(pd.to_datetime(table["ds"]), table["y"]), 12, [path.name])


def one_series(stamps: pd.Series, values: pd.Series, name: str = "y") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": stamps, "y": values.astype(np.float64)})
