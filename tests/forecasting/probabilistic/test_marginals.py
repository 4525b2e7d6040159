"""Distributions of single values ahead and how steps hang together: by hand, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from unrolled.forecasting.probabilistic.conformal import calibrate
from unrolled.forecasting.probabilistic.copula import FEWEST_WINDOWS, correlated, estimate_correlation
from unrolled.forecasting.probabilistic.quantile_function import (
    FINE_LEVELS,
    FURTHEST,
    normal_scores,
    quantiles_at_scores,
    scores_of_levels,
)
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES
from unrolled.forecasting.probabilistic.support import Support

NORMAL = scores_of_levels(QUANTILES)


def test_scores_of_levels_are_the_normal_distributions():
    np.testing.assert_allclose(NORMAL[-4:], [0.6744898, 1.2815516, 1.6448536, 1.9599640], atol=1e-7)
    np.testing.assert_allclose(NORMAL, -NORMAL[::-1], atol=1e-15)
    np.testing.assert_allclose(scores_of_levels(FINE_LEVELS), np.arange(-16, 17) / 5, atol=1e-12)


@pytest.mark.parametrize("levels", [QUANTILES, FINE_LEVELS])
def test_a_normal_distribution_comes_out_exactly_within_and_beyond_its_quantiles(levels):
    scores = np.linspace(-5, 5, 101)
    quantiles = 10 + 2 * scores_of_levels(levels)
    assert_close(quantiles_at_scores(quantiles, levels, scores), 10 + 2 * scores, terms=8)


def test_quantile_function_worked_by_hand():
    """At the median's score 0 the median; halfway between two scores halfway between their values; beyond the
    outermost the line through the median and it."""
    quantiles = np.array([-8.0, -6, -4, -2, 0, 1, 2, 3, 4])
    halfway = (NORMAL[5] + NORMAL[6]) / 2
    scores = np.array([0, halfway, NORMAL[8], 1.5 * NORMAL[8], 1.5 * NORMAL[0]])
    assert_close(quantiles_at_scores(quantiles, QUANTILES, scores), [0, 1.5, 4, 6, -12], terms=8)


def test_scores_lead_back_to_values_and_values_to_scores(rng):
    quantiles = np.sort(rng.standard_normal((5, 3, 9)), axis=-1)
    scores = np.clip(1.5 * rng.standard_normal((5, 3)), -4, 4)
    np.testing.assert_allclose(
        normal_scores(quantiles, QUANTILES, quantiles_at_scores(quantiles, QUANTILES, scores)), scores
    )


def test_a_value_that_quantiles_share_has_the_middle_of_their_scores():
    quantiles = np.array([0.0, 0, 0, 0, 0, 1, 1, 1, 2])  # of a count
    found = normal_scores(quantiles, QUANTILES, np.array([0.0, 1, 2, 3, -1]))
    expected = [(NORMAL[0] + NORMAL[4]) / 2, (NORMAL[5] + NORMAL[7]) / 2, NORMAL[8]]
    assert_close(found[:3], expected, terms=8)
    assert_close(found[3], 1.5 * NORMAL[8], terms=8)
    assert found[4] == -FURTHEST  # no quantile tells how far below
    np.testing.assert_allclose(quantiles_at_scores(quantiles, QUANTILES, found[:4]), [0, 1, 2, 3], atol=1e-12)


def test_calibration_of_other_levels_agrees_where_they_are_the_same(rng):
    quantiles = np.sort(rng.standard_normal((2, 3, 9)), axis=-1)
    widening = np.array([[2.0, 3], [1.5, 2], [1, 1], [0.5, 1]])
    fine = np.sort(np.r_[QUANTILES, 0.01, 0.99])
    wide = np.concatenate([quantiles[..., :1] - 1, quantiles, quantiles[..., -1:] + 1], axis=-1)
    found, more = calibrate(quantiles, widening), calibrate(wide, widening, tuple(fine))
    np.testing.assert_allclose(more[..., 1:-1], found, atol=1e-12)
    middle = wide[..., 5]
    np.testing.assert_allclose(more[..., 0] - middle, [2, 3, 3] * (wide[..., 0] - middle))  # as the outermost pair
    assert (found[..., MEDIAN] == quantiles[..., MEDIAN]).all()


# --- dependence -------------------------------------------------------------------------------------


def test_errors_of_a_walk_hang_together_as_a_walk_does(rng):
    """Forecasts of a random walk err by sums of shocks: the correlation of steps j ≤ k is √(j / k)."""
    errors = rng.standard_normal((4000, 5)).cumsum(axis=1) / np.sqrt(np.arange(1, 6))
    found = estimate_correlation(errors, np.ones_like(errors), 4000)
    steps = np.arange(1, 6)
    expected = np.sqrt(np.minimum.outer(steps, steps) / np.maximum.outer(steps, steps))
    np.testing.assert_allclose(found, expected, atol=5 / np.sqrt(4000))
    drawn = correlated(rng.standard_normal((20000, 5)), found)
    np.testing.assert_allclose(np.corrcoef(drawn.T), expected, atol=0.06)
    np.testing.assert_allclose(drawn.std(axis=0), 1, atol=0.03)


def test_few_windows_say_little_and_fewer_nothing(rng):
    errors = np.repeat(rng.standard_normal((40, 1)), 4, axis=1) + rng.standard_normal((40, 4))
    known = np.ones_like(errors)
    many, few = estimate_correlation(errors, known, 40), estimate_correlation(errors, known, 2)
    assert many[0, 1] > few[0, 1] >= 0
    few_rows = slice(FEWEST_WINDOWS - 1)
    np.testing.assert_array_equal(estimate_correlation(errors[few_rows], known[few_rows], 40), np.eye(4))


def test_dependence_worked_by_hand():
    scores = np.array([[1.0, 1], [-1, -1], [1, 1], [-1, -1], [1, -1], [-1, 1], [1, 1], [-1, -1]])
    r, apart = 0.5, 8  # 6 of 8 agree, 2 do not; two equal entries off the diagonal
    share = (1 - r**2) ** 2 / apart / r**2
    assert_close(estimate_correlation(scores, np.ones_like(scores), apart)[0, 1], (1 - share) * r, terms=8)


def test_unknown_targets_do_not_count_in_the_dependence(rng):
    scores = rng.standard_normal((30, 3))
    known = np.ones_like(scores)
    known[4:9, 2] = 0
    poisoned = np.where(known > 0, scores, 1e6)
    np.testing.assert_array_equal(estimate_correlation(poisoned, known, 30), estimate_correlation(scores, known, 30))


# --- limits -----------------------------------------------------------------------------------------


def test_whole_quantiles_keep_order_and_coverage(rng):
    quantiles = np.sort(3 * rng.standard_normal((50, 9)), axis=-1)
    whole = np.stack([Support(integer=True).quantile(quantiles[:, k], q) for k, q in enumerate(QUANTILES)], axis=-1)
    assert (whole == np.rint(whole)).all()
    assert (np.diff(whole, axis=-1) >= 0).all()
    assert (whole[:, :MEDIAN] <= quantiles[:, :MEDIAN]).all()
    assert (whole[:, MEDIAN + 1 :] >= quantiles[:, MEDIAN + 1 :]).all()
    assert Support(integer=True).quantile(np.array([2.9999999999999]), 0.1).tolist() == [
        3
    ]  # rounding, not a fraction
    assert Support(nonnegative=True).quantile(np.array([-2.0, 0.3]), 0.1).tolist() == [0, 0.3]
