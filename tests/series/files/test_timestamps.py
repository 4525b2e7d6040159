"""Columns of dates in a format that fits all of them; whole numbers stay numbers."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import SALES
from unrolled.series.files import ReadOptions, read_file

FROM_DAY_11 = pd.date_range("2024-01-11", periods=5)  # from day 13 on, a month can't be meant
LOCAL_HOURS = pd.date_range("2024-10-20", periods=240, freq="h", tz="Europe/Berlin")


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d",
        "%Y/%m/%d %H:%M",
        "%d.%m.%Y",
        "%d.%m.%Y %H:%M",
        "%Y%m%d",
        "%d/%m/%Y",
        "%d/%m/%Y %H:%M:%S",
        "%m/%d/%Y",
        "%m/%d/%Y %H:%M",
        "%d-%m-%Y",
        "%m-%d-%Y",
    ],
)
def test_dates_are_read_in_the_format_that_fits_the_column(file, form):
    table = read_file(file("date,sales", *(f"{day:{form}},{k}" for k, day in enumerate(FROM_DAY_11))))
    assert table.frame["date"].tolist() == list(FROM_DAY_11.tz_localize("UTC" if form.endswith("Z") else None))


def test_months_are_read_without_a_day(file):
    table = read_file(file("Month,sales", "2023-11,1", "2023-12,2", "2024-01,3"))
    assert table.frame["Month"].tolist() == list(pd.date_range("2023-11-01", periods=3, freq="MS"))


@pytest.mark.parametrize("numbers", [(2300, 2301, 2302), (1, 2, 3), (-5, 0, 5), (201413, 201414, 201415)])
def test_whole_numbers_stay_whole_numbers(file, numbers):
    table = read_file(file("year,sales", *(f"{n},1" for n in numbers)))
    assert table.frame["year"].tolist() == list(numbers)
    assert table.frame["year"].dtype == "int64"


def test_a_format_with_an_offset_keeps_it(file):
    path = file("time,y", *(f"{t:%Y/%d/%m %H:%M:%S%z},{k}" for k, t in enumerate(LOCAL_HOURS)))
    table = read_file(path, ReadOptions(dates="%Y/%d/%m %H:%M:%S%z"))
    assert table.frame["time"].tolist() == LOCAL_HOURS.tolist()


def test_a_format_that_can_not_be_read_is_refused(file):
    with pytest.raises(un.InputError, match=r"is not a format of dates: [^.]*\. Use one such as %d\.%m\.%Y"):
        read_file(file(*SALES), ReadOptions(dates="%Q", time="date"))
