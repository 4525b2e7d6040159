"""Update the pictures of reports in the documentation. This needs Chromium.

    python docs/screenshots.py

`report.png` shows the report of examples/air_passengers.csv, `report-many.png` and `report-phone.png` that of 100
shops with simulated sales.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT / "tools"))
from browser import Browser  # noqa: E402, it is not part of the package

SHOPS = 100
REGIONS = ("North", "South", "East", "West")


def shops(seed: int = 3) -> pd.DataFrame:
    """Daily sales of about a year, with weekly patterns and trends of different strength, gaps and a few outliers."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(SHOPS):
        n = int(rng.integers(300, 420))
        t = np.arange(n)
        week = rng.uniform(0.05, 0.3) * np.sin(2 * np.pi * (t / 7 + rng.random()))
        wander = np.cumsum(rng.normal(0, 0.006, n)) + rng.normal(0, 3e-4) * t
        sold = np.exp(rng.normal(4.5, 0.8) + week + wander + rng.normal(0, 0.05, n))
        if k % 9 == 0:
            sold[rng.integers(0, n, 2)] *= 2.5
        days = pd.date_range(end="2024-06-30", periods=n)
        shop = pd.DataFrame({"shop": f"{REGIONS[k % 4]} {k // 4 + 1:02d}", "date": days, "sales": sold.round(1)})
        parts.append(shop.drop(index=rng.integers(10, n - 10, 4)) if k % 7 == 0 else shop)
    return pd.concat(parts)


def forecast(file: str, horizon: int, folder: Path, *options: str) -> Path:
    """The report of a file, by the command that a user would give."""
    words = ["forecast", file, "--horizon", str(horizon), "--out", "out", *options]
    subprocess.run([sys.executable, "-m", "unrolled", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "out" / "report.html"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, Browser() as browser:
        folder = Path(name)
        (folder / "air_passengers.csv").write_bytes((ROOT / "examples" / "air_passengers.csv").read_bytes())
        browser.open(forecast("air_passengers.csv", 12, folder), width=1000, height=900, scale=1.5)
        browser.picture(DOCS / "report.png")
        shops().to_csv(folder / "shops.csv", index=False)
        many = forecast("shops.csv", 14, folder, "--steps", "300", "--hidden", "32")
        browser.open(many, width=1000, height=1000, dark=True, scale=1.5)
        browser.evaluate("show(41), document.getElementById('forecast').scrollIntoView()")
        browser.picture(DOCS / "report-many.png")
        browser.open(many, width=390, height=844, scale=1.5)
        browser.picture(DOCS / "report-phone.png")


if __name__ == "__main__":
    main()
