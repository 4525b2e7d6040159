"""Comparisons of the networks with the baselines on the held-out end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ...arrays import Array
from ...interactive.html import note, table, titled
from .metrics import verdict

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, repr=False, kw_only=True)
class Comparison:
    """What networks and baselines did on the end of the series, which no network had seen.

    Attributes:
        table: one row a model, columns sMAPE (0..200), MASE, MAE, RMSE, each a mean over series.
        coverage: share of held-out values inside the intervals, by level in per cent. Each origin's intervals are
            calibrated on the other origins.
        origins: forecast origins a series.
        rows: rows held out at the end of each series.
        example: of the last origin: id, stamp, y, the forecasts of all models, and intervals.
        name: the network's column.
        by_step: the point measures but MASE by step ahead (1 .. H) and model, all series and origins together.
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
        return f"the last {self.rows} rows of each series, {self.origins} origin{'s' * (self.origins != 1)}"

    def _repr_html_(self) -> str:
        order = self.table.sort_values("sMAPE", kind="stable")
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
    def verdict(self) -> str:
        """In plain words, whether the network is worth using here."""
        return verdict(self.table, self.name)


def format_value(value: float) -> str:
    """Four digits, or all before the point; never an exponent for what a person counts in thousands."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
