"""Processes that make series with any seasons, for n series of L rows at once."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .components import (
    arma,
    innovations,
    mean_reverting,
    random_walk,
    repeated,
    season_shapes,
    sizes,
    sometimes,
    trends,
)

SHORTEST_DAY = 12  # rows; a shorter first season is not taken as a day whose shape differs on weekends
LEVEL_MEMORIES = ((0.3, 3.0, 0.55), (2.0, 15.0, 0.55), (15.0, 200.0, 0.8))  # first and last in days, and the size
YEAR_IN_DAYS = 365.25


def exponential_smoothing(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """Level, damped trend and seasons that are updated by each error, with random weights.

    Source: Hyndman, Koehler, Ord and Snyder (2008), "Forecasting with Exponential Smoothing", chapter 3.
    """
    alpha = rng.beta(1.2, 1.6, n)
    beta = alpha * rng.beta(1, 6, n) * (rng.random(n) < 0.5)
    phi = np.where(rng.random(n) < 0.5, 1.0, rng.uniform(0.8, 1, n))
    sigma = sizes(rng, n, 0.3, 0.9)[:, 0]
    shocks = sigma[:, None] * innovations(rng, n, length)
    periods = [max(round(season), 2) for season in seasons]
    states = [season_shapes(rng, n, m) * sometimes(rng, n, 0.75) * sizes(rng, n, 1.0, 1.0) for m in periods]
    gammas = [(1 - alpha) * rng.beta(1, 4, n) * (rng.random(n) < 0.4) / len(periods) for _ in periods]
    level = np.zeros(n)
    slope = sigma * rng.normal(size=n) * sizes(rng, n, 0.22, 1.0)[:, 0] * (rng.random(n) < 0.5)
    values = np.empty((n, length))
    for t in range(length):
        error = shocks[:, t]
        values[:, t] = level + phi * slope + error
        level = level + phi * slope + alpha * error
        slope = phi * slope + beta * error
        for state, gamma, period in zip(states, gammas, periods, strict=True):
            values[:, t] += state[:, t % period]
            state[:, t % period] += gamma * error
    return values


def structural(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """The sum of a trend, seasons and noise, whose spread changes in some series.

    Source: Harvey (1989), "Forecasting, Structural Time Series Models and the Kalman Filter", chapter 2.
    """
    values = trends(rng, n, length)
    for season in seasons:
        values = values + sometimes(rng, n, 0.8) * sizes(rng, n, 0.8, 0.9) * repeated(rng, n, length, season)
    noise = np.where(rng.random((n, 1)) < 0.5, innovations(rng, n, length), arma(rng, n, length))
    spread = 1 + sometimes(rng, n, 0.2) * rng.uniform(-0.8, 2, (n, 1)) * np.linspace(0, 1, length)
    return values + sizes(rng, n, 0.25, 1.0) * spread * noise


def calendar(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """What follows days, weeks and years: weekends of another shape, special days, and levels that wander.

    The first season is a day if it has at least twelve rows, and a week of days otherwise.
    """
    day = round(seasons[0]) if seasons and seasons[0] >= SHORTEST_DAY else 1
    days = round(seasons[0]) if day == 1 and seasons else round(seasons[1] / day) if len(seasons) > 1 else 7
    rows = np.arange(length) + rng.integers(0, day * days, (n, 1))
    usual, other = (np.take_along_axis(season_shapes(rng, n, day), rows % day, axis=1) for _ in range(2))
    of_week = rows // day % days
    weekend = (of_week >= days - 2).astype(float)
    values = np.where(weekend * sometimes(rng, n, 0.4) > 0, (usual + other) / 2, usual) if day > 1 else 0.0 * usual
    shape = np.take_along_axis(season_shapes(rng, n, days), of_week, axis=1)
    values = values + sometimes(rng, n, 0.5 if day > 1 else 0.8) * sizes(rng, n, 0.5, 0.9) * shape
    values = values + weekend * sometimes(rng, n, 0.5) * rng.normal(0, 1, (n, 1))
    special = rng.random((n, length // day + 2)) < 0.02 * rng.random((n, 1)) * sometimes(rng, n, 0.6)
    quiet = np.repeat(special, day, axis=1)[:, :length]
    values = values - quiet * (rng.normal(0.8, 0.6, (n, 1)) + 0.7 * usual * (day > 1))
    for shortest, longest, size in LEVEL_MEMORIES:
        memory = day * np.exp(rng.uniform(np.log(shortest), np.log(longest), n))
        values = values + sometimes(rng, n, 0.7) * sizes(rng, n, size, 0.7) * mean_reverting(rng, n, length, memory)
    swelling = 0.25 * sometimes(rng, n, 0.4) * mean_reverting(rng, n, length, day * rng.uniform(3, 60, n))
    memory = np.where(rng.random(n) < 0.4, 0.1, rng.uniform(0.5, 4, n))
    loud = 1 + sometimes(rng, n, 0.3) * np.maximum(usual, 0) * (day > 1)
    values = values * np.exp(swelling) + sizes(rng, n, 0.22, 0.9) * loud * mean_reverting(rng, n, length, memory)
    years = np.arange(length) / (day * YEAR_IN_DAYS)
    yearly = np.sin(2 * np.pi * (years + rng.random((n, 1))))
    yearly = yearly + rng.normal(0, 0.3, (n, 1)) * np.sin(4 * np.pi * (years + rng.random((n, 1))))
    values = values + sometimes(rng, n, 0.6) * sizes(rng, n, 1.0, 0.7) * yearly
    return np.asarray(values + sometimes(rng, n, 0.3) * rng.normal(0, 1, (n, 1)) * years)


def fractional(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """Noise that is integrated by a fraction of a step, so that its memory is long, with seasons.

    Source: Hosking (1981), "Fractional differencing", Biometrika 68 (1).
    """
    order = rng.uniform(-0.2, 1.2, (n, 1))
    lags = np.arange(1, length)
    weights = np.concatenate([np.ones((n, 1)), np.cumprod((lags - 1 + order) / lags, axis=1)], axis=1)
    padded = 2 * length
    spectrum = np.fft.rfft(weights, padded) * np.fft.rfft(innovations(rng, n, length), padded)
    values = np.fft.irfft(spectrum, padded)[:, :length]
    values = values / (values.std(axis=1, keepdims=True) + 1e-9)
    for season in seasons:
        values = values + sometimes(rng, n, 0.7) * sizes(rng, n, 0.8, 0.8) * repeated(rng, n, length, season)
    return np.asarray(values)


def gaussian_process(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """Smooth, periodic and linear kernels, added or multiplied, by random Fourier features.

    Sources: Ansari et al. (2024), "Chronos: Learning the language of time series" (KernelSynth); Rahimi and Recht
    (2007), "Random features for large-scale kernel machines".
    """
    waves, time = 24, np.linspace(0, 1, length)

    def smooth() -> Array:
        scale = np.exp(rng.uniform(np.log(0.02), np.log(1.0), (n, 1)))
        values = np.zeros((n, length))
        for _ in range(waves):
            angle = 2 * np.pi * rng.random((n, 1)) + rng.normal(size=(n, 1)) / scale * time
            values += np.cos(angle)
        return values * np.sqrt(2 / waves)

    values = sometimes(rng, n, 0.8) * smooth() + sometimes(rng, n, 0.4) * rng.normal(0, 2, (n, 1)) * time
    for season in seasons:
        periodic = repeated(rng, n, length, season)
        multiplied = sometimes(rng, n, 0.4)
        values = values + sizes(rng, n, 0.8, 0.7) * periodic * (1 - multiplied + multiplied * smooth())
    return np.asarray(values + sizes(rng, n, 0.15, 1.0) * innovations(rng, n, length))


def regimes(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """Levels and spreads that switch between two or three regimes, as a Markov chain does.

    Source: Hamilton (1989), "A new approach to the economic analysis of nonstationary time series", Econometrica 57.
    """
    count = 3
    levels, spreads = rng.normal(0, 1.5, (n, count)), sizes(rng, n * count, 0.4, 0.7).reshape(n, count)
    stays = np.exp(-1 / rng.uniform(8, 120, n))
    regime, values = rng.integers(0, count, n), np.empty((n, length))
    noise, moves = innovations(rng, n, length), rng.random((n, length))
    following = rng.integers(0, count, (n, length))
    for t in range(length):
        regime = np.where(moves[:, t] > stays, following[:, t], regime)
        values[:, t] = np.take_along_axis(levels, regime[:, None], 1)[:, 0]
        values[:, t] += np.take_along_axis(spreads, regime[:, None], 1)[:, 0] * noise[:, t]
    for season in seasons:
        values = values + sometimes(rng, n, 0.7) * sizes(rng, n, 0.8, 0.8) * repeated(rng, n, length, season)
    return np.asarray(values)


def counts(rng: np.random.Generator, n: int, length: int, seasons: tuple[float, ...]) -> Array:
    """Demand in whole pieces, with many periods without any in some series.

    Sources: Croston (1972), "Forecasting and stock control for intermittent demands", Operational Research
    Quarterly 23 (3); negative binomial demand as in Snyder, Ord and Beaumont (2012), International Journal of
    Forecasting 28 (2).
    """
    log_mean = rng.normal(0.5, 1.5, (n, 1)) + sometimes(rng, n, 0.6) * random_walk(rng, n, length)
    for season in seasons:
        log_mean = log_mean + sometimes(rng, n, 0.6) * sizes(rng, n, 0.3, 0.7) * repeated(rng, n, length, season)
    mean = np.exp(log_mean.clip(-6, 7))
    size = np.exp(rng.uniform(np.log(0.3), np.log(30), (n, 1)))
    demand = rng.poisson(rng.gamma(size, mean / size)).astype(float)
    happens = rng.random((n, length)) < np.where(rng.random((n, 1)) < 0.4, rng.uniform(0.05, 0.9, (n, 1)), 1.0)
    return demand * happens
