"""Every analytic gradient against central differences: all cells, options, depths, losses, lengths, dropout."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unrolled as un
from support import cell_variants, label, scattered, task
from unrolled.nn.cells import CELLS
from unrolled.nn.gradient_check import Problem, check_problem
from unrolled.nn.layers import LAYERS, Concatenate, Dropout, Reverse
from unrolled.nn.losses import LOSSES, Quantile, loss_named
from unrolled.nn.program import ProgramBuilder

N, T, F = 2, 3, 2
ENTRIES = 5  # of each array, others in each case
CHAIN_LAYERS = {
    "dense": [
        un.Dense(3, activation, bias)
        for activation in (None, "tanh", "relu", "linear", "sigmoid")
        for bias in (True, False)
    ]
    + [un.Dense((2, 2))],
    "last": [un.Last()],
    "dropout": [Dropout(0.4), Dropout(0.0)],
    "reverse": [Reverse()],
}
READ_CODES = {"embedding": [un.Embedding(4, 3)]}
SEVERAL_INPUTS = {"concatenate", "add"}  # test_program.py checks them


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["", "lengths"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("cell", cell_variants(hidden=2), ids=label)
def test_gradients_of_cells(cell, depth, loss, lengths, dropout, engine, rng):
    loss = loss_named(loss)
    steps = depth == 2  # with an output at every step; the others have one at the last
    head, y = task(loss, (N, T) if steps else (N,), rng)
    layers = [layer for _ in range(depth) for layer in ((cell, Dropout(0.4)) if dropout else (cell,))]
    net = scattered(un.Network([*layers, *([] if steps else [un.Last()]), head], F), rng)
    x = rng.standard_normal((N, T, F))
    seed = int(rng.integers(2**32))
    report = un.check_gradients(net, x, y, loss, lengths=lengths, training=dropout, max_entries=ENTRIES, seed=seed)
    assert report.ok, report


@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["", "lengths"])
@pytest.mark.parametrize("layer", [layer for cases in CHAIN_LAYERS.values() for layer in cases], ids=label)
def test_gradients_of_layers(layer, lengths, engine, rng):
    net = scattered(un.Network([un.RNN(3), layer], F), rng)
    x = rng.standard_normal((N, T, F))
    y = rng.standard_normal(net.forward(x)[0].shape)
    report = un.check_gradients(net, x, y, lengths=lengths, training=True)
    assert report.ok, report


@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["", "lengths"])
@pytest.mark.parametrize("ends", [[], [un.RNN(3)], [un.Last(), un.Dense(2)]], ids=["alone", "cell", "last"])
@pytest.mark.parametrize("layer", [layer for cases in READ_CODES.values() for layer in cases], ids=label)
def test_gradients_of_layers_that_read_codes(layer, ends, lengths, engine, rng):
    """With respect to parameters only, as codes have no gradient."""
    net = scattered(un.Network([layer, *ends], 1), rng)
    x = np.array([[0, 2, 2], [3, 0, 2.0]])[..., None]
    y = rng.standard_normal(net.forward(x)[0].shape)
    report = un.check_gradients(net, x, y, lengths=lengths)
    assert report.ok, report
    assert "input x" not in {row.name for row in report.rows}
    assert (net.gradients(x, y, lengths=lengths)[1].x == 0).all()


def test_codes_in_padding_have_no_effect(engine, rng):
    net = scattered(un.Network([un.Embedding(4, 3)], 1), rng)
    x = np.array([[1, 2, 3], [0, 1, 2.0]])[..., None]
    _, gradients = net.gradients(x, rng.standard_normal((N, T, 3)), lengths=[2, 1])
    weight = net.program.views(gradients.parameters)["0.weight"]
    assert [(row != 0).any() for row in weight] == [True, True, True, False]  # 3 occurs in padding only


@pytest.mark.parametrize("lengths", [None, [4, 0, 2]], ids=["", "lengths"])
@pytest.mark.parametrize("cell", cell_variants(hidden=3), ids=label)
def test_gradients_of_a_decoder_that_branches(cell, lengths, engine, rng):
    """It begins every step at the encoder's final state and shares its weights; codes take part."""
    builder = ProgramBuilder()
    past, ahead = builder.input("past", 2), builder.input("ahead", 1, masked=False)
    vector = builder.add(un.Embedding(4, 1), builder.input("code", 1, masked=False), name="vector")
    builder.add(cell, past, name="encoder")
    both = builder.add(Concatenate(), ahead, vector, name="both")
    h = builder.add(cell, both, name="decoder", shares="encoder", initial="encoder.final", branching=True)
    program = builder.build(builder.add(un.Dense(2), h, name="head"))
    rows, steps = 3, 5

    def random_state():
        return {"encoder": cell.State(*(rng.standard_normal((rows, 3)) for _ in cell.State._fields))}

    problem = Problem(
        program,
        0.5 * rng.standard_normal(program.size),
        {
            "past": rng.standard_normal((rows, 4, 2)),
            "ahead": rng.standard_normal((rows, steps, 1)),
            "code": rng.integers(4, size=(rows, steps, 1)).astype(float),
        },
        rng.standard_normal((rows, steps, 2)),
        loss_named("mse"),
        {"encoder.initial": random_state()["encoder"]},
        None if lengths is None else np.array(lengths),
        state_weights={"encoder.final": random_state()["encoder"]},
    )
    report = check_problem(problem)
    assert report.ok, report
    assert {row.name for row in report.rows} >= {"input past", "input ahead", "encoder.initial.h", "vector.weight"}
    assert "input code" not in {row.name for row in report.rows}


