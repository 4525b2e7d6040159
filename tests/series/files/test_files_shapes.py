"""Oddities of files, each on a small one: shapes, rows that are not one a period, tables for Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, daily, stamps, values
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

# --- shapes -----------------------------------------------------------------------------------------


def test_a_year_a_row_and_a_month_a_column(file):
    months = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC"
    rows = (",".join([str(year), *(str(12 * k + m) for m in range(12))]) for k, year in enumerate(range(2000, 2003)))
    table = read_file(file(f"YEAR,{months}", *rows))
    assert values(table) == list(range(36))
    assert stamps(table).tolist() == list(pd.date_range("2000-01-01", periods=36, freq="MS"))


def test_dates_across_make_each_row_a_series(file):
    table = read_file(file("country,2020-01,2020-02,2020-03", "NA,1,2,3", "DE,4,5,6"))
    assert table.frame["series"].tolist() == ["NA"] * 3 + ["DE"] * 3  # Namibia is not missing
    assert values(table) == [1, 2, 3, 4, 5, 6]
    newer = read_file(file("country,2020-04,2020-05,2020-06", "NA,1,2,3", "DE,4,5,6"), prefer=table.columns)
    assert newer.frame["series"].equals(table.frame["series"])


def test_columns_become_series_when_told_or_when_names_differ_in_a_number(file):
    rows = [f"{day},{k},{k + 10},{k + 20}" for k, day in enumerate(DAYS)]
    numbered = file("date,store_1,store_2,store_3", *rows, name="numbered.csv")
    assert read_file(numbered).frame["series"].nunique() == 3
    with pytest.raises(un.DataError, match=r"several columns hold numbers: 'store_1'"):
        read_file(numbered, ReadOptions(wide=False))
    path = file("date,north,south,west", *rows)
    with pytest.raises(
        un.DataError, match=r"several columns hold numbers: 'north', .* --wide takes each as a series"
    ):
        read_file(path)
    assert read_file(path, ReadOptions(wide=True)).frame["series"].nunique() == 3
    table = read_file(path, ReadOptions(target="north,west"))
    assert table.frame["series"].unique().tolist() == ["north", "west"]
    assert values(table)[20:22] == [20, 21]


def test_two_columns_together_may_tell_series_apart(file):
    rows = [f"{s},{d},{day},{k}" for s in "ab" for d in "xy" for k, day in enumerate(DAYS)]
    table = read_file(file("store,dept,date,sales", *rows))
    assert table.columns.id == "store/dept"
    assert table.frame["store/dept"].unique().tolist() == ["a/x", "a/y", "b/x", "b/y"]


def test_a_table_without_stamps_is_numbered_by_the_frequency(file):
    path = file("a", *map(str, range(30, 60)))
    with pytest.raises(un.DataError, match=r"no column reads as dates; .* number the rows with --freq"):
        read_file(path)
    assert read_file(path, ReadOptions(freq=1)).frame["ds"].tolist() == list(range(1, 31))
    table = read_file(path, ReadOptions(freq="MS", start="2015-03"))
    assert stamps(table)[[0, -1]].tolist() == [pd.Timestamp("2015-03-01"), pd.Timestamp("2017-08-01")]
    with pytest.raises(un.InputError, match=r"--start numbers the rows .* needs --freq"):
        read_file(path, ReadOptions(start="2015-03"))


# --- one row a period -------------------------------------------------------------------------------

EVENTS = ["when,sold", "2024-01-01 08:13,2", "2024-01-01 17:40,3", "2024-01-03 09:02,5", "2024-01-04 23:50,7"]


@pytest.mark.parametrize(
    ("how", "expected"), [("sum", [5, 0, 5, 7]), ("mean", [2.5, 5, 7]), ("last", [3, 5, 7]), ("count", [2, 0, 1, 1])]
)
def test_events_are_aggregated(file, how, expected):
    table = read_file(file(*EVENTS), ReadOptions(aggregate=how, freq="D"))
    assert values(table) == expected


def test_a_period_that_is_not_over_is_left_out(file):
    table = read_file(
        file(*daily(range(20)), "2024-02-01;1000", "2024-02-02;1000"), ReadOptions(aggregate="sum", freq="MS")
    )
    assert values(table) == [190]
    assert any("the last period, 2024-02-01, is not over: left out" in note for note in table.notes)


def test_several_rows_a_period_and_irregular_stamps_name_the_option(file, rng):
    with pytest.raises(un.DataError, match=r"comes twice, in lines 2 and 22 .* --id; .* --aggregate sum"):
        read_file(file(*daily(range(20)), "2024-01-01;5"))
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(600, 2400, 60)), unit="s")
    path = file("when,y", *(f"{moment},{k}" for k, moment in enumerate(moments)))
    with pytest.raises(un.DataError, match=r"stamps are irregular: .* --aggregate mean"):
        read_file(path)
    table = read_file(path, ReadOptions(aggregate="mean"))
    assert read_panel(table.frame, table.columns).frequency.name == "every 30 minutes"


def test_rows_that_repeat_another_exactly_are_left_out(file):
    lines = daily(range(20))
    table = read_file(file(*lines, lines[3]))
    assert values(table) == list(range(20))
    assert "1 row(s) that repeat another one exactly left out" in table.notes


# --- Python -----------------------------------------------------------------------------------------


def test_python_gets_a_tidy_table(file):
    path = file("store;date;sold;price", *(f"{s};{day};{k},5;{k}" for s in "ab" for k, day in enumerate(DAYS)))
    table = un.read_table(path, target="sold", future=["price"])
    assert list(table) == ["unique_id", "ds", "y", "price"]
    assert table.y[1] == 1.5
    assert table.attrs["columns"] == {"unique_id": "store", "ds": "date", "y": "sold"}
    assert "column 'sold': commas read as decimal points" in table.attrs["notes"]
