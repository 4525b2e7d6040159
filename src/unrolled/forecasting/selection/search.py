"""The automatic choice of a forecaster's configuration: a small search under a budget of time or of trials.

A few diverse configurations are screened with little training, the best of them are trained in full, and then the
neighbours of the best one are treated the same way: successive halving (Jamieson & Talwalkar, AISTATS 2016) followed
by a local search. All are evaluated on the same rolling origins inside the known part, with the same
seeds. The default takes part, and a challenger replaces it only if it wins by more than noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, isfinite
from statistics import NormalDist

import numpy as np
import pandas as pd

from ...arrays import Array
from ...interactive.interrupts import interruptible
from ...interactive.progress import SilentProgress, progress_line
from ..parameters import MIN_TRIALS, Parameters
from .space import Configuration, SearchSpace, first_candidates, neighbours
from .validation import Validation

SCREENING_SHARE = 0.5  # of the budget, for the screening of the first candidates
FINALISTS = 3  # of the first candidates
PROMOTED = 2  # of the neighbours of the best, in each round
CHANCE_OF_ONE_STANDARD_ERROR = 0.16  # that a challenger as good as the default wins by more than one
clock: Callable[[], float] = time.perf_counter


class Interrupted(Exception):
    """Ctrl-C came while a candidate was evaluated."""


@dataclass(frozen=True)
class Trial:
    """A configuration that was evaluated at one stage."""

    configuration: Configuration  # as it would be fitted
    stage: str  # "screened" (less training, half of the folds) or "final"
    errors: Array  # one per unit of the comparison, the same units for all trials of a stage, (U,)
    seconds: float  # the time it took

    @property
    def score(self) -> float:
        known = self.errors[~np.isnan(self.errors)]
        return float(known.mean()) if len(known) else inf

    def better_by(self, other: Trial) -> tuple[float, float, int]:
        """The mean by which the error is below another's, its standard error, and the number of units."""
        if not isfinite(self.score) or not isfinite(other.score):
            return (0.0 if self.score == other.score else inf if self.score < other.score else -inf), 0.0, 0
        gain = (other.errors - self.errors)[~np.isnan(self.errors)]
        units = len(gain)
        return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(units)) if units > 1 else inf, units


@dataclass
class Budget:
    """The seconds and the trials that a search may spend, and has spent."""

    limit_s: float | None
    max_trials: int | None
    began: float = field(default_factory=lambda: clock())
    trials: int = 0
    work: float = 0.0  # done so far
    seconds: float = 0.0  # that this work took

    def affords(self, *work: float, share: float = 1.0) -> bool:
        """Whether trials with this much work each fit into this share of the budget."""
        if self.max_trials is not None and self.trials + len(work) > self.max_trials * share:
            return False
        return self.limit_s is None or self.elapsed + self.pace * sum(work) < self.limit_s * share

    def spend(self, work: float, seconds: float) -> None:
        self.trials += 1
        self.work += work
        self.seconds += seconds

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return clock() - self.began

    @property
    def share(self) -> float:
        """The share that is spent, 0 .. 1: of the seconds if these are limited, else of the trials."""
        spent = self.trials / (self.max_trials or 1) if self.limit_s is None else self.elapsed / self.limit_s
        return min(spent, 1.0)

    def __str__(self) -> str:
        if self.limit_s is None:
            return f"trial {self.trials}/{self.max_trials}"
        return f"trial {self.trials}, {self.elapsed:.0f} of {self.limit_s:g} s"

    @property
    def pace(self) -> float:
        """Seconds for a unit of work, 0 before anything was measured."""
        return self.seconds / self.work if self.work else 0.0


