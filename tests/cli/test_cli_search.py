"""The automatic choice from the shell: options, what is told, and the report."""

from __future__ import annotations

import json

import pytest

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


def test_the_report_shows_the_evidence(command, tmp_path):
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
        (("--budget", "5s"), "budget is for the automatic choice"),
        (("--cell", "auto", "--max-trials", 1), "max_trials must be a whole number ≥ 4"),
        (("--scaling", "level,none"), "no scaling is called 'none'"),
    ],
)
def test_wrong_budgets_are_told_before_anything_is_read(words, message, command):
    done = command(*WORDS, *words)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), ("2m", 120), ("1h", 3600), ("0.5 m", 30)])
def test_budgets_have_units(text, seconds):
    from unrolled.cli.model_options import parse_budget

    assert parse_budget(text) == seconds
