"""Lessons: each is a function of its number, and its targets are what the future is less the anchors."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.pretrained import lessons
from unrolled.forecasting.pretrained.lessons import MAX_TARGET, Subject, as_lesson, lesson
from unrolled.forecasting.pretrained.representation import represent

SMALL = (
    Subject((4,), 6, 30, (3, 5), 6, 0.5, lessons.BUSINESS),
    Subject((7,), 14, 40, (7,), 5, 0.5, lessons.CLOCK),
)


@pytest.fixture(autouse=True)
def _small_subjects(monkeypatch):
    monkeypatch.setattr(lessons, "SUBJECTS", SMALL)


def test_shares_sum_to_one():
    for subject in SMALL:
        assert sum(subject.kinds.values()) == pytest.approx(1)


@pytest.mark.parametrize("number", range(8))
def test_a_lesson_is_a_function_of_its_number(number):
    one, same, other = lesson(number, 3), lesson(number, 3), lesson(number, 4)
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.inputs.shape != other.inputs.shape or (one.inputs != other.inputs).any()
    assert all(np.isfinite(part).all() for part in one)
    assert np.abs(one.targets).max() <= MAX_TARGET


def test_targets_are_distances_from_the_anchors_in_scales(rng):
    series = 20 + rng.normal(size=(4, 30)).cumsum(axis=1)
    past, future = series[:, :24], series[:, 24:]
    found, shown = as_lesson(past, future, (4,)), represent(past, (4,), 6)
    again = shown.anchor + shown.scale[:, None] * found.targets[:, 24:]
    np.testing.assert_allclose(again, future, rtol=1e-5)
    assert not found.targets[:, :24].any()


def test_only_the_future_counts_and_series_that_nobody_can_forecast_count_less():
    past = np.tile([1.0, 2.0, 1.0, 2.0, 1.5], (2, 1))
    future = np.array([[1.5, 1.5], [1e6, 1e6]])
    weights = as_lesson(past, future, ()).weights
    assert not weights[:, :5].any()
    assert weights[0, 5] > 0.5
    np.testing.assert_allclose(weights[1, 5:], 1 / (1 + MAX_TARGET), rtol=1e-6)


def test_some_lessons_have_gaps_and_the_first_value_is_known():
    rng = np.random.default_rng(0)
    past = rng.normal(size=(50, 40))
    found = [lessons._with_gaps(rng, past) for _ in range(40)]
    with_gaps = [np.isnan(values) for values in found if np.isnan(values).any()]
    assert 2 <= len(with_gaps) <= 25
    assert not any(gaps[:, 0].any() for gaps in with_gaps)
    assert any(gaps[:, -1].any() for gaps in with_gaps)
