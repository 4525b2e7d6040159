"""Timestamps in one or several columns, missing ones, and rows that are numbered."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import daily, stamps
from unrolled.series.files import ReadOptions, read_file

HOURS = [f"2024-01-0{day} {hour:02}:00" for day in range(1, 4) for hour in range(24)]


def test_years_are_numbers_unless_a_frequency_has_dates(file):
    path = file("year;y", *(f"{year};1" for year in range(1990, 2000)))
    assert read_file(path).frame["year"].tolist() == list(range(1990, 2000))
    assert stamps(read_file(path, ReadOptions(freq="YS")))[0] == pd.Timestamp("1990-01-01")


def test_date_and_time_may_be_two_columns(file):
    table = read_file(file("Date,Time,y", *(f"{h[:10]},{h[11:]},{k}" for k, h in enumerate(HOURS))))
    assert stamps(table)[-1] == pd.Timestamp("2024-01-03 23:00")
    assert "timestamps joined from 2 columns: 'Date', 'Time'; change with `time`" in table.notes


def test_year_month_day_and_hour_may_be_columns(file):
    rows = (f"{k},2024,1,{h[8:10]},{h[11:13]},{k % 7}" for k, h in enumerate(HOURS))
    path = file("No,year,month,day,hour,pm", *rows)
    table = read_file(path)
    assert (stamps(table)[25], table.columns.target) == (pd.Timestamp("2024-01-02 01:00"), "pm")
    named = read_file(path, ReadOptions(time="year,month,day,hour", target="pm"))
    assert named.frame.equals(table.frame)


def test_missing_timestamps_follow_from_their_neighbours(file):
    lines = daily(range(9))
    lines[1], lines[4] = ";0", ";3"
    table = read_file(file(*lines))
    assert stamps(table).tolist() == list(pd.date_range("2024-01-01", periods=9))
    assert any("2 missing timestamp(s) filled in" in note for note in table.notes)


def test_a_table_without_stamps_is_numbered_by_the_frequency(file):
    path = file("a", *map(str, range(30, 60)))
    with pytest.raises(un.DataError, match=r"no column reads as dates; .* number the rows with `freq`"):
        read_file(path)
    assert read_file(path, ReadOptions(freq=1)).frame["ds"].tolist() == list(range(1, 31))
    table = read_file(path, ReadOptions(freq="MS", start="2015-03"))
    assert stamps(table)[[0, -1]].tolist() == [pd.Timestamp("2015-03-01"), pd.Timestamp("2017-08-01")]
    with pytest.raises(un.InputError, match=r"`start` numbers the rows .* needs `freq`"):
        read_file(path, ReadOptions(start="2015-03"))


def test_a_table_without_dates_is_refused(refused):
    refused(
        "a,b", "1,2", "3,4", message="no column reads as dates; it has: 'a', 'b'. Name the time column with `time`"
    )
