"""The quantile function between and beyond known quantiles: worked by hand, and inverted."""

from __future__ import annotations

import numpy as np
import pytest

from support import assert_close
from unrolled.forecasting.probabilistic.quantile_function import (
    FINE_LEVELS,
    MAX_SCORE,
    means,
    normal_scores,
    quantiles_at_scores,
    scores_of_levels,
)
from unrolled.forecasting.probabilistic.quantiles import LEARNED, QUANTILES

NORMAL = scores_of_levels(LEARNED)


def test_scores_of_levels_are_the_normal_distributions():
    np.testing.assert_allclose(NORMAL[-4:], [0.6744898, 1.2815516, 1.6448536, 1.9599640], atol=1e-7)
    np.testing.assert_allclose(NORMAL, -NORMAL[::-1], atol=1e-15)
    np.testing.assert_allclose(scores_of_levels(FINE_LEVELS), np.arange(-16, 17) / 5, atol=1e-12)


@pytest.mark.parametrize("levels", [LEARNED, FINE_LEVELS])
def test_a_normal_distribution_comes_out_exactly_within_and_beyond_its_quantiles(levels):
    scores = np.linspace(-5, 5, 101)
    quantiles = 10 + 2 * scores_of_levels(levels)
    assert_close(quantiles_at_scores(quantiles, levels, scores), 10 + 2 * scores, terms=8)


def test_quantile_function_worked_by_hand():
    """At the median's score 0 the median; halfway between two scores halfway between their values; beyond the
    outermost the line through the median and it."""
    quantiles = np.array([-8.0, -6, -4, -2, 0, 1, 2, 3, 4])
    halfway = (NORMAL[5] + NORMAL[6]) / 2
    scores = np.array([0, halfway, NORMAL[8], 1.5 * NORMAL[8], 1.5 * NORMAL[0], (NORMAL[0] + NORMAL[1]) / 2])
    values = np.array([0, 1.5, 4, 6, -12, -7])
    assert_close(quantiles_at_scores(quantiles, LEARNED, scores), values, terms=8)
    assert_close(normal_scores(quantiles, LEARNED, values), scores, terms=8)
    assert_close(normal_scores(quantiles, LEARNED, quantiles), NORMAL, terms=8)


def test_distributions_end_at_scores_of_six():
    quantiles = 10 + 2 * NORMAL
    assert_close(quantiles_at_scores(quantiles, LEARNED, np.array([-9.0, 9.0])), [-2, 22], terms=8)
    assert_close(normal_scores(quantiles, LEARNED, np.array([-99.0, 99.0])), [-6, 6], terms=8)


def test_scores_and_values_are_inverse_to_each_other(rng):
    quantiles = np.sort(rng.standard_normal((5, 3, 9)), axis=-1)
    scores = np.clip(1.5 * rng.standard_normal((5, 3)), -4, 4)
    np.testing.assert_allclose(
        normal_scores(quantiles, LEARNED, quantiles_at_scores(quantiles, LEARNED, scores)), scores
    )


def test_a_value_that_quantiles_share_has_the_middle_of_their_scores():
    quantiles = np.array([0.0, 0, 0, 0, 0, 1, 1, 1, 2])  # of a count
    found = normal_scores(quantiles, LEARNED, np.array([0.0, 1, 2, 3, -1]))
    expected = [(NORMAL[0] + NORMAL[4]) / 2, (NORMAL[5] + NORMAL[7]) / 2, NORMAL[8]]
    assert_close(found[:3], expected, terms=8)
    assert_close(found[3], 1.5 * NORMAL[8], terms=8)
    assert found[4] == -MAX_SCORE  # no quantile says how far below
    np.testing.assert_allclose(quantiles_at_scores(quantiles, LEARNED, found[:4]), [0, 1, 2, 3], atol=1e-12)


def test_means_are_those_of_the_distribution():
    for mean, spread in ((0.0, 1.0), (50.0, 3.0)):
        normal = mean + spread * scores_of_levels(QUANTILES)
        assert means(normal) == pytest.approx(mean)
    exponential = -np.log(1 - np.array(QUANTILES))
    assert means(exponential) == pytest.approx(1, abs=0.03)
    assert means(np.stack([exponential, exponential + 1])).shape == (2,)


def test_a_mean_is_that_of_sample_paths(rng):
    quantiles = np.sort(rng.gamma(1.0, size=len(QUANTILES)))
    drawn = quantiles_at_scores(quantiles, QUANTILES, rng.normal(size=400_000))
    assert means(quantiles) == pytest.approx(drawn.mean(), rel=0.01)
