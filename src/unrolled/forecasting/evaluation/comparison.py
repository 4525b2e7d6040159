"""Comparisons of the networks with the baselines on the held-out end, of one frequency and over several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...arrays import Array
from ...interactive.html import note, table, titled
from ...plurals import counted
from ..baselines.registry import stand_in
from .metrics import POINT_MEASURES, SQUARED, Contest, judging_measure, summarize, without_scale

MISSING = "–"
MAX_SHORTFALL_OF_DAY = 0.1  # of its coverage; beyond it, the day is named
STRONGEST = 3  # baselines that are printed and drawn


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """The errors of networks and baselines on the end of the series, which no network had seen.

    Attributes:
        table: one row per model, columns sMAPE (0..200; NaN if a value is 0 or values have both signs), MASE, RMSSE,
            MAE, RMSE, each a mean over series.
        measure: the column by which models are compared and ordered.
        coverage: share of held-out values inside the intervals, by level in per cent. Each origin's intervals are
            calibrated on the other origins.
        coverage_by_day: the same for the values of each day of the week; empty for weeks, months and the like, and
            over several frequencies.
        origins: forecast origins per series.
        rows: rows held out at the end of each series.
        example: of the last origin: id, timestamp, y, the forecasts of all models, and intervals.
        name: the network's column.
        by_step: the point measures by step ahead (1 .. H) and model, all series and origins together.
        by_series: all point measures by series (its id; 0 where there are no ids) and model.
        by_block: the same of a single series by block of a horizon's rows from the end on; None: several series.
        known: held-out values by step ahead, (H,).
        pooled: whether calibration pools the steps ahead.
    """

    table: pd.DataFrame
    measure: str
    coverage: dict[int, float]
    coverage_by_day: dict[str, dict[int, float]]
    origins: int
    rows: int
    example: pd.DataFrame
    name: str
    by_step: pd.DataFrame
    by_series: pd.DataFrame
    by_block: pd.DataFrame | None
    known: Array
    pooled: bool

    def __repr__(self) -> str:
        coverage = ", ".join(f"{level} %: {100 * share:.0f} %" for level, share in self.coverage.items())
        shown = self.short.to_string(float_format=format_value, index_names=False, na_rep=MISSING)
        return (
            f"{self.extent}\n{shown}\n"
            f"{''.join(f'({text})' + chr(10) for text in [*self.left_out, *self.unscaled])}"
            f"{self.verdict}\n"
            f"intervals held ({'steps pooled' if self.pooled else 'step by step'}): {coverage}"
            f"{''.join(f'; {text}' for text in self.uneven)}"
        )

    @property
    def extent(self) -> str:
        """What was held out, in words."""
        of = " of each series" if self.by_block is None else ""
        return f"the last {counted(self.rows, 'period')}{of}, {counted(self.origins, 'origin')}"

    def _repr_html_(self) -> str:
        models = self._as_html("held out", self.short)
        covered = table(
            ["interval", "values inside"],
            [[f"{level} %", f"{100 * share:.0f} %"] for level, share in self.coverage.items()],
        )
        return titled(
            self.verdict,
            note(self.extent),
            models,
            *map(note, [*self.left_out, *self.unscaled]),
            covered,
            *map(note, self.uneven),
        )

    def _as_html(self, corner: str, errors: pd.DataFrame) -> str:
        """A table of errors, one row per model; `corner` is the header of their names."""
        rows = [[str(name), *map(format_value, errors.loc[name])] for name in errors.index]
        return table([corner, *map(str, errors.columns)], rows, list(errors.index).index(self.name))

    @property
    def uneven(self) -> list[str]:
        """The day of the week on which the widest intervals hold far fewer values than on others, in words."""
        level = max(self.coverage)
        day = min(self.coverage_by_day, key=lambda name: self.coverage_by_day[name][level], default=None)
        if day is None or (share := self.coverage_by_day[day][level]) >= level / 100 - MAX_SHORTFALL_OF_DAY:
            return []
        return [f"on {day} the {level} % intervals held only {100 * share:.0f} %"]

    @property
    def contest(self) -> Contest:
        """The network against the best baseline."""
        parts = self.by_series if self.by_block is None else self.by_block
        return Contest.of(self.table, self.name, self.measure, parts)

    @property
    def verdict(self) -> str:
        """Whether the network is better than the baselines here, in words."""
        return str(self.contest)

    @property
    def ordered(self) -> pd.DataFrame:
        """The table with the best model first, by the measure of the verdict."""
        return self.table.sort_values(self.measure, kind="stable")

    @property
    def strongest(self) -> list[str]:
        """The best baselines, the best first."""
        return [str(name) for name in self.ordered.index if name != self.name][:STRONGEST]

    @property
    def short(self) -> pd.DataFrame:
        """The network and the strongest baselines, the best first, with the measures that are known."""
        order = self.ordered
        return order[order.index.isin([self.name, *self.strongest])].dropna(axis="columns", how="all")

    @property
    def left_out(self) -> list[str]:
        """What `short` does not show, in words."""
        others = len(self.table) - len(self.short)
        return [f"{counted(others, 'more baseline')} in the report"] if others else []

    @property
    def unscaled(self) -> list[str]:
        """How many series the means of scaled errors leave out, in words; nothing if none or all."""
        return without_scale(self.by_series)


def format_value(value: float) -> str:
    """Four significant digits; from 1,000 to 1e15 a whole number with commas instead of an exponent."""
    if np.isnan(value):
        return MISSING
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
        """The measure of the verdict, one row per model, one column per frequency."""
        return pd.DataFrame({name: self._of(part) for name, part in self.parts.items()})

    def _of(self, part: Comparison) -> pd.Series:
        """A part's errors; a baseline that it lacks has those of the one that it equals there."""
        names = [stand_in(str(name), part.table.index) for name in self.table.index]
        return part.table[self.measure].reindex(names).set_axis(self.table.index)

    def __repr__(self) -> str:
        shown = self.by_frequency.loc[self.short.index]
        errors = shown.to_string(float_format=format_value, index_names=False, na_rep=MISSING)
        return f"{super().__repr__()}\n{self.measure} by frequency:\n{errors}"

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self._as_html(self.measure, self.by_frequency.loc[self.short.index])


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
    table = summarize(by_series)[list(POINT_MEASURES)].loc[models]
    return OverallComparison(
        table=table,
        measure=judging_measure(table, any(part.measure in SQUARED for part in found)),
        coverage={
            level: float(np.average([part.coverage[level] for part in found], weights=values))
            for level in first.coverage
        },
        coverage_by_day={},
        origins=max(part.origins for part in found),
        rows=max(part.rows for part in found),
        example=pd.concat([part.example for part in found], ignore_index=True),
        name=first.name,
        by_step=_by_step(found, models),
        by_series=by_series,
        by_block=None,
        known=np.sum([part.known for part in found], axis=0),
        pooled=any(part.pooled for part in found),
        parts=dict(parts),
    )


