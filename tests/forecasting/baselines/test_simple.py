"""Simple baselines, worked by hand."""

from __future__ import annotations

import numpy as np

from tables import origins_of, panel_of
from unrolled.forecasting.baselines.simple import drift, naive, seasonal_naive

Y = np.array([1.0, 2.0, 4.0, 7.0, 9.0])


def test_simple_methods_worked_by_hand():
    origins = origins_of(panel_of(Y), [4, 5])
    assert naive(origins, 3, 2).tolist() == [[7, 7, 7], [9, 9, 9]]
    assert seasonal_naive(origins, 3, 2).tolist() == [[4, 7, 4], [7, 9, 7]]
    assert drift(origins, 2, 2).tolist() == [[9, 11], [11, 13]]


def test_each_series_is_forecast_from_its_own_rows():
    origins = origins_of(panel_of(Y, 100 - Y), [5], [4])
    assert naive(origins, 2, 2).tolist() == [[9, 9], [93, 93]]
    assert seasonal_naive(origins, 2, 2).tolist() == [[7, 9], [96, 93]]
    assert drift(origins, 2, 2).tolist() == [[11, 13], [91, 89]]


def test_a_series_shorter_than_its_season_repeats_its_first_value():
    origins = origins_of(panel_of(100 + Y, Y), [], [2])
    assert seasonal_naive(origins, 3, 4).tolist() == [[1, 1, 1]]
    assert drift(origins_of(panel_of(Y), [1]), 2, 1).tolist() == [[1, 1]]  # one value has no slope
