"""The held-out end: networks predict it once; calibration and comparison use these predictions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count as numbers_from
from math import gcd

import numpy as np

from ...arrays import Array
from ...series.columns import Columns
from ...series.frequency import mase_season
from ...series.origins import Origins
from ...series.panel import Panel
from ...series.to_frame import forecast_frame
from ..baselines.registry import COMPARED, FOR_MANY_ZEROS, baseline_forecasts, distinct
from ..inputs.windows import window_ends
from ..model.ensemble import Ensemble, weighted_average
from ..model.recursion import forecast_quantiles
from ..preprocessing.spread import typical_error
from ..preprocessing.transform import SeriesTransform, TransformedOrigins
from ..probabilistic.conformal import calibrate, conformal_factors, pooled, shrink_factors, typical_factor
from ..probabilistic.copula import estimate_correlation, estimate_series_correlation
from ..probabilistic.interval_columns import Point, interval_columns
from ..probabilistic.quantile_function import means, normal_scores
from ..probabilistic.quantiles import MEDIAN, QUANTILES
from .comparison import Comparison
from .metrics import (
    POINT_MEASURES,
    has_many_zeros,
    in_sample_values,
    judging_measure,
    scales,
    score_groups,
    score_series,
    summarize,
)
from .shares import Shares, blocks_and_others, losses_of_shares, separate_windows

MAX_HELD_OUT_WINDOWS = 5000  # more would take longer and change little
MAX_RECURSIVE_WINDOWS = 500  # if each needs many paths
MAX_MEAN_FACTOR = 2.0
REPORTED_LEVELS = (80, 95)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
MIN_VALUES_OF_DAY = 20  # held-out values of a day of the week whose coverage is counted
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
COVERED_LEVELS = (50, 80, 90, 95)  # those whose bounds are learned quantiles


@dataclass(frozen=True)
class HeldOutForecasts:
    """The networks' forecasts of the held-out end, K windows, in the units of the target or its logarithm."""

    ensemble: Ensemble  # the networks, which have not seen that end
    origins: TransformedOrigins  # K
    left: Array  # rows from each origin to the last one of its series, (K,)
    quantiles: Array  # uncalibrated, combined with other methods, (K, H, Q)
    target: Array  # the actual values, (K, H)
    weight: Array  # 0 for unknown actual values, else 1, (K, H)
    correlation: Array  # of the errors of the steps that are forecast at once, (R, R)
    typical_factor: float  # of a calibration, to be expected before it is made
    point: Point | None = None  # what is forecast

    @property
    def horizon(self) -> int:
        return self.target.shape[1]

    @cached_property
    def conformal_factors(self) -> Array:
        """The calibration of all intervals, (MEDIAN, H)."""
        return self._factors(slice(None))

    def calibrated_on_others(self) -> Array:
        """Quantiles of each origin, calibrated on other origins only, (K, H, Q).

        Many origins are grouped into blocks of neighbours, see `blocks_and_others`.
        """
        found = np.empty_like(self.quantiles)
        for here, others in blocks_and_others(self.left, self.horizon):
            found[here] = calibrate(self.quantiles[here], self._factors(others))
        return found

    @property
    def pooled(self) -> bool:
        """Whether all intervals are calibrated on the scores of all steps ahead together."""
        return pooled(self.weight, separate_windows(self.origins.series, self.left, self.horizon))

    def _factors(self, rows: Array | slice) -> Array:
        """The calibration on some windows, (MEDIAN, H)."""
        separate = separate_windows(self.origins.series[rows], self.left[rows], self.horizon)
        factors = conformal_factors(self.quantiles[rows], self.target[rows], self.weight[rows], separate)
        return shrink_factors(factors, separate, self.typical_factor)

    @cached_property
    def mean_factor(self) -> float:
        """What means are multiplied with, so that they add up to the held-out values; 1 for medians."""
        return self._mean_factor(slice(None))

    def means(self) -> Array:
        """The means of each origin times a factor from other origins only, (K, H)."""
        found = self._means.copy()
        for here, others in blocks_and_others(self.left, self.horizon):
            found[here] *= self._mean_factor(others)
        return found

    @cached_property
    def _means(self) -> Array:
        return means(self.origins.inverse_transform(calibrate(self.quantiles, self.conformal_factors)))

    def _mean_factor(self, rows: Array | slice) -> float:
        """The sum of the values in some windows divided by that of their means, shrunk towards 1 by the part of the
        difference that chance explains (James & Stein, Berkeley Symposium 4, 1961)."""
        if self.point != "mean" or not self.origins.transform.nonnegative.all():
            return 1.0
        places, weight = self.origins.rows_ahead(self.horizon)[rows], self.weight[rows]
        known = weight > 0
        y, expected = self.origins.panel.y[places[known]], self._means[rows][known]
        if not expected.sum() > 0:
            return 1.0
        apart = float(y.sum() / expected.sum()) - 1
        shared = len(y) / len(np.unique(places[known]))  # windows that have a value in common
        chance = shared * float(((y - expected) ** 2).sum()) / float(expected.sum()) ** 2
        factor = 1 + apart * max(0.0, 1 - chance / apart**2) if apart else 1.0
        return float(np.clip(factor, 1 / MAX_MEAN_FACTOR, MAX_MEAN_FACTOR))

    @property
    def blocks(self) -> Array:
        """The number of the block of H rows in which each forecast value lies, counted from the end, (K, H)."""
        return (self.left[:, None] + self.horizon - 1 - np.arange(self.horizon)) // self.horizon

    @cached_property
    def inside(self) -> dict[int, Array]:
        """Whether each value is inside each interval that is calibrated on other origins, (K, H), by level."""
        values = self.origins.inverse_transform(self.calibrated_on_others())
        bounds = list(interval_columns("", values, COVERED_LEVELS, self.ensemble.support).values())[1:]
        y = self.origins.panel.y[self.origins.rows_ahead(self.horizon)]
        return {
            level: (low <= y) & (y <= high)
            for level, low, high in zip(COVERED_LEVELS, bounds[::2], bounds[1::2], strict=True)
        }

    def coverage(self, counted: Array | float = 1.0) -> dict[int, float]:
        """Share of known values inside each interval, by level in per cent; `counted` (K, H) selects values."""
        weight = self.weight * counted
        total = max(float(weight.sum()), 1.0)
        return {level: float((weight * inside).sum()) / total for level, inside in self.inside.items()}

    @property
    def nearest_errors(self) -> tuple[float, float]:
        """The number of known values one step ahead, and the sum of their errors in units of the usual change."""
        known, unit = self.weight[:, 0], self.origins.transform.change[self.origins.series]
        errors = np.abs(self.target - self.quantiles[..., MEDIAN])[:, 0] / unit
        return float(known.sum()), float((known * errors).sum())

    def coverage_by_day(self) -> dict[str, dict[int, float]]:
        """The coverage of each local day of the week with enough values, of daily and finer series; else empty."""
        frequency = self.origins.panel.frequency
        if "week" not in frequency.seasons:
            return {}
        stamps = frequency.local_stamps(self.origins.ordinals_ahead(self.horizon))
        place = (stamps.astype("datetime64[D]").astype(int) + EPOCH_WEEKDAY) % len(WEEKDAYS)
        rows = self.origins.rows_ahead(self.horizon)
        found = {}
        for k, name in enumerate(WEEKDAYS):
            if len(np.unique(rows[(self.weight > 0) & (place == k)])) >= MIN_VALUES_OF_DAY:
                found[name] = self.coverage(place == k)
        return found


