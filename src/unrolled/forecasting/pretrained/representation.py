"""The inputs of the pretrained network, and the anchors from which its forecasts are measured.

One sequence holds the past and the future: a row of the past has a value, and a row of the future says how far ahead
it lies and what is known about it without its value. Values are distances from the level and the seasons of their
series, in units of its usual changes, so that series of any size look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from .seasons import Season, find_seasons

MAX_SEASONS = 2  # that the network reads
SEASON_CHANNELS = 6
CHANNELS = 5 + SEASON_CHANNELS * MAX_SEASONS + 5
LEVEL_ROWS = 2.5  # over which the level is averaged, with exponentially falling weights
LONG_SEASON = 24  # rows; from here on the level is an average over half a season
MAX_CHANGE = 6.0  # in units of the scale
MAX_SEASONS_AHEAD = 8.0
LEAST_SCALE = 1e-9  # of the mean size of the values; rounding makes smaller changes of a constant


class Representation(NamedTuple):
    """N series of one length as the network reads them."""

    inputs: Array  # (N, T + H, CHANNELS), float32
    anchor: Array  # level and seasons, from which forecasts are measured, (N, H)
    scale: Array  # the unit of their distances, (N,)


def represent(values: Array, seasons: Sequence[int], horizon: int) -> Representation:
    """Series of T rows and H rows ahead.

    Args:
        values: (N, T), NaN where missing; each series has a value.
        seasons: rows of at most two seasons, in rising order.
        horizon: H.
    """
    filled, known = filled_gaps(values)
    n, rows = filled.shape
    found = find_seasons(filled, seasons, horizon)
    effect = sum((season.effect for season in found), np.zeros((n, rows + horizon)))
    rest = filled - effect[:, :rows]
    level, scale = level_of(rest, seasons), scale_of(rest, filled)
    distance = (rest - level[:, None]) / scale[:, None]
    inputs = np.zeros((n, rows + horizon, CHANNELS), np.float32)
    compressed = _compressed(distance)
    inputs[:, :rows, 0] = compressed * known
    inputs[:, 1:rows, 1] = np.clip(np.diff(distance, axis=1), -MAX_CHANGE, MAX_CHANGE)
    inputs[:, :rows, 2] = known
    ahead = np.arange(1, horizon + 1)
    shortest = seasons[0] if seasons else 1
    inputs[:, rows:, 3] = np.log(ahead)
    inputs[:, rows:, 4] = np.minimum(ahead / max(shortest, 12), MAX_SEASONS_AHEAD)
    for k, season in enumerate(found):
        begin = 5 + SEASON_CHANNELS * k
        inputs[:, :, begin : begin + SEASON_CHANNELS] = _season_channels(season, compressed, scale, horizon)
    begin = CHANNELS - 5
    size = np.abs(filled).mean(axis=1)
    inputs[:, :, begin] = np.log(shortest) / 4
    inputs[:, :, begin + 1] = np.log(rows) / 5
    inputs[:, :, begin + 2] = np.clip(np.log1p(scale / (size + 1e-9)), 0, 3)[:, None]
    recent = max(shortest, 3)
    inputs[:, rows:, begin + 3] = compressed[:, -recent:].mean(axis=1)[:, None]
    inputs[:, rows:, begin + 4] = compressed[:, -3 * recent :].mean(axis=1)[:, None]
    return Representation(inputs, level[:, None] + effect[:, rows:], scale)


def filled_gaps(values: Array) -> tuple[Array, Array]:
    """Series with missing values replaced by the last known one, or by the first one at the beginning, and where
    values are known."""
    known = np.isfinite(values)
    place = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
    place = np.maximum(place, known.argmax(axis=1)[:, None])
    return np.take_along_axis(values, place, axis=1), known


def level_of(rest: Array, seasons: Sequence[int]) -> Array:
    """The exponentially weighted mean of series without seasons, (N,)."""
    span = max(LEVEL_ROWS, seasons[0] / 2 if len(seasons) > 1 and seasons[0] >= LONG_SEASON else 0.0)
    weights = (1 - 1 / span) ** np.arange(rest.shape[1])[::-1]
    # unlike a product by BLAS, the same bits with any number of series and threads
    return np.asarray(np.einsum("nt,t->n", rest, weights / weights.sum()))


def scale_of(rest: Array, values: Array) -> Array:
    """The usual change from row to row and a part of the spread, (N,); never 0."""
    size = np.abs(values).mean(axis=1)
    least = LEAST_SCALE * size + 1e-9
    if rest.shape[1] < 2:
        return np.asarray(np.maximum(0.1 * size, least))
    changes = np.abs(np.diff(rest, axis=1)).mean(axis=1)
    return np.asarray(np.maximum(1.5 * changes + 0.25 * rest.std(axis=1), least))


def _compressed(distance: Array) -> Array:
    """Distances on a scale that is linear near 0 and logarithmic far away."""
    return np.asarray(2 * np.arcsinh(distance / 2))


def _season_channels(season: Season, compressed: Array, scale: Array, horizon: int) -> Array:
    """The value one season before, whether there is one, the effect, its strength and the phase,
    (N, T + H, SEASON_CHANNELS)."""
    n, rows = compressed.shape
    length = season.length
    channels = np.zeros((n, rows + horizon, SEASON_CHANNELS), np.float32)
    if rows > length:
        channels[:, length:rows, 0] = compressed[:, :-length]
        channels[:, length:rows, 1] = 1
    ahead = np.arange(1, horizon + 1)
    last = rows - 1 + ahead - -(-ahead // length) * length  # the last known row at that place
    channels[:, rows:, 0] = np.where(last >= 0, compressed[:, np.maximum(last, 0)], 0)
    channels[:, rows:, 1] = last >= 0
    channels[:, :, 2] = _compressed(season.effect / scale[:, None])
    channels[:, :, 3] = season.strength[:, None]
    phase = 2 * np.pi * np.arange(-rows, horizon) / length
    channels[:, :, 4], channels[:, :, 5] = np.sin(phase), np.cos(phase)
    return channels
