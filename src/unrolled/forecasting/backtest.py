"""The held-out end: simple baselines beside the network, and what its intervals really cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..display import note, table, titled
from ..ops import Array
from .baselines import COMPARED, Origins, baseline_forecasts
from .dependence import learn_dependence
from .intervals import MEDIAN, QUANTILES, calibrate, conformal_widening, interval_columns, pooled
from .marginals import normal_scores
from .metrics import POINT, History, mase_season, score_series, summarize, verdict
from .panel import Columns, Panel, series_of
from .recursion import forecast_quantiles
from .scaling import Profile, in_units, to_logs
from .table import forecast_frame
from .windows import window_ends

if TYPE_CHECKING:
    from .model import Model

MOST_WINDOWS = 5000  # held-out windows that are looked at; more would cost time and tell little more
MOST_BLOCKS = 20  # of origins, each of which is calibrated on the others
MOST_RECURSIVE = 500  # of them where each takes many paths
REPORTED_LEVELS = (80, 95)
COVERED_LEVELS = (50, 80, 90, 95)  # whose ends are the learned quantiles


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """What networks and baselines did on the end of the series, which no network had seen.

    Attributes:
        table: one row a model, columns sMAPE (0..200), MASE, MAE, RMSE, each a mean over series.
        coverage: share of held-out values inside the intervals, by level in per cent. Each origin's intervals are
            calibrated on the other origins.
        origins: forecast origins a series.
        rows: rows held out at the end of each series.
        example: of the last origin: id, stamp, y, the forecasts of all models, and intervals.
        name: the network's column.
        by_step: the point measures but MASE by step ahead (1 .. H) and model, all series and origins together.
        by_series: all point measures by series (its id; 0 where there are no ids) and model.
        known: held-out values by step ahead, (H,).
        pooled: whether calibration pools the steps ahead.
    """

    table: pd.DataFrame
    coverage: dict[int, float]
    origins: int
    rows: int
    example: pd.DataFrame
    name: str
    by_step: pd.DataFrame
    by_series: pd.DataFrame
    known: Array
    pooled: bool

    def __repr__(self) -> str:
        coverage = ", ".join(f"{level} %: {100 * share:.0f} %" for level, share in self.coverage.items())
        return (
            f"{self.extent}\n"
            f"{self.table.to_string(float_format=short, index_names=False)}\n"
            f"{self.verdict}\n"
            f"intervals held ({'steps pooled' if self.pooled else 'step by step'}): {coverage}"
        )

    @property
    def extent(self) -> str:
        """What was held out, in words."""
        return f"the last {self.rows} rows of each series, {self.origins} origin{'s' * (self.origins != 1)}"

    def _repr_html_(self) -> str:
        order = self.table.sort_values("sMAPE", kind="stable")
        rows = [[str(name), *map(short, values)] for name, values in zip(order.index, order.to_numpy(), strict=True)]
        models = table(["held out", *map(str, order.columns)], rows, list(order.index).index(self.name))
        covered = table(
            ["interval", "values inside"],
            [[f"{level} %", f"{100 * share:.0f} %"] for level, share in self.coverage.items()],
        )
        return titled(self.verdict, note(self.extent), models, covered)

    @property
    def verdict(self) -> str:
        """In plain words, whether the network is worth using here."""
        return verdict(self.table, self.name)


@dataclass(frozen=True, repr=False, kw_only=True)
class HeldOut(Comparison):
    """A comparison of one frequency, and what its forecaster learns from it.

    Attributes:
        widening: the calibration of all intervals.
        dependence: correlations between the steps that are forecast at once.
    """

    widening: Array
    dependence: Array


def short(value: float) -> str:
    """Four digits, or all before the point; never an exponent for what a person counts in thousands."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def held_out_rows(panel: Panel, horizon: int) -> int:
    """Rows to hold out: a horizon for each of some origins, one row apart, at most a third of the typical series.

    Origins one row apart tell much the same, so a long series gives more of them: a twentieth of it, up to 100.
    """
    typical = int(np.median(panel.lengths))
    origins = min(max(horizon, 12, min(typical // 20, 100)), typical // 3 - horizon + 1)
    return horizon + origins - 1 if origins >= 1 else 0


def hold_out(
    model: Model,
    panel: Panel,
    known: Panel,
    profile: Profile,
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
    target, weight = to_logs(panel, profile.logs)[places], panel.observed[places].astype(float)

    # windows of one series that lie a block or more apart share no target
    apart = len(np.unique(np.stack([series, left // framing.horizon]), axis=1).T)
    beside = model.combination.forecasts(panel, profile, ends, horizon)
    at_once = model.combination.average(model.quantiles(panel, profile, ends)[:, :horizon], beside)
    dependence = _dependence(at_once, target, weight, apart)
    raw = forecast_quantiles(replace(model, dependence=dependence), panel, profile, ends, horizon)
    raw = model.combination.average(raw, beside)
    widening = _cautious_widening(raw, target, weight)
    values = in_units(calibrate(raw, widening), profile, panel, ends)
    compared = [b for b in (*COMPARED, *baselines) if b != "SeasonalNaive" or framing.season > 1]
    origins = Origins(series, panel.offsets[series], ends)
    scale_by = mase_season(panel.frequency, season)
    forecasts = {name: model.limits.quantile(values[..., MEDIAN], 0.5)} | baseline_forecasts(
        dict.fromkeys(compared), panel, origins, panel.offsets[:-1] + known.lengths, horizon, framing.season, scale_by
    )
    came = np.where(panel.observed[places], panel.y[places], np.nan).reshape(-1)
    flat = {model_name: f.reshape(-1) for model_name, f in forecasts.items()}
    scores = score_series(np.repeat(series, horizon), came, flat, known_history(known, scale_by))
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
                in_units(_calibrated_on_others(raw, target, weight, left), profile, panel, ends),
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


def known_history(panel: Panel, season: int) -> History:
    """A panel as what scaled errors are scaled by: filled gaps are unknown."""
    return History(
        np.repeat(np.arange(len(panel.ids)), panel.lengths), np.where(panel.observed, panel.y, np.nan), season
    )


def _dependence(quantiles: Array, target: Array, weight: Array, apart: int) -> Array:
    """Correlations between the steps that are forecast at once, from quantiles (K, R, Q) of held-out windows."""
    steps = min(quantiles.shape[1], target.shape[1])
    scores = normal_scores(quantiles[:, :steps], QUANTILES, target[:, :steps])
    return learn_dependence(scores, weight[:, :steps], apart)


def _cautious_widening(raw: Array, target: Array, weight: Array) -> Array:
    """`conformal_widening`, but few scores come from a short time: if it was calm, that is no reason to shrink."""
    widening = conformal_widening(raw, target, weight)
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
