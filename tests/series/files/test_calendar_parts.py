"""Dates whose parts lie in several columns."""

from __future__ import annotations

import pandas as pd
import pytest

from tables import stamps
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

HOURS = [f"2024-01-0{day} {hour:02}:00" for day in range(1, 4) for hour in range(24)]
MONTHS = pd.date_range("2015-01-01", periods=48, freq="MS")


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


@pytest.mark.parametrize(
    ("header", "rows", "first", "second"),
    [
        ("year,week,cases", ["2019,2,100", "2019,3,101"], "2019-01-07", "2019-01-14"),
        ("year,doy,flow", ["2024,59,1", "2024,60,2"], "2024-02-28", "2024-02-29"),
        ("year,doy,hour,flow", ["2024,60,23,1", "2024,61,0,2"], "2024-02-29 23:00", "2024-03-01"),
        ("Year,Period,Value", ["2010,M01,110.1", "2010,M02,110.2"], "2010-01-01", "2010-02-01"),
        ("Year,Period,Value", ["2010,Q01,110.1", "2010,Q02,110.2"], "2010-01-01", "2010-04-01"),
        ("year,quarter,gdp", ["2010,Q1,110.1", "2010,Q2,110.2"], "2010-01-01", "2010-04-01"),
        ("Año,Trimestre,PIB", ["2010,III,110.1", "2010,IV,110.2"], "2010-07-01", "2010-10-01"),
        ("Year,Quarter,GDP", ["2010,1st,110.1", "2010,2nd quarter,110.2"], "2010-01-01", "2010-04-01"),
        ("Year,Half,GDP", ["1990,H1,110.1", "1990,H2,110.2"], "1990-01-01", "1990-07-01"),
        ("Jahr,Halbjahr,BIP", ["1990,2,110.1", "1991,1,110.2"], "1990-07-01", "1991-01-01"),
        ("Year,Period,GDP", ["1990,S1,110.1", "1990,S2,110.2"], "1990-01-01", "1990-07-01"),
        ("Year,Month,Dekad,Flow", ["2024,2,3,1.5", "2024,3,1,2.5"], "2024-02-21", "2024-03-01"),
        ("Year,Week,Weekday,Sales", ["2024,1,7,1.5", "2024,2,1,2.5"], "2024-01-07", "2024-01-08"),
        ("Year,Week,Day,Sales", ["2024,1,7,1.5", "2024,2,1,2.5"], "2024-01-07", "2024-01-08"),
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


@pytest.mark.parametrize(
    ("header", "parts", "frequency"),
    [
        ("Year,Half,GDP", ("H1", "H2"), "every 6 months"),
        ("Year,Semester,GDP", (1, 2), "every 6 months"),
        ("Year,Month,Decade,Flow", [f"{m},{d}" for m in range(1, 13) for d in (1, 2, 3)], "dekadal"),
    ],
)
def test_halves_of_years_and_dekads_of_months_are_no_ids(file, header, parts, frequency):
    rows = [f"{year},{part},{k * year % 17}" for year in range(2010, 2020) for k, part in enumerate(parts)]
    table = read_file(file(header, *rows))
    assert (table.series, table.columns.target) == (set(), header.split(",")[-1])
    assert read_panel(table.frame, table.columns).frequency.name == frequency


@pytest.mark.parametrize("parts", [("I", "II"), ("1st", "2nd"), (1, 2)])
def test_periods_without_a_letter_are_no_known_part(refused, parts):
    rows = [f"{year},{part},{year}.5" for year in range(2010, 2030) for part in parts]
    message = "occurs twice|no column can be read"
    if isinstance(parts[0], int):
        message = "several columns hold numbers|occurs twice"
    refused("Year,Period,GDP", *rows, message=message)


def test_a_part_of_a_date_that_does_not_exist_is_named(refused):
    weeks = [f"2019,{week},1" for week in range(1, 40)]
    lines = ["year,week,cases", *weeks[:30], "2019,88,1", *weeks[30:]]
    refused(*lines, message="line 32: '88' is not a week", time="year,week")


def test_dates_with_intervals_of_the_day_in_another_column(file):
    table = read_file(file("date,time,load", *(f"2024-01-01,{h:02}:00-{h + 1:02}:00,{h}" for h in range(23))))
    assert list(stamps(table)) == list(pd.date_range("2024-01-01", periods=23, freq="h"))


@pytest.mark.parametrize(
    ("rows", "given", "stamps_", "note"),
    [
        ([(y, m) for y in range(2015, 2018) for m in range(1, 13)], "a,b", MONTHS[:36], "'b' read as the month"),
        ([(m, y) for y in range(2015, 2018) for m in range(1, 13)], "a,b", MONTHS[:36], "'a' read as the month"),
        ([(y, q) for y in range(2015, 2018) for q in range(1, 5)], "a,b", MONTHS[:36:3], "'b' read as the quarter"),
        ([d.isocalendar()[:2] for d in pd.date_range("2016-01-04", periods=99, freq="W-MON")], "a,b",
         pd.date_range("2016-01-04", periods=99, freq="W-MON"), "'b' read as the week"),
        ([(d.year, d.dayofyear) for d in pd.date_range("2020-01-01", periods=500)], "a,b",
         pd.date_range("2020-01-01", periods=500), "'b' read as the day of the year"),
        ([(d.day, d.month, d.year) for d in pd.date_range("2020-01-01", periods=90)], "a,b,c",
         pd.date_range("2020-01-01", periods=90), "'a' read as the day"),
    ],
    ids=["month", "month first", "quarter", "week", "day of the year", "day, month, year"],
)  # fmt: skip
def test_parts_with_unknown_names_are_told_by_their_numbers(file, rows, given, stamps_, note):
    lines = (f"{';'.join(map(str, row))};{k % 7}" for k, row in enumerate(rows))
    table = read_file(file(f"{given.replace(',', ';')};y", *lines), ReadOptions(time=given))
    assert stamps(table).tolist() == list(stamps_)
    assert note in table.notes


@pytest.mark.parametrize("header", ["YY,MM,DD,hh,mm,y", "år,måned,dag,time,minutt,y"])
def test_columns_that_differ_in_case_or_have_names_of_other_languages(file, header):
    minutes = pd.date_range("2023-01-01", periods=200, freq="10min")
    path = file(header, *(f"{d:%Y,%m,%d,%H,%M},{k % 7}" for k, d in enumerate(minutes)))
    given = None if header.startswith("YY") else "år,måned,dag,time,minutt"
    assert stamps(read_file(path, ReadOptions(time=given))).tolist() == list(minutes)


def test_years_of_merged_cells_are_filled_down(file):
    rows = (f"{d.year if d.month == 1 else ''};{d.month};{k % 7}" for k, d in enumerate(MONTHS))
    table = read_file(file("rok;miesiąc;y", *rows))
    assert stamps(table).tolist() == list(MONTHS)
    assert "empty cells of 'rok' read as the year above them" in table.notes
