"""The search: the default unless another wins by more than noise, on a budget of time or of trials."""

from __future__ import annotations

import re

import numpy as np
import pytest

from candidates import SMALL, SPACE
from unrolled.forecasting.parameters import MIN_TRIALS, Parameters
from unrolled.forecasting.selection import automatic, search
from unrolled.forecasting.selection.search import Budget, Search, margin
from unrolled.forecasting.selection.space import Configuration

ASKED = Parameters(4, verbose=0)


class Clock:
    """A clock that only the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Judge:
    """A validation of two folds and eight units whose errors are made up, and take time by the clock."""

    units, left_out = 8, np.array([5, 10])

    def __init__(self, error, clock=None, seconds=1.0):
        self.error, self.clock, self.seconds = error, clock, seconds

    def errors(self, parameters, fold):
        if self.clock:
            self.clock.now += self.seconds
        configuration = Configuration(**{name: getattr(parameters, name) for name in Configuration._fields})
        return np.full((1, 4), self.error(configuration)) + 0.1 * np.arange(4) * (1 + fold)

    def by_unit(self, folds):
        return np.concatenate(folds, axis=1).reshape(-1)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(search, "clock", clock)
    return clock


def searched(judge, **budget) -> Search:
    """A search that has run."""
    done = Search(ASKED, judge, SMALL, SPACE, Budget(**{"limit_s": None, "max_trials": None} | budget))
    done.run()
    return done


# --- who wins ---------------------------------------------------------------------------------------


def test_the_default_wins_ties():
    done = searched(Judge(lambda c: 1.0), max_trials=20)
    assert len(done.ranked("final")) > 1
    assert done.winner == SMALL
    assert done.table().query("note == 'default, chosen'")["rank"].tolist() == [1]


def test_a_challenger_that_wins_everywhere_is_chosen_and_its_neighbours_are_tried():
    # the cell of the first candidates, more units than any of them has
    done = searched(Judge(lambda c: (c.cell != "lstm") + 1 / c.hidden), max_trials=200)
    assert done.winner.cell == "lstm"
    assert done.winner.hidden > 8
    first = done.table().iloc[0]
    assert first["configuration"] == str(done.winner)
    assert first["note"] == "chosen"


def test_a_challenger_that_wins_by_luck_is_not_chosen(rng):
    """Errors of the same distribution for all: the best of many beats the default, but not by more than noise."""
    chosen = 0
    for _ in range(50):
        judge = Judge(lambda c: 1.0)
        judge.errors = lambda parameters, fold: 1 + rng.normal(size=(1, 4))
        chosen += searched(judge, max_trials=30).winner != SMALL
    assert chosen <= 50 * 0.16 * 1.75  # four standard deviations of a binomial above the promised share


@pytest.mark.parametrize(
    ("challengers", "units", "quantile"),
    # of Student's t, at 1 - 0.16 / challengers with units - 1 degrees of freedom, from its distribution function
    [(1, 5, 1.134), (4, 5, 2.333), (8, 9, 2.449), (2, 31, 1.434), (16, 101, 2.365)],
)
def test_the_margin_is_a_quantile_of_students_distribution(challengers, units, quantile):
    assert margin(challengers, units) == pytest.approx(quantile, rel=0.03)


# --- the budget -------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [10, 50, 100])
def test_a_budget_is_exceeded_by_one_trial_at_most(budget, clock):
    judge = Judge(lambda c: 1.0 / c.hidden + 1 / c.window + 1 / c.steps, clock)
    done = searched(judge, limit_s=budget)
    spent = clock.now - 1000
    assert spent <= budget + max(t.seconds for t in done.trials.values())
    assert spent > budget / 4
    assert sum(t.seconds for t in done.trials.values()) == spent


def test_more_time_tries_more(clock):
    judge = Judge(lambda c: 1.0 / c.hidden + 1 / c.window + 1 / c.steps, clock)
    tried = [len(searched(judge, limit_s=b).trials) for b in (10, 40, 100)]
    assert tried == sorted(set(tried))


def test_with_too_little_time_the_default_is_taken_with_a_note(clock):
    done = searched(Judge(lambda c: -c.hidden, clock, seconds=30), limit_s=20)
    assert done.winner == SMALL
    assert len(done.trials) == 1
    (note,) = automatic.explain(done, interrupted=False)
    assert "the default; 20 s are not enough to evaluate a challenger. Give about" in note
    assert int(re.search(r"about (\d+) s", note)[1]) > 20


def test_a_longer_time_than_the_one_that_was_not_enough_is_suggested(clock):
    done = searched(Judge(lambda c: -c.hidden, clock, seconds=30), limit_s=20)
    done.budget.limit_s = 1000  # most of which could have been spent elsewhere
    (note,) = automatic.explain(done, interrupted=False)
    assert "1000 s are not enough" in note
    assert "Give about 2000 s or more with `budget`" in note


@pytest.mark.parametrize("most", [4, 5, 9, 30])
def test_no_more_trials_than_allowed(most):
    done = searched(Judge(lambda c: 1.0), max_trials=most)
    assert MIN_TRIALS <= len(done.trials) <= most
    assert len(done.ranked("final")) >= 2


def test_an_interrupt_keeps_earlier_trials(monkeypatch):
    stop = Judge(lambda c: 1.0 if c == SMALL else 0.5)
    asked = iter([False] * 22 + [True] * 1000)
    monkeypatch.setattr(search, "interruptible", lambda: Always(lambda: next(asked)))
    done = Search(ASKED, stop, SMALL, SPACE, Budget(None, 16))
    assert done.run()
    assert done.trials
    assert len(done.trials) < 16


class Always:
    def __init__(self, value):
        self.value = value

    def __enter__(self):
        return self.value

    def __exit__(self, *_):
        return None
