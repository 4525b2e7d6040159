"""What happens to series afterwards: outliers, shifts, growth by factors, limits, rounding and missing values."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .components import SMALL, sometimes, standardised

OUTLIER_SHARE = 0.01  # of the rows of a series with outliers
LARGEST_LOGARITHM = 5.0  # from the mean, of series that grow by factors
SIGNIFICANT_VALUES = 40  # between the lowest and the highest of a series that is rounded


def distort(rng: np.random.Generator, values: Array) -> Array:
    """Series in units of their own: some with outliers or shifts, growing by factors, never below 0, or rounded."""
    n, length = values.shape
    spread = values.std(axis=1, keepdims=True)
    hit = (rng.random((n, length)) < OUTLIER_SHARE) * sometimes(rng, n, 0.2)
    values = values + hit * rng.normal(0, 4, (n, length)) * spread
    shifted = np.arange(length) > rng.random((n, 1)) * length
    values = values + sometimes(rng, n, 0.1) * shifted * rng.normal(0, 2, (n, 1)) * spread
    return _in_units(rng, np.where(rng.random((n, 1)) < 0.05, -values, values))


def _in_units(rng: np.random.Generator, values: Array) -> Array:
    n = len(values)
    shape = standardised(values)
    kind = rng.random((n, 1))
    factors = np.exp((shape * rng.uniform(0.05, 0.7, (n, 1))).clip(-LARGEST_LOGARITHM, LARGEST_LOGARITHM))
    floored = np.maximum(shape + rng.uniform(-1, 1.5, (n, 1)), 0)
    shares = 1 / (1 + np.exp(-shape - rng.normal(0, 1.5, (n, 1))))
    additive = shape + rng.normal(0, 3, (n, 1))
    found = np.select([kind < 0.33, kind < 0.40, kind < 0.44], [factors, floored, shares], additive)
    step = (found.max(axis=1, keepdims=True) - found.min(axis=1, keepdims=True)) / SIGNIFICANT_VALUES + SMALL
    rounded = np.round(found / step) * step
    return np.asarray(np.where(rng.random((n, 1)) < 0.1, rounded, found))


def lose(rng: np.random.Generator, values: Array) -> Array:
    """Series with missing values (NaN): single ones, or whole stretches; never all of them."""
    n, length = values.shape
    single = rng.random((n, length)) < rng.choice([0.0, 0.02, 0.1, 0.3], (n, 1))
    start = rng.integers(0, length, (n, 1))
    stretch = start + rng.integers(1, max(length // 5, 2), (n, 1))
    time = np.arange(length)
    lost = single | ((time >= start) & (time < stretch) & (rng.random((n, 1)) < 0.2))
    lost[np.arange(n), rng.integers(0, length, n)] = False
    return np.where(lost, np.nan, values)
