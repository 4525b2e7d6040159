"""The register of baselines: their names, and no use of rows after an origin."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import origins_of, panel_of, seasonal_values
from unrolled.forecasting.baselines.registry import BASELINES, SIMPLE, baseline_forecasts, check_baselines


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
    assert list(found) == list(SIMPLE)
    np.testing.assert_array_equal(found["SeasonalNaive"], found["Naive"])
    np.testing.assert_array_equal(found["Naive2"], SIMPLE["Naive2"](origins, 5, 4))
    assert (found["Naive2"] != found["Naive"]).any()


def test_names_are_accepted_in_any_case_and_kept_in_one_spelling():
    assert check_baselines(True) == list(SIMPLE)
    assert check_baselines(False) == check_baselines(None) == []
    assert check_baselines("autotheta") == ["AutoTheta"]
    assert check_baselines(["THETA", "Theta", "naive2"]) == ["Theta", "Naive2"]
    for wrong in ("prophet", ["Naive", 3]):
        with pytest.raises(un.InputError, match=r"no baseline is called .*; known: Naive, SeasonalNaive"):
            check_baselines(wrong)
