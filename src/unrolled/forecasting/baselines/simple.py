"""Simple baselines: the last value, the last season, straight lines and means."""

import numpy as np

from ...arrays import Array
from ...series.origins import Origins
from ...series.ragged import side_by_side

ROWS_AVERAGED_WITHOUT_SEASON = 28
SEASONS_AVERAGED = 4


def naive(origins: Origins, horizon: int, season: int) -> Array:
    """The last known value, repeated."""
    return np.repeat(origins.panel.y[origins.last_known][:, None], horizon, axis=1)


def seasonal_naive(origins: Origins, horizon: int, season: int) -> Array:
    """The last season, repeated."""
    return origins.panel.y[np.maximum(_places(origins, horizon, season), origins.starts[:, None])]


def _places(origins: Origins, horizon: int, season: int) -> Array:
    """The last row of the same place in the season as each row ahead, (N, horizon); it may lie before its series."""
    ahead = np.arange(1, horizon + 1)
    return origins.ends[:, None] - 1 + ahead - season * -(-ahead // season)


def drift(origins: Origins, horizon: int, season: int) -> Array:
    """The straight line through the first and the last known value."""
    y, starts, last = origins.panel.y, origins.starts, origins.last_known
    slope = (y[last] - y[starts]) / np.maximum(last - starts, 1)
    return y[last][:, None] + slope[:, None] * (origins.rows_ahead(horizon) - last[:, None])


def window_average(origins: Origins, horizon: int, season: int) -> Array:
    """The mean of the last season (without a season of the last 28 values), repeated."""
    rows = season if season > 1 else ROWS_AVERAGED_WITHOUT_SEASON
    return _average(origins, np.maximum(origins.ends - rows, origins.starts), horizon)


def historic_average(origins: Origins, horizon: int, season: int) -> Array:
    """The mean of all values, repeated."""
    return _average(origins, origins.starts, horizon)


def _average(origins: Origins, starts: Array, horizon: int) -> Array:
    """The mean of the rows from `starts` (N,) to each origin, repeated."""
    means = np.empty(len(origins))
    for rows, values in side_by_side(origins.panel.y, starts, origins.ends):
        means[rows] = values.mean(axis=1)
    return np.repeat(means[:, None], horizon, axis=1)


def seasonal_window_average(origins: Origins, horizon: int, season: int) -> Array:
    """The mean of the last four seasons (or of those that a series has), repeated."""
    total, places = seasonal_naive(origins, horizon, season), _places(origins, horizon, season)
    count = np.ones_like(total)
    for _ in range(1, SEASONS_AVERAGED):
        places = places - season
        inside = places >= origins.starts[:, None]
        total += np.where(inside, origins.panel.y[np.maximum(places, 0)], 0.0)
        count += inside
    return total / count
