"""The report: one page that needs nothing from outside, shows what was computed, and takes no text for markup."""

from __future__ import annotations

import csv
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shell import AIR, QUICK, shell
from unrolled.forecasting.panel import Columns
from unrolled.forecasting.table import read_panel
from unrolled.report import write_report

NAME = un.Forecaster(1).name
# what an attacker would write; a file's name can hold no slash
IDS = ("<script>alert('a')</script>", "</script><img src=x onerror=alert(1)>", "<!--data-->&amp;\"'")
TARGET = "<b>sold</b></script>"
FILE = "<img src=x onerror=alert(2)>&.csv"


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, the scripts, and the text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.texts: list[str] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attributes) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, content: str) -> None:
        if self.cdata_elem == "script":
            self.scripts.append(content)
        elif self.cdata_elem == "style":
            self.styles.append(content)
        else:
            self.texts.append(content)

    @property
    def data(self) -> dict:
        return json.loads(self.scripts[0])

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def air(tmp_path_factory) -> Path:
    """The outputs for a single series."""
    place = tmp_path_factory.mktemp("air")
    done = shell("forecast", AIR, "-H", 12, *QUICK, "--out", "out", "--seed", 7, cwd=place)
    assert done.code == 0, done.err
    return place / "out"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """The outputs for a table whose names are markup."""
    place = tmp_path_factory.mktemp("hostile")
    days = pd.date_range("2024-01-01", periods=40)
    parts = [pd.DataFrame({"shop": key, "day": days, TARGET: 3 + np.arange(40) % 7}) for key in IDS]
    pd.concat(parts).drop(index=5).to_csv(place / FILE, index=False)
    done = shell("forecast", FILE, "-H", 3, *QUICK, "--out", "out", cwd=place)
    assert done.code == 0, done.err
    return place / "out"


BOTH = pytest.mark.parametrize("outputs", ["air", "hostile"])


