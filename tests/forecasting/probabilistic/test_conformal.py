"""Conformal calibration: worked by hand, simulated, and without crossing quantiles."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from support import assert_close
from unrolled.forecasting.probabilistic.conformal import (
    MIN_FACTOR,
    MIN_SCORES_PER_STEP,
    calibrate,
    conformal_factors,
    pooled,
    shrink_factors,
    typical_factor,
)
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES

PAIRS = range(MEDIAN)
COVERAGES = [Fraction(str(QUANTILES[-1 - k])) - Fraction(str(QUANTILES[k])) for k in PAIRS]  # 99/100, 19/20, ...
LEVELS = len(QUANTILES)
NORMAL = np.array([NormalDist().inv_cdf(q) for q in QUANTILES])
EVEN = np.arange(LEVELS) - float(MEDIAN)  # -5 .. 5
finite = st.floats(-1e6, 1e6)


def known(targets: np.ndarray) -> np.ndarray:
    return np.ones_like(targets)


def factors_of(quantiles: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The factors of windows of which no two share a target."""
    return conformal_factors(quantiles, targets, weights, len(targets))


# --- factors ----------------------------------------------------------------------------------------


def test_factors_worked_by_hand():
    """Nine targets whose distances from 0 are 0, ½, 1, ... 4, and intervals ±5, ±4, ±3, ±2, ±1."""
    targets = np.array([0, -0.5, 1, -1.5, 2, -2.5, 3, -3.5, 4])[:, None]
    quantiles = np.tile(EVEN, (9, 1, 1))
    # the ⌈10·c⌉-th smallest of the distances over the half width; there are too few for 99 and 95 %
    beyond = NORMAL[[-1, -2]] / NormalDist().inv_cdf(0.95)  # the largest of nine has a coverage of 90 %
    expected = [[beyond[0] * 4 / 5], [beyond[1] * 4 / 4], [4 / 3], [3.5 / 2], [2 / 1]]
    assert_close(factors_of(quantiles, targets, known(targets)), expected, terms=2)


def test_each_side_of_an_interval_is_scored_by_its_own_width():
    """Skewed intervals: -1 below the median and +10 above it; targets at -2 and +5 score 2 and ½."""
    quantiles = np.tile(np.where(EVEN < 0, -1.0, np.where(EVEN > 0, 10.0, 0.0)), (2, 1, 1))
    targets = np.array([[-2.0], [5.0]])
    assert_close(factors_of(quantiles, targets, known(targets))[-1], [2.0], terms=2)


