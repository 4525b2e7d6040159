"""Sums of forecasts over series, over the horizon, or over both, with intervals from sample paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..arrays import Array
from ..errors import DataError
from ..series.dataframe import in_library
from .model.paths import path_noise, sample_paths
from .predictor import Prediction, Predictor, SeriesToForecast, refuse_beyond_time, refuse_infinite

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Over = Literal["series", "horizon", "both"]
VALUES_AT_ONCE = 2_000_000  # of sample paths


@np.errstate(over="ignore", invalid="ignore")  # a forecast that is not finite is refused
def total(
    predictor: Predictor,
    series: SeriesToForecast,
    over: Over,
    levels: Sequence[float],
    paths: int,
    seed: int,
    *,
    horizon: int | None = None,
    future: IntoDataFrame | None = None,
) -> Prediction:
    """The table of `Forecaster.total` for the series of one predictor.

    Raises:
        DataError: series are summed that end at different times, or a forecast is not finite.
    """
    panel, columns, name = series.panel, series.columns, predictor.name
    ends = panel.first + panel.lengths
    if over != "horizon" and (ends != ends[0]).any():
        early, late = panel.frequency.texts(np.array([ends.min(), ends.max()]) - 1)
        raise DataError(
            f"series that end at different times have no common horizon: the first ends at {early}, the last at "
            f"{late}. Leave out those that end early, or sum over the horizon only (`over='horizon'`)."
        )
    horizon = predictor.parameters.checked_horizon(horizon)
    refuse_beyond_time(panel, horizon)
    origins = predictor.origins(series, future, horizon)
    noise = path_noise(predictor.ensemble, horizon, len(panel.ids), paths, seed)
    sums: list[Array] = []
    at_once = max(1, VALUES_AT_ONCE // (paths * horizon))
    for first in range(0, len(panel.ids), at_once):
        rows = np.arange(first, min(first + at_once, len(panel.ids)))
        some = origins.take(rows)
        drawn = sample_paths(predictor.ensemble, some, horizon, predictor.conformal_factors, noise[rows])
        refuse_infinite(panel, drawn, first)
        if over == "horizon":
            sums.append(drawn.sum(axis=2))
        else:
            own = drawn.sum(axis=0).T if over == "series" else drawn.sum(axis=(0, 2))[None]
            sums = [own] if not sums else [sums[0] + own]
    factor = predictor.mean_factor if predictor.parameters.point == "mean" else 1.0
    drawn = factor * np.concatenate(sums)  # (rows of the table, paths)
    data: dict[str, Any] = {}
    if over == "horizon" and panel.ids[0] is not None:
        data[columns.id] = np.asarray(panel.ids, object if len(set(map(type, panel.ids))) > 1 else None)
    if over == "series":
        data[columns.time] = panel.frequency.instants(ends[0] + np.arange(horizon))
    data[name] = _points(predictor, origins, horizon, over, drawn)
    for level in levels:
        tail = (1 - level / 100) / 2
        data[f"{name}-lo-{level:g}"], data[f"{name}-hi-{level:g}"] = np.quantile(drawn, (tail, 1 - tail), axis=1)
    return Prediction(in_library(data, series.library, panel.frequency.zone), [])


def _points(predictor: Predictor, origins: Any, horizon: int, over: Over, drawn: Array) -> Array:
    """The sums of means, which are the means of sums, or the medians of the paths' sums."""
    if predictor.parameters.point != "mean":
        return np.asarray(np.median(drawn, axis=1))
    values = predictor.forecast_columns(predictor.quantiles(origins, horizon), ())[predictor.name]
    return values.sum(axis=0) if over == "series" else values.sum(axis=1) if over == "horizon" else values.sum()[None]
