"""The report: one page that needs nothing from outside, shows what was computed, and takes no text for markup."""

from __future__ import annotations

import csv
import os
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from pages import Page, fitted
from shell import AIR, QUICK, shell
from unrolled.errors import InputError
from unrolled.report import report_of

NAME = un.Forecaster(1).name
# what an attacker would write; a file's name can hold no slash
IDS = ("<script>alert('a')</script>", "</script><img src=x onerror=alert(1)>", "<!--data-->&amp;\"'")
TARGET = "<b>sold</b></script>"
FILE = "<img src=x onerror=alert(2)>&.csv"


@pytest.fixture(scope="module")
def air(tmp_path_factory) -> Path:
    """The outputs for a single series."""
    place = tmp_path_factory.mktemp("air")
    done = shell("forecast", AIR, "-H", 12, *QUICK, "--out", "out", "--seed", 7, "--format", "html,md", cwd=place)
    assert done.code == 0, done.err
    return place / "out"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """The outputs for a table whose names are markup."""
    place = tmp_path_factory.mktemp("hostile")
    days = pd.date_range("2024-01-01", periods=40)
    parts = [pd.DataFrame({"shop": key, "day": days, TARGET: 3 + np.arange(40) % 7}) for key in IDS]
    pd.concat(parts).drop(index=5).to_csv(place / FILE, index=False)
    done = shell("forecast", FILE, "-H", 3, *QUICK, "--out", "out", "--format", "html,md", cwd=place)
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
    for ours in page.scripts[1:]:
        # the namespace of SVG is a name, not an address that is asked for
        addresses = ours.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(|innerHTML|document\.write", addresses)


@BOTH
def test_the_page_may_run_its_own_scripts_only(outputs, request):
    page = Page(request.getfixturevalue(outputs) / "report.html")
    kinds = [attributes.get("type") for tag, attributes in page.elements if tag == "script"]
    assert kinds == ["application/json", None, None]
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    hashes = [b64encode(sha256(script.encode()).digest()).decode() for script in page.scripts[1:]]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert not re.search(r"<!--\w+-->", re.sub(r"<script.*?</script>", "", page.source, flags=re.DOTALL))


@BOTH
def test_the_numbers_of_the_page_are_those_of_the_csv(outputs, request):
    folder = request.getfixturevalue(outputs)
    with open(folder / "forecast.csv", encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    page = Page(folder / "report.html")
    assert page.data["name"] == NAME
    rows = []
    for number, series in enumerate(page.data["series"]):
        known = {"shop": series["id"]} if outputs == "hostile" else {}
        inner = {f"{NAME}-lo-50", f"{NAME}-hi-50"}  # which the page has beside the intervals that were asked for
        assert inner <= set(series["forecast"])
        for k, stamp in enumerate(page.stamps(number)[1]):
            values = {name: column[k] for name, column in series["forecast"].items() if name not in inner}
            rows.append(known | {"Month" if outputs == "air" else "day": stamp} | values)
    assert rows == [{name: float(cell) if NAME in name else cell for name, cell in row.items()} for row in written]


def test_the_page_shows_what_was_known(air):
    page = Page(air / "report.html")
    known = pd.read_csv(AIR)
    (series,) = page.data["series"]
    assert series["id"] == ""
    assert page.stamps(0)[0] == [f"{month}-01" for month in known["Month"]]
    assert series["y"] == known["#Passengers"].tolist()
    assert page.data["target"] == "#Passengers"
    assert len(page.data["losses"]) == 2
    held_out = series["held_out"]
    assert held_out["begins"] == len(known) - 12
    assert held_out["values"]["y"] == series["y"][-12:]
    assert {NAME, "Naive", "SeasonalNaive", "Drift"} < set(held_out["values"])
    assert page.data["rivals"] == ["Naive", "SeasonalNaive", "Drift"]
    assert set(page.data["steps"]["errors"]) == {NAME, *page.data["rivals"]}
    assert page.data["steps"]["labels"] == [*range(1, 13)]


def test_the_page_tells_how_it_was_made(air):
    page = Page(air / "report.html")
    assert "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values · target '#Passengers'" in page.text
    assert "Forecast '#Passengers' 12 months ahead, with intervals of 50 %, 80 % and 95 %, by GRU." in page.text
    assert (
        "144 rows · 1949-01-01 … 1960-12-01 · no gaps · no outliers · season strength 0.9"
        in page.data["series"][0]["glance"]
    )
    assert f"unrolled forecast {AIR} -H 12" in page.text
    assert "--seed 7" in page.text
    assert f"Made by unrolled {un.__version__}" in page.text
    for word in ("The network", "SeasonalNaive", "sMAPE", "as promised", "networks in the ensemble", "parameters"):
        assert word in page.text
    for value in pd.read_csv(air / "forecast.csv")[NAME]:
        assert f"{value:.2f}" in page.text


def test_names_are_text_and_never_markup(hostile):
    page = Page(hostile / "report.html")
    assert {tag for tag, _ in page.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "h3"),
        *("p", "ul", "li", "dl", "dt", "dd", "div", "span", "figure", "details", "summary", "pre", "code"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "label", "input", "select", "button"),
        *("svg", "path", "script", "noscript"),
    }
    assert [series["id"] for series in page.data["series"]] == list(IDS)
    assert page.data["target"] == TARGET
    assert FILE in page.text
    assert repr(TARGET) in page.text
    assert all(" ".join(key.split()) in page.text for key in IDS)


def test_every_control_and_figure_can_be_named(hostile):
    page = Page(hostile / "report.html")
    by_id = {a["id"] for _, a in page.elements if "id" in a}
    assert all(a["aria-labelledby"] in by_id for _, a in page.elements if "aria-labelledby" in a)
    assert len(by_id) == len([a for _, a in page.elements if "id" in a])  # each once
    assert all(a.get("scope") in {"row", "col"} for tag, a in page.elements if tag == "th")
    tables = [tag for tag, _ in page.elements if tag in {"table", "caption"}]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert ("html", {"lang": "en"}) in page.elements


def test_gaps_are_left_open_and_what_was_changed_is_told(hostile):
    page = Page(hostile / "report.html")
    assert page.data["series"][0]["y"][5] is None
    assert page.data["series"][0]["y"][6] == 9
    assert "1 gap" in page.data["series"][0]["glance"]
    assert "3 gap(s) filled with the value one season before" in page.text


def test_held_out_forecasts_stand_beside_their_own_series(hostile):
    for series in Page(hostile / "report.html").data["series"]:
        assert series["held_out"]["begins"] == 37
        assert series["held_out"]["values"]["y"] == series["y"][-3:]


# --- Markdown ---------------------------------------------------------------------------------------


def test_the_markdown_says_the_same(air):
    text = (air / "report.md").read_text("utf-8")
    assert text.startswith("# air\\_passengers.csv\n")
    for heading in ("Held-out comparison", "Forecast", "The data at a glance", "The model", "To repeat this"):
        assert f"\n## {heading}\n" in text
    for value in pd.read_csv(air / "forecast.csv")[NAME]:
        assert f" {value:.2f} |" in text
    command = re.search(r"```sh\n(.*)\n```", text)[1]
    assert command.startswith(f"unrolled forecast {AIR} -H 12")
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_no_name_is_markup_in_markdown(hostile):
    text = re.sub(r"```.*?```", "", (hostile / "report.md").read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", text)
    assert "\\<script\\>alert('a')\\</script\\>" in text


# --- from Python ------------------------------------------------------------------------------------


def test_a_report_from_python_shows_every_library_alike(tmp_path):
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=48, freq="MS"), "y": np.arange(48.0) % 12})
    pages = [Page(fitted(table, 3).report(title="A & B").to_html()) for table in (frame, polars.from_pandas(frame))]
    assert pages[0].data["series"] == pages[1].data["series"]
    assert "A & B" in pages[0].text
    assert "To repeat this" not in pages[0].text  # there is no command


