"""Time zones: names, local time and instants, and the zone of timestamps that have offsets only."""

from __future__ import annotations

import datetime
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from dateutil import tz

import unrolled as un
from unrolled.series import zones
from unrolled.series.zones import (
    KNOWN_ZONES,
    checked_zone,
    common_zone,
    localized,
    midnights,
    to_local,
    to_utc,
    zone_name,
    zone_of_midnights,
    zone_of_offsets,
)

AUTUMN = ["2024-10-27 01:30", "2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30"]


def instants(stamps: pd.DatetimeIndex) -> np.ndarray:
    return stamps.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]")


def local(texts) -> np.ndarray:
    return np.array(texts, "datetime64[ns]")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (zoneinfo.ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        (pd.Timestamp("2024-01-01", tz="Europe/Berlin").tz, "Europe/Berlin"),
        (tz.gettz("America/New_York"), "America/New_York"),
        (datetime.UTC, "UTC"),
        (tz.tzutc(), "UTC"),
        (datetime.timezone(datetime.timedelta(hours=5, minutes=30)), "+05:30"),
        (tz.tzoffset(None, -3600), "-01:00"),
    ],
    ids=repr,
)
def test_zones_of_every_library_have_one_name(zone, name):
    assert zone_name(zone) == name
    assert checked_zone(name) == name


@pytest.mark.parametrize("zone", ["Europe/Paris2", "", " ", 3, None, "2024"])
def test_unknown_zones_are_refused(zone):
    with pytest.raises(un.InputError, match=r"is not a known time zone\..* such as Europe/Berlin"):
        checked_zone(zone)


def test_local_times_that_occur_twice_are_told_apart_by_their_order():
    expected = local(
        ["2024-10-26 23:30", "2024-10-27 00:00", "2024-10-27 00:30", "2024-10-27 01:00", "2024-10-27 01:30"]
    )
    one = np.zeros(5, np.int64)
    np.testing.assert_array_equal(localized(local(AUTUMN), one, "Europe/Berlin"), expected)
    np.testing.assert_array_equal(localized(local(AUTUMN)[::-1], one, "Europe/Berlin"), expected[::-1])
    two = localized(np.repeat(local(AUTUMN), 2), np.tile([0, 1], 5), "Europe/Berlin")  # each series has its own order
    np.testing.assert_array_equal(two, np.repeat(expected, 2))


def test_local_times_that_do_not_exist():
    skipped = local(["2024-03-31 02:30"])
    assert np.isnat(localized(skipped, np.zeros(1, np.int64), "Europe/Berlin")).all()
    np.testing.assert_array_equal(to_utc(skipped, "Europe/Berlin"), local(["2024-03-31 01:00"]))


def test_days_begin_later_where_clocks_are_set_forward_at_midnight():
    days = pd.date_range("2017-10-12", periods=6).to_numpy("datetime64[ns]")
    begins = to_local(to_utc(days, "America/Sao_Paulo"), "America/Sao_Paulo")
    assert (begins - days).astype("timedelta64[h]").astype(int).tolist() == [0, 0, 0, 1, 0, 0]
    np.testing.assert_array_equal(midnights(begins, "America/Sao_Paulo"), begins)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Pacific/Auckland"])
def test_the_zone_of_local_midnights_and_of_offsets_is_found(zone):
    days = pd.date_range("2023-01-01", periods=400, tz=zone)
    utc = instants(days)
    assert zone_of_midnights(utc) == zone
    assert zone_of_offsets(utc, days.tz_localize(None).to_numpy("datetime64[ns]")) == zone
    noon = instants(days + pd.Timedelta(hours=12))
    assert zone_of_midnights(noon) is None


def test_a_single_offset_is_a_zone_of_its_own_and_one_time_of_day_shows_none():
    utc = pd.date_range("2024-01-01 23:00", periods=20).to_numpy("datetime64[ns]")
    assert zone_of_offsets(utc, utc + np.timedelta64(1, "h")) == "+01:00"
    assert zone_of_offsets(utc, utc) == "UTC"
    assert zone_of_midnights(utc) is None
    shifted = utc + np.where(np.arange(20) % 2, np.timedelta64(1, "h"), np.timedelta64(2, "h"))
    assert zone_of_offsets(utc, shifted) is None  # clocks change nowhere every day


@pytest.mark.parametrize("zone", KNOWN_ZONES)
def test_known_zones_exist(zone):
    assert checked_zone(zone) == zone


def test_the_offset_of_a_training_becomes_a_zone_that_agrees_with_newer_times_as_well():
    summer = np.array(["2025-06-01T12:00"], "datetime64[ns]")
    newer = np.array(["2025-10-20T12:00", "2025-11-20T12:00"], "datetime64[ns]")
    berlin, new_york = (to_local(newer, zone) for zone in ("Europe/Berlin", "America/New_York"))
    assert common_zone("+02:00", summer, None, newer, berlin) == "Europe/Berlin"
    assert common_zone("+02:00", summer, "Europe/Paris", newer, berlin) == "Europe/Paris"
    assert common_zone("+02:00", summer, "+01:00", newer[1:], berlin[1:]) == "Europe/Berlin"
    assert common_zone("+02:00", summer, "America/New_York", newer, new_york) == "+02:00"
    assert common_zone("UTC", summer, "Europe/Berlin", newer, berlin) == "UTC"
    assert common_zone("Europe/Athens", summer, "Europe/Berlin", newer, berlin) == "Europe/Athens"


def test_too_little_memory_is_no_unknown_zone(monkeypatch):
    def fail(zone):
        raise MemoryError

    monkeypatch.setattr(zones, "zone_name", fail)
    with pytest.raises(MemoryError):
        checked_zone("Europe/Berlin")
