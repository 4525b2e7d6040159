"""The compiled engine agrees with the NumPy engine, on every instruction set that this machine can run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

import unrolled as un
from parity import (
    DTYPES,
    EVERY_ENGINE,
    EVERY_INSTRUCTION_SET,
    EVERY_RULE,
    HORIZON,
    NUMPY,
    RULES,
    Case,
    Shape,
    features_of,
    random_case,
    random_parameters,
    results,
    terms_of,
)
from support import assert_close, cell_variants, label
from unrolled.nn.activations import ACTIVATIONS
from unrolled.nn.cells import CELLS, Cell
from unrolled.nn.layers import LAYERS, Add, Concatenate, Dropout, Last, Reverse
from unrolled.nn.program import Program, ProgramBuilder
from unrolled.nn.randomness import Place

# around the ends of vectors, tiles of rows and panels of columns, on any instruction set
SIZES = st.sampled_from([1, 2, 3, 7, 15, 16, 17, 31, 33, 50, 64, 65]) | st.integers(1, 70)
FEATURES = st.integers(1, 20)


# --- random cases -------------------------------------------------------------------------------------


@st.composite
def shapes(draw) -> Shape:
    rows = draw(st.sampled_from([1, 2, 3, 6, 7, 13, 33]))
    steps = draw(st.sampled_from([1, 2, 5, 9]))
    ragged = st.lists(st.integers(0, steps), min_size=rows, max_size=rows)
    lengths = draw(st.none() | ragged | st.just([0] * rows))
    words = st.integers(0, 2**32 - 1)
    place = draw(st.none() | st.builds(Place, st.integers(0, 2**64 - 1), words, words))
    return Shape(rows, steps, lengths, draw(st.booleans()), place, draw(words))


@st.composite
def sized(draw, rule):
    """The rule with another size, if it has one."""
    if isinstance(rule, Cell):
        return replace(rule, hidden=draw(SIZES))
    if isinstance(rule, un.Dense):
        return replace(rule, size=draw(SIZES | st.tuples(st.integers(1, 3), st.integers(1, 20))))
    if isinstance(rule, un.Embedding):
        return un.Embedding(draw(st.integers(1, 20)), draw(SIZES))
    return rule


@st.composite
def chains(draw, rule) -> list:
    """Up to two layers around this one, of any kind that fits."""
    layers, steps, flat = [], True, True
    for choice in (st.none() | st.sampled_from(RULES), st.just(rule), st.none() | st.sampled_from(RULES)):
        layer = draw(choice)
        fits = flat or not isinstance(layer, (Cell, un.Dense))
        assume(fits and (steps or not isinstance(layer, (Cell, Last, Reverse))))
        assume(not layers or not isinstance(layer, un.Embedding))  # it reads codes
        if layer:
            layers.append(draw(sized(layer)))
            steps = steps and layer != Last()
            flat = flat and not isinstance(getattr(layers[-1], "size", 1), tuple)
    return layers


def specified(case: Case) -> dict[str, np.ndarray]:
    """The results of NumPy, unless rounding would decide on which side of ReLU's kink a unit lies."""
    nearest = [np.inf]

    def recording(a, out=None):
        nearest.append(np.abs(a[a != 0]).min(initial=np.inf))  # sums of zeros are 0 in any order
        return relu.function(a, out=out)

    relu = ACTIVATIONS["relu"]
    with mock.patch.dict(ACTIVATIONS, relu=relu._replace(function=recording)):
        expected = results(NUMPY, case)
    if min(nearest) <= np.finfo(case.params.dtype).eps * terms_of(case):
        reject()
    return expected


def assert_same(engine, case: Case, size: float = 1) -> None:
    """`size` is that of the inputs: gradients of parameters are sums of products with them."""
    expected, found = specified(case), results(engine, case)
    lines = sum(x[..., 0].size for x in case.inputs.values())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        summed = name in case.program.parameters
        terms = terms_of(case) + lines * summed
        scale = max(size if summed else 1, float(np.abs(value[np.isfinite(value)]).max(initial=0)))
        assert found[name].dtype == case.params.dtype
        assert_close(found[name], value, terms, scale)


# --- chains -------------------------------------------------------------------------------------------


@EVERY_INSTRUCTION_SET
@EVERY_RULE
@DTYPES
@settings(max_examples=15)
@given(data=st.data())
def test_every_layer_in_any_chain_and_batch(dtype, rule, engine, data):
    layers = data.draw(chains(rule))
    net = un.Network(layers, features_of(layers) or data.draw(FEATURES), dtype)
    assert_same(engine, random_case(net.program, data.draw(shapes()), dtype))


