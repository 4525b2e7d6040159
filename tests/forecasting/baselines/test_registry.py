"""The register of baselines: their names, and no use of rows after an origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from tables import origins_of, panel_of, seasonal_values
from unrolled.forecasting.baselines.naive2 import naive2
from unrolled.forecasting.baselines.registry import (
    BASELINES,
    COMPARED,
    SIMPLE,
    baseline_forecasts,
    check_baselines,
    distinct,
    stand_in,
)
from unrolled.forecasting.probabilistic.interval_columns import INTERVAL
from unrolled.series.frequency import Frequency


@pytest.mark.parametrize("name", BASELINES)
def test_rows_after_an_origin_change_no_bit_of_baselines(name, rng):
    y = seasonal_values(rng, 60, 4)
    ends = np.array([30, 41, 52])
    for end in ends:
        poisoned = y.copy()
        poisoned[end:] = rng.normal(size=60 - end) * 1e9
        first, second = (
            baseline_forecasts([name], origins_of(panel_of(v), ends), np.array([30]), 5, season=4, naive2_season=4)[
                name
            ][ends <= end]
            for v in (y, poisoned)
        )
        np.testing.assert_array_equal(first, second)


def test_naive2_has_a_season_of_its_own(rng):
    origins = origins_of(panel_of(seasonal_values(rng, 60, 4)), [60])
    found = baseline_forecasts(list(SIMPLE), origins, np.array([60]), 5, season=1, naive2_season=4)
    assert tuple(found) == SIMPLE
    np.testing.assert_array_equal(found["SeasonalNaive"], found["Naive"])
    np.testing.assert_array_equal(found["Naive2"], naive2(origins, 5, 4))
    assert (found["Naive2"] != found["Naive"]).any()


def test_names_are_accepted_in_any_case_and_kept_in_one_spelling():
    assert check_baselines(True) == list(SIMPLE)
    assert check_baselines(False) == check_baselines(None) == []
    assert check_baselines("autotheta") == ["AutoTheta"]
    assert check_baselines(["THETA", "Theta", "naive2"]) == ["Theta", "Naive2"]
    for wrong in ("prophet", ["Naive", 3]):
        with pytest.raises(un.InputError, match=r"no baseline is called .*; known: Naive, SeasonalNaive"):
            check_baselines(wrong)


ALWAYS = ["Naive", "Drift", "WindowAverage", "Theta"]


@pytest.mark.parametrize(
    ("freq", "season", "rows", "seasonal"),
    [
        ("h", 24, 335, ["SeasonalNaive"]),
        ("h", 24, 336, ["SeasonalNaive", "SeasonalNaive-week", "SeasonalWindowAverage"]),
        ("h", 168, 336, ["SeasonalNaive", "SeasonalNaive-day", "SeasonalWindowAverage"]),
        ("30min", 48, 672, ["SeasonalNaive", "SeasonalNaive-week", "SeasonalWindowAverage"]),
        ("D", 7, 727, ["SeasonalNaive", "SeasonalWindowAverage"]),
        ("D", 7, 728, ["SeasonalNaive", "SeasonalNaive-year", "SeasonalWindowAverage"]),
        ("B", 5, 520, ["SeasonalNaive", "SeasonalNaive-year", "SeasonalWindowAverage"]),
        ("W", 52, 104, ["SeasonalNaive", "SeasonalWindowAverage"]),
        ("MS", 12, 24, ["SeasonalNaive", "SeasonalWindowAverage"]),
        ("MS", 1, 12, []),
        ("YS", 1, 50, []),
    ],
)
def test_every_season_that_occurs_twice_is_compared(freq, season, rows, seasonal):
    frequency = Frequency.named(freq, np.datetime64("2024-01-01"))
    found = distinct(COMPARED, frequency, season, rows)
    assert sorted(found) == sorted([*ALWAYS, *seasonal])


def test_seasons_of_the_calendar_are_repeated():
    y = np.arange(60.0)
    panel = replace(panel_of(y), frequency=Frequency.named("D", np.datetime64("2024-01-01")))
    names = ["SeasonalNaive", "SeasonalNaive-week", "SeasonalNaive-year", "SeasonalWindowAverage"]
    found = baseline_forecasts(names, origins_of(panel, [60]), np.array([60]), 2, season=2, naive2_season=1)
    assert found["SeasonalNaive"].tolist() == [[58, 59]]
    assert found["SeasonalNaive-week"].tolist() == [[53, 54]]
    assert found["SeasonalNaive-year"].tolist() == [[0, 0]]  # too short: the first value
    assert found["SeasonalWindowAverage"].tolist() == [[42.5, 43.5]]  # 53, 46, 39 and 32


def test_names_of_baselines_are_no_intervals_and_have_stand_ins():
    assert not any(INTERVAL.fullmatch(name) for name in BASELINES)
    assert check_baselines("seasonalnaive-WEEK") == ["SeasonalNaive-week"]
    assert stand_in("SeasonalWindowAverage", ["Naive", "WindowAverage"]) == "WindowAverage"
    assert stand_in("Theta", ["Naive", "Theta"]) == "Theta"
