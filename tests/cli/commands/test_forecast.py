"""`unrolled forecast`: files, data on standard output, messages on standard error."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

import unrolled as un
from shell import AIR, QUICK, shell, table

FILES = ["forecast.csv", "model.safetensors", "report.html", "run.toml"]


NAME = un.Forecaster(1).name


COMPARED_MONTHS = ["Naive", "SeasonalNaive", "Drift", "WindowAverage", "SeasonalWindowAverage", "Theta"]
COLUMNS = ["Month", NAME, *(f"{NAME}-{end}-{level}" for level in (80, 95) for end in ("lo", "hi"))]


def test_a_forecast_writes_four_files_named_after_the_table(forecast, folder):
    assert forecast.code == 0
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in folder.iterdir())  # others may read them


def test_standard_output_is_the_forecast_as_csv_and_nothing_else(forecast, folder):
    assert forecast.out == (folder / "forecast.csv").read_text()
    rows = table(forecast.out)
    assert list(rows.columns) == COLUMNS
    assert rows["Month"].tolist() == [f"1961-{month:02}-01" for month in range(1, 13)]
    values = rows[[f"{NAME}-lo-95", f"{NAME}-lo-80", NAME, f"{NAME}-hi-80", f"{NAME}-hi-95"]].to_numpy()
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=1) >= 0).all()


def test_standard_error_describes_the_table_and_the_accuracy(forecast):
    assert f"{AIR}: time 'Month', target '#Passengers'" in forecast.err
    assert "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values" in forecast.err
    for word in ("held out: the last", NAME, "SeasonalNaive", "sMAPE", "The network", "intervals held", "95 %"):
        assert word in forecast.err
    assert "air_passengers-forecast/: forecast.csv, model.safetensors, report.html" in forecast.err


def test_the_same_seed_gives_the_same_bytes_also_as_json(forecast, folder, tmp_path):
    done = shell("forecast", AIR, "-H", 12, *QUICK, "--json", "--out", "deep/er", cwd=tmp_path)
    assert done.code == 0, done.err
    for name in ("forecast.csv", "model.safetensors"):
        assert (tmp_path / "deep" / "er" / name).read_bytes() == (folder / name).read_bytes()
    content = json.loads(done.out)
    assert content["columns"] == {"id": "unique_id", "time": "Month", "target": "#Passengers"}
    assert content["files"] == [f"deep/er/{name}" for name in FILES]
    assert content["interrupted"] is False
    assert set(content["held_out"]["errors"]) == {NAME, *COMPARED_MONTHS}
    assert set(content["held_out"]["errors"]["Naive"]) == {"sMAPE", "MASE", "RMSSE", "MAE", "RMSE"}
    assert set(content["held_out"]["coverage"]) == {"50", "80", "90", "95"}
    assert content["held_out"]["verdict"] in forecast.err
    rows = pd.DataFrame(content["forecast"])
    expected = table(forecast.out)
    assert list(rows.columns) == COLUMNS
    assert rows["Month"].str[:10].tolist() == expected["Month"].tolist()
    # numbers here are below 1000, and have six digits as CSV
    np.testing.assert_allclose(rows[COLUMNS[1:]], expected[COLUMNS[1:]], rtol=0, atol=0.0005)


def test_quiet_prints_no_messages_and_standard_input_is_read(forecast, tmp_path):
    done = shell("forecast", "-", "-H", 12, *QUICK, "--quiet", cwd=tmp_path, stdin=AIR.read_text())
    assert (done.code, done.err) == (0, "")
    assert done.out == forecast.out
    assert sorted(path.name for path in (tmp_path / "stdin-forecast").iterdir()) == FILES


def test_another_seed_gives_another_forecast(command, forecast):
    done = command("forecast", AIR, "-H", 12, *QUICK, "--seed", 1)
    assert done.code == 0
    assert list(table(done.out).columns) == COLUMNS
    assert done.out != forecast.out


def test_options_reach_the_forecaster(command, tmp_path):
    words = ("--cell", "gru", "--level", "50", "--window", 9, "--season", 4, "--freq", "MS", "--out", tmp_path)
    done = command("forecast", AIR, "-H", 2, *QUICK, *words)
    assert done.code == 0, done.err
    assert list(table(done.out).columns) == ["Month", "GRU", "GRU-lo-50", "GRU-hi-50"]
    facts = json.loads(command("info", tmp_path / "model.safetensors", "--json").out)
    assert (facts["window"], facts["season"], facts["horizon"], facts["ensemble"]) == (9, 4, 2, 2)
    assert "GRU(4)" in facts["network"]


def test_several_series_keep_their_ids_in_every_output(command, tmp_path):
    stamps = pd.date_range("2020-01-01", periods=40).strftime("%Y-%m-%d")
    rows = [f"{day},{shop},{k * shop},{k}" for shop in (7, 12) for k, day in enumerate(stamps)]
    (tmp_path / "shops.csv").write_text("\n".join(["day,store,sold,price", *rows]))
    done = command("forecast", "shops.csv", "-H", 3, *QUICK, "--target", "sold", "--json")
    content = json.loads(done.out)
    assert content["columns"] == {"id": "store", "time": "day", "target": "sold"}
    assert [row["store"] for row in content["forecast"]] == ["7"] * 3 + ["12"] * 3
    assert "shops.csv: id 'store', time 'day', target 'sold'" in done.err
    written = pd.read_csv("shops-forecast/forecast.csv")
    assert written["store"].tolist() == [7] * 3 + [12] * 3
    assert list(written.columns)[:3] == ["store", "day", NAME]


def test_changes_of_the_table_are_reported(command, tmp_path):
    lines = AIR.read_text().splitlines()
    (tmp_path / "air.csv").write_text("\n".join([lines[0], *lines[:0:-1][:100], *lines[1:40], "", "Source: a book"]))
    done = command("forecast", "air.csv", "-H", 2, *QUICK)
    assert done.code == 0
    assert "note: 1 remark below the table dropped" in done.err
    assert "note: rows were not in time order; they have been sorted" in done.err
    assert "note: 5 gaps filled with the value one season before" in done.err


def test_forecasts_of_counts_are_whole_and_the_options_reach_the_model(command, file):
    rows = [f"2024-01-{day:02d},{day % 5}" for day in range(1, 32)]
    path = file("day,visits", *rows, name="visits.csv")
    words = ("--likelihood", "poisson", "--nonnegative", "--integer", "-q", "--out", "out")
    done = command("forecast", path, "-H", 3, *QUICK, *words)
    assert done.code == 0, done.err
    values = table(done.out).iloc[:, 1:].to_numpy()
    assert (values == np.rint(values)).all()
    fc = un.load("out/model.safetensors")
    assert (fc.likelihood, fc.nonnegative, fc.integer) == ("poisson", True, True)


def test_values_that_are_not_counts_are_an_input_error(command, file):
    path = file("day,visits", *(f"2024-01-{day:02d},{day}.5" for day in range(1, 32)), name="visits.csv")
    done = command("forecast", path, "-H", 3, *QUICK, "--likelihood", "poisson")
    assert done.code == 2
    assert "the series has 1.5 at 2024-01-01 (" in done.err


def test_without_a_horizon_a_year_of_months_is_forecast_and_repeated(command, tmp_path):
    done = command("forecast", AIR, *QUICK, "--out", "a")
    assert done.code == 0, done.err
    assert "Forecasting 12 periods (change with --horizon)" in done.err
    assert len(table(done.out)) == 12
    assert "horizon = 12" in (tmp_path / "a" / "run.toml").read_text()
    assert command("forecast", AIR, "-H", 12, *QUICK, "--out", "b").out == done.out


def test_a_forecast_is_compared_with_further_named_baselines(command):
    done = command("forecast", AIR, "-H", 2, *QUICK, "--baselines", "Naive2,autoets", "--json")
    assert done.code == 0, done.err
    names = [NAME, *COMPARED_MONTHS, "Naive2", "AutoETS"]
    assert list(json.loads(done.out)["held_out"]["errors"]) == names


def test_out_dash_prints_the_forecast_and_writes_nothing(command, tmp_path):
    whole = command("forecast", AIR, "-H", 4, *QUICK, "--out", "out")
    done = command("forecast", AIR, "-H", 4, *QUICK, "--out", "-")
    assert (done.code, done.out) == (0, whole.out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert json.loads(command("forecast", AIR, "-H", 4, *QUICK, "--out", "-", "--json").out)["files"] == []


def test_reach_lets_a_saved_model_forecast_further(command):
    assert command("forecast", AIR, "-H", 6, "--reach", 3, *QUICK, "--out", "out").code == 0
    assert un.load("out/model.safetensors").reach == 3
    assert len(command("predict", "out/model.safetensors", "-H", 9).out.splitlines()) == 10
    done = command("forecast", AIR, "-H", 6, "--reach", 7, *QUICK, "--out", "-")
    assert (done.code, "--reach must be ≤ the horizon, 6; got 7" in done.err) == (2, True)
