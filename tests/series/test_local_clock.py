"""Series on the local clock: hours that are skipped or occur twice, and seasons across a change of clocks."""

import numpy as np
import pandas as pd
import pytest

from unrolled.series.frequency import Frequency
from unrolled.series.local_clock import LocalClock


def hours(begin: str, freq: str = "1h", zone: str | None = "Europe/Berlin") -> Frequency:
    begins = pd.Timestamp(begin, tz=zone or "UTC").value
    return Frequency("fixed", pd.Timedelta(freq).value, begins, zone=zone)


@pytest.mark.parametrize("freq", ["1h", "30min"])
def test_a_place_of_the_season_is_the_same_local_time_throughout(freq):
    frequency = hours("2024-03-25", freq)
    season = 24 if freq == "1h" else 48
    ordinals = np.arange(300 * season)
    local = frequency.local_stamps(ordinals)
    minutes = (local - local.astype("M8[D]")).astype("m8[m]").astype(int)
    expected = minutes * season // (24 * 60)
    assert (frequency.local_ordinals(ordinals, season) % season == expected).all()
    days = (local.astype("M8[D]") - local[0].astype("M8[D]")).astype(int)
    assert (frequency.local_ordinals(ordinals, 7 * season) // season == days).all()


def test_places_stay_where_no_clocks_change():
    ordinals = np.arange(20_000)
    days = Frequency.named("D", np.datetime64("2024-01-01", "ns"))
    for frequency in (
        hours("2024-01-01", zone=None),
        hours("2024-01-01", zone="UTC"),
        hours("2024-01-01", zone="+01:00"),
        days,
    ):
        assert frequency.local_ordinals(ordinals, 24) is ordinals
        assert LocalClock.of(frequency, np.zeros(1, np.int64), np.array([0, 9]), 24).source is None
    berlin = hours("2024-01-01")
    assert berlin.local_ordinals(ordinals, 5) is ordinals  # seasons that are no days
    assert (berlin.local_ordinals(ordinals[:1000], 24) == ordinals[:1000]).all()


def test_a_skipped_hour_has_the_row_before_and_a_double_one_its_first():
    spring, autumn = hours("2024-03-31 00:00"), hours("2024-10-27 01:00")
    clock = LocalClock.of(spring, np.zeros(1, np.int64), np.array([0, 4]), 24)
    assert clock.source.tolist() == [0, 1, 1, 2, 3]  # 00:00, 01:00, none, 03:00, 04:00
    assert clock.place.tolist() == [0, 1, 3, 4]
    clock = LocalClock.of(autumn, np.zeros(1, np.int64), np.array([0, 4]), 24)
    assert (clock.source.tolist(), clock.place.tolist()) == ([0, 1, 3], [0, 1, 1, 2])
    values = np.array([1.0, 2.0, 5.0, 3.0])
    assert clock.rows(clock.cells(values)).tolist() == [1, 2, 2, 3]


def test_series_that_begin_within_the_double_hour_have_cells_of_their_own():
    first, offsets = np.array([5, 0]), np.array([0, 6, 16])  # the first one from the first 02:30 on
    clock = LocalClock.of(hours("2024-10-27 00:00", "30min"), first, offsets, 48)
    assert clock.offsets.tolist() == [0, 5, 13]
    assert clock.source.tolist()[:6] == [1, 0, 3, 4, 5, 6]
    assert clock.place.tolist()[:7] == [1, 0, 1, 2, 3, 4, 5]
