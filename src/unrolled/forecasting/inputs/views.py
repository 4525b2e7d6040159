"""Views of a window: its anchor and scale, and whether the season has been removed.

The networks of an ensemble take the chosen views in turn, because the errors of views differ. A new view
is one class with `@register_view`; windows, search, reports and model files find it by its name.
"""

from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar

import numpy as np

from ...arrays import Array
from ...errors import InputError, NotRegisteredError
from ..preprocessing.smoothing import window_level, window_slope
from ..preprocessing.spread import window_quartiles, window_statistics
from ..preprocessing.transform import TransformedOrigins

MIN_SCALE_IN_CHANGES = 0.1  # of a window, in mean absolute changes of its series


@dataclass(frozen=True)
class Cut:
    """Windows that are cut from series, for a view."""

    z: Array  # the series, with or without their seasons, (n,)
    origins: TransformedOrigins  # the windows' ends, N
    starts: Array  # the first row of each window, (N,)
    window: int  # periods of a full one
    season: int  # periods in a season
    horizon: int  # periods ahead

    @property
    def last(self) -> Array:
        """The last value of each window, (N,)."""
        return self.z[self.origins.ends - 1]

    @cached_property
    def mean_and_deviation(self) -> tuple[Array, Array]:
        return window_statistics(self.z, self.starts, self.origins.ends)

    @cached_property
    def median_and_range(self) -> tuple[Array, Array]:
        return window_quartiles(self.z, self.starts, self.origins.ends)

    def slope(self, trend: Array) -> Array | None:
        """The slope at each window's end, (N,), for series whose `trend` (S,) is not 0; None if there are none."""
        return window_slope(self.z, self.origins, trend, self.season, self.horizon) if trend.any() else None

    def bounded(self, scale: Array) -> Array:
        """The scale, bounded below: a nearly constant window says little about the size of future changes."""
        return np.maximum(scale, MIN_SCALE_IN_CHANGES * self.origins.transform.change[self.origins.series])


class View(ABC):
    """How a window is centred and scaled. Subclasses define what differs from the mean view."""

    name: ClassVar[str]  # as parameters and model files spell it
    description: ClassVar[str]  # of the anchor, for reports
    without_season: ClassVar[bool] = False  # the network reads the series without its season
    seasonal_change: ClassVar[bool] = False  # it reads the change over a season; anchors lie a season back
    follows_trend: ClassVar[bool] = False  # trends of the series must be estimated
    selectable: ClassVar[bool] = True  # the automatic choice may take it

    def anchor(self, cut: Cut) -> Array:
        """What targets are measured from, (N,)."""
        return cut.mean_and_deviation[0]

    def scale(self, cut: Cut) -> Array:
        """What inputs and targets are divided by, (N,)."""
        return cut.bounded(cut.mean_and_deviation[1])

    def slope(self, cut: Cut) -> Array | None:
        """The change of the anchor with each period ahead, (N,); None: no change."""
        return None

    @property
    def channels(self) -> int:
        """Channels of the target in a window."""
        return 2 if self.seasonal_change else 1

    def __str__(self) -> str:
        return self.name


VIEWS: dict[str, View] = {}
V = TypeVar("V", bound=type[View])


def register_view(cls: V) -> V:
    """Register a view under its name."""
    if not (isinstance(cls, type) and issubclass(cls, View)):
        raise InputError(f"{cls!r} is not a view: derive a class from View.")
    VIEWS[cls.name] = cls()
    return cls


def views_named(scaling: str | Sequence[str]) -> tuple[View, ...]:
    """One view or several by their names.

    Raises:
        InputError: there is no such view.
    """
    names = tuple(scaling) if isinstance(scaling, Iterable) and not isinstance(scaling, str) else (scaling,)
    if not names:
        raise InputError(f"`scaling` must name one of {', '.join(VIEWS)}, or several; got {scaling!r}.")
    for name in names:
        if not isinstance(name, str) or name not in VIEWS:
            raise NotRegisteredError(f"no scaling is called {name!r}; known: {', '.join(VIEWS)}.")
    return tuple(VIEWS[name] for name in names)


@register_view
class LevelView(View):
    """The series without its season, about its smoothed level, or about the line of a steady trend."""

    name = "level"
    description = "the smoothed level"
    without_season = True

    def anchor(self, cut: Cut) -> Array:
        return window_level(cut.z, cut.origins, cut.origins.transform.smoothing, cut.window)

    def slope(self, cut: Cut) -> Array | None:
        transform = cut.origins.transform
        return cut.slope(transform.steady * transform.trend)


@register_view
class TrendView(LevelView):
    """The same, with the level continued along the slope of the last five seasons (without a season: five horizons)
    if the series has a trend. A window of one season is too short to show a slow trend under noise."""

    name = "trend"
    description = "the smoothed level and its slope"
    follows_trend = True

    def slope(self, cut: Cut) -> Array | None:
        return cut.slope(cut.origins.transform.trend)


@register_view
class SeasonView(View):
    """The series and its change over a season, about the value one season before: better if last year tells more than
    last month."""

    name = "season"
    description = "the value one season before"
    seasonal_change = True

    def anchor(self, cut: Cut) -> Array:
        return cut.last


@register_view
class MeanView(View):
    """The series less the window's mean, in units of its standard deviation; the network must learn the season.

    Source: reversible instance normalisation, Kim et al., ICLR 2022.
    """

    name = "mean"
    description = "the window's mean"


@register_view
class LastView(View):
    """The series less the window's last value, in units of the standard deviation of the whole series: the network
    sees whether a window is calm."""

    name = "last"
    description = "the last value"

    def anchor(self, cut: Cut) -> Array:
        return cut.last

    def scale(self, cut: Cut) -> Array:
        return cut.bounded(cut.origins.transform.spread[cut.origins.series])


@register_view
class RobustView(View):
    """The series less the window's median, in units of its interquartile range."""

    name = "robust"
    description = "the window's median"

    def anchor(self, cut: Cut) -> Array:
        return cut.median_and_range[0]

    def scale(self, cut: Cut) -> Array:
        return cut.bounded(cut.median_and_range[1])


@register_view
class CountView(View):
    """The series divided by 1 + the window's mean, about 0; for counts.

    Source: DeepAR, Salinas et al., Int. J. of Forecasting 36, 2020.
    """

    name = "count"
    description = "0"
    selectable = False  # it is the only view of counts, and not for other targets

    def anchor(self, cut: Cut) -> Array:
        return np.zeros(len(cut.origins))

    def scale(self, cut: Cut) -> Array:
        return 1 + np.abs(cut.mean_and_deviation[0])
