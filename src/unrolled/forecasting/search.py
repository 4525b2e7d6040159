"""The automatic choice of a forecaster's configuration: a small search under a budget of time or of trials.

A handful of diverse configurations is screened with little training, the best of them are trained in full, then the
neighbours of the best go the same way: successive halving (Jamieson & Talwalkar, AISTATS 2016) followed by a local
search. All are judged by the same forecasts from rolling origins inside of the part that is known, with common seeds.
The default takes part, and a challenger replaces it only if it wins by more than noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from math import inf, isfinite
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..cells import cell_named
from ..errors import InputError
from ..ops import Array
from ..training import interruptible
from .backtest import held_out_rows
from .candidates import Configuration, Space, first_candidates, limits, neighbours, resolve
from .panel import Panel
from .validation import LEAST_UNITS, Validation, forecaster_like, lay_out

if TYPE_CHECKING:
    from .forecaster import Forecaster

AUTO = "auto"
DEFAULT_BUDGET_S = 60.0
SCREENING = 0.5  # share of the budget that the first candidates may take
FINALISTS = 3  # of the first candidates
PROMOTED = 2  # of the neighbours of the best, in each round
ONE_STANDARD_ERROR = 0.16  # chance that a challenger as good as the default wins by more than that
LEAST_TRIALS = 4  # the default and one challenger, each screened and in full
clock: Callable[[], float] = time.perf_counter


class Interrupted(Exception):
    """Ctrl-C came while a candidate was judged."""


@dataclass(frozen=True)
class Trial:
    """A configuration that was judged.

    Attributes:
        configuration: as it would be fitted.
        stage: "screened" (less training, half of the folds) or "final".
        errors: one a unit of the comparison, the same units for all trials of a stage, (U,).
        seconds: that it took.
    """

    configuration: Configuration
    stage: str
    errors: Array
    seconds: float

    @property
    def score(self) -> float:
        known = self.errors[~np.isnan(self.errors)]
        return float(known.mean()) if len(known) else inf

    def better_by(self, other: Trial) -> tuple[float, float, int]:
        """How much smaller the error is than another's on average, the standard error of that, and units."""
        if not isfinite(self.score) or not isfinite(other.score):
            return (0.0 if self.score == other.score else inf if self.score < other.score else -inf), 0.0, 0
        gain = (other.errors - self.errors)[~np.isnan(self.errors)]
        units = len(gain)
        return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(units)) if units > 1 else inf, units


@dataclass
class Allowance:
    """Time and trials, of which there may be so many; a trial is one configuration judged at one stage."""

    budget: float | None
    max_trials: int | None
    began: float = field(default_factory=lambda: clock())
    trials: int = 0
    work: float = 0.0  # that was done
    seconds: float = 0.0  # that it took

    def affords(self, *work: float, share: float = 1.0) -> bool:
        """Whether trials of this much work each still fit into this share of the whole."""
        if self.max_trials is not None and self.trials + len(work) > self.max_trials * share:
            return False
        return self.budget is None or clock() - self.began + self.pace * sum(work) < self.budget * share

    def spend(self, work: float, seconds: float) -> None:
        self.trials += 1
        self.work += work
        self.seconds += seconds

    @property
    def pace(self) -> float:
        """Seconds for a unit of work, 0 before anything was measured."""
        return self.seconds / self.work if self.work else 0.0


