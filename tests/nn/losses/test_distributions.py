"""Quantiles, means and samples of likelihoods: closed forms, sums over all counts, and large samples."""

from __future__ import annotations

from math import acos, cos, erf, exp, lgamma, log, pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest

import unrolled as un
from likelihoods import EVERY_COUNT, EVERY_LIKELIHOOD, negative_binomial, poisson, raw_of
from support import assert_close
from unrolled.nn.losses import NegativeBinomial, Normal, Poisson, StudentT, distributions
from unrolled.nn.losses.distributions import (
    _expansion,
    _start,
    negative_binomial_quantile,
    poisson_quantile,
    student_t_quantile,
)

LEVELS = [1e-6, 0.001, 0.025, 0.1, 0.25, 0.4999, 0.5, 0.6, 0.9, 0.99, 1 - 1e-9]
FREEDOMS = [2.0, 2.3, 3.0, 4.0, 7.7, 30.0, 1000.0, 1e6]


def test_normal_quantiles_invert_the_distribution_function():
    found = Normal().quantiles(np.array([[0.0, raw_of(1 - 1e-6)]]), LEVELS)[0]
    for level, z in zip(LEVELS, found, strict=True):
        assert abs((1 + erf(z / sqrt(2))) / 2 - level) < 1e-14
        assert_close(z, NormalDist().inv_cdf(level), terms=2)


@pytest.mark.parametrize("level", LEVELS)
def test_quantiles_of_two_and_four_degrees_of_freedom_have_closed_forms(level):
    a = 4 * level * (1 - level)
    four = 2 * sqrt(max(cos(acos(sqrt(a)) / 3) / sqrt(a) - 1, 0)) * np.sign(level - 0.5)
    two = (2 * level - 1) * sqrt(2 / a)
    found = student_t_quantile(level, np.array([2.0, 4.0]))
    # near the middle, the closed form of four is a difference of near equals; far out, 1 - level loses digits
    np.testing.assert_allclose(found, [two, four], rtol=1e-11, atol=1e-8 if abs(level - 0.5) < 0.01 else 0)


def area_beyond(t: float, freedom: float) -> float:
    """P(T > t) by quadrature over θ = arctan(t / √ν), where the density is c cos^(ν-1) θ."""
    x, weight = np.polynomial.legendre.leggauss(400)
    low, high = np.arctan(t / sqrt(freedom)), pi / 2
    if freedom > 100:  # the relevant part is near 0
        high = min(high, low + 40 / sqrt(freedom))
    theta = (low + high) / 2 + (high - low) / 2 * x
    log_c = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(pi) / 2
    return float((weight * np.exp(log_c + (freedom - 1) * np.log(np.cos(theta)))).sum() * (high - low) / 2)


@pytest.mark.parametrize("level", [level for level in LEVELS if level > 0.5])
def test_student_t_quantiles_have_the_right_tail_probability(level):
    for t, freedom in zip(student_t_quantile(level, np.array(FREEDOMS)), FREEDOMS, strict=True):
        # of the quadrature: its integrand ends in a fractional power, and its logarithms of Γ are large
        rounding = 1e-12 + 1e-15 * freedom * log(freedom)
        assert abs(area_beyond(float(t), freedom) / (1 - level) - 1) < rounding + 1e-15 / (1 - level)


def test_student_t_quantiles_are_odd_and_fall_with_the_degrees_of_freedom():
    freedom = np.linspace(2, 100, 2001)
    for level in (0.6, 0.9, 0.999):
        upper = student_t_quantile(level, freedom)
        np.testing.assert_allclose(student_t_quantile(1 - level, freedom), -upper, rtol=1e-12)
        assert (np.diff(upper) < 0).all()
        assert upper[-1] > NormalDist().inv_cdf(level)
    assert (student_t_quantile(0.5, freedom) == 0).all()
    assert abs(student_t_quantile(0.9, np.array([1e12]))[0] - NormalDist().inv_cdf(0.9)) < 1e-11


