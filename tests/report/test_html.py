"""The page: it loads nothing, shows the computed numbers, and escapes all text."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pandas as pd

import unrolled as un
from pages import Page
from reports import COMMAND, FILE, IDS, NAME, TARGET
from shell import AIR
from unrolled.report import html
from unrolled.series.stamp_texts import format_stamp


def test_the_page_loads_nothing(content):
    page = Page(html.page(content))
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not {"src", "href", "srcset", "action", "background", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", "".join(page.styles))
    for ours in page.scripts[1:]:
        # the namespace of SVG is a name, not an address that is asked for
        addresses = ours.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(|innerHTML|document\.write", addresses)


def test_the_page_may_run_its_own_scripts_only(content):
    page = Page(html.page(content))
    kinds = [attributes.get("type") for tag, attributes in page.elements if tag == "script"]
    assert kinds == ["application/json", None, None]
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    hashes = [b64encode(sha256(script.encode()).digest()).decode() for script in page.scripts[1:]]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert not re.search(r"<!--\w+-->", re.sub(r"<script.*?</script>", "", page.source, flags=re.DOTALL))


def test_the_numbers_of_the_page_are_those_of_the_forecast(content):
    page = Page(html.page(content))
    columns, steps = content.columns, content.steps
    assert page.data["name"] == NAME
    for number, (series, name) in enumerate(zip(page.data["series"], content.ids, strict=True)):
        rows = content.forecast.iloc[number * steps : (number + 1) * steps]
        assert series["id"] == (name or "")
        assert name is None or rows[columns.id].eq(name).all()
        assert page.stamps(number)[1] == [format_stamp(stamp) for stamp in rows[columns.time].to_numpy()]
        assert series["forecast"] == rows.drop(columns=[columns.id, columns.time], errors="ignore").to_dict("list")


def test_the_page_shows_the_data_and_the_held_out_forecasts(air):
    page = Page(html.page(air))
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
    assert page.data["rivals"] == air.comparison.ordered.index.drop(NAME)[:3].tolist()
    assert set(page.data["steps"]["errors"]) == {NAME, *page.data["rivals"]}
    assert page.data["steps"]["labels"] == [*range(1, 13)]


def test_the_page_describes_the_model_and_the_command(air):
    page = Page(html.page(air))
    assert "1 series · monthly · 1949-01-01 … 1960-12-01 · 144 values · target '#Passengers'" in page.text
    assert "Forecast '#Passengers' 12 months ahead, with intervals of 50 %, 80 % and 95 %, by GRU." in page.text
    assert (
        "144 periods · 1949-01-01 … 1960-12-01 · no gaps · no outliers · season strength 0.9"
        in page.data["series"][0]["glance"]
    )
    assert COMMAND in page.text
    assert "4.2 s" in page.text
    assert f"Made by unrolled {un.__version__}" in page.text
    for word in ("The network", "SeasonalNaive", "sMAPE", "as promised", "networks in the ensemble", "parameters"):
        assert word in page.text
    for value in air.forecast[NAME]:
        assert f"{value:.2f}" in page.text


def test_figures_of_a_long_training_are_thinned():
    assert html.thinned([1.0, 3.0]) == [1.0, 3.0]
    assert html.thinned([*map(float, range(2001))])[:2] == [1.0, 4.0]  # means of three
    assert len(html.thinned([0.0] * 999_999)) <= 1000


def test_names_are_text_and_never_markup(hostile):
    page = Page(html.page(hostile))
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


def test_every_control_and_figure_has_an_accessible_name(hostile):
    page = Page(html.page(hostile))
    by_id = {a["id"] for _, a in page.elements if "id" in a}
    assert all(a["aria-labelledby"] in by_id for _, a in page.elements if "aria-labelledby" in a)
    assert len(by_id) == len([a for _, a in page.elements if "id" in a])  # each once
    assert all(a.get("scope") in {"row", "col"} for tag, a in page.elements if tag == "th")
    tables = [tag for tag, _ in page.elements if tag in {"table", "caption"}]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert ("html", {"lang": "en"}) in page.elements


def test_gaps_are_left_open_and_changes_are_noted(hostile):
    page = Page(html.page(hostile))
    assert page.data["series"][0]["y"][5] is None
    assert page.data["series"][0]["y"][6] == 9
    assert "1 gap" in page.data["series"][0]["glance"]
    assert "3 gaps filled with the value before, and left out" in page.text


def test_held_out_forecasts_belong_to_their_series(hostile):
    for series in Page(html.page(hostile)).data["series"]:
        assert series["held_out"]["begins"] == 37
        assert series["held_out"]["values"]["y"] == series["y"][-3:]
