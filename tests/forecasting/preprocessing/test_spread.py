"""Statistics of windows and series, each of its own rows."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from tables import panel_of
from unrolled.forecasting.preprocessing.spread import (
    typical_error,
    usual_change,
    window_quartiles,
    window_statistics,
)

STARTS, ENDS = np.array([0, 3, 20, 20]), np.array([9, 4, 30, 29])


@pytest.mark.parametrize("statistics", [window_statistics, window_quartiles])
def test_windows_have_statistics_of_their_own_rows(statistics, rng):
    z = rng.normal(size=40)
    place, scale = statistics(z, STARTS, ENDS)
    windows = [z[start:end] for start, end in zip(STARTS, ENDS, strict=True)]
    if statistics is window_statistics:
        expected = [(w.mean(), w.std()) for w in windows]
    else:
        expected = [(np.median(w), (np.quantile(w, 0.75) - np.quantile(w, 0.25)) / 1.349) for w in windows]
    assert_close(np.stack([place, scale], axis=1), np.array(expected), terms=20, scale=3)
    z[30:] = 1e9
    np.testing.assert_array_equal(statistics(z, STARTS, ENDS), (place, scale))


@pytest.mark.parametrize("statistics", [window_statistics, window_quartiles])
def test_rounding_gives_a_constant_window_no_spread(statistics):
    place, scale = statistics(np.full(40, 0.1), STARTS, ENDS)
    np.testing.assert_allclose(place, 0.1)
    assert (scale == 0).all()
    large = 1e9 * np.where(np.arange(40) % 2, 0.1, 0.3 - 0.2)  # equal up to rounding
    assert (statistics(large, STARTS, ENDS)[1] == 0).all()
    small = 1e-9 * np.where(np.arange(40) % 2, 0.1, 0.2)
    assert (statistics(small, STARTS[:1], ENDS[:1])[1] > 0).all()


def test_the_deviation_replaces_an_interquartile_range_of_0():
    z = np.array([5.0] * 9 + [6.0])
    place, scale = window_quartiles(z, np.array([0]), np.array([10]))
    assert place.tolist() == [5]
    assert_close(scale, np.array([z.std()]), terms=10)


def test_errors_of_the_seasonal_naive_forecast_by_hand():
    panel = panel_of([1.0, 3, 2, 6, 5, 5], [4.0, 4, 4, 4], [2.0, 5], [0.0, 0.5, 0.25])
    z = panel.y
    # 2-1, 6-3, 5-2, 5-6; constant; too short for the season, so from one value to the next
    np.testing.assert_allclose(typical_error(z, panel, 2), [2, 1, 3, 0.25])
    np.testing.assert_allclose(typical_error(z, panel, 1), [(2 + 1 + 4 + 1 + 0) / 5, 1, 3, 0.375])


def test_the_usual_change_of_a_constant_series_is_a_thousandth_of_its_value():
    panel = panel_of([1.0, 3, 2], [-4.0, -4, -4], [0.0, 0, 0], [7.0, 7, 7])
    np.testing.assert_allclose(usual_change(panel, np.array([False, False, False, True])), [1.5, 4e-3, 1, 1e-3])
