"""The distribution of one value ahead: its quantile function between and beyond known quantiles, and the inverse.

Both use normal scores: the level q has the score Φ⁻¹(q). Between two known quantiles the function is linear in the
score; beyond them it is the line through the median and the outermost one. This is exact for normal distributions.
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from ...arrays import Array
from .quantiles import QUANTILES

MAX_SCORE = 6.0  # normal scores are clipped there
POINTS_OF_MEAN = 10_000  # at which a quantile function is averaged
# a fine grid for distributions that are known everywhere, even over the scores from -3.2 to 3.2
FINE_LEVELS = tuple(NormalDist().cdf(k / 5) for k in range(-16, 17))


@lru_cache(maxsize=100)
def _scores(levels: tuple[float, ...]) -> Array:
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def scores_of_levels(levels: Sequence[float]) -> Array:
    """Normal scores of levels inside (0, 1)."""
    return _scores(tuple(levels))


def quantiles_at_scores(quantiles: Array, levels: Sequence[float], scores: Array) -> Array:
    """The values of distributions at normal scores.

    Args:
        quantiles: rising along the last axis, (..., L).
        levels: their levels, L, with the median in the middle.
        scores: (...), broadcast against the leading axes of the quantiles.

    >>> scores = np.array([0.0, scores_of_levels([0.9])[0]])
    >>> quantiles_at_scores(np.array([6.0, 10, 18]), (0.1, 0.5, 0.9), scores).tolist()
    [10.0, 18.0]
    """
    known = scores_of_levels(levels)
    last = len(known) - 1
    scores = np.clip(scores, -MAX_SCORE, MAX_SCORE)
    right = np.clip(np.searchsorted(known, scores), 1, last)
    low, high = _picked(quantiles, right - 1), _picked(quantiles, right)
    share = (scores - known[right - 1]) / (known[right] - known[right - 1])
    # there must be no rounding error between equal quantiles
    inside = np.where(low == high, low, low + share * (high - low))
    middle = quantiles[..., last // 2]
    for end, beyond in ((0, scores < known[0]), (last, scores > known[last])):
        inside = np.where(beyond, middle + (quantiles[..., end] - middle) * scores / known[end], inside)
    return inside


def means(quantiles: Array) -> Array:
    """The means of distributions given by their quantiles at `QUANTILES`, (..., Q) → (...).

    >>> means(np.array([-2.576, -1.96, -1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 1.96, 2.576])).round(6) + 0
    np.float64(0.0)
    """
    return np.asarray((quantiles * _weights_of_mean()).sum(axis=-1))


@lru_cache(maxsize=1)
def _weights_of_mean() -> Array:
    """The weight of each quantile in the mean: the quantile function is linear in its known values."""
    even = scores_of_levels([(k + 0.5) / POINTS_OF_MEAN for k in range(POINTS_OF_MEAN)])
    return np.array([quantiles_at_scores(own, QUANTILES, even).mean() for own in np.eye(len(QUANTILES))])


def normal_scores(quantiles: Array, levels: Sequence[float], values: Array) -> Array:
    """The normal scores at which distributions have these values: their probability integral transforms.

    The inverse of `quantiles_at_scores`. A value that several known quantiles share gets the middle of their scores.

    Args:
        quantiles: rising along the last axis, (..., L).
        levels: their levels, L, with the median in the middle.
        values: (...), broadcast against the leading axes of the quantiles.
    """
    known = scores_of_levels(levels)
    last = len(known) - 1
    below = (quantiles < values[..., None]).sum(axis=-1)
    upto = (quantiles <= values[..., None]).sum(axis=-1)
    left = np.clip(below, 1, last) - 1
    low, high = _picked(quantiles, left), _picked(quantiles, left + 1)
    share = (values - low) / np.where(high > low, high - low, 1.0)
    between = known[left] + share * (known[left + 1] - known[left])
    tied = (known[np.minimum(below, last)] + known[np.maximum(upto - 1, 0)]) / 2
    found = np.where(upto > below, tied, between)
    middle = quantiles[..., last // 2]
    for end, beyond in ((0, upto == 0), (last, below == last + 1)):
        reach = quantiles[..., end] - middle
        with np.errstate(over="ignore"):
            ratio = np.abs(values - middle) / np.maximum(np.abs(reach), np.finfo(float).tiny)
        found = np.where(beyond, known[end] * np.minimum(ratio, MAX_SCORE / abs(known[end])), found)
    return found


def _picked(quantiles: Array, which: Array) -> Array:
    """The quantiles at these indices (...), broadcast against the leading axes."""
    missing = (1,) * (which.ndim + 1 - quantiles.ndim)
    return np.take_along_axis(quantiles.reshape(missing + quantiles.shape), which[..., None], axis=-1)[..., 0]
