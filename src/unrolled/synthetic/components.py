"""The parts of which series are made: seasons, trends and noise, for n series of L rows at once.

Each function takes a generator of random numbers and returns arrays (n, L), or (n, m) for one season of m rows.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array

HEAVY_SHARE = 0.3  # of the series whose noise has heavy tails
HEAVY_DEGREES = 3.0  # of freedom of their t distribution
HEAVY_SPREAD = np.sqrt(HEAVY_DEGREES / (HEAVY_DEGREES - 2))  # the standard deviation of that distribution
WARM_UP = 50  # rows before the first one, in which a process forgets how it began
SMALL = 1e-9  # keeps quotients of constant series finite


def sometimes(rng: np.random.Generator, n: int, share: float) -> Array:
    """1 for about this share of n series, 0 for the others, (n, 1)."""
    return (rng.random((n, 1)) < share).astype(float)


def sizes(rng: np.random.Generator, n: int, median: float, spread: float) -> Array:
    """Log-normal factors, (n, 1)."""
    return np.exp(rng.normal(np.log(median), spread, (n, 1)))


def standardised(values: Array) -> Array:
    """Each row with mean 0 and standard deviation 1."""
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred / (centred.std(axis=1, keepdims=True) + SMALL))


def innovations(rng: np.random.Generator, n: int, length: int) -> Array:
    """Independent values of variance 1, of which those of some series have heavy tails, (n, L)."""
    values = rng.normal(size=(n, length))
    heavy = np.flatnonzero(rng.random(n) < HEAVY_SHARE)
    values[heavy] = rng.standard_t(HEAVY_DEGREES, (len(heavy), length)) / HEAVY_SPREAD
    return values


def mean_reverting(rng: np.random.Generator, n: int, length: int, memory: Array) -> Array:
    """Ornstein-Uhlenbeck processes of variance 1 that forget within about `memory` rows, (n,), sampled each row."""
    kept = np.exp(-1 / memory)
    fresh, values = np.sqrt(1 - kept**2)[:, None] * innovations(rng, n, length), np.empty((n, length))
    value = rng.normal(size=n)
    for t in range(length):
        value = values[:, t] = kept * value + fresh[:, t]
    return values


def arma(rng: np.random.Generator, n: int, length: int) -> Array:
    """Stationary autoregressive moving averages of orders (2, 1), standardised, (n, L).

    The partial autocorrelations are drawn, as any of them between -1 and 1 are those of a stationary process. Source:
    Barndorff-Nielsen and Schou (1973), Journal of Multivariate Analysis 3 (4).
    """
    far = rng.uniform(-0.5, 0.3, n) * (rng.random(n) < 0.4)
    near = rng.uniform(-0.3, 0.98, n) * (1 - far)
    average = rng.uniform(-0.8, 0.8, n) * (rng.random(n) < 0.5)
    shocks = innovations(rng, n, WARM_UP + length)
    values = np.zeros((n, WARM_UP + length))
    for t in range(2, WARM_UP + length):
        values[:, t] = near * values[:, t - 1] + far * values[:, t - 2] + shocks[:, t] + average * shocks[:, t - 1]
    return standardised(values[:, WARM_UP:])


def random_walk(rng: np.random.Generator, n: int, length: int) -> Array:
    """Random walks that end about 1 away from their beginning, (n, L)."""
    return np.cumsum(innovations(rng, n, length), axis=1) / np.sqrt(length)


def season_shapes(rng: np.random.Generator, n: int, season: int) -> Array:
    """The shape of one season: a few harmonics, single peaks, or steps; standardised, (n, m)."""
    order = np.arange(1, season // 2 + 1)
    amplitude = rng.normal(size=(n, len(order))) / order ** rng.uniform(0.3, 2, (n, 1))
    angle = 2 * np.pi * order[:, None] * np.arange(season) / season
    phase = rng.uniform(0, 2 * np.pi, (n, len(order)))
    # cos(angle + phase) in parts, so that the sum over harmonics is two products of matrices
    smooth = (amplitude * np.cos(phase)) @ np.cos(angle) - (amplitude * np.sin(phase)) @ np.sin(angle)
    peaks = rng.standard_t(2.5, (n, season)).clip(-8, 8)
    steps = (rng.random((n, season)) < rng.uniform(0.1, 0.5, (n, 1))) + 0.2 * smooth
    kind = rng.random((n, 1))
    return standardised(np.where(kind < 0.65, smooth, np.where(kind < 0.85, peaks, steps)))


def repeated(rng: np.random.Generator, n: int, length: int, season: float) -> Array:
    """A season that repeats, changes its shape slowly or grows in some series, (n, L)."""
    period = max(round(season), 2)
    time = np.linspace(0, 1, length)
    places = (np.arange(length) * (period / season) + rng.integers(0, period, (n, 1))).astype(int) % period
    first = np.take_along_axis(season_shapes(rng, n, period), places, axis=1)
    last = np.take_along_axis(season_shapes(rng, n, period), places, axis=1)
    change = sometimes(rng, n, 0.25) * rng.random((n, 1)) * time
    growth = 1 + sometimes(rng, n, 0.3) * rng.uniform(-0.8, 1.5, (n, 1)) * time
    return np.asarray(growth * ((1 - change) * first + change * last))


def trends(rng: np.random.Generator, n: int, length: int) -> Array:
    """Sums of lines with bends, steps, cycles and random walks, each in some of the series, (n, L)."""
    time = np.linspace(0, 1, length)

    def some(share: float, size: float) -> Array:
        return sometimes(rng, n, share) * rng.normal(0, size, (n, 1))

    values = some(0.65, 2.0) * sizes(rng, n, 1.0, 0.7) * time
    for _ in range(2):
        values = values + some(0.35, 2.5) * np.maximum(time - rng.random((n, 1)), 0)
    steepness = rng.uniform(5, 50, (n, 1))
    values = values + some(0.2, 2.0) / (1 + np.exp(-(time - rng.random((n, 1))) * steepness))
    period, phase = rng.uniform(0.3, 2, (n, 1)), rng.random((n, 1))
    values = values + some(0.35, 1.0) * np.sin(2 * np.pi * (time / period + phase))
    values = values + sometimes(rng, n, 0.6) * sizes(rng, n, 0.75, 0.8) * random_walk(rng, n, length)
    smooth = np.cumsum(random_walk(rng, n, length), axis=1)
    smooth /= np.abs(smooth).max(axis=1, keepdims=True) + SMALL
    return np.asarray(values + some(0.3, 2.0) * smooth)
