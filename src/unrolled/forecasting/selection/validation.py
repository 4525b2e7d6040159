"""How candidates are judged: rolling origins inside of the training part, the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array
from ...errors import UnrolledError
from ...nn.randomness import Place, Purpose, generator
from ...series.panel import Panel, series_of
from ..inputs.framing import SHORTEST_WINDOW
from ..probabilistic.quantiles import MEDIAN

if TYPE_CHECKING:
    from ...forecaster import Forecaster

MOST_FOLDS = 4
ENOUGH_BLOCKS = 8  # of a horizon, in all folds of a series: with so many in two folds, there are no more
MOST_ORIGINS = 100  # a series and fold
MOST_WINDOWS = 2000  # that are forecast in a fold
MOST_SERIES, MOST_ROWS = 200, 200_000  # that are looked at; more would cost time and change few choices
REACH = 50  # horizons before the end, or that many rows ...
LEAST_REACH = 500  # ... from which origins are taken
MANY_SERIES = 20  # from here on series are the units of the comparison, not stretches of time
LEAST_UNITS = 4  # of less, no spread can be told


@dataclass(frozen=True)
class Validation:
    """Folds: in each, a forecaster is trained without the end and forecasts from origins in that end.

    Attributes:
        panel: the series that are looked at.
        horizon: periods ahead.
        left_out: rows left out of the training of each fold, the newest first, (F,).
        origins: one row apart, a series and fold, the oldest at the end of the training.
    """

    panel: Panel
    horizon: int
    left_out: Array
    origins: int

    @cached_property
    def scale(self) -> Array:
        """What errors are divided by, (S,): the mean change from row to row before the oldest fold's end."""
        past = self.panel.until(int(self.left_out[-1]))
        scale = np.array([np.abs(np.diff(past.y[past.series(k)])).mean() for k in range(len(past.ids))])
        # a series that never moved: by its size
        return np.where(scale > 0, scale, np.maximum(np.abs(past.y[past.offsets[:-1]]), 1.0))

    @property
    def shortest_past(self) -> int:
        """Rows that the typical series has in the oldest fold's training."""
        return int(np.median(self.panel.lengths) - self.left_out[-1])

    @property
    def blocks(self) -> int:
        """Stretches of a horizon among the origins of a fold: forecasts from origins nearer to each other share
        targets, and so their errors."""
        return max(1, self.origins // self.horizon)

    @property
    def units(self) -> int:
        """How many errors a comparison rests on."""
        series = len(self.panel.ids)
        return series if series >= MANY_SERIES else series * self.blocks * len(self.left_out)

    def errors(self, fc: Forecaster, fold: int) -> Array:
        """Scaled absolute errors of the median, (S, blocks), by a forecaster that is trained here.

        NaN where no target is known, infinite where the forecaster failed.
        """
        left_out = int(self.left_out[fold])
        past = self.panel.until(left_out)
        ends = past.offsets[1:] - past.offsets[:-1] + self.panel.offsets[:-1]  # (S,) in the whole panel
        every = -(-len(ends) * self.origins // MOST_WINDOWS)
        moments = np.arange(0, self.origins, every)
        ends = (ends[:, None] + moments).reshape(-1)
        try:
            fc.fit_panel(past, evaluate=False)
            forecasts = fc.predict_panel(self.panel, fc.profile_, ends, intervals=False)[..., MEDIAN]  # (S·O, H)
        except UnrolledError:  # such as a training that diverged: no candidate may end the search
            return np.full((len(past.ids), self.blocks), np.inf)
        places = ends[:, None] + np.arange(self.horizon)
        apart = np.abs(self.panel.y[places] - forecasts) / self.scale[series_of(self.panel, ends), None]
        seen = self.panel.observed[places]
        block = np.minimum(moments // self.horizon, self.blocks - 1)
        return np.stack([_means(apart, seen, len(past.ids), block == b) for b in range(self.blocks)], axis=1)

    def by_unit(self, folds: list[Array]) -> Array:
        """The errors of some folds (S, blocks) each, as the units of a comparison."""
        errors = np.concatenate(folds, axis=1)
        if len(errors) < MANY_SERIES:
            return errors.reshape(-1)
        seen = ~np.isnan(errors)
        sums = np.where(seen, errors, 0).sum(axis=1)
        return np.where(seen.any(axis=1), sums / np.maximum(seen.sum(axis=1), 1), np.nan)


def _means(apart: Array, seen: Array, series: int, moments: Array) -> Array:
    """Means of the known among (S·O, H) at these moments (O,) bool, (S,); NaN where there are none."""
    shape = (series, len(moments), -1)
    apart, seen = apart.reshape(shape)[:, moments], seen.reshape(shape)[:, moments]
    count = seen.sum(axis=(1, 2))
    sums = np.where(seen, apart, 0).sum(axis=(1, 2))
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def make_folds(known: Panel, horizon: int, season: int, seed: int = 0) -> Validation | None:
    """Folds inside of a panel; None where its series are too short to judge anything.

    The typical series keeps two seasons and a horizon (without a season four windows of the shortest kind) in the
    oldest fold. Of many series, and of very long ones, a part is looked at.
    """
    typical = int(np.median(known.lengths))
    least = horizon + (2 * season if season > 1 else max(4 * SHORTEST_WINDOW, 2 * horizon))
    room = min(typical // 2, typical - least, max(REACH * horizon, LEAST_REACH))
    every_origin = room - horizon + 1
    if every_origin < 1:
        return None
    folds = int(np.clip(every_origin // horizon, 1, MOST_FOLDS))
    if folds > 2 and 2 * (min(every_origin // 2, MOST_ORIGINS) // horizon) >= ENOUGH_BLOCKS:
        folds = 2
    stride = every_origin // folds
    origins = min(stride, MOST_ORIGINS)
    left_out = horizon + origins - 1 + stride * np.arange(folds)
    panel = known.select(known.lengths >= left_out[-1] + horizon + max(season, SHORTEST_WINDOW))
    validation = Validation(_sample(panel, seed), horizon, left_out, origins)
    return validation if validation.units >= LEAST_UNITS else None


def _sample(panel: Panel, seed: int) -> Panel:
    count = int(np.clip(MOST_ROWS // np.median(panel.lengths), 1, min(MOST_SERIES, len(panel.ids))))
    if count < len(panel.ids):
        chosen = generator(Purpose.SAMPLE, Place(seed)).choice(len(panel.ids), count, replace=False)
        panel = panel.select(np.isin(np.arange(len(panel.ids)), chosen))
    return panel.tail(MOST_ROWS // count)


def forecaster_like(fc: Forecaster, parameters: dict[str, Any]) -> Forecaster:
    """An unfitted forecaster with some parameters changed, that can be fitted to panels."""
    new = type(fc)(**fc.get_params() | parameters)
    vars(new).update({name: vars(fc)[name] for name in ("columns_", "backend_", "reading_") if name in vars(fc)})
    return new
