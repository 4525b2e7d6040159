"""Naive2: worked by hand, and against the benchmark of the M4 competition, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from tables import origins_of, panel_of, seasonal_values
from unrolled.forecasting.baselines.naive2 import is_seasonal, naive2, seasonal_indices


def m4_naive2(x, m, horizon):
    """Naive2 as in the competition's script, one series and one step after the other."""
    n = len(x)
    if n < 3 * m:
        return np.full(horizon, x[-1])
    centred = x - x.mean()
    acf = [np.sum(centred[k:] * centred[: n - k]) / np.sum(centred**2) for k in range(1, m + 1)]
    limit = 1.645 / np.sqrt(n) * np.sqrt(1 + 2 * np.sum(np.square(acf[:-1])))
    if not abs(acf[m - 1]) > limit:
        return np.full(horizon, x[-1])
    half = m // 2
    weights = [1 / m] * m if m % 2 else [0.5 / m, *[1 / m] * (m - 1), 0.5 / m]
    ratios = [[] for _ in range(m)]
    for t in range(half, n - half):
        ratios[t % m].append(x[t] / np.dot(weights, x[t - half : t + half + 1]))
    figure = np.array([np.mean(r) for r in ratios])
    figure /= figure.mean()
    return np.array([x[-1] / figure[(n - 1) % m] * figure[(n + h) % m] for h in range(horizon)])


def test_naive2_worked_by_hand():
    """A pure season of two: indices 0.5 and 1.5."""
    y = np.tile([5.0, 15.0], 10)
    np.testing.assert_allclose(seasonal_indices(y, np.array([20]), 2), [[0.5, 1.5]])
    np.testing.assert_allclose(naive2(origins_of(panel_of(y), [20, 19]), 3, 2), [[5, 15, 5], [15, 5, 15]])


@pytest.mark.parametrize("m", [2, 4, 7, 12, 24])
def test_naive2_is_m4s_at_every_origin(m, rng):
    series = [seasonal_values(rng, 9 * m + 5, m, strength) for strength in (0.0, 1.0, 5.0)]
    ends = [np.arange(2, len(s) + 1) for s in series]
    got = naive2(origins_of(panel_of(*series), *ends), 2 * m + 1, m)
    expected = np.array([m4_naive2(s[:e], m, 2 * m + 1) for s, at in zip(series, ends, strict=True) for e in at])
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    flat = (got == got[:, :1]).all(axis=1)
    assert 0 < flat.sum() < len(flat)  # some are seasonal, some are not


def test_naive2_without_a_usable_season_is_the_naive_forecast():
    season = np.tile([1.0, 5.0, 9.0], 8)
    assert is_seasonal(season, np.array([8, 24]), 3).tolist() == [False, True]
    assert not is_seasonal(np.full(30, 0.1), np.array([30]), 3).any()
    out = naive2(origins_of(panel_of(season, season - 1.0, season), [24], [24], [8]), 3, 3)
    np.testing.assert_allclose(out[0], [1, 5, 9])
    assert out[1:].tolist() == [[8, 8, 8], [5, 5, 5]]
