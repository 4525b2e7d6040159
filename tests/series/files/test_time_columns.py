"""Timestamps in one or several columns, missing ones, and rows that are numbered."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import daily, stamps
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

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
    assert any("2 missing timestamps filled in" in note for note in table.notes)


def test_a_table_without_stamps_is_numbered_by_the_frequency(file):
    path = file("a", *map(str, range(30, 60)))
    with pytest.raises(un.DataError, match=r"no column can be read as dates; .* number the rows with `freq`"):
        read_file(path)
    assert read_file(path, ReadOptions(freq=1)).frame["ds"].tolist() == list(range(1, 31))
    table = read_file(path, ReadOptions(freq="MS", start="2015-03"))
    assert stamps(table)[[0, -1]].tolist() == [pd.Timestamp("2015-03-01"), pd.Timestamp("2017-08-01")]
    with pytest.raises(un.InputError, match=r"`start` numbers the rows .* needs `freq`"):
        read_file(path, ReadOptions(start="2015-03"))


def test_a_table_without_dates_is_refused(refused):
    refused(
        "a,b",
        "1,2",
        "3,4",
        message="no column can be read as dates; it has: 'a', 'b'. Name the time column with `time`",
    )


@pytest.mark.parametrize(
    ("header", "rows", "first", "second"),
    [
        ("year,week,cases", ["2019,2,100", "2019,3,101"], "2019-01-07", "2019-01-14"),
        ("year,doy,flow", ["2024,59,1", "2024,60,2"], "2024-02-28", "2024-02-29"),
        ("year,doy,hour,flow", ["2024,60,23,1", "2024,61,0,2"], "2024-02-29 23:00", "2024-03-01"),
        ("Year,Period,Value", ["2010,M01,110.1", "2010,M02,110.2"], "2010-01-01", "2010-02-01"),
        ("Year,Period,Value", ["2010,Q01,110.1", "2010,Q02,110.2"], "2010-01-01", "2010-04-01"),
        ("year,quarter,gdp", ["2010,Q1,110.1", "2010,Q2,110.2"], "2010-01-01", "2010-04-01"),
        ("YEAR,MO,DY,T2M", ["2022,1,31,2.5", "2022,2,1,2.65"], "2022-01-31", "2022-02-01"),
        ("Jahr,Monat,Tag,Stunde,Last", ["2022,1,1,0,5", "2022,1,1,1,6"], "2022-01-01", "2022-01-01 01:00"),
    ],
)
def test_parts_of_dates_are_joined(file, header, rows, first, second):
    table = read_file(file(header, *rows))
    assert list(stamps(table)) == [pd.Timestamp(first), pd.Timestamp(second)]
    assert table.columns.target == header.split(",")[-1]


def test_weeks_of_several_regions(file):
    rows = [f"{region},2019,{week},{week * 10}" for region in ("North", "South") for week in range(2, 50)]
    table = read_file(file("region,year,week,cases", *rows))
    assert (table.columns.id, table.columns.target) == ("region", "cases")
    assert read_panel(table.frame, table.columns).frequency.name == "weekly"


def test_a_part_of_a_date_that_does_not_exist_is_named(refused):
    weeks = [f"2019,{week},1" for week in range(1, 40)]
    lines = ["year,week,cases", *weeks[:30], "2019,88,1", *weeks[30:]]
    refused(*lines, message="line 32: '88' is not a week", time="year,week")


@pytest.mark.parametrize(
    "form", ["{0} - {1:%d.%m.%Y %H:%M}", "{0}–{1:%d.%m.%Y %H:%M}", "{0} to {1}", "{0} - {1:%H:%M}"]
)
def test_intervals_are_read_by_their_beginning(file, form):
    hours = pd.date_range("2024-01-30", periods=60, freq="h")
    texts = (form.format(f"{hour:%d.%m.%Y %H:%M}", hour + pd.Timedelta("1h")) for hour in hours)
    table = read_file(file("MTU (CET/CEST);Load", *(f"{text};{k}" for k, text in enumerate(texts))))
    assert list(stamps(table)) == list(hours)


def test_dates_with_intervals_of_the_day_in_another_column(file):
    table = read_file(file("date,time,load", *(f"2024-01-01,{h:02}:00-{h + 1:02}:00,{h}" for h in range(23))))
    assert list(stamps(table)) == list(pd.date_range("2024-01-01", periods=23, freq="h"))


def test_a_line_of_a_year_among_months_is_named(refused):
    months = [f"2018-{month:02},{month}" for month in range(1, 13)]
    refused("month,net", *months, "2018,78", message="line 14: '2018' is not a date like .* use `skip_rows='14'`")
