"""What linear effects bring: forecasts with covariates and holidays, with and without them.

    python benchmarks/covariates.py DATA

Each table is forecast from several origins near its end, and the true values of the covariates ahead are given. The
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
    future: tuple[str, ...]  # columns that are known ahead
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


def load(case: Case, data: Path) -> pd.DataFrame:
    """The columns of a case."""
    df = pd.read_csv(data / case.file).rename(columns=case.renamed)
    if "births" in case.file:
        parts = df[["year", "month", "date_of_month"]].set_axis(["year", "month", "day"], axis=1)
        df = df.assign(ds=pd.to_datetime(parts)).tail(3000)
    if "agency" in df:
        df["unique_id"] = df.agency + df.sku
        df = df.groupby("unique_id").filter(lambda one: one.y.mean() > 5)
    if "weathersit" in df:
        df["weathersit"] = df.weathersit.map({1: "clear", 2: "mist", 3: "rain"})
    df["ds"] = pd.to_datetime(df.ds)
    df["unique_id"] = df.get("unique_id", "series")
    return df.sort_values(["unique_id", "ds"])[["unique_id", "ds", "y", *case.future]].reset_index(drop=True)


@contextmanager
def without_effects() -> Iterator[None]:
    """Fits in which nothing has linear effects."""
    original = defaults.choose_terms
    defaults.choose_terms = lambda *args: NO_TERMS  # type: ignore[assignment]
    try:
        yield
    finally:
        defaults.choose_terms = original


def error(case: Case, known: pd.DataFrame, actual: pd.DataFrame, network: str) -> float:
    """The MASE of a forecast from one origin."""
    fc = un.Forecaster(case.horizon, network=network, holidays=case.holidays, verbose=0)
    fc.fit(known, future_cols=case.future)
    found = fc.predict(future=actual.drop(columns="y") if case.future else None).set_index(["unique_id", "ds"])
    values = found.iloc[:, 0].reindex(pd.MultiIndex.from_frame(actual[["unique_id", "ds"]])).to_numpy()
    season = case.season
    scale = known.groupby("unique_id").y.apply(lambda y: y.diff(season).abs().mean()).replace(0, np.nan)
    return float((np.abs(values - actual.y) / actual.unique_id.map(scale)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    data = parser.parse_args().data
    print(f"{'':32}{'trained':>24}{'both':>24}\n{'':32}{'without':>12}{'with':>12}{'without':>12}{'with':>12}")
    logs = []
    for name, case in CASES.items():
        df, rows = load(case, data), []
        left = df.groupby("unique_id").cumcount(ascending=False)
        for origin in range(case.origins):
            past = case.horizon + origin * case.step
            known, actual = df[left >= past], df[(left < past) & (left >= past - case.horizon)]
            actual = actual[actual.unique_id.isin(known.unique_id)]
            row = []
            for network in ("trained", "both"):
                with without_effects():
                    row.append(error(case, known, actual, network))
                row.append(error(case, known, actual, network))
            rows.append(row)
        means = np.mean(rows, axis=0)
        logs.append(np.log(means))
        print(f"{name:32}" + "".join(f"{value:12.3f}" for value in means), flush=True)
    print(f"{'geometric mean':32}" + "".join(f"{value:12.3f}" for value in np.exp(np.mean(logs, axis=0))))


if __name__ == "__main__":
    main()
