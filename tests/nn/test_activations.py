"""Activations: derivatives against central differences, and large arguments."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from unrolled.nn.activations import ACTIVATIONS, log_softmax, sigmoid

A = np.array([-3.0, -0.7, 0.2, 1.0, 2.5])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_take_outputs_and_are_central_differences(name):
    function, derivative = ACTIVATIONS[name]
    step = np.finfo(float).eps ** (1 / 3)
    slope = (function(A + step) - function(A - step)) / (2 * step)
    np.testing.assert_allclose(derivative(function(A)), slope, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_work_in_place(name):
    a = A.copy()
    assert ACTIVATIONS[name].function(a, out=a) is a
    np.testing.assert_array_equal(a, ACTIVATIONS[name].function(A))


def test_large_arguments_do_not_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0.0, 1e4])), [0, 0.5, 1])
        assert_close(np.exp(log_softmax(np.array([[1e4, 1e4]]))), [[0.5, 0.5]], terms=2)


def test_log_softmax_is_over_the_last_axis(rng):
    """Three axes, so that no other axis is the last one."""
    a = rng.normal(size=(2, 3, 4))
    p = np.exp(a) / np.exp(a).sum(axis=2)[..., None]
    assert_close(log_softmax(a), np.log(p), terms=8)
    assert_close(log_softmax(np.array([[0.0, 1e4]])), [[-1e4, 0.0]], terms=2)
