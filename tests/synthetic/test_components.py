"""The components of synthetic series have the properties that their names say."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.synthetic import components as parts

N = 400


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_innovations_have_variance_one_and_heavy_tails_in_some_series(rng):
    values = parts.innovations(rng, N, 2000)
    np.testing.assert_allclose([values.mean(), values.std()], [0, 1], atol=0.03)
    assert 0.2 < (np.abs(values).max(axis=1) > 6).mean() < 0.4


def test_mean_reverting_processes_forget_at_the_given_pace(rng):
    for memory in (2.0, 20.0):
        values = parts.mean_reverting(rng, N, 1000, np.full(N, memory))
        kept = (values[:, 1:] * values[:, :-1]).mean() / (values**2).mean()
        assert kept == pytest.approx(np.exp(-1 / memory), abs=0.02)
        assert values[:, -1].std() == pytest.approx(1, abs=0.15)  # stationary from the first row to the last
        assert values[:, 0].std() == pytest.approx(1, abs=0.15)


def test_moving_averages_are_standardised_and_finite(rng):
    values = parts.arma(rng, N, 100)
    np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(values.std(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("season", [2, 3, 7, 12, 168])
def test_seasons_are_standardised(rng, season):
    shapes = parts.season_shapes(rng, N, season)
    assert shapes.shape == (N, season)
    np.testing.assert_allclose(shapes.mean(axis=1), 0, atol=1e-9)
    spread = shapes.std(axis=1)
    assert (np.isclose(spread, 1, atol=1e-3) | (spread < 1e-3)).all()  # steps may all be alike


def test_the_sum_of_harmonics_is_that_of_the_definition():
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    season, n = 12, 6
    order, time = np.arange(1, 7), np.arange(season)
    amplitude = again.normal(size=(n, 6)) / order ** again.uniform(0.3, 2, (n, 1))
    phase = again.uniform(0, 2 * np.pi, (n, 6))
    direct = np.zeros((n, season))
    for k in order:
        direct += amplitude[:, k - 1 : k] * np.cos(2 * np.pi * k * time / season + phase[:, k - 1 : k])
    shapes = parts.season_shapes(rng, n, season)
    alike = np.isclose(shapes, parts.standardised(direct)).all(axis=1)
    assert alike.any()  # series with peaks and steps have other shapes


def test_repeated_seasons_repeat_in_most_series(rng):
    values = parts.repeated(rng, N, 48, 12)
    same = np.isclose(values[:, :12], values[:, 12:24]).all(axis=1)
    assert 0.35 < same.mean() < 0.7  # those that neither change nor grow
    by_thirds = parts.repeated(rng, N, 4 * 365, 365.25)
    assert np.isfinite(by_thirds).all()


def test_trends_differ_from_noise(rng):
    values = parts.trends(rng, N, 100)
    neighbours = np.abs(np.diff(values, axis=1)).mean(axis=1)
    assert (neighbours < 0.5 * values.std(axis=1)).mean() > 0.8