class Search:
    """One search for one panel. `run` fills `trials`."""

    def __init__(
        self, fc: Forecaster, validation: Validation, default: Configuration, space: Space, allowance: Allowance
    ):
        self.fc = fc  # of a real cell
        self.validation, self.default, self.space, self.allowance = validation, default, space, allowance
        self.trials: dict[tuple[Configuration, str], Trial] = {}
        self.interrupted: Callable[[], bool] = lambda: False

    def run(self) -> bool:
        """Try candidates until the allowance is spent or nothing better is near; whether Ctrl-C ended it."""
        with interruptible() as self.interrupted:
            try:
                self._first_round()
                while self._next_round():
                    pass
            except Interrupted:
                return True
        return False

    def _first_round(self) -> None:
        if not self.allowance.affords(self._work(self.default, "screened"), *[0.0] * (LEAST_TRIALS - 1)):
            return
        self._judge(self.default, "screened")
        final = self._work(self.default, "final")
        for candidate in first_candidates(self.default, self.space):
            work = self._work(candidate, "screened")
            # what is screened must leave time to judge the default and one challenger in full
            if self.allowance.affords(work, final, final) and self.allowance.affords(work, share=SCREENING):
                self._judge(candidate, "screened")
        screened = [t for t in self._ranked("screened") if t.configuration != self.default]
        if not screened or not self.allowance.affords(final, self._work(screened[0].configuration, "final")):
            return
        self._judge(self.default, "final")
        for trial in screened[:FINALISTS]:
            self._judge_if_afforded(trial.configuration, "final")

    def _next_round(self) -> bool:
        """Neighbours of the best; whether one of them is better still."""
        finals = self._ranked("final")
        if len(finals) < 2:
            return False
        best = finals[0].configuration
        for candidate in neighbours(best, self.space):
            if (candidate, "screened") not in self.trials:
                work = self._work(candidate, "screened"), self._work(candidate, "final")
                if self.allowance.affords(*work):
                    self._judge(candidate, "screened")
        bar = self._score(best, "screened")
        promising = [
            t.configuration
            for t in self._ranked("screened")
            if t.score < bar and (t.configuration, "final") not in self.trials
        ]
        for candidate in promising[:PROMOTED]:
            self._judge_if_afforded(candidate, "final")
        return self._ranked("final")[0].configuration != best

    def _judge_if_afforded(self, candidate: Configuration, stage: str) -> None:
        if self.allowance.affords(self._work(candidate, stage)):
            self._judge(candidate, stage)

    def _judge(self, candidate: Configuration, stage: str) -> None:
        trained = candidate.screened() if stage == "screened" else candidate
        began = clock()
        folds = []
        for fold in self._folds(stage):
            if self.interrupted():
                raise Interrupted
            folds.append(self.validation.errors(forecaster_like(self.fc, trained.parameters()), fold))
        if self.interrupted():
            raise Interrupted  # the last training may not have been a whole one
        seconds = clock() - began
        self.allowance.spend(self._work(candidate, stage), seconds)
        self.trials[candidate, stage] = Trial(candidate, stage, self.validation.by_unit(folds), seconds)

    def _folds(self, stage: str) -> range:
        count = len(self.validation.left_out)
        # every other one, the newest among them
        return range(0, count, 2) if stage == "screened" else range(count)

    def _work(self, candidate: Configuration, stage: str) -> float:
        return len(self._folds(stage)) * (candidate.screened() if stage == "screened" else candidate).work

    def _ranked(self, stage: str) -> list[Trial]:
        """The trials of a stage, best first; of equals, whoever came first."""
        return sorted((t for (_, s), t in self.trials.items() if s == stage), key=lambda t: t.score)

    def _score(self, candidate: Configuration, stage: str) -> float:
        trial = self.trials.get((candidate, stage))
        return inf if trial is None else trial.score

    @property
    def winner(self) -> Configuration:
        """The challenger that wins most among those that win by more than noise, else the default."""
        default = self.trials.get((self.default, "final"))
        finals = [t for t in self._ranked("final") if t is not default]
        for trial in finals:
            gain, error, units = trial.better_by(default) if default is not None else (0.0, 0.0, 0)
            if gain > 0 and (gain == inf or gain > margin(len(finals), units) * error):
                return trial.configuration
        return self.default

    def table(self) -> pd.DataFrame:
        """One row a configuration, the finalists first; see `Forecaster.search_`."""
        winner = self.winner
        rows = []
        finals, screened = self._ranked("final"), self._ranked("screened")
        done = {t.configuration for t in finals}
        for rank, trial in enumerate([*finals, *(t for t in screened if t.configuration not in done)], 1):
            default = self.trials[self.default, trial.stage]
            rows.append(
                {
                    "rank": rank,
                    "configuration": str(trial.configuration),
                    "score": trial.score,
                    "standard_error": trial.better_by(default)[1],
                    "seconds": sum(t.seconds for (c, _), t in self.trials.items() if c == trial.configuration),
                    "stage": trial.stage,
                    "note": ", ".join(
                        name
                        for name, it in (("default", self.default), ("chosen", winner))
                        if it == trial.configuration
                    ),
                }
            )
        return pd.DataFrame(rows, columns=EVIDENCE)


EVIDENCE = ["rank", "configuration", "score", "standard_error", "seconds", "stage", "note"]


def margin(challengers: int, units: int) -> float:
    """Standard errors by which the best of some challengers must win.

    One challenger by one standard error; of several, the chance that noise alone lifts one above the bar stays what
    it is with one (Bonferroni). Few units spread more widely than a normal distribution: Student's t with units - 1
    degrees of freedom, by the expansion of Abramowitz & Stegun, 26.7.5.

    >>> round(margin(1, 10_000), 2), round(margin(8, 100), 2), round(margin(8, 4), 1)
    (0.99, 2.08, 3.4)
    """
    z = NormalDist().inv_cdf(1 - ONE_STANDARD_ERROR / max(challengers, 1))
    n = max(units - 1, 1)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3


# --- what a forecaster does with it -----------------------------------------------------------------