@BOTH
def test_the_page_loads_nothing(outputs, request):
    page = Page(request.getfixturevalue(outputs) / "report.html")
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not {"src", "href", "srcset", "action", "background", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", "".join(page.styles))
    ours = page.scripts[-1]  # before it: the data and plotly.js
    assert "draw" in ours
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(|innerHTML|document\.write", ours)


@BOTH
def test_the_page_has_one_script_of_data_one_of_plotly_and_ours(outputs, request):
    page = Page(request.getfixturevalue(outputs) / "report.html")
    kinds = [attributes.get("type") for tag, attributes in page.elements if tag == "script"]
    assert kinds == ["application/json", None, None]
    assert len(page.scripts) == 3
    assert "plotly.js" in page.scripts[1]
    assert not re.search(
        r"<!--\w+-->", re.sub(r"<script.*?</script>", "", page.source, flags=re.DOTALL)
    )  # all filled


@BOTH
def test_the_numbers_of_the_page_are_those_of_the_csv(outputs, request):
    folder = request.getfixturevalue(outputs)
    with open(folder / "forecast.csv", encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    data = Page(folder / "report.html").data
    assert data["name"] == NAME
    rows = []
    for series in data["series"]:
        known = {"shop": series["id"]} if outputs == "hostile" else {}
        for k, stamp in enumerate(series["forecast"]["x"]):
            values = {name: column[k] for name, column in series["forecast"]["values"].items()}
            rows.append(known | {"Month" if outputs == "air" else "day": stamp} | values)
    assert rows == [{name: float(cell) if NAME in name else cell for name, cell in row.items()} for row in written]


def test_the_page_shows_what_was_known(air):
    data = Page(air / "report.html").data
    known = pd.read_csv(AIR)
    (series,) = data["series"]
    assert series["id"] == ""
    assert series["x"] == [f"{month}-01" for month in known["Month"]]
    assert series["y"] == known["#Passengers"].tolist()
    assert data["target"] == "#Passengers"
    assert len(data["histories"]) == 2
    held_out = series["held_out"]
    assert held_out["x"] == series["x"][-12:]
    assert held_out["values"]["y"] == series["y"][-12:]
    assert {NAME, "Naive", "SeasonalNaive", "Drift"} < set(held_out["values"])


def test_the_page_tells_how_it_was_made(air):
    page = Page(air / "report.html")
    assert "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values · target '#Passengers'" in page.text
    assert f"unrolled forecast {AIR} -H 12" in page.text
    assert "--seed 7" in page.text
    assert f"Made by unrolled {un.__version__}" in page.text
    for word in ("The network", "SeasonalNaive", "sMAPE", "95 % intervals held", "networks in the ensemble"):
        assert word in page.text
    for number in pd.read_csv(air / "forecast.csv")[NAME]:
        assert f"{number:.6g}" in page.text


def test_names_are_text_and_never_markup(hostile):
    page = Page(hostile / "report.html")
    assert {tag for tag, _ in page.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "select", "div", "table"),
        *("thead", "tbody", "tr", "th", "td", "code", "footer", "script"),
    }
    assert [series["id"] for series in page.data["series"]] == list(IDS)
    assert page.data["target"] == TARGET
    assert FILE in page.text
    assert repr(TARGET) in page.text
    assert all(" ".join(key.split()) in page.text for key in IDS[:2])  # in the table of the forecast


def test_gaps_are_left_open_and_what_was_changed_is_told(hostile):
    page = Page(hostile / "report.html")
    assert page.data["series"][0]["y"][5] is None
    assert page.data["series"][0]["y"][6] == 9
    assert "3 gap(s) filled with the value one season before" in page.text


def test_held_out_forecasts_stand_beside_their_own_series(hostile):
    for series in Page(hostile / "report.html").data["series"]:
        assert series["held_out"]["x"] == series["x"][-3:]
        assert series["held_out"]["values"]["y"] == series["y"][-3:]


def fitted(frame: pd.DataFrame, horizon: int):
    """A forecaster that has hardly been trained, its panel and its forecast."""
    fc = un.Forecaster(horizon, steps=1, ensemble=1, hidden=2, window=8, verbose=0)
    panel = read_panel(frame, Columns())
    fc.columns_, fc.backend_ = Columns(), "pandas"
    fc.fit_panel(panel)
    return fc, panel, fc.predict(level=[80, 95])


@pytest.mark.parametrize(("series", "rows", "horizon"), [(120, 2100, 24), (60, 400, 100)])
def test_the_page_stays_below_ten_megabytes_however_large_the_table(series, rows, horizon, tmp_path, rng):
    stamps = pd.date_range("2024-01-01 00:30", periods=rows, freq="30min")
    parts = [
        pd.DataFrame({"unique_id": f"series {k}", "ds": stamps, "y": 100 * rng.standard_normal(rows)})
        for k in range(series)
    ]
    fc, panel, forecast = fitted(pd.concat(parts), horizon)
    write_report(tmp_path / "report.html", fc, panel, forecast, "large", "unrolled", 1.0)
    assert (tmp_path / "report.html").stat().st_size < 10e6
    page = Page(tmp_path / "report.html")
    shown = len(page.data["series"])
    assert shown >= 20
    assert f"drawn are the first {shown} of {series} series; forecast.csv has all" in page.text
    history = page.data["series"][0]["y"]
    assert len(history) == min(rows, 500)
    assert history == panel.y[panel.series(0)][-len(history) :].tolist()
    assert page.data["series"][0]["x"][-1] == str(stamps[-1])


def test_series_too_short_to_hold_rows_out_have_a_page_too(tmp_path):
    fc, panel, forecast = fitted(pd.DataFrame({"ds": range(9), "y": range(9)}), horizon=4)
    title = os.fsdecode(b"caf\xe9.csv")  # names of files need not be UTF-8
    write_report(tmp_path / "report.html", fc, panel, forecast, title, "unrolled", 1.0)
    page = Page(tmp_path / "report.html")
    assert "caf?.csv" in page.text
    assert "The series are too short to hold any rows out" in page.text
    assert page.data["series"][0]["held_out"] is None
    assert page.data["series"][0]["forecast"]["x"] == [9, 10, 11, 12]
