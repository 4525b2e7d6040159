"""Rolling origins: forecasts from many points in the past, by networks that saw nothing after them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError
from ..interactive.interrupts import interruptible
from ..interactive.progress import restart_estimate, run_progress, subtask
from ..series.columns import Columns
from ..series.frequency import mase_season
from ..series.panel import Panel
from .baselines.origins import Origins
from .baselines.registry import baseline_forecasts, check_baselines
from .baselines.statistical import require_statsforecast
from .evaluation.metrics import InSampleValues, in_sample_values, score_series, summarize
from .model.combination import weights_of
from .parameters import AUTO
from .probabilistic.interval_columns import interval_columns
from .selection.automatic import SelectionResult, select_configuration
from .selection.validation import forecaster_like

if TYPE_CHECKING:
    from ..forecaster import Forecaster

CHUNK = 4096  # windows whose quantiles are held at once


@dataclass(frozen=True)
class CrossValidationPlan:
    """Which origins, and how often the network is trained anew.

    Attributes:
        n_windows: origins a series; the last one lies a horizon before the end.
        step_size: rows from one origin to the next.
        refit: origins forecast by one network, from the one on before which it was trained.
        levels: of the intervals, in per cent.
        baselines: names of the columns beside the network's.
    """

    n_windows: int
    step_size: int
    refit: int
    levels: list[float]
    baselines: list[str]

    @classmethod
    def checked(
        cls,
        n_windows: int,
        step_size: int,
        refit: bool | int,
        levels: Sequence[float],
        baselines: bool | str | Iterable[str] | None,
    ) -> CrossValidationPlan:
        for name, value in (("n_windows", n_windows), ("step_size", step_size), ("refit", refit)):
            if name == "refit" and isinstance(value, (bool, np.bool_)):
                continue
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                whole = "True, False or a" if name == "refit" else "a"
                raise InputError(f"{name} must be {whole} whole number ≥ 1; got {value!r}.")
        names = check_baselines(baselines)
        require_statsforecast(names)  # before long work
        every = (1 if refit else n_windows) if isinstance(refit, (bool, np.bool_)) else refit
        return cls(int(n_windows), int(step_size), int(every), list(levels), names)


@dataclass(frozen=True, repr=False)
class Backtest:
    """Forecasts from the past and what came.

    Attributes:
        columns: the table's, by name: id (if there are ids), stamp, cutoff, target (NaN where unknown), forecasts.
        names: of the forecasts among them.
        steps: how far ahead each row lies, 1 the nearest, (n,).
        series: the series of each row, (n,).
        history: what came before the first cutoff.
        windows: cutoffs that were reached.
        name: the network's column.
        interrupted: whether Ctrl-C ended it before the last cutoff.
        notes: what was changed in the table, and what came of a search.
        found: by the automatic choice before the first cutoff; None where nothing was to be chosen.
    """

    columns: dict[str, Array]
    names: list[str]
    target: str
    steps: Array
    series: Array
    history: InSampleValues
    windows: int
    name: str
    interrupted: bool
    notes: list[str]
    found: SelectionResult | None = None

    def by_series(self) -> pd.DataFrame:
        return score_series(self.series, self.columns[self.target], self._forecasts(), self.history)

    def table(self) -> pd.DataFrame:
        """All measures, one row a model: means over series."""
        return summarize(self.by_series())

    def by_step(self) -> pd.DataFrame:
        """sMAPE, MAE, RMSE and intervals by step ahead and model; all series and cutoffs together."""
        return score_series(self.steps, self.columns[self.target], self._forecasts())

    def _forecasts(self) -> dict[str, Array]:
        return {name: self.columns[name] for name in self.names}


def roll(fc: Forecaster, panel: Panel, columns: Columns, plan: CrossValidationPlan) -> Backtest:
    """Train and forecast at all origins of a plan, the oldest first.

    The origins that one network forecasts go through it in large pieces; what it was fitted on, its profiles of the
    series and its calibration end at the first of them. What is to be chosen automatically is chosen once, as a fit
    before the first origin would choose it, and serves all origins.
    """
    _refuse_names(columns, [fc.name, *plan.baselines])
    require_statsforecast(weights_of(fc.combine))  # before a search too
    left_out = fc.horizon + plan.step_size * np.arange(plan.n_windows)[::-1]
    past = panel.until(int(left_out[0]))
    if not len(past.ids):
        raise DataError(
            f"the longest series has {panel.lengths.max()} rows; {plan.n_windows} windows {plan.step_size} rows "
            f"apart with horizon {fc.horizon} leave none to train on. Lower one of the three."
        )
    scale_by = mase_season(panel.frequency, fc.season)
    notes = list(panel.notes)
    pieces: list[dict[str, Array]] = []
    reached, trained = 0, -(-plan.n_windows // plan.refit)
    # one Ctrl-C ends all of it, not one training
    with interruptible() as interrupted, run_progress(fc.verbose):
        fc, found = _settled(fc, past, bool(plan.levels), trained)
        notes += found.notes if found else []
        for first in range(0, 0 if interrupted() else plan.n_windows, plan.refit):
            group, number = left_out[first : first + plan.refit], first // plan.refit
            with subtask(f"cutoff {first + 1}/{plan.n_windows}", bool(found) + number, bool(found) + trained):
                fold = _fitted(fc, panel.until(int(group[0])), columns, bool(plan.levels))
            if interrupted():
                break
            notes += fold.model_.notes(panel) if not reached else []
            pieces.append(_forecast_group(fold, panel, columns, group, plan, scale_by))
            reached += len(group)
    if not pieces:
        raise KeyboardInterrupt
    whole = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    steps, series = whole.pop("\0step"), whole.pop("\0series")
    fixed = {columns.id, columns.time, "cutoff", columns.target}
    return Backtest(
        columns=whole,
        names=[name for name in whole if name not in fixed],
        target=columns.target,
        steps=steps,
        series=series,
        history=_by_panel(in_sample_values(past, scale_by), past, panel),
        windows=reached,
        name=fc.name,
        interrupted=reached < plan.n_windows,
        notes=notes,
        found=found,
    )


def _settled(fc: Forecaster, past: Panel, evaluate: bool, trained: int) -> tuple[Forecaster, SelectionResult | None]:
    """A forecaster with nothing left to search for, that will be trained so many times."""
    if fc.cell != AUTO:
        return fc, None
    with subtask("", 0, 1 + trained):
        found = select_configuration(fc, past, evaluate, trained)
        restart_estimate()
    return forecaster_like(fc, found.parameters), found


def _refuse_names(columns: Columns, models: Sequence[str]) -> None:
    """Raise where a column of the forecasts would take the place of one of the table's."""
    for name in (columns.id, columns.time, columns.target):
        if name in ("cutoff", *models):
            raise InputError(f"a column {name!r} comes with the forecasts, and the table has one. Rename it there.")


