"""Correlations between the steps ahead: worked by hand, of random walks, and from few windows."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from unrolled.forecasting.probabilistic.copula import (
    MIN_WINDOWS,
    correlated,
    estimate_correlation,
    estimate_series_correlation,
)


def test_errors_of_a_walk_are_correlated_as_a_walk_is(rng):
    """Forecasts of a random walk err by sums of shocks: the correlation of steps j ≤ k is √(j / k)."""
    errors = rng.standard_normal((4000, 5)).cumsum(axis=1) / np.sqrt(np.arange(1, 6))
    found = estimate_correlation(errors, np.ones_like(errors), 4000)
    steps = np.arange(1, 6)
    expected = np.sqrt(np.minimum.outer(steps, steps) / np.maximum.outer(steps, steps))
    np.testing.assert_allclose(found, expected, atol=5 / np.sqrt(4000))
    drawn = correlated(rng.standard_normal((20000, 5)), found)
    np.testing.assert_allclose(np.corrcoef(drawn.T), expected, atol=0.06)
    np.testing.assert_allclose(drawn.std(axis=0), 1, atol=0.03)


def test_correlations_of_few_windows_are_shrunk_and_of_fewer_zero(rng):
    errors = np.repeat(rng.standard_normal((40, 1)), 4, axis=1) + rng.standard_normal((40, 4))
    known = np.ones_like(errors)
    many, few = estimate_correlation(errors, known, 40), estimate_correlation(errors, known, 2)
    assert many[0, 1] > few[0, 1] >= 0
    few_rows = slice(MIN_WINDOWS - 1)
    np.testing.assert_array_equal(estimate_correlation(errors[few_rows], known[few_rows], 40), np.eye(4))


@pytest.mark.parametrize(("differ", "r", "apart"), [(2, 0.5, 8), (1, 0.75, 1), (4, 0.0, 8)])
def test_correlation_worked_by_hand(differ, r, apart):
    """Scores of ±1 in eight windows, of which some differ; there are two equal entries off the diagonal."""
    first = np.resize([1.0, -1.0], 8)
    scores = np.column_stack([first, np.where(np.arange(8) < differ, -first, first)])
    share = (1 - r**2) ** 2 / apart / r**2 if r else 1
    assert_close(estimate_correlation(scores, np.ones_like(scores), apart)[0, 1], (1 - share) * r, terms=8)


def test_correlations_are_never_shrunk_beyond_independence():
    """All columns are orthogonal but two, whose r is -1/4: λ = (4 + 2 (15/16)²) / (2/16) would be far above 1."""
    signs = np.array([[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]] * 4, float)
    signs[[0, 2], 1] *= -1  # two of the sixteen rows
    np.testing.assert_array_equal(estimate_correlation(signs, np.ones((16, 3)), 1), np.eye(3))


def test_unknown_targets_do_not_count_in_the_correlation(rng):
    scores = rng.standard_normal((30, 3)) + rng.standard_normal((30, 1))
    known = np.ones_like(scores)
    known[4:9, 2] = 0
    poisoned = np.where(known > 0, scores, 1e6)
    found = estimate_correlation(poisoned, known, 30)
    np.testing.assert_array_equal(found, estimate_correlation(known * scores, np.ones_like(known), 30))
    assert (found > 0.1).all()


def test_without_correlations_noise_is_left_as_it_is(rng):
    noise = rng.standard_normal((5, 3))
    assert correlated(noise, None) is noise
    np.testing.assert_allclose(correlated(noise, np.eye(3)), noise)


@pytest.mark.parametrize("truth", [0.0, 0.4, 0.9])
def test_the_correlation_of_series_is_that_of_their_common_factor(rng, truth):
    series, times, steps = 8, 60, 3
    common = rng.normal(size=(1, times, steps))
    scores = np.sqrt(truth) * common + np.sqrt(1 - truth) * rng.normal(size=(series, times, steps))
    number, at = (part.ravel() for part in np.meshgrid(np.arange(series), np.arange(times), indexing="ij"))
    scores = scores.reshape(-1, steps)
    known = (rng.random(scores.shape) < 0.9).astype(float)
    found = estimate_series_correlation(np.where(known, scores, 99.0), known, at, number)
    assert found == pytest.approx(truth, abs=0.08)


def test_single_series_and_few_windows_have_no_correlation():
    scores, known = np.ones((20, 2)), np.ones((20, 2))
    assert estimate_series_correlation(scores, known, np.arange(20), np.zeros(20)) == 0
    assert estimate_series_correlation(scores, known, np.arange(20), np.arange(20)) == 0  # no common time
    assert estimate_series_correlation(scores[:7], known[:7], np.zeros(7), np.arange(7)) == 0
    assert estimate_series_correlation(scores, 0 * known, np.zeros(20), np.arange(20)) == 0
