"""Headers: several rows, none, and lines above the table."""

from __future__ import annotations

import pandas as pd
import pytest

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


@pytest.mark.parametrize(("parts", "frequency"), [("T1,T2,T3,T4", "QS"), ("S1,S2", "6MS")])
def test_years_above_equal_names_of_their_parts_are_a_header(file, parts, frequency):
    years, count = range(2016, 2022), len(parts.split(","))
    rows = [f"Dép. {k},{','.join(str(10 * k + j) for j in range(6 * count))}" for k in range(3)]
    above = "," + "".join(f"{year}{',' * count}" for year in years).rstrip(",") + "," * (count - 1)
    path = file("Chômage,,", above, ",".join(["Région", *[parts] * 6]), *rows)
    table = read_file(path)
    assert (table.series, len(table.frame)) == ({"Dép. 0", "Dép. 1", "Dép. 2"}, 18 * count)
    first = table.frame[table.frame[table.columns.id] == "Dép. 1"]
    expected = pd.date_range("2016-01-01", periods=6 * count, freq=frequency)
    assert (first.iloc[:, 1].tolist(), first.iloc[:, 2].tolist()) == (
        expected.tolist(),
        list(range(10, 10 + 6 * count)),
    )
    assert read_file(path, ReadOptions(header=2)).frame.equals(table.frame)


def test_annotations_of_influxdb_are_no_names(file):
    path = file(
        "#group,false,false,true,false,true",
        "#datatype,string,long,dateTime:RFC3339,double,string",
        "#default,_result,,,,",
        ",result,table,_time,_value,_field",
        *(f",,0,2023-05-01T00:{k:02}:00Z,{k}.5,temperature" for k in range(60)),
    )
    table = read_file(path)
    assert (table.columns.time, table.columns.target, table.series) == ("_time", "_value", set())
    assert values(table) == [k + 0.5 for k in range(60)]
    assert table.frame.equals(read_file(path, ReadOptions(skip_rows="1-3")).frame)


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
