"""Columns beside the dates that hold the time of day."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import stamps, values
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.files.times_of_day import as_clock

DAYS = pd.date_range("2023-01-09", periods=12)
HOURS = pd.DatetimeIndex([day + pd.Timedelta(hour, "h") for day in DAYS for hour in range(8, 18)])


def clock_file(file, name, form, date="%Y-%m-%d", moments=HOURS):
    rows = (f"{moment.strftime(date)},{form(moment)},{k * 7 % 11}" for k, moment in enumerate(moments))
    return file(f"Date,{name},Calls", *rows)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Slot", lambda t: f"{t.hour} Uhr"),
        ("Slot", lambda t: f"{t.hour:02}.00 Uhr"),
        ("Slot", lambda t: f"{t.hour}-{t.hour + 1} Uhr"),
        ("Slot", lambda t: f"{t.hour}時"),
        ("Slot", lambda t: f"{t.hour}h00"),
        ("Slot", lambda t: f"{t.hour}:00 to {t.hour + 1}:00"),
        ("Slot", lambda t: f"{t.hour}-{t.hour + 1}"),
        ("Slot", lambda t: f"{t:%H}00–{t.hour + 1:02}00"),
        ("Heure", lambda t: f"{t.hour}h"),
        ("Uhrzeit", lambda t: f"{t.hour:02}.00"),
        ("TIME", lambda t: f"{t:%H%M}"),
        ("<Time>", lambda t: f"{t:%H%M%S}"),
        ("Time", lambda t: f"T{t:%H}"),
    ],
)
@pytest.mark.parametrize("date", ["%Y-%m-%d", "%Y%m%d"])
def test_times_of_day_in_many_forms_are_parts_of_the_timestamp(file, name, form, date):
    path = clock_file(file, name, form, date)
    table = read_file(path)
    assert stamps(table).tolist() == HOURS.tolist()
    assert (table.series, table.columns.target) == (set(), "Calls")
    assert read_file(path, ReadOptions(time=f"Date,{name}", target="Calls")).frame.equals(table.frame)


def test_a_time_written_as_a_number_is_reported(file):
    notes = read_file(clock_file(file, "Time", lambda t: f"{t:%H%M}")).notes
    assert "'Time' read as the time of day: '1700' is 17:00; change with `time`" in notes


@pytest.mark.parametrize("hour", ["%I:%M", "%I"])
@pytest.mark.parametrize("words", [("AM", "PM"), ("a. m.", "p. m."), ("午前", "午後")])
def test_the_half_of_the_day_may_be_a_column(file, hour, words):
    moments = pd.date_range("2023-06-14", periods=96, freq="h")
    form = lambda t: f"{t.strftime(hour).lstrip('0')},{words[t.hour >= 12]}"  # noqa: E731
    table = read_file(clock_file(file, "Hour,Half", form, moments=moments))
    assert (stamps(table).tolist(), table.series) == (moments.tolist(), set())
    whole = read_file(clock_file(file, "Time,Half", lambda t: f"{t:%H:%M},{words[t.hour >= 12]}", moments=moments))
    assert stamps(whole).tolist() == moments.tolist()
    path = clock_file(file, "Half", lambda t: words[t.hour >= 12], "%Y-%m-%d %I:%M", moments)
    assert stamps(read_file(path)).tolist() == moments.tolist()


def test_halves_of_days_without_hours_are_twelve_hours_apart(file):
    moments = pd.date_range("2023-06-14", periods=40, freq="12h")
    table = read_file(clock_file(file, "Part", lambda t: f"{t:%p}", moments=moments))
    assert stamps(table).tolist() == moments.tolist()


def test_times_of_day_are_no_ids_even_if_the_time_is_given_without_them(file):
    for form in (lambda t: f"{t:%I:%M}", lambda t: "AM" if t.hour < 12 else "PM"):
        with pytest.raises(un.DataError, match="occurs"):
            read_file(clock_file(file, "Slot", form), ReadOptions(time="Date"))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Age", ["0-4", "5-9", "10-14", "15-19"]),  # no interval ends where another one begins
        ("Range", ["0-7", "7-9", "9-17"]),  # of different lengths
        ("Age", ["0-10", "10-20"]),  # of a length that divides no day
        ("Distance", ["0-1", "1-2", "2-3"]),  # which cover few hours
        ("Size", ["36-38", "38-40", "40-42"]),
        ("Weight", ["100-200", "200-300", "300-400", "400-500", "500-600", "600-700"]),
        ("Season", ["2019-2020", "2020-2021", "2021-2022"]),
        ("Shop", ["800", "900", "1000"]),  # without the name of a time
        ("Slot", ["A", "P"]),
    ],
)
def test_other_codes_remain_ids(file, name, names):
    rows = [f"{day:%Y-%m-%d},{name},{k}.5" for k, day in enumerate(DAYS) for name in names]
    assert read_file(file(f"Date,{name},Calls", *rows)).series == set(names)


def test_numbers_with_the_name_of_a_time_need_an_order_within_their_dates(refused):
    rows = [f"{day:%Y-%m-%d},{100 * ((7 * k) % 10) + 30},{k}.5" for day in DAYS for k in range(10)]
    refused("Date,Time,Run", *rows, message="several columns hold numbers: 'Time'")


def test_numbers_are_hours_minutes_and_seconds_by_the_largest():
    for texts, clock in (
        (["0", "8", "24"], ["00:00", "08:00", "24:00"]),
        (["0", "830", "1430"], ["00:00", "08:30", "14:30"]),
        (["0", "83015", "235959"], ["00:00", "08:30:15", "23:59:59"]),
        (["8", "8.30"], ["08:00", "08:30"]),
        (["2000-0000", "0000-0400"], ["20:00", "00:00"]),
        (["870", "1460"], ["870", "1460"]),
        (["30", "45"], ["30", "45"]),
    ):
        assert as_clock(pd.Series(texts, dtype=object))[0].tolist() == clock


def test_series_with_intervals_keep_their_id(file):
    rows = [f"{day:%Y-%m-%d},{h:02}00-{h + 4:02}00,{s},{h}" for day in DAYS for h in range(0, 24, 4) for s in "ab"]
    table = read_file(file("Date,Watch,Ship,Wind", *rows))
    assert table.series == {"a", "b"}
    assert values(table)[:4] == [0, 0, 4, 4]
