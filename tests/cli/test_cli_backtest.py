"""The commands backtest and score: tables on standard output, talk on standard error, files that fit each other."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, table

pytestmark = pytest.mark.xdist_group("backtest")  # they share one
NAME = un.Forecaster(1).name


def test_a_backtest_prints_one_row_a_model_and_writes_the_rows(command, tmp_path):
    done = command("backtest", AIR, "-H", 6, "-K", 3, "--step", 4, *QUICK, "--level", 80, "--out", "rows.csv")
    assert done.code == 0, done.err
    printed = table(done.out)
    assert printed["model"].tolist() == [NAME, "Naive", "SeasonalNaive", "Drift", "Naive2"]
    measures = ["sMAPE", "MASE", "OWA", "RMSSE", "MAE", "RMSE", "CRPS", "coverage-80", "IS-80", "MSIS-80"]
    assert list(printed.columns) == ["model", *measures]
    rows = pd.read_csv("rows.csv")
    forecasts = [NAME, f"{NAME}-lo-80", f"{NAME}-hi-80", "Naive", "SeasonalNaive", "Drift", "Naive2"]
    assert list(rows.columns) == ["Month", "cutoff", "#Passengers", *forecasts]
    assert rows["cutoff"].unique().tolist() == ["1959-10-01", "1960-02-01", "1960-06-01"]
    for _, row in printed.iterrows():
        assert row["MAE"] == pytest.approx((rows["#Passengers"] - rows[row["model"]]).abs().mean())
    fc = un.Forecaster(6, steps=4, ensemble=2, hidden=4, verbose=0)
    df = pd.read_csv(AIR, parse_dates=["Month"])
    columns = {"time_col": "Month", "target_col": "#Passengers"}
    expected = fc.cross_validation(df, n_windows=3, step_size=4, level=80, baselines=True, **columns)
    np.testing.assert_allclose(rows[forecasts], expected[forecasts], rtol=1e-12)
    assert "1 series · 3 cutoff(s), horizon 6, trained at each" in done.err
    assert "The network" in done.err
    assert not (tmp_path / "air_passengers-forecast").exists()


def test_a_backtest_as_json_tells_errors_by_step(command):
    words = ("-H", 3, "--windows", 4, "--no-refit", *QUICK, "--baselines", "theta", "--json", "-q")
    done = command("backtest", AIR, *words)
    assert (done.code, done.err) == (0, "")
    content = json.loads(done.out)
    assert list(content["models"]) == [NAME, "Naive", "SeasonalNaive", "Drift", "Naive2", "Theta"]
    assert content["models"]["Naive"]["coverage-95"] is None
    assert 0 <= content["models"][NAME]["coverage-95"] <= 1
    assert content["windows"] == 4
    steps = content["by_step"]
    for model, row in content["models"].items():
        assert len(steps[model]["MAE"]) == 3
        assert np.mean(steps[model]["MAE"]) == pytest.approx(row["MAE"])
    assert command("backtest", AIR, *words).out.split('"seconds"')[0] == done.out.split('"seconds"')[0]


def test_a_forecast_is_compared_with_more_baselines_where_they_are_named(command):
    done = command("forecast", AIR, "-H", 2, *QUICK, "--baselines", "Naive2,autoets", "--json")
    assert done.code == 0, done.err
    names = [NAME, "Naive", "SeasonalNaive", "Drift", "Naive2", "AutoETS"]
    assert list(json.loads(done.out)["held_out"]["errors"]) == names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backtest", AIR, "-H", 3, "-K", 0), "n_windows must be a whole number ≥ 1; got 0"),
        (("backtest", AIR, "-H", 3, "-K", 2, "--step", 0), "step_size must be a whole number ≥ 1; got 0"),
        (("backtest", AIR, "-H", 12, "-K", 12), "12 windows 12 rows apart with horizon 12 leave none"),
        (("backtest", AIR, "-H", 3, "-K", 2, "--baselines", "ETS"), "no baseline is called 'ETS'; there are: Naive"),
        (("backtest", AIR, "-H", 3, "-K", 2, "--out", "no/such/rows.csv"), "can't write no/such/rows.csv"),
        (("backtest", "none.csv", "-H", 3, "-K", 2), "there is no file none.csv"),
        (("score", "none.csv", AIR), "there is no file none.csv"),
        (("score", AIR, "none.csv"), "there is no file none.csv"),
    ],
)
def test_bad_input_is_refused_with_one_message(words, message, command, tmp_path):
    done = command(*words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("error: ") or "error: " in done.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


# --- score ------------------------------------------------------------------------------------------


def test_an_old_forecast_is_rated_when_its_values_have_come(command, tmp_path):
    (tmp_path / "old.csv").write_text("\n".join(AIR.read_text().splitlines()[:-9]))
    assert command("forecast", "old.csv", "-H", 12, *QUICK, "-q").code == 0
    done = command("score", "old-forecast/forecast.csv", AIR)
    assert done.code == 0, done.err
    assert f"9 of 12 forecast rows have a value in {AIR}, column '#Passengers'" in done.err
    row = table(done.out).iloc[0]
    y = pd.read_csv(AIR)["#Passengers"].to_numpy()
    forecast = pd.read_csv("old-forecast/forecast.csv")[:9]
    error = np.abs(forecast[NAME] - y[-9:]).mean()
    assert row["model"] == NAME
    assert row["MAE"] == pytest.approx(error)
    assert row["MASE"] == pytest.approx(error / np.abs(y[12:-9] - y[:-21]).mean())
    inside = (forecast[f"{NAME}-lo-95"] <= y[-9:]) & (y[-9:] <= forecast[f"{NAME}-hi-95"])
    assert row["coverage-95"] == pytest.approx(inside.mean())
    content = json.loads(command("score", "old-forecast/forecast.csv", AIR, "--json").out)
    assert (content["rows"], content["matched"]) == (12, 9)
    assert content["models"][NAME]["MAE"] == pytest.approx(error)


def test_series_are_rated_one_by_one_although_each_has_one_row(command, tmp_path):
    (tmp_path / "forecast.csv").write_text("store,day,A\n7,2024-01-03,5\n12,2024-01-03,6\n")
    (tmp_path / "came.csv").write_text("day,sold,store\n2024-01-03,4,12\n2024-01-03,4,7\n")
    done = command("score", "forecast.csv", "came.csv", "--target", "sold", "--by-series")
    assert done.code == 0, done.err
    assert "MASE, RMSSE and MSIS can't be told" in done.err
    assert sorted(table(done.out)[["series", "model", "MAE"]].to_numpy().tolist()) == [[7, "A", 1.0], [12, "A", 2.0]]
    content = json.loads(command("score", "forecast.csv", "came.csv", "--target", "sold", "--json", "-q").out)
    assert {name: models["A"]["MAE"] for name, models in content["by_series"].items()} == {"7": 1.0, "12": 2.0}


def test_the_rows_of_a_backtest_of_several_series_can_be_rated_again(command, tmp_path, rng):
    stamps = pd.date_range("2020-01-01", periods=60).strftime("%Y-%m-%d")
    rows = [f"{day},{shop},{50 + rng.normal()}" for shop in (7, 12) for day in stamps]
    (tmp_path / "shops.csv").write_text("\n".join(["day,store,sold", *rows]))
    printed = table(command("backtest", "shops.csv", "-H", 2, "-K", 3, "--step", 1, *QUICK, "--out", "rows.csv").out)
    assert pd.read_csv("rows.csv")["store"].unique().tolist() == [7, 12]
    again = table(command("score", "rows.csv", "shops.csv").out)
    np.testing.assert_allclose(again[["sMAPE", "MASE"]], printed[["sMAPE", "MASE"]], rtol=1e-9)


def test_the_rows_of_a_backtest_can_be_rated_again(command):
    printed = table(command("backtest", AIR, "-H", 2, "-K", 3, "--step", 1, *QUICK, "--out", "rows.csv").out)
    again = table(command("score", "rows.csv", AIR).out)
    shared = ["sMAPE", "MASE", "OWA", "MAE", "coverage-80", "MSIS-95"]
    np.testing.assert_allclose(again[shared], printed[shared], rtol=1e-9)


@pytest.mark.parametrize(
    ("forecast", "message"),
    [
        (
            "Month,A\n1961-01,1\n1961-02,2\n",
            "no forecast row has a value in the actuals: the forecast is of 1961-01-01",
        ),
        ("Month,A-lo-80\n1960-01,1\n1960-02,1\n", "the 80 % interval of 'A' lacks the column"),
        ("Month,A\n1960-01,1\n1960-01,2\n", "the forecast: several rows for Month 1960-01-01"),
        ("Month,A\n1960-01,x\n1960-02,y\n", "no column of numbers"),
    ],
)
def test_forecasts_that_can_not_be_rated_are_refused(forecast, message, command, tmp_path):
    (tmp_path / "forecast.csv").write_text(forecast)
    done = command("score", "forecast.csv", AIR)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
