"""Figures: what they draw is what was forecast; `unrolled plot`; what is said without Matplotlib."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from pages import Page, fitted
from shell import AIR, QUICK, inside, shell
from unrolled.errors import InputError
from unrolled.nn.training.history import History

NAME = un.Forecaster(1).name


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=60)
    parts = [
        pd.DataFrame({"shop": f"shop {k}", "day": days, "sold": k + np.arange(60.0) % 7 + np.arange(60)})
        for k in range(8)
    ]
    return pd.concat(parts)


@pytest.fixture(scope="module")
def fc(table) -> un.Forecaster:
    renamed = table.rename(columns={"shop": "unique_id", "day": "ds", "sold": "y"})
    return fitted(renamed, 4)


@pytest.fixture(scope="module")
def outputs(table, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("plot")
    table.to_csv(place / "sales.csv", index=False)
    done = shell("forecast", "sales.csv", "-H", 4, *QUICK, "--out", "out", cwd=place)
    assert done.code == 0, done.err
    return place


# --- from Python ------------------------------------------------------------------------------------


def lines_of(axes) -> dict[str, list[float]]:
    return {line.get_label(): [*map(float, line.get_ydata())] for line in axes.get_lines()}


def test_a_figure_draws_the_forecast_and_its_past(fc):
    (axes,) = fc.plot("shop 3", history=10, level=[80]).axes
    forecast = fc.predict(level=[80])
    told = forecast[forecast["unique_id"] == "shop 3"]
    past = fc.panel_.y[fc.panel_.series(3)]
    lines = lines_of(axes)
    assert lines["y"] == past[-10:].tolist()
    assert lines[NAME] == [past[-1], *told[NAME]]  # it goes on from the last value
    (band,) = axes.collections
    assert band.get_label() == "80 %"
    edges = {round(float(v), 9) for v in band.get_paths()[0].vertices[:, 1]}
    assert {round(v, 9) for v in [*told[f"{NAME}-lo-80"], *told[f"{NAME}-hi-80"]]} <= edges
    assert axes.get_title(loc="left") == "shop 3"


def test_without_ids_the_first_six_are_drawn_and_wrong_ones_are_refused(fc):
    figure = fc.plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == [f"shop {k}" for k in range(6)]
    assert len(fc.plot(["shop 7", "shop 0"]).axes) == 2
    with pytest.raises(InputError, match=r"no series 'shop 9'; there are 8: 'shop 0', .*"):
        fc.plot("shop 9")
    with pytest.raises(InputError, match="has not been fitted"):
        un.Forecaster(3).plot()


def test_dollars_in_a_name_are_no_formula():
    frame = pd.DataFrame({"unique_id": "$a_{$", "ds": range(40), "y": range(40)})
    figure = fitted(frame, 3).plot()
    content, size = figure._repr_png_()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 2 * size["width"]


def test_a_history_is_drawn_by_epochs():
    history = History([4.0, 2.0, 1.0], [5.0, 3.0, 3.5], [0.1] * 3, [1.0] * 3, best_epoch=1)
    (axes,) = history.plot().axes
    lines = lines_of(axes)
    assert lines["training loss"] == [4.0, 2.0, 1.0]
    assert lines["validation loss"] == [5.0, 3.0, 3.5]
    with pytest.raises(InputError, match="no epochs"):
        History().plot()


def test_without_matplotlib_it_is_said_how_to_get_it(fc, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"pip install 'unrolled\[plot\]'"):
        fc.plot()


# --- the command ------------------------------------------------------------------------------------


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
def test_every_way_to_a_figure(what, suffix, begins, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    done = inside("plot", *what, "--out", f"figure.{suffix}", capsys=capsys)
    assert done.code == 0, done.err
    assert (outputs / f"figure.{suffix}").read_bytes().startswith(begins)
    assert done.out == ""
    assert f"figure.{suffix}: " in done.err


def test_the_same_figure_is_the_same_file(outputs, capsys, monkeypatch):
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
        (("out/forecast.csv", "--last", "0"), "--last takes a number of rows ≥ 1; got 0"),
        (("out/forecast.csv", "--series", "nobody"), "there is no series 'nobody'; there are 8"),
        (("out/forecast.csv", str(AIR)), "has a column of ids, the other has none"),
        (("nothing.csv",), "nothing.csv"),
        (("out/forecast.csv", "--out", "no/where.png"), "can't write no/where.png"),
        (("net.safetensors",), "holds a network, not a forecaster"),
    ],
)
def test_what_can_not_be_drawn_is_refused(words, said, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs)
    un.Network([un.RNN(2), un.Last(), un.Dense(1)], 1).save("net.safetensors")
    done = inside("plot", *words, capsys=capsys)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
