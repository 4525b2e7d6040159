"""The networks' forecasts averaged with those of other methods: such averages often have smaller errors.

The median becomes the weighted average, in the units in which the networks forecast (so that it is a geometric one
for a series taken in logarithms). All other quantiles move with it, so that the spread stays that of the networks.
Calibration and all later steps use the average.

Source: Bates & Granger, "The combination of forecasts", Operational Research Quarterly 20, 1969. Most of the best
entries of the M4 competition were such averages (Makridakis, Spiliotis & Assimakopoulos, Int. J. of Forecasting 36,
2020).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ...argument_types import fits
from ...arrays import Array
from ...errors import InputError
from ...series.panel import Panel
from ..baselines.registry import BASELINES, baseline_forecasts, check_baselines
from ..baselines.statistical import STATISTICAL
from ..preprocessing.transform import TransformedOrigins

DEFAULT_SHARE = 1 / 3  # of all methods together, where no weights are given
MIN_ROWS_FOR_STATISTICS = 8  # statsforecast can't fit shorter series; there the networks take its weight


def weights_of(combine: str | Sequence[str] | Mapping[str, float] | None) -> dict[str, float]:
    """The weight of each method; the networks have the remaining weight, so that the sum is 1.

    Raises:
        InputError: a name is not known, or the weights are not above 0 and together below 1.

    >>> weights_of({"autoets": 0.2, "Theta": 0.2})
    {'Theta': 0.2, 'AutoETS': 0.2}
    >>> weights_of(["Naive", "Drift"])["Drift"] == 1 / 6
    True
    """
    if combine is None:
        return {}
    if not isinstance(combine, (str, list, tuple, dict)):
        raise InputError(
            "`combine` takes the name of a method, a list of names, or weights by name such as {'AutoETS': 0.3}; "
            f"got {combine!r}."
        )
    methods = [combine] if isinstance(combine, str) else list(combine)
    names = check_baselines(methods)
    if len(names) < len(methods):
        remedy = "Give each method one weight" if isinstance(combine, dict) else "Name each method once"
        raise InputError(f"`combine` names a method twice: {', '.join(methods)}. {remedy}.")
    if not isinstance(combine, dict):
        return {name: DEFAULT_SHARE / len(names) for name in BASELINES if name in names}
    for name, weight in combine.items():
        if not (fits(weight, float) and 0 < weight < 1):
            raise InputError(
                f"`combine` gives {name} the weight {weight!r}; weights are numbers above 0 and below 1, such as 0.3."
            )
    given = dict(zip(names, combine.values(), strict=True))
    # in a fixed order: the last bit of a sum depends on it, and files do not keep it
    weights = {name: float(given[name]) for name in BASELINES if name in given}
    total = sum(weights.values())
    if total > 1 - 1e-9:  # a rounding error is no weight for the networks
        told = " + ".join(f"{name} {weight:g}" for name, weight in weights.items())
        raise InputError(
            f"the weights of `combine` sum to {total:g} ({told}); nothing remains for the networks. Lower them "
            "until their sum is below 1."
        )
    return weights


class Combination(NamedTuple):
    """The methods that networks are averaged with; none by default."""

    weights: Mapping[str, float] = MappingProxyType({})  # by the names of methods
    season: int = 1  # of all methods but Naive2, in periods
    naive2_season: int = 1  # of Naive2

    def __str__(self) -> str:
        """The shares in words.

        >>> print(Combination({"AutoETS": 0.3}))
        70 % networks and 30 % AutoETS
        """
        shares = {"networks": 1 - sum(self.weights.values()), **self.weights}
        *first, last = [f"{100 * share:.3g} % {name}" for name, share in shares.items()]
        return f"{', '.join(first)} and {last}" if first else last

    def notes(self, panel: Panel) -> list[str]:
        """What the user should know about it."""
        return [f"the forecast is {self}", *self.too_short(panel)] if self.weights else []

    def too_short(self, panel: Panel) -> list[str]:
        """A note on series that are too short for some methods, if there are any."""
        statistical = [name for name in self.weights if name in STATISTICAL]
        short = int((panel.lengths < MIN_ROWS_FOR_STATISTICS).sum())
        if not (statistical and short):
            return []
        return [
            f"{short} series with fewer than {MIN_ROWS_FOR_STATISTICS} periods, too few for {', '.join(statistical)}"
            ": the networks take that weight"
        ]

    def combined(self, quantiles: Array, origins: TransformedOrigins, fitted: Array | None = None) -> Array:
        """Quantiles of the networks (N, H, L) after these origins, moved to the average; see `forecasts`."""
        return self.average(quantiles, self.forecasts(origins, quantiles.shape[1], fitted))

    def forecasts(self, origins: TransformedOrigins, horizon: int, fitted: Array | None = None) -> Array:
        """The forecasts of each method after these origins.

        Args:
            origins: N, in whole series.
            horizon: H.
            fitted: where the rows of each series end on which statistical methods are estimated, (S,); they keep
                their parameters at later origins. None: at the first origin of the series.

        Returns:
            (M, N, H) without linear effects, in the units of the target or its logarithm; NaN where there is no
            forecast, or no logarithm of it.
        """
        found = np.full((len(self.weights), len(origins), horizon), np.nan)
        if not self.weights:
            return found
        if fitted is None:
            fitted = origins.panel.offsets[1:].copy()
            np.minimum.at(fitted, origins.series, origins.ends)
        origins = origins.without_effects()
        long = fitted[origins.series] - origins.starts >= MIN_ROWS_FOR_STATISTICS
        for k, name in enumerate(self.weights):
            rows = np.flatnonzero(long) if name in STATISTICAL else np.arange(len(origins))
            ahead = baseline_forecasts(
                [name], origins.take(rows), fitted, horizon, season=self.season, naive2_season=self.naive2_season
            )
            found[k, rows] = ahead[name]
        logs = origins.transform.logs[origins.series]
        values = found[:, logs]
        found[:, logs] = np.log(values, out=np.full_like(values, np.nan), where=values > 0)
        return found

    def average(self, quantiles: Array, forecasts: Array) -> Array:
        """Quantiles (N, H, L), the median in the middle, moved so that it is the weighted average of itself and
        `forecasts` (M, N, H' ≥ H); it replaces those that are not finite."""
        if not self.weights:
            return quantiles
        median = quantiles[..., quantiles.shape[-1] // 2]
        apart = forecasts[:, :, : median.shape[1]] - median
        known = np.where(np.isfinite(apart), apart, 0.0)
        return quantiles + np.tensordot(np.array(list(self.weights.values())), known, axes=1)[..., None]


NETWORKS_ALONE = Combination()
