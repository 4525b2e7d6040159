"""Exponential smoothing and the Theta method, which are estimated once and forecast from any later origin."""

import numpy as np

from ...arrays import Array
from ...series.origins import Origins
from ..preprocessing.smoothing import SMOOTHINGS, smoothed
from .naive2 import is_seasonal, seasonal_indices

LONGEST_SEASON = 400  # that Theta adjusts for: the test of a longer one takes too long


def exponential_smoothing(origins: Origins, horizon: int, season: int, fitted: Array) -> Array:
    """The level of simple exponential smoothing, repeated, (N, horizon).

    The smoothing of each series has the smallest squared error one step ahead in its rows up to `fitted` (S,).
    """
    return np.repeat(_levels(origins, origins.panel.y, fitted)[:, None], horizon, axis=1)


def theta(origins: Origins, horizon: int, season: int, fitted: Array) -> Array:
    """The Theta method, (N, horizon): the mean of the regression line and the smoothed line of twice the curvature.

    That is simple exponential smoothing of the series without half of its linear trend, to which that half is added
    again. Series that pass M4's test are adjusted for the season as in `naive2`. Season, slope and smoothing are
    estimated on the rows up to `fitted` (S,).

    Source: Assimakopoulos & Nikolopoulos, "The theta model", Int. J. of Forecasting 16, 2000; Hyndman & Billah,
    "Unmasking the Theta method", Int. J. of Forecasting 19, 2003.
    """
    panel, series = origins.panel, origins.series
    age = np.arange(len(panel.y)) - np.repeat(panel.offsets[:-1], panel.lengths)
    indices = _indices(origins, fitted, season if season <= LONGEST_SEASON else 1)
    x = panel.y / indices[np.repeat(np.arange(len(indices)), panel.lengths), age % indices.shape[1]]
    half = np.array([_slope(x[begin:end]) / 2 for begin, end in zip(panel.offsets[:-1], fitted, strict=True)])
    level = _levels(origins, x - np.repeat(half, panel.lengths) * age, fitted)
    ahead = (origins.ends - origins.starts)[:, None] + np.arange(horizon)
    return (level[:, None] + half[series, None] * ahead) * indices[series[:, None], ahead % indices.shape[1]]


def _slope(x: Array) -> float:
    """The slope of the regression line through x (n,)."""
    place = np.arange(len(x)) - (len(x) - 1) / 2
    return float(place @ x / max(place @ place, 1.0))


def _indices(origins: Origins, fitted: Array, season: int) -> Array:
    """The seasonal indices of each series, (S, season); 1 without a season."""
    panel = origins.panel
    indices = np.ones((len(panel.ids), season))
    for k in np.unique(origins.series) if season > 1 else ():
        x = panel.y[panel.offsets[k] : fitted[k]]
        size = np.array([len(x)])
        if (x > 0).all() and is_seasonal(x, size, season)[0]:
            indices[k] = seasonal_indices(x, size, season)[0]
    return indices


def _levels(origins: Origins, x: Array, fitted: Array) -> Array:
    """The smoothed level of x (n,) at each origin, (N,)."""
    panel = origins.panel
    row = np.arange(len(x))
    age = row - np.repeat(panel.offsets[:-1], panel.lengths)
    known = (age > 0) & (row < np.repeat(fitted, panel.lengths))
    found, smallest = np.empty(len(origins)), np.full(len(panel.ids), np.inf)
    for smoothing in SMOOTHINGS:
        level = smoothed(x, age, smoothing)
        errors = np.where(known, x - np.roll(level, 1), 0.0) ** 2
        total = np.add.reduceat(errors, panel.offsets[:-1])
        better = (total < smallest)[origins.series]
        found[better] = level[origins.ends[better] - 1]
        smallest = np.minimum(total, smallest)
    return found
