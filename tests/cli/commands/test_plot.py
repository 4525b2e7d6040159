"""`unrolled plot`: every kind of figure, of forecasts and of models."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import unrolled as un
from pages import Page
from shell import AIR, QUICK, inside, shell
from tables import eight_shops

NAME = un.Forecaster(1).name


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return eight_shops()


@pytest.fixture(scope="module")
def outputs(table, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("plot")
    table.to_csv(place / "sales.csv", index=False)
    done = shell("forecast", "sales.csv", "-H", 4, *QUICK, "--out", "out", cwd=place)
    assert done.code == 0, done.err
    return place


@pytest.mark.parametrize(
    ("what", "suffix", "begins"),
    [
        (("out/forecast.csv", "sales.csv"), "svg", b"<?xml"),
        (("out/forecast.csv",), "png", b"\x89PNG"),
        (("out/model.safetensors", "sales.csv", "--series", "shop 1, shop 2"), "pdf", b"%PDF"),
        (("out/model.safetensors",), "html", b"<!doctype html>"),
    ],
    ids=["tables", "forecast", "model and table", "model"],
)
def test_every_kind_of_figure_is_written(what, suffix, begins, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    done = inside("plot", *what, "--out", f"figure.{suffix}", capsys=capsys)
    assert done.code == 0, done.err
    assert (outputs / f"figure.{suffix}").read_bytes().startswith(begins)
    assert done.out == ""
    assert f"figure.{suffix}: " in done.err


def test_the_same_figure_gives_the_same_file(outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    for name in ("one.svg", "two.svg"):
        inside("plot", "out/forecast.csv", "sales.csv", "--out", name, "-q", capsys=capsys)
    assert (outputs / "one.svg").read_bytes() == (outputs / "two.svg").read_bytes()
    assert "shop 5" in (outputs / "one.svg").read_text("utf-8")  # text stays text


def test_the_interactive_figure_holds_all_series(outputs, table, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    inside("plot", "out/forecast.csv", "sales.csv", "--out", "all.html", capsys=capsys)
    page = Page(outputs / "all.html")
    assert [series["id"] for series in page.data["series"]] == [f"shop {k}" for k in range(8)]
    written = pd.read_csv(outputs / "out" / "forecast.csv")
    assert page.data["series"][2]["y"] == table[table["shop"] == "shop 2"]["sold"].tolist()
    assert page.data["series"][2]["forecast"][NAME] == written[written["shop"] == "shop 2"][NAME].tolist()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("out/forecast.csv", "--out", "figure.gif"), "--out takes a file that ends in"),
        (("out/forecast.csv", "--last", "0"), "--last takes a number of periods ≥ 1; got 0"),
        (("out/forecast.csv", "--series", "nobody"), "there is no series 'nobody'; the series are 'shop 0'"),
        (("out/forecast.csv", str(AIR)), "has a column of ids. Name the column with --id"),
        (("nothing.csv",), "nothing.csv"),
        (("out/forecast.csv", "--out", "no/where.png"), "can't write no/where.png"),
        (("cutoffs.csv",), "holds forecasts from several cutoffs, but a figure shows one"),
        (("stamps.csv",), "stamps.csv: no column holds forecasts"),
        (("net.safetensors",), "holds a network, not a forecaster"),
    ],
)
def test_figures_that_cannot_be_drawn_are_refused(words, said, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    un.Network([un.RNN(2), un.Last(), un.Dense(1)], 1).save("net.safetensors")
    forecast = pd.read_csv("out/forecast.csv")
    forecast.assign(cutoff="2024-01-01").to_csv("cutoffs.csv", index=False)
    forecast[["shop", "day"]].to_csv("stamps.csv", index=False)
    done = inside("plot", *words, capsys=capsys)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