def is_count(value: Any) -> bool:
    """Whether this is a whole number ≥ 1."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


def check_cell(cell: Any, budget: Any, max_trials: Any) -> None:
    """Raise an `InputError` for a cell that is not known, or for a budget that is none."""
    if budget is not None and (
        isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)) or not 0 < budget < inf
    ):
        raise InputError(f"budget must be a number of seconds > 0, such as 60; got {budget!r}.")
    if max_trials is not None and not (is_count(max_trials) and max_trials >= LEAST_TRIALS):
        raise InputError(
            f"max_trials must be a whole number ≥ {LEAST_TRIALS} (the default and a challenger, each screened and in "
            f"full); got {max_trials!r}."
        )
    if cell != AUTO:
        cell_named(cell)
        for name, value in (("budget", budget), ("max_trials", max_trials)):
            if value is not None:
                raise InputError(f"{name} is for the automatic choice; the cell is {cell!r}. Say cell='auto'.")


def fit_automatically(fc: Forecaster, panel: Panel, evaluate: bool, baselines: Sequence[str]) -> Forecaster:
    """Search for the configuration without the end that `fit` holds out, and fit with what was chosen."""
    known = panel.until(held_out_rows(panel, fc.horizon) if evaluate else 0)
    fixed = {"cell": default_cell(fc), "budget": None, "max_trials": None, "alias": fc.name}
    base = forecaster_like(fc, fixed | {"verbose": 0})
    table, chosen, notes, interrupted = choose(base, known, fc.budget, fc.max_trials)
    parameters = fc.get_params() | fixed | chosen
    fitted = forecaster_like(fc, parameters)
    fitted.fit_panel(panel, evaluate, baselines)
    fc.__dict__ |= {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    fc.notes_[:0] = notes
    fc.search_, fc.chosen_, fc.search_interrupted_ = table, parameters, interrupted
    return fc


def default_cell(fc: Forecaster) -> str:
    """The cell of a forecaster that is not told any."""
    return str(signature(type(fc)).parameters["cell"].default)


def choose(
    base: Forecaster, known: Panel, budget: float | None, max_trials: int | None
) -> tuple[pd.DataFrame, dict[str, Any], list[str], bool]:
    """The evidence, the parameters that were chosen, notes, and whether Ctrl-C ended the search.

    Args:
        base: a forecaster with a real cell and the parameters that the user has given.
        known: all that the search may see.
        budget: in seconds; None: 60, or no limit where there is one of trials.
        max_trials: configurations judged, at both stages together.
    """
    if budget is None and max_trials is None:
        budget = DEFAULT_BUDGET_S
    allowance = Allowance(budget, max_trials)  # the clock runs from here on
    nothing = pd.DataFrame(columns=EVIDENCE)
    if not len(known.ids):
        return nothing, {}, [_too_short(known)], False
    default, season = resolve(base, known)
    validation = lay_out(known, base.horizon, season, base.seed)
    if validation is None:
        return nothing, {}, [_too_short(known)], False
    space = limits(base, known, validation.shortest_past, season)
    search = Search(base, validation, default, space, allowance)
    interrupted = search.run()
    return search.table(), search.winner.parameters(), _notes(search, interrupted), interrupted


def _too_short(known: Panel) -> str:
    rows = int(np.median(known.lengths)) if len(known.ids) else 0
    return (
        f"automatic choice: the default, without a search. The typical series has {rows} rows before the held-out "
        f"end, too few to train on a part and compare {LEAST_UNITS} forecasts or more on the rest"
    )


def _notes(search: Search, interrupted: bool) -> list[str]:
    """What came of a search, in plain words."""
    allowance = search.allowance
    default = search.trials.get((search.default, "final"))
    finals = [t for t in search._ranked("final") if t is not default]
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
    works = [search._work(search.default, stage) for stage in ("screened", "final")]
    wall_s = 4 * search.allowance.pace * sum(works)
    return f"Give about {wall_s:.0f} s or more." if wall_s >= 1 else "Give more."


def describe_search(fc: Forecaster) -> dict[str, Any]:
    """The search as part of a model file: the best fifty rows of its table, and what was chosen."""
    if fc.search_ is None:
        return {}
    rows = fc.search_.head(50).replace([np.inf, -np.inf], np.nan).astype(object)
    kept = rows.where(rows.notna(), None).to_dict("records")
    return {"search": {"table": kept, "chosen": {k: v for k, v in fc.chosen_.items() if k != "verbose"}}}


def restore_search(fc: Forecaster, content: Mapping[str, Any]) -> None:
    """What `describe_search` described."""
    described = content.get("search")
    fc.search_interrupted_ = False
    fc.search_ = None if described is None else pd.DataFrame(described["table"], columns=EVIDENCE)
    fc.chosen_ = fc.get_params() if described is None else described["chosen"] | {"verbose": fc.verbose}
