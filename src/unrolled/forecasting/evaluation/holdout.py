"""The held-out end: simple baselines beside the network, and what its intervals really cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Array
from ...series.columns import Columns
from ...series.frequency import mase_season
from ...series.panel import Panel, series_of
from ...series.to_frame import forecast_frame
from ..baselines.origins import Origins
from ..baselines.registry import COMPARED, baseline_forecasts
from ..inputs.windows import window_ends
from ..model.recursion import forecast_quantiles
from ..preprocessing.logarithms import log_transformed
from ..preprocessing.profile import SeriesTransform, inverse_transform
from ..probabilistic.conformal import calibrate, conformal_factors, pooled
from ..probabilistic.copula import estimate_correlation
from ..probabilistic.interval_columns import interval_columns
from ..probabilistic.quantile_function import normal_scores
from ..probabilistic.quantiles import MEDIAN, QUANTILES
from .comparison import Comparison
from .metrics import POINT, in_sample_values, score_series, summarize

if TYPE_CHECKING:
    from ..model.ensemble import Ensemble

MOST_WINDOWS = 5000  # held-out windows that are looked at; more would cost time and tell little more

MOST_BLOCKS = 20  # of origins, each of which is calibrated on the others

MOST_RECURSIVE = 500  # of them where each takes many paths

REPORTED_LEVELS = (80, 95)

COVERED_LEVELS = (50, 80, 90, 95)  # whose ends are the learned quantiles


@dataclass(frozen=True, repr=False, kw_only=True)
class HeldOut(Comparison):
    """A comparison of one frequency, and what its forecaster learns from it.

    Attributes:
        widening: the calibration of all intervals.
        dependence: correlations between the steps that are forecast at once.
    """

    widening: Array
    dependence: Array


def hold_out(
    model: Ensemble,
    panel: Panel,
    known: Panel,
    profile: SeriesTransform,
    name: str,
    columns: Columns,
    baselines: Sequence[str] = (),
    season: int | None = None,
    horizon: int | None = None,
) -> HeldOut:
    """Compare and calibrate a model on the rows of a panel that it has not seen.

    Args:
        model: trained on `known`.
        panel: the whole panel.
        known: the panel without its held-out end.
        profile: of the series of `known`.
        name: the column of the model's forecasts.
        columns: of the table.
        baselines: beside the simple ones.
        season: that was given, if one was.
        horizon: periods ahead; None: those that the model gives at once.
    """
    framing = model.framing
    horizon = horizon or framing.horizon
    kept = set(known.ids)
    panel = panel.select(np.array([i in kept for i in panel.ids]))  # whoever has no known rows can't be judged
    left_out = int((panel.lengths - known.lengths).max())
    count = left_out - horizon + 1
    most = MOST_WINDOWS if horizon <= framing.horizon else MOST_RECURSIVE
    every = max(1, -(-len(panel.ids) * count // most))
    # from the last origin backwards, so that it is among those that are looked at
    ends = window_ends(panel, framing, horizon, origins=slice(-1, -count - 1, -every))
    series = series_of(panel, ends)
    left = panel.offsets[series + 1] - horizon - ends  # 0 for a series' last origin
    places = ends[:, None] + np.arange(horizon)
    target, weight = log_transformed(panel, profile.logs)[places], panel.observed[places].astype(float)

    # windows of one series that lie a block or more apart share no target
    apart = len(np.unique(np.stack([series, left // framing.horizon]), axis=1).T)
    beside = model.combination.forecasts(panel, profile, ends, horizon)
    at_once = model.combination.average(model.quantiles(panel, profile, ends)[:, :horizon], beside)
    dependence = _dependence(at_once, target, weight, apart)
    raw = forecast_quantiles(replace(model, dependence=dependence), panel, profile, ends, horizon)
    raw = model.combination.average(raw, beside)
    widening = _cautious_widening(raw, target, weight)
    values = inverse_transform(calibrate(raw, widening), profile, panel, ends)
    compared = [b for b in (*COMPARED, *baselines) if b != "SeasonalNaive" or framing.season > 1]
    origins = Origins(series, panel.offsets[series], ends)
    scale_by = mase_season(panel.frequency, season)
    forecasts = {name: model.limits.quantile(values[..., MEDIAN], 0.5)} | baseline_forecasts(
        dict.fromkeys(compared), panel, origins, panel.offsets[:-1] + known.lengths, horizon, framing.season, scale_by
    )
    came = np.where(panel.observed[places], panel.y[places], np.nan).reshape(-1)
    flat = {model_name: f.reshape(-1) for model_name, f in forecasts.items()}
    scores = score_series(np.repeat(series, horizon), came, flat, in_sample_values(known, scale_by))
    ids = [0 if i is None else i for i in panel.ids]
    steps = np.tile(np.arange(1, horizon + 1), len(ends))
    last = left == 0
    judged = panel.select(np.isin(np.arange(len(panel.ids)), series))  # the others are too short for a window
    example = forecast_frame(
        judged.until(horizon),
        horizon,
        columns,
        {"y": panel.y[places[last]]}
        | {baseline: f[last] for baseline, f in forecasts.items() if baseline != name}
        | interval_columns(name, values[last], REPORTED_LEVELS, model.limits),
    )
    return HeldOut(
        table=summarize(scores)[list(POINT)],
        coverage=_coverage(
            interval_columns(
                name,
                inverse_transform(_calibrated_on_others(raw, target, weight, left), profile, panel, ends),
                COVERED_LEVELS,
                model.limits,
            ),
            panel.y[places],
            weight,
        ),
        widening=widening,
        dependence=dependence,
        origins=len(np.unique(left)),
        rows=left_out,
        pooled=pooled(weight),
        example=example,
        name=name,
        by_step=score_series(steps, came, flat).rename_axis(["step", "model"]),
        by_series=scores[list(POINT)].rename(index=dict(enumerate(ids)), level="series"),
        known=(~np.isnan(came)).reshape(len(ends), horizon).sum(axis=0),
    )


def _dependence(quantiles: Array, target: Array, weight: Array, apart: int) -> Array:
    """Correlations between the steps that are forecast at once, from quantiles (K, R, Q) of held-out windows."""
    steps = min(quantiles.shape[1], target.shape[1])
    scores = normal_scores(quantiles[:, :steps], QUANTILES, target[:, :steps])
    return estimate_correlation(scores, weight[:, :steps], apart)


def _cautious_widening(raw: Array, target: Array, weight: Array) -> Array:
    """`conformal_factors`, but few scores come from a short time: if it was calm, that is no reason to shrink."""
    widening = conformal_factors(raw, target, weight)
    return np.maximum(widening, 1.0) if pooled(weight) else widening


def _calibrated_on_others(raw: Array, target: Array, weight: Array, origin: Array) -> Array:
    """Quantiles, one origin (of many, one block of neighbours) after the other calibrated on other origins: on those
    that share no target with it, where there are any."""
    widened = np.empty_like(raw)
    origins = np.unique(origin)
    for block in np.array_split(origins, min(len(origins), MOST_BLOCKS)):
        here = (origin >= block[0]) & (origin <= block[-1])
        apart = (origin <= block[0] - target.shape[1]) | (origin >= block[-1] + target.shape[1])
        others = next(rows for rows in (apart, ~here, here) if rows.any())
        widened[here] = calibrate(raw[here], _cautious_widening(raw[others], target[others], weight[others]))
    return widened


def _coverage(columns: dict[str, Array], target: Array, weight: Array) -> dict[int, float]:
    """Share of known targets inside each interval."""
    total = max(float(weight.sum()), 1.0)
    bounds = list(columns.values())[1:]  # two a level, after the forecast itself
    return {
        level: float((weight * (low <= target) * (target <= high)).sum()) / total
        for level, low, high in zip(COVERED_LEVELS, bounds[::2], bounds[1::2], strict=True)
    }
