"""Options from a file, and files that repeat a run to the bit."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, inside

SMALL = "steps = 4\nensemble = 2\nhidden = 4\n"


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: inside(*words, capsys=capsys)


def written(folder: str, name: str = "forecast.csv") -> bytes:
    return Path(folder, name).read_bytes()


# --- reading ----------------------------------------------------------------------------------------


def test_a_file_may_say_all_and_the_command_line_goes_before_it(command, file):
    file(f'file = "{AIR}"', "horizon = 5", "level = [50, 80]", "integer = true", "log = false", SMALL, name="a.toml")
    rows = pd.read_csv(io.StringIO(command("forecast", "--config", "a.toml", "--out", "-").out))
    assert len(rows) == 5
    assert list(rows.columns)[1:] == ["GRU", "GRU-lo-50", "GRU-hi-50", "GRU-lo-80", "GRU-hi-80"]
    assert (rows["GRU"] == rows["GRU"].round()).all()
    done = command("forecast", "--config", "a.toml", "-H", 2, "--cell", "lstm", "--level", "80", "--out", "-")
    assert done.out.splitlines()[0] == "Month,LSTM,LSTM-lo-80,LSTM-hi-80"
    assert len(done.out.splitlines()) == 3


def test_paths_are_relative_to_the_file(command, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "air.csv").write_text(AIR.read_text())
    (tmp_path / "deep" / "run.toml").write_text(f'file = "air.csv"\nhorizon = 2\nout = "there"\n{SMALL}')
    assert command("forecast", "--config", "deep/run.toml").code == 0
    assert (tmp_path / "deep" / "there" / "forecast.csv").exists()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["horizon = 3", "", "esemble = 4"], "line 3: there is no option 'esemble'; did you mean 'ensemble'?"),
        (["batch_size = 4"], "line 1: there is no option 'batch_size'; did you mean 'batch-size'?"),
        (["zzz = 4"], "line 1: there is no option 'zzz'; there are: "),
        (["", "[model]", "hidden = 3"], "line 2: there is no option 'model'"),
        (["horizon = true"], "line 1: horizon takes a value, not true or false; got true"),
        (["integer = 1"], "line 1: integer takes true or false; got 1"),
        (["level = {a = 1}"], "line 1: level takes a text, a number or a list of them"),
        (["", "horizon = = 3"], "Invalid value (at line 2, column 11)"),
        (["horizon = 2.5"], "line 1: horizon takes a whole number; got '2.5'"),
        (["hidden = 0", "horizon = 3", f'file = "{AIR}"'], "hidden must be a whole number ≥ 1; got 0"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(lines, message, command, file):
    file(*lines, name="run.toml")
    done = command("forecast", AIR, "--config", "run.toml")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert not list(Path.cwd().glob("*-forecast"))


def test_a_file_that_is_not_there_is_an_error_with_a_remedy(command):
    done = command("forecast", AIR, "-H", 2, "--config", "absent.toml")
    assert done.code == 2
    assert "can't read --config absent.toml: No such file or directory. Name a TOML file" in done.err


# --- repeating --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (),
        (
            "--cell",
            "lstm",
            "--seed",
            3,
            "--level",
            "50",
            "--integer",
            "--alias",
            "Näch=st",
            "--no-log",
            "--layers",
            2,
        ),
        ("--likelihood", "normal", "--reach", 3, "--calendar", "--decoder", "parallel", "--rate", 0.003),
        ("--cell", "auto", "--max-trials", 4),
    ],
    ids=["defaults", "many", "likelihood", "auto"],
)
def test_a_run_is_repeated_to_the_bit_by_the_file_that_it_writes(words, command):
    done = command("forecast", AIR, "-H", 6, "--steps", 4, "--hidden", 4, "--out", "out", *words)
    assert done.code == 0, done.err
    again = command("forecast", "--config", "out/run.toml", "--out", "other")
    assert again.code == 0, again.err
    assert written("other") == written("out")
    assert again.out == done.out
    text = written("out", "run.toml").decode()
    assert text.startswith("# unrolled forecast --config run.toml repeats this run\n")
    assert f"# unrolled {un.__version__}, engine {un.active_engine().identity}\n" in text
    assert tomllib.loads(text)["seed"] == (3 if "--seed" in words else 0)
    # and the second file the same again, wherever it lies
    assert tomllib.loads(text) == tomllib.loads(written("other", "run.toml").decode())


def test_a_search_under_a_budget_is_repeated_by_what_it_chose(command):
    words = ("--cell", "auto", "--budget", "2s", "--steps", 4, "--hidden", 4)
    done = command("forecast", AIR, "-H", 6, *words, "--out", "out")
    assert done.code == 0, done.err
    options = tomllib.loads(written("out", "run.toml").decode())
    assert options["cell"] in un.CELLS
    assert options["alias"] == "AUTO"
    assert {"budget", "max-trials"} & options.keys() == set()
    command("forecast", "--config", "out/run.toml", "--out", "other")
    assert written("other") == written("out")


def test_covariates_and_what_is_known_ahead_are_repeated_too(command, file):
    days = pd.date_range("2024-01-01", periods=63)
    frame = pd.DataFrame({"ds": days, "price": [k % 5 for k in range(63)], "town": "A", "y": range(63)})
    file(frame[:60].to_csv(index=False), name="sales.csv")
    file(frame[60:].to_csv(index=False), name="ahead.csv")
    words = ("--future", "price", "--future-file", "ahead.csv", "--static", "town", "--target", "y")
    assert command("forecast", "sales.csv", "-H", 3, *QUICK, *words, "--out", "deep/out").code == 0
    again = command("forecast", "--config", "deep/out/run.toml", "--out", "other")
    assert again.code == 0, again.err
    assert written("other") == written("deep/out")


def test_a_backtest_is_repeated_by_the_file_beside_its_rows(command):
    done = command("backtest", AIR, "-H", 3, "-K", 2, "--no-refit", *QUICK, "--out", "rows.csv")
    assert done.code == 0, done.err
    assert tomllib.loads(Path("rows.toml").read_text("utf-8"))["refit"] is False
    again = command("backtest", "--config", "rows.toml", "--out", "other.csv")
    assert again.code == 0, again.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()
    assert again.out == done.out


def test_a_file_of_a_forecast_is_none_of_a_backtest(command, file):
    file('future-file = "a.csv"', name="run.toml")
    assert "there is no option 'future-file'" in command("backtest", AIR, "--config", "run.toml").err


# --- standard output alone --------------------------------------------------------------------------


def test_a_dash_gives_the_forecast_and_writes_nothing(command, tmp_path):
    whole = command("forecast", AIR, "-H", 4, *QUICK, "--out", "out")
    done = command("forecast", AIR, "-H", 4, *QUICK, "--out", "-")
    assert (done.code, done.out) == (0, whole.out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert json.loads(command("forecast", AIR, "-H", 4, *QUICK, "--out", "-", "--json").out)["files"] == []


def test_a_dash_gives_the_rows_of_a_backtest(command, tmp_path):
    words = ("backtest", AIR, "-H", 3, "-K", 2, *QUICK)
    assert command(*words, "--out", "rows.csv").code == 0
    assert command(*words, "--out", "-").out == Path("rows.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.toml"]


def test_reach_lets_a_saved_model_go_on(command):
    assert command("forecast", AIR, "-H", 6, "--reach", 3, *QUICK, "--out", "out").code == 0
    assert un.load("out/model.safetensors").reach == 3
    assert len(command("predict", "out/model.safetensors", "-H", 9).out.splitlines()) == 10
    done = command("forecast", AIR, "-H", 6, "--reach", 7, *QUICK, "--out", "-")
    assert (done.code, "reach must be ≤ the horizon, 6; got 7" in done.err) == (2, True)
