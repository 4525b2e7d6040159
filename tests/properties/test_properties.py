"""Properties of every cell, whatever its equations: pieces and wholes, batches and rows, padding, states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unrolled as un
from support import assert_close, cell_variants, label, scattered
from unrolled.nn.layers import Add, Dropout, Reverse
from unrolled.nn.program import ProgramBuilder

N, T, F, H = 5, 7, 2, 3
LENGTHS = np.array([4, 0, 7, 1, 6])
PADDING = np.arange(T) >= LENGTHS[:, None]  # (N, T)
TERMS = 2 * T * (F + H)  # two layers, all steps, the longest sum of a step
CELLS = pytest.mark.parametrize("cell", cell_variants(hidden=H), ids=label)


@pytest.fixture
def x(rng):
    return rng.standard_normal((N, T, F))


def steps_network(cell, rng) -> un.Network:
    """Two cells and an output at every step."""
    return scattered(un.Network([cell, cell, un.Dense(2)], F, "float64"), rng)


def random_state(net, rows, rng) -> tuple:
    return tuple(
        layer.State(*(rng.standard_normal((rows, H)) for _ in layer.State._fields)) if layer.recurrent else None
        for layer in net.layers
    )


def assert_states_close(actual, expected, terms=TERMS):
    for a, b in zip(actual, expected, strict=True):
        assert (a is None) == (b is None)
        for part, expected_part in zip(a or (), b or (), strict=True):
            assert_close(part, expected_part, terms)


def rows_of(state, rows) -> tuple:
    return tuple(part and type(part)(*(array[rows] for array in part)) for part in state)


@CELLS
@settings(max_examples=20)
@given(cuts=st.sets(st.integers(1, T - 1), min_size=1))
def test_pieces_with_the_state_carried_over_equal_the_whole(cell, engine, cuts):
    rng = np.random.default_rng(0)
    net = steps_network(cell, rng)
    x, state = rng.standard_normal((N, T, F)), random_state(net, N, rng)
    whole, final = net.forward(x, state)
    pieces = []
    for piece in np.split(x, sorted(cuts), axis=1):
        y, state = net.forward(piece, state)
        pieces.append(y)
    assert_close(np.concatenate(pieces, axis=1), whole, TERMS)
    assert_states_close(state, final)


@CELLS
def test_gradients_of_pieces_equal_those_of_the_whole(cell, engine, x, rng):
    """The backward pass through the pieces, with the gradient of each initial state passed to the piece before."""
    net = steps_network(cell, rng)
    dy = rng.standard_normal((N, T, 2))
    whole = engine.forward(net.program, net.parameters, {"x": x}, keep=True)
    expected = engine.backward(whole.tape, (dy,))
    pieces, state = [], {}
    for part in (slice(0, 3), slice(3, T)):
        result = engine.forward(net.program, net.parameters, {"x": x[:, part]}, state, keep=True)
        state = {name.replace("final", "initial"): value for name, value in result.state.items()}
        pieces.append((result.tape, dy[:, part]))
    dparameters, dstate, dx = 0, {}, []
    for tape, dpart in reversed(pieces):
        found = engine.backward(tape, (dpart,), dstate)
        dstate = {name.replace("initial", "final"): value for name, value in found.state.items()}
        dparameters = dparameters + found.parameters
        dx.insert(0, found.inputs["x"])
    assert_close(dparameters, expected.parameters, N * TERMS)
    assert_close(np.concatenate(dx, axis=1), expected.inputs["x"], N * TERMS)
    assert_states_close(dstate.values(), expected.state.values(), N * TERMS)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["", "lengths"])
@CELLS
def test_a_batch_equals_its_rows(cell, lengths, engine, x, rng):
    net = steps_network(cell, rng)
    state = random_state(net, N, rng)
    y, final = net.forward(x, state, lengths)
    for row in range(N):
        one = slice(row, row + 1)
        y_row, final_row = net.forward(x[one], rows_of(state, one), None if lengths is None else lengths[one])
        assert_close(y_row, y[one], TERMS)
        assert_states_close(final_row, rows_of(final, one))


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["", "lengths"])
@CELLS
def test_permuted_rows_permute_the_results(cell, lengths, engine, x, rng):
    net = steps_network(cell, rng)
    state, y = random_state(net, N, rng), rng.standard_normal((N, T, 2))
    order = rng.permutation(N)
    permuted = None if lengths is None else lengths[order]
    output, final = net.forward(x, state, lengths)
    output_permuted, final_permuted = net.forward(x[order], rows_of(state, order), permuted)
    assert_close(output_permuted, output[order], TERMS)
    assert_states_close(final_permuted, rows_of(final, order))

    loss, grads = net.gradients(x, y, state=state, lengths=lengths)
    loss_permuted, grads_permuted = net.gradients(x[order], y[order], state=rows_of(state, order), lengths=permuted)
    assert_close(np.array(loss_permuted), loss, N * TERMS)
    assert_close(grads_permuted.parameters, grads.parameters, N * TERMS)
    assert_close(grads_permuted.x, grads.x[order], N * TERMS)
    assert_states_close(grads_permuted.state, rows_of(grads.state, order), N * TERMS)


@CELLS
def test_padding_equals_shorter_rows(cell, engine, x, rng):
    net = steps_network(cell, rng)
    state = random_state(net, N, rng)
    y, final = net.forward(x, state, LENGTHS)
    for row in np.flatnonzero(LENGTHS):
        one = slice(row, row + 1)
        y_row, final_row = net.forward(x[one, : LENGTHS[row]], rows_of(state, one))
        assert_close(y_row, y[one, : LENGTHS[row]], TERMS)
        assert_states_close(final_row, rows_of(final, one))


@CELLS
def test_the_final_state_is_that_of_the_last_valid_step(cell, engine, x, rng):
    net = scattered(un.Network([cell], F, "float64"), rng)
    (initial, *_) = random_state(net, N, rng)
    y, (final,) = net.forward(x, (initial,), LENGTHS)
    ran = LENGTHS > 0
    np.testing.assert_array_equal(final.h[ran], y[ran, LENGTHS[ran] - 1])
    for part, first in zip(final, initial, strict=True):  # a row without steps keeps its state
        np.testing.assert_array_equal(part[~ran], first[~ran])


@CELLS
def test_outputs_and_gradients_past_the_end_are_zero(cell, engine, x, rng):
    net = scattered(un.Network([cell, un.Dense(2, "sigmoid")], F, "float64"), rng)
    y, _ = net.forward(x, lengths=LENGTHS)
    assert (y[PADDING] == 0).all()
    assert (y[~PADDING] != 0).all()
    _, grads = net.gradients(x, np.ones((N, T, 2)), lengths=LENGTHS)
    assert (grads.x[PADDING] == 0).all()


LAYERS_BEFORE = {"cell": [], "dense": [un.Dense(2)], "dropout": [Dropout(0.3)], "reverse": [Reverse()]}


@pytest.mark.parametrize("before", LAYERS_BEFORE)
@pytest.mark.parametrize("last", [True, False], ids=["last", "steps"])
@pytest.mark.parametrize("cell", [un.RNN(H), un.GRU(H), un.LSTM(H)], ids=label)
def test_the_content_of_padding_does_not_matter(cell, last, before, engine, x, rng):
    """Even if it is NaN."""
    net = scattered(un.Network([*LAYERS_BEFORE[before], cell, *([un.Last()] if last else []), un.Dense(2)], F), rng)
    x = x.astype(np.float32)
    y = rng.standard_normal((N, 2) if last else (N, T, 2))
    poisoned = np.where(PADDING[..., None], np.float32(np.nan), x)
    y_poisoned = y if last else np.where(PADDING[..., None], np.nan, y)
    np.testing.assert_array_equal(net.forward(poisoned, lengths=LENGTHS)[0], net.forward(x, lengths=LENGTHS)[0])
    loss, grads = net.gradients(x, y, lengths=LENGTHS, training=True)
    loss_poisoned, grads_poisoned = net.gradients(poisoned, y_poisoned, lengths=LENGTHS, training=True)
    assert loss_poisoned == loss
    np.testing.assert_array_equal(grads_poisoned.parameters, grads.parameters)
    np.testing.assert_array_equal(grads_poisoned.x, grads.x)
    assert (grads.x[PADDING] == 0).all()


def test_padding_does_not_pass_along_a_residual_path(engine, x, rng):
    builder = ProgramBuilder()
    inputs = builder.input("x", F)
    h = builder.add(un.RNN(F), inputs, name="0")
    program = builder.build(builder.add(Add(), inputs, h, name="1"))
    params = rng.standard_normal(program.size)
    (y,) = engine.forward(program, params, {"x": x}, lengths=LENGTHS).outputs
    assert (y[PADDING] == 0).all()


@CELLS
def test_rows_without_any_step_leave_states_and_parameters_alone(cell, engine, x, rng):
    net = scattered(un.Network([cell, un.Last()], F, "float64"), rng)
    state = random_state(net, N, rng)
    y, final = net.forward(x, state, lengths=np.zeros(N, int))
    assert (y == 0).all()
    assert_states_close(final, state, terms=0)
    _, grads = net.gradients(x, np.ones((N, H)), state=state, lengths=np.zeros(N, int))
    assert (grads.parameters == 0).all()
    assert (grads.x == 0).all()


@CELLS
def test_strided_inputs_equal_contiguous_ones(cell, engine, x, rng):
    net = steps_network(cell, rng)
    wide = np.repeat(np.repeat(x, 2, axis=0), 3, axis=2)
    np.testing.assert_array_equal(net.forward(wide[::2, :, ::3])[0], net.forward(x)[0])
    backward = np.ascontiguousarray(x[:, ::-1])[:, ::-1]
    np.testing.assert_array_equal(net.forward(backward)[0], net.forward(x)[0])


@CELLS
def test_results_have_the_dtype_of_the_network(cell, engine, x):
    for dtype in ("float32", "float64"):
        net = un.Network([cell, Dropout(0.5), un.Last(), un.Dense(2, "tanh")], F, dtype)
        y, (final, *_) = net.forward(x)
        _, grads = net.gradients(x, y, lengths=LENGTHS, weight=np.ones(N), training=True)
        arrays = [y, *final, grads.parameters, grads.x, *grads.state[0]]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@CELLS
def test_neither_inputs_nor_states_are_changed(cell, engine, x, rng):
    net = steps_network(cell, rng)
    state, y = random_state(net, N, rng), rng.standard_normal((N, T, 2))
    kept = x.copy(), [part.copy() for s in state if s for part in s]
    net.forward(x, state)
    net.gradients(x, y, state=state, lengths=LENGTHS)
    np.testing.assert_array_equal(x, kept[0])
    for part, before in zip((part for s in state if s for part in s), kept[1], strict=True):
        np.testing.assert_array_equal(part, before)