def predict_held_out(
    ensemble: Ensemble,
    panel: Panel,
    known: Panel,
    transform: SeriesTransform,
    horizon: int,
    point: Point | None = None,
) -> HeldOutForecasts:
    """Predict the end of a panel that an ensemble has not seen; each window goes through each network once.

    Args:
        ensemble: trained on `known`.
        panel: the whole panel.
        known: the panel without its held-out end.
        transform: of the series of `known`.
        horizon: periods ahead.
        point: what is forecast; None: medians.
    """
    kept = set(known.ids)
    panel = panel.select(np.array([i in kept for i in panel.ids]))  # without known rows there is no forecast
    count = int((panel.lengths - known.lengths).max()) - horizon + 1
    most = MAX_HELD_OUT_WINDOWS if horizon <= ensemble.spec.horizon else MAX_RECURSIVE_WINDOWS
    every = _stride(-(-len(panel.ids) * count // most), count, panel.frequency.seasons.values())
    # backwards from the last origin, so that it is among them
    ends = window_ends(panel, ensemble.spec, horizon, origins=slice(-1, -count - 1, -every))
    origins = TransformedOrigins(panel, ends, transform)
    left = panel.offsets[origins.series + 1] - horizon - ends
    target = origins.targets(horizon)
    weight = panel.observed[origins.rows_ahead(horizon)].astype(float)
    apart = separate_windows(origins.series, left, ensemble.spec.horizon)

    outputs = ensemble.outputs(origins)
    if ensemble.is_mixed:
        both = outputs.of_trained(), outputs.of_pretrained
        unit = typical_error(transform.transformed(known), known, ensemble.spec.season)[origins.series]
        losses = losses_of_shares(*both, target, weight, unit, point)
        shares = Shares(losses, origins.series, left, horizon)
        ensemble = ensemble.with_share(shares.best())
        quantiles = weighted_average(*both, shares.of_windows())
    else:
        quantiles = outputs.quantiles()[:, :horizon]
    others = ensemble.combination.forecasts(origins, horizon)
    quantiles = ensemble.combination.average(quantiles, others)
    correlation, between = _correlations(quantiles, target, weight, apart, origins)
    if horizon > ensemble.spec.horizon:
        ensemble = replace(ensemble, correlation=correlation)
        recursive = forecast_quantiles(ensemble, origins, horizon, outputs=outputs)
        quantiles = ensemble.combination.average(recursive, others)
    typical = typical_factor(known.lengths) if ensemble.members else 1.0
    ensemble = replace(ensemble, series_correlation=between)
    return HeldOutForecasts(
        ensemble, origins, left, quantiles, target, weight, correlation, typical_factor=typical, point=point
    )


def compare_with_baselines(
    held_out: HeldOutForecasts,
    known: Panel,
    columns: Columns,
    name: str,
    *,
    baselines: Sequence[str] = (),
    season: int | None = None,
) -> Comparison:
    """Compare calibrated forecasts of the held-out end with those of the baselines.

    Args:
        held_out: the networks' forecasts of that end.
        known: the panel without that end.
        columns: of the table.
        name: the column of the networks' forecasts.
        baselines: besides the simple ones.
        season: as given; None: from the frequency.
    """
    ensemble, origins, horizon = held_out.ensemble, held_out.origins, held_out.horizon
    panel = origins.panel
    history = in_sample_values(known, mase_season(panel.frequency, season))
    many_zeros = has_many_zeros(history.y)
    names = (*COMPARED, *(FOR_MANY_ZEROS if many_zeros else ()), *baselines)
    values = origins.inverse_transform(calibrate(held_out.quantiles, held_out.conformal_factors))
    own = held_out.means() if held_out.point == "mean" else ensemble.support.quantile(values[..., MEDIAN], 0.5)
    forecasts = {name: own}
    forecasts |= _forecasts_of_baselines(names, held_out, known, season)
    rows = origins.rows_ahead(horizon)
    y = np.where(panel.observed[rows], panel.y[rows], np.nan).reshape(-1)
    flat = {model: f.reshape(-1) for model, f in forecasts.items()}
    series = np.repeat(origins.series, horizon)
    scores = score_series(series, y, flat, history)
    table = summarize(scores)[list(POINT_MEASURES)]
    ids = [0 if i is None else i for i in panel.ids]
    last = held_out.left == 0
    compared = panel.select(np.isin(np.arange(len(panel.ids)), origins.series))  # the others are too short
    example = (
        {"y": panel.y[rows[last]]}
        | {model: f[last] for model, f in forecasts.items() if model != name}
        | interval_columns(name, values[last], REPORTED_LEVELS, ensemble.support)
        | {name: own[last]}
    )
    divisors, steps = scales(history, series), np.tile(np.arange(1, horizon + 1), len(origins))
    blocks = held_out.blocks.reshape(-1)
    return Comparison(
        table=table,
        measure=judging_measure(table, many_zeros),
        coverage=held_out.coverage(),
        coverage_by_day=held_out.coverage_by_day(),
        origins=len(np.unique(held_out.left)),
        rows=int((panel.lengths - known.lengths).max()),
        pooled=held_out.pooled,
        example=forecast_frame(compared.until(horizon), horizon, columns, example),
        name=name,
        by_step=score_groups("step", steps, y, flat, divisors),
        by_block=score_groups("block", blocks, y, flat, divisors) if len(panel.ids) == 1 else None,
        by_series=scores[list(POINT_MEASURES)].rename(index=dict(enumerate(ids)), level="series"),
        known=(~np.isnan(y)).reshape(-1, horizon).sum(axis=0),
    )


def _forecasts_of_baselines(
    names: Sequence[str], held_out: HeldOutForecasts, known: Panel, season: int | None
) -> dict[str, Array]:
    """Forecasts of the baselines that the series tell apart, (K, H) each; `season` as given."""
    origins = held_out.origins
    panel = origins.panel
    repeated = _repeated_season(held_out, season)
    return baseline_forecasts(
        distinct(names, panel.frequency, repeated, int(np.median(panel.lengths))),
        origins,
        panel.offsets[:-1] + known.lengths,
        held_out.horizon,
        season=repeated,
        naive2_season=mase_season(panel.frequency, season),
        estimated_season=held_out.ensemble.spec.season,
    )


def _repeated_season(held_out: HeldOutForecasts, season: int | None) -> int:
    """The season of the seasonal naive, which needs one of them; networks and statistical methods need more."""
    origins, asked = held_out.origins, season or held_out.origins.panel.frequency.season
    enough = np.median(origins.ends - origins.starts) >= asked
    return asked if enough else held_out.ensemble.spec.season


def _stride(least: int, count: int, seasons: Iterable[int]) -> int:
    """Rows from one origin to the next: at least that many, and such that `count` rows with several whole seasons
    have origins at all of their places."""
    several = [season for season in seasons if 2 * season <= count]
    return next(n for n in numbers_from(max(least, 1)) if all(gcd(n, season) == 1 for season in several))


def _correlations(
    quantiles: Array, target: Array, weight: Array, apart: int, origins: Origins
) -> tuple[Array, float]:
    """Correlations between the steps that are forecast at once, and between series, from quantiles (K, R, Q) of
    held-out windows."""
    steps = min(quantiles.shape[1], target.shape[1])
    scores, known = normal_scores(quantiles[:, :steps], QUANTILES, target[:, :steps]), weight[:, :steps]
    times = origins.ordinals_ahead(1)[:, 0]
    between = estimate_series_correlation(scores, known, times, origins.series)
    return estimate_correlation(scores, known, apart), between
