"""Cross-validation from rolling origins: forecasts from the past, by networks trained on earlier rows only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..argument_types import Count, check_type, fits
from ..arrays import Array
from ..errors import DataError, InputError
from ..interactive.interrupts import interruptible
from ..interactive.progress import restart_estimate, run_progress, subtask
from ..plurals import counted
from ..series.by_frequency import frequency_note, merge_notes, series_counts
from ..series.columns import Columns
from ..series.frequency import mase_season
from ..series.known_future import refuse_unknown_rows
from ..series.panel import Panel, ends_note
from .baselines.registry import STAND_INS, baseline_forecasts, check_baselines, distinct, stand_in
from .baselines.statistical import require_statsforecast
from .evaluation.metrics import (
    Contest,
    InSampleValues,
    has_many_zeros,
    in_sample_values,
    judging_measure,
    scales,
    score_groups,
    score_series,
    summarize,
)
from .fitting import fit
from .model.combination import weights_of
from .model.ensemble import WINDOWS_AT_ONCE, pieces
from .multi_frequency import merge_selections, split_search
from .parameters import AUTO, Parameters, is_count
from .predictor import Predictor, Source
from .preprocessing.transform import TransformedOrigins
from .probabilistic.interval_columns import models_in
from .selection.automatic import SelectionResult, select_parameters


@dataclass(frozen=True)
class CrossValidationPlan:
    """Which origins, and how often the networks are trained."""

    n_windows: int  # origins of each series; the last one lies a horizon before the end
    step_size: int  # rows from one origin to the next
    refit: int  # origins that are forecast by one training, which ends at the first of them
    levels: list[float]  # coverage levels of the intervals, in per cent
    baselines: list[str]  # names of further columns

    @classmethod
    def checked(
        cls,
        n_windows: int,
        step_size: int,
        refit: bool | int,
        levels: Sequence[float],
        baselines: bool | str | Iterable[str] | None,
    ) -> CrossValidationPlan:
        """The plan of these arguments.

        Raises:
            InputError: one of them is invalid.
        """
        every = (1 if refit else n_windows) if fits(refit, bool) else refit
        for name, value in (("n_windows", n_windows), ("step_size", step_size), ("refit", every)):
            if not is_count(value):
                whole = "True, False or a" if name == "refit" else "a"
                raise InputError(f"`{name}` must be {whole} whole number ≥ 1; got {value!r}.")
            check_type(f"`{name}`", value, Count)
        names = check_baselines(baselines)
        require_statsforecast(names)  # before long work
        return cls(int(n_windows), int(step_size), int(every), list(levels), names)

    def most_left_out(self, horizon: int) -> int:
        """The rows of each series after the first origin."""
        return horizon + self.step_size * (self.n_windows - 1)

    def left_out(self, horizon: int) -> Array:
        """The rows of each series after each origin, the oldest first, (W,)."""
        return horizon + self.step_size * np.arange(self.n_windows)[::-1]


@dataclass(frozen=True, repr=False)
class Backtest:
    """Forecasts from cutoffs in the past, with the actual values."""

    columns: dict[str, Array]  # id (if there are ids), timestamp, cutoff, target (NaN where unknown), forecasts
    names: list[str]  # of the forecasts among them
    target: str  # the column of the target
    steps: Array  # how far ahead each row lies, 1 the nearest, (n,)
    series: Array  # the series of each row, (n,)
    history: InSampleValues  # the values before the first cutoff
    windows: int  # cutoffs that were reached
    name: str  # the networks' column
    interrupted: bool  # whether Ctrl-C ended it before the last cutoff
    notes: list[str]  # what the user should know about the table and the search
    found: SelectionResult | None = None  # by the search before the first cutoff
    zone: str | None = None  # of the timestamps and cutoffs, which are in UTC if they have one

    def by_series(self) -> pd.DataFrame:
        return score_series(self.series, self.columns[self.target], self._forecasts(), self.history)

    def table(self) -> pd.DataFrame:
        """All measures, one row per model: means over series."""
        return summarize(self.by_series())

    def verdict(self) -> str:
        """Whether the networks are better than the baselines, in words."""
        scores = self.by_series()
        table = summarize(scores)
        parts = scores if scores.index.unique("series").size > 1 else self._by_cutoff()
        return str(Contest.of(table, self.name, self.measure_of(table), parts))

    def measure_of(self, table: pd.DataFrame) -> str:
        """The column of `table()` by which models are compared."""
        return judging_measure(table, has_many_zeros(self.history.y))

    def by_step(self) -> pd.DataFrame:
        """sMAPE, MAE, RMSE and intervals by step ahead and model; all series and cutoffs together."""
        return score_groups("step", self.steps, self.columns[self.target], self._forecasts())

    def _by_cutoff(self) -> pd.DataFrame:
        """The point measures by number of the cutoff and model."""
        cutoffs = np.unique(self.columns["cutoff"], return_inverse=True)[1]
        models = {name: self.columns[name] for name in models_in(self.names)}
        y = self.columns[self.target]
        divisors = scales(self.history, self.series)
        return score_groups("cutoff", cutoffs, y, models, divisors)

    def _forecasts(self) -> dict[str, Array]:
        return {name: self.columns[name] for name in self.names}


# --- one frequency ----------------------------------------------------------------------------------


def backtest_panel(parameters: Parameters, panel: Panel, source: Source, plan: CrossValidationPlan) -> Backtest:
    """Train and forecast at all origins of a plan, the oldest first.

    One training may serve several origins. Its networks, transform of the series and calibration use only the rows
    before the first of these. An automatic choice is made once, on the rows before the first origin of all, and
    used at all origins.
    """
    columns, horizon = source.columns, parameters.horizon
    parameters.check_name(columns)
    _refuse_names(columns, plan.baselines)
    require_statsforecast(weights_of(parameters.combine))  # before a search, too
    past = panel.until(plan.most_left_out(horizon))
    if not len(past.ids):
        longest = counted(int(panel.lengths.max()), "period")
        raise DataError(
            f"the longest series has {longest}; {plan.n_windows} windows {plan.step_size} periods "
            f"apart with horizon {horizon} leave none to train on. Lower one of the three."
        )
    left_out = plan.left_out(horizon)
    refuse_unknown_rows(panel, _rows_ahead(panel, left_out, horizon))
    scaled_by = mase_season(panel.frequency, parameters.season)
    season, typical = parameters.season_of(panel.frequency), int(np.median(past.lengths))
    plan = replace(plan, baselines=distinct(plan.baselines, panel.frequency, season, typical))
    notes, evaluate = list(panel.notes), bool(plan.levels)
    found: list[tuple[dict[str, Array], Array]] = []
    reached, trainings = 0, -(-plan.n_windows // plan.refit)
    # one Ctrl-C ends all of it, not one training
    with interruptible() as interrupted, run_progress(parameters.verbose):
        selection = _select(parameters, past, evaluate, trainings)
        if selection is not None:
            parameters = selection.chosen
            notes += selection.notes
        for first in range(0, 0 if interrupted() else plan.n_windows, plan.refit):
            group, number = left_out[first : first + plan.refit], first // plan.refit
            searched = selection is not None
            with subtask(f"cutoff {first + 1}/{plan.n_windows}", searched + number, searched + trainings):
                predictor = fit(parameters, panel.until(int(group[0])), source, evaluate=evaluate)
            if interrupted():
                break
            notes += [] if reached else _notes_of(predictor, panel)
            found.append(_forecast_group(predictor, panel, group, plan, scaled_by))
            reached += len(group)
    if not found:
        raise KeyboardInterrupt
    table, series = _concatenated([table for table, _ in found]), np.concatenate([series for _, series in found])
    fixed = {columns.id, columns.time, "cutoff", columns.target}
    return Backtest(
        columns=table,
        names=[name for name in table if name not in fixed],
        target=columns.target,
        steps=np.tile(np.arange(1, horizon + 1), len(series) // horizon),
        series=series,
        history=in_sample_values(past, scaled_by, np.flatnonzero(panel.lengths > left_out[0])),
        windows=reached,
        name=parameters.name,
        interrupted=reached < plan.n_windows,
        notes=notes,
        found=selection,
        zone=panel.frequency.zone,
    )


def _notes_of(predictor: Predictor, panel: Panel) -> list[str]:
    """What the user should know about the first training on a panel."""
    too_short = () if predictor.panel is None else predictor.panel.notes[len(panel.notes) :]
    ends = ends_note(panel) if predictor.ensemble.members else []
    return [*too_short, *predictor.transform.effects.terms.notes, *predictor.ensemble.notes(panel), *ends]


def _rows_ahead(panel: Panel, left_out: Array, horizon: int) -> Array:
    """The rows of a panel that are forecast from the origins (W,) of a plan."""
    ends = (panel.offsets[1:] - left_out[:, None])[panel.lengths > left_out[:, None]]
    return np.unique(ends[:, None] + np.arange(horizon))


def _select(parameters: Parameters, past: Panel, evaluate: bool, trainings: int) -> SelectionResult | None:
    """The result of a search before this many trainings; None without a search."""
    if parameters.cell != AUTO:
        return None
    with subtask("", 0, 1 + trainings):
        selection = select_parameters(parameters, past, evaluate=evaluate, fits=trainings)
        restart_estimate()
    return selection


def _refuse_names(columns: Columns, models: Sequence[str]) -> None:
    """Raise if a column of the forecasts has the name of one of the table's."""
    for name in columns.keys:
        if name in ("cutoff", *models):
            raise InputError(f"the forecasts have a column {name!r}, too. Rename it in the table.")


