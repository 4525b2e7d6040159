"""A series at a glance: how long it is, what is missing, how strong its season is, and what stands out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..forecasting.panel import Panel
from ..forecasting.reading import show_stamp
from ..ops import Array

FEWEST_SEASONS = 2  # with fewer, season and trend can't be told apart
PLAIN_SPAN = 7  # rows of the moving average where there is no season


class Glance(NamedTuple):
    """What is worth knowing of one series."""

    rows: int  # observed ones
    first: str  # stamp
    last: str
    gaps: int  # rows missing between them
    outliers: int
    season: float | None  # strength, 0 .. 1; None: no season, or too few rows to tell


def look(panel: Panel, k: int, season: int, log: bool = False) -> Glance:
    """One series of a panel.

    Args:
        panel: the panel.
        k: the series.
        season: rows in a season; 1: none.
        log: whether the series is taken in logarithms, as the network does.
    """
    rows = panel.series(k)
    stamps, y, seen = panel.stamps(k), panel.y[rows], panel.observed[rows]
    first, last = show_stamp(stamps[0]), show_stamp(stamps[-1])
    strength, remainder = decompose(np.log(y) if log else y, season)
    return Glance(int(seen.sum()), first, last, int((~seen).sum()), outliers(remainder[seen]), strength)


def decompose(y: Array, season: int) -> tuple[float | None, Array]:
    """The strength of the season, and what season and trend leave of a series (n,).

    The trend is a centred moving average over one season, the season the mean of each of its places; the strength is
    max(0, 1 - Var(R) / Var(S + R)). Source: Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", 3rd
    edition, 3.4 (classical decomposition) and 4.3 (strength).

    >>> round(decompose(np.tile([1.0, 5.0, 2.0], 8), 3)[0], 3)
    1.0
    """
    seasonal = season > 1 and len(y) >= FEWEST_SEASONS * season
    span = season if seasonal else min(PLAIN_SPAN, len(y) - (len(y) + 1) % 2)
    weights = np.ones(span) if span % 2 else np.r_[0.5, np.ones(span - 1), 0.5]
    half = len(weights) // 2
    # at both ends the trend goes on as it was half a window inside
    inside = np.convolve(y, weights / weights.sum(), "valid")
    trend = np.concatenate((np.full(half, inside[0]), inside, np.full(len(y) - half - len(inside), inside[-1])))
    rest = y - trend
    if not seasonal:
        return None, rest
    middle = slice(half, half + len(inside))
    places = np.arange(len(y)) % season
    sums = np.bincount(places[middle], rest[middle], season)
    means = sums / np.maximum(np.bincount(places[middle], minlength=season), 1)
    remainder = rest - means[places]
    whole = float(np.var(rest[middle]))
    return (max(0.0, 1 - float(np.var(remainder[middle])) / whole) if whole > 0 else 0.0), remainder


def outliers(remainder: Array) -> int:
    """How many values lie more than three interquartile ranges outside the quartiles.

    Source: Hyndman, "Detecting time series outliers", 2021 (forecast::tsoutliers), after Tukey.

    >>> outliers(np.array([0.0, 1, 0, 1, 0, 1, 0, 1, 50]))
    1
    """
    low, high = np.quantile(remainder, [0.25, 0.75])
    reach = 3 * (high - low)
    tiny = 1e-9 * max(1.0, float(np.abs(remainder).max()))  # of a perfect season rounding is left
    return int(((remainder < low - reach - tiny) | (remainder > high + reach + tiny)).sum())
