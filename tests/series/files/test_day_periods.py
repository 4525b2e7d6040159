"""Columns that number the hours and other periods of each day."""

from __future__ import annotations

import pandas as pd
import pytest

from tables import stamps
from unrolled.series.files import ReadOptions, read_file

DAYS = pd.date_range("2023-10-27", periods=4)  # clocks are set back in Europe on the third


def rows(names, form="%Y-%m-%d", doubled=()):
    """Rows of date, period and value; the third day has the names `doubled` if they are given."""
    own = {2: list(doubled)} if doubled else {}
    return [
        f"{day.strftime(form)},{name},{1000 + 10 * k + j}.5"
        for k, day in enumerate(DAYS)
        for j, name in enumerate(own.get(k, names))
    ]


@pytest.mark.parametrize(
    ("names", "form", "step"),
    [
        (range(1, 25), "%Y-%m-%d", "1h"),
        (range(24), "%d.%m.%Y", "1h"),
        ([f"HE{hour:02}" for hour in range(1, 25)], "%Y-%m-%d", "1h"),
        (range(1, 49), "%d-%b-%Y", "30min"),
        (range(1, 97), "%Y-%m-%d", "15min"),
        ([f"{100 * (k // 2) + 30 * (k % 2)}" for k in range(48)], "%Y%m%d", "30min"),
    ],
)
def test_periods_counted_anew_each_day_are_times_of_day(file, names, form, step):
    path = file("date,part,load", *rows(names, form))
    table = read_file(path)
    assert list(stamps(table)) == list(pd.date_range(DAYS[0], DAYS[-1] + pd.Timedelta("1D"), freq=step)[:-1])
    assert (table.columns.target, table.series) == ("load", set())
    assert any(note.startswith("'part'") and "read as the times of day from 00:00" in note for note in table.notes)
    named = read_file(path, ReadOptions(time="date,part"))
    assert named.frame.equals(table.frame)
    assert len(read_file(path, ReadOptions(id="part")).series) == len(names)


def test_periods_of_several_series_leave_the_id(file):
    lines = [f"{line},{zone}" for zone in "ab" for line in rows(range(1, 25))]
    table = read_file(file("date,part,load,zone", *lines))
    assert table.series == {"a", "b"}
    assert stamps(table).nunique() == 96


@pytest.mark.parametrize("doubled", [range(1, 26), [1, 2, "3A", "3B", *range(4, 25)]])
def test_the_doubled_hour_of_local_time_is_placed(file, doubled):
    path = file("date,hour,load", *rows(range(1, 25), doubled=doubled))
    table = read_file(path, ReadOptions(zone="Europe/Berlin"))
    expected = pd.date_range("2023-10-27", "2023-10-30 23:00", freq="h", tz="Europe/Berlin")
    assert list(table.frame[table.columns.time]) == list(expected)


@pytest.mark.parametrize("zone", [None, "Europe/London"])
def test_a_day_with_an_hour_less_may_be_the_only_one_between_two(file, zone):
    days = pd.date_range("2023-03-25", periods=3)
    lines = [f"{day:%Y-%m-%d},{k},1.5" for day in days for k in range(1, 47 if day.day == 26 else 49)]
    table = read_file(file("date,SETTLEMENT_PERIOD,ND", *lines), ReadOptions(zone=zone))
    expected = pd.date_range(days[0], "2023-03-27 23:30", freq="30min", tz="Europe/London")
    assert stamps(table).tz_localize(None).tolist() == expected.tz_localize(None).tolist()


def test_the_hour_that_clocks_skip_is_left_out(file):
    days = pd.date_range("2023-03-24", periods=4)
    lines = [f"{day:%Y-%m-%d},{hour},1.5" for day in days for hour in range(1, 24 if day.day == 26 else 25)]
    table = read_file(file("date,hour,load", *lines), ReadOptions(zone="Europe/Berlin"))
    expected = pd.date_range(days[0], "2023-03-27 23:00", freq="h", tz="Europe/Berlin")
    assert list(table.frame[table.columns.time]) == list(expected)


@pytest.mark.parametrize(
    ("column", "names"),
    [("store", range(1, 25)), ("part", range(1, 21)), ("part", range(2, 26)), ("part", [*range(1, 24), 30])],
)
def test_other_numbers_remain_ids(file, column, names):
    assert len(read_file(file(f"date,{column},load", *rows(names))).series) == len(names)


def test_numbers_in_no_order_remain_ids(file):
    names = [(7 * k) % 24 + 1 for k in range(24)]
    assert len(read_file(file("date,part,load", *rows(names))).series) == 24
