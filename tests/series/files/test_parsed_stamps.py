"""Timestamps with time zones, on the clock of their frequency."""

from __future__ import annotations

import pandas as pd
import pytest

from unrolled.series.files import ReadOptions, read_file

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


def test_seconds_since_1970_are_in_utc_and_converted_to_a_zone_that_is_given(file):
    path = file("time,y", *(f"{int(t.timestamp())},{k}" for k, t in enumerate(LOCAL_HOURS)))
    assert read_file(path).frame["time"].tolist() == LOCAL_HOURS.tz_convert("UTC").tolist()
    table = read_file(path, ReadOptions(zone="Europe/Berlin"))
    assert table.frame["time"].tolist() == LOCAL_HOURS.tolist()


def test_numbered_hours_of_a_zone_are_numbered_in_utc(file):
    options = ReadOptions(freq="h", start="2024-10-20", zone="Europe/Berlin", target="y")
    assert (
        read_file(file("x,y", *(f"a,{k}" for k in range(240))), options).frame["ds"].tolist() == LOCAL_HOURS.tolist()
    )
