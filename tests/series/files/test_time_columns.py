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


MONTHS = pd.date_range("2015-01-01", periods=48, freq="MS")


@pytest.mark.parametrize(
    ("name", "texts", "first", "frequency"),
    [
        ("ts", [f"{1672531200 + 600 * k}.0" for k in range(100)], "2023-01-01", "every 10 minutes"),
        ("stamp_us", [f"{1672531200000000 + 60_000_000 * k}" for k in range(100)], "2023-01-01", "every minute"),
        ("MESS_DATUM", [f"{d:%Y%m%d%H%M}" for d in pd.date_range("2023-01-01", periods=90, freq="10min")],
         "2023-01-01", "every 10 minutes"),
        ("yyyymm", [f"{d:%Y%m}" for d in MONTHS], "2015-01-01", "monthly"),
        ("Meldewoche", [f"{d:%G%V}" for d in pd.date_range("2022-01-03", periods=80, freq="W-MON")], "2022-01-03",
         "weekly"),
        ("Datum", [f"{44564 + k}" for k in range(60)], "2022-01-03", "daily"),
        ("Time", [f"{44564 + k / 24:.6f}" for k in range(60)], "2022-01-03", "hourly"),
        ("t", [f"{2000 + k / 4}" for k in range(40)], "2000-01-01", "quarterly"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_columns_of_codes_are_found_without_a_usual_name(file, name, texts, first, frequency):
    table = read_file(file(f"sales;{name}", *(f"{k * 7 % 11};{text}" for k, text in enumerate(texts))))
    assert (table.columns.time, stamps(table)[0]) == (name, pd.Timestamp(first))
    assert read_panel(table.frame, table.columns).frequency.name == frequency


@pytest.mark.parametrize("name", ["Jahr", "Année", "Anno", "Año", "Ano", "Rok", "År", "Год", "年"])
def test_years_are_found_by_their_name_in_many_languages(file, name):
    table = read_file(file(f"{name};y", *(f"{year};{year * 7 % 11}" for year in range(1960, 1990))))
    assert (table.columns.time, table.frame[name].tolist()) == (name, list(range(1960, 1990)))


def test_short_names_of_years_need_their_accents_and_years(file, refused):
    refused("AR;y", *(f"{k};1.5" for k in range(1960, 1990)), message="Column 'AR' may hold years: .* `time='AR'`")
    refused("An;y", *(f"{k};1.5" for k in range(30)), message="no column can be read as dates|not a date")


def test_numbers_that_follow_no_code_are_no_time(refused):
    numbers = [201901, 201907, 202305, 201802, 202211, 201703]
    refused("a;b", *(f"{number};{k}.5" for k, number in enumerate(numbers)), message="no column can be read as dates")


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


@pytest.mark.parametrize(
    ("dates", "form"),
    [("dmy", "%-d%m%Y"), ("mdy", "%-m%d%Y"), ("ymd", "%y%m%d"), ("%Y年%m月%d日", "%Y年%m月%d日"), ("%Y.%j", "%Y.%j")],
)
def test_the_option_of_dates_finds_their_column(file, dates, form):
    days = pd.date_range("2022-01-03", periods=60)
    path = file("no;x;sales", *(f"{k + 1};{day:{form}};{k * 7 % 11}" for k, day in enumerate(days)))
    assert stamps(read_file(path, ReadOptions(dates=dates))).tolist() == list(days)


def test_dates_without_separators_are_suggested(refused):
    days = pd.date_range("2022-01-03", periods=60)
    message = "Column 'fecha' may hold dates without separators: if it does, use `dates='dmy'`"
    refused("fecha;y", *(f"{day:%-d%m%Y};{k}" for k, day in enumerate(days)), message=message)


def test_years_quarters_and_months_in_one_column_are_named_with_their_lines(refused):
    periods = ["2018", "2019", *(f"2019 Q{k}" for k in range(1, 5)), *(f"{day:%Y %b}".upper() for day in MONTHS)]
    message = "mixes years .'2018'., quarters .'2019 Q1'. and months .'2015 JAN'.. .* `skip_rows='2-7'`"
    refused("t;y", *(f"{period};{k}" for k, period in enumerate(periods)), message=message)


# --- days that end at midnight ----------------------------------------------------------------------

HALF_HOURS = pd.date_range("2024-01-01 00:30", periods=4 * 48, freq="30min")
END_OF_DAY = "midnight follows the other times of its date, and is read as the end of the day"


def half_hourly(form: str, midnight: str, shift: int = 1) -> list[str]:
    """Lines with half-hours, and midnights in another form; `shift` are the days by which their date is early."""
    days = HALF_HOURS - pd.Timedelta(days=shift)
    texts = [
        f"{day:{midnight}}" if stamp == stamp.normalize() else f"{stamp:{form}}"
        for stamp, day in zip(HALF_HOURS, days, strict=True)
    ]
    return [f"{text},{k}" for k, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("header", "form", "midnight", "shift"),
    [
        ("time", "%Y-%m-%d %H:%M", "%Y-%m-%d 24:00", 1),
        ("time", "%d.%m.%Y %H:%M", "%d.%m.%Y 24:00", 1),
        ("date,time", "%Y-%m-%d,%H:%M", "%Y-%m-%d,24:00", 1),
        ("time", "%Y-%m-%d %H:%M", "%Y-%m-%d", 0),
        ("time", "%d.%m.%Y %H:%M", "%d.%m.%Y", 0),
        ("time", "%Y-%m-%d %H:%M", "%Y-%m-%d 00:00", 1),
        ("date,time", "%Y-%m-%d,%H:%M", "%Y-%m-%d,00:00", 1),
    ],
)
def test_a_day_may_end_at_midnight(file, header, form, midnight, shift):
    table = read_file(file(f"{header},load", *half_hourly(form, midnight, shift)))
    assert stamps(table).tolist() == HALF_HOURS.tolist()
    assert (END_OF_DAY in table.notes) == midnight.endswith("00:00")


def test_midnights_at_the_beginning_of_days_stay_there(file):
    ascending = pd.date_range("2024-01-01", periods=4 * 48, freq="30min")
    for order in (ascending, ascending[::-1]):
        table = read_file(file("time,load", *(f"{stamp},{k}" for k, stamp in enumerate(order))))
        assert stamps(table).tolist() == order.tolist()
