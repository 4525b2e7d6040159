"""The commands on a table whose series have different frequencies."""

from __future__ import annotations

import io
import json
import re
import tomllib
from importlib import resources

import jsonschema
import pandas as pd
import pytest

import unrolled as un
from shell import QUICK, Watched, inside
from tables import series, two_frequencies

NAMES = ["monthly", "quarterly"]


NOTE = "3 series monthly, 2 quarterly: each frequency gets its own networks"


@pytest.fixture
def both(rng) -> pd.DataFrame:
    return two_frequencies(rng)


@pytest.fixture
def file(both, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    both.to_csv("both.csv", index=False)
    return "both.csv"


def schema(name: str):
    return json.loads(resources.files("unrolled.cli").joinpath("schemas", f"{name}.json").read_text("utf-8"))


def test_all_commands_take_such_a_table(file, capsys):
    found = json.loads(inside("inspect", file, "--json", capsys=capsys).out)
    jsonschema.validate(found, schema("inspect"))
    assert [(part["frequency"], part["series"], part["season"]) for part in found["parts"]] == [
        ("monthly", 3, 12),
        ("quarterly", 2, 4),
    ]
    assert (found["series"], found["frequency"], found["values"]) == (5, "monthly, quarterly", 270)
    assert f"note: {NOTE}" in inside("inspect", file, capsys=capsys).out
    done = inside("forecast", file, *QUICK, "-H", 4, "--out", "out", "--json", capsys=capsys)
    assert done.code == 0, done.err
    for line in (f"note: {NOTE}", "3 series · monthly · 2012-01-01 …", "2 series · quarterly · 2005-01-01 …"):
        assert line in done.err
    told = json.loads(done.out)
    jsonschema.validate(told, schema("forecast"))
    assert list(told["held_out"]["by_frequency"]) == ["monthly", "quarterly"]
    predicted = inside("predict", "out/model.safetensors", file, "--json", capsys=capsys)
    assert json.loads(predicted.out)["forecast"] == told["forecast"]
    jsonschema.validate(
        json.loads(inside("info", "out/model.safetensors", "--json", capsys=capsys).out), schema("info")
    )
    for given in (("out/model.safetensors",), ("out/model.safetensors", file), ("out/forecast.csv", file)):
        done = inside("plot", *given, "--out", "f.html", capsys=capsys)
        assert (done.code, done.err) == (0, "f.html: 5 series · f.toml repeats it\n")


@pytest.mark.parametrize("ids", [["q36", "m60", "new", "m70"], ["m64", "m60"]])
def test_a_plot_from_a_model_and_a_table_shows_the_forecast_of_predict(ids, both, rng, tmp_path, capsys):
    fc = un.Forecaster(4, steps=3, ensemble=1, hidden=4, verbose=0)
    fc.fit(both if "q36" in ids else both[both["unique_id"].str[0] == "m"])
    fc.save(tmp_path / "m.safetensors")
    known = pd.concat([both, series(rng, 50, "MS", "new", 12)])
    newer = pd.concat([known[known["unique_id"] == name] for name in ids])
    newer.to_csv(tmp_path / "newer.csv", index=False)
    page = tmp_path / "f.html"
    done = inside("plot", tmp_path / "m.safetensors", tmp_path / "newer.csv", "--out", page, capsys=capsys)
    assert done.code == 0, done.err
    told = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    shown = {one["id"]: one["forecast"]["GRU"] for one in json.loads(told.group(1))["series"]}
    expected = fc.predict(pd.read_csv(tmp_path / "newer.csv", parse_dates=["ds"]))
    assert set(shown) == set(ids)
    for name, values in shown.items():
        assert values == expected[expected["unique_id"] == name]["GRU"].tolist()


def test_backtest_and_score_take_several_frequencies(file, both, capsys):
    done = inside("backtest", file, "-H", 4, "-K", 2, *QUICK, "--out", "rows.csv", "--json", capsys=capsys)
    assert done.code == 0, done.err
    jsonschema.validate(json.loads(done.out), schema("backtest"))
    assert f"note: {NOTE}" in done.err
    assert "5 series · 2 cutoffs" in done.err
    assert len(pd.read_csv("rows.csv")) == 5 * 2 * 4
    scored = json.loads(inside("score", "rows.csv", file, "--json", capsys=capsys).out)
    assert scored["matched"] == 40
    assert scored["models"]["GRU"]["MASE"] == pytest.approx(json.loads(done.out)["models"]["GRU"]["MASE"])


def test_a_run_is_repeated_to_the_byte_and_records_the_choices_by_frequency(file, tmp_path, capsys):
    done = inside("forecast", file, *QUICK, "-H", 4, "--out", "out", capsys=capsys)
    assert done.code == 0, done.err
    text = (tmp_path / "out" / "run.toml").read_text()
    for remark in ("monthly: season = 12", "quarterly: season = 4", "monthly: scaling", "quarterly: window"):
        assert f"# chosen from the data, {remark}" in text
    assert "not reproducible" not in text
    assert inside("forecast", "--config", "out/run.toml", "--out", "again", capsys=capsys).out == done.out
    for name in ("forecast.csv", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_newer_table_is_read_as_that_of_the_training(both, rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ("--na=-200", "--decimal", ",", "--delimiter", ";")
    both.loc[both.index[[3, 50]], "y"] = -200
    both.to_csv("old.csv", index=False, sep=";", decimal=",")
    newer = pd.concat([both, series(rng, 40, "QS", "new", 4)])
    newer.to_csv("newer.csv", index=False, sep=";", decimal=",")
    done = inside("forecast", "old.csv", *words, *QUICK, "-H", 4, "--out", "out", capsys=capsys)
    assert done.code == 0, done.err
    model = "out/model.safetensors"
    fc = un.load(model)
    assert fc.reading_ == {"na": "-200", "decimal": ",", "delimiter": ";"}
    told = json.loads(inside("info", model, "--json", capsys=capsys).out)
    assert told["reading"] == "--na=-200 --decimal , --delimiter ';'"
    done = inside("predict", model, "newer.csv", capsys=capsys)
    assert done.code == 0, done.err
    assert f"note: read as in training, with {told['reading']}; options given here take precedence\n" in done.err
    expected = fc.predict(newer.assign(y=newer["y"].replace(-200, float("nan"))), level=[80, 95])
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(done.out), parse_dates=["ds"]), expected)
    picture = inside("plot", model, "newer.csv", "--out", "f.svg", capsys=capsys)
    assert (picture.code, "read as in training, with --na=-200" in picture.err) == (0, True), picture.err
    assert "f.svg: 6 series · f.toml repeats it" in picture.err


def test_quarters_with_some_months_are_not_irregular(rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parts = [series(rng, 60, "QS", f"q{k}", 4, "2000-01-01") for k in range(4)] + [series(rng, 40, "MS", "m", 12)]
    pd.concat(parts).to_csv("t.csv", index=False)
    done = inside("inspect", "t.csv", capsys=capsys)
    assert done.code == 0
    assert "4 series quarterly, 1 monthly" in done.out


RUNS = {"forecast": ("out", "out/run.toml", "forecast.csv"), "backtest": ("rows.csv", "rows.toml", "")}


WORDS = {"forecast": ("-H", 4), "backtest": ("-H", 4, "-K", 2)}


@pytest.mark.parametrize("command", RUNS)
def test_a_search_by_frequency_is_repeated_by_its_trials(command, file, tmp_path, capsys):
    out, repeats, rows = RUNS[command]
    searching = ("--cell", "auto", "--max-trials", 8)
    done = inside(command, file, *WORDS[command], *QUICK, *searching, "--out", out, "--json", capsys=capsys)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    jsonschema.validate(told, schema(command))
    assert list(told["search"]["chosen"]) == NAMES
    assert {trial["frequency"] for trial in told["search"]["trials"]} <= set(NAMES)
    assert "note: quarterly: automatic choice" in done.err
    assert [sum(note.startswith(f"{name}: automatic choice") for note in told["notes"]) for name in NAMES] == [1, 1]
    text = (tmp_path / repeats).read_text()
    for part in told["search"]["options"].split("; "):
        assert f"# chosen by --cell auto, {part}\n" in text
    assert "not reproducible" not in text
    options = tomllib.loads(text)
    assert (options["cell"], options["max-trials"], "alias" in options) == ("auto", 8, False)
    content = (tmp_path / out / rows).read_bytes()
    assert inside(command, "--config", repeats, "--out", f"again{out}", capsys=capsys).code == 0
    assert (tmp_path / f"again{out}" / rows).read_bytes() == content


@pytest.mark.parametrize("command", RUNS)
@pytest.mark.parametrize("more", [(), ("--max-trials", 8)])
def test_a_run_file_says_that_a_search_under_a_budget_may_choose_differently(command, more, file, tmp_path, capsys):
    out, repeats, _ = RUNS[command]
    searching = ("--cell", "auto", "--budget", "1s", *more)
    done = inside(command, file, *WORDS[command], *QUICK, *searching, "--out", out, capsys=capsys)
    assert done.code == 0, done.err
    text = (tmp_path / repeats).read_text()
    assert "# the choice of --cell auto within a time limit is not reproducible." in text
    assert re.findall("# chosen by --cell auto, (.*): --cell ", text) == NAMES
    assert {"cell": "auto", "budget": "1s"}.items() <= tomllib.loads(text).items()


def test_a_given_season_is_refused_with_a_remedy(file, capsys):
    done = inside("forecast", file, "-H", 4, "--season", 12, *QUICK, capsys=capsys)
    assert done.code == 2
    assert "--season 12 can't apply to all series: the table has 3 series monthly, 2 quarterly" in done.err


def test_an_interrupt_of_the_first_frequency_names_those_without_a_forecast(file, tmp_path):
    running = Watched(
        *("forecast", file, "-H", 4, "--steps", 100_000, "--ensemble", 1, "--hidden", 4, "--out", "out"), cwd=tmp_path
    )
    running.wait_for("monthly · training without the held-out end")
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert "note: interrupted: no forecast of 2 series quarterly" in done.err
    rows = pd.read_csv(tmp_path / "out" / "forecast.csv")
    assert set(rows["unique_id"]) == {"m70", "m64", "m60"}
    assert list(un.load(tmp_path / "out" / "model.safetensors").parts_) == ["monthly"]
