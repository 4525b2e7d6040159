"""The held-out comparisons of several frequencies as one: over all series, and by frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..display import table
from .backtest import Comparison, short
from .metrics import POINT, summarize


@dataclass(frozen=True, repr=False, kw_only=True)
class Overall(Comparison):
    """A comparison over the series of several frequencies; rows and origins are the most that one of them has.

    Attributes:
        parts: the comparison of each frequency, by its name.
    """

    parts: Mapping[str, Comparison]

    @property
    def extent(self) -> str:
        return "; ".join(f"{name}: {part.extent}" for name, part in self.parts.items())

    @property
    def by_frequency(self) -> pd.DataFrame:
        """sMAPE, one row a model, one column a frequency."""
        return pd.DataFrame({name: self._of(part) for name, part in self.parts.items()})

    def _of(self, part: Comparison) -> pd.Series:
        """A part's errors, with those of the naive for a baseline that it is the same as there."""
        errors = part.table["sMAPE"].reindex(self.table.index)
        return errors.fillna(errors.get("Naive", np.nan))

    def __repr__(self) -> str:
        errors = self.by_frequency.to_string(float_format=short, index_names=False)
        return f"{super().__repr__()}\nsMAPE by frequency:\n{errors}"

    def _repr_html_(self) -> str:
        found = self.by_frequency
        rows = [[str(name), *map(short, values)] for name, values in zip(found.index, found.to_numpy(), strict=True)]
        return super()._repr_html_() + table(["sMAPE", *found.columns], rows, list(found.index).index(self.name))


def all_compared(parts: Mapping[str, Comparison]) -> Overall | None:
    """The comparisons of some frequencies as one; None where there is none.

    Every series counts the same in the table, every held-out value in the errors by step and in the coverage.
    """
    if not parts:
        return None
    found = list(parts.values())
    first = found[0]
    models = list(dict.fromkeys(name for part in found for name in part.table.index))
    by_series = pd.concat([_complete(part.by_series, models) for part in found])
    values = np.array([part.known.sum() for part in found], float)
    return Overall(
        table=summarize(by_series)[list(POINT)].loc[models],
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
    """Scores with a model in their index, and in them all models: where no season is known, the seasonal naive is the
    naive, and is not among them."""
    lacking = [name for name in models if name not in scores.index.unique("model")]
    same = scores.xs("Naive", level="model", drop_level=False)
    level = scores.index.names.index("model")
    added = [same.rename(index={"Naive": name}, level=level) for name in lacking]
    return pd.concat([scores, *added]).sort_index(level=1 - level, sort_remaining=False, kind="stable")


def _by_step(parts: Sequence[Comparison], models: Sequence[str]) -> pd.DataFrame:
    """The measures by step ahead of all values together, from those of each frequency and how many values it has."""
    total: pd.DataFrame | None = None
    count = np.zeros(len(parts[0].known))
    for part in parts:
        scores = _complete(part.by_step, models)
        weight = part.known[scores.index.get_level_values("step").to_numpy(int) - 1]
        sums = scores.assign(RMSE=scores["RMSE"] ** 2).mul(weight, axis=0)
        total = sums if total is None else total.add(sums, fill_value=0.0)
        count += part.known
    assert total is not None, "there is a part"
    order = [(step, name) for step in total.index.unique("step") for name in models]
    means = total.div(np.maximum(count, 1)[total.index.get_level_values("step").to_numpy(int) - 1], axis=0)
    return means.assign(RMSE=np.sqrt(means["RMSE"])).loc[order]
