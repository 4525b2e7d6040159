"""Calibration that is carried on as values become known, and errors that have become larger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from .conformal import MAX_FACTOR, MIN_FACTOR, relative_distance
from .quantiles import MEDIAN, QUANTILES

RATE = 0.05  # of the change of a factor one step ahead, in logarithms
COVERAGE = np.subtract(QUANTILES[:MEDIAN:-1], QUANTILES[:MEDIAN])  # of each pair, (MEDIAN,)
SHOWN = QUANTILES.index(0.1)  # the pair whose coverage is counted
WATCHED_PERIODS = 100  # the last ones, whose errors are compared with earlier ones
LEAST_WATCHED = 10  # values; the errors of fewer may be those of a single event
LIMIT = 2.5  # standard errors; the note may be asked for after every row
LARGEST_ERROR = 1e6  # usual changes; beyond that, and where a forecast is not finite, errors count as this
LARGEST_GROWTH = 700.0  # in logarithms, for float64


class Scores(NamedTuple):
    """Scores of m values that have become known, each in a forecast that was made before."""

    values: Array  # distances from the median, relative to each interval's half-width, (m, MEDIAN)
    errors: Array  # absolute errors of the median, in units of the usual change of the series, (m,)
    steps: Array  # how many steps ahead they were forecast, 0 the nearest, (m,)
    periods: Array  # in which they became known, (m,)

    @classmethod
    def of(cls, quantiles: Array, targets: Array, units: Array, steps: Array, periods: Array) -> Scores:
        """Of uncalibrated quantiles (m, Q) of values (m,) in series with these usual changes (m,)."""
        values = np.stack([relative_distance(quantiles, targets, pair) for pair in range(MEDIAN)], axis=1)
        errors = np.fmin(np.abs(targets - quantiles[:, MEDIAN]) / units, LARGEST_ERROR)
        return cls(values, errors, steps, periods)

    def take(self, rows: Array) -> Scores:
        return Scores(*(part[rows] for part in self))


@dataclass(frozen=True)
class Tracking:
    """What is known about forecasts since the fit, and how large errors were before.

    Errors are those of medians one step ahead, in units of the usual change of their series. They are kept as the
    number of values and the sum of their errors.
    """

    added: Array  # rows of each series since then, (S,)
    before: Array  # errors on the held-out end; without one, those of repeating the last value, (2,)
    recent: Array  # errors in each of the last periods since the fit, (W, 2)

    @classmethod
    def begin(cls, rows: Array, held_out: tuple[float, float] | None = None) -> Tracking:
        """After a fit of series of these lengths (S,)."""
        changes = float(np.maximum(rows - 1, 0).sum())  # their mean is the unit
        before = np.array(held_out or (changes, changes), np.float64)
        return cls(np.zeros(len(rows), np.int64), before, np.zeros((0, 2)))

    def drift_notes(self, dependence: float) -> list[str]:
        """A note if errors have become larger than chance explains; `dependence` is the number of dependent values
        that tell as much as an independent one."""
        (count, total), (count_before, total_before) = self.recent.sum(axis=0).tolist(), self.before.tolist()
        if count < LEAST_WATCHED or min(total, count_before, total_before) <= 0:
            return []
        # the mean of n exponential errors has a standard error of 1 / √n in logarithms, that of normal ones a smaller
        chance = LIMIT * sqrt(dependence / count + dependence / count_before)
        growth = min(log(total) - log(count) - log(total_before) + log(count_before), LARGEST_GROWTH)
        if growth <= chance:
            return []
        return [
            f"forecasts have become worse: one step ahead, the errors of the last {count:.0f} values are "
            f"{exp(growth):.1f} times those before the fit ({count_before:.0f} values); up to {exp(chance):.1f} "
            "times may be chance. Fit again"
        ]


def track(factors: Array, tracking: Tracking, scores: Scores) -> tuple[Array, Tracking, Array]:
    """The calibration after values have become known, in the order of their periods.

    In each period, the logarithm of the factor of an interval rises by a rate times the share of values that it
    missed, as it was before, less the share that it may miss. Over a long time each interval thus has its coverage,
    whatever the series does, unless a factor beyond its limits would be needed. A factor is changed only by values of
    its own step. The rate h steps ahead is `RATE` / √h, since errors of up to h periods have shocks in common.

    Args:
        factors: (MEDIAN, H).
        tracking: of the periods before.
        scores: of the new values.

    Returns:
        The factors; the tracking with the errors of these periods; and the number of new values one step ahead, and
        of those inside of their 80 % interval as it was then, (2,).

    Source: quantile tracking, Angelopoulos, Candès & Tibshirani, "Conformal PID control for time series prediction",
    NeurIPS 2023 (without its integrator and scorecaster), which follows Gibbs & Candès, NeurIPS 2021; each step ahead
    is tracked by itself, as by Bhatnagar et al., ICML 2023.
    """
    horizon, recent, counts = factors.shape[1], [tracking.recent], np.zeros(2, np.int64)
    rates = RATE / np.sqrt(np.arange(1, horizon + 1))
    order = np.argsort(scores.periods, kind="stable")
    ends = np.flatnonzero(np.diff(scores.periods[order])) + 1
    for rows in np.split(order, ends):
        now = scores.take(rows)
        nearest = now.steps == 0
        if nearest.any():
            counts += nearest.sum(), (now.values[nearest, SHOWN] <= factors[SHOWN, 0]).sum()
            recent.append(np.array([[nearest.sum(), now.errors[nearest].sum()]]))
        within_reach = np.isfinite(now.values)  # of a factor
        missed = within_reach & (now.values > factors.T[now.steps])  # (m, MEDIAN)
        known = _by_step(within_reach, now.steps, horizon)
        share = _by_step(missed, now.steps, horizon) / np.maximum(known, 1)
        moved = factors * np.exp(rates * (share - (1 - COVERAGE[:, None])))
        factors = np.where(known > 0, np.clip(moved, MIN_FACTOR, MAX_FACTOR), factors)
    return factors, replace(tracking, recent=np.concatenate(recent)[-WATCHED_PERIODS:]), counts


def _by_step(found: Array, steps: Array, horizon: int) -> Array:
    """The number of scores (m, MEDIAN) for which something is found, by the steps (m,) that they lie ahead,
    (MEDIAN, horizon)."""
    return np.stack([np.bincount(steps, one, horizon) for one in found.T])