def _concatenated(tables: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Tables with the same columns below one another."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _forecast_group(
    predictor: Predictor, panel: Panel, left_out: Array, plan: CrossValidationPlan, scaled_by: int
) -> tuple[dict[str, Array], Array]:
    """Forecasts from the origins (W,) of one training, by column, and the number of each row's series; series that it
    has not seen are left out."""
    parameters, columns, horizon = predictor.parameters, predictor.source.columns, predictor.parameters.horizon
    trained = set(predictor.context.ids)
    kept = np.array([name in trained for name in panel.ids])
    known = panel.select(kept)
    ends = (known.offsets[1:] - left_out[:, None]).reshape(-1)  # (W·S,) window by window, in it series by series
    origins = TransformedOrigins(known, ends, predictor.transform)
    season = parameters.season_of(panel.frequency)
    # baselines first, so that their errors come before the long part
    fitted = known.offsets[1:] - left_out[0]
    beside = baseline_forecasts(plan.baselines, origins, fitted, horizon, season=season, naive2_season=scaled_by)
    parts = [
        predictor.forecast_columns(
            predictor.quantiles(origins.take(rows), intervals=bool(plan.levels), fitted=fitted), plan.levels
        )
        for rows in pieces(len(origins), WINDOWS_AT_ONCE)
    ]
    forecasts = _concatenated(parts) | beside

    ahead, rows = origins.ordinals_ahead(horizon), origins.rows_ahead(horizon)  # (W·S, H)
    found: dict[str, Array] = {}
    if panel.ids[0] is not None:
        found[columns.id] = np.repeat(np.asarray(known.ids)[origins.series], horizon)
    found[columns.time] = panel.frequency.instants(ahead.reshape(-1))
    found["cutoff"] = np.repeat(panel.frequency.instants(ahead[:, 0] - 1), horizon)
    found[columns.target] = np.where(known.observed[rows], known.y[rows], np.nan).reshape(-1)
    found |= {name: values.reshape(-1) for name, values in forecasts.items()}
    return found, np.repeat(np.flatnonzero(kept)[origins.series], horizon)


