"""Inspection: what is inferred about a table, and why it can't be forecast."""

from __future__ import annotations

import pandas as pd
import pytest

from tables import DAYS, daily
from unrolled.series.by_frequency import read_panels
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.files.inspection import common_horizon, describe_panel, format_inspection, inspect_table


@pytest.fixture
def two_frequencies(file) -> str:
    months = pd.date_range("2020-01-01", periods=30, freq="MS")
    quarters = pd.date_range("2019-01-01", periods=20, freq="QS")
    rows = [
        f"{name},{stamp:%Y-%m-%d},{k}" for name, of in (("m", months), ("q", quarters)) for k, stamp in enumerate(of)
    ]
    return file("id,day,y", *rows)


def test_columns_series_and_notes_are_described(file):
    path = file(
        "Tag;Umsatz;Wetter;leer", *(f"{day};{k},5;{'sonnig' if k % 2 else ''};" for k, day in enumerate(DAYS))
    )
    found = inspect_table(path, ReadOptions(target="Umsatz"))
    kinds = {column["name"]: (column["kind"], column["role"], column["missing"]) for column in found["columns"]}
    assert kinds == {
        "Tag": ("dates", "time", 0),
        "Umsatz": ("numbers", "target", 0),
        "Wetter": ("texts", None, 10),
        "leer": ("empty", None, 20),
    }
    assert found["columns"][1]["examples"] == ["0,5", "1,5", "19,5"]  # the first and the last
    assert (found["error"], found["frequency"], found["values"], found["season"]) == (None, "daily", 20, 7)
    assert found["notes"] == ["column 'Umsatz': commas read as decimal points"]
    assert "target 'Umsatz' · 20 values · 0 gaps · season 7" in format_inspection(found)


def test_lines_below_a_table_are_no_cells_of_its_columns(file):
    rows = [f"{day},{k},open" for k, day in enumerate(DAYS)]
    found = inspect_table(file("day,y,state", *rows, "Total,190,", '"Source: till"'), ReadOptions())
    cells = [(column["missing"], column["examples"][-1]) for column in found["columns"]]
    assert cells == [(0, str(DAYS[-1])), (0, "19"), (0, "open")]


def test_several_frequencies_are_described_together_and_each(two_frequencies):
    found = inspect_table(two_frequencies, ReadOptions())
    assert (found["frequency"], found["series"], found["values"]) == ("monthly, quarterly", 2, 50)
    assert (found["shortest"], found["longest"]) == (20, 30)
    assert (found["first"], found["last"]) == ("2019-01-01", "2023-10-01")
    assert [part["frequency"] for part in found["parts"]] == ["monthly", "quarterly"]
    assert found["notes"][-1] == "1 series monthly, 1 quarterly: each frequency gets its own networks"
    assert sum(" periods each" in line for line in format_inspection(found)) == 2


def test_an_error_keeps_the_inferred_facts(file):
    path = file("day,a,b", *(f"{day},{3 * k},{k * k}" for k, day in enumerate(DAYS)))
    found = inspect_table(path, ReadOptions())
    assert found["error"].startswith(f"{path}: several columns hold numbers: 'a', 'b'")
    assert [column["role"] for column in found["columns"]] == ["time", None, None]
    assert "series" not in found


def test_a_sentinel_is_reported(file):
    path = file(*daily([5, -200, 6, -200, 7, -200, *range(8, 20)]))
    assert inspect_table(path, ReadOptions())["sentinels"] == {"value": -200.0, "times": 3}


def test_a_panel_is_described_in_one_line(two_frequencies):
    table = read_file(two_frequencies)
    panels = read_panels(table.frame, table.columns)
    assert describe_panel(panels[1], table.columns) == (
        "1 series · quarterly · 2019-01-01 … 2023-10-01 · 20 values · target 'y'"
    )
    assert common_horizon(panels) == 4  # a fifth of the shortest frequency's longest series
