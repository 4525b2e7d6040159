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
    never_negative,
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


def in_blocks(levels, swings, unit=1.0):
    """Whether logarithms are wanted of blocks of eight values, each a level and swings in proportion to it."""
    blocks = [level * (1 + swing * np.resize([1, -1], 8)) for level, swing in zip(levels, swings, strict=True)]
    return wants_logarithm(unit * np.concatenate(blocks), ALL[: 8 * len(levels)], 1)


def test_three_blocks_are_compared_in_any_unit():
    for unit in (1e-3, 1, 1e3):
        assert in_blocks([1, 1.4, 2], [0.2, 0.3, 0.25], unit)
        assert not in_blocks([1, 1.4, 2], [0.2, 0.14, 0.1], unit)
        assert in_blocks([1, 2, 4, 8], [0.2, 0, 0.2, 0.2], unit)  # a constant block does not count


def test_levels_that_differ_by_less_than_a_tenth_are_not_compared():
    assert not in_blocks([1, 1.02, 1.04, 1.06], [0.1, 0.12, 0.15, 0.2])
    assert in_blocks([1, 1.1, 1.21, 1.33], [0.1, 0.12, 0.15, 0.2])


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
    assert wants_logarithm(np.append(y, 0.51), ALL[:5], 12)
    assert not wants_logarithm(np.append(y, 0.5), ALL[:5], 12)  # a hundredth of the largest


def test_signs_of_series_are_those_of_their_smallest_values():
    panel = panel_of([0.5, 1.0], [1.0, 0.0], [1.0, -0.5, 1.0], [2.0])
    assert all_positive(panel).tolist() == [True, False, False, True]
    assert never_negative(panel).tolist() == [True, True, False, True]


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
