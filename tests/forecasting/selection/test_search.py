"""The automatic choice: judged in the past only, the default unless another wins by more than noise, on a budget."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_frame, table
from unrolled.forecasting.selection import automatic, search
from unrolled.forecasting.selection.search import Budget, Search, margin
from unrolled.forecasting.selection.space import (
    Configuration,
    SearchSpace,
    first_candidates,
    neighbours,
    with_changes,
)
from unrolled.forecasting.selection.validation import LEAST_UNITS, make_folds
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

SMALL = Configuration("gru", ("level", "season"), 18, 1, 4, 0.4, 4, 8, 1e-2, 2)
SPACE = SearchSpace(season=12, longest=60, windows=300, given=frozenset())
QUICK = {"hidden": 4, "steps": 4, "batch_size": 8, "verbose": 0}


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Judge:
    """A validation of two folds and eight units whose errors are made up, and take time by the clock."""

    units, left_out = 8, np.array([5, 10])

    def __init__(self, error, clock=None, seconds=1.0):
        self.error, self.clock, self.seconds = error, clock, seconds

    def errors(self, configuration, fold):
        if self.clock:
            self.clock.now += self.seconds
        return np.full((1, 4), self.error(configuration)) + 0.1 * np.arange(4) * (1 + fold)

    def by_unit(self, folds):
        return np.concatenate(folds, axis=1).reshape(-1)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(search, "clock", clock)
    return clock


def searched(judge, monkeypatch, default=SMALL, **allowance) -> Search:
    """A search that has run, in which the judge sees configurations in place of forecasters."""
    monkeypatch.setattr(search, "forecaster_like", lambda fc, parameters: Configuration(**parameters))
    done = Search(None, judge, default, SPACE, Budget(**{"budget": None, "max_trials": None} | allowance))
    done.run()
    return done


# --- who wins ---------------------------------------------------------------------------------------


def test_the_default_wins_ties(monkeypatch):
    done = searched(Judge(lambda c: 1.0), monkeypatch, max_trials=20)
    assert len(done.ranked("final")) > 1
    assert done.winner == SMALL
    assert done.table().query("note == 'default, chosen'")["rank"].tolist() == [1]


def test_a_challenger_that_wins_everywhere_is_chosen_and_its_neighbours_are_tried(monkeypatch):
    # the cell of the first candidates, more units than any of them has
    done = searched(Judge(lambda c: (c.cell != "lstm") + 1 / c.hidden), monkeypatch, max_trials=200)
    assert done.winner.cell == "lstm"
    assert done.winner.hidden > 8
    first = done.table().iloc[0]
    assert first["configuration"] == str(done.winner)
    assert first["note"] == "chosen"


def test_what_wins_by_luck_alone_is_not_chosen(monkeypatch, rng):
    """Errors of the same distribution for all: the best of many beats the default, but not by more than noise."""
    chosen = 0
    for _ in range(50):
        judge = Judge(lambda c: 1.0)
        judge.errors = lambda configuration, fold: 1 + rng.normal(size=(1, 4))
        chosen += searched(judge, monkeypatch, max_trials=30).winner != SMALL
    assert chosen <= 50 * 0.16 * 1.75  # four standard deviations of a binomial above the promised share


@pytest.mark.parametrize(
    ("challengers", "units", "quantile"),
    # of Student's t, at 1 - 0.16 / challengers with units - 1 degrees of freedom, from its distribution function
    [(1, 5, 1.134), (4, 5, 2.333), (8, 9, 2.449), (2, 31, 1.434), (16, 101, 2.365)],
)
def test_the_margin_is_a_quantile_of_students_distribution(challengers, units, quantile):
    assert margin(challengers, units) == pytest.approx(quantile, rel=0.03)


def test_a_configuration_that_fails_ends_nothing(rng):
    panel = read_panel(panel_frame(rng), Columns())
    validation = make_folds(panel, 4, 12)
    fc = un.Forecaster(horizon=4, window=18, segment=5, **QUICK)  # does not fit: raised when it is fitted
    assert np.isinf(validation.errors(fc, 0)).all()


# --- the budget -------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [10, 50, 100])
def test_no_budget_is_exceeded_by_more_than_a_trial(budget, clock, monkeypatch):
    judge = Judge(lambda c: 1.0 / c.hidden + 1 / c.window + 1 / c.steps, clock)
    done = searched(judge, monkeypatch, budget=budget)
    spent = clock.now - 1000
    assert spent <= budget + max(t.seconds for t in done.trials.values())
    assert spent > budget / 4
    assert sum(t.seconds for t in done.trials.values()) == spent


def test_more_time_tries_more(monkeypatch, clock):
    judge = Judge(lambda c: 1.0 / c.hidden + 1 / c.window + 1 / c.steps, clock)
    tried = [len(searched(judge, monkeypatch, budget=b).trials) for b in (10, 40, 100)]
    assert tried == sorted(set(tried))


def test_with_too_little_time_the_default_is_taken_and_that_is_said(monkeypatch, clock):
    done = searched(Judge(lambda c: -c.hidden, clock, seconds=30), monkeypatch, budget=20)
    assert done.winner == SMALL
    assert len(done.trials) == 1
    (note,) = automatic.explain(done, interrupted=False)
    assert "the default, since 20 s were too little to judge a challenger. Give about" in note


@pytest.mark.parametrize("most", [4, 5, 9, 30])
def test_no_more_trials_than_allowed(most, monkeypatch):
    done = searched(Judge(lambda c: 1.0), monkeypatch, max_trials=most)
    assert LEAST_UNITS <= len(done.trials) <= most
    assert len(done.ranked("final")) >= 2


def test_an_interrupt_keeps_what_was_judged_before(monkeypatch):
    stop = Judge(lambda c: 1.0 if c == SMALL else 0.5)
    asked = iter([False] * 22 + [True] * 1000)
    monkeypatch.setattr(search, "interruptible", lambda: Always(lambda: next(asked)))
    monkeypatch.setattr(search, "forecaster_like", lambda fc, parameters: Configuration(**parameters))
    done = Search(None, stop, SMALL, SPACE, Budget(None, 16))
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


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"budget": 0}, "budget must be a number of seconds > 0, such as 60; got 0"),
        ({"budget": "60s"}, "budget must be a number"),
        ({"budget": float("inf")}, "budget must be a number"),
        ({"budget": True}, "budget must be a number"),
        ({"max_trials": 3}, "max_trials must be a whole number ≥ 4"),
        ({"max_trials": 8.5}, "max_trials must be a whole number ≥ 4"),
        ({"cell": "rnn", "budget": 5}, "budget is for the automatic choice; the cell is 'rnn'"),
        ({"cell": "rnn", "max_trials": 5}, "max_trials is for the automatic choice"),
    ],
)
def test_budgets_that_are_none(wrong, message, rng):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(**{"horizon": 3, "cell": "auto"} | wrong).fit(panel_frame(rng))


# --- candidates -------------------------------------------------------------------------------------


def test_candidates_differ_fit_and_leave_alone_what_is_given():
    for given in (frozenset(), frozenset({"window", "hidden"}), frozenset({"scaling", "ensemble", "segment"})):
        space = SPACE._replace(given=given)
        found = [*first_candidates(SMALL, space), *neighbours(SMALL, space)]
        assert SMALL not in found
        assert len(found) > 5
        for c in found:
            assert all(getattr(c, name) == getattr(SMALL, name) for name in given)
            assert c.window % c.segment == 0
            assert 4 <= c.window <= space.longest
            assert "ensemble" in given or c.ensemble % len(c.scaling) == 0


def test_without_a_season_none_is_looked_for():
    space = SPACE._replace(season=1)
    default = SMALL._replace(scaling=("level",))
    assert not [c for c in first_candidates(default, space) if "season" in c.scaling]
    assert with_changes(default, space, scaling=("season",)) is None


# --- how they are judged ----------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "horizon"), [(121, 12), (300, 6), (5000, 48)])
def test_folds_lie_apart_and_leave_enough_to_train_on(rows, horizon, rng):
    panel = read_panel(table(rng.normal(size=rows), freq="MS" if rows < 1000 else "h"), Columns())
    season = panel.frequency.season
    validation = make_folds(panel, horizon, season)
    assert validation.units >= LEAST_UNITS
    assert validation.left_out[0] == horizon + validation.origins - 1  # the last target is the last row
    assert (np.diff(validation.left_out) >= validation.origins).all()  # no origin twice
    assert validation.shortest_past >= 2 * season + horizon


def test_too_few_rows_are_not_searched(rng):
    fc = un.Forecaster(12, cell="auto", **QUICK).fit(table(rng.normal(size=60), freq="MS"))
    assert fc.search_.empty
    assert "the default, without a search" in fc.notes_[0]
    assert fc.predict().shape == (12, 2)


def test_many_rows_are_sampled(rng):
    lengths = np.full(1000, 300)
    panel = read_panel(
        pd.DataFrame(
            {
                "unique_id": np.repeat(np.arange(1000), 300),
                "ds": np.tile(pd.date_range("2020-01-01", periods=300), 1000),
                "y": rng.normal(size=lengths.sum()),
            }
        ),
        Columns(),
    )
    validation = make_folds(panel, 7, 7)
    assert len(validation.panel.ids) == 200
    assert validation.panel.ids == make_folds(panel, 7, 7).panel.ids
    assert validation.panel.ids != make_folds(panel, 7, 7, seed=1).panel.ids


def test_errors_are_those_of_forecasts_scaled(rng):
    """The same numbers by the public way: fit before a fold's end, forecast, compare."""
    df = table(rng.normal(size=150).cumsum() + 50, freq="MS")
    validation = make_folds(read_panel(df, Columns()), 6, 12)
    parameters = {"window": 12, "ensemble": 2, **QUICK}
    fc = un.Forecaster(6, **parameters)
    fc.columns_ = Columns()
    errors = validation.errors(fc, 1)
    past = len(df) - validation.left_out[1]
    again = un.Forecaster(6, **parameters).fit_panel(read_panel(df[:past], Columns()), evaluate=False)
    expected = []
    for origin in range(validation.origins):
        seen = read_panel(df[: past + origin], Columns())
        forecast = again.predict_panel(seen, again.profile_, seen.offsets[1:])[0, :, 4]
        expected.append(np.abs(df["y"].to_numpy()[past + origin :][:6] - forecast).mean())
    scale = np.abs(np.diff(df["y"][: len(df) - validation.left_out[-1]])).mean()
    blocks = np.minimum(np.arange(validation.origins) // 6, validation.blocks - 1)
    expected = [np.mean(np.array(expected)[blocks == b]) / scale for b in range(validation.blocks)]
    np.testing.assert_allclose(errors[0], expected, rtol=1e-5)


# --- the whole --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame():
    return panel_frame(np.random.default_rng(0), lengths=(120, 110))


@pytest.fixture(scope="module")
def fitted(frame):
    return un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(frame)


def without_time(found):
    return found.drop(columns="seconds")


def test_a_search_by_trials_repeats_itself_to_the_bit(fitted, frame):
    again = un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(frame)
    assert again.chosen_ == fitted.chosen_
    pd.testing.assert_frame_equal(without_time(again.search_), without_time(fitted.search_), check_exact=True)
    pd.testing.assert_frame_equal(again.predict(level=80), fitted.predict(level=80), check_exact=True)


def test_what_was_chosen_repeats_without_a_search(fitted, frame):
    assert {name: fitted.chosen_[name] for name in QUICK} == QUICK  # what was given stays
    again = un.Forecaster(**fitted.chosen_).fit(frame)
    assert again.search_ is None
    pd.testing.assert_frame_equal(again.predict(level=80), fitted.predict(level=80), check_exact=True)
    pd.testing.assert_frame_equal(again.held_out_.table, fitted.held_out_.table, check_exact=True)


def test_the_default_is_what_is_fitted_without_a_search(frame):
    fc = un.Forecaster(4, cell="auto", budget=1e-9, **QUICK).fit(frame)
    assert "too little to judge a challenger" in fc.notes_[0]
    plain = un.Forecaster(4, alias="AUTO", **QUICK).fit(frame)
    pd.testing.assert_frame_equal(fc.predict(level=80), plain.predict(level=80), check_exact=True)


def test_the_held_out_end_has_no_part_in_the_search(fitted, frame):
    poisoned = frame.copy()
    end = poisoned.groupby("unique_id").tail(fitted.held_out_.rows).index
    poisoned.loc[end, "y"] = -1e6 * np.arange(1, len(end) + 1)
    again = un.Forecaster(4, cell="auto", max_trials=8, **QUICK).fit(poisoned)
    assert again.chosen_ == fitted.chosen_
    pd.testing.assert_frame_equal(without_time(again.search_), without_time(fitted.search_), check_exact=True)


def test_the_evidence_ranks_the_finalists_before_the_others(fitted):
    found = fitted.search_
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert found["stage"].tolist() == sorted(found["stage"])  # final, screened
    for _, part in found.groupby("stage"):
        assert part["score"].is_monotonic_increasing
    assert found["configuration"].is_unique
    assert sum("chosen" in note for note in found["note"]) == 1


def test_a_saved_forecaster_keeps_the_evidence(fitted, tmp_path):
    fitted.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.search_, fitted.search_)
    listed = {name: list(v) if isinstance(v, tuple) else v for name, v in fitted.chosen_.items()}
    assert loaded.chosen_ | {"verbose": 0} == listed
    pd.testing.assert_frame_equal(loaded.predict(level=80), fitted.predict(level=80), check_exact=True)
    assert not loaded.search_interrupted_
