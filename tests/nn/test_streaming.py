"""Networks that are fed one step at a time."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

import unrolled as un
from support import assert_close, cell_variants, label, scattered
from unrolled.nn.layers import Reverse

N, T, F, H = 3, 5, 2, 4


@pytest.mark.parametrize("cell", cell_variants(H), ids=label)
def test_a_state_is_passed_from_a_network_to_a_stream_and_back(cell, engine, rng):
    net = scattered(un.Network([cell, un.Dense(1)], F, "float64"), rng)
    x = rng.standard_normal((N, T, F))
    expected, final = net.forward(x)
    _, state = net.forward(x[:, :2])
    stream = un.Stream(net, N)  # as net.stream makes it
    stream.state = state
    steps = [stream.step(x[:, t]) for t in range(2, T)]
    assert_close(np.stack(steps, axis=1), expected[:, 2:], terms=T * (F + H))
    for part, other in zip(stream.state[0], final[0], strict=True):
        assert_close(part, other, terms=T * (F + H))
    stream.state = None
    assert_close(stream.step(x[:, 0]), expected[:, 0], terms=F + H)


def test_a_stream_keeps_the_parameters_that_it_began_with(engine, rng):
    net, x = un.Network([un.GRU(H)], F, "float64"), rng.standard_normal(F)
    stream, expected = net.stream(), net.stream().step(x)
    net.parameters = np.zeros_like(net.parameters)
    np.testing.assert_array_equal(stream.step(x), expected)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda stream: stream.step(np.zeros((N, F + 1))), r"must have shape \(3, 2\); got \(3, 3\)"),
        (lambda stream: stream.step(np.zeros(F)), r"must have shape \(3, 2\); got \(2,\)"),
        (lambda stream: setattr(stream, "state", ()), "state must have one entry per layer: 1; got 0"),
        (lambda stream: setattr(stream, "state", ((np.zeros((N, H)),),)), "0.initial must have 2 parts, h, c; got 1"),
        (lambda stream: setattr(stream, "state", ((np.zeros(H), np.zeros(H)),)), r"initial.h must be \(3, 4\); got"),
    ],
)
def test_what_does_not_fit_is_refused(use, message, engine):
    with pytest.raises(un.InputError, match=message):
        use(un.Network([un.LSTM(H)], F).stream(N))


def test_a_stream_is_fed_by_one_thread_at_a_time(engine, monkeypatch):
    stream = un.Network([un.GRU(H)], F).stream()
    step, errors = stream._stream.step, []

    def feed():
        try:
            stream.step(np.zeros(F))
        except un.InputError as error:
            errors.append(str(error))

    def slow(x):
        other = threading.Thread(target=feed)
        other.start()
        other.join()
        return step(x)

    monkeypatch.setattr(stream, "_stream", SimpleNamespace(step=slow, state=stream._stream.state))
    stream.step(np.zeros(F))
    assert errors == ["this stream is in use in another thread. Give each thread a stream of its own."]
    monkeypatch.setattr(stream, "_stream", SimpleNamespace(step=step))
    feed()  # a step that is refused leaves the stream as it was
    assert len(errors) == 1


def test_a_step_that_is_refused_changes_no_state(engine, rng):
    stream, other = (un.Network([un.GRU(H)], F, "float64").stream() for _ in range(2))
    x = rng.standard_normal((2, F))
    stream.step(x[0])
    other.step(x[0])
    for wrong in (None, "x", [1j, 2], np.zeros(F + 1)):
        with pytest.raises(un.InputError):
            stream.step(wrong)
    with pytest.raises(un.InputError):
        stream.state = ((["a"],),)
    np.testing.assert_array_equal(stream.step(x[1]), other.step(x[1]))


def test_a_stream_needs_rows_and_a_causal_network(engine):
    with pytest.raises(un.InputError, match="rows must be a whole number ≥ 1; got 0"):
        un.Network([un.LSTM(H)], F).stream(0)
    with pytest.raises(un.InputError, match="a network with reverse reads later steps"):
        un.Network([Reverse(), un.LSTM(H)], F).stream()
