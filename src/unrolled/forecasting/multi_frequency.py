"""Fitting a table whose series have one frequency or several: each frequency gets a predictor of its own.

Seasons, calendars, windows and horizons mean different things at different frequencies. The given parameters are the
same for all; the others are chosen for each frequency from its own series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError, InputError
from ..interactive.interrupts import interruptible
from ..interactive.progress import run_progress, subtask
from ..series.by_frequency import frequency_note, merge_notes, series_counts, series_frequencies, take_rows
from ..series.columns import Columns
from ..series.continuation import refuse_unknown_series
from ..series.dataframe import PANDAS, in_one_zone, open_table, read_ids, read_target
from ..series.grid import MIN_STEPS_FOR_OWN_FREQUENCY
from ..series.panel import Panel
from ..series.stamps import read_stamps
from .defaults import FitPlan, plan_fit
from .evaluation.comparison import Comparison, combine_comparisons
from .fitting import fit_planned
from .parameters import AUTO, MIN_TRIALS, Parameters
from .predictor import Prediction, Predictor, SeriesToForecast, Source
from .probabilistic.interval_columns import Point
from .selection.automatic import SelectionResult, fit_automatically, without_search
from .selection.search import EVIDENCE
from .totals import total
from .updating import Update, updated

MAX_SERIES_IN_TOTAL, PATHS_OF_TOTAL = 1000, 500  # of a report; `Forecaster.total` takes any

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


@dataclass(frozen=True, kw_only=True)
class FittedTable:
    """The result of fitting a table."""

    parameters: Parameters  # as given
    predictors: Mapping[str, Predictor]  # by the name of the frequency, the one with most rows first
    mixed: bool = False  # whether the table has several frequencies
    selections: Mapping[str, SelectionResult] = field(default_factory=dict)  # result of the search for each frequency
    notes: tuple[str, ...] = ()  # what the user should know about the fit

    @property
    def only(self) -> Predictor:
        """The predictor of a table of one frequency, or the first of several."""
        return next(iter(self.predictors.values()))

    @property
    def source(self) -> Source:
        """The table."""
        return self.only.source

    def with_columns(self, columns: Columns) -> FittedTable:
        """The same for tables with other columns."""
        source = replace(self.source, columns=columns)
        return replace(self, predictors={n: replace(p, source=source) for n, p in self.predictors.items()})

    @cached_property
    def comparison(self) -> Comparison | None:
        """The comparison on the held-out end, over all frequencies."""
        if not self.mixed:
            return self.only.comparison
        return combine_comparisons({n: p.comparison for n, p in self.predictors.items() if p.comparison is not None})

    @cached_property
    def selection(self) -> SelectionResult | None:
        """The results of the searches as one; None without a search."""
        if not self.mixed:
            return next(iter(self.selections.values()), None)
        return merge_selections(self.parameters, self.selections)

    @property
    def point(self) -> Point | None:
        """What the forecast's column holds; None for medians, and if the frequencies differ."""
        points = {one.parameters.point for one in self.predictors.values()}
        return points.pop() if len(points) == 1 else None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended a training."""
        return any(one.interrupted for one in self.predictors.values())

    def part(self, name: str) -> FittedTable:
        """The part of one frequency."""
        selections = {name: self.selections[name]} if name in self.selections else {}
        asked = selections[name].asked if selections else self.predictors[name].parameters
        own = {name: self.predictors[name]}
        notes = self.predictors[name].notes
        return FittedTable(parameters=asked, predictors=own, selections=selections, notes=notes)

    def forecast(self, levels: Sequence[float], future: IntoDataFrame | None = None) -> Prediction:
        """Forecasts of the series of the fit, in pandas whatever library they came in."""
        asked = [(one, series._replace(library=PANDAS)) for one, series in self.split(None)]
        return self.joined([(series, one.predict(series, levels, future=future)) for one, series in asked])

    def total(self, levels: Sequence[float], future: IntoDataFrame | None = None) -> pd.DataFrame | None:
        """The forecast of the sum of the series of the fit for each period, in pandas; None for single series, for
        very many, and for those that have no common horizon."""
        if self.mixed or not 1 < len(self.only.context.ids) <= MAX_SERIES_IN_TOTAL:
            return None
        context = self.only.context
        if (context.first + context.lengths != context.first[0] + context.lengths[0]).any():
            return None
        series = self.only.series._replace(library=PANDAS)
        found: pd.DataFrame = total(self.only, series, "series", levels, PATHS_OF_TOTAL, 0, future=future).frame
        return found

    def joined(self, parts: Sequence[tuple[SeriesToForecast, Prediction]]) -> Prediction:
        """The predictions for the series of each frequency as one table, in the time zone of the first."""
        import narwhals as nw

        notes = merge_notes({series.panel.frequency.name: found.notes for series, found in parts})
        frames = [found.frame for _, found in parts]
        if len(frames) == 1:
            return Prediction(frames[0], notes)
        zones = [series.panel.frequency.zone for series, _ in parts]
        whole = nw.concat(in_one_zone(frames, zones, self.source.columns.time))
        return Prediction(nw.maybe_reset_index(whole).to_native(), notes)

    def split(self, df: IntoDataFrame | None) -> list[tuple[Predictor, SeriesToForecast]]:
        """The series of a table with the predictors that forecast them; None: the series of the fit.

        A series of the fit goes to its own predictor, another one to the predictor of its frequency.

        Raises:
            DataError: there is no predictor for the frequency of a series, or the table can't be used.
        """
        columns = self.source.columns
        if df is None:
            return [(one, one.series) for one in self.predictors.values()]
        if not self.mixed:
            return [(self.only, self.only.read(df, columns))]
        table = open_table(df, columns, (columns.time, columns.target))
        codes, ids = read_ids(table, columns)
        of_series = np.full(len(ids), -1)
        for k, one in enumerate(self.predictors.values()):
            of_series[pd.Index(one.context.ids).get_indexer(pd.Index(ids)) >= 0] = k
        if (of_series < 0).any():
            self._assign_new(of_series, table, columns, codes, ids)
        found = []
        for k, one in enumerate(self.predictors.values()):
            here = of_series[codes] == k
            if here.any():
                rows = np.flatnonzero(here)
                own = replace(columns, rows=[columns.row(row) for row in rows])
                found.append((one, one.read(take_rows(df, rows), own)))
        return found

    def updated(self, df: IntoDataFrame) -> tuple[FittedTable, Update]:
        """The fit whose series continue with the rows of a newer table, and what was added; see `updating`.

        Raises:
            DataError: the table can't be read, or its rows do not continue series of the fit.
        """
        columns = self.source.columns
        parts = [(name, df, columns) for name in self.predictors]
        if self.mixed:
            codes, ids = read_ids(open_table(df, columns, (columns.time, columns.target)), columns)
            owners = {series: name for name, one in self.predictors.items() for series in one.context.ids}
            refuse_unknown_series(ids, owners, columns)
            of = np.array([owners[series] for series in ids], object)[codes]
            parts = [
                (name, take_rows(df, own), replace(columns, rows=[columns.row(k) for k in own]))
                for name in self.predictors
                if len(own := np.flatnonzero(of == name))
            ]
        found = {name: updated(self.predictors[name], own, named) for name, own, named in parts}
        notes = merge_notes({name: update.notes for name, (_, update) in found.items()})
        predictors = {**self.predictors, **{name: one for name, (one, _) in found.items()}}
        return replace(self, predictors=predictors), Update.joined([update for _, update in found.values()], notes)

    def _assign_new(self, of_series: Array, table: Any, columns: Columns, codes: Array, ids: Sequence[Any]) -> None:
        """Number the predictor of each series that is not of the fit, in place; `codes` (n,) number the rows' series.

        Of predictors that differ only in the times at which series are closed, it is the one that leaves out the
        fewest values, and then the one with the fewest open phases.
        """
        frequencies = [one.context.frequency for one in self.predictors.values()]
        known = ~np.isnan(read_target(table[columns.target], columns))
        left_out = []
        for frequency in frequencies:
            closed = frequency.is_closed(read_stamps(table[columns.time], columns, frequency, codes)) & known
            left_out.append(np.bincount(codes, closed, len(ids)))
        new = of_series[codes] < 0
        kept, numbers = np.unique(codes[new], return_inverse=True)
        stamps = read_stamps(table[columns.time], columns, codes=codes)[new]
        for number, (series, found) in enumerate(zip(kept, series_frequencies(stamps, numbers), strict=True)):
            name = None if found is None else found.whole.name
            fitting = [k for k, frequency in enumerate(frequencies) if frequency.whole.name == name]
            own, has_value = stamps[numbers == number], known[new][numbers == number]
            if not fitting and has_value.sum() <= MIN_STEPS_FOR_OWN_FREQUENCY:  # it shows none, and needs a grid
                seen = own[has_value] if has_value.any() else own[:1]
                fitting = [k for k, frequency in enumerate(frequencies) if frequency.whole.ordinals(seen)[1].all()]
            if not fitting:
                raise DataError(
                    f"series {str(ids[series])!r} is {found.name if found else 'of one timestamp'}; this forecaster "
                    f"was trained on series that are {', '.join(self.predictors)}. Leave it out, or train on such "
                    "series as well."
                )
            of_series[series] = min(
                fitting, key=lambda k: (left_out[k][series], frequencies[k].open.count("1") or np.inf)
            )


# --- fitting ----------------------------------------------------------------------------------------


def fit_table(
    parameters: Parameters, panels: Sequence[Panel], source: Source, baselines: Sequence[str] = ()
) -> FittedTable:
    """Fit a predictor to each panel, after a search if the cell is "auto".

    Ctrl-C ends the current training and keeps the best weights so far; later frequencies have no forecast, and a note
    says so. If it ends a search, later frequencies are fitted without a search.

    Raises:
        DataError: the series of a frequency can't be forecast; raised before any training.
        InputError: the forecast has the name of another column.
    """
    parameters = replace(parameters, network=parameters.networks)  # a model file names it, whatever the default is
    parameters.check_name(source.columns)
    asked = split_search(parameters, panels)
    plans = [_plan(one, panel, len(panels)) for one, panel in zip(asked, panels, strict=True)]
    predictors: dict[str, Predictor] = {}
    selections: dict[str, SelectionResult] = {}
    searching = parameters.cell == AUTO
    # finished frequencies are kept; Ctrl-C in a search ends only the search
    guard = nullcontext(lambda: False) if searching else interruptible()
    with guard as interrupted, run_progress(parameters.verbose):
        for number, plan in enumerate(plans):
            name = plan.panel.frequency.name
            with subtask(name if len(plans) > 1 else "", number, len(plans)):
                if searching:
                    predictors[name], selection = fit_automatically(plan.parameters, plan.panel, source, baselines)
                    selections[name] = selection
                    searching = not selection.interrupted
                else:
                    if parameters.cell == AUTO:
                        plan = plan_fit(without_search(plan.parameters), plan.panel)
                    predictors[name] = fit_planned(plan, source, baselines)
            if predictors[name].interrupted or interrupted():
                break
    notes = tuple(_notes(parameters, panels, predictors, selections))
    mixed = len(panels) > 1
    return FittedTable(parameters=parameters, predictors=predictors, mixed=mixed, selections=selections, notes=notes)


def _plan(parameters: Parameters, panel: Panel, count: int) -> FitPlan:
    """The plan of a fit; errors name the frequency if there are several."""
    try:
        return plan_fit(parameters, panel)
    except DataError as error:
        if count == 1:
            raise
        raise DataError(
            f"the {panel.frequency.name} series: {error} Or forecast each frequency separately (`un.by_frequency`)."
        ) from error


def _notes(
    parameters: Parameters,
    panels: Sequence[Panel],
    predictors: Mapping[str, Predictor],
    selections: Mapping[str, SelectionResult],
) -> list[str]:
    """What the user should know about the fits of all frequencies."""
    notes = frequency_note(panels)
    if parameters.cell == AUTO and len(predictors) > len(selections):
        notes.append("automatic choice: the default for the frequencies after the interrupted search")
    if len(predictors) < len(panels):
        missing = series_counts(panels[len(predictors) :])
        notes.append(f"interrupted: no forecast of {missing}, which were not yet trained on")
    return [*notes, *merge_notes({name: one.notes for name, one in predictors.items()})]


# --- searches ---------------------------------------------------------------------------------------


def split_search(parameters: Parameters, panels: Sequence[Panel]) -> list[Parameters]:
    """The parameters for each panel; the budget of a search is split in proportion to their observations."""
    if parameters.cell != AUTO or len(panels) == 1:
        return [parameters for _ in panels]
    known = np.array([panel.observed.sum() for panel in panels])
    budget = parameters.search_limit_s
    budgets = [None if budget is None else float(budget * n / known.sum()) for n in known]
    trials = [None] * len(panels) if parameters.max_trials is None else split_trials(parameters.max_trials, known)
    return [replace(parameters, budget=b, max_trials=t) for b, t in zip(budgets, trials, strict=True)]


def split_trials(trials: int, known: Array) -> list[int]:
    """Trials split over frequencies: the minimum for each, the rest in proportion to the observations (P,), and the
    remainder to the first.

    >>> split_trials(20, np.array([300, 100]))
    [13, 7]
    """
    least = MIN_TRIALS * len(known)
    if trials < least:
        raise InputError(
            f"max_trials {trials} is too few for {len(known)} frequencies, each of which has its own search: they "
            f"need {least}. Give that many, or a budget."
        )
    shares = [MIN_TRIALS + int((trials - least) * n // known.sum()) for n in known]
    return [shares[0] + trials - sum(shares), *shares[1:]]


def merge_selections(parameters: Parameters, selections: Mapping[str, SelectionResult]) -> SelectionResult | None:
    """The results of the searches for some frequencies as one; None without a search."""
    if not selections:
        return None
    rows = [{"frequency": n, **row} for n, one in selections.items() for row in one.table.to_dict("records")]
    return SelectionResult(
        asked=parameters,
        chosen=parameters,
        table=pd.DataFrame(rows, columns=["frequency", *EVIDENCE]),
        notes=merge_notes({name: one.notes for name, one in selections.items()}),
        interrupted=any(one.interrupted for one in selections.values()),
        parts=selections,
    )
