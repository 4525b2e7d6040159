"""Summaries of series: length, gaps, outliers and the strength of the season."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Array
from .dataframe import format_stamp
from .panel import Panel

MIN_SEASONS = 2  # with fewer, season and trend can't be separated
MIN_MEDIAN_WINDOW = 7  # rows of a running median


class SeriesSummary(NamedTuple):
    """Key figures of one series."""

    rows: int  # observed rows
    first: str  # timestamp
    last: str  # timestamp
    gaps: int  # rows missing between them
    outliers: int
    season: float | None  # strength, 0 .. 1; None: no season, or too few rows to estimate it


def summarize_series(panel: Panel, k: int, season: int, log: bool = False) -> SeriesSummary:
    """The summary of series k of a panel with `season` rows per season; 1: none.

    If `log`, outliers and the season are those of the logarithms, which the network reads.
    """
    observed = panel.observed[panel.series(k)]
    cleaned, outliers = _cleaned(panel, k, season, log)
    first, last = map(
        format_stamp, panel.frequency.local_stamps(panel.first[k] + np.array([0, panel.lengths[k] - 1]))
    )
    return SeriesSummary(
        rows=int(observed.sum()),
        first=first,
        last=last,
        gaps=int((~observed).sum()),
        outliers=outliers,
        season=season_strength(cleaned, season),
    )


def count_outliers(panel: Panel, k: int, season: int) -> int:
    """The number of outliers among the observed rows of series k."""
    return _cleaned(panel, k, season, False)[1]


def _cleaned(panel: Panel, k: int, season: int, log: bool) -> tuple[Array, int]:
    """Series k, or its logarithm, without outliers (n,), and the number of outliers that are observed."""
    rows = panel.series(k)
    values = np.log(panel.y[rows]) if log else panel.y[rows]
    cleaned = without_outliers(values, season)
    return cleaned, int((panel.observed[rows] & (cleaned != values)).sum())


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
    remainder = detrended - pd.Series(detrended).groupby(np.arange(len(trend)) % season).transform("mean").to_numpy()
    variance, rounding = float(np.var(detrended)), (1e-9 * float(np.abs(y).max())) ** 2
    return max(0.0, 1 - float(np.var(remainder)) / variance) if variance > rounding else 0.0


def without_outliers(y: Array, season: int) -> Array:
    """A series (n,) with its outliers replaced by the trend and season at their rows.

    Outliers lie more than three interquartile ranges outside the quartiles of the remainder after subtracting a
    running median and the median of each position in the season. Source: Hyndman, "Detecting time series outliers",
    2021 (forecast::tsoutliers), after Tukey; with medians in place of STL.

    >>> float(without_outliers(np.array([0.0, 1, 0, 1, 0, 1, 0, 50, 0, 1, 0, 1]), 2)[7])
    1.0
    """
    seasonal = season > 1 and len(y) >= MIN_SEASONS * season
    # whole seasons, and enough rows that a single one does not determine the median
    span = min(season * -(-MIN_MEDIAN_WINDOW // season) if seasonal else MIN_MEDIAN_WINDOW, len(y))
    smooth = _running_median(y, span)
    if seasonal:
        smooth = smooth + _medians_by_position(y - smooth, season)
    remainder = y - smooth
    low, high = np.quantile(remainder, [0.25, 0.75])
    margin = 3 * (high - low) + 1e-9 * max(1.0, float(np.abs(y).max()))  # a perfect season leaves rounding errors
    return np.where((remainder < low - margin) | (remainder > high + margin), smooth, y)


def _running_median(y: Array, span: int) -> Array:
    """The median of the rows around each row, (n,), extrapolated in a straight line at both ends."""
    inside = pd.Series(y).rolling(span).median().to_numpy()[span - 1 :]
    run = min(span, len(inside) - 1)  # rows over which the slopes at the ends are measured
    rise, final_rise = (inside[run] - inside[0], inside[-1] - inside[-1 - run]) if run else (0.0, 0.0)
    before, after = (span - 1) // 2, span // 2
    left = inside[0] - rise / max(run, 1) * np.arange(before, 0, -1)
    right = inside[-1] + final_rise / max(run, 1) * np.arange(1, after + 1)
    return np.concatenate((left, inside, right))


def _medians_by_position(values: Array, season: int) -> Array:
    """For each row the median over the rows at the same position in the season, (n,)."""
    seasons, more = divmod(len(values), season)  # the first positions have one row more
    whole = values[: seasons * season].reshape(seasons, season)
    longer = np.concatenate((whole[:, :more], values[None, seasons * season :]))
    medians = np.concatenate((np.median(longer, 0), np.median(whole[:, more:], 0)))
    return np.tile(medians, seasons + 1)[: len(values)]
