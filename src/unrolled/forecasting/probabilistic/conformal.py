"""Conformal calibration: intervals are stretched to have their coverage level on held-out windows."""

from collections.abc import Sequence

import numpy as np

from ...arrays import Array
from .quantile_function import scores_of_levels
from .quantiles import MEDIAN, QUANTILES

MIN_FACTOR, MAX_FACTOR = 0.2, 5.0  # anything beyond is more likely due to chance
# the factor of a typical series is 1 plus this over the root of the rows that its networks were trained on
EXCESS_TIMES_ROOT_OF_ROWS = 2.5
WINDOWS_OF_TYPICAL_FACTOR = 5  # it counts as much as this number of windows that share no target
MIN_SCORES_PER_STEP = 100  # with fewer held-out scores of a step, all steps are pooled
MIN_SEPARATE_WINDOWS = 20  # as with fewer windows that share no target, whose errors are alike


def conformal_factors(quantiles: Array, targets: Array, weights: Array, separate: int) -> Array:
    """The factor by which each interval must be stretched to have its coverage level, (MEDIAN, H).

    For the pair of quantiles (lo, hi) around the median m, the score of a target y is its distance from m relative to
    the interval's half-width on that side: (m - y) / (m - lo) below, (y - m) / (hi - m) above. Both sides of the
    interval of coverage 1 - α are stretched by the ⌈(n + 1)(1 - α)⌉-th smallest score. Relative scores keep what the
    networks have learned about near and far steps and about calm and volatile series, even if all steps are pooled.

    Args:
        quantiles: held-out predictions (N, H, Q).
        targets: (N, H).
        weights: (N, H), 0 for targets that are unknown.
        separate: the number of windows among these that share no target.

    Source: Romano, Patterson & Candès, "Conformalized quantile regression", NeurIPS 2019; the relative score is that
    of Sousa, Tomé & Moreira, 2022 (arXiv:2207.02274).
    """
    factors = np.empty((MEDIAN, targets.shape[1]))
    for pair in range(MEDIAN):
        scores = np.where(weights > 0, relative_distance(quantiles, targets, pair), np.inf)
        coverage = QUANTILES[-1 - pair] - QUANTILES[pair]
        factors[pair] = _upper_quantiles(scores.ravel()[:, None] if pooled(weights, separate) else scores, coverage)
    return np.clip(factors, MIN_FACTOR, MAX_FACTOR)


def typical_factor(rows: Array) -> float:
    """The factor to expect, before any score is known, of networks trained on series of these lengths (S,): the
    fewer rows, the more too narrow are the intervals that networks learn."""
    return 1 + EXCESS_TIMES_ROOT_OF_ROWS / float(np.sqrt(np.median(rows)))


def shrink_factors(factors: Array, separate: int, typical: float) -> Array:
    """The geometric mean of `conformal_factors` and the typical factor, weighted by the windows behind them.

    Errors of windows that share targets are alike. Factors from few separate windows are therefore mostly chance, and
    intervals stretched by them would be far too wide for some series and far too narrow for others.
    """
    own = separate / (separate + WINDOWS_OF_TYPICAL_FACTOR)
    return np.asarray(factors**own * typical ** (1 - own))


def relative_distance(quantiles: Array, targets: Array, pair: int) -> Array:
    """Distance of the targets (...) from the median of quantiles (..., Q), relative to the half-width of the interval
    of this pair on their side; infinite if the interval has no width on that side and does not contain them."""
    middle = quantiles[..., MEDIAN]
    half_width = np.where(targets < middle, middle - quantiles[..., pair], quantiles[..., -1 - pair] - middle)
    distance = np.abs(targets - middle)
    rounding = 1e-9 * np.abs(middle)
    found = np.where(distance > rounding, np.inf, 0.0)
    return np.divide(distance, half_width, out=found, where=half_width > rounding)


def pooled(weights: Array, separate: int) -> bool:
    """Whether the scores of all steps ahead are pooled because a single step has too few; parameters as above."""
    return separate < MIN_SEPARATE_WINDOWS or bool((weights > 0).sum(axis=0).min() < MIN_SCORES_PER_STEP)


def _upper_quantiles(scores: Array, coverage: float) -> Array:
    """The score of the rank for this coverage in each column of (N, K), (K,). Infinite ones, whose target is unknown
    or can't be brought inside by a factor, are left out.

    The largest of n scores has the coverage n / (n + 1). For more, it is extended as distances of normal errors are.
    """
    counts = np.isfinite(scores).sum(axis=0)
    # 0.975 - 0.025 is a rounding error above 0.95
    ranks = np.ceil((counts + 1) * coverage - 1e-9).astype(int)
    places = np.maximum(np.minimum(ranks, counts) - 1, 0)
    found = np.partition(scores.T, np.unique(places), axis=1)[np.arange(len(places)), places]
    largest = scores_of_levels([(1 + n / (n + 1)) / 2 for n in np.maximum(counts, 1).tolist()])
    wanted = scores_of_levels([(1 + coverage) / 2])
    return np.where(counts > 0, found * np.where(ranks > counts, wanted / largest, 1.0), 1.0)


def calibrate(quantiles: Array, factors: Array, levels: Sequence[float] = QUANTILES) -> Array:
    """Quantiles (N, H, L) with their intervals stretched about the median, and in order around it.

    Args:
        quantiles: with the median in the middle.
        factors: of the pairs of `QUANTILES`, (MEDIAN, H'); steps beyond the last one have its factors.
        levels: of the quantiles; between those of `QUANTILES` the factors are interpolated over normal scores.
    """
    middle = len(levels) // 2
    distance = np.abs(scores_of_levels(levels))
    outwards = slice(MEDIAN - 1, None, -1)  # np.interp wants rising distances
    steps = np.minimum(np.arange(quantiles.shape[1]), factors.shape[1] - 1)
    known = -scores_of_levels(QUANTILES)[outwards]
    of_levels = np.stack([np.interp(distance, known, factors[outwards, h]) for h in range(factors.shape[1])])
    centre = quantiles[..., middle : middle + 1]
    out = centre + (quantiles - centre) * of_levels[steps]
    # from the median outwards, no quantile may cross the one inside it
    out[..., middle::-1] = np.minimum.accumulate(out[..., middle::-1], axis=-1)
    out[..., middle:] = np.maximum.accumulate(out[..., middle:], axis=-1)
    return out
