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


ALIGNED = [
    "Date         Sales  Visitors",
    "2024-01-01    10.5       100",
    "2024-01-02               101",
    "2024-01-03    11.0       103",
    "2024-01-04    12.0",
    "2024-01-05     9.5      1200",
    "2024-01-06               118",
    "2024-01-07    10.0        99",
]
SALES = [10.5, None, 11.0, 12.0, 9.5, None, 10.0]
VISITORS = [100, 101, 103, None, 1200, 118, 99]


def columns_of(path, **options):
    frame = read_file(path, ReadOptions(target="Sales,Visitors", **options)).frame
    known = frame["value"].astype(object).where(frame["value"].notna(), None).tolist()
    return known[: len(known) // 2], known[len(known) // 2 :]


def test_empty_cells_are_found_by_the_positions_of_the_columns(file):
    assert columns_of(file(*ALIGNED)) == (SALES, VISITORS)
    more = [f"2024-01-{day}    10.0       100" for day in range(10, 30)]
    remarks = file("Sales of a shop", *ALIGNED, *more, "Source: the shop")
    assert columns_of(remarks) == (SALES + [10.0] * 20, VISITORS + [100] * 20)


def test_an_empty_first_cell_does_not_move_the_others(file):
    rows = [f"{'north' if k % 3 else '':>8}  {day}  {k:4}" for k, day in enumerate(DAYS)]
    table = read_file(file("region    day         sold", *rows), ReadOptions(target="sold", time="day"))
    assert values(table)[:4] == [0, 1, 2, 3]


@pytest.mark.parametrize("gap", [" ", "    "])
def test_lines_whose_empty_cells_are_not_clear_are_refused_with_a_remedy(file, refused, gap):
    rows = [f"{day}{gap}{k}{gap}{k * k}" for k, day in enumerate(DAYS)]
    rows[5] = f"{DAYS[5]}{gap}{900}"
    lines = (f"day{gap}sold{gap}left", *rows)
    told = "line 7: the line has 2 cells instead of 3, and their positions do not tell which are empty. Write NA"
    refused(*lines, message=rf"{told} into empty cells. To leave out this line, use `skip_rows='7'`")
    table = read_file(file(*lines), ReadOptions(target="left", skip_rows="7"))
    assert values(table)[4:6] == [16, 36]
