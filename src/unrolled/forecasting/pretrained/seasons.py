"""The seasons of many series of one length at once: shrunk means over the cycles of each, the shortest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...arrays import Array

CYCLE_DECAY = 0.85  # weight of a cycle relative to the next one, because seasons change
SMOOTHED_FROM, SMOOTHED_ROWS = 350, 15  # a season as long as a year of days is smooth; the rows that are averaged
TINY = 1e-12


class Season(NamedTuple):
    """One season of N series."""

    length: int  # rows
    effect: Array  # of each row and of the horizon's rows, summing to about 0 over a season, (N, T + H)
    strength: Array  # the share of its variation that noise does not explain, from 0 to 1, (N,)


def find_seasons(values: Array, lengths: Sequence[int], horizon: int) -> list[Season]:
    """The seasons of series (N, T) without gaps; those with fewer than two whole cycles have no effect.

    Sources: classical decomposition by moving averages; shrinkage as by Miller and Williams, "Shrinkage estimators of
    time series seasonal factors", Int. J. of Forecasting 19, 2003.
    """
    found, rest = [], values
    rows = values.shape[1]
    for length in lengths:
        means, strength = _seasonal_means(rest, length)
        effect = means[:, np.arange(rows + horizon) % length]
        rest = rest - effect[:, :rows]
        found.append(Season(length, effect, strength))
    return found


def _seasonal_means(values: Array, length: int) -> tuple[Array, Array]:
    """The effect of each place t % length, (N, length), and its strength, (N,)."""
    n, rows = values.shape
    if rows < 2 * length:
        return np.zeros((n, length)), np.zeros(n)
    trend = centred_means(values, length)
    first = (rows - trend.shape[1]) // 2
    cycles = -(-trend.shape[1] // length)
    missing = cycles * length - trend.shape[1]  # of the earliest cycle
    around = np.full((n, cycles * length), np.nan)
    around[:, missing:] = values[:, first : first + trend.shape[1]] - trend
    around = around.reshape(n, cycles, length)
    known = np.isfinite(around[0])
    weights = np.where(known, CYCLE_DECAY ** np.arange(cycles)[::-1, None], 0.0)  # (cycles, length)
    around = np.nan_to_num(around)
    total = weights.sum(axis=0)
    means = (weights * around).sum(axis=1) / total
    spread = (weights * (around - means[:, None]) ** 2).sum(axis=1) / total
    effective = total**2 / (weights**2).sum(axis=0)  # the equivalent number of cycles of equal weight
    means = means - means.mean(axis=1, keepdims=True)
    noise = means.var(axis=1) / 2 if cycles == 1 else (spread / np.maximum(effective - 1, 0.5)).mean(axis=1)
    if length >= SMOOTHED_FROM:
        means, noise = circular_means(means), noise / SMOOTHED_ROWS
    strength = np.clip(1 - noise / (means.var(axis=1) + TINY), 0, 1)
    place = first + trend.shape[1] - cycles * length  # of the first column, which may lie before the first row
    return np.roll(strength[:, None] * means, place % length, axis=1), strength


def centred_means(values: Array, length: int) -> Array:
    """Means over one season around each row that has as many rows on both sides; of an even number of rows, the
    outermost two count half."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    means = (sums[:, length:] - sums[:, :-length]) / length
    return means if length % 2 else (means[:, 1:] + means[:, :-1]) / 2


def circular_means(means: Array) -> Array:
    """Means over neighbouring places of a season that begins again at its end."""
    half = SMOOTHED_ROWS // 2
    sums = np.cumsum(np.pad(np.pad(means, ((0, 0), (half, half)), mode="wrap"), ((0, 0), (1, 0))), axis=1)
    return (sums[:, SMOOTHED_ROWS:] - sums[:, :-SMOOTHED_ROWS]) / SMOOTHED_ROWS
