"""The JSON output of every command fits its schema."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest

from shell import AIR, QUICK, inside
from unrolled.cli.command_group import COMMANDS, load

SCHEMAS = {
    path.name.removesuffix(".json"): json.loads(path.read_text("utf-8"))
    for path in resources.files("unrolled.cli").joinpath("schemas").iterdir()
    if path.name.endswith(".json")
}


@pytest.fixture
def printed(capsys, tmp_path, monkeypatch):
    """Run a command with --json and give what it printed, once its schema has accepted it."""
    monkeypatch.chdir(tmp_path)

    def run(name, *words):
        done = inside(name, *words, "--json", capsys=capsys)
        assert done.code == 0, done.err
        content = json.loads(done.out)
        jsonschema.validate(content, SCHEMAS[name])
        return content

    return run


def test_every_command_that_prints_json_has_a_schema():
    printing = {name for name in COMMANDS if any("--json" in p.opts for p in load(name).params)}
    assert printing == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["title"] == f"unrolled {name} --json"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"other": 1}, SCHEMAS[name])


def test_forecast_predict_info_and_score(printed, tmp_path):
    told = printed("forecast", AIR, "-H", 12, *QUICK, "--out", "out")
    assert told["search"] is None
    assert told["held_out"]["errors"]
    assert printed("predict", "out/model.safetensors")["forecast"] == told["forecast"]
    assert printed("info", "out/model.safetensors")["kind"] == "forecaster"
    newer = AIR.read_text() + "\n" + "\n".join(f"1961-{month:02},{400 + month}" for month in range(1, 13)) + "\n"
    (tmp_path / "newer.csv").write_text(newer)
    scored = printed("score", "out/forecast.csv", "newer.csv")
    assert (scored["rows"], scored["matched"]) == (12, 12)


def test_a_search_and_series_that_are_too_short_to_hold_out(printed, file):
    told = printed("forecast", AIR, "-H", 6, "--cell", "auto", "--max-trials", 4, "--steps", 4, "--hidden", 4)
    assert told["search"]["trials"]
    short = file("ds,y", *(f"2024-01-{day:02},{day}" for day in range(1, 12)), name="short.csv")
    assert printed("forecast", short, "-H", 4, *QUICK)["held_out"] is None


def test_inspect(printed, file, capsys):
    told = printed("inspect", AIR)
    assert (told["series"], told["frequency"], told["values"]) == (1, "monthly", 144)
    assert [column["role"] for column in told["columns"]] == ["time", "target"]
    done = inside("inspect", file("a,b", "x,1", "y,2"), "--json", capsys=capsys)
    assert done.code == 2
    content = json.loads(done.out)
    jsonschema.validate(content, SCHEMAS["inspect"])
    assert content["error"]
    days = [f"2024-01-{day:02}" for day in range(1, 30)]
    uneven = file("ds,y", *(f"{day},1" for day in days), "2024-01-29 07:00,2", "2024-01-30,1", name="uneven.csv")
    content = json.loads(inside("inspect", uneven, "--json", capsys=capsys).out)
    assert content["error"].startswith(f"{uneven}, column 'ds', ")


def test_backtest(printed):
    told = printed("backtest", AIR, "-H", 3, "-K", 2, *QUICK, "--out", "rows.csv")
    assert told["windows"] == 2
    assert told["files"] == ["rows.csv", "rows.toml"]


def test_check_demo_info_and_bench(printed, monkeypatch):
    monkeypatch.setattr("unrolled.cli.commands.bench.TIME_LIMIT_S", 0.05)
    assert printed("check", "--cell", "rnn", "--depth", 1)["wrong"] == 0
    assert printed("demo", "fish")["fish"]["right"] is True
    assert printed("info")["cells"]
    told = printed("bench", "--cell", "rnn")
    assert [row["cell"] for row in told["measured"]] == ["rnn"] * 3
    assert all(row["native"] > 0 and row["numpy"] > 0 for row in told["measured"])
    assert all(row["times"] == row["native"] / row["numpy"] for row in told["measured"])


def test_unknown_values_are_null(printed, tmp_path):
    (tmp_path / "constant.csv").write_text("ds,y\n" + "".join(f"2024-01-{day:02},7\n" for day in range(1, 31)))
    errors = printed("forecast", "constant.csv", "-H", 2, *QUICK, "--out", "-")["held_out"]["errors"]
    assert errors["Naive"]["MASE"] is None  # its history never moves, so there is no scale
