"""The command line as its users meet it: files, data on standard output, talk on standard error, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT, QUICK, Done, shell, table
from unrolled.nn.engines import ENGINES

pytestmark = pytest.mark.xdist_group("cli")  # they share one forecast
FILES = ["forecast.csv", "model.safetensors", "report.html", "run.toml"]
NAME = un.Forecaster(1).name
COLUMNS = ["Month", NAME, *(f"{NAME}-{end}-{level}" for level in (80, 95) for end in ("lo", "hi"))]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def forecast(place) -> Done:
    """A forecast with all defaults but for the size of the network."""
    return shell("forecast", AIR, "--horizon", 12, *QUICK, cwd=place)


@pytest.fixture
def folder(place, forecast) -> Path:
    """Where its outputs are."""
    assert forecast.code == 0, forecast.err
    return place / "air_passengers-forecast"


# --- forecast ---------------------------------------------------------------------------------------


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


def test_standard_error_tells_what_was_understood_and_how_good_it_is(forecast):
    assert f"{AIR}: time 'Month', target '#Passengers'" in forecast.err
    assert "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values" in forecast.err
    for word in ("held out: the last", NAME, "SeasonalNaive", "sMAPE", "The network", "intervals held", "95 %"):
        assert word in forecast.err
    assert "air_passengers-forecast/: forecast.csv, model.safetensors, report.html" in forecast.err


def test_same_seed_same_bytes_also_as_json(forecast, folder, tmp_path):
    done = shell("forecast", AIR, "-H", 12, *QUICK, "--json", "--out", "deep/er", cwd=tmp_path)
    assert done.code == 0, done.err
    for name in ("forecast.csv", "model.safetensors"):
        assert (tmp_path / "deep" / "er" / name).read_bytes() == (folder / name).read_bytes()
    content = json.loads(done.out)
    assert content["columns"] == {"id": "unique_id", "time": "Month", "target": "#Passengers"}
    assert content["files"] == [f"deep/er/{name}" for name in FILES]
    assert content["interrupted"] is False
    assert set(content["held_out"]["errors"]) == {NAME, "Naive", "SeasonalNaive", "Drift"}
    assert set(content["held_out"]["errors"]["Naive"]) == {"sMAPE", "MASE", "MAE", "RMSE"}
    assert set(content["held_out"]["coverage"]) == {"50", "80", "90", "95"}
    assert content["held_out"]["verdict"] in forecast.err
    rows = pd.DataFrame(content["forecast"])
    expected = table(forecast.out)
    assert list(rows.columns) == COLUMNS
    assert rows["Month"].str[:10].tolist() == expected["Month"].tolist()
    # pandas writes 15 decimals, and numbers here are below 1000: their last bit may go
    np.testing.assert_allclose(rows[COLUMNS[1:]], expected[COLUMNS[1:]], rtol=1e-15, atol=1e-13)


def test_quiet_says_nothing_and_standard_input_is_a_file_too(forecast, tmp_path):
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


def test_what_was_changed_in_the_table_is_said(command, tmp_path):
    lines = AIR.read_text().splitlines()
    (tmp_path / "air.csv").write_text("\n".join([lines[0], *lines[:0:-1][:100], *lines[1:40], "", "Source: a book"]))
    done = command("forecast", "air.csv", "-H", 2, *QUICK)
    assert done.code == 0
    assert "note: 1 remark(s) below the table dropped" in done.err
    assert "note: rows were not in the order of time; they have been sorted" in done.err
    assert "note: 5 gap(s) filled with the value one season before" in done.err


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


def test_what_is_no_count_is_an_error_of_the_input(command, file):
    path = file("day,visits", *(f"2024-01-{day:02d},{day}.5" for day in range(1, 32)), name="visits.csv")
    done = command("forecast", path, "-H", 3, *QUICK, "--likelihood", "poisson")
    assert done.code == 2
    assert "the series has 1.5 in row 1 (2024-01-01" in done.err


# --- predict ----------------------------------------------------------------------------------------


def test_predictions_of_a_saved_model_are_those_of_the_forecast(forecast, folder, tmp_path):
    done = shell("predict", folder / "model.safetensors", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == forecast.out
    assert list(tmp_path.iterdir()) == []


def test_predictions_from_the_same_table_are_those_of_the_forecast(command, forecast, folder):
    assert command("predict", folder / "model.safetensors", AIR).out == forecast.out


def test_predictions_may_be_shorter_and_have_other_levels(command, forecast, folder):
    done = command("predict", folder / "model.safetensors", "--horizon", 3, "--level", "80", "--json")
    rows = pd.DataFrame(json.loads(done.out)["forecast"])
    assert list(rows.columns) == COLUMNS[:4]
    np.testing.assert_allclose(rows[NAME], table(forecast.out)[NAME][:3], rtol=1e-15, atol=1e-13)


def test_newer_rows_move_predictions_ahead(command, folder, tmp_path):
    newer = tmp_path / "newer.csv"
    newer.write_text(AIR.read_text() + "\n1961-01,450\n1961-02,418\n")
    done = command("predict", folder / "model.safetensors", newer)
    assert table(done.out)["Month"].tolist()[0] == "1961-03-01"


# --- info, check, demo ------------------------------------------------------------------------------


def test_info_tells_about_the_installation(command):
    done = command("info")
    assert done.code == 0
    facts = json.loads(command("info", "--json").out)
    assert facts["unrolled"] == un.__version__
    assert facts["engine"] == un.active_engine().identity
    assert facts["threads"] >= 1
    assert facts["cells"] == sorted(un.CELLS)
    assert all(name in done.out for name in facts)


def test_the_fastest_level_is_the_default(command, monkeypatch):
    monkeypatch.delenv("UNROLLED_ENGINE", raising=False)
    monkeypatch.delenv("UNROLLED_SIMD", raising=False)
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)
    monkeypatch.setattr("unrolled.nn.engines.ENGINES", ENGINES | {"native": type(ENGINES["native"])()})
    facts = json.loads(command("info", "--json").out)
    assert facts["engine"] == f"native {facts['levels'][0]}"


def test_info_tells_about_models(command, folder, tmp_path):
    facts = json.loads(command("info", folder / "model.safetensors", "--json").out)
    assert (facts["kind"], facts["horizon"], facts["frequency"], facts["series"]) == ("forecaster", 12, "monthly", 1)
    assert facts["columns"] == ["unique_id", "Month", "#Passengers"]
    assert "monthly" in command("info", folder / "model.safetensors").out
    un.Network([un.GRU(3)], 1, seed=5).save(tmp_path / "net.safetensors")
    facts = json.loads(command("info", "net.safetensors", "--json").out)
    assert (facts["kind"], facts["seed"]) == ("network", 5)


def test_check_proves_gradients(command):
    words = ("check", "--cell", "rnn", "--depth", 1, "--verbose")
    lines = command(*words).out.splitlines()
    done = command(*words, "--json")
    content = json.loads(done.out)
    assert content["wrong"] == 0
    assert sum(line.startswith("ok ") for line in lines) == len(content["checks"]) > 0
    assert len(lines) > 2 * len(content["checks"])  # the tables
    assert f"{len(content['checks'])} checks, 0 wrong" in done.err


def test_a_demo_gives_its_lines_or_json_and_a_picture(command, tmp_path):
    done = command("demo", "fish")
    assert done.code == 0
    assert "1.25" in done.out
    assert sorted(path.name for path in (tmp_path / "demos").iterdir()) == ["fish.html", "fish.toml"]
    content = json.loads(command("demo", "fish", "--json", "--out", "elsewhere").out)
    assert content["fish"]["right"] is True
    assert (tmp_path / "elsewhere" / "fish.html").stat().st_size > 10**6  # with plotly.js


def test_a_demo_that_did_not_learn_is_a_failure(command):
    assert command("demo", "fish", "--epochs", 1).code == 1


# --- no horizon -------------------------------------------------------------------------------------


def test_without_a_horizon_a_year_of_months_is_forecast_and_repeated(command, tmp_path):
    done = command("forecast", AIR, *QUICK, "--out", "a")
    assert done.code == 0, done.err
    assert "12 periods ahead; --horizon overrules" in done.err
    assert len(table(done.out)) == 12
    assert "horizon = 12" in (tmp_path / "a" / "run.toml").read_text()
    assert command("forecast", AIR, "-H", 12, *QUICK, "--out", "b").out == done.out


# --- pipes ------------------------------------------------------------------------------------------


def test_a_reader_that_leaves_early_is_no_failure(tmp_path):
    words = [sys.executable, "-m", "unrolled", "check", "--cell", "rnn", "--depth", "1"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith("ok ")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
