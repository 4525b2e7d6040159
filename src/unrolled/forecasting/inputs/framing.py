"""How windows are cut from series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..preprocessing.smoothing import slope_rows

if TYPE_CHECKING:
    pass


def views_of(scaling: str | Sequence[str]) -> tuple[View, ...]:
    """One view or several, as a tuple, or an `InputError`."""
    views = (scaling,) if isinstance(scaling, str) else tuple(scaling)
    for view in views:
        if view not in VIEWS:
            raise InputError(f"no scaling is called {view!r}; known: {', '.join(VIEWS)}.")
    return cast(tuple[View, ...], views)


SHORTEST_WINDOW = 4


View = Literal["level", "trend", "season", "mean", "last", "robust", "count"]


VIEWS: tuple[View, ...] = get_args(View)


WITHOUT_SEASON = ("level", "trend")


@dataclass(frozen=True)
class WindowSpec:
    """How windows are cut from series.

    Attributes:
        horizon: periods ahead.
        season: periods in a season; 1: none.
        window: periods the network reads, a multiple of the segment.
        views: the views that the networks of an ensemble take in turn.
        segment: periods the network takes at one step.
        decoded: whether the horizon is written segment by segment.
    """

    horizon: int
    season: int
    window: int
    views: tuple[View, ...]
    segment: int = 1
    decoded: bool = False

    @property
    def lags(self) -> Array:
        """For each target, how far before it the value in the last known season lies, (horizon,)."""
        return self.season * -(-np.arange(1, self.horizon + 1) // self.season)

    @property
    def full(self) -> int:
        """Rows of a series that fill a window: its own, and a season before it for the change."""
        return self.window + (self.season if "season" in self.views else 0)

    @property
    def memory(self) -> int:
        """Rows of a series that a forecast looks at: those of the window, and those behind the slope."""
        return max(self.full, slope_rows(self.season, self.horizon) if "trend" in self.views else 0)

    @property
    def shortest(self) -> int:
        """Periods a window must have at least; the season view looks back a whole season."""
        return max(SHORTEST_WINDOW, self.segment, self.season if "season" in self.views else 1)

    @property
    def needed(self) -> int:
        """Rows a series must have to be trained on: the shortest window and one horizon."""
        return self.shortest + self.horizon
