"""Columns of dates in numbers and words: the order of day and month, languages and zones."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import stamps
from unrolled.series.files import ReadOptions, read_file


def test_dates_with_equal_day_and_month_are_read(file):
    assert read_file(file("date,sales", "01/01/2024,1", "02/02/2024,2")).frame["date"].dt.month.tolist() == [1, 2]


def test_day_or_month_first_is_reported_and_an_option_decides(file):
    path = file("date,y", "01/02/2024,1", "02/02/2024,2", "13/02/2024,3")
    assert (
        "dates read day first, as '13/02/2024' allows nothing else; change with `dates='mdy'`"
        in read_file(path).notes
    )
    open_ = file("date,y", "01/02/2024,1", "01/03/2024,2", "01/04/2024,3")
    assert stamps(read_file(open_, ReadOptions(dates="dmy")))[0] == pd.Timestamp("2024-02-01")
    assert stamps(read_file(open_, ReadOptions(dates="mdy")))[0] == pd.Timestamp("2024-01-02")
    assert stamps(read_file(open_, ReadOptions(dates="%m/%d/%Y")))[0] == pd.Timestamp("2024-01-02")
    with pytest.raises(un.InputError, match="`dates` must be dmy, mdy, ymd, number or a format"):
        ReadOptions(dates="day")


@pytest.mark.parametrize("separator", ["/", "-"])
def test_dates_that_may_be_day_first_or_month_first_are_refused(refused, separator):
    dates = (date.replace("/", separator) for date in ("01/02/2024", "01/03/2024", "01/04/2024"))
    refused(
        "date,sales",
        *(f"{date},1" for date in dates),
        message="dates such as '01.02.2024' can be read day first or month first.* `dates='dmy'` or `dates='mdy'`",
    )


def test_a_name_of_different_months_is_refused_if_no_other_name_decides(refused):
    refused("date;y", "listopad 2019;1", "listopad 2020;2", message="line 2: 'listopad 2019' names different months")


def test_days_and_months_that_a_spreadsheet_swapped_are_refused(file):
    days = pd.date_range("2022-01-01", periods=60)
    texts = [f"{d:%Y-%d-%m} 00:00:00" if d.day <= 12 else f"{d:%m/%d/%Y}" for d in days]
    path = file("date,y", *(f"{text},{k}" for k, text in enumerate(texts)))
    with pytest.raises(
        un.DataError, match=r"'2022-01-01 00:00:00' and '01/13/2022' are mixed, and no day of the former"
    ):
        read_file(path)
    assert read_file(path, ReadOptions(dates="mdy")).frame["date"].iloc[12] == pd.Timestamp("2022-01-13")
    right = [f"{d:%Y-%m-%d}" if k < 30 else f"{d:%m/%d/%Y}" for k, d in enumerate(days)]
    table = read_file(file("date,y", *(f"{text},{k}" for k, text in enumerate(right))))
    assert table.frame["date"].tolist() == list(days)


def test_a_time_zone_with_two_meanings_is_reported(file):
    table = read_file(file("date;y", *(f"2024-01-01 0{hour}:00 IST;1" for hour in range(6))))
    assert (
        "time zone 'IST' read as +05:30 (India, not Israel); write offsets such as +02:00 if that is wrong"
        in table.notes
    )
    assert str(table.frame["date"].iloc[0]) == "2024-01-01 00:00:00+05:30"
