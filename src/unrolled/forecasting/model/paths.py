"""Sample paths: possible courses of a series over the horizon, drawn from its forecast."""

import numpy as np

from ...arrays import Array
from ...nn.randomness import Place, Purpose, generator
from ..preprocessing.transform import TransformedOrigins
from ..probabilistic.conformal import calibrate
from ..probabilistic.copula import correlated
from ..probabilistic.quantile_function import normal_scores, quantiles_at_scores
from ..probabilistic.quantiles import QUANTILES
from .ensemble import Ensemble
from .recursion import forecast_quantiles, sample_recursively


def sample_paths(
    ensemble: Ensemble, origins: TransformedOrigins, horizon: int, conformal_factors: Array, noise: Array
) -> Array:
    """Paths after these origins whose every step follows the calibrated forecast, (N, P, horizon), in units.

    Args:
        ensemble: forecasts a block of steps at once.
        origins: N.
        horizon: periods ahead.
        conformal_factors: the calibration.
        noise: of `path_noise`, (N, P, H') with H' ≥ horizon.
    """
    outputs = ensemble.outputs(origins)
    if horizon <= ensemble.spec.horizon:
        levels = ensemble.distribution.levels
        quantiles, scores = outputs.quantiles(levels)[:, :horizon], noise[..., :horizon]
    else:
        levels = QUANTILES
        quantiles = forecast_quantiles(ensemble, origins, horizon, outputs=outputs)
        paths = sample_recursively(ensemble, origins, horizon, noise, outputs)
        # the rank of each draw in the forecast before its calibration
        scores = normal_scores(quantiles[:, None], levels, paths)
    # a draw has the same rank in the average as in the networks' forecast
    quantiles = ensemble.combination.combined(quantiles, origins)
    z = quantiles_at_scores(calibrate(quantiles, conformal_factors, levels)[:, None], levels, scores)
    return ensemble.support.values(origins.inverse_transform(z.swapaxes(1, 2)).swapaxes(1, 2))


def path_noise(ensemble: Ensemble, horizon: int, count: int, paths: int, seed: int) -> Array:
    """Normal scores of `paths` paths after each of `count` series, (count, paths, H' ≥ horizon).

    Series are correlated as their errors were in the held-out windows, and so are the steps that the networks give at
    once; later ones follow from the draws before them.
    """
    steps, share = ensemble.spec.horizon, ensemble.series_correlation
    random = generator(Purpose.PATHS, Place(seed))
    blocks = [random.standard_normal((count, paths, steps)) for _ in range(-(-horizon // steps))]
    if share:  # a part is common to all series
        blocks = [
            np.sqrt(1 - share) * own + np.sqrt(share) * random.standard_normal((1, paths, steps)) for own in blocks
        ]
    return np.concatenate([correlated(block, ensemble.correlation) for block in blocks], axis=-1)