def test_all_layers_are_tested():
    assert {rule.kind for rule in RULES} | {"add", "concatenate"} == {*CELLS, *LAYERS}


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("cell", [un.RNN(1), un.GRU(1), un.GRU(1, "before"), un.LSTM(1)], ids=label)
@DTYPES
def test_wide_rows_in_several_panels_on_several_threads(dtype, cell, engine):
    """Weights whose gradients sum over several blocks of rows, too."""
    net = un.Network([replace(cell, hidden=1024 // dtype.itemsize), un.Dense(70, "tanh")], 131, dtype)
    lengths = np.random.default_rng(0).integers(0, 10, 40).tolist()
    assert_same(engine, random_case(net.program, Shape(40, 9, lengths), dtype))


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("rule", [rule for rule in RULES if not isinstance(rule, un.Embedding)], ids=label)
@DTYPES
def test_nan_and_saturating_inputs(dtype, rule, engine):
    layers = [rule] if rule in (Last(), Reverse(), Dropout(0.3)) else [rule, un.Dense(3)]
    for factor in (np.nan, np.inf, -100):
        case = random_case(un.Network(layers, 2, dtype).program, Shape(5, 4), dtype)
        case.inputs["x"][2, 1] *= factor
        if factor == np.inf:  # its gradients are 0 · ∞, where a small number instead of 0 is as good
            case = case._replace(doutputs=None)
        with np.errstate(all="ignore"):
            assert_same(engine, case, size=100)


@EVERY_ENGINE
@DTYPES
def test_invalid_codes_are_refused_except_in_padding(dtype, engine):
    program = un.Network([un.Embedding(4, 3)], 1).program
    params = random_parameters(program, dtype, np.random.default_rng(0))
    for wrong in (-1, 4, 0.5, 3.5, 2**31, -(2**62), 2**62, 1e30, np.nan, np.inf, -np.inf):
        x = np.array([[[0], [3], [wrong]]], dtype)
        with pytest.raises(un.InputError, match="codes must be whole numbers"), np.errstate(invalid="ignore"):
            engine.forward(program, params, {"x": x})
        (y,) = engine.forward(program, params, {"x": x}, lengths=np.array([2])).outputs
        np.testing.assert_array_equal(y[0], [*program.views(params)["0.weight"][[0, 3]], [0, 0, 0]])


@EVERY_INSTRUCTION_SET
@DTYPES
def test_one_program_serves_batches_of_all_shapes_and_parameters_that_change(dtype, engine):
    program = un.Network([un.GRU(5), Dropout(0.5), un.LSTM(17), un.Dense((2, 3))], 3, dtype).program
    params = random_parameters(program, dtype, np.random.default_rng(0))
    for rows, steps, lengths, place in (
        (3, 4, None, None),
        (3, 4, [4, 0, 2], Place(1)),
        (3, 4, None, None),
        (2, 4, [1, 1], None),
        (40, 9, None, Place(2)),
        (1, 1, [0], None),
        (3, 6, [6, 6, 6], None),
    ):
        case = random_case(program, Shape(rows, steps, lengths, rows != 2, place), dtype)
        params[...] = case.params  # in place: the array is that of the calls before
        assert_same(engine, case._replace(params=params))


# --- programs that are not chains ---------------------------------------------------------------------


def encoder_decoder(H: int, F: int) -> Program:
    """A cell reads the past and continues over the future, to whose steps lengths do not apply."""
    builder = ProgramBuilder()
    past, future = builder.input("past", F), builder.input("future", F, masked=False)
    builder.add(un.LSTM(H), past, name="encoder")
    h = builder.add(un.LSTM(H), future, name="decoder", shares="encoder", initial="encoder.final")
    return builder.build(builder.add(un.Dense(2), h, name="head"))


def both_directions(H: int, F: int) -> Program:
    builder = ProgramBuilder()
    x = builder.input("x", F)
    ahead = builder.add(un.GRU(H), x, name="ahead")
    turned = builder.add(un.GRU(H, "before"), builder.add(Reverse(), x, name="turn"), name="back")
    both = builder.add(Concatenate(), ahead, builder.add(Reverse(), turned, name="turn back"), name="both")
    return builder.build(builder.add(un.Dense(2), both, name="head"))


def residual(H: int, F: int) -> Program:
    builder = ProgramBuilder()
    h = builder.add(un.Dense(H, "tanh"), builder.input("x", F), name="lift")
    for number, shares in ((1, None), (2, "rnn 1")):
        dropped = builder.add(Dropout(0.3), h, name=f"dropout {number}")
        h = builder.add(
            Add(), h, builder.add(un.RNN(H), dropped, name=f"rnn {number}", shares=shares), name=f"{number}"
        )
    return builder.build(builder.add(Last(), h, name="last"))


def one_start_for_two(H: int, F: int) -> Program:
    """Two cells start from one state of the caller, two more from a final state; all are outputs."""
    builder = ProgramBuilder()
    x = builder.input("x", F)
    h = [builder.add(un.LSTM(H), x, name=f"cell {k}", initial="start") for k in range(2)]
    h += [builder.add(un.LSTM(H), x, name=f"cell {k}", initial="cell 0.final") for k in (2, 3)]
    return builder.build(*h, x, builder.add(Last(), h[0], name="last"), h[0])


def static_features(H: int, F: int) -> Program:
    """Numbers of a row besides its sequence, values that are read twice, and unused ones."""
    builder = ProgramBuilder()
    x, static = builder.input("x", F), builder.input("static", F, sequence=False)
    h = builder.add(un.RNN(H), builder.add(Add(), x, x, name="twice"), name="rnn")
    builder.add(un.GRU(H), x, name="unread")
    last = builder.add(Last(), h, name="last")
    grids = [builder.add(un.Dense((2, size)), last, name=f"grid {size}") for size in (3, 100 + H)]
    grid = builder.add(Dropout(0.4), builder.add(Concatenate(), *grids, grids[0], name="grids"), name="dropout")
    return builder.build(builder.add(Concatenate(), last, static, last, name="beside"), grid)


def branching(cell: Cell, H: int, F: int) -> Program:
    """All steps of the future begin at the final state of the past; and at a state of the caller, in an output that
    nothing else reads."""
    builder, cell = ProgramBuilder(), replace(cell, hidden=H)
    past, future = builder.input("past", F), builder.input("future", F, masked=False)
    vector = builder.add(un.Embedding(5, F), builder.input("code", 1, masked=False), name="vector")
    builder.add(cell, past, name="encoder")
    both = builder.add(Add(), future, vector, name="both")
    h = builder.add(cell, both, name="decoder", shares="encoder", initial="encoder.final", branching=True)
    own = builder.add(cell, future, name="own", branching=True)
    return builder.build(builder.add(un.Dense(2), h, name="head"), own, h, builder.add(Last(), h, name="last"))


PROGRAMS = {make.__name__: make for make in (encoder_decoder, both_directions, residual)}
PROGRAMS |= {make.__name__: make for make in (one_start_for_two, static_features)}
PROGRAMS |= {f"branching-{label(cell)}": partial(branching, cell) for cell in cell_variants(hidden=1)}


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("make", PROGRAMS.values(), ids=PROGRAMS)
@DTYPES
@settings(max_examples=15)
@given(hidden=SIZES, features=FEATURES, shape=shapes())
def test_programs_that_are_not_chains(dtype, make, engine, hidden, features, shape):
    assert_same(engine, random_case(make(hidden, features), shape, dtype))


@EVERY_INSTRUCTION_SET
def test_values_with_and_without_lengths_in_one_program(engine):
    builder = ProgramBuilder()
    x, known = builder.input("x", 2), builder.input("known", 2, masked=False)
    program = builder.build(*(builder.add(rule, x, known, name=rule.kind) for rule in (Add(), Concatenate())))
    assert_same(engine, random_case(program, Shape(3, HORIZON), np.dtype("float64")))


@EVERY_ENGINE
def test_gradients_of_steps_past_the_end_reach_nothing(engine):
    """Padding is read as 0, whatever its content, so nothing depends on it; and outputs there are 0."""
    for layers in ([Dropout(0.5)], [Reverse()], [un.Dense(2)], [un.GRU(2)]):
        case = random_case(un.Network(layers, 2, "float64").program, Shape(3, 4, [4, 0, 2]), np.dtype("float64"))
        filled = case._replace(doutputs=(np.where(case.doutputs[0] == 0, 1, case.doutputs[0]),))
        expected, found = results(engine, case), results(engine, filled)
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, err_msg=name)


@EVERY_INSTRUCTION_SET
def test_a_dense_layer_reads_a_grid_of_features(engine):
    for layers, lengths in product(([], [Last()]), (None, [4, 0, 2])):
        net = un.Network([un.Dense((2, 3)), *layers, un.Dense(4, "tanh")], 2, "float64")
        assert_same(engine, random_case(net.program, Shape(3, 4, lengths), net.dtype))
