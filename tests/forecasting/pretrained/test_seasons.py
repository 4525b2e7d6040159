"""Seasons are found where there are some, shrunk where noise explains them, and continued over the horizon."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.pretrained.seasons import find_seasons

PATTERN = np.array([3.0, -1.0, 2.0, -4.0])  # sums to 0


def test_a_season_on_a_line_is_found_exactly_and_continued():
    t = np.arange(22)
    y = (10 + 0.5 * t + PATTERN[t % 4])[None]
    (season,) = find_seasons(y, (4,), 5)
    np.testing.assert_allclose(season.effect[0], PATTERN[np.arange(27) % 4], atol=1e-9)
    np.testing.assert_allclose(season.strength, 1, atol=1e-9)


def test_noise_has_nearly_no_season(rng):
    (season,) = find_seasons(rng.normal(size=(200, 48)), (12,), 3)
    assert np.abs(season.effect).mean() < 0.1
    assert season.strength.mean() < 0.25


def test_a_season_without_two_cycles_has_no_effect():
    (season,) = find_seasons(np.arange(7.0)[None] % 4, (4,), 2)
    assert not season.effect.any()
    assert not season.strength.any()


def test_a_longer_season_is_sought_in_what_the_shorter_one_leaves():
    t = np.arange(60)
    slow = np.array([5.0, 5, 5, 5, -5, -5, -5, -5, 0, 0, 0, 0])  # one value for each cycle of the short season
    y = (PATTERN[t % 4] + slow[t % 12])[None]
    short, long = find_seasons(y, (4, 12), 0)
    np.testing.assert_allclose(short.effect + long.effect, y, atol=0.15)


def test_later_cycles_count_more():
    t = np.arange(40)
    y = (np.where(t < 20, 1.0, 3.0) * PATTERN[t % 4])[None]
    (season,) = find_seasons(y, (4,), 0)
    amplitude = season.effect[0, 0] / PATTERN[0]
    assert 2 < amplitude < 3


@pytest.mark.parametrize("rows", [8, 9, 10, 11])
def test_the_effect_has_the_phase_of_the_rows(rows):
    y = PATTERN[np.arange(rows) % 4][None]
    (season,) = find_seasons(y, (4,), 4)
    assert np.corrcoef(season.effect[0], PATTERN[np.arange(rows + 4) % 4])[0, 1] > 0.99