@pytest.mark.parametrize("level", [0.001, 0.025, 0.1, 0.25, 0.4])
def test_newtons_method_begins_at_nearly_the_quantile_and_needs_few_steps(level, monkeypatch):
    exact, others = np.array([2.0, 4.0, 1e18]), np.array([2.3, 3.0, 7.7, 30.0, 1000.0])
    np.testing.assert_allclose(_start(level, exact), -student_t_quantile(level, exact), rtol=1e-9)
    error = 1e-2 if level < 0.01 else 1e-3
    np.testing.assert_allclose(_start(level, others), -student_t_quantile(level, others), rtol=error)
    tails = []
    original = distributions._student_t_tail
    monkeypatch.setattr(distributions, "_student_t_tail", lambda t, nu: tails.append(t) or original(t, nu))
    student_t_quantile(level, others)
    assert len(tails) <= 4


def test_student_t_quantiles_beside_the_median_follow_the_density_there():
    """P(T < t) = ½ + t f(0) for small t; f(0) is 1 / √8, 3 / 8 and 1 / √(2π) for 2, 4 and infinite ν."""
    freedom, distance = np.array([2.0, 4.0, 1e12]), 1e-9
    expected = distance * np.array([sqrt(8), 8 / 3, sqrt(2 * pi)])
    np.testing.assert_allclose(student_t_quantile(0.5 + distance, freedom), expected, rtol=1e-6)
    np.testing.assert_allclose(_start(0.5 - distance, freedom), expected, rtol=0.1)


def test_student_t_quantiles_of_many_degrees_of_freedom_are_nearly_normal():
    """z + (z³ + z) / 4ν, up to terms in 1 / ν²."""
    freedom = np.array([1e6, 1e7, 1e9, 1e15])
    for level in (0.6, 0.975, 0.999):
        z = NormalDist().inv_cdf(level)
        np.testing.assert_allclose(student_t_quantile(level, freedom), z + (z**3 + z) / 4 / freedom, rtol=1e-9)


def smallest(level: float, cost) -> int:
    """The smallest count that reaches a level, by summing probabilities."""
    k, total = 0, exp(-cost(0))
    while total < level:
        k += 1
        total += exp(-cost(k))
    return k


BRUTE = [0.001, 0.05, 0.3, 0.5, 0.77, 0.95, 0.999, 1 - 1e-7]


def test_poisson_quantiles_are_the_first_to_reach_the_level():
    means = np.concatenate((np.logspace(-3, 3.3, 60), [1.0, 2.0, 10.0, 100.0]))
    for level in BRUTE:
        found = poisson_quantile(level, means)
        assert list(found) == [smallest(level, lambda k, m=m: poisson(k, m)) for m in means]


def mean_at(k: int, level: float) -> float:
    """The Poisson mean at which P(Y ≤ k) is the level, by Newton's method: each probability is its neighbour times
    mean / count."""
    mean = k - sqrt(k) * NormalDist().inv_cdf(level)
    counts = np.arange(int(k - 15 * sqrt(k)), int(k + 15 * sqrt(k)))
    for _ in range(5):
        relative = np.cumsum(np.log(mean / counts))
        probability = np.exp(relative - relative.max())
        inside = counts <= k
        low, high, at = (probability[part].sum() for part in (inside, ~inside, counts == k))
        excess = low * (1 - level) - high * level  # (P(Y ≤ k) - level) · (low + high)
        mean += excess / at
    return mean


@pytest.mark.parametrize("level", BRUTE)
def test_quantiles_of_large_poisson_means_rise_where_the_level_is_reached(level):
    for k in (1_100_000, 4_000_000):
        mean = mean_at(k, level)
        assert poisson_quantile(level, np.array([[mean - 1e-5, mean + 1e-5, 3.0]])).tolist() == [
            [k, k + 1, smallest(level, lambda k: poisson(k, 3.0))]
        ]


@pytest.mark.parametrize("level", [0.005, 0.1, 0.5, 0.975])
def test_the_expansion_is_exact_to_rounding_where_the_skewness_is_small(level):
    mean, alpha = np.logspace(1, 5, 30), 1e-3
    for found, t in (
        (poisson_quantile(level, mean), 0 * mean),
        (negative_binomial_quantile(level, mean, np.full(30, alpha)), alpha * mean),
    ):
        expanded, error, _ = _expansion(level, mean, t)
        near = 1 + 2 * t < 0.1 * np.sqrt(mean * (1 + t))  # the skewness
        assert (np.abs(found - expanded)[near] < 0.51).all()
        assert _expansion(level, np.zeros(1), np.zeros(1))[0] == (NormalDist().inv_cdf(level) ** 2 - 1) / 6
        assert (error == np.where(near, 0, np.ceil(0.1 * np.sqrt(mean * (1 + t) - 1 / 12)))).all()