@settings(max_examples=40)
@given(data=st.data())
def test_gradients_at_any_shape(data, engine):
    draw = data.draw
    cell = draw(st.sampled_from(cell_variants(hidden=draw(st.integers(1, 4)))))
    n, t, f = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    lengths = draw(st.none() | st.lists(st.integers(0, t), min_size=n, max_size=n))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    loss = loss_named(draw(st.sampled_from(sorted(LOSSES))))
    head, y = task(loss, (n,), rng)
    net = scattered(un.Network([cell, un.Last(), head], f), rng)
    report = un.check_gradients(net, rng.standard_normal((n, t, f)), y, loss, lengths=lengths, max_entries=20)
    assert report.ok, report


@pytest.mark.parametrize("leading", [(N,), (N, T), (N, T, 2)], ids=["rows", "steps", "elements"])
def test_gradients_with_weights(leading, engine, rng):
    net = scattered(un.Network([un.RNN(3), un.Dense(2)], F), rng)
    weight = rng.uniform(size=leading)
    weight[0] = 0
    x, y = rng.standard_normal((N, T, F)), rng.standard_normal((N, T, 2))
    report = un.check_gradients(net, x, y, weight=weight, lengths=[2, 3])
    assert report.ok, report
    assert (net.gradients(x, y, weight=weight)[1].x[0] == 0).all()


def test_gradients_of_a_quantile_grid(engine, rng):
    loss = Quantile((0.05, 0.25, 0.5, 0.75, 0.95))
    head, y = task(loss, (N,), rng)
    net = scattered(un.Network([un.GRU(3), un.Last(), head], F), rng)
    report = un.check_gradients(net, rng.standard_normal((N, T, F)), y, loss)
    assert report.ok, report


def test_gradients_at_a_given_state(engine, rng):
    net = scattered(un.Network([un.LSTM(2), un.RNN(3)], F), rng)
    x, y = rng.standard_normal((N, T, F)), rng.standard_normal((N, T, 3))
    state = ((rng.standard_normal((N, 2)), rng.standard_normal((N, 2))), (rng.standard_normal((N, 3)),))
    report = un.check_gradients(net, x, y, state=state)
    assert report.ok, report
    assert report.loss != un.check_gradients(net, x, y).loss


def test_every_registered_rule_is_checked():
    assert {cell.kind for cell in cell_variants(hidden=1)} == set(CELLS)
    assert CHAIN_LAYERS.keys() | READ_CODES.keys() | SEVERAL_INPUTS == LAYERS.keys()
    assert {kind for kind in LAYERS if not LAYERS[kind].differentiable} == READ_CODES.keys()
    for kind, cases in (CHAIN_LAYERS | READ_CODES).items():
        assert all(type(case) is LAYERS[kind] for case in cases)


INITIAL_ONLY = {"initial"}  # options of initial parameters; here all parameters are random


@pytest.mark.parametrize("kind", CELLS)
def test_every_option_of_a_cell_is_varied(kind):
    """`Cell.variants` names the options to check; here they are read from the fields, so that none is forgotten."""
    hints = get_type_hints(CELLS[kind])
    for option in fields(CELLS[kind]):
        if option.name in {"hidden"} | INITIAL_ONLY:
            continue
        hint = hints[option.name]
        choices = {True, False} if hint is bool else set(get_args(hint))
        assert choices, f"{kind}.{option.name}: which values of {hint} are to be tested?"
        assert {getattr(cell, option.name) for cell in cell_variants(hidden=1) if cell.kind == kind} == choices
