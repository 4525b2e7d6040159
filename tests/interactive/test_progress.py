"""One line for a whole run: the share that is done, the current part, and the time left."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.interactive import progress
from unrolled.interactive.progress import EpochEnd, RunProgress, progress_line, run_progress, subtask, time_left
from unrolled.nn.engines import ENGINES


def fit_network(**options) -> un.History:
    x = np.zeros((6, 4, 2))
    return un.Network([un.RNN(2), un.Last(), un.Dense(1)], 2).fit(x, x[:, 0, :1], epochs=1, **options)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def one_thread():
    """Train networks one after the other, as on a machine with one core."""
    with contextlib.ExitStack() as stack:
        for engine in ENGINES.values():
            stack.enter_context(engine.limited(1))
        yield


@pytest.fixture
def terminal(monkeypatch):
    """A function that makes standard error a terminal; tests call it, as pytest replaces standard error before."""

    def begin() -> Terminal:
        stream = Terminal()
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    return begin


def seen(stream) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told(terminal):
    """A function that begins a run, and returns its clock and all that it shows."""
    tokens = []

    def begin():
        terminal()
        clock, shown = Clock(), []
        run = RunProgress(lambda words, done: shown.append((words, done)), clock)
        tokens.append(progress._current.set(run))
        return clock, shown

    yield begin
    progress._current.reset(tokens[0])


def test_time_left_is_that_of_the_whole_run_and_not_of_a_network(told):
    clock, shown = told()
    for cutoff in range(2):
        with subtask(f"cutoff {cutoff + 1}/2", cutoff, 2):
            for network in range(5):
                with subtask("", network, 5), progress_line(f"network {network + 1}/5", 1, 1, steps=10) as line:
                    clock.now += 3.0
                    line.within_epoch(0, 1.0)
    assert shown[1] == ("27 s left · cutoff 1/2 · network 1/5 · step 10/10", pytest.approx(0.1))
    assert shown[3] == ("24 s left · cutoff 1/2 · network 2/5 · step 10/10", pytest.approx(0.2))
    assert shown[-1] == ("0 s left · cutoff 2/2 · network 5/5 · step 10/10", pytest.approx(1.0))
    done = [done for _, done in shown]
    assert (np.diff(done) > -1e-12).all()  # up to rounding it never goes back


def test_after_a_search_the_pace_is_that_of_the_trainings(told):
    clock, shown = told()
    with subtask("", 0, 2):
        with progress_line("searching", 0, 1) as line:
            clock.now = 60.0
            line.update(1.0, "trial 9, 60 of 60 s", 4.0)
        progress.restart_estimate()
    assert shown[-1] == ("4 s left · searching · trial 9, 60 of 60 s", 0.5)
    with subtask("", 1, 2), progress_line("training", 4, 1) as line:
        clock.now = 61.0
        line.within_epoch(1, 0.0)
    assert shown[-1] == ("3 s left · training · epoch 1/4", 0.625)


def test_a_search_inside_a_backtest_does_not_set_the_time_left(told):
    clock, shown = told()
    with subtask("cutoff 1/4", 0, 4), subtask("", 0, 2), progress_line("searching", 0, 1) as line:
        clock.now = 10.0
        line.update(1.0, "trial 3", 0.0)
    assert shown[-1] == ("1 min 10 s left · cutoff 1/4 · searching · trial 3", 0.125)


def test_long_times_are_shown_in_larger_units():
    assert [time_left(s) for s in (0.2, 59.5, 3599.5, 7260)] == [
        "1 s left",
        "1 min 00 s left",
        "1 h 00 min left",
        "2 h 01 min left",
    ]


def frame() -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": np.arange(60.0)})


def titles(shown) -> list[str]:
    """The names of the subtasks, in order."""
    words = (re.sub("^[^·]* left · ", "", words) for words, _ in shown)
    return list(dict.fromkeys(re.split(" · (?:step|trial)", text)[0] for text in words))


def test_both_trainings_of_all_networks_are_parts_of_one_run(told):
    _, shown = told()
    un.Forecaster(3, steps=4, ensemble=2, hidden=4).fit(frame())
    trainings = ("training without the held-out end", "training on all rows")
    assert titles(shown) == [f"{training} · network {k}/2" for training in trainings for k in (1, 2)]
    assert shown[0][1] == 0
    assert shown[-1][1] == pytest.approx(1)
    assert "loss" in shown[-1][0]


def test_a_backtest_shows_its_cutoffs(told):
    _, shown = told()
    un.Forecaster(3, steps=4, ensemble=1, hidden=4).cross_validation(frame(), n_windows=3, refit=2)
    cutoffs = ("cutoff 1/3", "cutoff 3/3")
    assert titles(shown) == [f"{cutoff} · training on all rows · network 1/1" for cutoff in cutoffs]
    assert shown[-1][1] == pytest.approx(1)


def test_a_search_shows_its_trials(told):
    _, shown = told()
    un.Forecaster(3, cell="auto", max_trials=4, steps=4, hidden=4, ensemble=1).fit(frame())
    assert titles(shown)[0] == "searching"
    assert any("searching · trial 4/4, best error" in words for words, _ in shown)
    assert titles(shown)[-1] == "training on all rows · network 1/1"


def test_a_terminal_shows_one_line_that_is_erased_at_the_end(terminal):
    stream = terminal()
    un.Forecaster(3, steps=400, ensemble=2, hidden=4).fit(frame())
    assert stream.getvalue().count("\x1b[?25l") == 1  # the cursor is hidden once: there is one line
    assert "training on all rows · network 2/2 · step" in seen(stream)
    assert stream.getvalue().endswith("\x1b[2K")  # the line is erased


def test_nothing_is_shown_silently_or_off_a_terminal(terminal, capsys, monkeypatch):
    stream = terminal()
    un.Forecaster(3, steps=4, ensemble=2, hidden=4, verbose=0).fit(frame())
    assert stream.getvalue() == ""
    monkeypatch.undo()
    un.Forecaster(3, steps=4, ensemble=2, hidden=4).fit(frame())
    with run_progress(1), subtask("a part"), progress_line("training", 1, 1) as line:
        line.within_epoch(0, 1.0)
    assert capsys.readouterr() == ("", "")


def test_training_is_silent_off_a_terminal(capsys):
    fit_network(verbose=1)
    assert capsys.readouterr() == ("", "")


def test_the_progress_line_on_a_terminal_shows_epoch_and_loss(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    with progress_line("training", epochs=4, verbose=1) as line:
        line.within_epoch(2, 0.5)
        line.end_epoch(EpochEnd(2, loss=0.1234567, validation_loss=0.5, rate=1e-3, wall_s=1.0))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "training · epoch 3/4 · loss 0.1235, validation 0.5" in text
    assert "s left" in text


def test_verbose_0_is_silent_on_a_terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    fit_network(verbose=0)
    assert stream.getvalue() == ""
