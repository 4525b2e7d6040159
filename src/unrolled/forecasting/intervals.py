"""Intervals: a fixed grid of learned quantiles, calibrated on held-out windows, read off at any level inside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..ops import Array

# pairs around the median; the outermost carry the 95 % interval
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
MEDIAN = QUANTILES.index(0.5)
PER_STEP_SCORES = 100  # with fewer held-out scores a step, all steps are pooled


def conformal_widening(quantiles: Array, targets: Array, weights: Array) -> Array:
    """How much each interval must grow (or shrink, if negative) to hold what it promises, (MEDIAN, H).

    For the pair of quantiles (lo, hi) around the median, a target's score is max(lo - y, y - hi): how far it lies
    outside. The interval of coverage 1 - α is widened on both sides by the ⌈(n + 1)(1 - α)⌉-th smallest score.

    Args:
        quantiles: held-out predictions (N, H, Q), in the units of the network.
        targets: (N, H).
        weights: (N, H), 0 for targets that are unknown.

    Source: Romano, Patterson & Candès, "Conformalized quantile regression", NeurIPS 2019.
    """
    horizon = targets.shape[1]
    widening = np.zeros((MEDIAN, horizon))
    known = weights > 0
    for pair in range(MEDIAN):
        scores = np.maximum(quantiles[..., pair] - targets, targets - quantiles[..., -1 - pair])
        coverage = QUANTILES[-1 - pair] - QUANTILES[pair]
        if known.sum(axis=0).min() >= PER_STEP_SCORES:
            widening[pair] = [_upper_quantile(scores[known[:, h], h], coverage) for h in range(horizon)]
        elif known.any():
            # pooled, the far steps would lend the near ones a shrinking that is not theirs
            widening[pair] = max(0.0, _upper_quantile(scores[known], coverage))
    return widening


def pooled(weights: Array) -> bool:
    """Whether the scores of all steps ahead are pooled because a single step has too few."""
    return bool((weights > 0).sum(axis=0).min() < PER_STEP_SCORES)


def _upper_quantile(scores: Array, coverage: float) -> float:
    rank = int(np.ceil((len(scores) + 1) * coverage))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def calibrate(quantiles: Array, widening: Array) -> Array:
    """Quantiles (N, H, Q) with their intervals widened and put in order around the median."""
    out = quantiles.copy()
    out[..., :MEDIAN] -= widening.T
    out[..., MEDIAN + 1 :] += widening.T[:, ::-1]
    # from the median outwards, no quantile may cross the one inside it
    for pair in reversed(range(MEDIAN)):
        out[..., pair] = np.minimum(out[..., pair], out[..., pair + 1])
        out[..., -1 - pair] = np.maximum(out[..., -1 - pair], out[..., -2 - pair])
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


def interval_columns(name: str, quantiles: Array, levels: Sequence[float]) -> dict[str, Array]:
    """The median and the intervals under their usual names: LSTM, LSTM-lo-80, LSTM-hi-80, ..."""
    columns = {name: quantiles[..., MEDIAN]}
    for level in levels:
        tail = (1 - level / 100) / 2
        columns[f"{name}-lo-{level:g}"] = read_quantile(quantiles, tail)
        columns[f"{name}-hi-{level:g}"] = read_quantile(quantiles, 1 - tail)
    return columns
