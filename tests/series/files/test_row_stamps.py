"""The timestamps of rows: missing ones, days that end at midnight, mixed periods, and rows that are numbered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import daily, stamps
from unrolled.series.files import ReadOptions, read_file

MONTHS = pd.date_range("2015-01-01", periods=48, freq="MS")
HALF_HOURS = pd.date_range("2024-01-01 00:30", periods=4 * 48, freq="30min")
END_OF_DAY = "midnight follows the other times of its date, and is read as the end of the day"


@pytest.mark.parametrize("name", ["Year", "Jahr", "rok", "date"])
def test_whole_numbers_of_a_column_of_years_are_years_labelled_as_they_are(file, name):
    path = file(f"{name};y", *(f"{year};1" for year in range(1990, 2000)))
    table = read_file(path)
    assert stamps(table).tolist() == list(pd.date_range("1990-01-01", periods=10, freq="YS"))
    assert table.columns.label == "1990"
    for options in (ReadOptions(freq=1), ReadOptions(dates="number")):
        numbered = read_file(path, options)
        assert (numbered.frame[name].tolist(), numbered.columns.label) == (list(range(1990, 2000)), None)


def test_other_whole_numbers_are_years_only_if_a_frequency_has_dates(file):
    path = file("period;y", *(f"{year};1" for year in range(1990, 2000)))
    assert read_file(path).frame["period"].tolist() == list(range(1990, 2000))
    assert stamps(read_file(path, ReadOptions(freq="YS")))[0] == pd.Timestamp("1990-01-01")
    unlikely = file("year;y", *(f"{year};1" for year in range(1990, 2300, 10)))
    assert read_file(unlikely).frame["year"].tolist() == list(range(1990, 2300, 10))


def test_several_rows_of_a_year_can_be_aggregated(file):
    path = file("year;y", *(f"{year};{k}" for year in range(1990, 2000) for k in (1, 3)))
    with pytest.raises(un.DataError, match=r"the timestamp 1990 occurs twice, in lines 2 and 3 \(10 such"):
        read_file(path)
    table = read_file(path, ReadOptions(aggregate="mean"))
    assert (len(table.frame), table.frame["y"].unique().tolist()) == (10, [2.0])


def test_years_across_the_columns_are_years(file):
    table = read_file(file("Country," + ",".join(map(str, range(1990, 1996))), "A,1,2,3,4,5,6", "B,2,3,4,5,6,7"))
    assert (stamps(table)[0], table.columns.label) == (pd.Timestamp("1990-01-01"), "1990")


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


@pytest.mark.parametrize(
    "form", ["{0} - {1:%d.%m.%Y %H:%M}", "{0}–{1:%d.%m.%Y %H:%M}", "{0} to {1}", "{0} - {1:%H:%M}"]
)
def test_intervals_are_read_by_their_beginning(file, form):
    hours = pd.date_range("2024-01-30", periods=60, freq="h")
    texts = (form.format(f"{hour:%d.%m.%Y %H:%M}", hour + pd.Timedelta("1h")) for hour in hours)
    table = read_file(file("MTU (CET/CEST);Load", *(f"{text};{k}" for k, text in enumerate(texts))))
    assert list(stamps(table)) == list(hours)


def test_a_line_of_a_year_among_months_is_named(refused):
    months = [f"2018-{month:02},{month}" for month in range(1, 13)]
    refused("month,net", *months, "2018,78", message="line 14: '2018' is not a date like .* use `skip_rows='14'`")


def test_years_quarters_and_months_in_one_column_are_named_with_their_lines(refused):
    periods = ["2018", "2019", *(f"2019 Q{k}" for k in range(1, 5)), *(f"{day:%Y %b}".upper() for day in MONTHS)]
    message = "mixes years .'2018'., quarters .'2019 Q1'. and months .'2015 JAN'.. .* `skip_rows='2-7'`"
    refused("t;y", *(f"{period};{k}" for k, period in enumerate(periods)), message=message)


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


def test_a_year_that_is_a_typing_error_is_refused_also_if_it_is_near(file):
    """Half a year of days, of which one lies nine years later."""
    days = [str(day) for day in np.datetime64("2023-01-01") + np.arange(180)]
    days[99] = "2032" + days[99][4:]
    path = file("ds,y", *(f"{day},{k}" for k, day in enumerate(days)))
    with pytest.raises(un.DataError, match=r"line 101: '2032-04-10' lies 9 years after the others\. Correct it"):
        un.read_table(path)
