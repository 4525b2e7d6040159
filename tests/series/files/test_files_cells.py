"""Oddities of files, each on a small one: text and header rows, numbers, dates."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, daily, stamps, values
from unrolled.series.files import ReadOptions, read_file

HOURS = [f"2024-01-0{day} {hour:02}:00" for day in range(1, 4) for hour in range(24)]


# --- text and header --------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_found_out_and_overruled(file, encoding):
    content = "\n".join(["date,größe", *(f"{day},{k}" for k, day in enumerate(DAYS))]).encode(encoding)
    for reading in (ReadOptions(), ReadOptions(encoding=encoding)):
        assert read_file(file(content), reading).columns.target == "größe"


def test_gzip_is_unpacked(file):
    whole = gzip.compress("\n".join(daily(range(5))).encode())
    assert values(read_file(file(whole))) == [0, 1, 2, 3, 4]
    with pytest.raises(un.DataError, match="gzip file that is cut off"):
        read_file(file(whole[:-12]))


def test_several_header_rows_are_joined(file):
    rows = (f"{day},{k},{100 * k + 7}" for k, day in enumerate(DAYS))
    path = file("Price,close,volume", "Ticker,GOOG,GOOG", "Date,,", *rows)
    table = read_file(path, ReadOptions(target="close"))
    assert (table.columns.time, table.columns.target) == ("Date", "close")
    assert "3 header rows joined into one; --header 1 overrules" in table.notes
    assert table.columns.rows[0] == 4


def test_lines_above_the_table_are_left_out(file):
    table = read_file(
        file("Sales of the shop", "made on Monday", "", *(line.replace(";", ",") for line in daily(range(9))))
    )
    assert values(table) == list(range(9))
    assert table.columns.rows[0] == 5
    assert any("2 line(s) above the table left out" in note for note in table.notes)


def test_a_table_without_header_has_numbered_columns(file):
    path = file(*(f"{day},{k}" for k, day in enumerate(DAYS)))
    table = read_file(path)
    assert (table.columns.time, table.columns.target, len(table.frame)) == ("column 1", "column 2", 20)
    assert len(read_file(path, ReadOptions(header=0)).frame) == 20


# --- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2", "3,25"], [1.5, 2, 3.25]),
        (["1.234,5", "2,5"], [1234.5, 2.5]),
        (["1,234.5", "2,345"], [1234.5, 2345]),
        (["7,380,500", "744,300"], [7380500, 744300]),
        (["12,34,567", "1,00,000"], [1234567, 100000]),
        (["1 234", "1\u202f234,5", "1\u00a0234\u00a0567"], [1234, 1234.5, 1234567]),
        (["1'234.5", "1’234"], [1234.5, 1234]),
        (["$1,493,660", " $ 5 ", "-$3"], [1493660, 5, -3]),
        (["3,50 €", "10,00 EUR"], [3.5, 10]),
        (["5%", "7.5 %"], [5, 7.5]),
        (["(5)", "($1,000)", "3-", "−2"], [-5, -1000, -3, -2]),
        (["$ 5.00", "$ -", "$ 2.00"], [5, 0, 2]),
        (["1", "-", "—", "n/a", "3"], [1, np.nan, np.nan, np.nan, 3]),
    ],
)
def test_numbers_as_people_write_them(file, cells, expected):
    np.testing.assert_array_equal(values(read_file(file(*daily(cells)))), expected)


def test_a_comma_that_could_be_either_is_said_and_overruled(file):
    lines = [line.replace(";", "\t") for line in daily(["1,234", "2,345"])]
    table = read_file(file(*lines))
    assert values(table) == [1234, 2345]
    assert "column 'sales': '1,234' read as 1234; --decimal ',' overrules" in table.notes
    assert values(read_file(file(*lines), ReadOptions(decimal=","))) == [1.234, 2.345]


def test_the_last_cell_can_decide_for_the_whole_column(file):
    cells = ["1,234"] * 19 + ["1,5"]
    assert values(read_file(file(*daily(cells))))[0] == 1.234


def test_sentinels_are_pointed_out_and_missing_only_when_told(file):
    path = file(*daily([5, -200, 6, -200, 7, -200, 8]))
    table = read_file(path)
    assert values(table).count(-200) == 3
    assert any("-200 comes 3 times in 'sales'" in note and "--na=-200" in note for note in table.notes)
    assert np.isnan(values(read_file(path, ReadOptions(na="-200,9999")))).sum() == 3


def test_what_is_no_number_is_named_with_the_option_that_leaves_it_out(file):
    path = file(*daily([1, "?0.2", 3, "?0.8", *range(16)]))
    with pytest.raises(un.DataError, match=r"column 'sales', line 3: '\?0.2' is not .* --na '\?0.2,\?0.8'"):
        read_file(path)
    assert np.isnan(values(read_file(path, ReadOptions(na="?0.2,?0.8")))[1])


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "first", "last"),
    [
        (["31.12.2023", "01.01.2024"], "2023-12-31", "2024-01-01"),
        (["12/30/23", "12/31/23"], "2023-12-30", "2023-12-31"),
        (["30/12/2023 6:00 PM", "30/12/2023 7:00 PM"], "2023-12-30 18:00", "2023-12-30 19:00"),
        (["Friday, 26 October 2012", "Saturday, 27 October 2012"], "2012-10-26", "2012-10-27"),
        (["26-Oct-12", "27-Oct-12"], "2012-10-26", "2012-10-27"),
        (["Oct 26, 2012", "Oct 27th, 2012"], "2012-10-26", "2012-10-27"),
        (["Jan-49", "Feb-49", "Dec-60"], "1949-01-01", "1960-12-01"),
        (["1. März 2024", "2. März 2024"], "2024-03-01", "2024-03-02"),
        (["1962Q1", "1962Q2"], "1962-01-01", "1962-04-01"),
        (["Q3 2020", "Q4 2020"], "2020-07-01", "2020-10-01"),
        (["2020-W53", "2021-W01"], "2020-12-28", "2021-01-04"),
        (["201411", "201412"], "2014-11-01", "2014-12-01"),
        (["2020M01", "2020M02"], "2020-01-01", "2020-02-01"),
        (["19580329", "19580405"], "1958-03-29", "1958-04-05"),
        (["1577836800", "1577923200"], "2020-01-01", "2020-01-02"),
        (["1-01", "1-02", "3-12"], "2001-01-01", "2003-12-01"),
        (["2024-01-01 00:00 CET", "2024-07-01 00:00 CEST"], "2024-01-01", "2024-07-01"),
        (["2023-03-26T00:00+01:00", "2023-03-26T03:00+02:00"], "2023-03-25 23:00", "2023-03-26 01:00"),
        (["10/03/2004 18.00.00", "13/03/2004 19.00.00"], "2004-03-10 18:00", "2004-03-13 19:00"),
        (["2024-01-01 24:00", "2024-01-02 24:00"], "2024-01-02", "2024-01-03"),
    ],
)
def test_dates_as_people_write_them(file, texts, first, last):
    found = stamps(read_file(file("date;y", *(f"{text};1" for text in texts))))
    assert (found[0], found[-1]) == (pd.Timestamp(first), pd.Timestamp(last))


def test_years_are_numbers_unless_a_frequency_has_dates(file):
    path = file("year;y", *(f"{year};1" for year in range(1990, 2000)))
    assert read_file(path).frame["year"].tolist() == list(range(1990, 2000))
    assert stamps(read_file(path, ReadOptions(freq="YS")))[0] == pd.Timestamp("1990-01-01")


def test_day_or_month_first_is_said_and_an_option_decides(file):
    path = file("date,y", "01/02/2024,1", "02/02/2024,2", "13/02/2024,3")
    assert "dates read day first, as '13/02/2024' must be; --dates mdy overrules" in read_file(path).notes
    open_ = file("date,y", "01/02/2024,1", "01/03/2024,2", "01/04/2024,3")
    assert stamps(read_file(open_, ReadOptions(dates="dmy")))[0] == pd.Timestamp("2024-02-01")
    assert stamps(read_file(open_, ReadOptions(dates="mdy")))[0] == pd.Timestamp("2024-01-02")
    assert stamps(read_file(open_, ReadOptions(dates="%m/%d/%Y")))[0] == pd.Timestamp("2024-01-02")
    with pytest.raises(un.InputError, match="--dates takes dmy, mdy, ymd, number or a format"):
        ReadOptions(dates="day")


@pytest.mark.parametrize("stamp", ["9999-12-31", "0001-01-01"])
def test_years_too_far_away_are_refused(file, stamp):
    with pytest.raises(un.DataError, match=f"column 'date', line 22: '{stamp}' lies outside the years 1678 to 2261"):
        read_file(file(*daily(range(20)), f"{stamp};5"))


def test_date_and_time_may_stand_in_two_columns(file):
    table = read_file(file("Date,Time,y", *(f"{h[:10]},{h[11:]},{k}" for k, h in enumerate(HOURS))))
    assert stamps(table)[-1] == pd.Timestamp("2024-01-03 23:00")
    assert "the time stands in 2 columns: 'Date', 'Time'; --time overrules" in table.notes


def test_year_month_day_and_hour_may_stand_in_columns(file):
    rows = (f"{k},2024,1,{h[8:10]},{h[11:13]},{k % 7}" for k, h in enumerate(HOURS))
    path = file("No,year,month,day,hour,pm", *rows)
    table = read_file(path)
    assert (stamps(table)[25], table.columns.target) == (pd.Timestamp("2024-01-02 01:00"), "pm")
    named = read_file(path, ReadOptions(time="year,month,day,hour", target="pm"))
    assert named.frame.equals(table.frame)


def test_missing_stamps_follow_from_their_neighbours(file):
    lines = daily(range(9))
    lines[1], lines[4] = ";0", ";3"
    table = read_file(file(*lines))
    assert stamps(table).tolist() == list(pd.date_range("2024-01-01", periods=9))
    assert any("2 missing stamp(s) filled in" in note for note in table.notes)


def test_local_time_has_an_hour_twice_and_one_never(file):
    clock = pd.date_range("2023-10-27", "2023-10-31", freq="h", tz="Europe/Berlin", inclusive="left")
    path = file("time,load", *(f"{t:%Y-%m-%d %H:%M},{k}" for k, t in enumerate(clock)))
    table = read_file(path)
    assert len(table.frame) == len(clock) - 1
    assert table.frame["load"][50] == 50.5
    assert any("local time: 1 stamp(s) come twice" in note for note in table.notes)
