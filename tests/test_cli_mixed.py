"""The commands on a table whose series have different frequencies."""

from __future__ import annotations

import json
import re
from importlib import resources

import jsonschema
import pandas as pd
import pytest

import unrolled as un
from shell import QUICK, Watched, inside
from tables import series, two_frequencies

NOTE = "3 series monthly, 2 quarterly: each frequency gets networks of its own"


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
    again = inside("forecast", "--config", "out/run.toml", "--json", capsys=capsys)
    assert json.loads(again.out)["forecast"] == told["forecast"]
    for given in (("out/model.safetensors",), ("out/model.safetensors", file), ("out/forecast.csv", file)):
        done = inside("plot", *given, "--out", "f.html", capsys=capsys)
        assert (done.code, done.err) == (0, "f.html: 5 series\n")


@pytest.mark.parametrize("ids", [["q36", "m60", "new", "m70"], ["m64", "m60"]])
def test_a_plot_from_a_model_and_a_table_shows_what_predict_says(ids, both, rng, tmp_path, capsys):
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


def test_backtest_and_score_take_it(file, both, capsys):
    done = inside("backtest", file, "-H", 4, "-K", 2, *QUICK, "--out", "rows.csv", "--json", capsys=capsys)
    assert done.code == 0, done.err
    jsonschema.validate(json.loads(done.out), schema("backtest"))
    assert f"note: {NOTE}" in done.err
    assert "5 series · 2 cutoff(s)" in done.err
    assert len(pd.read_csv("rows.csv")) == 5 * 2 * 4
    scored = json.loads(inside("score", "rows.csv", file, "--json", capsys=capsys).out)
    assert scored["matched"] == 40
    assert scored["models"]["GRU"]["MASE"] == pytest.approx(json.loads(done.out)["models"]["GRU"]["MASE"])


def test_quarters_with_some_months_are_not_irregular(rng, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parts = [series(rng, 60, "QS", f"q{k}", 4, "2000-01-01") for k in range(4)] + [series(rng, 40, "MS", "m", 12)]
    pd.concat(parts).to_csv("t.csv", index=False)
    done = inside("inspect", "t.csv", capsys=capsys)
    assert done.code == 0
    assert "4 series quarterly, 1 monthly" in done.out


def test_a_search_by_frequency_in_the_shell(file, capsys):
    done = inside(
        *("forecast", file, "-H", 4, *QUICK, "--cell", "auto", "--max-trials", 8, "--out", "out", "--json"),
        capsys=capsys,
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)
    jsonschema.validate(told, schema("forecast"))
    assert list(told["search"]["chosen"]) == ["monthly", "quarterly"]
    again = json.loads(inside("forecast", "--config", "out/run.toml", "--json", capsys=capsys).out)
    assert again["forecast"] == told["forecast"]


def test_a_given_season_is_refused_with_a_remedy(file, capsys):
    done = inside("forecast", file, "-H", 4, "--season", 12, *QUICK, capsys=capsys)
    assert done.code == 2
    assert "season 12 can't be that of all: the table has 3 series monthly, 2 quarterly" in done.err


def test_an_interrupt_of_the_first_part_says_what_has_no_forecast(file, tmp_path):
    running = Watched(
        *("forecast", file, "-H", 4, "--steps", 100_000, "--ensemble", 1, "--hidden", 4, "--out", "out"), cwd=tmp_path
    )
    running.wait_for("monthly · training without the end")
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert "note: interrupted: no forecast of 2 series quarterly" in done.err
    rows = pd.read_csv(tmp_path / "out" / "forecast.csv")
    assert set(rows["unique_id"]) == {"m70", "m64", "m60"}
    assert list(un.load(tmp_path / "out" / "model.safetensors").parts_) == ["monthly"]
