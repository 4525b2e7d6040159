"""Networks of an ensemble in parallel: on cores of their own, and always with the same bits."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.forecasting.model import training as model
from unrolled.interactive import progress
from unrolled.interactive.interrupts import interruptible
from unrolled.nn.engines import ENGINES
from unrolled.nn.training.parallel import run_in_parallel

LIMIT_S = 20  # the longest wait of a test for events that come at once


class Cores:
    """An engine of four threads that only records how they are divided."""

    name = identity = "cores"
    threads = 4
    limits: list[int]

    def __init__(self) -> None:
        self.limits = []

    def limited(self, threads):
        self.limits.append(threads)
        return ENGINES["numpy"].limited(threads)


def frame() -> pd.DataFrame:
    values = np.random.default_rng(3).normal(size=60).cumsum()
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": values})


def forecaster(**options) -> un.Forecaster:
    return un.Forecaster(3, **{"steps": 8, "ensemble": 3, "hidden": 4, "verbose": 0} | options)


@pytest.fixture
def native_threads(monkeypatch):
    """A function that sets the number of threads of the native engine for this thread."""
    native = pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)
    monkeypatch.setattr("unrolled.nn.engines._chosen", "native")
    before = native._native.threads()
    yield native._native.limit_threads
    native._native.limit_threads(before)


@pytest.mark.parametrize("possible", [0, 1])
def test_tasks_run_one_after_the_other_without_enough_threads(possible, monkeypatch):
    """As at a limit on processes or memory."""
    start, started = threading.Thread.start, []

    def start_some(thread):
        if len(started) == possible:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    assert run_in_parallel([lambda: 1, lambda: 2, lambda: 3], Cores()) == [1, 2, 3]
    assert len(started) == possible


def test_tasks_run_at_the_same_time_and_share_the_threads():
    engine, meeting = Cores(), threading.Barrier(2, timeout=LIMIT_S)

    def work(k: int) -> int:
        meeting.wait()  # one after the other they would never meet
        return k

    assert run_in_parallel([lambda: work(7), lambda: work(8)], engine) == [7, 8]
    assert engine.limits == [2, 2]


def test_threads_are_divided_among_simultaneous_tasks_only(native_threads):
    engine = ENGINES["native"]
    native_threads(3)
    assert run_in_parallel([lambda: engine.threads] * 3, engine) == [1, 1, 1]
    assert run_in_parallel([lambda: engine.threads] * 2, engine) == [1, 1]
    assert run_in_parallel([lambda: engine.threads], engine) == [3]
    assert engine.threads == 3


def test_an_error_stops_the_other_tasks_and_is_raised():
    def wrong() -> None:
        raise un.InputError("wrong")

    seen = []

    def patient() -> None:
        with interruptible() as asked:
            end = time.monotonic() + LIMIT_S
            while not asked() and time.monotonic() < end:
                time.sleep(0.001)
            seen.append(asked())

    with pytest.raises(un.InputError, match="wrong"):
        run_in_parallel([patient, wrong], Cores())
    assert seen == [True]


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_networks_trained_in_parallel_have_the_same_bits(native_threads, threads):
    df, found = frame(), []
    for count in (1, threads):
        native_threads(count)
        fc = forecaster().fit(df)
        found.append(np.concatenate([member.parameters for member in fc.model_.members]).tobytes())
    assert found[0] == found[1]


def interrupting(monkeypatch, at: int, times: int = 1) -> None:
    """Ctrl-C while network number `at` is trained, counted over the whole run."""
    trained, counted = model.train_member, iter(range(1000))

    def train_member(*args, **options):
        if next(counted) == at:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.2)
        return trained(*args, **options)

    monkeypatch.setattr(model, "train_member", train_member)


def test_one_interrupt_stops_all_tasks_and_keeps_their_results(native_threads, monkeypatch):
    native_threads(2)
    interrupting(monkeypatch, at=2)
    fc = forecaster(ensemble=4).fit(frame())
    assert len(fc.model_.members) == 2  # the third and the fourth were cut short
    assert all(member.history.stopped == "done" for member in fc.model_.members)
    assert any("interrupted" in note for note in fc.notes_)
    assert np.isfinite(fc.predict()["GRU"]).all()


def test_an_interrupt_of_the_first_networks_keeps_them(native_threads, monkeypatch):
    native_threads(2)
    interrupting(monkeypatch, at=0)
    fc = forecaster(ensemble=4).fit(frame())
    assert [member.history.stopped for member in fc.model_.members] == ["interrupted"] * 2
    assert np.isfinite(fc.predict()["GRU"]).all()


def test_a_second_interrupt_is_raised(native_threads, monkeypatch):
    native_threads(2)
    interrupting(monkeypatch, at=0, times=2)
    with pytest.raises(KeyboardInterrupt):
        forecaster().fit(frame())


def test_one_progress_line_shows_all_tasks(native_threads, monkeypatch):
    shown = []
    run = progress.RunProgress(lambda words, done: shown.append((words, done)))
    token = progress._current.set(run)
    native_threads(2)
    try:
        forecaster(ensemble=3, verbose=1).fit(frame())
    finally:
        progress._current.reset(token)
    words = " ".join(text for text, _ in shown)
    assert "training without the held-out end · networks 1-2/3 · step" in words
    assert "training on all rows · network 3/3 · step" in words
    done = [share for _, share in shown]
    assert (np.diff(done) > -1e-12).all()
    assert done[-1] == pytest.approx(1)
