"""Naive2: the seasonally adjusted naive forecast, the reference of the M4 competition."""

import numpy as np

from ...arrays import Array
from ...series.origins import Origins
from .simple import naive

CRITICAL_VALUE = 1.645  # of the standard normal distribution: 90 %, two-sided


def naive2(origins: Origins, horizon: int, season: int) -> Array:
    """The naive forecast of the seasonally adjusted series, with the season put back: the reference of M4.

    A series is seasonal where |acf_m| > 1.645 √((1 + 2 Σ_{k<m} acf_k²) / n), with n ≥ 3 m values. Its seasonal
    indices are those of a classical multiplicative decomposition, for which all values must be above 0. Other series,
    and all with a season of 1, are forecast by the naive method.

    Source: the M4 competition's published benchmarks, functions SeasonalityTest and Benchmarks.
    """
    out = naive(origins, horizon, season)
    if season == 1:
        return out
    for start in np.unique(origins.starts):  # one series after the other, all of its origins at once
        here = np.flatnonzero(origins.starts == start)
        sizes = origins.ends[here] - start
        x = origins.panel.y[start : start + sizes.max()]
        positive = np.logical_and.accumulate(x > 0)[sizes - 1]
        seasonal = positive & is_seasonal(x, sizes, season)
        here, sizes = here[seasonal], sizes[seasonal]
        if len(here):
            indices = seasonal_indices(x, sizes, season)  # (M, m)
            places = (sizes[:, None] + np.arange(horizon)) % season
            known = (origins.last_known[here] - start)[:, None]
            last = np.take_along_axis(indices, known % season, axis=1)
            out[here] *= np.take_along_axis(indices, places, axis=1) / last
    return out


def is_seasonal(x: Array, sizes: Array, season: int) -> Array:
    """M4's test on the first sizes[k] values of one series, for each k, (M,) bool.

    Running sums give the autocorrelations of all beginnings in one pass. They are taken about the first value, which
    all beginnings share, so that later values do not change them, not even by rounding.
    """
    if len(x) < 3 * season:
        return np.zeros(len(sizes), bool)
    centred = x - x[0]
    total = np.concatenate(([0.0], np.cumsum(centred)))
    mean = total[sizes] / sizes

    def covariance(lag: int) -> Array:  # n times the autocovariance
        products = np.concatenate((np.zeros(lag + 1), np.cumsum(centred[lag:] * centred[: len(centred) - lag])))
        short = np.maximum(sizes - lag, 0)
        ends = total[short] + total[sizes] - total[np.minimum(lag, sizes)]
        return products[np.maximum(sizes, lag)] - mean * ends + short * mean**2

    variance = covariance(0)
    # the rounding error of a constant series is no variance
    usable = (sizes >= 3 * season) & (variance > 1e-12 * np.maximum.accumulate(np.abs(x))[sizes - 1] ** 2 * sizes)
    acf = [
        np.divide(covariance(lag), variance, out=np.zeros(len(sizes)), where=usable) for lag in range(1, season + 1)
    ]
    limit = CRITICAL_VALUE * np.sqrt((1 + 2 * np.sum(np.square(acf[:-1]), axis=0)) / sizes)
    return usable & (np.abs(acf[-1]) > limit)


def seasonal_indices(x: Array, sizes: Array, season: int) -> Array:
    """Multiplicative indices from the first sizes[k] values of one series, for each k, (M, season), of mean 1.

    Classical decomposition: values divided by a centred moving average of one season, averaged place by place.
    """
    half = season // 2
    weights = np.full(season, 1 / season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5] / season
    ratios = np.zeros(len(x))
    ratios[half : len(x) - half] = x[half : len(x) - half] / np.convolve(x, weights, "valid")
    usable = np.zeros(len(x))
    usable[half : len(x) - half] = 1
    limits = sizes - half  # the moving average of n values ends half a season before them
    means = _sums_by_place(ratios, limits, season) / _sums_by_place(usable, limits, season)
    return means / means.mean(axis=1, keepdims=True)


def _sums_by_place(values: Array, limits: Array, season: int) -> Array:
    """The sums of values[:limits[k]] over each place of the season, (M, season)."""
    seasons = -(-len(values) // season) + 1
    rows = np.zeros((seasons + 1, season))
    rows[1:].reshape(-1)[: len(values)] = values
    sums = np.cumsum(rows, axis=0)
    # places that are missing in the last season are summed up to the season before
    return sums[limits[:, None] // season + (np.arange(season) < limits[:, None] % season), np.arange(season)]
