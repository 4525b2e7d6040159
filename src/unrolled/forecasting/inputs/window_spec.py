"""How windows are cut from series."""

from dataclasses import dataclass

import numpy as np

from ...argument_types import Count
from ...arrays import Array
from ..preprocessing.smoothing import slope_rows
from .views import View

SHORTEST_WINDOW = 4


@dataclass(frozen=True)
class WindowSpec:
    """How windows are cut from series."""

    horizon: Count  # periods that the network forecasts at once
    season: Count  # periods in a season; 1: none
    window: Count  # periods that the network reads, a multiple of the segment
    views: tuple[View, ...]  # that the networks of an ensemble take in turn; none if no network is trained
    segment: Count = 1  # periods that the network takes in one step
    decoded: bool = False  # whether the horizon is forecast segment by segment

    @property
    def lags(self) -> Array:
        """For each target the distance to the value in the last known season, (horizon,)."""
        return self.season * -(-np.arange(1, self.horizon + 1) // self.season)

    @property
    def follows_trend(self) -> bool:
        return any(view.follows_trend for view in self.views)

    @property
    def _change(self) -> int:
        """Rows that changes over a season look back; 0 if no view reads them."""
        return self.season if any(view.seasonal_change for view in self.views) else 0

    @property
    def full(self) -> int:
        """Rows of a series behind a full window: its own, and those that changes over a season need."""
        return self.window + self._change

    @property
    def memory(self) -> int:
        """Rows of a series that a forecast depends on: those of the window and those behind the slope, and one before
        them, whose covariates may have a linear effect on the next row."""
        return 1 + max(self.full, slope_rows(self.season, self.horizon) if self.follows_trend else 0)

    @property
    def shortest(self) -> int:
        """The smallest number of periods in a window."""
        if not self.views:
            return 1
        return max(SHORTEST_WINDOW, self.segment, self._change)

    @property
    def reason(self) -> str:
        """Why a window has at least that many periods, in brackets; empty for the smallest of all windows."""
        if self.shortest == SHORTEST_WINDOW:
            return ""
        what = "segment" if self.segment == self.shortest else "season"
        return f" (one {what}; {SHORTEST_WINDOW} with `{what}=1`)"

    @property
    def needed(self) -> int:
        """Rows that a series needs for training: the shortest window and one horizon."""
        return self.shortest + (self.horizon if self.views else 0)
