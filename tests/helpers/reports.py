"""Contents of reports for several test files: a single series, and a table whose names are markup."""

from __future__ import annotations

import numpy as np
import pandas as pd

import unrolled as un
from pages import fitted
from shell import AIR
from unrolled.forecasting.explanation.explanation import explain_first
from unrolled.report import ReportContent

NAME = un.Forecaster(1).name
LEVELS = (50, 80, 95)
# the text of an attacker; the name of a file can contain no slash
IDS = ("<script>alert('a')</script>", "</script><img src=x onerror=alert(1)>", "<!--data-->&amp;\"'")
TARGET = "<b>sold</b></script>"
FILE = "<img src=x onerror=alert(2)>&.csv"
COMMAND = f"unrolled forecast {AIR} -H 12 --seed 7"


def air_passengers() -> ReportContent:
    """The content of a report of a single series, as in the command."""
    frame = pd.read_csv(AIR, parse_dates=["Month"])
    fc = un.Forecaster(12, steps=4, ensemble=2, hidden=4, seed=7, verbose=0)
    fc.fit(frame, time_col="Month", target_col="#Passengers")
    why = explain_first(fc.fitted)
    return ReportContent(fc.fitted, fc.fitted.forecast(LEVELS).frame, AIR.name, COMMAND, 4.21, explanation=why)


def hostile_table() -> pd.DataFrame:
    """Three series of 40 days with a season of a week, the sixth day of each missing; all names are markup."""
    days = pd.date_range("2024-01-01", periods=40)
    parts = [pd.DataFrame({"shop": key, "day": days, TARGET: 3 + np.arange(40) % 7}) for key in IDS]
    return pd.concat(parts).drop(index=5)


def hostile() -> ReportContent:
    """The content of a report of that table."""
    fc = un.Forecaster(3, steps=4, ensemble=2, hidden=4, verbose=0)
    fc.fit(hostile_table(), "shop", "day", TARGET)
    why, command = explain_first(fc.fitted), f"unrolled forecast '{FILE}' -H 3"
    return ReportContent(fc.fitted, fc.fitted.forecast(LEVELS).frame, FILE, command, explanation=why)


def content_of(frame: pd.DataFrame, horizon: int, title: str = "", **options) -> ReportContent:
    """The content of a report of a forecaster with a very short training."""
    fc = fitted(frame, horizon, **options)
    return ReportContent(fc.fitted, fc.fitted.forecast(LEVELS).frame, title)
