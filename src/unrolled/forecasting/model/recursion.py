"""Forecasts beyond the steps that a network gives at once: it reads its own forecasts like observations.

The median forecast feeds back medians. For everything else, paths are drawn: the draws of each block are treated as
observations from which the next block is forecast (ancestral sampling). Quantiles are those of the paths.
"""

from dataclasses import replace

import numpy as np

from ...arrays import Array
from ...nn.randomness import Place, Purpose, generator
from ...series.ragged import offsets_of, rows_between
from ..preprocessing.transform import TransformedOrigins
from ..probabilistic.copula import correlated
from ..probabilistic.quantile_function import quantiles_at_scores, scores_of_levels
from ..probabilistic.quantiles import MEDIAN, QUANTILES
from .ensemble import Ensemble, EnsembleOutputs, pieces

PATHS_BEHIND_QUANTILES = 200  # of a recursive forecast
MAX_PATHS_AT_ONCE = 50_000


def forecast_quantiles(
    ensemble: Ensemble,
    origins: TransformedOrigins,
    horizon: int,
    *,
    intervals: bool = True,
    outputs: EnsembleOutputs | None = None,
) -> Array:
    """The networks' quantiles after these origins, not calibrated or combined, (N, horizon, Q), in the units of the
    target or its logarithm; recursive if the networks give fewer steps than the horizon at once.

    All windows share the noise of their paths, so that no forecast depends on the others.

    Args:
        ensemble: the networks.
        origins: N; where anything is known ahead, the panel reaches a horizon beyond them.
        horizon: periods ahead.
        intervals: False follows only the medians, which are then returned at all levels.
        outputs: of the networks after these origins, if they are known already.
    """
    outputs = outputs or ensemble.outputs(origins)
    if horizon <= ensemble.spec.horizon:
        return outputs.quantiles()[:, :horizon]
    found = np.empty((len(origins), horizon, len(QUANTILES)))
    noise = _common_noise(ensemble, horizon)
    for rows in pieces(len(origins), MAX_PATHS_AT_ONCE // PATHS_BEHIND_QUANTILES):
        some, first = origins.take(rows), outputs.take(rows)
        middle = sample_recursively(ensemble, some, horizon, np.zeros((1, horizon)), first)[:, 0]
        found[rows] = middle[..., None]
        if not intervals:
            continue
        paths = sample_recursively(ensemble, some, horizon, noise, first)
        spread = np.moveaxis(np.quantile(paths, QUANTILES, axis=1), 0, -1)
        found[rows, :, :MEDIAN] = np.minimum(spread[..., :MEDIAN], middle[..., None])
        found[rows, :, MEDIAN + 1 :] = np.maximum(spread[..., MEDIAN + 1 :], middle[..., None])
    return found


def sample_recursively(
    ensemble: Ensemble, origins: TransformedOrigins, horizon: int, noise: Array, outputs: EnsembleOutputs
) -> Array:
    """Paths after these origins: block by block, each drawn from the forecast that follows the draws before it.

    Args:
        ensemble: its networks give a block of R steps at once.
        origins: N; the target after them is not read.
        horizon: H.
        noise: the normal score of each step given those before it, (P, H') or (N, P, H') with H' ≥ H; 0 follows the
            medians.
        outputs: of the networks after these origins, for the first block.

    Returns:
        (N, P, H), in the units of the target or its logarithm.
    """
    count, paths, block = len(origins), noise.shape[-2], ensemble.spec.horizon
    noise = np.broadcast_to(noise, (count, paths, noise.shape[-1]))
    levels = ensemble.distribution.levels
    now = with_room(origins, paths, -(-horizon // block) * block, ensemble.spec.memory)
    drawn = np.empty((count, paths, horizon))
    for first in range(0, horizon, block):
        steps = min(block, horizon - first)
        if first:
            quantiles = ensemble.outputs(now).quantiles(levels).reshape(count, paths, block, -1)
        else:  # all paths still have the same window
            quantiles = outputs.quantiles(levels)[:, None]
        z = quantiles_at_scores(quantiles[:, :, :steps], levels, noise[..., first : first + steps])
        y = ensemble.support.values(now.inverse_transform(z.reshape(-1, steps)))
        now.panel.y[now.rows_ahead(steps)] = y
        drawn[..., first : first + steps] = z
        now = replace(now, ends=now.ends + steps)
    return drawn


def _common_noise(ensemble: Ensemble, horizon: int) -> Array:
    """Normal scores of the paths behind quantiles, (P, H' ≥ horizon): evenly spread over the distribution of each
    step (Latin hypercube), so that few paths suffice."""
    steps = ensemble.spec.horizon
    count = PATHS_BEHIND_QUANTILES
    even = scores_of_levels([(k + 0.5) / count for k in range(count)])
    blocks = []
    for block in range(-(-horizon // steps)):
        # each block has a place of its own, so that a longer horizon begins like a shorter one
        random = generator(Purpose.PATHS, Place(ensemble.seed, epoch=1), layer=block)
        shuffled = random.permuted(np.tile(even[:, None], steps), axis=0)
        blocks.append(correlated(shuffled, ensemble.correlation))
    return np.concatenate(blocks, axis=1)


def with_room(origins: TransformedOrigins, paths: int, horizon: int, memory: int) -> TransformedOrigins:
    """Each origin once for each of its paths, in a series of its own: the rows that a forecast reads, and space for
    `horizon` more."""
    panel = origins.panel
    series, ends = np.repeat(origins.series, paths), np.repeat(origins.ends, paths)
    starts = np.maximum(ends - memory, panel.offsets[series])
    room = ends - starts + horizon
    offsets = offsets_of(room)
    last = np.repeat(ends - 1, room)
    places = rows_between(starts, starts + room)
    # rows after a series' last one do not exist; covariates that are known ahead have been added before
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
        covariates=replace(
            covariates,
            values=values,
            static=covariates.static[series],
            categories=covariates.categories[series],
            weights=covariates.weights[series],
            ahead=np.zeros((0, covariates.known)),
            ahead_offsets=np.zeros(len(series) + 1, np.int64),
        ),
    )
    return TransformedOrigins(followed, offsets[:-1] + (ends - starts), origins.transform.take(series))
