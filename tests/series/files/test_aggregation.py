"""From rows at any time to one row per period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, daily, values
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

EVENTS = ["when,sold", "2024-01-01 08:13,2", "2024-01-01 17:40,3", "2024-01-03 09:02,5", "2024-01-04 23:50,7"]


@pytest.mark.parametrize(
    ("how", "expected"), [("sum", [5, 0, 5, 7]), ("mean", [2.5, 5, 7]), ("last", [3, 5, 7]), ("count", [2, 0, 1, 1])]
)
def test_events_are_aggregated(file, how, expected):
    table = read_file(file(*EVENTS), ReadOptions(aggregate=how, freq="D"))
    assert values(table) == expected


def test_a_period_that_is_not_over_is_left_out(file):
    table = read_file(
        file(*daily(range(20)), "2024-02-01;1000", "2024-02-02;1000"), ReadOptions(aggregate="sum", freq="MS")
    )
    assert values(table) == [190]
    assert any("the last period, 2024-02-01, is incomplete: dropped" in note for note in table.notes)


@pytest.mark.parametrize(("period", "stamp"), [("MS", "2024-01-01"), ("ME", "2024-01-31")])
def test_a_period_that_had_begun_before_is_left_out(file, period, stamp):
    days = [f"2024-01-{day:02};1" for day in (30, 31)] + [f"2024-02-{day:02};1" for day in range(1, 30)]
    table = read_file(file("date;sales", *days), ReadOptions(aggregate="sum", freq=period))
    assert values(table) == [29]
    assert any(f"the first period, {stamp}, is incomplete: dropped" in note for note in table.notes)


def test_errors_of_irregular_timestamps_name_the_option(file, rng):
    with pytest.raises(un.DataError, match=r"occurs twice, in lines 2 and 22 .* `id`; .* `aggregate='sum'`"):
        read_file(file(*daily(range(20)), "2024-01-01;5"))
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(600, 2400, 60)), unit="s")
    path = file("when,y", *(f"{moment},{k}" for k, moment in enumerate(moments)))
    with pytest.raises(un.DataError, match=r"timestamps are irregular: .* `aggregate='mean'`"):
        read_file(path)
    table = read_file(path, ReadOptions(aggregate="mean"))
    assert read_panel(table.frame, table.columns).frequency.name == "every 30 minutes"


def test_rows_that_repeat_another_exactly_are_left_out(file):
    lines = daily(range(20))
    table = read_file(file(*lines, lines[3]))
    assert values(table) == list(range(20))
    assert "1 exact duplicate of rows dropped" in table.notes


def test_rows_that_differ_in_a_column_without_a_role_are_no_duplicates(file):
    rows = [f"#{1000 + k},2023-01-{2 + k - k // 5:02},20" for k in range(20)]  # each fifth order is on the day before
    path = file("Order,Created,Total", *rows)
    message = r"2023-01-06 occurs twice, in lines 6 and 7 \(3 such timestamps\).*`aggregate='sum'`"
    with pytest.raises(un.DataError, match=message):
        read_file(path)
    assert values(read_file(path, ReadOptions(aggregate="sum", freq="D")))[:6] == [20, 20, 20, 20, 40, 20]
    with pytest.raises(un.DataError, match=r"occurs 3 times, in lines 6, 7 and 8 \(3 such timestamps\)"):
        read_file(file("Order,Created,Total", *rows[:6], rows[5], *rows[6:]))


def test_rows_of_columns_as_series_are_duplicates_only_as_a_whole(file):
    rows = [f"{day},{k},{k + 1}" for k, day in enumerate(DAYS)]
    copy, other = rows[3], f"{DAYS[3]},3,9"
    table = read_file(file("date,a,b", *rows, copy), ReadOptions(wide=True))
    assert values(table) == [*range(len(DAYS)), *range(1, len(DAYS) + 1)]
    with pytest.raises(un.DataError, match="occurs twice"):
        read_file(file("date,a,b", *rows, other), ReadOptions(wide=True))


def test_clock_changes_repeat_an_hour_and_skip_one(file):
    clock = pd.date_range("2023-10-27", "2023-10-31", freq="h", tz="Europe/Berlin", inclusive="left")
    path = file("time,load", *(f"{t:%Y-%m-%d %H:%M},{k}" for k, t in enumerate(clock)))
    table = read_file(path)
    assert len(table.frame) == len(clock) - 1
    assert table.frame["load"][50] == 50.5
    assert any("are averaged (1 timestamp); the hour skipped" in note for note in table.notes)
    located = read_file(path, ReadOptions(zone="Europe/Berlin"))
    assert located.frame["time"].tolist() == clock.tolist()
    assert values(located) == list(range(len(clock)))
    assert located.notes == ()


def test_an_hour_that_clocks_skip_is_left_out_if_it_is_empty(file):
    hours = pd.date_range("2024-03-30", periods=72, freq="h")
    rows = [f"{t:%Y-%m-%d %H:%M},{'' if k == 26 else k}" for k, t in enumerate(hours)]
    assert len(read_file(file("time,load", *rows), ReadOptions(zone="Europe/Berlin")).frame) == 71
    rows[26] = f"{hours[26]:%Y-%m-%d %H:%M},5"
    with pytest.raises(un.DataError, match=r"line 28: 2024-03-31 02:00:00 does not exist in Europe/Berlin.*`zone`"):
        read_file(file("time,load", *rows), ReadOptions(zone="Europe/Berlin"))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_days_are_added_up_in_local_time(file, zone):
    hours = pd.date_range("2024-10-25", periods=5 * 24 + 1, freq="h", tz="Europe/Berlin")
    texts = [t.isoformat() for t in hours] if zone is None else [f"{t:%d.%m.%Y %H:%M}" for t in hours]
    path = file("time,load", *(f"{text},1" for text in texts))
    table = read_file(path, ReadOptions(aggregate="sum", freq="D", zone=zone))
    assert values(table) == [24, 24, 25, 24, 24]
    assert table.frame["time"].tolist() == pd.date_range("2024-10-25", periods=5, tz="Europe/Berlin").tolist()


def test_steps_beyond_the_last_possible_timestamp_do_not_crash(file):
    rows = ["2020-01-01,1", "2020-01-02,2", "2250-01-01,3"]  # the usual step is some 230 years
    table = read_file(file("day,y", *rows), ReadOptions(aggregate="mean", freq="D"))
    assert values(table) == [1, 2, 3]


def test_a_table_of_gaps_mostly_is_said_first(file):
    some = [day for k, day in enumerate(pd.date_range("2023-01-01", periods=300)) if k % 5 in (0, 1)]
    path = file("date,sales", *(f"{day:%Y-%m-%d},{k}" for k, day in enumerate(some)), "01.11.2023,")
    first = read_file(path).notes[0]
    assert first.startswith("only 120 of 297 daily periods have a value; if the timestamps are misread, change ")
    assert not any("periods have a value" in note for note in read_file(path, ReadOptions(freq="W")).notes)
