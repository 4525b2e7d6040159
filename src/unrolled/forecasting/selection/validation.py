"""The evaluation of candidates: rolling origins inside the training part, the same for all."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...arrays import Array
from ...errors import UnrolledError
from ...nn.randomness import Place, Purpose, generator
from ...series.columns import Columns
from ...series.panel import Panel, series_of
from ..fitting import fit
from ..inputs.window_spec import SHORTEST_WINDOW
from ..parameters import Parameters
from ..predictor import Source
from ..preprocessing.transform import TransformedOrigins
from ..probabilistic.quantiles import MEDIAN

MAX_FOLDS = 4
BLOCKS_FOR_TWO_FOLDS = 8  # of a horizon, per series: if two folds have so many, there are no more folds
MAX_ORIGINS = 100  # of a series in a fold
MAX_WINDOWS = 2000  # that are forecast in a fold
MAX_SERIES, MAX_ROWS = 200, 200_000  # that are used; more would take longer and change few choices
MAX_HORIZONS_BACK, MIN_ROWS_BACK = 50, 500  # farthest origin before the end: the larger of the two
MIN_SERIES_AS_UNITS = 20  # from here on, series are the units of the comparison instead of blocks of time
MIN_UNITS = 4  # fewer have no standard error
WITHOUT_TABLE = Source(Columns())  # candidates are fitted to panels


@dataclass(frozen=True)
class Validation:
    """Folds: in each, a predictor is fitted without the end and forecasts from origins in that end."""

    panel: Panel  # the series that are used
    horizon: int  # periods ahead
    left_out: Array  # rows left out of the training of each fold, the newest first, (F,)
    origins: int  # per series and fold, one row apart, the oldest at the end of the training

    @cached_property
    def scale(self) -> Array:
        """The scale of errors, (S,): the mean absolute change between rows in the training of the oldest fold."""
        past = self.panel.until(int(self.left_out[-1]))
        scale = np.array([np.abs(np.diff(past.y[past.series(k)])).mean() for k in range(len(past.ids))])
        # a constant series is scaled by its size
        return np.where(scale > 0, scale, np.maximum(np.abs(past.y[past.offsets[:-1]]), 1.0))

    @property
    def shortest_past(self) -> int:
        """Rows that the typical series has in the oldest fold's training."""
        return int(np.median(self.panel.lengths) - self.left_out[-1])

    @property
    def blocks(self) -> int:
        """Blocks of a horizon among the origins of a fold: forecasts from nearer origins share targets, so that their
        errors are correlated."""
        return max(1, self.origins // self.horizon)

    @property
    def units(self) -> int:
        """The number of errors in a comparison."""
        series = len(self.panel.ids)
        return series if series >= MIN_SERIES_AS_UNITS else series * self.blocks * len(self.left_out)

    def errors(self, parameters: Parameters, fold: int) -> Array:
        """Scaled absolute errors of the median, (S, blocks), of a predictor that is fitted for it.

        NaN where no target is known, infinite where the fit failed.
        """
        left_out = int(self.left_out[fold])
        past = self.panel.until(left_out)
        ends = past.offsets[1:] - past.offsets[:-1] + self.panel.offsets[:-1]  # (S,) in the whole panel
        every = -(-len(ends) * self.origins // MAX_WINDOWS)
        moments = np.arange(0, self.origins, every)
        ends = (ends[:, None] + moments).reshape(-1)
        try:
            predictor = fit(parameters, past, WITHOUT_TABLE, evaluate=False)
            if predictor.context.ids != past.ids:  # some are too short for these parameters
                return np.full((len(past.ids), self.blocks), np.inf)
            origins = TransformedOrigins(self.panel, ends, predictor.transform)
            forecasts = predictor.quantiles(origins, intervals=False)[..., MEDIAN]  # (S·O, H)
        except UnrolledError:  # such as a training that diverged; a candidate must not end the search
            return np.full((len(past.ids), self.blocks), np.inf)
        places = ends[:, None] + np.arange(self.horizon)
        apart = np.abs(self.panel.y[places] - forecasts) / self.scale[series_of(self.panel, ends), None]
        shape = (len(past.ids), len(moments), self.horizon)
        apart, seen = apart.reshape(shape), self.panel.observed[places].reshape(shape)
        block = np.minimum(moments // self.horizon, self.blocks - 1)
        blocks = [block == b for b in range(self.blocks)]
        return np.stack([_means(apart[:, rows], seen[:, rows]) for rows in blocks], axis=1)

    def by_unit(self, folds: list[Array]) -> Array:
        """The errors of some folds, (S, blocks) each, by unit of the comparison."""
        errors = np.concatenate(folds, axis=1)
        return errors.reshape(-1) if len(errors) < MIN_SERIES_AS_UNITS else _means(errors, ~np.isnan(errors))


def _means(values: Array, known: Array) -> Array:
    """The means of the known values of (S, ...), (S,); NaN if there are none."""
    axes = tuple(range(1, values.ndim))
    count, sums = known.sum(axis=axes), np.where(known, values, 0).sum(axis=axes)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def make_folds(known: Panel, horizon: int, season: int, seed: int = 0) -> Validation | None:
    """Folds inside a panel; None if its series are too short for an evaluation.

    The typical series keeps two seasons and a horizon (without a season four windows of the shortest kind) in the
    oldest fold. Only a part of many or very long series is used.
    """
    typical = int(np.median(known.lengths))
    least = horizon + (2 * season if season > 1 else max(4 * SHORTEST_WINDOW, 2 * horizon))
    room = min(typical // 2, typical - least, max(MAX_HORIZONS_BACK * horizon, MIN_ROWS_BACK))
    every_origin = room - horizon + 1
    if every_origin < 1:
        return None
    folds = int(np.clip(every_origin // horizon, 1, MAX_FOLDS))
    if folds > 2 and 2 * (min(every_origin // 2, MAX_ORIGINS) // horizon) >= BLOCKS_FOR_TWO_FOLDS:
        folds = 2
    stride = every_origin // folds
    origins = min(stride, MAX_ORIGINS)
    left_out = horizon + origins - 1 + stride * np.arange(folds)
    panel = known.select(known.lengths >= left_out[-1] + horizon + max(season, SHORTEST_WINDOW))
    validation = Validation(_sample(panel, seed), horizon, left_out, origins)
    return validation if validation.units >= MIN_UNITS else None


def _sample(panel: Panel, seed: int) -> Panel:
    count = int(np.clip(MAX_ROWS // np.median(panel.lengths), 1, min(MAX_SERIES, len(panel.ids))))
    if count < len(panel.ids):
        chosen = generator(Purpose.SAMPLE, Place(seed)).choice(len(panel.ids), count, replace=False)
        panel = panel.select(np.isin(np.arange(len(panel.ids)), chosen))
    return panel.tail(MAX_ROWS // count)