def test_the_expansion_replaces_sums_where_both_agree(monkeypatch):
    """That is where the cubed skewness times the deviation is less than 1e-6."""
    exact = _expansion(0.5, np.array([9e5, 1.1e6, 1e7, 1e7]), np.array([0, 0, 1, 0.5]))[2]
    assert exact.tolist() == [False, True, False, True]
    mean = np.linspace(1e7, 1.1e7, 20)
    expanded = [negative_binomial_quantile(level, mean, np.array(4e-8)) for level in (0.025, 0.9)]
    monkeypatch.setattr(distributions, "MAX_EXPANSION_ERROR", 0)
    summed = [negative_binomial_quantile(level, mean, np.array(4e-8)) for level in (0.025, 0.9)]
    np.testing.assert_array_equal(expanded, summed)


def test_quantiles_of_the_largest_counts_take_no_longer_than_others():
    """Means up to 2⁵³, whose probabilities would be sums of millions of terms."""
    found = poisson_quantile(0.5, np.logspace(6, 15.9, 50))
    np.testing.assert_allclose(found, np.logspace(6, 15.9, 50), rtol=1e-6)


@pytest.mark.parametrize("mean", [np.nan, np.inf, 1e17, 1e300])
def test_counts_beyond_all_whole_numbers_have_no_quantiles(mean):
    with np.errstate(all="ignore"):
        found = [poisson_quantile(0.9, np.array([3.0, mean]))]
        found += [negative_binomial_quantile(0.1, np.array([3.0, mean]), np.full(2, a)) for a in (1e-8, 0.5, 1e4)]
    for one, none in found:
        assert np.isfinite(one)
        assert np.isnan(none)


def test_the_largest_count_is_the_last_whole_number_of_float64():
    assert poisson_quantile(0.5, np.array([2.0**53 - 64])) == 2.0**53 - 64
    assert np.isnan(poisson_quantile(0.5, np.array([2.0**53])))
    for alpha in (1e-18, 1e-2):
        found = negative_binomial_quantile(0.5, np.array([2.0**51, 2.0**54]), np.array(alpha))
        np.testing.assert_allclose(found, [2.0**51, np.nan], rtol=0.01)


@pytest.mark.parametrize("alpha", [1e-8, 0.003, 0.4, 1.0, 9.0])
def test_negative_binomial_quantiles_are_the_first_to_reach_the_level(alpha):
    means = np.logspace(-2, 2.3, 25)
    for level in (1e-14, *BRUTE[:-1]):
        found = negative_binomial_quantile(level, means, np.full(25, alpha))

        def cost(k, m):
            if alpha > 1e-6:
                return negative_binomial(k, m, alpha)
            return poisson(k, m)  # whose Γ(y + 1/α) loses no digits

        assert list(found) == [smallest(level, lambda k, m=m: cost(k, m)) for m in means]


def test_dispersion_of_one_is_geometric():
    means = np.array([0.5, 3.0, 70.0, 1e4])
    for level in (0.07, 0.5, 0.93):  # P(Y > k) = (mean / (1 + mean))^(k + 1)
        expected = np.ceil(np.log(1 - level) / np.log(means / (1 + means)) - 1)
        np.testing.assert_array_equal(negative_binomial_quantile(level, means, np.ones(4)), np.maximum(expected, 0))


def test_large_counts_are_nearly_normal():
    for level in (0.01, 0.5, 0.99):
        found = poisson_quantile(level, np.array([1e6]))[0]
        assert abs(found - 1e6 - 1e3 * NormalDist().inv_cdf(level)) < 2
    assert (poisson_quantile(0.999, np.array([0.0, 1e-300])) == 0).all()
    assert (negative_binomial_quantile(0.999, np.zeros(2), np.array([1e-8, 1e4])) == 0).all()


