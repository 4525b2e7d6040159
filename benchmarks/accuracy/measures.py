"""Measures of accuracy as the M4 competition defines them: means over series of each series' mean.

    sMAPE = mean_t 200 |y_t - f_t| / (|y_t| + |f_t|)
    MASE  = mean_t |y_t - f_t| / s,        s = mean_{j>m} |x_j - x_{j-m}| over the training part x, season m
    MSIS  = mean_t ((u_t - l_t) + 2/a max(l_t - y_t, 0) + 2/a max(y_t - u_t, 0)) / s,    a = 0.05 for 95 %
    OWA   = (sMAPE / sMAPE of Naive2 + MASE / MASE of Naive2) / 2, of the means over series

Makridakis, Spiliotis, Assimakopoulos (2020): The M4 Competition, International Journal of Forecasting 36(1).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from utilsforecast import losses

LEVEL = 95  # per cent, of the intervals that M4 asked for


def scores(train: pd.DataFrame, forecast: pd.DataFrame, model: str, season: int) -> dict[str, float]:
    """sMAPE and MASE, and, if there are intervals, their MSIS and coverage.

    Args:
        train: `unique_id`, `ds`, `y`, sorted; of the same series as the forecast.
        forecast: `unique_id`, `ds`, `y` and columns `model`, `model-lo-95`, `model-hi-95`.
        season: m of the scale; M4: 24 for hourly, 12 for monthly series.

    >>> train = pd.DataFrame({"unique_id": "A", "ds": [1, 2, 3, 4], "y": [1.0, 3.0, 5.0, 6.0]})
    >>> forecast = pd.DataFrame({"unique_id": "A", "ds": [5, 6], "y": [6.0, 9.0], "f": [10.0, 9.0]})
    >>> {name: round(value, 6) for name, value in scores(train, forecast, "f", 2).items()}
    {'smape': 25.0, 'mase': 0.571429}
    """
    found = {
        "smape": 200 * losses.smape(forecast, [model])[model].mean(),
        "mase": losses.mase(forecast, [model], season, train)[model].mean(),
    }
    if f"{model}-lo-{LEVEL}" in forecast:
        found["msis"] = msis(train, forecast, model, season)
        found["coverage"] = 100 * losses.coverage(forecast, [model], LEVEL)[model].mean()
    for name, value in found.items():
        if not np.isfinite(value):
            raise ValueError(f"{name} is {value}: a forecast is missing, or a series never changes over a season")
    return {name: float(value) for name, value in found.items()}


def msis(train: pd.DataFrame, forecast: pd.DataFrame, model: str, season: int) -> float:
    lower, upper, y = forecast[f"{model}-lo-{LEVEL}"], forecast[f"{model}-hi-{LEVEL}"], forecast["y"]
    alpha = 1 - LEVEL / 100
    width = upper - lower + 2 / alpha * ((lower - y).clip(lower=0) + (y - upper).clip(lower=0))
    by_series = width.groupby(forecast["unique_id"]).mean()
    change = train.groupby("unique_id")["y"].diff(season).abs()
    return float((by_series / change.groupby(train["unique_id"]).mean()).mean())


def owa(own: dict[str, float], naive2: dict[str, float]) -> float:
    return (own["smape"] / naive2["smape"] + own["mase"] / naive2["mase"]) / 2


# --- naive forecasts of one series, each of h values -------------------------------------------------------------


def naive(y: np.ndarray, season: int, h: int) -> np.ndarray:
    return np.repeat(y[-1], h)


def seasonal_naive(y: np.ndarray, season: int, h: int) -> np.ndarray:
    return np.resize(y[-season:], h) if len(y) >= season else naive(y, season, h)


def naive2_forecast(y: np.ndarray, season: int, h: int) -> np.ndarray:
    """The naive forecast of the seasonally adjusted series, with the season put back; naive without a season."""
    if not is_seasonal(y, season):
        return naive(y, season, h)
    index = seasonal_indices(y, season)
    places = np.arange(len(y) + h) % season
    return y[-1] / index[places[len(y) - 1]] * index[places[len(y) :]]


def is_seasonal(y: np.ndarray, season: int) -> bool:
    """M4's test: the autocorrelation at the season is beyond the 90 % limits of Bartlett's formula."""
    n = len(y)
    if season == 1 or n < 3 * season:
        return False
    z = y - y.mean()
    if not z.any():
        return False
    acf = np.array([z[k:] @ z[: n - k] for k in range(1, season + 1)]) / (z @ z)
    return bool(abs(acf[-1]) > 1.645 * np.sqrt((1 + 2 * (acf[:-1] @ acf[:-1])) / n))


def seasonal_indices(y: np.ndarray, season: int) -> np.ndarray:
    """Indices (season,) of classical multiplicative decomposition, as in R's `decompose`; their mean is 1."""
    half = season // 2
    weights = np.full(2 * half + 1, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    ratio = y[half : len(y) - half] / np.convolve(y, weights, "valid")
    place = np.arange(half, len(y) - half) % season
    index = np.bincount(place, ratio, season) / np.bincount(place, minlength=season)
    return index / index.mean()


BASELINES = {"naive": naive, "seasonal naive": seasonal_naive, "Naive2": naive2_forecast}


def with_baselines(
    train: pd.DataFrame, test: pd.DataFrame, season: int, names: Iterable[str] = BASELINES
) -> pd.DataFrame:
    """`test`, whose series follow each other, with a further column for each named baseline of `BASELINES`."""
    past = {key: part.to_numpy() for key, part in train.groupby("unique_id")["y"]}
    sizes = test.groupby("unique_id", sort=False).size()
    columns = {
        name: np.concatenate([BASELINES[name](past[key], season, h) for key, h in sizes.items()]) for name in names
    }
    return test.assign(**columns)