def _fitted(fc: Forecaster, past: Panel, columns: Columns, evaluate: bool) -> Forecaster:
    fold = type(fc)(**fc.get_params())
    fold.columns_ = columns
    return fold.fit_panel(past, evaluate=evaluate)


def _by_panel(history: InSampleValues, past: Panel, panel: Panel) -> InSampleValues:
    """The history with the series numbered as in the whole panel."""
    places = {name: k for k, name in enumerate(panel.ids)}
    return history._replace(ids=np.array([places[name] for name in past.ids])[history.ids])


def _forecast_group(
    fold: Forecaster, panel: Panel, columns: Columns, left_out: Array, plan: CrossValidationPlan, scale_by: int
) -> dict[str, Array]:
    """Columns of the forecasts from some origins (W,) by one network; series it has not seen are left out."""
    horizon = fold.horizon
    fitted = panel.offsets[1:] - left_out[0]
    kept = np.flatnonzero(fitted > panel.offsets[:-1])
    known = panel.select(np.isin(np.arange(len(panel.ids)), kept))
    ends = (known.offsets[1:] - left_out[:, None]).reshape(-1)  # (W·S,) window by window, in it series by series
    series = np.tile(np.arange(len(known.ids)), len(left_out))
    origins = Origins(series, known.offsets[series], ends)
    season = fold.season or panel.frequency.season
    names = [name for name in plan.baselines if name != "SeasonalNaive" or season > 1]
    # baselines first, so that bad news comes before the long part
    until = known.offsets[1:] - left_out[0]
    beside = baseline_forecasts(names, known, origins, until, horizon, season, scale_by)

    chunks = np.array_split(np.arange(len(ends)), -(-len(ends) // CHUNK))
    limits = fold.model_.limits
    parts = [
        interval_columns(
            fold.name,
            fold.predict_panel(known, fold.profile_, ends[c], intervals=bool(plan.levels), fitted=until),
            plan.levels,
            limits,
        )
        for c in chunks
    ]
    forecasts = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} | beside

    places = ends[:, None] + np.arange(horizon)  # (W·S, H)
    ordinals = known.first[series] + ends - known.offsets[series]  # of the first step ahead
    out: dict[str, Array] = {}
    if panel.ids[0] is not None:
        out[columns.id] = np.repeat(np.asarray(known.ids)[series], horizon)
    out[columns.time] = panel.frequency.stamps((ordinals[:, None] + np.arange(horizon)).reshape(-1))
    out["cutoff"] = np.repeat(panel.frequency.stamps(ordinals - 1), horizon)
    out[columns.target] = np.where(known.observed[places], known.y[places], np.nan).reshape(-1)
    out |= {name: values.reshape(-1) for name, values in forecasts.items()}
    out["\0step"] = np.tile(np.arange(1, horizon + 1), len(ends))
    out["\0series"] = np.repeat(kept[series], horizon)
    return out


def uninterrupted(backtest: Backtest) -> Backtest:
    """A backtest with all its origins, or an interrupt."""
    if backtest.interrupted:
        raise KeyboardInterrupt  # a table with fewer cutoffs than asked for would pass for the whole
    return backtest
