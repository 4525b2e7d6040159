"""Measure the accuracy of unrolled on public data: one table per data set, from a folder that holds the files.

    make accuracy DATA=../shared/data
    python benchmarks/accuracy/run.py ../shared/data --only m4-hourly --validation --settings defaults --seeds 0 1 2

With `--validation`, for choosing settings, the last horizon of the training parts is forecast, and no test file is
opened. Otherwise the test parts are forecast. `python benchmarks/accuracy/document.py` makes docs/accuracy.md from
the results.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import air_passengers
import cif2016
import ett
import kept_aside
import m3
import m3_alone
import m4
import record

TABLES = {
    "m4-hourly": m4,
    "cif2016": cif2016,
    "m3-monthly": m3,
    "m3-alone": m3_alone,
    "etth1": ett,
    "air-passengers": air_passengers,
    "kept-aside": kept_aside,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--validation", action="store_true", help="hold out the end of the training parts instead")
    parser.add_argument("--settings", choices=["defaults", "tuned", "both"], default="both")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: 0 1 2, and 0 to 4 for AirPassengers")
    parser.add_argument("--network", choices=["trained", "pretrained", "both"], help="that of `Forecaster`")
    parser.add_argument("--output", type=Path, default=record.RESULTS)
    args = parser.parse_args()
    if args.network and args.output == record.RESULTS:
        parser.error("--network needs an --output of its own")
    for name in args.only:
        if args.validation and TABLES[name] is kept_aside:
            print(f"{name}: kept for the test", flush=True)
            continue
        for choice in ("defaults", "tuned") if args.settings == "both" else (args.settings,):
            one_table(name, choice, args)


def one_table(name: str, choice: str, args: argparse.Namespace) -> None:
    table = TABLES[name]
    settings = table.SETTINGS.get(choice)
    if settings is None or (choice == "tuned" and settings == table.SETTINGS["defaults"]):
        print(f"{name}: nothing is tuned", flush=True)
        return
    settings = {**settings, "network": args.network} if args.network else settings
    seeds = args.seeds or getattr(table, "SEEDS", (0, 1, 2))
    rows = table.rows(args.data, args.validation, settings, seeds)
    record.keep(record.file_of(args.output, name, args.validation), name, args.validation, choice, rows)
    for row in rows:
        figures = "  ".join(f"{what} {value:.4g}" for what, value in row["median"].items())
        print(f"{name}, {row.get('data', choice)}, horizon {row['horizon']}: {figures}", flush=True)


if __name__ == "__main__":
    main()
