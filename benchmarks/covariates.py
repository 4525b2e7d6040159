"""Forecasts with covariates: what linear effects of columns and holidays bring, and the pretrained network, which
reads no columns, where columns are known up to the present only.

    python benchmarks/covariates.py DATA
    python benchmarks/covariates.py DATA --past

Each table is forecast from several origins near its end. True values of columns that are known ahead are given. The
error is the mean absolute error in units of that of the seasonal naive method within the series (MASE), averaged over
series and origins.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import unrolled as un
from unrolled.forecasting import defaults
from unrolled.forecasting.preprocessing.effects import NO_TERMS


class Case(NamedTuple):
    """A table to forecast."""

    file: str
    renamed: dict[str, str]  # to unique_id, ds and y
    columns: tuple[str, ...]  # known ahead, or among `PAST` up to the present
    horizon: int
    season: int  # of MASE
    step: int  # rows between origins
    origins: int = 5
    holidays: str | None = None


STORES = ("Holiday_Flag", "Temperature", "Fuel_Price", "CPI", "Unemployment")
BEER = ("avg_max_temp", "price_regular", "price_actual", "discount", "easter_day", "good_friday", "beer_capital")
BIKES = ("holiday", "workingday", "weathersit", "temp", "hum", "windspeed")
CASES = {
    "bikes, days": Case("bike_sharing/bike_sharing_daily.csv", {"dteday": "ds", "cnt": "y"}, BIKES, 28, 7, 30, 6),
    "drug sales, months": Case("h2o_drug/h2o_exog.csv", {"fecha": "ds"}, ("exog_1", "exog_2"), 12, 12, 12),
    "beer of 350 agencies, months": Case(
        "stallion/stallion_monthly.csv", {"date": "ds", "volume": "y"}, BEER, 6, 12, 6, 3
    ),
    "sales of 45 stores, weeks": Case(
        "walmart_weekly/walmart_45_stores_clean.csv",
        {"Store": "unique_id", "Date": "ds", "Weekly_Sales": "y"},
        STORES,
        *(8, 52, 15, 3),
    ),
    "births, days, holidays of US": Case(
        "us_births/US_births_2000-2014_SSA.csv", {"births": "y"}, (), 28, 7, 187, 5, "US"
    ),
}

GAUGES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
ECONOMY = ("realcons", "realinv", "tbilrate", "unemp")
WEATHER = ("DEWP", "TEMP", "PRES", "Iws")
PAST = {
    "carbon dioxide of a furnace, with its gas": Case(
        "classics/gasrate_co2.csv", {"CO2%": "y"}, ("GasRate(ft3/min)",), 12, 1, 29, 4
    ),
    "oil temperature, hours, with loads": Case("ett/ETTh1.csv", {"date": "ds", "OT": "y"}, GAUGES, 48, 24, 101, 4),
    "PM2.5, hours, with weather": Case(
        "messy/beijing_pm25_split_datetime.csv", {"pm2.5": "y"}, WEATHER, 48, 24, 101, 4
    ),
    "bikes, days, with weather": Case(
        "bike_sharing/bike_sharing_daily.csv",
        {"dteday": "ds", "cnt": "y"},
        ("temp", "hum", "windspeed"),
        14,
        7,
        33,
        4,
    ),
    "gross domestic product, quarters": Case("classics/sm_macrodata.csv", {"realgdp": "y"}, ECONOMY, 8, 4, 21, 4),
    "unemployment, quarters": Case(
        "classics/sm_macrodata.csv", {"unemp": "y"}, ("realgdp", "realinv", "tbilrate"), 8, 4, 21, 4
    ),
    "sales of 45 stores, weeks": CASES["sales of 45 stores, weeks"]._replace(columns=STORES[1:], step=21, origins=4),
}
LONGEST = 3000  # rows of a series that are read


def load(case: Case, data: Path) -> pd.DataFrame:
    """The columns of a case."""
    df = pd.read_csv(data / case.file).rename(columns=case.renamed)
    if "births" in case.file:
        parts = df[["year", "month", "date_of_month"]].set_axis(["year", "month", "day"], axis=1)
        df["ds"] = pd.to_datetime(parts)
    if "hour" in df:
        df["ds"] = pd.to_datetime(df[["year", "month", "day", "hour"]])
    if "quarter" in df:
        df["ds"] = pd.PeriodIndex.from_fields(year=df.year, quarter=df.quarter, freq="Q").to_timestamp()
    if "agency" in df:
        df["unique_id"] = df.agency + df.sku
        df = df.groupby("unique_id").filter(lambda one: one.y.mean() > 5)
    if "weathersit" in df:
        df["weathersit"] = df.weathersit.map({1: "clear", 2: "mist", 3: "rain"})
    df["ds"] = pd.to_datetime(df.ds) if "ds" in df else np.arange(len(df))
    df["unique_id"] = df.get("unique_id", "series")
    df = df.sort_values(["unique_id", "ds"])[["unique_id", "ds", "y", *case.columns]]
    return df.groupby("unique_id").tail(LONGEST).reset_index(drop=True)


@contextmanager
def without_effects() -> Iterator[None]:
    """Fits in which nothing has linear effects."""
    original = defaults.choose_terms
    defaults.choose_terms = lambda *args: NO_TERMS  # type: ignore[assignment]
    try:
        yield
    finally:
        defaults.choose_terms = original


def error(case: Case, known: pd.DataFrame, actual: pd.DataFrame, network: str, *, past: bool) -> float:
    """The MASE of a forecast from one origin."""
    fc = un.Forecaster(case.horizon, network=network, holidays=case.holidays, verbose=0)
    fc.fit(known, **{"past_cols" if past else "future_cols": case.columns})
    found = fc.predict(future=actual.drop(columns="y") if case.columns and not past else None)
    values = found.set_index(["unique_id", "ds"]).iloc[:, 0]
    values = values.reindex(pd.MultiIndex.from_frame(actual[["unique_id", "ds"]])).to_numpy()
    season = case.season
    scale = known.groupby("unique_id").y.apply(lambda y: y.diff(season).abs().mean()).replace(0, np.nan)
    return float((np.abs(values - actual.y) / actual.unique_id.map(scale)).mean())


def errors(case: Case, known: pd.DataFrame, actual: pd.DataFrame, *, past: bool) -> list[float]:
    """The errors of all columns of the table from one origin."""
    if past:
        blind = case._replace(columns=())
        return [error(one, known, actual, net, past=True) for one in (blind, case) for net in ("trained", "both")]
    found = []
    for network in ("trained", "both"):
        with without_effects():
            found.append(error(case, known, actual, network, past=False))
        found.append(error(case, known, actual, network, past=False))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--past", action="store_true", help="tables whose columns are known up to the present only")
    given = parser.parse_args()
    heads = ("without columns", "with columns") if given.past else ("trained", "both")
    below = ("trained", "both") if given.past else ("without", "with")
    print(
        " " * 42 + "".join(f"{head:>24}" for head in heads) + "\n" + " " * 42 + "".join(f"{b:>12}" for b in below) * 2
    )
    logs = []
    for name, case in (PAST if given.past else CASES).items():
        df, rows = load(case, given.data), []
        left = df.groupby("unique_id").cumcount(ascending=False)
        for origin in range(case.origins):
            past = case.horizon + origin * case.step
            known, actual = df[left >= past], df[(left < past) & (left >= past - case.horizon)]
            actual = actual[actual.unique_id.isin(known.unique_id)]
            rows.append(errors(case, known, actual, past=given.past))
        means = np.mean(rows, axis=0)
        logs.append(np.log(means))
        print(f"{name:42}" + "".join(f"{value:12.3f}" for value in means), flush=True)
    print(f"{'geometric mean':42}" + "".join(f"{value:12.3f}" for value in np.exp(np.mean(logs, axis=0))))


if __name__ == "__main__":
    main()
