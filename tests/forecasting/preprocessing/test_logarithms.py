"""Which series are taken in logarithms."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.preprocessing.logarithms import (
    all_positive,
    choose_logs,
    log_transformed,
    wants_logarithm,
)

ALL = np.ones(96, bool)
T = np.arange(96)


def growing(swing, level):
    return level * (1 + swing * np.sin(2 * np.pi * T / 12))


def test_only_swings_in_proportion_to_the_level_are_taken_in_logarithms():
    level = 100 * np.exp(0.03 * T)
    assert wants_logarithm(growing(0.2, level), ALL, 12)
    assert not wants_logarithm(300 + 5.0 * T + 50 * np.sin(2 * np.pi * T / 12), ALL, 12)


def test_a_constant_series_is_not_taken_in_logarithms():
    assert not wants_logarithm(np.full(96, 5.0), ALL, 12)
    assert not wants_logarithm(np.full(9, 5.0), ALL[:9], 12)


def test_a_series_that_drops_towards_0_is_not_taken_in_logarithms():
    y = growing(0.2, 100 * np.exp(0.03 * T))
    y[[14, 15, 50, 51]] = 0.5
    assert not wants_logarithm(y, ALL, 12)


def test_series_that_are_not_positive_are_not_taken_in_logarithms():
    assert not wants_logarithm(growing(0.2, 100 * np.exp(0.03 * T)) - 100, ALL, 12)


def test_a_short_series_is_taken_in_logarithms_unless_a_value_is_nearly_0():
    y = np.array([30.0, 40, 35, 50])
    assert wants_logarithm(y, ALL[:4], 12)
    assert not wants_logarithm(np.append(y, 0.4), ALL[:5], 12)


def test_logarithms_are_decided_for_each_series_or_given_for_all():
    proportional = growing(0.2, 100 * np.exp(0.03 * T))
    panel = panel_of(proportional, 300 + 5.0 * T, proportional - 100)
    assert all_positive(panel).tolist() == [True, True, False]
    assert choose_logs(panel, None, 12).tolist() == [True, False, False]
    assert choose_logs(panel, False, 12).tolist() == [False] * 3
    with pytest.raises(un.DataError, match=r"series 's2' has values that are not positive.* Leave out `log=True`"):
        choose_logs(panel, True, 12)
    assert choose_logs(panel.select(np.array([True, True, False])), True, 12).tolist() == [True, True]


def test_only_chosen_series_are_transformed_to_logarithms():
    panel = panel_of([1.0, 10.0], [1.0, 10.0], [5.0, -1.0])  # -1 came after the decision: it stays finite
    z = log_transformed(panel, np.array([True, False, True]))
    np.testing.assert_allclose(z, [0, np.log(10), 1, 10, np.log(5), np.log(np.finfo(float).tiny)])
    assert panel.y.tolist() == [1, 10, 1, 10, 5, -1]
