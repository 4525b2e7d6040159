"""`unrolled backtest`: errors on standard output, forecasts in a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, table
from unrolled.forecasting.baselines.registry import SIMPLE

NAME = un.Forecaster(1).name


def test_a_backtest_prints_one_row_per_model_and_writes_the_rows(command, tmp_path):
    done = command("backtest", AIR, "-H", 6, "-K", 3, "--step", 4, *QUICK, "--level", 80, "--out", "rows.csv")
    assert done.code == 0, done.err
    printed = table(done.out)
    simple = [name for name in SIMPLE if not name.startswith("SeasonalNaive-")]  # months have the season of a year
    assert sorted(printed["model"]) == sorted([NAME, *simple])
    assert printed["MASE"].is_monotonic_increasing
    measures = ["sMAPE", "MASE", "OWA", "RMSSE", "MAE", "RMSE", "CRPS", "coverage-80", "IS-80", "MSIS-80"]
    assert list(printed.columns) == ["model", *measures]
    rows = pd.read_csv("rows.csv")
    forecasts = [NAME, f"{NAME}-lo-80", f"{NAME}-hi-80", *simple]
    assert list(rows.columns) == ["Month", "cutoff", "#Passengers", *forecasts]
    assert rows["cutoff"].unique().tolist() == ["1959-10-01", "1960-02-01", "1960-06-01"]
    for _, row in printed.iterrows():
        assert row["MAE"] == pytest.approx((rows["#Passengers"] - rows[row["model"]]).abs().mean(), rel=1e-5)
    fc = un.Forecaster(6, steps=4, ensemble=2, hidden=4, verbose=0)
    df = pd.read_csv(AIR, parse_dates=["Month"])
    columns = {"time_col": "Month", "target_col": "#Passengers"}
    expected = fc.cross_validation(df, n_windows=3, step_size=4, level=80, baselines=True, **columns)
    np.testing.assert_allclose(rows[forecasts], expected[forecasts], rtol=1e-12)
    assert "1 series · 3 cutoffs, horizon 6, trained at each" in done.err
    assert "The network" in done.err
    assert not (tmp_path / "air_passengers-forecast").exists()


def test_a_backtest_as_json_has_errors_by_step(command):
    words = ("-H", 3, "--windows", 4, "--no-refit", *QUICK, "--baselines", "autotheta", "--json", "-q")
    done = command("backtest", AIR, *words)
    assert (done.code, done.err) == (0, "")
    content = json.loads(done.out)
    assert {NAME, "Naive", "SeasonalNaive", "Drift", "Naive2", "Theta", "AutoTheta"} < set(content["models"])
    assert content["models"]["Naive"]["coverage-95"] is None
    assert 0 <= content["models"][NAME]["coverage-95"] <= 1
    assert content["windows"] == 4
    steps = content["by_step"]
    for model, row in content["models"].items():
        assert len(steps[model]["MAE"]) == 3
        assert np.mean(steps[model]["MAE"]) == pytest.approx(row["MAE"], rel=1e-5)
    assert command("backtest", AIR, *words).out.split('"seconds"')[0] == done.out.split('"seconds"')[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backtest", AIR, "-H", 3, "-K", 0), "--windows must be a whole number ≥ 1; got 0"),
        (("backtest", AIR, "-H", 3, "-K", 2, "--step", 0), "--step must be a whole number ≥ 1; got 0"),
        (("backtest", AIR, "-H", 12, "-K", 12), "12 windows 12 periods apart with horizon 12 leave none"),
        (("backtest", AIR, "-H", 3, "-K", 2, "--baselines", "ETS"), "no baseline is called 'ETS'; known: Naive"),
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


def test_out_dash_prints_the_rows_of_a_backtest(command, tmp_path):
    words = ("backtest", AIR, "-H", 3, "-K", 2, *QUICK)
    assert command(*words, "--out", "rows.csv").code == 0
    assert command(*words, "--out", "-").out == Path("rows.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.toml"]
