"""Comparisons of the networks with the baselines on the held-out end, of one frequency and over several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...arrays import Array
from ...interactive.html import note, table, titled
from ...plurals import counted
from .metrics import POINT_MEASURES, Verdict, summarize, verdict


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """The errors of networks and baselines on the end of the series, which no network had seen.

    Attributes:
        table: one row per model, columns sMAPE (0..200), MASE, MAE, RMSE, each a mean over series.
        coverage: share of held-out values inside the intervals, by level in per cent. Each origin's intervals are
            calibrated on the other origins.
        origins: forecast origins per series.
        rows: rows held out at the end of each series.
        example: of the last origin: id, timestamp, y, the forecasts of all models, and intervals.
        name: the network's column.
        by_step: the point measures except MASE by step ahead (1 .. H) and model, all series and origins together.
        by_series: all point measures by series (its id; 0 where there are no ids) and model.
        known: held-out values by step ahead, (H,).
        pooled: whether calibration pools the steps ahead.
    """

    table: pd.DataFrame
    coverage: dict[int, float]
    origins: int
    rows: int
    example: pd.DataFrame
    name: str
    by_step: pd.DataFrame
    by_series: pd.DataFrame
    known: Array
    pooled: bool

    def __repr__(self) -> str:
        coverage = ", ".join(f"{level} %: {100 * share:.0f} %" for level, share in self.coverage.items())
        return (
            f"{self.extent}\n"
            f"{self.table.to_string(float_format=format_value, index_names=False)}\n"
            f"{self.verdict}\n"
            f"intervals held ({'steps pooled' if self.pooled else 'step by step'}): {coverage}"
        )

    @property
    def extent(self) -> str:
        """What was held out, in words."""
        return f"the last {counted(self.rows, 'row')} of each series, {counted(self.origins, 'origin')}"

    def _repr_html_(self) -> str:
        order = self.ordered
        rows = [
            [str(name), *map(format_value, values)]
            for name, values in zip(order.index, order.to_numpy(), strict=True)
        ]
        models = table(["held out", *map(str, order.columns)], rows, list(order.index).index(self.name))
        covered = table(
            ["interval", "values inside"],
            [[f"{level} %", f"{100 * share:.0f} %"] for level, share in self.coverage.items()],
        )
        return titled(self.verdict, note(self.extent), models, covered)

    @property
    def judgement(self) -> Verdict:
        """The network compared with the best baseline."""
        return verdict(self.table, self.name, self.by_series)

    @property
    def verdict(self) -> str:
        """Whether the network is better than the baselines here, in words."""
        return str(self.judgement)

    @property
    def ordered(self) -> pd.DataFrame:
        """The table with the best model first, by the measure of the verdict."""
        return self.table.sort_values(self.judgement.measure, kind="stable")


def format_value(value: float) -> str:
    """Four significant digits; from 1,000 to 1e15 a whole number with commas instead of an exponent."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


# --- several frequencies ----------------------------------------------------------------------------


@dataclass(frozen=True, repr=False, kw_only=True)
class OverallComparison(Comparison):
    """A comparison over the series of several frequencies; rows and origins are the largest numbers of any of them.

    Attributes:
        parts: the comparison of each frequency, by its name.
    """

    parts: Mapping[str, Comparison]

    @property
    def extent(self) -> str:
        return "; ".join(f"{name}: {part.extent}" for name, part in self.parts.items())

    @property
    def by_frequency(self) -> pd.DataFrame:
        """sMAPE, one row per model, one column per frequency."""
        return pd.DataFrame({name: self._of(part) for name, part in self.parts.items()})

    def _of(self, part: Comparison) -> pd.Series:
        """A part's errors; a baseline that equals the naive one there has the errors of the naive one."""
        errors = part.table["sMAPE"].reindex(self.table.index)
        return errors.fillna(errors.get("Naive", np.nan))

    def __repr__(self) -> str:
        errors = self.by_frequency.to_string(float_format=format_value, index_names=False)
        return f"{super().__repr__()}\nsMAPE by frequency:\n{errors}"

    def _repr_html_(self) -> str:
        found = self.by_frequency
        rows = [
            [str(name), *map(format_value, values)]
            for name, values in zip(found.index, found.to_numpy(), strict=True)
        ]
        return super()._repr_html_() + table(["sMAPE", *found.columns], rows, list(found.index).index(self.name))


def combine_comparisons(parts: Mapping[str, Comparison]) -> OverallComparison | None:
    """The comparisons of some frequencies as one; None if there is none.

    In the table every series has the same weight; in errors by step and coverage every held-out value has.
    """
    if not parts:
        return None
    found = list(parts.values())
    first = found[0]
    models = list(dict.fromkeys(name for part in found for name in part.table.index))
    by_series = pd.concat([_complete(part.by_series, models) for part in found])
    values = np.array([part.known.sum() for part in found], float)
    return OverallComparison(
        table=summarize(by_series)[list(POINT_MEASURES)].loc[models],
        coverage={
            level: float(np.average([part.coverage[level] for part in found], weights=values))
            for level in first.coverage
        },
        origins=max(part.origins for part in found),
        rows=max(part.rows for part in found),
        example=pd.concat([part.example for part in found], ignore_index=True),
        name=first.name,
        by_step=_by_step(found, models),
        by_series=by_series,
        known=np.sum([part.known for part in found], axis=0),
        pooled=any(part.pooled for part in found),
        parts=dict(parts),
    )


def _complete(scores: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Scores by some key and by model, with all models. Without a season there are no scores of the seasonal naive,
    because it equals the naive, whose scores are used instead."""
    by_model = {name: scores.xs(name, level="model") for name in scores.index.unique("model")}
    whole = pd.concat({name: by_model.get(name, by_model["Naive"]) for name in models}, names=["model"])
    order = pd.MultiIndex.from_product([scores.index.unique(0), models], names=scores.index.names)
    return whole.swaplevel().reindex(order)


def _by_step(parts: Sequence[Comparison], models: Sequence[str]) -> pd.DataFrame:
    """The measures by step ahead of all values together, from those of each frequency and its number of values."""
    steps = range(1, len(parts[0].known) + 1)
    index = pd.MultiIndex.from_product([steps, models], names=parts[0].by_step.index.names)
    sums = pd.DataFrame(0.0, index, parts[0].by_step.columns)
    for part in parts:
        scores = _complete(part.by_step, models).reindex(index)
        values = scores.assign(RMSE=scores["RMSE"] ** 2).mul(np.repeat(part.known, len(models)), axis=0)
        sums += values.fillna(0.0)  # a step without actual values has no scores
    count = np.repeat(np.sum([part.known for part in parts], axis=0), len(models))
    means = sums[count > 0].div(count[count > 0], axis=0)
    return means.assign(RMSE=np.sqrt(means["RMSE"]))
