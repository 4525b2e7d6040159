"""Forecasts beyond what a network gives at once: it reads its own forecasts as if they had come.

The median feeds back medians. For everything else, paths are drawn: of each block the draws are taken for what came,
and the next block follows from there (ancestral sampling). Quantiles are those of the paths.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...nn.randomness import Place, Purpose, generator
from ...series.covariates import Covariates
from ...series.panel import Panel, series_of
from ...series.ragged import rows_between
from ..preprocessing.profile import SeriesTransform, inverse_transform
from ..probabilistic.copula import correlated
from ..probabilistic.quantile_function import quantiles_at_scores
from ..probabilistic.quantiles import MEDIAN, QUANTILES
from .likelihood import levels_of

if TYPE_CHECKING:
    from .ensemble import Ensemble

PATHS = 200  # behind the quantiles of a recursive forecast
MOST_PATHS = 50_000  # that are followed at once


def forecast_quantiles(
    model: Ensemble, panel: Panel, profile: SeriesTransform, ends: Array, horizon: int, intervals: bool = True
) -> Array:
    """Quantiles after these window ends, (N, horizon, Q), uncalibrated, as `Ensemble.quantiles` gives them; recursive
    where the horizon lies beyond what the networks give at once.

    All windows share the noise of their paths, so that no forecast depends on which others are made. Without
    `intervals` no paths are followed but that of the medians, which stands at all levels.
    """
    if horizon <= model.framing.horizon:
        return model.quantiles(panel, profile, ends)[:, :horizon]
    found = np.empty((len(ends), horizon, len(QUANTILES)))
    noise = _common_noise(model, horizon)
    for piece in np.array_split(np.arange(len(ends)), max(1, -(-len(ends) * PATHS // MOST_PATHS))):
        middle = sample_recursively(model, panel, profile, ends[piece], horizon, np.zeros((1, horizon)))[:, 0]
        found[piece] = middle[..., None]
        if not intervals:
            continue
        paths = sample_recursively(model, panel, profile, ends[piece], horizon, noise)
        found[piece] = np.moveaxis(np.quantile(paths, QUANTILES, axis=1), 0, -1)
        found[piece, :, MEDIAN] = middle
        found[piece, :, :MEDIAN] = np.minimum(found[piece, :, :MEDIAN], middle[..., None])
        found[piece, :, MEDIAN + 1 :] = np.maximum(found[piece, :, MEDIAN + 1 :], middle[..., None])
    return found


def sample_recursively(
    model: Ensemble, panel: Panel, profile: SeriesTransform, ends: Array, horizon: int, noise: Array
) -> Array:
    """Paths after these window ends: block by block, each drawn from the forecast that follows the draws before it.

    Args:
        model: whose networks give a block of R steps at once.
        panel: the series; of the target nothing after the ends is looked at.
        profile: of the series.
        ends: (N,).
        horizon: H.
        noise: the normal score of each step given those before it, (P, H') or (N, P, H') with H' ≥ H; 0 follows the
            medians.

    Returns:
        (N, P, H), in the units of the target, or their logarithms where the profile says so.
    """
    count, paths, reach = len(ends), noise.shape[-2], model.framing.horizon
    noise = np.broadcast_to(noise, (count, paths, noise.shape[-1]))
    levels = levels_of(model.likelihood)
    followed, now = _with_room(panel, ends, paths, -(-horizon // reach) * reach, model.framing.memory)
    beside = profile.take(np.repeat(series_of(panel, ends), paths))
    drawn = np.empty((count, paths, horizon))
    for first in range(0, horizon, reach):
        steps = min(reach, horizon - first)
        if first:
            quantiles = model.quantiles(followed, beside, now, levels).reshape(count, paths, reach, -1)
        else:  # all paths still have the same window
            quantiles = model.quantiles(panel, profile, ends, levels)[:, None]
        scores = noise[..., first : first + steps]
        z = quantiles_at_scores(quantiles[:, :, :steps], levels, scores)
        y = model.limits.values(inverse_transform(z.reshape(-1, steps), beside, followed, now))
        followed.y[now[:, None] + np.arange(steps)] = y
        drawn[..., first : first + steps] = z
        now = now + steps
    return drawn


def _common_noise(model: Ensemble, horizon: int) -> Array:
    """Normal scores of the paths behind quantiles, (PATHS, H' ≥ horizon): even over the distribution in each step
    (Latin hypercube), so that few paths do."""
    reach = model.framing.horizon
    even = _even_scores(PATHS)
    blocks = []
    for block in range(
        -(-horizon // reach)
    ):  # each at a place of its own: a longer horizon begins like a shorter one
        random = generator(Purpose.PATHS, Place(model.seed, epoch=1), layer=block)
        shuffled = random.permuted(np.tile(even[:, None], reach), axis=0)
        blocks.append(correlated(shuffled, model.dependence))
    return np.concatenate(blocks, axis=1)


@cache
def _even_scores(count: int) -> Array:
    return np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])


def _with_room(panel: Panel, ends: Array, paths: int, horizon: int, memory: int) -> tuple[Panel, Array]:
    """For each end as many series as paths, each with the rows that a forecast looks at and room for `horizon` more;
    and where their windows end, (N·P,)."""
    series = np.repeat(series_of(panel, ends), paths)
    ends = np.repeat(ends, paths)
    starts = np.maximum(ends - memory, panel.offsets[series])
    room = ends - starts + horizon
    offsets = np.concatenate(([0], np.cumsum(room)))
    last = np.repeat(ends - 1, room)
    places = rows_between(starts, starts + room)
    # what comes after a series' last row is not there; covariates that are known ahead were put there before
    there = np.minimum(places, np.repeat(panel.offsets[series + 1] - 1, room))
    known = np.minimum(places, last)
    covariates = panel.covariates
    values = covariates.values[known]
    if covariates.known:
        values[:, -covariates.known :] = covariates.values[there][:, -covariates.known :]
    followed = replace(
        panel,
        ids=[panel.ids[k] for k in series],
        offsets=offsets,
        first=panel.first[series] + starts - panel.offsets[series],
        y=panel.y[known],
        observed=panel.observed[known] | (places > last),
        covariates=Covariates(
            covariates.layout,
            values,
            covariates.static[series],
            covariates.categories[series],
            covariates.weights[series],
            np.zeros((0, covariates.known)),
            np.zeros(len(series) + 1, np.int64),
        ),
    )
    return followed, offsets[:-1] + (ends - starts)
