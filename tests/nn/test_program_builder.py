"""Errors of the builder of programs and of the engines, with both numbers."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from unrolled.nn.layers import Add, Concatenate, Reverse
from unrolled.nn.program import ProgramBuilder

N, T, F, H = 3, 5, 2, 3

# --- errors of the builder ----------------------------------------------------------------------------


def add(*rules_then_name, **options):
    """Add a rule to a builder that has sequences x and wide, row (without time) and an LSTM and a grid made of x."""
    builder = ProgramBuilder()
    buffers = {
        "x": builder.input("x", F),
        "row": builder.input("row", F, sequence=False),
        "wide": builder.input("wide", F + 1),
        "ahead": builder.input("ahead", F, masked=False),
    }
    buffers["lstm"] = builder.add(un.LSTM(H), buffers["x"], name="lstm")
    buffers["grid"] = builder.add(un.Dense((2, 2)), buffers["x"], name="grid")
    rule, inputs = rules_then_name
    return builder.add(rule, *(buffers[name] for name in inputs.split()), **{"name": "new", **options})


@pytest.mark.parametrize(
    ("rule", "inputs", "options", "message"),
    [
        (un.RNN(H), "row", {}, r"layer new \(rnn\) needs a sequence"),
        (un.Last(), "row", {}, r"layer new \(last\) needs a sequence"),
        (Reverse(), "row", {}, r"layer new \(reverse\) needs a sequence"),
        (un.RNN(H), "grid", {}, r"layer new \(rnn\) needs flat features; its input has \(2, 2\)"),
        (Add(), "x row", {}, "all be sequences, or none"),
        (Add(), "x wide", {}, r"Add: its inputs must have one shape; got \(2,\), \(3,\)"),
        (Concatenate(), "x grid", {}, r"Concatenate: inputs may differ in the last axis only; got \(2,\), \(2, 2\)"),
        (un.RNN(H), "x", {"name": "lstm"}, r"already has a buffer 'lstm.output'"),
        (un.LSTM(H), "x", {"shares": "nothing"}, r"can't share 'nothing.weight_ih'"),
        (
            un.LSTM(H),
            "wide",
            {"shares": "lstm"},
            r"can't share 'lstm.weight_ih': no such parameter of shape \(12, 3\)",
        ),
        (un.GRU(H), "x", {"initial": "lstm.final"}, r"'new', GRU\(.*'lstm.final', a state of LSTM"),
        (un.LSTM(H + 1), "x", {"initial": "lstm.final"}, r"'new', LSTM\(hidden=4\).*a state of LSTM\(hidden=3\)"),
        (un.LSTM(H), "x", {"initial": "new.final"}, "its final state 'new.final' is read before it is written"),
        (un.LSTM(H), "x", {"branching": True}, "'new': lengths can't apply to the input of a branching cell"),
        (un.Dense(H), "ahead", {"branching": True}, r"'new': only cells can branch; this is a layer \(dense\)"),
        (un.LSTM(H), "ahead", {"branching": True, "shares": "nothing"}, r"can't share 'nothing.weight_ih'"),
        (un.GRU(H), "ahead", {"branching": True, "initial": "lstm.final"}, "'lstm.final', a state of LSTM"),
        (
            un.LSTM(H),
            "wide",
            {"branching": True, "shares": "lstm"},
            r"can't share 'lstm.weight_ih': no such parameter of shape \(12, 3\)",
        ),
        (un.Embedding(4, H), "x", {}, r"Embedding: its input is one code per step, \(1,\); got \(2,\)"),
    ],
)
def test_the_builder_refuses_mismatched_operations(rule, inputs, options, message):
    with pytest.raises(un.InputError, match=message):
        add(rule, inputs, **options)


def test_the_builder_accepts_matching_operations():
    assert add(un.LSTM(H), "x", initial="lstm.final", shares="lstm").shape == (H,)
    assert add(Concatenate(), "x wide lstm").shape == (F + F + 1 + H,)
    assert add(un.Dense(4), "row").sequence is False
    ahead = add(un.LSTM(H), "ahead", initial="lstm.final", shares="lstm", branching=True)
    assert (ahead.shape, ahead.sequence, ahead.masked) == ((H,), True, False)


def test_a_branching_cell_has_no_final_state():
    builder = ProgramBuilder()
    ahead = builder.input("ahead", F, masked=False)
    program = builder.build(builder.add(un.LSTM(H), ahead, name="new", branching=True))
    assert (list(program.initial_states), list(program.recurrent), program.causal) == (["new.initial"], [], False)
    builder.add(un.LSTM(H), ahead, name="other", initial="new.final")  # a state of the caller's by this name
    assert "new.final" in builder.build(ahead).initial_states


@pytest.mark.parametrize("features", [0, -1, 2.5, "2"])
def test_an_input_needs_a_whole_number_of_features(features):
    with pytest.raises(un.InputError, match="features must be a whole number ≥ 1; got "):
        ProgramBuilder().input("x", features)


# --- errors of engines --------------------------------------------------------------------------------


def test_a_program_that_is_not_causal_cannot_be_streamed(engine):
    for rule, options in ((un.GRU(H), {"branching": True}), (Reverse(), {})):
        builder = ProgramBuilder()
        program = builder.build(builder.add(rule, builder.input("x", F, masked=False), name="0", **options))
        with pytest.raises(un.InputError, match="a stream "):
            engine.stream(program, program.initialize(0, np.dtype("float64")), 1)