def _complete(scores: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Scores by some key and by model, with all models; see `stand_in`."""
    by_model = {name: scores.xs(name, level="model") for name in scores.index.unique("model")}
    whole = pd.concat({name: by_model[stand_in(name, by_model)] for name in models}, names=["model"])
    order = pd.MultiIndex.from_product([scores.index.unique(0), models], names=scores.index.names)
    return whole.swaplevel().reindex(order)


def _by_step(parts: Sequence[Comparison], models: Sequence[str]) -> pd.DataFrame:
    """The measures by step ahead of all values together, from those of each frequency and its number of values."""
    steps = range(1, len(parts[0].known) + 1)
    index = pd.MultiIndex.from_product([steps, models], names=parts[0].by_step.index.names)
    sums = pd.DataFrame(0.0, index, parts[0].by_step.columns)
    for part in parts:
        scores = _complete(part.by_step, models).reindex(index)
        values = _squares(scores, 2).mul(np.repeat(part.known, len(models)), axis=0)
        values[np.repeat(part.known == 0, len(models))] = 0.0  # a step without actual values has no scores
        sums += values
    count = np.repeat(np.sum([part.known for part in parts], axis=0), len(models))
    return _squares(sums[count > 0].div(count[count > 0], axis=0), 0.5)


def _squares(scores: pd.DataFrame, power: float) -> pd.DataFrame:
    """The scores with the roots of mean squares to this power."""
    return scores.assign(**{name: scores[name] ** power for name in SQUARED})