def test_a_report_is_saved_as_its_suffix_says(tmp_path):
    report = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2).report()
    report.save(tmp_path / "a.html")
    report.save(tmp_path / "a.md")
    assert (tmp_path / "a.html").read_text("utf-8") == report.to_html()
    assert (tmp_path / "a.md").read_text("utf-8") == report.to_markdown()
    with pytest.raises(InputError, match=r"\.html.*\.md.*'.*a\.docx'"):
        report.save(tmp_path / "a.docx")


def test_a_loaded_forecaster_has_a_report_of_what_it_kept(tmp_path):
    fc = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2)
    fc.save(tmp_path / "m.safetensors")
    page = Page(un.load(tmp_path / "m.safetensors").report().to_html())
    assert "model files don't keep it" in page.text
    kept = page.data["series"][0]["y"]
    assert kept == [*range(40)][-len(kept) :]
    assert page.data["losses"] == []


def test_outside_of_a_notebook_the_browser_shows_it(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    report = fitted(pd.DataFrame({"ds": range(40), "y": range(40)}), 2).report()
    report.show()
    (file,) = tmp_path.glob("unrolled-report-*.html")
    assert opened == [file.as_uri()]
    assert file.read_text("utf-8") == report.to_html()


# --- sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "rows", "horizon"), [(120, 2100, 24), (60, 400, 100)])
def test_the_page_stays_below_ten_megabytes_however_large_the_table(series, rows, horizon, tmp_path, rng):
    stamps = pd.date_range("2024-01-01 00:30", periods=rows, freq="30min")
    parts = [
        pd.DataFrame({"unique_id": f"series {k}", "ds": stamps, "y": 100 * rng.standard_normal(rows)})
        for k in range(series)
    ]
    fc = fitted(pd.concat(parts), horizon, steps=1, ensemble=1)
    report_of(fc).save(tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 10e6
    page = Page(tmp_path / "report.html")
    shown = len(page.data["series"])
    assert shown >= 20
    assert len(page.data["axes"]) == 1
    assert f"drawn are the first {shown} of {series} series; forecast.csv has all" in page.text
    history = page.data["series"][0]["y"]
    assert len(history) == min(rows, 500)
    assert history == fc.panel_.y[fc.panel_.series(0)][-len(history) :].tolist()
    assert page.stamps(0)[0][-1] == str(stamps[-1])


def test_series_too_short_to_hold_rows_out_have_a_page_too(tmp_path):
    fc = fitted(pd.DataFrame({"ds": range(9), "y": range(9)}), horizon=4)
    title = os.fsdecode(b"caf\xe9.csv")  # names of files need not be UTF-8
    fc.report(title=title).save(tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert "caf?.csv" in page.text
    assert "The series are too short to hold any rows out" in page.text
    assert page.data["series"][0]["held_out"] is None
    assert page.stamps(0)[1] == [9, 10, 11, 12]
