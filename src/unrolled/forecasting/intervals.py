"""Intervals: a fixed grid of learned quantiles, calibrated on held-out windows, read off at any level inside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..ops import Array
from .limits import UNLIMITED, Limits
from .marginals import scores_of

# pairs around the median; the outermost carry the 95 % interval
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
MEDIAN = QUANTILES.index(0.5)
LEAST_WIDENING, MOST_WIDENING = 0.2, 5.0  # beyond which a calibration rather is an accident of few scores
UNCALIBRATED = 2.0  # the usual factor of series just long enough for a calibration, for shorter ones
PER_STEP_SCORES = 100  # with fewer held-out scores a step, all steps are pooled


def conformal_widening(quantiles: Array, targets: Array, weights: Array) -> Array:
    """The factor by which each interval must grow or shrink to hold what it promises, (MEDIAN, H).

    For the pair of quantiles (lo, hi) around the median m, a target's score is how far it lies from m relative to the
    interval's own reach on that side: (m - y) / (m - lo) below, (y - m) / (hi - m) above. Both sides of the interval
    of coverage 1 - α are stretched by the ⌈(n + 1)(1 - α)⌉-th smallest score. Relative scores keep what was learned
    of near and far steps, calm and wild series, also where the scores of all steps are pooled.

    Args:
        quantiles: held-out predictions (N, H, Q).
        targets: (N, H).
        weights: (N, H), 0 for targets that are unknown.

    Source: Romano, Patterson & Candès, "Conformalized quantile regression", NeurIPS 2019; the relative score is that
    of Sousa, Tomé & Moreira, 2022 (arXiv:2207.02274).
    """
    widening = np.empty((MEDIAN, targets.shape[1]))
    for pair in range(MEDIAN):
        scores = np.where(weights > 0, _relative_distance(quantiles, targets, pair), np.inf)
        coverage = QUANTILES[-1 - pair] - QUANTILES[pair]
        widening[pair] = _upper_quantiles(scores.reshape(-1, 1) if pooled(weights) else scores, coverage)
    return np.clip(widening, LEAST_WIDENING, MOST_WIDENING)


def _relative_distance(quantiles: Array, targets: Array, pair: int) -> Array:
    """How far targets lie from the median, in reaches of the interval on their side, (N, H); infinitely far where an
    interval without width on that side does not hold them."""
    middle = quantiles[..., MEDIAN]
    reach = np.where(targets < middle, middle - quantiles[..., pair], quantiles[..., -1 - pair] - middle)
    distance = np.abs(targets - middle)
    rounding = 1e-9 * np.abs(middle)
    found = np.where(distance > rounding, np.inf, 0.0)
    return np.divide(distance, reach, out=found, where=reach > rounding)


def pooled(weights: Array) -> bool:
    """Whether the scores of all steps ahead are pooled because a single step has too few."""
    return bool((weights > 0).sum(axis=0).min() < PER_STEP_SCORES)


def _upper_quantiles(scores: Array, coverage: float) -> Array:
    """In each column of scores (N, K) that of the promised rank, (K,); infinite ones, which are unknown or which no
    factor brings inside, are left out."""
    counts = np.isfinite(scores).sum(axis=0)
    # 0.975 - 0.025 is a rounding error above 0.95
    ranks = np.ceil((counts + 1) * coverage - 1e-9).astype(int)
    places = np.maximum(np.minimum(ranks, counts) - 1, 0)
    found = np.partition(scores.T, np.unique(places), axis=1)[np.arange(len(places)), places]
    return np.where(counts > 0, found, 1.0)


def calibrate(quantiles: Array, widening: Array, levels: Sequence[float] = QUANTILES) -> Array:
    """Quantiles (N, H, L) with their intervals stretched about the median, and in order around it.

    Args:
        quantiles: with the median in the middle.
        widening: of the pairs of `QUANTILES`, (MEDIAN, H'); steps beyond the last one are stretched as that one is.
        levels: of the quantiles; between those of `QUANTILES` the factors are interpolated over normal scores.
    """
    count, middle = len(levels), len(levels) // 2
    distance = np.abs(scores_of(levels))
    outwards = slice(MEDIAN - 1, None, -1)  # np.interp wants rising distances
    steps = np.minimum(np.arange(quantiles.shape[1]), widening.shape[1] - 1)
    known = -scores_of(QUANTILES)[outwards]
    factors = np.stack([np.interp(distance, known, widening[outwards, h]) for h in range(widening.shape[1])])
    centre = quantiles[..., middle : middle + 1]
    out = centre + (quantiles - centre) * factors[steps]
    # from the median outwards, no quantile may cross the one inside it
    for k in range(1, count - middle):
        out[..., middle - k] = np.minimum(out[..., middle - k], out[..., middle - k + 1])
        out[..., middle + k] = np.maximum(out[..., middle + k], out[..., middle + k - 1])
    return out


def check_levels(level: Sequence[float] | float | None) -> list[float]:
    """Levels in per cent, such as [80, 95], each of which the grid can answer."""
    try:
        levels: list[float] = [] if level is None else np.ravel(np.asarray(level, np.float64)).tolist()
    except (TypeError, ValueError) as error:
        raise InputError(f"levels are numbers in per cent, such as [80, 95]; got {level!r}.") from error
    largest = 100 * (QUANTILES[-1] - QUANTILES[0])
    for value in levels:
        if not 0 < value <= largest + 1e-9:
            raise InputError(f"level {value:g} lies outside what the model has learned: above 0, up to {largest:g}.")
    return levels


def read_quantile(quantiles: Array, q: float) -> Array:
    """The quantile q of (..., Q) by linear interpolation between the learned ones, which keeps the order."""
    right = int(np.clip(np.searchsorted(QUANTILES, q - 1e-9), 1, len(QUANTILES) - 1))
    left = right - 1
    share = (q - QUANTILES[left]) / (QUANTILES[right] - QUANTILES[left])
    return quantiles[..., left] + np.clip(share, 0, 1) * (quantiles[..., right] - quantiles[..., left])


def interval_columns(
    name: str, quantiles: Array, levels: Sequence[float], limits: Limits = UNLIMITED
) -> dict[str, Array]:
    """The median and the intervals under their usual names: LSTM, LSTM-lo-80, LSTM-hi-80, ..."""
    columns = {name: limits.quantile(quantiles[..., MEDIAN], 0.5)}
    for level in levels:
        tail = (1 - level / 100) / 2
        columns[f"{name}-lo-{level:g}"] = limits.quantile(read_quantile(quantiles, tail), tail)
        columns[f"{name}-hi-{level:g}"] = limits.quantile(read_quantile(quantiles, 1 - tail), 1 - tail)
    return columns
