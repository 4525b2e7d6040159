"""Processes of synthetic series."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.synthetic import KINDS, processes

SEASONS = ((), (4.0,), (12.0,), (24.0, 168.0), (7.0, 365.25))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seasons", SEASONS, ids=str)
def test_series_are_finite_and_differ(kind, seasons):
    values = KINDS[kind](np.random.default_rng(0), 20, 60, seasons)
    assert values.shape == (20, 60)
    assert np.isfinite(values).all()
    assert len(np.unique(values.round(9), axis=0)) >= 15


@pytest.mark.parametrize("kind", KINDS)
def test_seasons_are_seen_in_the_series(kind):
    season, years = 12, 20
    values = KINDS[kind](np.random.default_rng(3), 300, season * years, (float(season),))
    if kind == "calendar":  # whose first season is a day; its week has seven of them
        season = 12
    change = np.diff(values, axis=1)

    def similarity(lag: int) -> float:
        return float(np.median((change[:, lag:] * change[:, :-lag]).mean(axis=1) / (change.var(axis=1) + 1e-12)))

    assert similarity(season) > similarity(season - 3) + 0.02


def test_exponential_smoothing_without_errors_continues_its_line(monkeypatch):
    monkeypatch.setattr(processes, "innovations", lambda rng, n, length: np.zeros((n, length)))
    values = processes.exponential_smoothing(np.random.default_rng(0), 200, 30, ())
    steps = np.diff(values, axis=1)
    straight = np.isclose(steps, steps[:, :1]).all(axis=1)
    fading = (np.abs(steps[:, 1:]) <= np.abs(steps[:, :-1]) + 1e-12).all(axis=1)
    assert (straight | fading).all()
    assert 0.3 < straight.mean() < 0.95


def test_fractional_weights_are_those_of_the_binomial_series(monkeypatch):
    impulse = np.zeros((3, 50))
    impulse[:, 0] = 1.0
    monkeypatch.setattr(processes, "innovations", lambda rng, n, length: impulse)
    values = processes.fractional(np.random.default_rng(4), 3, 50, ())
    order = np.random.default_rng(4).uniform(-0.2, 1.2, (3, 1))[:, 0]
    expected = np.ones((3, 50))
    for k in range(1, 50):
        expected[:, k] = expected[:, k - 1] * (k - 1 + order) / k
    np.testing.assert_allclose(values, expected / (expected.std(axis=1, keepdims=True) + 1e-9), atol=1e-9)


def test_counts_are_whole_and_never_negative():
    values = processes.counts(np.random.default_rng(0), 200, 100, (7.0,))
    assert (values >= 0).all()
    assert (values == np.rint(values)).all()
    zeros = (values == 0).mean(axis=1)
    assert zeros.min() < 0.05
    assert zeros.max() > 0.8


def test_weekends_have_a_shape_of_their_own():
    values = processes.calendar(np.random.default_rng(2), 200, 24 * 7 * 8, (24.0, 168.0))
    weeks = values.reshape(200, 8, 7, 24)
    between = weeks.mean(axis=(1, 3)).std(axis=1)
    assert (between > 0.1).mean() > 0.5


def test_regimes_stay_for_a_while():
    values = processes.regimes(np.random.default_rng(0), 100, 400, ())
    kept = (values[:, 1:] * values[:, :-1]).mean(axis=1) / (values**2).mean(axis=1)
    assert np.median(kept) > 0.5
