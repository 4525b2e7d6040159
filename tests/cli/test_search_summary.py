"""The result of --cell auto on the command line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import unrolled as un
from shell import AIR

WORDS = ("forecast", AIR, "--horizon", 6, "--steps", 4, "--hidden", 4, "--json")


def test_the_command_prints_the_options_that_repeat_the_choice(command, tmp_path):
    done = command(*WORDS, "--cell", "auto", "--max-trials", 6)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["search"]["chosen"]["hidden"] == 4
    assert len(told["search"]["trials"]) >= 3
    line = next(line for line in done.err.splitlines() if line.startswith("to repeat the choice: "))
    options = line.removeprefix("to repeat the choice: ")
    assert options == told["search"]["options"]
    again = json.loads(command("forecast", AIR, "--horizon", 6, "--json", *options.split()).out)
    assert again["search"] is None
    renamed = [
        {name.replace(again_name(again), "AUTO"): value for name, value in row.items()} for row in again["forecast"]
    ]
    assert renamed == told["forecast"]
    page = (tmp_path / "air_passengers-forecast" / "report.html").read_text("utf-8")
    assert "Automatic choice" not in page  # the second one's


def again_name(told) -> str:
    return told["model"]["cell"].upper()


def test_the_report_shows_the_trials(command, tmp_path):
    done = command(*WORDS, "--cell", "auto", "--max-trials", 5)
    page = (tmp_path / "air_passengers-forecast" / "report.html").read_text("utf-8")
    assert "Automatic choice" in page
    for trial in json.loads(done.out)["search"]["trials"]:
        assert f"<td>{trial['configuration']}</td>" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cell", "auto", "--budget", "soon"), "--budget takes a time above 0 such as 60s, 2m or 1h; got 'soon'"),
        (("--cell", "auto", "--budget", "0s"), "--budget takes a time above 0"),
        (("--cell", "auto", "--budget", "-5"), "--budget takes a time above 0"),
        (("--budget", "5s"), "--budget is for the automatic choice"),
        (("--cell", "auto", "--max-trials", 1), "--max-trials must be a whole number ≥ 4"),
        (("--scaling", "level,none"), "no scaling is called 'none'"),
    ],
)
def test_wrong_budgets_are_reported_before_anything_is_read(words, message, command):
    done = command(*WORDS, *words)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_a_backtest_with_a_search_is_repeated_by_its_choice(command):
    words = ("backtest", AIR, "-H", 3, "-K", 3, "--steps", 4, "--hidden", 4)
    done = command(*words, "--cell", "auto", "--budget", "1.5s", "--out", "rows.csv")
    assert done.code == 0, done.err
    assert done.err.count("note: automatic choice") == 1
    options = tomllib.loads(Path("rows.toml").read_text())
    assert options["cell"] in un.CELLS
    assert options["alias"] == "AUTO"
    assert {"budget", "max-trials"} & options.keys() == set()
    again = command("backtest", "--config", "rows.toml", "--out", "other.csv")
    assert again.code == 0, again.err
    assert Path("other.csv").read_bytes() == Path("rows.csv").read_bytes()
    assert again.out == done.out
    told = json.loads(command(*words, "--cell", "auto", "--max-trials", 4, "--json").out)["search"]
    assert told["trials"]
    assert f"--cell {told['chosen']['cell']} " in told["options"]


def written(folder: str, name: str = "forecast.csv") -> bytes:
    return Path(folder, name).read_bytes()


def test_a_search_under_a_budget_is_repeated_by_its_choice(command):
    words = ("--cell", "auto", "--budget", "2s", "--steps", 4, "--hidden", 4)
    done = command("forecast", AIR, "-H", 6, *words, "--out", "out")
    assert done.code == 0, done.err
    options = tomllib.loads(written("out", "run.toml").decode())
    assert options["cell"] in un.CELLS
    assert options["alias"] == "AUTO"
    assert {"budget", "max-trials"} & options.keys() == set()
    command("forecast", "--config", "out/run.toml", "--out", "other")
    assert written("other") == written("out")
