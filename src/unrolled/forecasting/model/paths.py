"""Sample paths: what a series may do next, step by step, as draws from its forecast."""

from __future__ import annotations

import numpy as np

from ...arrays import Array
from ...nn.randomness import Place, Purpose, generator
from ...series.panel import Panel
from ..preprocessing.profile import SeriesTransform, inverse_transform
from ..probabilistic.conformal import calibrate
from ..probabilistic.copula import correlated
from ..probabilistic.quantile_function import normal_scores, quantiles_at_scores
from ..probabilistic.quantiles import QUANTILES
from .ensemble import Ensemble
from .likelihood import levels_of
from .recursion import forecast_quantiles, sample_recursively


def sample_paths(
    model: Ensemble, panel: Panel, profile: SeriesTransform, ends: Array, horizon: int, widening: Array, noise: Array
) -> Array:
    """Paths after these window ends whose every step follows the calibrated forecast, (N, P, horizon), in units.

    Args:
        model: forecasts a block of steps at once.
        panel: of series.
        profile: of them.
        ends: (N,).
        horizon: periods ahead.
        widening: the calibration.
        noise: of `path_noise`, (N, P, H') with H' ≥ horizon.
    """
    if horizon <= model.framing.horizon:
        levels = levels_of(model.likelihood)
        quantiles, scores = model.quantiles(panel, profile, ends, levels)[:, :horizon], noise[..., :horizon]
    else:
        levels = QUANTILES
        quantiles = forecast_quantiles(model, panel, profile, ends, horizon)
        paths = sample_recursively(model, panel, profile, ends, horizon, noise)
        # where each draw stands in the forecast before its calibration
        scores = normal_scores(quantiles[:, None], levels, paths)
    # a draw keeps its place: where it stands in the networks' forecast, it stands in the average
    quantiles = model.combination.combined(quantiles, panel, profile, ends)
    z = quantiles_at_scores(calibrate(quantiles, widening, levels)[:, None], levels, scores)
    return model.limits.values(inverse_transform(z, profile, panel, ends))


def path_noise(model: Ensemble, horizon: int, count: int, paths: int, seed: int) -> Array:
    """Normal scores of `paths` paths after each of `count` series, (count, paths, H' ≥ horizon).

    Steps that the networks give at once hang together as they did in the held-out windows; later ones follow from
    what was drawn before.
    """
    reach = model.framing.horizon
    random = generator(Purpose.PATHS, Place(seed))
    blocks = [random.standard_normal((count, paths, reach)) for _ in range(-(-horizon // reach))]
    return np.concatenate([correlated(block, model.dependence) for block in blocks], axis=-1)