@pytest.mark.parametrize("rows", [MIN_SCORES_PER_STEP, MIN_SCORES_PER_STEP // 2], ids=["step by step", "pooled"])
def test_intervals_that_are_too_wide_shrink(rows):
    targets = np.linspace(-2, 2, rows)[:, None]
    quantiles = np.tile(EVEN, (rows, 1, 1))
    factors = factors_of(quantiles, targets, known(targets))
    assert (factors < 1.1).all()
    assert (factors[:-1] < 0.85).all()
    assert (factors > MIN_FACTOR).all()


def test_calibration_factors_are_bounded():
    targets = np.linspace(-1, 1, 50)[:, None]
    for reach, bound in ((1e-4, 5), (1e4, 0.2)):
        quantiles = np.tile(reach * EVEN, (50, 1, 1))
        assert (factors_of(quantiles, targets, known(targets)) == bound).all()


def test_intervals_without_width_are_ignored():
    """No factor widens them, whatever the targets; and nothing overflows."""
    targets = np.array([[1.0], [2.0], [1e300], [0.0]])
    quantiles = np.zeros((4, 1, LEVELS))
    assert (factors_of(quantiles, targets, known(targets))[:, 0] == MIN_FACTOR).all()  # 0 lies on it
    assert (factors_of(quantiles[:3], targets[:3], known(targets[:3])) == 1).all()
    some = np.concatenate([quantiles, np.tile(EVEN, (40, 1, 1))])
    more = np.concatenate([targets, np.full((40, 1), 2.0)])
    assert_close(factors_of(some, more, known(more))[1:, 0], [0.5, 2 / 3, 1, 2], terms=2)


@pytest.mark.parametrize("rows", [3, 2 * MIN_SCORES_PER_STEP], ids=["pooled", "step by step"])
def test_targets_that_are_unknown_do_not_count(rows):
    targets = np.arange(2.0 * rows).reshape(rows, 2)
    weights = known(targets)
    weights[-1] = 0
    poisoned = np.where(weights > 0, targets, 1e9)
    quantiles = np.tile(100 * EVEN, (rows, 2, 1))
    np.testing.assert_array_equal(
        factors_of(quantiles, poisoned, weights),
        factors_of(quantiles[:-1], targets[:-1], weights[:-1]),
    )
    np.testing.assert_array_equal(factors_of(quantiles, targets, 0 * weights), np.ones((MEDIAN, 2)))


def of_rank(rank: int, n: int, coverage: Fraction) -> float:
    """The score of a rank among 1/n, 2/n, ... 1; beyond the last it grows as distances of normal errors do."""
    if rank <= n:
        return rank / n
    wanted, largest = (NormalDist().inv_cdf(float(1 + share) / 2) for share in (coverage, Fraction(n, n + 1)))
    return wanted / largest


@pytest.mark.parametrize("n", [1, 2, 9, 19, 20, 39, 99, 100, 199])
def test_the_rank_is_exact_although_coverages_are_binary_fractions(n):
    targets = np.arange(1.0, n + 1)[:, None] / n  # with intervals of 1 to each side, score and rank / n are the same
    quantiles = np.tile(np.sign(EVEN), (n, 1, 1))
    factors = factors_of(quantiles, targets, known(targets))
    assert_close(factors[:, 0], [of_rank(ceil((n + 1) * coverage), n, coverage) for coverage in COVERAGES], terms=2)


def test_steps_are_pooled_where_scores_are_few():
    rows = MIN_SCORES_PER_STEP
    targets = np.stack([np.linspace(0, 1, rows), np.linspace(0, 4, rows)], axis=1)
    quantiles = np.tile(np.sign(EVEN), (rows, 2, 1))
    apart = factors_of(quantiles, targets, known(targets))
    assert not pooled(known(targets), len(targets))
    assert_close(apart[:, 1], 4 * apart[:, 0], terms=4)
    together = factors_of(quantiles[1:], targets[1:], known(targets[1:]))
    assert pooled(known(targets[1:]), len(targets[1:]))
    np.testing.assert_array_equal(together[:, 0], together[:, 1])


def test_steps_are_scored_apart_with_a_hundred_scores_of_each_and_twenty_separate_windows():
    weights = np.ones((101, 2))
    weights[0, 1] = 0
    assert not pooled(weights, 20)
    assert pooled(weights, 19)
    weights[1, 1] = 0
    assert pooled(weights, 20)


def test_factors_are_shrunk_by_the_number_of_separate_windows():
    factors = np.array([[4.0, 1.0], [0.25, 2.0]])
    assert_close(shrink_factors(factors, 5, 1.0), np.sqrt(factors), terms=2)
    assert_close(shrink_factors(factors, 0, 1.5), np.full((2, 2), 1.5), terms=2)
    assert_close(shrink_factors(factors, 10**9, 1.5), factors, terms=2, scale=1e8)


def test_the_typical_factor_falls_with_the_rows_of_the_typical_series():
    assert typical_factor(np.array([25])) == 1.5
    assert typical_factor(np.array([16, 100, 10_000])) == 1.25


# --- coverage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.4, 1.0, 2.5], ids=["too narrow", "right", "too wide"])
@pytest.mark.parametrize("rows", [24, 400], ids=["pooled", "step by step"])
def test_calibrated_intervals_have_their_coverage(rows, spread, rng):
    """Exchangeable errors: a new target lies inside with probability rank / (n + 1), whatever the quantiles."""
    steps, repeats, fresh = 3, 60, 50
    noise = rng.standard_normal((repeats, rows + fresh, steps))
    centre = 10 * rng.standard_normal(noise.shape)
    targets = centre + noise
    learned = centre[..., None] + spread * NORMAL
    inside = np.zeros(MEDIAN)
    for y, q in zip(targets, learned, strict=True):
        out = calibrate(q[rows:], factors_of(q[:rows], y[:rows], known(y[:rows])))
        for pair in PAIRS:
            inside[pair] += ((out[..., pair] <= y[rows:]) & (y[rows:] <= out[..., -1 - pair])).sum()
    n = rows if rows >= MIN_SCORES_PER_STEP else rows * steps
    for pair, coverage in enumerate(COVERAGES):
        expected = min(ceil((n + 1) * coverage), n) / (n + 1)  # the largest score where there are too few
        if n < ceil((n + 1) * coverage):  # the largest score is extended, so that more lie inside
            assert inside[pair] / (repeats * fresh * steps) > expected - 0.005
            continue
        # the scatter of the new targets and of the scores of each calibration; its groups are the steps, or one
        groups = 1 if pooled(np.ones((rows, steps)), rows) else steps
        variance = expected * (1 - expected) * (1 / (fresh * steps) + 1 / (n * groups)) / repeats
        # 4.5 standard deviations are exceeded once in 150,000 times
        assert abs(inside[pair] / (repeats * fresh * steps) - expected) < 4.5 * variance**0.5


@pytest.mark.parametrize("degrees", [3, np.inf], ids=["heavy tails", "normal"])
@pytest.mark.parametrize("shape", [(1000, 1), (250, 12)], ids=["step by step", "many steps"])
def test_the_99_percent_interval_is_calibrated_beyond_the_learned_quantiles(degrees, shape, rng):
    """Its bounds are extrapolated as those of a normal distribution, and stretched by heavier tails."""
    rows, steps = shape

    def errors(n: int) -> np.ndarray:
        noise = rng.standard_normal((n, steps))
        return noise if degrees == np.inf else noise / np.sqrt(rng.chisquare(degrees, (n, steps)) / degrees)

    past, inside = errors(rows), []
    factors = factors_of(np.tile(NORMAL, (rows, steps, 1)), past, known(past))
    for _ in range(20):
        y = errors(500)
        out = calibrate(np.tile(NORMAL, (500, steps, 1)), factors)
        inside.append(((out[..., 0] <= y) & (y <= out[..., -1])).mean())
    assert np.mean(inside) == pytest.approx(0.99, abs=0.008)
    assert (factors[0] > 1.5).all() if degrees == 3 else (np.abs(factors[0] - 1) < 0.35).all()


# --- order ------------------------------------------------------------------------------------------


@given(
    arrays(np.float64, (2, 3, LEVELS), elements=finite), arrays(np.float64, (MEDIAN, 3), elements=st.floats(0, 10))
)
def test_calibrated_quantiles_never_cross(quantiles, factors):
    quantiles = np.sort(quantiles, axis=-1)
    out = calibrate(quantiles, factors)
    assert (np.diff(out, axis=-1) >= 0).all()
    np.testing.assert_array_equal(out[..., MEDIAN], quantiles[..., MEDIAN])


def test_calibration_worked_by_hand():
    quantiles = np.array([[[-9.0, -8, -6, -4, -2, 0, 1, 2, 3, 4, 7]]])
    factors = np.array([[1], [0.5], [1], [2], [0.5]])  # outermost pair first; the fourth would cross those outside it
    expected = [-9, -8, -8, -8, -1, 0, 0.5, 4, 4, 4, 7]
    assert calibrate(quantiles, factors)[0, 0].tolist() == expected


def test_calibration_of_other_levels_agrees_where_they_are_the_same(rng):
    quantiles = np.sort(rng.standard_normal((2, 3, LEVELS)), axis=-1)
    factors = np.array([[2.0, 3], [1.7, 2], [1.5, 2], [1, 1], [0.5, 1]])
    fine = np.sort(np.r_[QUANTILES, 0.001, 0.999])
    wide = np.concatenate([quantiles[..., :1] - 1, quantiles, quantiles[..., -1:] + 1], axis=-1)
    found, more = calibrate(quantiles, factors), calibrate(wide, factors, tuple(fine))
    np.testing.assert_allclose(more[..., 1:-1], found, atol=1e-12)
    middle = wide[..., MEDIAN + 1]
    np.testing.assert_allclose(more[..., 0] - middle, [2, 3, 3] * (wide[..., 0] - middle))  # as the outermost pair
    assert (found[..., MEDIAN] == quantiles[..., MEDIAN]).all()
