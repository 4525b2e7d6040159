"""Run `unrolled forecast` on unchanged public files, and write the table of docs/files.md.

Run with `make files DATA=folder`, where folder has messy/ and classics/.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "files.md"
BEGIN, END = "<!-- files: begin -->", "<!-- files: end -->"
# options that a file needs besides its horizon; all other files are read without options
TOLD = {
    "AirQualityUCI.csv": ["--target", "CO(GT)", "--na=-200"],
    "AirQualityUCI_bom_quoted.csv": ["--target", "CO(GT)", "--na=-200"],
    "beijing_pm25_split_datetime.csv": ["--target", "pm2.5"],
    "bike_rental_events.csv": ["--aggregate", "mean"],
    "goog_yfinance_3_header_rows.csv": ["--target", "close"],
    "google_thousands_strings.csv": ["--target", "Volume"],
    "melbourne_temp_question_marks.csv": ["--na", "?0.2,?0.8,?0.1"],
    "parking_irregular_panel.csv": ["--aggregate", "mean"],
    "smard_load_local_time.csv": ["--target", "Total (grid load) [MWh]"],
    "walmart_dollars.csv": ["--target", "Weekly_Sales"],
    "gasrate_co2.csv": ["--target", "CO2%", "--freq", "1"],
    "sm_macrodata.csv": ["--target", "realgdp"],
}
LIMIT_S = 3600
SHORT = ["--steps", "100", "--ensemble", "1"]


def unrolled(*words: str, cwd: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unrolled", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=LIMIT_S)


def measure(path: Path, short: bool) -> dict:
    """Inspect and forecast one file; what was detected, the time, and the errors on the held-out end."""
    told = TOLD.get(path.name, [])
    with tempfile.TemporaryDirectory() as folder:
        found = json.loads(unrolled("inspect", str(path), *told, "--json", cwd=folder).stdout)
        assert found["error"] is None, (path.name, found["error"])
        words = ["forecast", str(path), *told, "--horizon", str(found["horizon"])]
        words += ["--json", "--quiet", "--out", "out", *(SHORT if short else [])]
        began = time.perf_counter()
        done = unrolled(*words, cwd=folder)
        seconds = time.perf_counter() - began
        assert done.returncode == 0, (path.name, done.stderr)
        return {"path": path, "told": told, "found": found, "seconds": seconds} | json.loads(done.stdout)


def row(result: dict) -> str:
    """One row of the table: sMAPE of the network, and of the seasonal naive (without a season: naive) forecast."""
    found, errors = result["found"], result["held_out"]["errors"]
    baseline = "SeasonalNaive" if "SeasonalNaive" in errors else "Naive"
    (own, *_) = [model for model in errors if model not in ("Naive", "SeasonalNaive", "Drift")]
    inferred = f"{found['series']} × {found['frequency']}, {found['first']} … {found['last']}, {found['target']!r}"
    notes = "; ".join(note for note in found["notes"] if "left out of every score" not in note)
    options = f"`{shlex.join(told)}`" if (told := result["told"]) else "none"
    smape = {  # unknown for values that are 0 or have both signs
        model: "–" if errors[model]["sMAPE"] is None else f"{errors[model]['sMAPE']:.2f}" for model in (own, baseline)
    }
    kind = "" if baseline == "SeasonalNaive" else " (naive)"
    return (
        f"| {result['path'].name} | {inferred}{'; ' + notes if notes else ''} | {options} | {found['horizon']} | "
        f"{result['seconds']:.0f} s | {smape[own]} | {smape[baseline]}{kind} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with messy/ and classics/")
    parser.add_argument("--only", default="", help="part of the names of files to run, shown but not written")
    parser.add_argument("--short", action="store_true", help=f"train less: {' '.join(SHORT)}")
    given = parser.parse_args()
    files = sorted(
        [*given.data.glob("messy/*.csv"), *given.data.glob("classics/*.csv")], key=lambda p: p.name.lower()
    )
    rows = []
    for path in files:
        if given.only in path.name:
            rows.append(row(measure(path.resolve(), given.short)))
            print(rows[-1], flush=True)
    if given.only:
        return
    head = [
        "| file | inferred | options needed | ahead | time | sMAPE | seasonal naive |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    how = f"with `{' '.join(SHORT)}`" if given.short else "with its defaults"
    how = f"`unrolled forecast` {how} and the options listed:"
    table = "\n".join([BEGIN, how, "", *head, *(line.replace("\\", "\\\\") for line in rows), END])
    DOCUMENT.write_text(before + table + after, "utf-8")


if __name__ == "__main__":
    main()
