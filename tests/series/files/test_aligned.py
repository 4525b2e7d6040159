"""Tables whose columns are aligned by spaces."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, stamps, values
from unrolled.series.files import ReadOptions, read_file

NOTE = "cells are aligned by spaces; change with `delimiter`"


@pytest.mark.parametrize("gap", [" ", "   "])
def test_cells_may_be_aligned_by_spaces(file, gap):
    table = read_file(file(f"   day{gap}sold", *(f"{day}{gap}{k:6.1f}  " for k, day in enumerate(DAYS, 95))))
    assert values(table)[:8] == [*range(95, 103)]
    assert NOTE in table.notes
    assert table.columns.rows[0] == 2


def test_cells_may_contain_single_spaces_and_decimal_commas(file):
    rows = (f"{day}  Shop one  {k:5},5" for k, day in enumerate(DAYS))
    table = read_file(file("Day         Name of shop   Sales", *rows))
    assert list(table.roles) == ["Day", "Sales"]
    assert values(table)[:3] == [0.5, 1.5, 2.5]


def test_a_comment_above_the_cells_may_have_their_names(file):
    rows = [f"  2000  {month:2}   {month:6.2f}" for month in range(1, 13)]
    table = read_file(file("# Mauna Loa", "#  year  month  average", *rows))
    assert (table.columns.target, values(table)) == ("average", [float(month) for month in range(1, 13)])
    assert stamps(table)[0] == pd.Timestamp("2000-01-01")


def test_years_and_twelve_numbers_without_names_are_months(file):
    rows = ("".join([str(2000 + k), *(f"{12 * k + month:8.2f}" for month in range(12))]) for k in range(3))
    table = read_file(file(*rows))
    assert values(table) == [*range(36)]
    assert stamps(table).tolist() == pd.date_range("2000-01-01", periods=36, freq="MS").tolist()


@pytest.mark.parametrize(
    "lines",
    [
        ("day time,sold", *(f"{day} 10:00,{k}" for k, day in enumerate(DAYS))),
        ("day,  sold,  left", *(f"{day},  {k},  {k}" for k, day in enumerate(DAYS))),
    ],
)
def test_blanks_beside_delimiters_separate_no_cells(file, lines):
    table = read_file(file(*lines), ReadOptions(target="sold"))
    assert (values(table)[:3], NOTE in table.notes) == ([0, 1, 2], False)


def test_a_column_of_dates_in_words_is_not_divided(file):
    table = read_file(file("when", *(f"{day} March 2024" for day in range(1, 15))), ReadOptions(aggregate="count"))
    assert stamps(table)[0] == pd.Timestamp("2024-03-01")


def test_lines_with_more_cells_are_refused_by_their_number(file):
    rows = [f"2024-01-{day}  {day}" for day in range(10, 32)]
    with pytest.raises(un.DataError, match=r"line 4: 3 fields, but the header has 2"):
        read_file(file("day  sold", *rows[:2], f"{rows[2]}  7", *rows[3:]))