@dataclass
class Search:
    """One search for one panel. `run` fills `trials`."""

    parameters: Parameters  # silent, with the name of a cell
    validation: Validation
    default: Configuration
    space: SearchSpace
    budget: Budget
    verbose: int = 0
    trainings: int = 2  # that follow the search
    trials: dict[tuple[Configuration, str], Trial] = field(default_factory=dict)
    line: SilentProgress = field(default_factory=SilentProgress)
    interrupted: Callable[[], bool] = lambda: False

    def run(self) -> bool:
        """Try candidates until the budget is spent or no neighbour is better. Return whether Ctrl-C ended it."""
        with interruptible() as self.interrupted, progress_line("searching", 0, self.verbose) as self.line:
            try:
                self._first_round()
                while self._next_round():
                    pass
            except Interrupted:
                return True
        return False

    def _first_round(self) -> None:
        if not self.budget.affords(self.work(self.default, "screened"), *[0.0] * (MIN_TRIALS - 1)):
            return
        self._judge(self.default, "screened")
        final = self.work(self.default, "final")
        for candidate in first_candidates(self.default, self.space):
            work = self.work(candidate, "screened")
            # after a few, screening must leave time to train the default and a challenger in full
            if self.budget.affords(work, share=SCREENING_SHARE) and (
                len(self.trials) <= FINALISTS or self.budget.affords(work, final, final)
            ):
                self._judge(candidate, "screened")
        screened = [t for t in self.ranked("screened") if t.configuration != self.default]
        if not screened or not self.budget.affords(final):
            return
        self._judge(self.default, "final")
        for trial in screened[:FINALISTS]:
            self._judge_if_afforded(trial.configuration, "final")

    def _next_round(self) -> bool:
        """Try neighbours of the best. Return whether one of them is better."""
        finals = self.ranked("final")
        if len(finals) < 2:
            return False
        best = finals[0].configuration
        for candidate in neighbours(best, self.space):
            if (candidate, "screened") not in self.trials:
                work = self.work(candidate, "screened"), self.work(candidate, "final")
                if self.budget.affords(*work):
                    self._judge(candidate, "screened")
        bar = self.trials[best, "screened"].score
        better = [t.configuration for t in self.ranked("screened") if t.score < bar]
        promising = [c for c in better if (c, "final") not in self.trials]
        for candidate in promising[:PROMOTED]:
            self._judge_if_afforded(candidate, "final")
        return self.ranked("final")[0].configuration != best

    def _judge_if_afforded(self, candidate: Configuration, stage: str) -> None:
        if self.budget.affords(self.work(candidate, stage)):
            self._judge(candidate, stage)

    def _judge(self, candidate: Configuration, stage: str) -> None:
        trained = trained_as(candidate, stage)
        began = clock()
        folds = []
        for fold in self._folds(stage):
            if self.interrupted():
                raise Interrupted
            folds.append(self.validation.errors(trained.apply(self.parameters), fold))
        if self.interrupted():
            raise Interrupted  # the last training may have been cut short
        seconds = clock() - began
        self.budget.spend(self.work(candidate, stage), seconds)
        self.trials[candidate, stage] = Trial(candidate, stage, self.validation.by_unit(folds), seconds)
        if self.verbose:
            best = (self.ranked("final") or self.ranked("screened"))[0].score
            self.line.update(self.budget.share, f"{self.budget}, best error {best:.4g}", self._left_s())

    def _left_s(self) -> float | None:
        """Seconds until the search and the trainings after it end; None if only trials are limited."""
        budget = self.budget
        if budget.limit_s is None:
            return None
        return max(budget.limit_s - budget.elapsed, 0.0) + budget.pace * self.trainings * self.winner.work

    def _folds(self, stage: str) -> range:
        count = len(self.validation.left_out)
        # every second one, including the newest
        return range(0, count, 2) if stage == "screened" else range(count)

    def work(self, candidate: Configuration, stage: str) -> float:
        return len(self._folds(stage)) * trained_as(candidate, stage).work

    def ranked(self, stage: str) -> list[Trial]:
        """The trials of a stage, best first; equal ones in the order of evaluation."""
        return sorted((t for (_, s), t in self.trials.items() if s == stage), key=lambda t: t.score)

    @property
    def winner(self) -> Configuration:
        """The best challenger of those that win by more than noise, else the default."""
        default = self.trials.get((self.default, "final"))
        finals = [t for t in self.ranked("final") if t is not default]
        for trial in finals:
            gain, error, units = trial.better_by(default) if default is not None else (0.0, 0.0, 0)
            if gain > 0 and (gain == inf or gain > margin(len(finals), units) * error):
                return trial.configuration
        return self.default

    def table(self) -> pd.DataFrame:
        """One row per configuration, the finalists first; see `Forecaster.search_`."""
        winner = self.winner
        rows = []
        finals, screened = self.ranked("final"), self.ranked("screened")
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


def trained_as(candidate: Configuration, stage: str) -> Configuration:
    """The configuration with which a candidate is trained at a stage."""
    return candidate.screened() if stage == "screened" else candidate.judged()


EVIDENCE = ["rank", "configuration", "score", "standard_error", "seconds", "stage", "note"]


def margin(challengers: int, units: int) -> float:
    """The number of standard errors by which the best of some challengers must win.

    One challenger must win by one standard error. With several, the probability that one wins because of noise stays
    the same (Bonferroni). For few units, the normal distribution is replaced by Student's t with units - 1 degrees of
    freedom, by the expansion of Abramowitz & Stegun, 26.7.5.

    >>> round(margin(1, 10_000), 2), round(margin(8, 100), 2), round(margin(8, 4), 1)
    (0.99, 2.08, 3.4)
    """
    z = NormalDist().inv_cdf(1 - CHANCE_OF_ONE_STANDARD_ERROR / max(challengers, 1))
    n = max(units - 1, 1)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3
