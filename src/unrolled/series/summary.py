"""Summaries of series: length, gaps, outliers and the strength of the season."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Array
from .local_clock import LocalClock
from .outliers import Outliers
from .panel import Panel

MIN_SEASONS = 2  # with fewer, season and trend can't be separated


class SeriesSummary(NamedTuple):
    """Key figures of one series."""

    periods: int  # from the first value to the last, with gaps
    first: str  # timestamp
    last: str  # timestamp
    gaps: int  # periods without a value
    outliers: int
    season: float | None  # strength, 0 .. 1; None: no season, or too few rows to estimate it


def summarize_series(panel: Panel, k: int, season: int, outliers: Outliers, log: bool = False) -> SeriesSummary:
    """The summary of series k of a panel with `season` rows per season; 1: none.

    The outliers are those of the panel. If `log`, the season is that of the logarithms, which the network reads.
    """
    rows = panel.series(k)
    observed, cleaned = panel.observed[rows], panel.y[rows].copy()
    own = (outliers.rows >= rows.start) & (outliers.rows < rows.stop)
    cleaned[outliers.rows[own] - rows.start] = outliers.usual[own]
    clock = LocalClock.of(panel.frequency, panel.first[k : k + 1], np.array([0, len(cleaned)]), season)
    first, last = panel.frequency.texts(panel.first[k] + np.array([0, panel.lengths[k] - 1]))
    return SeriesSummary(
        periods=len(observed),
        first=first,
        last=last,
        gaps=int((~observed).sum()),
        outliers=int(own.sum()),
        season=season_strength(clock.cells(np.log(cleaned) if log else cleaned), season),
    )


def season_strength(y: Array, season: int) -> float | None:
    """The strength of the season of a series (n,); None if there is no season, or fewer than two.

    The trend is a centred moving average over one season, the season S the mean of each position in it, and R the
    remainder; the strength is max(0, 1 - Var(R) / Var(S + R)). Source: Hyndman & Athanasopoulos, "Forecasting:
    Principles and Practice", 3rd edition, 3.4 (classical decomposition) and 4.3 (strength).

    >>> round(season_strength(np.tile([1.0, 5.0, 2.0], 8), 3), 3)
    1.0
    """
    if season < 2 or len(y) < MIN_SEASONS * season:
        return None
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    trend = np.convolve(y, weights / weights.sum(), "valid")
    half = len(weights) // 2
    detrended = y[half : half + len(trend)] - trend
    position = np.arange(len(detrended)) % season
    remainder = detrended - pd.Series(detrended).groupby(position).transform("mean").to_numpy()
    variance, rounding = float(np.var(detrended)), 1e-9 * float(np.abs(y).max())
    return max(0.0, 1 - float(np.var(remainder)) / variance) if variance**0.5 > rounding else 0.0
