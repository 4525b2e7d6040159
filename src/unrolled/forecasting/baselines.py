"""The simple methods that a network has to beat."""

from __future__ import annotations

import numpy as np

from ..ops import Array


def naive(y: Array, ends: Array, starts: Array, horizon: int, season: int) -> Array:
    """The last value, repeated."""
    return np.repeat(y[ends - 1][:, None], horizon, axis=1)


def seasonal_naive(y: Array, ends: Array, starts: Array, horizon: int, season: int) -> Array:
    """The last season, repeated."""
    ahead = np.arange(1, horizon + 1)
    places = ends[:, None] - 1 + ahead - season * -(-ahead // season)
    return y[np.maximum(places, starts[:, None])]


def drift(y: Array, ends: Array, starts: Array, horizon: int, season: int) -> Array:
    """The straight line through the first and the last value."""
    slope = (y[ends - 1] - y[starts]) / np.maximum(ends - 1 - starts, 1)
    return y[ends - 1][:, None] + slope[:, None] * np.arange(1, horizon + 1)


# y (n,) holds all series; origin k sees the rows starts[k] .. ends[k] of its series → forecasts (N, horizon)
BASELINES = {"Naive": naive, "SeasonalNaive": seasonal_naive, "Drift": drift}
