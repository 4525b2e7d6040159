"""The choice of the engine, and rules for all engines."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from support import assert_close
from unrolled.nn.datasets import Arrays
from unrolled.nn.engines import ENGINES, Job
from unrolled.nn.losses import MSE

N, T = 10, 3


@pytest.fixture
def job(rng):
    net = un.Network([un.RNN(3), un.Last(), un.Dense(1)], 1, "float64")
    data = Arrays(rng.standard_normal((N, T, 1)), rng.standard_normal((N, 1)))
    return net, Job(net.program, data, MSE(), un.Adam(), 4, None, seed=0)


def test_engines_are_chosen_by_name(engine):
    assert un.active_engine() is engine
    assert engine.name in ENGINES
    un.use_engine("auto")
    assert un.active_engine() is list(ENGINES.values())[-1]  # the fastest is registered last


def test_the_environment_chooses_if_the_program_does_not(monkeypatch):
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)
    monkeypatch.setenv("UNROLLED_ENGINE", "numpy")
    assert un.active_engine().name == "numpy"
    monkeypatch.setattr("unrolled.nn.engines._chosen", None)
    monkeypatch.setenv("UNROLLED_ENGINE", "abacus")
    with pytest.raises(un.InputError, match="no engine is called 'abacus'; this build has: auto, numpy"):
        un.active_engine()
    un.use_engine("numpy")
    assert un.active_engine().name == "numpy"


def test_an_unknown_engine_is_refused_and_the_old_one_stays(engine):
    with pytest.raises(un.InputError, match="no engine is called 'abacus'"):
        un.use_engine("abacus")
    assert un.active_engine() is engine


def test_training_returns_one_sum_per_batch(engine, job):
    net, job = job
    state = job.optimizer.start(net.parameters)
    sums = engine.train(job, net.parameters, state, np.arange(N), 0, 0, np.full(3, 1e-3))
    assert sums.totals.shape == sums.weights.shape == (3,)
    assert sums.totals.dtype == np.float64
    assert sums.weights.tolist() == [4, 4, 2]  # the last batch has the remaining rows
    assert (sums.totals > 0).all()


def test_training_stops_after_a_loss_that_is_not_finite_before_the_parameters_change(engine, job):
    net, job = job
    job.data.target[5] = np.nan  # in the second batch
    before = net.parameters.copy()
    state = job.optimizer.start(net.parameters)
    engine.train(job, net.parameters, state, np.arange(N), 0, 0, np.full(1, 1e-3))
    after_one = net.parameters.copy()
    assert (after_one != before).any()
    sums = engine.train(job, net.parameters, state, np.arange(N), 0, 1, np.full(2, 1e-3))
    assert np.isnan(sums.totals[0])
    assert (sums.totals[1], sums.weights[1]) == (0, 0)
    np.testing.assert_array_equal(net.parameters, after_one)
    assert state.step == 1


def test_evaluation_returns_the_losses_of_training_and_changes_nothing(engine, job):
    net, job = job
    before = net.parameters.copy()
    found = engine.evaluate(job, net.parameters, np.arange(N))
    np.testing.assert_array_equal(net.parameters, before)
    rates = np.zeros(3)
    trained = engine.train(job, net.parameters, job.optimizer.start(before), np.arange(N), 0, 0, rates)
    assert_close(found.totals, trained.totals, terms=N * T * 4)
    np.testing.assert_array_equal(found.weights, trained.weights)


def test_nothing_is_kept_between_runs(engine, job, rng):
    """A tape has everything that its backward pass needs, so that runs may be interleaved."""
    net, _ = job
    first, second = rng.standard_normal((2, N, T, 1))
    dy = (np.ones((N, 1)),)

    def run(x):
        return engine.forward(net.program, net.parameters, {"x": x}, keep=True).tape

    expected = [engine.backward(run(x), dy).parameters for x in (first, second)]
    tapes = [run(first), run(second)]
    found = [engine.backward(tape, dy).parameters for tape in reversed(tapes)]
    np.testing.assert_array_equal(found[::-1], expected)


def test_without_keep_there_is_no_tape(engine, job):
    net, _ = job
    assert engine.forward(net.program, net.parameters, {"x": np.ones((1, T, 1))}).tape is None
