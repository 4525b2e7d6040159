"""Losses of a number or a class: values worked by hand, and properties of each."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import assert_close
from unrolled.errors import InputError
from unrolled.nn.losses import MAE, MSE, CrossEntropy, Huber, Quantile


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "mean", "dprediction"),
    [
        (MSE(), [3, 0], [1, 1], 5 / 2, [2, -1]),  # (4 + 1) / 2;  2 e / 2
        (MAE(), [3, 1, 0, 1], [1, 1, 1, 1], 3 / 4, [1 / 4, 0, -1 / 4, 0]),
        (Huber(), [1.5, -2], [1, 1], (1 / 8 + 5 / 2) / 2, [1 / 4, -1 / 2]),  # ½·½², 3 - ½
        (Huber(2), [1.5, -2], [1, 1], (1 / 8 + 4) / 2, [1 / 4, -1]),  # ½·½², 2 (3 - 1)
        # softmax of these scores: 1/6, 2/6, 3/6
        (CrossEntropy(), [[log(1), log(2), log(3)]], np.array([1]), log(3), [[1 / 6, -2 / 3, 1 / 2]]),
        (CrossEntropy(), [[5, 5, 5, 5]], np.array([3]), log(4), [[1 / 4, 1 / 4, 1 / 4, -3 / 4]]),
        # levels 0.1, 0.5, 0.9; target - prediction = 2, 0, -1
        (Quantile(), [[0, 2, 3]], [2], (0.1 * 2 + 0 + 0.1 * 1) / 3, [[-0.1 / 3, 0, 0.1 / 3]]),
    ],
)
def test_values_by_hand(loss, prediction, target, mean, dprediction):
    target = target if isinstance(target, np.ndarray) else np.array(target, float)
    evaluation = loss.evaluate(np.array(prediction, float), target)
    assert_close(evaluation.mean, mean, terms=4)
    assert_close(evaluation.dprediction, dprediction, terms=4)


@given(error=st.floats(-10, 10), delta=st.floats(0.01, 5))
def test_huber_lies_between_its_branches_and_below_the_square(error, delta):
    evaluation = Huber(delta).evaluate(np.array([error]), np.zeros(1))
    rounding = 8 * np.finfo(float).eps * (error**2 + delta**2)
    assert evaluation.mean <= error**2 / 2 + rounding
    assert evaluation.mean <= delta * abs(error) + rounding
    assert abs(evaluation.dprediction[0]) <= delta


def test_scores_of_any_size_do_not_overflow():
    scores, target = np.array([[1e4, -1e4, 0]]), np.array([1])
    evaluation = CrossEntropy().evaluate(scores, target)
    assert evaluation.mean == 2e4
    np.testing.assert_array_equal(evaluation.dprediction, [[1, -1, 0]])
    shifted = CrossEntropy().evaluate(scores + 1e6, target)
    assert shifted.mean == evaluation.mean


def test_classes_of_sequences_are_those_of_their_steps(rng):
    scores, target = rng.standard_normal((2, 3, 4)), rng.integers(4, size=(2, 3))
    cost, dscores = CrossEntropy().cost(scores, target)
    for n in range(2):
        for t in range(3):
            own, down = CrossEntropy().cost(scores[n, t][None], target[n, t][None])
            np.testing.assert_array_equal(cost[n, t], own[0])
            np.testing.assert_array_equal(dscores[n, t], down[0])


@pytest.mark.parametrize("levels", [(), (0.0, 0.5), (0.5, 1.0), (0.5, 1.5), (-0.5, 0.5), (0.5, 0.5), (0.6, 0.4)])
def test_quantile_levels_increase_between_0_and_1(levels):
    with pytest.raises(InputError, match=r"Quantile: levels must increase strictly inside \(0, 1\); got "):
        Quantile(levels)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.8])
def test_the_best_constant_of_a_quantile_loss_is_the_quantile(level, rng):
    target = rng.standard_normal(101)
    costs = [Quantile((level,)).evaluate(np.full((101, 1), guess), target).mean for guess in target]
    assert target[np.argmin(costs)] == np.quantile(target, level, method="inverted_cdf")
