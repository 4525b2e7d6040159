"""Columns of dates: the whole column decides the order of day and month; whole numbers stay numbers."""

from __future__ import annotations

import re

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
        message="column 'date', line 6: '2024-02-30' does not exist: that month has 29 days. Correct it",
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


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["2021-W51", "2021-W52", "2021-W53"],
            "line 4: '2021-W53' does not exist: the weeks of 2021 are numbered 1 to 52",
        ),
        (["2023-02-28", "2023-02-29"], "line 3: '2023-02-29' does not exist: that month has 28 days"),
        (["W1", "W2"], "dates such as 'W1' have no year. Add it, or number the rows with `freq='W'`"),
        (["Q1", "Q2"], "dates such as 'Q1' have no year. Add it, or number the rows with `freq='QS'`"),
        (["Mon", "Tue"], "dates such as 'Mon' have no year. Add it, or number the rows with `freq='D'`"),
        (
            ["08:00:00", "08:01:00"],
            "times such as '08:00:00' have no date. Add it, or number the rows with `freq='h'`",
        ),
        (["01.01.", "02.01."], "dates such as '01.01.' have no year"),
        (["01-11", "01-12", "01-13"], "dates such as '01-11' have no year"),
        (
            ["2023-01-01T00:00Z", "2023-01-01T01:00"],
            "line 3: '2023-01-01T01:00' has no time zone, but '2023-01-01T00:00Z'",
        ),
        (["1.67253E+12", "1.67254E+12"], "line 2: '1.67253E+12' has lost its last digits"),
        (
            ["2019", "2020", "2019 Q1", "2019 JAN"],
            "mixes years ('2019'), quarters ('2019 Q1') and months ('2019 JAN')",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_messages_say_what_is_wrong_with_dates(refused, texts, message):
    refused("date;y", *(f"{text};1" for text in texts), message=re.escape(message))


@pytest.mark.parametrize(("format_", "periods"), [("%b-%d", 365), ("%b-%d", 31), ("%b %d", 60)])
def test_days_of_a_year_are_no_months_of_many_years(refused, format_, periods):
    days = pd.date_range("2023-01-01", periods=periods)
    refused("date;y", *(f"{day:{format_}};1" for day in days), message="have no year")


@pytest.mark.parametrize(
    ("day", "text"),
    [("2202-01-07", "180 years after"), ("1900-01-01", "122 years before"), ("1700-01-01", "322 years before")],
)
def test_a_date_far_from_all_others_is_named(refused, day, text):
    others = pd.date_range("2022-01-02", periods=30)
    rows = [f"{other:%Y-%m-%d};1" for other in others]
    rows[4] = f"{day};1"
    refused("date;y", *rows, message=f"line 6: '{day}' lies {text} the others. .*`skip_rows='6'`")


def test_rare_observations_are_not_far_from_the_others(file):
    years = [1900, 1920, 1950, 1980, 2000, 2020]
    table = read_file(file("date;y", *(f"{year}-01-01;1" for year in years)), ReadOptions(aggregate="sum", freq="YS"))
    assert (table.frame["date"].dt.year.min(), table.frame["date"].dt.year.max()) == (1900, 2020)


def test_a_time_zone_with_two_meanings_is_reported(file):
    table = read_file(file("date;y", *(f"2024-01-01 0{hour}:00 IST;1" for hour in range(6))))
    assert (
        "time zone 'IST' read as +05:30 (India, not Israel); write offsets such as +02:00 if that is wrong"
        in table.notes
    )
    assert str(table.frame["date"].iloc[0]) == "2024-01-01 00:00:00+05:30"


def test_a_format_that_can_not_be_read_is_refused(file):
    with pytest.raises(un.InputError, match=r"is not a format of dates: [^.]*\. Use one such as %d\.%m\.%Y"):
        read_file(file(*SALES), ReadOptions(dates="%Q", time="date"))
