"""Carrying a fit on with newer rows, without training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import DataError
from ..plurals import counted
from ..series.columns import Columns
from ..series.continuation import read_continuation
from ..series.known_future import extend_panel
from ..series.panel import Panel
from ..series.ragged import rows_between
from .evaluation.holdout import MAX_HELD_OUT_WINDOWS, MAX_RECURSIVE_WINDOWS
from .model.recursion import forecast_quantiles
from .predictor import Predictor
from .preprocessing.logarithms import all_positive, never_negative
from .preprocessing.transform import TransformedOrigins
from .probabilistic.quantiles import QUANTILES
from .probabilistic.tracking import Scores, track

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


@dataclass(frozen=True)
class Update:
    """What an update has added."""

    rows: int  # periods, over all series
    last: str | None  # the latest timestamp of all series
    values: int  # new values that were forecast one step ahead
    inside: int  # of these, those inside of their 80 % interval
    notes: tuple[str, ...]  # what was changed in the table, and whether forecasts have become worse

    def __str__(self) -> str:
        """The update in words.

        >>> print(Update(3, "2024-03-01", 3, 2, ()))
        3 rows added, up to 2024-03-01; the 80 % intervals one step ahead held 2 of 3 new values
        """
        if not self.rows:
            return f"no new rows; the last one is of {self.last}"
        held = f"; the 80 % intervals one step ahead held {self.inside} of {counted(self.values, 'new value')}"
        return f"{counted(self.rows, 'row')} added, up to {self.last}{held if self.values else ''}"

    @classmethod
    def joined(cls, parts: Iterable[Update], notes: Iterable[str]) -> Update:
        """The updates of several frequencies as one."""
        every = list(parts)
        rows, values, inside = (sum(getattr(one, name) for one in every) for name in ("rows", "values", "inside"))
        return cls(rows, max(one.last or "" for one in every), values, inside, tuple(notes))


@np.errstate(over="ignore", invalid="ignore")  # of forecasts that are not finite
def updated(predictor: Predictor, df: IntoDataFrame, columns: Columns) -> tuple[Predictor, Update]:
    """A fit whose series continue with the rows of a newer table, and what was added.

    Networks and transforms stay the same. The calibration moves with the values that have become known, see
    `probabilistic.tracking`.

    Raises:
        DataError: the table can't be read, has other series, contradicts known rows, or has values that the fit can't
            take.
    """
    history, whole = predictor.series.history, predictor.panel is not None
    read = read_continuation(history, df, columns, predictor.season, whole)
    context = read.append_to(predictor.context)
    predictor.ensemble.distribution.refuse_other_targets(context)
    _refuse_logarithms(predictor, context)
    factors, tracking, counts = track(
        predictor.conformal_factors, predictor.tracking, _new_scores(predictor, context, read.added)
    )
    bounded = predictor.transform.nonnegative
    if predictor.parameters.nonnegative is None and not predictor.ensemble.distribution.counts:
        bounded = bounded & never_negative(context)
    found = replace(
        predictor,
        context=predictor.ensemble.context(context, predictor.season, earlier=predictor.parameters.horizon - 1),
        panel=None if predictor.panel is None else read.append_to(predictor.panel),
        transform=replace(predictor.transform, nonnegative=bounded),
        conformal_factors=factors,
        tracking=replace(tracking, added=tracking.added + read.added),
    )
    (last,) = context.frequency.texts((context.first + context.lengths - 1).max(keepdims=True))
    values, inside = counts.tolist()
    notes = (*read.notes, *found.drift_notes)
    return found, Update(int(read.added.sum()), last, values, inside, notes)


def _refuse_logarithms(predictor: Predictor, panel: Panel) -> None:
    """Raise a `DataError` if a series that is taken in logarithms has a value without one."""
    wrong = np.flatnonzero(predictor.transform.logs & ~all_positive(panel))
    if len(wrong):
        k = int(wrong[0])
        y = panel.y[panel.series(k)]
        row = int((y <= 0).argmax())
        (stamp,) = panel.frequency.texts(panel.first[k : k + 1] + row)
        raise DataError(
            f"{panel.name(k)} is taken in logarithms, and its new value {y[row]:g} of {stamp} has none. Correct it "
            "if it is wrong, else fit again."
        )


def _new_scores(predictor: Predictor, panel: Panel, added: Array) -> Scores:
    """The scores of the last `added` (S,) rows of a panel in all forecasts from origins since the fit."""
    before, covariates = predictor.tracking.added, panel.covariates
    if predictor.ensemble.spec.segment == 1 or not covariates.known or not added.any():
        return _scores(predictor, panel, added, before)
    # a forecast reads what is known ahead in a whole segment, of which updates row by row know the beginning only
    ends, found = panel.first + panel.lengths, []
    begins = ends - added
    nothing: dict[str, Any] = {
        "ahead": covariates.ahead[:0],
        "ahead_offsets": np.zeros_like(covariates.ahead_offsets),
    }
    for period in range(int(begins[added > 0].min()), int(ends[added > 0].max())):
        now = np.clip(period + 1, begins, ends)
        new = (begins <= period) & (period < ends)
        until = panel.head(now - panel.first)
        until = replace(until, covariates=replace(until.covariates, **nothing))
        found.append(_scores(predictor, until, new.astype(np.int64), before + now - begins - new))
    return Scores(*map(np.concatenate, zip(*found, strict=True)))


def _scores(predictor: Predictor, panel: Panel, added: Array, before: Array) -> Scores:
    """As above; `before` (S,) are the rows since the fit before the new ones.

    Of many series, some that are evenly spread are enough.
    """
    ensemble, horizon = predictor.ensemble, predictor.parameters.horizon
    most = MAX_HELD_OUT_WINDOWS if horizon <= ensemble.spec.horizon else MAX_RECURSIVE_WINDOWS
    some = np.arange(len(added)) % -(-len(added) * horizon // most) == 0
    longer = extend_panel(replace(panel, notes=()), horizon, needed=0)
    ends = longer.offsets[1:] - horizon
    first_new = ends - added
    # a window needs the shortest number of rows
    first_origin = np.maximum(
        first_new - np.minimum(horizon - 1, before), longer.offsets[:-1] + ensemble.spec.shortest
    )
    origins = TransformedOrigins(longer, rows_between(first_origin, np.where(some, ends, 0)), predictor.transform)
    raw = np.empty((0, horizon, len(QUANTILES)))
    if len(origins):
        raw = forecast_quantiles(ensemble, origins, horizon)
        raw = ensemble.combination.combined(raw, origins, fitted=first_new - before)
    rows, periods = origins.rows_ahead(horizon), origins.ordinals_ahead(horizon)
    series = origins.series[:, None]
    known = (rows >= first_new[series]) & (rows < ends[series]) & longer.observed[rows]
    steps = np.broadcast_to(np.arange(horizon), known.shape)
    units = np.broadcast_to(predictor.transform.change[series], known.shape)
    return Scores.of(raw[known], origins.targets(horizon)[known], units[known], steps[known], periods[known])
