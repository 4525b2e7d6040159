"""Quantile tracking of the calibration, and the note on errors that have grown."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.probabilistic.conformal import MAX_FACTOR
from unrolled.forecasting.probabilistic.quantile_function import scores_of_levels
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES
from unrolled.forecasting.probabilistic.tracking import (
    COVERAGE,
    RATE,
    SHOWN,
    WATCHED_PERIODS,
    Scores,
    Tracking,
    track,
)

NORMAL = scores_of_levels(QUANTILES)
BEGIN = Tracking.begin(np.array([40]), (10.0, 5.0))


def scores(y, steps=0, periods=None, units=1.0) -> Scores:
    """The scores of values in standard normal forecasts."""
    y = np.asarray(y, float)
    places = np.arange(len(y)) if periods is None else np.asarray(periods)
    quantiles = np.broadcast_to(NORMAL, (len(y), len(QUANTILES)))
    return Scores.of(quantiles, y, np.full(len(y), units), np.broadcast_to(steps, len(y)), places)


def test_coverages():
    np.testing.assert_allclose(COVERAGE, [0.99, 0.95, 0.9, 0.8, 0.5])
    assert COVERAGE[SHOWN] == pytest.approx(0.8)


def test_a_miss_widens_and_a_hit_narrows():
    """By hand: 1.5 is outside of the intervals of 80 and 50 %, and inside of the others."""
    factors, tracking, counts = track(np.ones((MEDIAN, 2)), BEGIN, scores([1.5], units=0.5))
    np.testing.assert_allclose(np.log(factors[:, 0]) / RATE, [-0.01, -0.05, -0.1, 0.8, 0.5], rtol=1e-9)
    assert (factors[:, 1] == 1).all()
    assert counts.tolist() == [1, 0]
    assert tracking.recent.tolist() == [[1, 3]]


def test_far_steps_move_more_slowly():
    """By hand: nine steps ahead, a third of the rate."""
    factors, _, counts = track(np.ones((MEDIAN, 9)), BEGIN, scores([1.5], steps=8))
    np.testing.assert_allclose(3 * np.log(factors[:, 8]) / RATE, [-0.01, -0.05, -0.1, 0.8, 0.5], rtol=1e-9)
    assert (factors[:, :8] == 1).all()
    assert counts.tolist() == [0, 0]


def test_the_coverage_of_dependent_errors_is_that_of_independent_ones(rng):
    """A random walk 24 steps ahead: its errors have up to 23 shocks in common."""
    errors = np.convolve(rng.normal(size=6000), np.ones(24) / np.sqrt(24), "valid")
    factors, inside = np.ones((MEDIAN, 24)), []
    for k, error in enumerate(errors):
        one = scores([error], steps=23, periods=[k])
        inside.append(one.values[0, SHOWN] <= factors[SHOWN, 23])
        factors = track(factors, BEGIN, one)[0]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.01)


def test_values_of_one_period_are_averaged():
    """One of four misses the interval of 80 %."""
    factors, _, counts = track(np.ones((MEDIAN, 1)), BEGIN, scores([0.1, 2, 0, -1], periods=[3, 3, 3, 3]))
    assert np.log(factors[SHOWN, 0]) / RATE == pytest.approx(0.25 - 0.2)
    assert counts.tolist() == [4, 3]


def test_periods_are_taken_in_order_and_may_be_split(rng):
    y, steps, periods = rng.normal(size=200), rng.integers(0, 3, 200), rng.integers(0, 40, 200)
    every, begin = scores(y, steps, periods), (np.ones((MEDIAN, 3)), BEGIN)
    whole = track(*begin, every)
    first, second = (every.take(rows) for rows in (periods < 17, periods >= 17))
    parts = track(*track(*begin, first)[:2], second)
    assert parts[0].tobytes() == whole[0].tobytes()
    assert parts[1].recent.tobytes() == whole[1].recent.tobytes()


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_every_interval_gets_its_coverage(rng, spread):
    """The factors of 80 % become those of the true spread."""
    factors, _, counts = track(np.ones((MEDIAN, 1)), BEGIN, scores(spread * rng.normal(size=2000)))
    assert counts[1] / counts[0] == pytest.approx(0.8, abs=0.02)
    np.testing.assert_allclose(factors[1:, 0], spread, rtol=0.35)


def test_factors_have_limits_and_values_that_no_factor_reaches_are_left_out():
    factors, tracking, _ = track(np.ones((MEDIAN, 1)), BEGIN, scores(np.full(300, 99.0)))
    assert (factors == MAX_FACTOR).all()
    assert len(tracking.recent) == WATCHED_PERIODS
    constant = Scores.of(np.zeros((1, len(QUANTILES))), np.ones(1), np.ones(1), np.zeros(1, int), np.zeros(1, int))
    factors, tracking, counts = track(np.ones((MEDIAN, 1)), BEGIN, constant)
    assert (factors == 1).all()
    assert counts.tolist() == [1, 0]


def test_an_interval_without_a_width_does_not_keep_others_from_moving():
    quantiles = np.where(np.abs(NORMAL) < 1, 0.0, NORMAL)[None]  # that of 50 %
    one = Scores.of(quantiles, np.array([1.5]), np.ones(1), np.zeros(1, int), np.zeros(1, int))
    factors, _, _ = track(np.ones((MEDIAN, 1)), BEGIN, one)
    np.testing.assert_allclose(np.log(factors[:, 0]) / RATE, [-0.01, -0.05, -0.1, 0.8, 0], rtol=1e-9)


def test_without_values_nothing_changes():
    factors, tracking, counts = track(np.ones((MEDIAN, 1)), BEGIN, scores([]))
    assert (factors == 1).all()
    assert (len(tracking.recent), counts.tolist()) == (0, [0, 0])


def test_errors_are_larger_than_before_if_some_standard_errors_do_not_explain_it():
    """By hand: exp(2.5 √(1/10 + 1/40)) = 2.42 with 10 values before, of mean error 0.5, and 40 new ones."""
    assert track(np.ones((MEDIAN, 1)), BEGIN, scores(np.full(40, 1.2)))[1].drift_notes(1.0) == []
    found = track(np.ones((MEDIAN, 1)), BEGIN, scores(np.full(40, 1.22)))[1]
    assert found.drift_notes(1.0) == [
        "forecasts have become worse: one step ahead, the errors of the last 40 values are 2.4 times those before "
        "the fit (10 values); up to 2.4 times may be chance. Fit again"
    ]
    assert found.drift_notes(2.0) == []  # dependent values tell less


def test_a_few_values_and_unknown_errors_give_no_note():
    assert track(np.ones((MEDIAN, 1)), BEGIN, scores(np.full(9, 999.0)))[1].drift_notes(1.0) == []
    exact = Tracking.begin(np.array([40]), (10.0, 0.0))
    assert track(np.ones((MEDIAN, 1)), exact, scores(np.full(40, 9.0)))[1].drift_notes(1.0) == []


def test_without_held_out_values_errors_are_compared_with_usual_changes():
    assert Tracking.begin(np.array([5, 8])).before.tolist() == [11, 11]


def test_forecasts_that_are_not_finite_count_as_large_errors():
    found = Scores.of(
        np.full((1, len(QUANTILES)), np.nan), np.ones(1), np.ones(1), np.zeros(1, int), np.zeros(1, int)
    )
    assert track(np.ones((MEDIAN, 1)), BEGIN, found)[1].recent.tolist() == [[1, 1e6]]
