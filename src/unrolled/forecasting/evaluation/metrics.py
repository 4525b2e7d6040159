"""All measures of a forecast, as means over the values of each series, each step ahead or each block.

Per series, with the steps of all its forecasts taken together:

- MAE, RMSE: in the units of the target.
- sMAPE = mean 200 |y - f| / (|y| + |f|), from 0 to 200; unknown where a value is 0 or where values have both signs,
  since it then hardly depends on the forecast.
- MASE = MAE / s, with s = mean |x_j - x_(j-m)| over the history x, the in-sample error of the seasonal naive; m is
  the MASE season, 1 for days and weeks. RMSSE: the same with squares, and the root of all.
- coverage: share of values inside an interval, both ends included.
- IS, the interval score (Winkler's) of coverage 1 - α: mean (u - l) + 2/α (l - y)₊ + 2/α (y - u)₊. MSIS = IS / s.
- CRPS, from the nine learned quantiles: the mean over them of twice the pinball loss. The levels are not evenly
  spaced, so the tails have more weight than in the exact integral; methods on the same grid can be compared.

Over series: plain means; sMAPE only if it is known for all of them.
OWA = (sMAPE / sMAPE of Naive2 + MASE / MASE of Naive2) / 2, of those means.

Sources: Makridakis, Spiliotis & Assimakopoulos, "The M4 competition", Int. J. of Forecasting 36, 2020 (sMAPE, MASE,
MSIS, OWA); Gneiting & Raftery, "Strictly proper scoring rules", JASA 102, 2007 (interval score, CRPS).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from ...arrays import Array
from ...series.panel import Panel
from ..probabilistic.interval_columns import models_in
from ..probabilistic.quantiles import GRID_LEVELS, LEARNED
from .student import limit_of_chance

POINT_MEASURES = ("sMAPE", "MASE", "RMSSE", "MAE", "RMSE")  # what every comparison shows
SQUARED = ("RMSSE", "RMSE")  # roots of mean squares
RESOLUTION = 2.0**-23  # relative; smaller errors are rounding
SHARE_OF_MANY_ZEROS = 0.5  # from which on errors are squared, because 0 has the smallest absolute error
INTERVAL_MEASURES = ("coverage", "IS", "MSIS")  # with the level behind it, such as coverage-80
OWA_REFERENCE = "Naive2"  # of OWA


class InSampleValues(NamedTuple):
    """The values before the forecasts: the rows of each series on their grid, in order, NaN where unknown."""

    ids: Array  # (n,)
    y: Array  # (n,)
    season: int | Array  # m of MASE, RMSSE and MSIS; if series differ, one per row, (n,)

    @classmethod
    def concatenated(cls, parts: Sequence[InSampleValues]) -> InSampleValues:
        """One history of several with different series."""
        seasons = [np.broadcast_to(part.season, part.ids.shape) for part in parts]
        ids, y = np.concatenate([part.ids for part in parts]), np.concatenate([part.y for part in parts])
        return cls(ids, y, np.concatenate(seasons))


def score_series(
    ids: Array, y: Array, forecasts: Mapping[str, Array], history: InSampleValues | None = None
) -> pd.DataFrame:
    """All measures of each series and model.

    Args:
        ids: the series of each forecast value, (n,).
        y: the actual values, (n,); rows where they are NaN do not count.
        forecasts: columns such as RNN, RNN-lo-80, RNN-hi-80, (n,) each.
        history: for the scaled errors; without it, they are left out.

    Returns:
        A table indexed by series and model. A measure is NaN where it does not exist (no intervals, or no scale
        because the history is constant or short).

    >>> scores = score_series(np.zeros(2), np.array([10.0, 20.0]), {"flat": np.array([10.0, 10.0])})
    >>> scores.loc[(0.0, "flat"), ["MAE", "RMSE"]].round(3).tolist()
    [5.0, 7.071]
    """
    return score_groups("series", ids, y, forecasts, None if history is None else scales(history, ids))


def score_groups(
    kind: str, groups: Array, y: Array, forecasts: Mapping[str, Array], divisors: Array | None = None
) -> pd.DataFrame:
    """All measures of each group of values and model; arguments and table as in `score_series`.

    Args:
        kind: the name of the groups, such as "step".
        groups: the group of each value, (n,).
        divisors: of MASE and RMSSE for the series of each value, (n, 2), see `scales`; None leaves them out.
    """
    known = np.flatnonzero(~np.isnan(y))
    order = known[np.argsort(groups[known], kind="stable")]
    names, starts = np.unique(groups[order], return_index=True)
    y, forecasts = y[order], {name: values[order] for name, values in forecasts.items()}
    divisors = None if divisors is None else divisors[order]
    one_sign = (np.minimum.reduceat(y, starts) > 0) | (np.maximum.reduceat(y, starts) < 0)
    models = models_in(forecasts)
    means: dict[str, Array] = {}  # (groups, models) each
    for k, terms in enumerate(_terms(y, forecasts, models, divisors)):
        for name, values in terms.items():
            mean = _group_means(values, starts)
            mean = mean**0.5 if name in SQUARED else np.where(one_sign, mean, np.nan) if name == "sMAPE" else mean
            means.setdefault(name, np.full((len(names), len(models)), np.nan))[:, k] = mean
    index = pd.MultiIndex.from_product([names, list(models)], names=[kind, "model"])
    levels = sorted({level for intervals in models.values() for level in intervals})
    columns = [*POINT_MEASURES, "CRPS", *(f"{kind}-{level:g}" for level in levels for kind in INTERVAL_MEASURES)]
    return pd.DataFrame({name: means[name].ravel() for name in columns if name in means}, index)


def _terms(
    y: Array,
    forecasts: Mapping[str, Array],
    models: Mapping[str, Mapping[float, tuple[str, str]]],
    divisors: Array | None,
) -> Iterator[dict[str, Array]]:
    """The terms of the means, (n,) each: one dictionary per model. Those of `SQUARED` are squares."""
    for model, intervals in models.items():
        f = forecasts[model]
        error, size = np.abs(f - y), np.abs(f) + np.abs(y)
        error = np.where(error <= RESOLUTION * np.abs(y), 0.0, error)  # of networks that compute in 32 bits
        with np.errstate(over="ignore"):  # the square of a very large error is infinite
            terms = {"MAE": error, "RMSE": error**2}
        terms["sMAPE"] = 200 * np.divide(error, size, out=np.zeros_like(error), where=size != 0)
        bounds = {level: (forecasts[low], forecasts[high]) for level, (low, high) in intervals.items()}
        if set(GRID_LEVELS) <= set(bounds):
            lower = [bounds[level][0] for level in GRID_LEVELS]
            upper = [bounds[level][1] for level in reversed(GRID_LEVELS)]
            errors = [y - value for value in (*lower, f, *upper)]
            pinball = [np.maximum(q * e, (q - 1) * e) for q, e in zip(LEARNED, errors, strict=True)]
            terms["CRPS"] = 2 * np.mean(pinball, axis=0)
        for level, (low, high) in bounds.items():
            outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
            terms[f"coverage-{level:g}"] = ((low <= y) & (y <= high)).astype(np.float64)
            terms[f"IS-{level:g}"] = high - low + 2 / (1 - level / 100) * outside
        if divisors is not None:
            scale, root = divisors.T
            terms |= {"MASE": error / scale, "RMSSE": (error / root) ** 2}
            terms |= {f"MS{name}": terms[name] / scale for name in list(terms) if name.startswith("IS-")}
        yield terms


def _group_means(values: Array, starts: Array) -> Array:
    """The means of the known numbers among the values from each start to the next."""
    known = ~np.isnan(values)
    total = np.add.reduceat(np.where(known, values, 0.0), starts)
    count = np.add.reduceat(known.astype(np.float64), starts)
    return np.divide(total, count, out=np.full(len(starts), np.nan), where=count > 0)


def scales(history: InSampleValues, series: Array) -> Array:
    """The divisors of MASE and of RMSSE for each of these series, (n, 2); NaN for a constant or short history."""
    order = np.argsort(history.ids, kind="stable")
    ids, y = history.ids[order], history.y[order]
    season = np.broadcast_to(history.season, history.ids.shape)[order]
    names, starts = np.unique(ids, return_index=True)
    if not len(names):
        return np.full((len(series), 2), np.nan)
    row = np.arange(len(ids))
    inside = row - np.repeat(starts, np.diff([*starts, len(ids)])) >= season
    change = np.where(inside, y - y[np.where(inside, row - season, row)], np.nan)
    found = np.column_stack([_group_means(np.abs(change), starts), _group_means(change**2, starts) ** 0.5])
    found[found == 0] = np.nan
    place = np.minimum(np.searchsorted(names, series), len(names) - 1)
    return np.where((names[place] == series)[:, None], found[place], np.nan)


def summarize(scores: pd.DataFrame) -> pd.DataFrame:
    """Means over series, one row per model, and OWA if Naive2 is among the models.

    >>> scores = score_series(np.zeros(2), np.array([10.0, 20.0]), {"flat": np.array([10.0, 10.0])})
    >>> summarize(scores).index.tolist()
    ['flat']
    """
    by_model = scores.groupby(level="model", sort=False)
    table = by_model.mean()
    table["sMAPE"] = table["sMAPE"].where(by_model["sMAPE"].count() == by_model.size())
    if OWA_REFERENCE in table.index and "MASE" in table:
        reference = table.loc[OWA_REFERENCE]
        with np.errstate(divide="ignore", invalid="ignore"):
            owa = (table["sMAPE"] / reference["sMAPE"] + table["MASE"] / reference["MASE"]) / 2
        table.insert(list(table.columns).index("MASE") + 1, "OWA", owa.replace(np.inf, np.nan))
    return table


def without_scale(scores: pd.DataFrame) -> list[str]:
    """A sentence on the series that means of scaled errors leave out, from the errors by series and model."""
    known = scores["MASE"].groupby(level="series").count() > 0
    if known.all() or not known.any():
        return []
    without = int((~known).sum())
    verb, whose = ("has", "its") if without == 1 else ("have", "their")
    return [
        f"{without:,} of {len(known):,} series {verb} no MASE and RMSSE, because {whose} earlier values are too few "
        "or repeat exactly"
    ]


def at_levels(table: pd.DataFrame, levels: Iterable[float]) -> pd.DataFrame:
    """The measures of points, and those of intervals of these levels."""
    wanted = {f"{kind}-{level:g}" for level in levels for kind in INTERVAL_MEASURES}
    return table[[c for c in table if c in wanted or str(c).partition("-")[0] not in INTERVAL_MEASURES]]


def has_many_zeros(values: Array) -> bool:
    """Whether at least half of the known values are 0, but not all."""
    known = values[~np.isnan(values)]
    return bool(len(known)) and SHARE_OF_MANY_ZEROS <= float(np.mean(known == 0)) < 1


def judging_measure(table: pd.DataFrame, many_zeros: bool = False) -> str:
    """The measure by which models are compared: MASE, or MAE where MASE is unknown, as for a constant series.

    Unlike sMAPE, MASE is meaningful for values that are 0 or change their sign. If half of the values are 0,
    forecasts of 0 have small absolute errors whatever the mean is; then it is RMSSE, or RMSE.

    Sources: Hyndman & Koehler, Int. J. of Forecasting 22, 2006; Makridakis, Spiliotis & Assimakopoulos, "M5 accuracy
    competition", Int. J. of Forecasting 38, 2022.
    """
    scaled, unscaled = ("RMSSE", "RMSE") if many_zeros else ("MASE", "MAE")
    return scaled if scaled in table and np.isfinite(table[scaled]).all() else unscaled


class Contest(NamedTuple):
    """The network against the best baseline."""

    network: str
    best: str  # of the baselines
    measure: str
    errors: tuple[float, float]  # of the network and of the best baseline
    noise: float  # standard error of their difference; 0 where it is unknown
    parts: int  # from which it is estimated

    @classmethod
    def of(cls, table: pd.DataFrame, name: str, measure: str, by_part: pd.DataFrame) -> Contest:
        """The contest in a table of errors, one row per model.

        Args:
            table: means over the series.
            name: the network's row.
            measure: the column that decides.
            by_part: the errors by series and model, or of a single series by block of rows and model; from their
                differences the noise is estimated.
        """
        errors = table[measure]
        best = str(errors.drop(name).idxmin())
        own = by_part[measure].unstack("model")
        difference = (own[name] - own[best]).dropna()
        noise = float(difference.std(ddof=1) / np.sqrt(len(difference))) if len(difference) > 1 else 0.0
        return cls(name, best, measure, (float(errors[name]), float(errors[best])), noise, len(difference))

    @property
    def chance(self) -> float:
        """The difference below which chance explains it, by Student's t test of 5 %."""
        return self.noise * limit_of_chance(self.parts - 1) if self.noise else 0.0

    @property
    def outcome(self) -> Literal["better", "worse", "tie"]:
        """A difference that chance explains, or of rounding only, is a tie."""
        ours, theirs = self.errors
        if abs(ours - theirs) <= max(self.chance, 1e-9 * max(ours, theirs)):
            return "tie"
        return "better" if ours < theirs else "worse"

    def __str__(self) -> str:
        """The verdict."""
        ours, theirs = self.errors
        figures = f"{self.measure} {ours:.4g} against {theirs:.4g}"
        if self.outcome == "better":
            return f"The network beats the best baseline ({self.best}): {figures}."
        if self.outcome == "worse":
            return f"The network loses to {self.best}: {figures}. Prefer {self.best} here."
        if ours == theirs == 0:
            return f"The network and {self.best} make no error here."
        if not self.noise or ours == theirs:
            return f"The network and {self.best} are equally good here: {figures}."
        first, other = ("The network", self.best) if ours < theirs else (self.best, "the network")
        return (
            f"{first} has a smaller error than {other} here, but not clearly: {self.measure} {min(ours, theirs):.4g} "
            f"against {max(ours, theirs):.4g}; differences up to {self.chance:.2g} may be chance."
        )


def in_sample_values(panel: Panel, season: int, numbers: Array | None = None) -> InSampleValues:
    """The values of a panel by which errors are scaled; filled gaps are unknown.

    The ids are these numbers of its series (S,); None: 0 .. S - 1.
    """
    numbers = np.arange(len(panel.ids)) if numbers is None else numbers
    return InSampleValues(np.repeat(numbers, panel.lengths), np.where(panel.observed, panel.y, np.nan), season)
