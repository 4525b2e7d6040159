"""Sample paths: what a series may do next, step by step, as draws from its forecast."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops import Array
from ..randomness import Place, Purpose, generator
from .dependence import correlated
from .intervals import QUANTILES, calibrate
from .marginals import at_scores, normal_scores
from .model import Model
from .outputs import levels_of
from .panel import Columns, Panel
from .recursion import follow, forecast_quantiles
from .scaling import Profile, in_units
from .table import in_library


def sample_paths(
    model: Model, panel: Panel, profile: Profile, ends: Array, horizon: int, widening: Array, noise: Array
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
        paths = follow(model, panel, profile, ends, horizon, noise)
        # where each draw stands in the forecast before its calibration
        scores = normal_scores(quantiles[:, None], levels, paths)
    # a draw keeps its place: where it stands in the networks' forecast, it stands in the average
    quantiles = model.combination.combined(quantiles, panel, profile, ends)
    z = at_scores(calibrate(quantiles, widening, levels)[:, None], levels, scores)
    return model.limits.values(in_units(z, profile, panel, ends))


def path_noise(model: Model, horizon: int, count: int, paths: int, seed: int) -> Array:
    """Normal scores of `paths` paths after each of `count` series, (count, paths, H' ≥ horizon).

    Steps that the networks give at once hang together as they did in the held-out windows; later ones follow from
    what was drawn before.
    """
    reach = model.framing.horizon
    random = generator(Purpose.PATHS, Place(seed))
    blocks = [random.standard_normal((count, paths, reach)) for _ in range(-(-horizon // reach))]
    return np.concatenate([correlated(block, model.dependence) for block in blocks], axis=-1)


def path_frame(panel: Panel, columns: Columns, name: str, paths: Array, library: str) -> Any:
    """A long table of paths (S, P, H), path by path, in this library."""
    count, number, horizon = paths.shape
    starts = np.repeat(panel.first + panel.lengths, number)
    data: dict[str, Any] = {}
    if panel.ids[0] is not None:
        data[columns.id] = np.repeat(np.asarray(panel.ids), number * horizon)
    data[columns.time] = panel.frequency.stamps((starts[:, None] + np.arange(horizon)).reshape(-1))
    data["sample"] = np.tile(np.repeat(np.arange(number), horizon), count)
    data[name] = np.ascontiguousarray(paths.reshape(-1))
    return in_library(data, library)
