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
from unrolled.cells import CELLS
from unrolled.layers import LAYERS, Dropout, Reverse
from unrolled.losses import LOSSES, Quantile, loss_named

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
SEVERAL_INPUTS = {"concatenate", "add"}  # test_program.py checks them


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["", "lengths"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("cell", cell_variants(hidden=2), ids=label)
def test_gradients_of_cells(cell, depth, loss, lengths, dropout, engine, rng):
    loss = loss_named(loss)
    steps = depth == 2  # judged at every step; the others at the last
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
    assert CHAIN_LAYERS.keys() | SEVERAL_INPUTS == LAYERS.keys()
    for kind, cases in CHAIN_LAYERS.items():
        assert all(type(case) is LAYERS[kind] for case in cases)


INITIAL_ONLY = {"initial"}  # options that say how parameters begin; here they are scattered


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
