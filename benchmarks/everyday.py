"""Forecasts of everyday series, compared with the best simple rule of each, and with statistical methods.

    python benchmarks/everyday.py DATA --methods zero-shot,trained,both,MSTL,AutoTheta,Prophet --output everyday.json

Each series is forecast from several origins near its end, and every method sees the same rows. A simple rule is one
of the baselines that need no estimation; the best one is chosen afterwards, with knowledge of the results. The error
of a method is its mean absolute error over all origins divided by that of the best rule. Series with `looked_at` were
examined while the pretrained network was made; the others were not.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import unrolled as un
from unrolled.forecasting.baselines.registry import FROM_LAST_VALUES, baseline_forecasts, distinct
from unrolled.series.by_frequency import read_panels
from unrolled.series.columns import Columns
from unrolled.series.origins import Origins

DOCUMENT = Path(__file__).parent.parent / "docs" / "pretrained.md"
BEGIN, END = "<!-- everyday: begin -->", "<!-- everyday: end -->"
ORIGINS = 4
MIN_HORIZONS = 4  # horizons that are left out when the distance between origins is chosen
LEVELS = (80, 95)
RULES = [name for name in FROM_LAST_VALUES if name not in ("Naive2", "HistoricAverage")]
LONGEST = 3_000  # rows of a series that are read, so that all methods take seconds


class Series(NamedTuple):
    """A series of a public file."""

    file: str
    horizon: int
    options: dict[str, str]
    id: str | None = None  # of one of several series
    looked_at: bool = True


def alone(file: str, horizon: int, id: str | None = None, *, looked_at: bool = False, **options: str) -> Series:
    return Series(file, horizon, options, id, looked_at)


SERIES = {
    "load, half-hours": alone("vic_electricity/vic_electricity.csv", 48, target="Demand", looked_at=True),
    "taxi rides, half-hours": alone("classics/taxi_new_york_passengers.csv", 48, looked_at=True),
    "rented bikes, hours": alone("bike_sharing/bike_sharing_hourly_clean.csv", 48, target="users", looked_at=True),
    "oil temperature, hours": alone("ett/ETTh1.csv", 48, target="OT", looked_at=True),
    "national load, hours": alone(
        "messy/smard_load_local_time.csv", 48, target="Total (grid load) [MWh]", looked_at=True
    ),
    "electricity price, hours": alone("messy/DE-LU_prices_2023_offsets.csv", 48, looked_at=True),
    "PM2.5, hours": alone("messy/beijing_pm25_split_datetime.csv", 48, target="pm2.5", looked_at=True),
    "carbon monoxide, hours": alone("messy/AirQualityUCI.csv", 48, target="CO(GT)", na="-200"),
    "births, days": alone("us_births/US_births_2000-2014_SSA.csv", 28, target="births", looked_at=True),
    "page views, days": alone("prophet_examples/example_wp_log_peyton_manning.csv", 28, looked_at=True),
    "minimum temperature, days": alone("classics/daily-min-temperatures.csv", 28, looked_at=True),
    "rented bikes, days": alone("bike_sharing/bike_sharing_daily.csv", 28, target="cnt", looked_at=True),
    "flights, days": alone("messy/uk_daily_flights_bom_dmy.csv", 28),
    "share price, business days": alone("messy/google_thousands_strings.csv", 20, target="Close"),
    "trading volume, business days": alone("messy/google_thousands_strings.csv", 20, target="Volume"),
    "sales of a store, weeks": alone("walmart_weekly/walmart_45_stores_clean.csv", 13, id="4", target="Weekly_Sales"),
    "sales of another store, weeks": alone(
        "walmart_weekly/walmart_45_stores_clean.csv", 13, id="36", target="Weekly_Sales"
    ),
    "retail sales, months": alone("prophet_examples/example_retail_sales.csv", 12, looked_at=True),
    "drug sales, months": alone("h2o_drug/h2o_exog.csv", 12, target="y", looked_at=True),
    "air passengers, months": alone("classics/AirPassengers.csv", 12, looked_at=True),
    "milk, months": alone("classics/monthly-milk.csv", 12),
    "car sales, months": alone("classics/monthly-car-sales.csv", 12),
    "sunspots, months": alone("classics/monthly-sunspots.csv", 12),
    "beer, quarters": alone("classics/ausbeer.csv", 8, looked_at=True),
    "gross domestic product, quarters": alone("classics/sm_macrodata.csv", 8, target="realgdp"),
    "unemployment, quarters": alone("classics/sm_macrodata.csv", 8, target="unemp"),
}


def load(series: Series, data: Path) -> pd.DataFrame:
    """The last rows of the series as a table with ds and y."""
    frame = un.read_table(str(data / series.file), **series.options)
    if series.id is not None:
        frame = frame[frame.unique_id.astype(str) == series.id]
    return frame[["ds", "y"]].tail(LONGEST).reset_index(drop=True)


def rules_of(past: pd.DataFrame, horizon: int) -> dict[str, np.ndarray]:
    """The forecasts of the simple rules."""
    (panel,) = read_panels(past, Columns())
    origins = Origins(panel, panel.offsets[1:])
    season = panel.frequency.season
    names = distinct(RULES, panel.frequency, season, len(panel.y))
    found = baseline_forecasts(names, origins, panel.offsets[1:], horizon, season=season, naive2_season=season)
    return {name: values[0] for name, values in found.items()}


Method = Callable[[pd.DataFrame, int], pd.DataFrame]


def zero_shot(past: pd.DataFrame, horizon: int) -> pd.DataFrame:
    return un.forecast(past, horizon, level=LEVELS)


def fitted(network: str) -> Method:
    def method(past: pd.DataFrame, horizon: int) -> pd.DataFrame:
        return un.Forecaster(horizon, network=network, verbose=0).fit(past).predict(level=LEVELS)

    return method


def statistical(name: str) -> Method:
    """AutoTheta with the shortest season, or MSTL with all seasons of more than two cycles, and ETS for the trend."""

    def method(past: pd.DataFrame, horizon: int) -> pd.DataFrame:
        from statsforecast import models

        (panel,) = read_panels(past, Columns())
        lengths = [n for n in panel.frequency.seasons.values() if 2 * n < len(panel.y)]
        if name == "MSTL" and lengths:
            model = models.MSTL(season_length=lengths, trend_forecaster=models.AutoETS(model="ZZN"))
        else:
            kind = models.AutoETS if name == "MSTL" else models.AutoTheta
            model = kind(season_length=lengths[0] if lengths else 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ahead = model.forecast(panel.y, horizon, level=list(LEVELS))
        bounds = {f"{name}-{end}-{level}": ahead[f"{end}-{level}"] for level in LEVELS for end in ("lo", "hi")}
        stamps = panel.frequency.stamps(panel.first[0] + len(panel.y) + np.arange(horizon))
        return pd.DataFrame({"ds": stamps, name: ahead["mean"], **bounds})

    return method


def prophet(past: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Prophet with its defaults, whose intervals have one width each."""
    import logging

    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    (panel,) = read_panels(past, Columns())
    known = pd.DataFrame({"ds": panel.stamps(0), "y": np.where(panel.observed, panel.y, np.nan)})
    ahead = pd.DataFrame({"ds": panel.frequency.stamps(panel.first[0] + len(panel.y) + np.arange(horizon))})
    bounds = {}
    for level in LEVELS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = Prophet(interval_width=level / 100).fit(known, seed=0).predict(ahead)
        bounds |= {f"Prophet-lo-{level}": found.yhat_lower, f"Prophet-hi-{level}": found.yhat_upper}
    return pd.DataFrame({"ds": ahead.ds, "Prophet": found.yhat, **bounds})


