"""Student's t distribution against its published table."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.evaluation.student import central_probability, limit_of_chance

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 29: 2.045, 30: 2.042, 120: 1.980}


@pytest.mark.parametrize("degrees", TABLE)
def test_limits_are_those_of_the_table(degrees):
    assert limit_of_chance(degrees) == pytest.approx(TABLE[degrees], abs=5e-4)


@pytest.mark.parametrize(("degrees", "limit"), [(1, 63.657), (2, 9.925), (5, 4.032), (40, 2.704)])
def test_limits_of_another_probability(degrees, limit):
    assert limit_of_chance(degrees, 0.99) == pytest.approx(limit, abs=1e-3)


def test_many_degrees_of_freedom_are_nearly_normal():
    assert limit_of_chance(299) == pytest.approx(limit_of_chance(300), rel=5e-3)


@pytest.mark.parametrize("parts", [2, 3, 5, 20])
def test_means_of_a_few_numbers_exceed_the_limit_in_a_twentieth_of_cases(parts):
    numbers = np.random.default_rng(parts).normal(size=(20_000, parts))
    errors = numbers.std(axis=1, ddof=1) / np.sqrt(parts)
    beyond = np.abs(numbers.mean(axis=1)) > limit_of_chance(parts - 1) * errors
    assert beyond.mean() == pytest.approx(0.05, abs=0.006)
    assert (np.abs(numbers.mean(axis=1)) > 2 * errors).mean() < (0.31 if parts == 2 else 0.2)


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 51])
def test_probabilities_rise_from_0_to_1(degrees):
    found = [central_probability(t, degrees) for t in (0.0, 0.5, 1.0, 3.0, 1e9)]
    assert found[0] == 0
    assert sorted(found) == found
    assert found[-1] == pytest.approx(1)
