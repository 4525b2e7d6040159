"""Simple baselines, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tables import origins_of, panel_of
from unrolled.forecasting.baselines.simple import (
    drift,
    historic_average,
    naive,
    seasonal_naive,
    seasonal_window_average,
    window_average,
)

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


def test_the_last_value_is_the_last_known_one():
    """Row 4 is a gap, filled with another value."""
    panel = replace(panel_of(Y), observed=np.array([True, True, True, True, False]))
    origins = origins_of(panel, [4, 5])
    assert naive(origins, 2, 2).tolist() == [[7, 7], [7, 7]]
    assert drift(origins, 2, 2).tolist() == [[9, 11], [11, 13]]


def test_a_series_shorter_than_its_season_repeats_its_first_value():
    origins = origins_of(panel_of(100 + Y, Y), [], [2])
    assert seasonal_naive(origins, 3, 4).tolist() == [[1, 1, 1]]
    assert drift(origins_of(panel_of(Y), [1]), 2, 1).tolist() == [[1, 1]]  # one value has no slope


def test_averages_worked_by_hand():
    origins = origins_of(panel_of(Y, np.arange(40.0)), [4, 5], [40])
    assert window_average(origins, 2, 2)[:, 0].tolist() == [5.5, 8, 38.5]
    assert window_average(origins, 2, 1)[:, 1].tolist() == [3.5, 4.6, 25.5]  # without a season 28 values
    assert historic_average(origins, 2, 2).tolist() == [[3.5, 3.5], [4.6, 4.6], [19.5, 19.5]]
    # places of four rows have been seen twice, of five rows the last one three times
    assert seasonal_window_average(origins, 3, 2).tolist() == [[2.5, 4.5, 2.5], [4.5, 14 / 3, 4.5], [35, 36, 35]]
