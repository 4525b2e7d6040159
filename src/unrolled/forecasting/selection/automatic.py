"""What a forecaster does with a search: it checks the budget, fits what was chosen, and keeps the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...arrays import Array
from ...interactive.progress import restart_estimate, run_progress, subtask
from ...series.panel import Panel
from ..defaults import held_out_rows
from ..parameters import DEFAULT_BUDGET_S
from .search import EVIDENCE, Budget, Search
from .space import default_configuration, search_space
from .validation import LEAST_UNITS, forecaster_like, make_folds

if TYPE_CHECKING:
    from ...forecaster import Forecaster

MOST_KEPT = 50  # rows of the evidence in a model file


@dataclass(frozen=True)
class SelectionResult:
    """What came of a search.

    Attributes:
        table: all that was tried, see `Forecaster.search_`.
        parameters: of a forecaster, that repeat the choice without a search; of several frequencies, with one.
        notes: what came of it, in plain words.
        interrupted: whether Ctrl-C ended it.
        parts: what came of the search for each frequency, by its name; empty where there is one.
    """

    table: pd.DataFrame
    parameters: dict[str, Any]
    notes: list[str]
    interrupted: bool
    parts: Mapping[str, SelectionResult] = field(default_factory=dict)


def fit_automatically(fc: Forecaster, panel: Panel, evaluate: bool, baselines: Sequence[str]) -> Forecaster:
    """Search for the configuration without the end that `fit` holds out, and fit with what was chosen."""
    with run_progress(fc.verbose):
        with subtask("", 0, 2):
            found = select_configuration(fc, panel, evaluate)
            restart_estimate()
        fitted = forecaster_like(fc, found.parameters)
        with subtask("", 1, 2):
            fitted.fit_panel(panel, evaluate, baselines)
    fc.__dict__ |= {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    fc.notes_[:0] = found.notes
    fc.search_, fc.chosen_, fc.search_interrupted_ = found.table, found.parameters, found.interrupted
    return fc


def select_configuration(fc: Forecaster, panel: Panel, evaluate: bool, fits: int = 1) -> SelectionResult:
    """The configuration for a panel, without the end that `fit` holds out.

    Args:
        panel: all that is known: nothing after it counts.
        evaluate: whether the fits hold out an end.
        fits: how many follow, for the time that is left.
    """
    known = panel.until(held_out_rows(panel, fc.horizon) if evaluate else 0)
    fixed = {"cell": default_cell(fc), "budget": None, "max_trials": None, "alias": fc.name}
    base = forecaster_like(fc, fixed | {"verbose": 0, "combine": None})  # candidates are judged as networks
    trainings = fits * (1 + evaluate)
    found = choose(base, known, panel.lengths, fc.budget, fc.max_trials, fc.verbose, trainings)
    table, chosen, notes, interrupted = found
    return SelectionResult(table, fc.get_params() | fixed | chosen, notes, interrupted)


def default_cell(fc: Forecaster) -> str:
    """The cell of a forecaster that is not told any."""
    return str(signature(type(fc)).parameters["cell"].default)


def choose(
    base: Forecaster,
    known: Panel,
    rows: Array,
    budget: float | None,
    max_trials: int | None,
    verbose: int = 0,
    trainings: int = 2,
) -> tuple[pd.DataFrame, dict[str, Any], list[str], bool]:
    """The evidence, the parameters that were chosen, notes, and whether Ctrl-C ended the search.

    Args:
        base: a silent forecaster with a real cell and the parameters that the user has given.
        known: all that the search may see.
        rows: how many rows each series has in the last training, (S',).
        budget: in seconds; None: 60, or no limit where there is one of trials.
        max_trials: configurations judged, at both stages together.
        verbose: 1 shows progress in a notebook, and where standard error is a terminal.
        trainings: that follow.
    """
    if budget is None and max_trials is None:
        budget = DEFAULT_BUDGET_S
    allowance = Budget(budget, max_trials)  # the clock runs from here on
    nothing = pd.DataFrame(columns=EVIDENCE)
    if not len(known.ids):
        return nothing, {}, [_too_short(known)], False
    default, framing, calendar = default_configuration(base, known, rows)
    base = forecaster_like(base, {"calendar": calendar})  # as in the fit, also where a fold would be too short for it
    validation = make_folds(known, base.horizon, framing.season, base.seed)
    if validation is None:
        return nothing, {}, [_too_short(known)], False
    space = search_space(base, known, framing, validation.shortest_past)
    search = Search(base, validation, default, space, allowance, verbose, trainings)
    interrupted = search.run()
    return search.table(), search.winner.parameters(), explain(search, interrupted), interrupted


def _too_short(known: Panel) -> str:
    rows = int(np.median(known.lengths)) if len(known.ids) else 0
    return (
        f"automatic choice: the default, without a search. The typical series has {rows} rows before the held-out "
        f"end, too few to train on a part and compare {LEAST_UNITS} forecasts or more on the rest"
    )


def explain(search: Search, interrupted: bool) -> list[str]:
    """What came of a search, in plain words."""
    allowance = search.allowance
    default = search.trials.get((search.default, "final"))
    finals = [t for t in search.ranked("final") if t is not default]
    tried = len({c for c, _ in search.trials})
    ended = " before the interrupt" if interrupted else ""
    if default is None or not finals:
        if interrupted:
            return ["automatic choice: the default, as the interrupt came before anything was judged against it"]
        had = f"{allowance.budget:g} s" if allowance.budget is not None else f"{allowance.max_trials} trials"
        return [
            f"automatic choice: the default, since {had} were too little to judge a challenger. {_needed(search)}"
        ]
    winner = search.winner
    best = next(t for t in finals if t.configuration == winner) if winner != search.default else finals[0]
    gain, error, _ = best.better_by(default)
    figures = f"scaled error {best.score:.4g} against {default.score:.4g}, a gain of {gain:.2g} ± {error:.2g}"
    if winner == search.default:
        return [
            f"automatic choice: the default; no other of {tried}{ended} wins by more than noise (best: {figures})"
        ]
    return [f"automatic choice out of {tried}{ended}: {winner} ({figures}, over {search.validation.units} units)"]


def _needed(search: Search) -> str:
    works = [search.work(search.default, stage) for stage in ("screened", "final")]
    wall_s = 4 * search.allowance.pace * sum(works)
    return f"Give about {wall_s:.0f} s or more." if wall_s >= 1 else "Give more."


def describe_search(fc: Forecaster) -> dict[str, Any]:
    """The search as part of a model file: the first rows of its table, and what was chosen."""
    if fc.search_ is None:
        return {}
    rows = fc.search_.head(MOST_KEPT).replace([np.inf, -np.inf], np.nan).astype(object)
    kept = rows.where(rows.notna(), None).to_dict("records")
    return {"search": {"table": kept, "chosen": {k: v for k, v in fc.chosen_.items() if k != "verbose"}}}


def restore_search(fc: Forecaster, content: Mapping[str, Any]) -> None:
    """What `describe_search` described."""
    described = content.get("search")
    fc.search_interrupted_ = False
    fc.search_ = None if described is None else pd.DataFrame(described["table"], columns=EVIDENCE)
    fc.chosen_ = fc.get_params() if described is None else described["chosen"] | {"verbose": fc.verbose}
