"""Simple baselines: the last value, the last season, the straight line through both ends."""

import numpy as np

from ...arrays import Array
from ...series.origins import Origins


def naive(origins: Origins, horizon: int, season: int) -> Array:
    """The last value, repeated."""
    return np.repeat(origins.panel.y[origins.ends - 1][:, None], horizon, axis=1)


def seasonal_naive(origins: Origins, horizon: int, season: int) -> Array:
    """The last season, repeated."""
    ahead = np.arange(1, horizon + 1)
    places = origins.ends[:, None] - 1 + ahead - season * -(-ahead // season)
    return origins.panel.y[np.maximum(places, origins.starts[:, None])]


def drift(origins: Origins, horizon: int, season: int) -> Array:
    """The straight line through the first and the last value."""
    y, starts, ends = origins.panel.y, origins.starts, origins.ends
    slope = (y[ends - 1] - y[starts]) / np.maximum(ends - 1 - starts, 1)
    return y[ends - 1][:, None] + slope[:, None] * np.arange(1, horizon + 1)
