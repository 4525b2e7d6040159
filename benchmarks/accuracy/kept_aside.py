"""Data sets that were not used for any choice: the last horizon at default settings, and naive forecasts.

They are for a final check, so there is no validation and no tuning here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import competition
import loaders
import numpy as np
import pandas as pd

SETTINGS: dict[str, dict[str, Any]] = {"defaults": {}}


class Set(NamedTuple):
    file: str
    read: Callable[[Path], pd.DataFrame]
    horizon: int
    season: int  # of the measures and baselines
    settings: dict[str, Any]  # the season, if timestamps are whole numbers


def us_births(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    days = table[["year", "month", "date_of_month"]].set_axis(["year", "month", "day"], axis=1)
    return loaders.one_series(pd.to_datetime(days), table["births"])


def vic_electricity(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, usecols=["Time", "Demand"])
    return loaders.one_series(pd.to_datetime(table["Time"]).dt.tz_localize(None), table["Demand"])  # UTC


def h2o_drug(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, usecols=["fecha", "y"])
    return loaders.one_series(pd.to_datetime(table["fecha"]), table["y"])


def bike_sharing(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, usecols=["dteday", "cnt"])
    return loaders.one_series(pd.to_datetime(table["dteday"]), table["cnt"])


def m1_monthly(path: Path) -> pd.DataFrame:
    """The Monash archive's format: after `@data`, one line `name:start:value,value,...` per series."""
    lines = path.read_text(encoding="cp1252").splitlines()  # as the archive writes it
    start = next(k for k, line in enumerate(lines) if line.strip().lower() == "@data")
    cells = [line.split(":") for line in lines[start + 1 :] if line.strip()]
    return loaders.long_table({name: np.array(values.split(","), dtype=np.float64) for name, *_, values in cells})


SETS = {
    "US births, daily": Set("us_births/US_births_2000-2014_SSA.csv", us_births, 28, 7, {}),
    "Victoria's electricity, half-hourly": Set("vic_electricity/vic_electricity.csv", vic_electricity, 48, 48, {}),
    "drug sales (h2o), monthly": Set("h2o_drug/h2o_exog.csv", h2o_drug, 12, 12, {}),
    "bike sharing, daily": Set("bike_sharing/bike_sharing_daily.csv", bike_sharing, 28, 7, {}),
    "M1, monthly": Set("tsf_samples/m1_monthly_dataset.tsf", m1_monthly, 18, 12, {"season": 12}),
}


def load(data: Path, name: str) -> loaders.Parts:
    chosen = SETS[name]
    return loaders.last_horizon(chosen.read(data / chosen.file), chosen.horizon, [Path(chosen.file).name])


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    assert not validation
    found = []
    for name, chosen in SETS.items():
        own = {**settings, **chosen.settings}
        row = competition.row(
            [(chosen.horizon, load(data, name))], chosen.season, own, seeds, ("naive", "seasonal naive")
        )
        found.append({"data": name, **row})
    return found
