"""The seasonal effects of a series, estimated from all of its rows.

The trend is removed by local regression, the rest is averaged for each place of the season, and these means are
shrunk by the variation that noise would give them. So a clear season is removed almost entirely, pure noise not at
all, and a season that a short series hardly distinguishes from noise only in part.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ...arrays import Array

SEASON_DECAY = 0.85  # weight of a season relative to the next one, because seasonal effects change
BACKFITTING_PASSES = 3  # alternating between the trend without the season and the season without the trend


def estimate_season(z: Array, phase: Array, season: int) -> Array:
    """The seasonal effect of each place, (season,), summing to 0; all 0 if no season is found.

    Source: Cleveland, Cleveland, McRae and Terpenning, "STL: a seasonal-trend decomposition procedure based on
    loess", J. of Official Statistics 6, 1990, with a periodic season and the trend span recommended there; Miller
    and Williams, "Shrinkage estimators of time series seasonal factors", Int. J. of Forecasting 19, 2003. They shrink
    by (season - 3) / (season - 1) of the share that noise explains; here it is the whole share, so that seasons of
    two and three places are shrunk as well.

    Args:
        z: a series, (n,).
        phase: the place of each value in the season, (n,) whole numbers below `season`.

    Example:
        >>> import numpy as np
        >>> t = np.arange(48)
        >>> estimate_season(0.5 * t + np.array([3.0, -1.0, -1.0, -1.0])[t % 4], t % 4, 4).round(2) + 0
        array([ 3., -1., -1., -1.])
    """
    none = np.zeros(season)
    if season == 1 or len(z) < 2 * season + 1:
        return none
    trend = trend_of(season)
    weight = SEASON_DECAY ** (np.arange(len(z))[::-1] / season)
    weights = np.bincount(phase, weight, minlength=season)
    means = none
    for _ in range(BACKFITTING_PASSES):
        around = z - trend(z - means[phase])
        means = np.bincount(phase, weight * around, minlength=season) / weights
        means -= means.mean()
    degrees = len(z) - (season - 1) - trend.degrees(len(z))
    variance = np.sum((around - means[phase]) ** 2) / max(degrees, 1.0)
    by_chance = variance * np.mean(np.bincount(phase, weight**2, minlength=season) / weights**2)
    found = np.sum(means**2) / (season - 1)
    return means * (1 - by_chance / found) if found > by_chance else none


@cache
def trend_of(season: int) -> LocalLinear:
    """The smoother for this season: a local line over one and a half seasons."""
    return LocalLinear(1 + 2 * (3 * season // 4))


class LocalLinear:
    """Loess: at each place a line through the `span` nearest values, weighted by nearness (tricube weights).

    Near an end the nearest values lie to one side. `span` is odd, and series must have at least that many values.
    """

    def __init__(self, span: int) -> None:
        self.half = span // 2
        values = np.arange(span)
        rows = []
        for place in range(self.half + 1):
            distance = values - place
            weight = (1 - (np.abs(distance) / (np.abs(distance).max() + 1)) ** 3) ** 3
            first, second = weight @ distance, weight @ distance**2
            rows.append(weight * (second - first * distance) / (weight.sum() * second - first**2))
        self.start, self.middle = np.array(rows[:-1]), rows[-1]

    def __call__(self, z: Array) -> Array:
        span = len(self.middle)
        inside = np.convolve(z, self.middle, "valid")  # symmetric, so that reversing it changes nothing
        return np.concatenate([self.start @ z[:span], inside, (self.start @ z[: -span - 1 : -1])[::-1]])

    def degrees(self, n: int) -> float:
        """Degrees of freedom of smoothing n values: the trace of the smoother."""
        return 2 * float(np.trace(self.start)) + (n - 2 * self.half) * float(self.middle[self.half])
