"""Headers: several rows, none, and lines above the table."""

from __future__ import annotations

from tables import DAYS, daily, values
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.files.header import find_header


def test_several_header_rows_are_joined(file):
    rows = (f"{day},{k},{100 * k + 7}" for k, day in enumerate(DAYS))
    path = file("Price,close,volume", "Ticker,GOOG,GOOG", "Date,,", *rows)
    table = read_file(path, ReadOptions(target="close"))
    assert (table.columns.time, table.columns.target) == ("Date", "close")
    assert "3 header rows joined into one; change with `header=1`" in table.notes
    assert table.columns.rows[0] == 4


def test_lines_above_the_table_are_left_out(file):
    table = read_file(
        file("Sales of the shop", "made on Monday", "", *(line.replace(";", ",") for line in daily(range(9))))
    )
    assert values(table) == list(range(9))
    assert table.columns.rows[0] == 5
    assert any("2 lines above the table skipped" in note for note in table.notes)


def test_a_table_without_header_has_numbered_columns(file):
    path = file(*(f"{day},{k}" for k, day in enumerate(DAYS)))
    table = read_file(path)
    assert (table.columns.time, table.columns.target, len(table.frame)) == ("column 1", "column 2", 20)
    assert len(read_file(path, ReadOptions(header=0)).frame) == 20


def test_names_that_could_be_dates_stand_above_numbers():
    """GRU is a month in Polish, and many bounds of a forecast look like a month and a year."""
    rows = [["Month", "GRU", "GRU-lo-80"], *([f"2024-{k:02}-01", "12.5", f"{k}.8837"] for k in range(1, 7))]
    assert find_header(list(enumerate(rows, 1)), None).names == rows[0]
