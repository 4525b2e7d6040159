"""The automatic choice: parameters found by a search on the rows before the held-out end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ...interactive.progress import restart_estimate, subtask
from ...series.panel import Panel
from ..defaults import decide, held_out_rows
from ..fitting import fit
from ..parameters import DEFAULT_CELL, Parameters
from ..predictor import Predictor, Source
from .search import EVIDENCE, Budget, Search
from .space import default_configuration, search_space
from .validation import MIN_UNITS, make_folds


@dataclass(frozen=True)
class SelectionResult:
    """The result of a search."""

    asked: Parameters  # the given parameters
    chosen: Parameters  # those that repeat the choice without a search; of several frequencies, the given ones
    table: pd.DataFrame  # all trials, see `Forecaster.search_`
    notes: Sequence[str] = ()  # the outcome in words
    interrupted: bool = False  # whether Ctrl-C ended it
    parts: Mapping[str, SelectionResult] = field(default_factory=dict)  # for each of several frequencies

    @property
    def parameters(self) -> dict[str, Any]:
        """The chosen parameters of a `Forecaster`."""
        return self.chosen.as_dict()


def without_search(parameters: Parameters) -> Parameters:
    """The same with trained networks of the default cell instead of a search; the forecast keeps its column."""
    return replace(
        parameters, cell=DEFAULT_CELL, budget=None, max_trials=None, alias=parameters.name, network="trained"
    )


def fit_automatically(
    parameters: Parameters, panel: Panel, source: Source, baselines: Sequence[str] = ()
) -> tuple[Predictor, SelectionResult]:
    """Search for parameters on the rows before the held-out end, and fit with the chosen ones."""
    with subtask("", 0, 2):
        selection = select_parameters(parameters, panel)
        restart_estimate()
    with subtask("", 1, 2):
        predictor = fit(selection.chosen, panel, source, baselines=baselines)
    return replace(predictor, notes=(*selection.notes, *predictor.notes)), selection


def select_parameters(
    parameters: Parameters, panel: Panel, *, evaluate: bool = True, fits: int = 1
) -> SelectionResult:
    """The parameters for a panel, chosen on the rows before the held-out end.

    Args:
        parameters: as given.
        panel: all known rows.
        evaluate: whether the fits hold out an end.
        fits: how many follow, for the estimate of the remaining time.
    """
    budget = Budget(parameters.search_limit_s, parameters.max_trials)  # the clock starts
    default = without_search(parameters)
    known = panel.until(held_out_rows(panel, parameters.horizon, parameters.season) if evaluate else 0)
    search = _search(default, known, panel, budget, parameters.verbose, fits * (1 + evaluate)) if known.ids else None
    if search is None:
        return SelectionResult(parameters, default, pd.DataFrame(columns=EVIDENCE), [_too_short(known)])
    interrupted = search.run()
    return SelectionResult(
        parameters, search.winner.apply(default), search.table(), explain(search, interrupted), interrupted
    )


def _search(
    default: Parameters, known: Panel, panel: Panel, budget: Budget, verbose: int, trainings: int
) -> Search | None:
    """A search in the known part of a panel; None where its series are too short to evaluate any."""
    # candidates are not combined, and read the calendar if the fit will, even if a fold is too short for it
    silent = replace(default, verbose=0, combine=None)
    decisions = decide(silent, known, panel.lengths)
    configuration = default_configuration(silent, decisions, panel.lengths)
    silent = replace(silent, calendar=bool(decisions.features.calendar))
    validation = make_folds(known, silent.horizon, decisions.spec.season, silent.seed)
    if validation is None:
        return None
    space = search_space(silent, known, decisions, validation.shortest_past)
    return Search(silent, validation, configuration, space, budget, verbose=verbose, trainings=trainings)


def _too_short(known: Panel) -> str:
    rows = int(np.median(known.lengths)) if len(known.ids) else 0
    return (
        f"automatic choice: the default, without a search. The typical series has {rows} periods before the held-out "
        f"end, too few to train on a part and compare {MIN_UNITS} forecasts or more on the rest"
    )


def explain(search: Search, interrupted: bool) -> list[str]:
    """The outcome of a search, in words."""
    budget = search.budget
    default = search.trials.get((search.default, "final"))
    finals = [t for t in search.ranked("final") if t is not default]
    if default is None or not finals:
        if interrupted:
            return ["automatic choice: the default; the interrupt came before a comparison with it"]
        had = f"{budget.limit_s:g} s" if budget.limit_s is not None else f"{budget.max_trials} trials"
        return [f"automatic choice: the default; {had} are not enough to evaluate a challenger. {_needed(search)}"]
    winner = search.winner
    best = next(t for t in finals if t.configuration == winner) if winner != search.default else finals[0]
    gain, error, _ = best.better_by(default)
    figures = f"scaled error {best.score:.4g} against {default.score:.4g}, a gain of {gain:.2g} ± {error:.2g}"
    tried = f"{len({c for c, _ in search.trials})} configurations" + (" before the interrupt" if interrupted else "")
    if winner == search.default:
        return [f"automatic choice: the default; of {tried}, none is better by more than the noise (best: {figures})"]
    return [f"automatic choice of {tried}: {winner} ({figures}, over {search.validation.units} units)"]


def _needed(search: Search) -> str:
    budget = search.budget
    if budget.limit_s is None:
        return "Allow more with `max_trials`."
    works = [search.work(search.default, stage) for stage in ("screened", "final")]
    wall_s = max(4 * budget.pace * sum(works), 2 * budget.limit_s)  # what was not enough is never suggested
    return f"Give about {max(wall_s, 1):.0f} s or more with `budget`."
