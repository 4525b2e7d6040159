"""softplus, Γ and related functions, against the standard library and exact values."""

from __future__ import annotations

from fractions import Fraction
from math import comb, log, log1p, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import assert_close
from unrolled.nn.losses.special_functions import (
    DIGAMMA_TERMS,
    LGAMMA_TERMS,
    digamma,
    lgamma,
    log1p_rest,
    log_rising,
    softplus,
    softplus_inverse,
)

GAMMA = 0.57721566490153286061  # Euler's
RANGE = np.concatenate((np.logspace(-8, 12, 4001), np.linspace(0.01, 40, 4001)))


def test_stirlings_series_has_the_terms_of_bernoulli_numbers():
    bernoulli = [Fraction(1)]
    for n in range(1, 15):  # Σ C(n + 1, k) B_k over k ≤ n is 0
        bernoulli.append(-sum(comb(n + 1, k) * b for k, b in enumerate(bernoulli)) / (n + 1))
    even = [(n, bernoulli[n]) for n in range(2, 15, 2)]
    assert tuple(float(b / (n * (n - 1))) for n, b in even) == LGAMMA_TERMS
    assert tuple(float(b / n) for n, b in even) == DIGAMMA_TERMS


def test_lgamma_is_that_of_the_standard_library():
    from math import lgamma as exact

    expected = np.array([exact(x) for x in RANGE])
    np.testing.assert_allclose(lgamma(RANGE), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("x", "value"),
    [
        (1, -GAMMA),
        (0.5, -GAMMA - 2 * log(2)),
        (0.25, -GAMMA - pi / 2 - 3 * log(2)),
        (1 / 3, -GAMMA - pi / (2 * sqrt(3)) - 1.5 * log(3)),
        *((n, -GAMMA + float(sum(Fraction(1, k) for k in range(1, n)))) for n in (2, 9, 10, 11, 50, 1000)),
    ],
)
def test_digamma_has_the_values_of_gauss(x, value):
    assert_close(digamma(np.array(float(x))), value, terms=4)


@given(st.floats(1e-6, 1e9))
def test_digamma_is_the_slope_of_lgamma(x):
    step = 1e-4 * x
    rise = (lgamma(np.array(x + step)) - lgamma(np.array(x - step))) / (2 * step)
    scale = max(1, x) * (1 + abs(log(x)))  # of lgamma; the difference divides its rounding by the step
    assert abs(rise - digamma(np.array(x))) <= 1e-7 * (1 + 1 / x + abs(log(x))) + 1e-14 * scale / step


@given(st.floats(-0.999, 1e6))
def test_log1p_rest_keeps_its_digits(t):
    found = float(log1p_rest(np.array(t)))
    if abs(t) < 1e-3:  # the series, exact in fractions
        x = Fraction(t)
        expected = float(sum((-1) ** (k + 1) * x**k / k for k in range(2, 9)))
    else:
        expected = log1p(t) - t
    assert abs(found - expected) <= 1e-12 * abs(expected)


@pytest.mark.parametrize("y", [0, 0.5, 1, 3, 40, 1e5])
def test_log_rising_of_whole_y_is_a_sum_of_logarithms(y):
    """Γ(y + r) / (Γ(r) r^y) = Π (1 + k / r) over k < y; the slope is -Σ k / (r (r + k))."""
    r = np.array([1e-4, 0.3, 1, 9.99, 10, 10.01, 77, 1e4, 1e8, 1e12])
    found = log_rising(np.full_like(r, y), r)
    if y == 0.5:  # twice a half is a whole: the steps from r to r + ½ and on to r + 1
        second = log_rising(np.full_like(r, y), r + 0.5)
        total = found.value + second.value + 0.5 * (np.log(r) + np.log(r + 0.5))
        assert_close(total - np.log(r), np.zeros_like(r), terms=8, scale=30)
        return
    k = np.arange(y)[:, None]
    value, slope = np.log1p(k / r).sum(axis=0), -(k / (r * (r + k))).sum(axis=0)
    assert_close(found.value, value, terms=16)
    # the derivative by 1/r, whose size does not fall with r; below 10, a difference of ψ is multiplied by up to 100
    np.testing.assert_allclose(found.slope * r**2, slope * r**2, rtol=1e-12, atol=1e-12)


@given(st.floats(-700, 700))
def test_softplus_and_its_slopes(a):
    found = softplus(np.array(a))
    expected = a + log1p(np.exp(-a)) if a > 0 else log1p(np.exp(a))
    assert_close(found.value, expected, terms=1)
    assert_close(found.slope, 1 / (1 + np.exp(-a)), terms=1)
    assert_close(found.log, log(expected), terms=1)
    assert_close(found.dlog, found.slope / found.value, terms=1)


@given(st.floats(1e-3, 1e4))
def test_softplus_inverse_inverts_softplus(value):
    # near 0, the sum inside the logarithm loses the digits below the 1
    assert_close(softplus(softplus_inverse(np.array(value))).value, value, terms=4, scale=max(value, 1))


def test_softplus_inverse_is_bounded_below():
    np.testing.assert_array_equal(softplus_inverse(np.array([-1.0, 0.0, 1e-9])), softplus_inverse(np.full(3, 1e-3)))


def test_softplus_of_extreme_arguments():
    found = softplus(np.array([-1e4, 1e4]))
    np.testing.assert_array_equal(found.value, [0, 1e4])
    np.testing.assert_array_equal(found.slope, [0, 1])
    np.testing.assert_array_equal(found.log, [-1e4, np.log(1e4)])
    np.testing.assert_array_equal(found.dlog, [1, 1e-4])
    assert np.isnan(softplus(np.array(np.nan))).all()
