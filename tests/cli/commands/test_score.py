"""`unrolled score`: errors of earlier forecasts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, table

NAME = un.Forecaster(1).name


def test_an_earlier_forecast_is_scored_with_its_actual_values(command, tmp_path):
    (tmp_path / "old.csv").write_text("\n".join(AIR.read_text().splitlines()[:-9]))
    assert command("forecast", "old.csv", "-H", 12, *QUICK, "-q").code == 0
    done = command("score", "old-forecast/forecast.csv", AIR)
    assert done.code == 0, done.err
    assert f"9 of 12 forecast rows have a value in {AIR}, target '#Passengers'" in done.err
    row = table(done.out).iloc[0]
    y = pd.read_csv(AIR)["#Passengers"].to_numpy()
    forecast = pd.read_csv("old-forecast/forecast.csv")[:9]
    error = np.abs(forecast[NAME] - y[-9:]).mean()
    assert row["model"] == NAME
    assert row["MAE"] == float(f"{error:.6g}")
    assert row["MASE"] == pytest.approx(error / np.abs(y[12:-9] - y[:-21]).mean(), rel=1e-5)
    inside = (forecast[f"{NAME}-lo-95"] <= y[-9:]) & (y[-9:] <= forecast[f"{NAME}-hi-95"])
    assert row["coverage-95"] == pytest.approx(inside.mean(), rel=1e-5)
    content = json.loads(command("score", "old-forecast/forecast.csv", AIR, "--json").out)
    assert (content["rows"], content["matched"]) == (12, 9)
    assert content["models"][NAME]["MAE"] == pytest.approx(error)


def test_series_of_a_single_row_are_scored_separately(command, tmp_path):
    (tmp_path / "forecast.csv").write_text("store,day,A\n7,2024-01-03,5\n12,2024-01-03,6\n")
    (tmp_path / "came.csv").write_text("day,sold,store\n2024-01-03,4,12\n2024-01-03,4,7\n")
    done = command("score", "forecast.csv", "came.csv", "--target", "sold", "--by-series")
    assert done.code == 0, done.err
    assert "MASE, RMSSE and MSIS are unknown" in done.err
    assert sorted(table(done.out)[["series", "model", "MAE"]].to_numpy().tolist()) == [[7, "A", 1.0], [12, "A", 2.0]]
    content = json.loads(command("score", "forecast.csv", "came.csv", "--target", "sold", "--json", "-q").out)
    assert {name: models["A"]["MAE"] for name, models in content["by_series"].items()} == {"7": 1.0, "12": 2.0}


def test_the_rows_of_a_backtest_of_several_series_can_be_scored(command, tmp_path, rng):
    stamps = pd.date_range("2020-01-01", periods=60).strftime("%Y-%m-%d")
    rows = [f"{day},{shop},{50 + rng.normal()}" for shop in (7, 12) for day in stamps]
    (tmp_path / "shops.csv").write_text("\n".join(["day,store,sold", *rows]))
    printed = table(command("backtest", "shops.csv", "-H", 2, "-K", 3, "--step", 1, *QUICK, "--out", "rows.csv").out)
    assert pd.read_csv("rows.csv")["store"].unique().tolist() == [7, 12]
    again = table(command("score", "rows.csv", "shops.csv").out)
    np.testing.assert_allclose(again[["sMAPE", "MASE"]], printed[["sMAPE", "MASE"]], rtol=1e-9)


def test_the_rows_of_a_backtest_can_be_scored(command):
    printed = table(command("backtest", AIR, "-H", 2, "-K", 3, "--step", 1, *QUICK, "--out", "rows.csv").out)
    again = table(command("score", "rows.csv", AIR).out)
    shared = ["sMAPE", "MASE", "OWA", "MAE", "coverage-80", "MSIS-95"]
    np.testing.assert_allclose(again[shared], printed[shared], rtol=1e-9)


@pytest.mark.parametrize(
    ("forecast", "message"),
    [
        (
            "Month,A\n1961-01,1\n1961-02,2\n",
            "no forecast row has a value in the actuals: the forecast covers 1961-01-01",
        ),
        ("Month,A-lo-80\n1960-01,1\n1960-02,1\n", "the 80 % interval of 'A' lacks the column"),
        ("Month,A\n1960-01,1\n1960-01,2\n", "the forecast: several rows for Month 1960-01-01"),
        ("Month,A\n1960-01,x\n1960-02,y\n", "no column of numbers"),
    ],
)
def test_forecasts_that_cannot_be_scored_are_refused(forecast, message, command, tmp_path):
    (tmp_path / "forecast.csv").write_text(forecast)
    done = command("score", "forecast.csv", AIR)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_columns_of_the_actual_values_that_are_named_like_series_are_these_series(command, tmp_path):
    (tmp_path / "forecast.csv").write_text("series,day,A\nnorth,2024-01-03,5\nsouth,2024-01-03,7\n")
    lines = ["day,north,south", *(f"2024-01-0{k},{k},{k + 1}" for k in (1, 2, 3))]
    (tmp_path / "actuals.csv").write_text("\n".join(lines) + "\n")
    done = command("score", "forecast.csv", "actuals.csv", "--by-series")
    assert done.code == 0, done.err
    assert table(done.out).set_index("series")["MAE"].to_dict() == {"north": 2.0, "south": 3.0}
    (tmp_path / "north.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    assert "1 of 2 forecast rows" in command("score", "forecast.csv", "north.csv").err
    assert command("plot", "forecast.csv", "actuals.csv", "--out", "both.html").code == 0