@EVERY_LIKELIHOOD
def test_quantiles_rise_with_the_level_and_keep_the_shape(loss, rng):
    prediction = 2 * rng.standard_normal((5, 3, len(loss.parameters))).astype(np.float32)
    unit = rng.uniform(1, 30, 5)
    found = loss.quantiles(prediction, [0.05, 0.3, 0.5, 0.9], unit)
    assert found.shape == (5, 3, 4)
    assert found.dtype == np.float64
    assert (np.diff(found) >= 0).all()
    assert loss.mean(prediction, unit).shape == (5, 3)
    if loss.needs_unit:
        np.testing.assert_array_equal(found, np.rint(found))
        assert (found >= 0).all()
    else:
        assert_close(found, loss.quantiles(prediction, [0.05, 0.3, 0.5, 0.9]) * unit[:, None, None], terms=2)
    elsewhere = loss.quantiles(np.full((2, len(loss.parameters)), -1e4), [0.1, 0.9])
    assert np.isfinite(elsewhere).all()


@EVERY_LIKELIHOOD
def test_samples_have_the_mean_and_the_quantiles(loss, rng):
    raw = np.array([[0.3, 1.0, 2.0], [2.0, -1.0, 3.0]])[:, : len(loss.parameters)]
    unit, count = np.array([1.0, 7.0]), 200_000
    drawn = loss.sample(raw, rng, count, unit)
    assert drawn.shape == (2, count)
    error = 5 * drawn.std(axis=1) / sqrt(count)  # five standard errors
    assert (np.abs(drawn.mean(axis=1) - loss.mean(raw, unit)) < error).all()
    levels = [0.05, 0.5, 0.95]
    for k, quantile in enumerate(loss.quantiles(raw, levels, unit).T):
        slack = 5 * sqrt(levels[k] * (1 - levels[k]) / count)
        assert ((drawn <= quantile[:, None]).mean(axis=1) >= levels[k] - slack).all()
        assert ((drawn < quantile[:, None]).mean(axis=1) <= levels[k] + slack).all()


@EVERY_LIKELIHOOD
def test_the_same_generator_draws_the_same(loss):
    raw = np.zeros((3, len(loss.parameters)))
    found = [loss.sample(raw, np.random.default_rng(seed), 4) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
    assert loss.sample(raw, np.random.default_rng(1)).shape == (3, 1)


@EVERY_COUNT
def test_the_variance_is_that_of_the_distribution(loss, rng):
    mean, alpha, unit = 3.0, 0.4, 5.0
    raw = np.array([[raw_of(mean), raw_of(alpha)]])[:, : len(loss.parameters)]
    drawn = loss.sample(raw, rng, 200_000, np.array([unit]))
    alpha = 0 if loss == Poisson() else alpha
    assert drawn.var() == pytest.approx(unit * mean * (1 + alpha * unit * mean), rel=0.03)


def test_the_variance_of_student_t_is_that_of_its_degrees_of_freedom(rng):
    drawn = StudentT().sample(np.array([[1.0, raw_of(2.0), raw_of(10.0)]]), rng, 200_000)
    assert drawn.var() == pytest.approx(4 * 12 / 10, rel=0.03)  # σ² ν / (ν - 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Normal().quantiles(np.zeros((3, 2)), [0.5, 1.0]),
            r"normal: levels .* inside \(0, 1\); got \[0.5, 1.0\]",
        ),
        (lambda: Poisson().quantiles(np.zeros((3, 1)), 0.5), "got 0.5"),
        (lambda: Poisson().quantiles(np.zeros((3, 1)), []), r"got \[\]"),
        (lambda: StudentT().mean(np.zeros((3, 2))), r"the last axis of predictions holds location, .* \(3, 2\)"),
        (lambda: NegativeBinomial().sample(np.zeros((3, 2)), np.random.default_rng(0), 0), "got count=0"),
        (lambda: Poisson().mean(np.zeros((3, 1)), np.ones(2)), r"units of shape \(2,\) do not fit"),
    ],
)
def test_invalid_arguments_of_distributions_are_refused(call, message):
    with pytest.raises(un.InputError, match=message):
        call()


def test_quantiles_of_large_counts_need_few_evaluations_of_the_distribution(monkeypatch):
    """Each takes about the square root of the mean in terms of a series."""
    calls = []
    original = distributions.incomplete_gamma_upper
    monkeypatch.setattr(distributions, "incomplete_gamma_upper", lambda a, x: calls.append(1) or original(a, x))
    mean = np.linspace(9e3, 11e3, 50)
    for level in (0.005, 0.1, 0.5, 0.975):
        k = distributions.poisson_quantile(level, mean)
        assert len(calls) == 2
        assert (original(k + 1, mean) >= level).all()
        assert (original(k, mean) < level).all()
        calls.clear()