METHODS: dict[str, Method] = {
    "zero-shot": zero_shot,
    **{network: fitted(network) for network in ("pretrained", "trained", "both")},
    **{name: statistical(name) for name in ("MSTL", "AutoTheta")},
    "Prophet": prophet,
}


def measure(series: Series, data: Path, methods: list[str]) -> dict[str, object]:
    """Errors, coverage and seconds of the methods on one series."""
    frame, horizon = load(series, data), series.horizon
    errors: dict[str, list[float]] = {}
    inside: dict[str, dict[int, list[float]]] = {name: {level: [] for level in LEVELS} for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    apart = min(2 * horizon + 5, (len(frame) - MIN_HORIZONS * horizon) // ORIGINS)
    for k in range(ORIGINS):
        end = len(frame) - horizon - k * apart
        past, actual = frame.iloc[:end].reset_index(drop=True), frame.iloc[end : end + horizon].reset_index(drop=True)
        y = actual.y.to_numpy(float)
        for name, values in rules_of(past, horizon).items():
            errors.setdefault(name, []).append(float(np.nanmean(np.abs(values - y))))
        for name in methods:
            began = time.perf_counter()
            found = METHODS[name](past, horizon)
            seconds[name] += (time.perf_counter() - began) / ORIGINS
            middle = found.columns[1]
            errors.setdefault(name, []).append(float(np.nanmean(np.abs(found[middle].to_numpy(float) - y))))
            for level in LEVELS:
                low, high = (found[f"{middle}-{end_}-{level}"].to_numpy(float) for end_ in ("lo", "hi"))
                known = np.isfinite(y)
                inside[name][level].append(float(((low <= y) & (y <= high))[known].mean()))
    mean = {name: float(np.mean(own)) for name, own in errors.items()}
    best = min((name for name in mean if name not in methods), key=mean.__getitem__)
    return {
        "rule": best,
        "ratios": {name: mean[name] / mean[best] for name in methods},
        "coverage": {name: {str(n): float(np.mean(own)) for n, own in by.items()} for name, by in inside.items()},
        "seconds": seconds,
        "looked_at": series.looked_at,
    }


def summary(results: dict[str, dict], methods: list[str]) -> str:
    """A table of the ratios, and their geometric means."""
    lines = [f"| series | best rule | {' | '.join(methods)} |", "|---" * (len(methods) + 2) + "|"]
    for name, found in results.items():
        cells = [f"{found['ratios'][method]:.2f}" for method in methods]
        lines.append(f"| {name}{'' if found['looked_at'] else ' *'} | {found['rule']} | {' | '.join(cells)} |")
    for title, wanted in (("all", (True, False)), ("not looked at (*)", (False,))):
        some = [found for found in results.values() if found["looked_at"] in wanted]
        if some:
            means = [np.exp(np.mean([np.log(f["ratios"][m]) for f in some])) for m in methods]
            worst = [max(f["ratios"][m] for f in some) for m in methods]
            lines.append(f"| geometric mean, {title} | | {' | '.join(f'{v:.3f}' for v in means)} |")
            lines.append(f"| worst, {title} | | {' | '.join(f'{v:.2f}' for v in worst)} |")
    for level in LEVELS:
        shares = [np.mean([found["coverage"][m][str(level)] for found in results.values()]) for m in methods]
        lines.append(f"| coverage of {level} % intervals | | {' | '.join(f'{v:.2f}' for v in shares)} |")
    each = [np.mean([found["seconds"][m] for found in results.values()]) for m in methods]
    lines.append(f"| seconds per forecast | | {' | '.join(f'{v:.2f}' for v in each)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Forecasts of everyday series, compared with simple rules.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--methods", default="zero-shot", help=f"separated by commas: {', '.join(METHODS)}")
    parser.add_argument("--only", default="", help="part of the names of series")
    parser.add_argument("--output", type=Path, help="file for the results, as JSON; results in it are kept")
    parser.add_argument("--document", action="store_true", help="write the table into docs/pretrained.md")
    given = parser.parse_args()
    methods = given.methods.split(",")
    results: dict[str, dict] = {}
    if given.output and given.output.exists():
        results = json.loads(given.output.read_text())
    for name, series in SERIES.items():
        if given.only not in name:
            continue
        missing = [method for method in methods if method not in results.get(name, {}).get("ratios", {})]
        if missing:
            own = measure(series, given.data, missing)
            old = results.get(name, {"ratios": {}, "coverage": {}, "seconds": {}})
            results[name] = own | {part: {**old[part], **own[part]} for part in ("ratios", "coverage", "seconds")}
            print(name, own["rule"], {m: round(v, 2) for m, v in own["ratios"].items()}, flush=True)
            if given.output:
                given.output.write_text(json.dumps(results, indent=1))
    whole = {name: results[name] for name in SERIES if name in results}
    table = summary({n: r for n, r in whole.items() if set(methods) <= set(r["ratios"])}, methods)
    print(table)
    if given.document:
        text = DOCUMENT.read_text()
        before, rest = text.split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
