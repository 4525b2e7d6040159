"""A series at a glance: how long it is, what is missing, how strong its season is, and what stands out."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Array
from .dataframe import format_stamp
from .panel import Panel

FEWEST_SEASONS = 2  # with fewer, season and trend can't be told apart
PLAIN_SPAN = 7  # rows of a running median at least


class SeriesSummary(NamedTuple):
    """What is worth knowing of one series."""

    rows: int  # observed ones
    first: str  # stamp
    last: str
    gaps: int  # rows missing between them
    outliers: int
    season: float | None  # strength, 0 .. 1; None: no season, or too few rows to tell


def summarize_series(panel: Panel, k: int, season: int, log: bool = False) -> SeriesSummary:
    """One series of a panel.

    Args:
        panel: the panel.
        k: the series.
        season: rows in a season; 1: none.
        log: whether the series is taken in logarithms, as the network does.
    """
    rows = panel.series(k)
    stamps, y, seen = panel.stamps(k), panel.y[rows], panel.observed[rows]
    first, last = format_stamp(stamps[0]), format_stamp(stamps[-1])
    values = np.log(y) if log else y
    usual = without_outliers(values, season)
    far = seen & (usual != values)
    return SeriesSummary(
        int(seen.sum()), first, last, int((~seen).sum()), int(far.sum()), season_strength(usual, season)
    )


def season_strength(y: Array, season: int) -> float | None:
    """How strong the season of a series (n,) is; None where there is none, or fewer than two.

    The trend is a centred moving average over one season, the season the mean of each of its places, R what both
    leave; the strength is max(0, 1 - Var(R) / Var(S + R)). Source: Hyndman & Athanasopoulos, "Forecasting: Principles
    and Practice", 3rd edition, 3.4 (classical decomposition) and 4.3 (strength).

    >>> round(season_strength(np.tile([1.0, 5.0, 2.0], 8), 3), 3)
    1.0
    """
    if season < 2 or len(y) < FEWEST_SEASONS * season:
        return None
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    trend = np.convolve(y, weights / weights.sum(), "valid")
    half = len(weights) // 2
    rest = y[half : half + len(trend)] - trend
    remainder = rest - _by_place(rest, season, "mean")
    whole, tiny = float(np.var(rest)), (1e-9 * float(np.abs(y).max())) ** 2  # rounding has no season
    return max(0.0, 1 - float(np.var(remainder)) / whole) if whole > tiny else 0.0


def without_outliers(y: Array, season: int) -> Array:
    """A series (n,) with its outliers replaced by what trend and season make of their rows.

    Outliers lie more than three interquartile ranges outside the quartiles of what is left when a running median and
    the median of each place in the season are taken away. Source: Hyndman, "Detecting time series outliers", 2021
    (forecast::tsoutliers), after Tukey; with medians in place of STL.

    >>> float(without_outliers(np.array([0.0, 1, 0, 1, 0, 1, 0, 50, 0, 1, 0, 1]), 2)[7])
    1.0
    """
    seasonal = season > 1 and len(y) >= FEWEST_SEASONS * season
    # whole seasons, and rows enough that one of them has no say in the median
    span = min(season * -(-PLAIN_SPAN // season) if seasonal else PLAIN_SPAN, len(y))
    usual = _running_median(y, span)
    if seasonal:
        usual = usual + _by_place(y - usual, season, "median")
    rest = y - usual
    low, high = np.quantile(rest, [0.25, 0.75])
    reach = 3 * (high - low) + 1e-9 * max(1.0, float(np.abs(y).max()))  # of a perfect season rounding is left
    return np.where((rest < low - reach) | (rest > high + reach), usual, y)


def _running_median(y: Array, span: int) -> Array:
    """The median of the rows around each, (n,); at both ends it goes on in a straight line."""
    inside = pd.Series(y).rolling(span).median().to_numpy()[span - 1 :]
    reach = min(span, len(inside) - 1)
    first, last = (inside[reach] - inside[0], inside[-1] - inside[-1 - reach]) if reach else (0.0, 0.0)
    before, after = (span - 1) // 2, span // 2
    steps = max(reach, 1)
    left = inside[0] - first / steps * np.arange(before, 0, -1)
    right = inside[-1] + last / steps * np.arange(1, after + 1)
    return np.concatenate((left, inside, right))


def _by_place(values: Array, season: int, of: Literal["mean", "median"]) -> Array:
    """For each row the mean or median over the rows at the same place in the season, (n,)."""
    return pd.Series(values).groupby(np.arange(len(values)) % season).transform(of).to_numpy()
