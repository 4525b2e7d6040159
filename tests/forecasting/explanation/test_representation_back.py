"""The adjoint of the pretrained network's representation equals central differences."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.explanation.representation_back import represent_back, season_back
from unrolled.forecasting.pretrained.representation import represent
from unrolled.forecasting.pretrained.seasons import find_seasons

STEP = 1e-6


def differences(function, x):
    """Central differences of M numbers with respect to known values of a series, (M, T)."""
    found = np.zeros((len(function(x)), len(x)))
    for k in np.flatnonzero(np.isfinite(x)):
        step = STEP * np.eye(len(x))[k]
        found[:, k] = (function(x + step) - function(x - step)) / (2 * STEP)
    return found


def series(rng, rows, period=9):
    t = np.arange(rows)
    return 50 + 0.3 * t + 5 * np.sin(2 * np.pi * t / period) + rng.normal(size=rows)


CASES = [
    pytest.param(60, (12,), 7, False, id="a season"),
    pytest.param(61, (7,), 30, False, id="an odd season, and a horizon of several"),
    pytest.param(400, (7, 52), 20, True, id="two seasons, with gaps"),
    pytest.param(800, (7, 365), 10, False, id="a smoothed season"),
    pytest.param(110, (24, 48), 5, False, id="a long season, whose level is an average"),
    pytest.param(25, (12,), 13, False, id="one cycle of differences"),
    pytest.param(14, (12,), 9, False, id="less than two cycles"),
    pytest.param(30, (), 5, True, id="no season, with gaps"),
    pytest.param(2, (), 3, False, id="two values"),
    pytest.param(1, (), 3, False, id="one value"),
]


@pytest.mark.parametrize(("rows", "seasons", "horizon", "gaps"), CASES)
def test_the_adjoint_of_the_representation(rows, seasons, horizon, gaps, rng, monkeypatch):
    monkeypatch.setattr(np, "float32", np.float64)  # the type of the inputs
    x = series(rng, rows, seasons[0] if seasons else 9)
    if gaps:
        x[[0, *rng.integers(1, rows, 5)]] = np.nan
    shape = represent(x[None], seasons, horizon).inputs.shape[1:]
    dinputs, danchor, dscale = rng.normal(size=(3, *shape)), rng.normal(size=(3, horizon)), rng.normal(size=3)

    def weighted(x):
        shown = represent(x[None], seasons, horizon)
        sums = (dinputs * shown.inputs).sum(axis=(1, 2)) + (danchor * shown.anchor).sum(axis=1)
        return sums + dscale * shown.scale[0]

    expected = differences(weighted, x)
    found = represent_back(x, seasons, dinputs, danchor, dscale)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert not found[:, np.isnan(x)].any()


def test_the_adjoint_of_a_constant_series_is_finite():
    shape = represent(np.full((1, 30), 5.0), (12,), 4).inputs.shape[1:]
    found = represent_back(np.full(30, 5.0), (12,), np.ones((2, *shape)), np.ones((2, 4)), np.ones(2))
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("rows", "length"), [(60, 12), (61, 7), (29, 12), (20, 12), (720, 355)])
def test_the_adjoint_of_a_season(rows, length, rng):
    x = series(rng, rows, length)
    deffect, dstrength = rng.normal(size=(2, rows + 5)), rng.normal(size=2)

    def weighted(x):
        (season,) = find_seasons(x[None], (length,), 5)
        return (deffect * season.effect).sum(axis=1) + dstrength * season.strength

    expected = differences(weighted, x)
    found = season_back(x, length, deffect, dstrength)
    np.testing.assert_allclose(found, expected, atol=1e-6 * max(1, np.abs(expected).max()))
