"""The reports that the command writes show its numbers, its table and the command."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from pages import Page
from reports import FILE, IDS, NAME, TARGET, hostile_table
from shell import AIR, QUICK, shell


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
    hostile_table().to_csv(place / FILE, index=False)
    done = shell("forecast", FILE, "-H", 3, *QUICK, "--out", "out", "--format", "html,md", cwd=place)
    assert done.code == 0, done.err
    return place / "out"


@pytest.mark.parametrize("outputs", ["air", "hostile"])
def test_the_numbers_of_the_page_are_those_of_the_csv(outputs, request):
    folder = request.getfixturevalue(outputs)
    with open(folder / "forecast.csv", encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    page = Page(folder / "report.html")
    assert page.data["name"] == NAME
    rows = []
    for number, series in enumerate(page.data["series"]):
        known = {"shop": series["id"]} if outputs == "hostile" else {}
        inner = {f"{NAME}-lo-50", f"{NAME}-hi-50"}  # which the page has besides the requested intervals
        assert inner <= set(series["forecast"])
        for k, stamp in enumerate(page.stamps(number)[1]):
            values = {name: column[k] for name, column in series["forecast"].items() if name not in inner}
            rows.append(known | {"Month" if outputs == "air" else "day": stamp} | values)
    for row, texts in zip(rows, written, strict=True):  # as CSV, with six digits of the largest value of the series
        numbers = {name: float(cell) if NAME in name else cell for name, cell in texts.items()}
        assert row == {name: v if isinstance(v, str) else pytest.approx(v, rel=1e-5) for name, v in numbers.items()}


def test_both_reports_show_the_table_and_the_command(air):
    page, text = Page(air / "report.html"), (air / "report.md").read_text("utf-8")
    known = pd.read_csv(AIR)
    (series,) = page.data["series"]
    assert page.stamps(0)[0] == [f"{month}-01" for month in known["Month"]]
    assert series["y"] == known["#Passengers"].tolist()
    assert "144 values · target '#Passengers'" in page.text
    command = re.search(r"```sh\n(.*)\n```", text)[1]
    assert command.startswith(f"unrolled forecast {AIR} -H 12")
    assert "--seed 7" in command
    assert command in page.text
    assert text.startswith("# air\\_passengers.csv\n")
    for value in series["forecast"][NAME]:
        assert f"{value:.2f}" in page.text
        assert f" {value:.2f} |" in text


def test_no_name_is_markup(hostile):
    page = Page(hostile / "report.html")
    assert [series["id"] for series in page.data["series"]] == list(IDS)
    assert page.data["target"] == TARGET
    assert FILE in page.text
    assert len(page.scripts) == 3
    text = re.sub(r"```.*?```", "", (hostile / "report.md").read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", text)
