"""For comparison: the statistical methods of statsforecast on the last horizon of the training parts.

    make statistical DATA=../shared/data       # in an environment of its own

They read the same rows as unrolled with `run.py --validation`; no test file is opened.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import loaders
import measures
import pandas as pd
import record
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, SeasonalNaive

MONTHLY = {"SeasonalNaive": SeasonalNaive, "AutoETS": AutoETS, "AutoTheta": AutoTheta, "AutoARIMA": AutoARIMA}
HOURLY = {"SeasonalNaive": SeasonalNaive, "AutoETS": AutoETS}


def forecast(parts: loaders.Parts, model: Any, horizon: int) -> pd.DataFrame:
    """The test part with a column "f"; series that the method cannot fit have the seasonal naive forecast."""
    fallback = SeasonalNaive(season_length=model.season_length)
    made = StatsForecast([model], freq=1, n_jobs=2, fallback_model=fallback).forecast(df=parts.train, h=horizon)
    merged = parts.test.merge(made.rename(columns={model.alias: "f"}), on=["unique_id", "ds"], validate="one_to_one")
    if len(merged) != len(parts.test):
        raise ValueError(f"{len(merged)} forecasts for {len(parts.test)} values")
    return merged


def measured(name: str, by_horizon: dict[int, loaders.Parts], models: dict[str, Any], season: int) -> list[dict]:
    rows = []
    train = pd.concat([parts.train for parts in by_horizon.values()])
    for method, make in models.items():
        began = time.perf_counter()
        made = pd.concat([forecast(p, make(season_length=season), h) for h, p in by_horizon.items()])
        row = {"data": name, "method": method, "season": season, "series": train["unique_id"].nunique()}
        row |= measures.scores(train, made, "f", season) | {"wall_s": time.perf_counter() - began}
        figures = f"sMAPE {row['smape']:7.3f}  MASE {row['mase']:6.3f}  {row['wall_s']:.0f} s"
        print(f"{name:12} {method:14} {figures}", flush=True)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=["cif2016", "m3-monthly", "m4-hourly"])
    parser.add_argument("--output", type=Path, default=record.RESULTS)
    args = parser.parse_args()
    wanted = args.only or ["cif2016", "m3-monthly", "m4-hourly"]
    rows: list[dict] = []
    if "cif2016" in wanted:
        rows += measured("cif2016", loaders.cif2016(args.data, True), MONTHLY, 12)
    if "m4-hourly" in wanted:
        rows += measured("m4-hourly", {48: loaders.m4_hourly(args.data, True)}, HOURLY, 24)
    if "m3-monthly" in wanted:
        rows += measured("m3-monthly", {18: loaders.m3_monthly(args.data, True)}, MONTHLY, 12)
    path = record.file_of(args.output, "statistical", True)
    facts = record.machine("statsforecast")
    kept = [row for row in record.load(path)["rows"] if row["data"] not in wanted] if path.exists() else []
    content = {"table": "statistical", "split": "validation"}
    record.write(path, content | {"rows": [*kept, *({**row, "machine": facts} for row in rows)]})


if __name__ == "__main__":
    main()