# --- all frequencies --------------------------------------------------------------------------------


def backtest(parameters: Parameters, panels: Sequence[Panel], source: Source, plan: CrossValidationPlan) -> Backtest:
    """`backtest_panel` for the panel of each frequency, as one backtest.

    Ctrl-C ends it and keeps the cutoffs that were reached; later frequencies have none.
    """
    if len(panels) == 1:
        return backtest_panel(parameters, panels[0], source, plan)
    asked = plan.baselines
    if set(asked) & {"SeasonalNaive", *STAND_INS}:  # in a frequency without their season, others replace them
        plan = replace(plan, baselines=list(dict.fromkeys([*asked, "SeasonalNaive", "WindowAverage", "Naive"])))
    found: dict[str, Backtest] = {}
    with run_progress(parameters.verbose):
        for number, (one, panel) in enumerate(zip(split_search(parameters, panels), panels, strict=True)):
            name = panel.frequency.name
            try:
                with subtask(name, number, len(panels)):
                    found[name] = backtest_panel(one, panel, source, plan)
            except KeyboardInterrupt:
                if not found:
                    raise
                break
            if found[name].interrupted:
                break
    selections = {name: one.found for name, one in found.items() if one.found}
    unasked = [name for name in plan.baselines if name not in asked]
    return replace(_merged(found, panels, unasked), found=merge_selections(parameters, selections))


def _merged(found: Mapping[str, Backtest], panels: Sequence[Panel], unasked: Sequence[str]) -> Backtest:
    """The backtests of the first panels as one, without some models; series are numbered consecutively."""
    parts = list(found.values())
    first = np.cumsum([0, *(len(panel.ids) for panel in panels)])
    names = [name for name in dict.fromkeys(name for p in parts for name in p.columns) if name not in unasked]
    notes = frequency_note(panels)
    if len(parts) < len(panels):
        notes.append(f"interrupted: no forecast of {series_counts(panels[len(parts) :])}")
    histories = [p.history._replace(ids=p.history.ids + k) for p, k in zip(parts, first, strict=False)]
    return replace(
        parts[0],
        columns={name: np.concatenate([_column(p, name) for p in parts]) for name in names},
        names=[name for name in names if any(name in p.names for p in parts)],
        steps=np.concatenate([p.steps for p in parts]),
        series=np.concatenate([p.series + k for p, k in zip(parts, first, strict=False)]),
        history=InSampleValues.concatenated(histories),
        windows=max(p.windows for p in parts),
        interrupted=len(parts) < len(panels) or any(p.interrupted for p in parts),
        notes=[*notes, *merge_notes({name: p.notes for name, p in found.items()})],
    )


def _column(found: Backtest, name: str) -> Array:
    """A column of a backtest; a baseline that it lacks is the one that it equals there."""
    return found.columns[stand_in(name, found.columns)]
