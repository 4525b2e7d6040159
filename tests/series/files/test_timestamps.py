"""Columns of dates: the whole column decides the order of day and month; whole numbers stay numbers."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import SALES, daily, stamps
from unrolled.series.files import ReadOptions, read_file

FROM_DAY_11 = pd.date_range("2024-01-11", periods=5)  # from day 13 on, a month can't be meant


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


def test_dates_with_equal_day_and_month_are_read(file):
    assert read_file(file("date,sales", "01/01/2024,1", "02/02/2024,2")).frame["date"].dt.month.tolist() == [1, 2]


@pytest.mark.parametrize("numbers", [(1998, 1999, 2000), (1, 2, 3), (-5, 0, 5), (201413, 201414, 201415)])
def test_whole_numbers_stay_whole_numbers(file, numbers):
    table = read_file(file("year,sales", *(f"{n},1" for n in numbers)))
    assert table.frame["year"].tolist() == list(numbers)
    assert table.frame["year"].dtype == "int64"


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


@pytest.mark.parametrize("stamp", ["9999-12-31", "0001-01-01"])
def test_years_too_far_away_are_refused(file, stamp):
    with pytest.raises(un.DataError, match=f"column 'date', line 22: '{stamp}' lies outside the years 1678 to 2261"):
        read_file(file(*daily(range(20)), f"{stamp};5"))


@pytest.mark.parametrize("separator", ["/", "-"])
def test_dates_that_may_be_day_first_or_month_first_are_refused(refused, separator):
    dates = (date.replace("/", separator) for date in ("01/02/2024", "01/03/2024", "01/04/2024"))
    refused(
        "date,sales",
        *(f"{date},1" for date in dates),
        message="dates such as '01.02.2024' can be read day first or month first.* `dates='dmy'` or `dates='mdy'`",
    )


def test_a_bad_stamp_is_named_with_its_line(refused):
    bad = ("2024-01-04,4", "2024-02-30,5")
    refused(
        *SALES,
        *bad,
        message="column 'date', line 6: '2024-02-30' is not a date like the others. Write",
        time="date",
    )
    refused(
        *SALES,
        ",4",
        message="column 'date', line 5: the timestamp is missing .* .* To leave out this line, use `skip_rows='5'`",
    )
    refused("time,y", "1e300,1", "2,2", message="column 'time', line 2: '1e300' is not a date")


# --- time zones -------------------------------------------------------------------------------------

LOCAL_HOURS = pd.date_range("2024-10-20", periods=240, freq="h", tz="Europe/Berlin")


@pytest.mark.parametrize(
    "write",
    [
        pd.Timestamp.isoformat,
        lambda t: f"{t:%d.%m.%Y %H:%M %z}",
        lambda t: f"{t:%Y-%m-%d %H:%M} {t:%Z}",
    ],
    ids=["ISO", "offset", "abbreviation"],
)
def test_offsets_are_kept(file, write):
    path = file("time,y", *(f"{write(t)},{k}" for k, t in enumerate(LOCAL_HOURS)))
    assert read_file(path).frame["time"].tolist() == LOCAL_HOURS.tolist()
    converted = read_file(path, ReadOptions(zone="America/New_York")).frame["time"]
    assert converted.tolist() == LOCAL_HOURS.tolist()
    assert str(converted.dt.tz) == "America/New_York"


def test_a_format_with_an_offset_keeps_it(file):
    path = file("time,y", *(f"{t:%Y/%d/%m %H:%M:%S%z},{k}" for k, t in enumerate(LOCAL_HOURS)))
    table = read_file(path, ReadOptions(dates="%Y/%d/%m %H:%M:%S%z"))
    assert table.frame["time"].tolist() == LOCAL_HOURS.tolist()


def test_seconds_since_1970_are_converted_to_a_zone_that_is_given(file):
    path = file("time,y", *(f"{int(t.timestamp())},{k}" for k, t in enumerate(LOCAL_HOURS)))
    assert read_file(path).frame["time"].dt.tz is None
    table = read_file(path, ReadOptions(zone="Europe/Berlin"))
    assert table.frame["time"].tolist() == LOCAL_HOURS.tolist()


def test_numbered_hours_of_a_zone_are_numbered_in_utc(file):
    options = ReadOptions(freq="h", start="2024-10-20", zone="Europe/Berlin", target="y")
    assert (
        read_file(file("x,y", *(f"a,{k}" for k in range(240))), options).frame["ds"].tolist() == LOCAL_HOURS.tolist()
    )
