"""Programs that are not chains: shared parameters, states of other operations, both directions, residual paths."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from support import assert_close, scattered
from unrolled.nn.gradient_check import Problem, check_problem
from unrolled.nn.layers import Add, Concatenate, Dropout, Reverse
from unrolled.nn.losses import MSE
from unrolled.nn.program import Program, ProgramBuilder
from unrolled.nn.randomness import Place

N, T, HORIZON, F, H = 3, 5, 4, 2, 3
LENGTHS = np.array([4, 5, 1])
TERMS = N * 2 * T * (F + H)


def encoder_decoder() -> Program:
    """One GRU reads the past and then the known future; outputs at each step of the future."""
    builder = ProgramBuilder()
    past = builder.input("past", F)
    future = builder.input("future", F, masked=False)
    builder.add(un.GRU(H), past, name="encoder")
    h = builder.add(un.GRU(H), future, name="decoder", shares="encoder", initial="encoder.final")
    return builder.build(builder.add(un.Dense(1), h, name="head"))


def both_directions() -> Program:
    """An LSTM forward, another backward, side by side; outputs at each step."""
    builder = ProgramBuilder()
    x = builder.input("x", F)
    ahead = builder.add(un.LSTM(H), x, name="ahead")
    turned = builder.add(un.LSTM(H), builder.add(Reverse(), x, name="turn"), name="back")
    back = builder.add(Reverse(), turned, name="turn back")
    return builder.build(builder.add(un.Dense(1), builder.add(Concatenate(), ahead, back, name="both"), name="head"))


def residual(share: bool = True) -> Program:
    """h + RNN(dropout(h)) twice, with a shared RNN (or one for each)."""
    builder = ProgramBuilder()
    x = builder.input("x", F)
    h = builder.add(un.Dense(H, "tanh"), x, name="lift")
    for number in (1, 2):
        kept = builder.add(Dropout(0.3), h, name=f"dropout {number}")
        shares = "rnn 1" if number == 2 and share else None
        step = builder.add(un.RNN(H), kept, name=f"rnn {number}", shares=shares)
        h = builder.add(Add(), h, step, name=f"add {number}")
    return builder.build(builder.add(un.Dense(1), builder.add(un.Last(), h, name="last"), name="head"))


PROGRAMS = {"encoder-decoder": encoder_decoder, "both directions": both_directions, "residual": residual}


def inputs_of(program: Program, rng) -> dict:
    steps = {"past": T, "future": HORIZON, "x": T}
    return {name: rng.standard_normal((N, steps[name], F)) for name in program.inputs}


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["", "lengths"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_of_programs(name, lengths, engine, rng):
    program = PROGRAMS[name]()
    params = 0.5 * rng.standard_normal(program.size)
    inputs = inputs_of(program, rng)

    def random_state(cell):
        return cell.State(*(rng.standard_normal((N, H)) for _ in cell.State._fields))

    (y,) = engine.forward(program, params, inputs, lengths=lengths).outputs
    problem = Problem(
        program,
        params,
        inputs,
        rng.standard_normal(y.shape),
        MSE(),
        {name: random_state(cell) for name, cell in program.initial_states.items()},
        lengths,
        place=Place(seed=1),
        state_weights={name: random_state(op.rule) for name, op in program.recurrent.items()},
    )
    report = check_problem(problem, max_entries=30)
    assert report.ok, report


def test_these_programs_have_the_layers_of_several_inputs():
    assert {"add", "concatenate"} <= {op.kind for make in PROGRAMS.values() for op in make().operations}


def test_an_encoder_and_decoder_equal_two_networks_in_a_row(engine, rng):
    program = encoder_decoder()
    assert program.size == un.Network([un.GRU(H), un.Dense(1)], F).parameters.size  # one GRU, used twice
    assert list(program.initial_states) == ["encoder.initial"]
    params = 0.5 * rng.standard_normal(program.size)
    inputs = inputs_of(program, rng)
    y = rng.standard_normal((N, HORIZON, 1))

    encoder, decoder = un.Network([un.GRU(H)], F, "float64"), un.Network([un.GRU(H), un.Dense(1)], F, "float64")
    encoder.parameters = params[: encoder.parameters.size]
    decoder.parameters = params
    first = engine.forward(encoder.program, encoder.parameters, {"x": inputs["past"]}, lengths=LENGTHS, keep=True)
    state = (first.state["0.final"], None)
    expected, _ = decoder.forward(inputs["future"], state)
    loss, ahead = decoder.gradients(inputs["future"], y, state=state)
    back = engine.backward(first.tape, (np.zeros((N, T, H)),), {"0.final": ahead.state[0]})

    result = engine.forward(program, params, inputs, lengths=LENGTHS, keep=True)
    assert_close(result.outputs[0], expected, TERMS)
    evaluation = MSE().evaluate(result.outputs[0], y)
    found = engine.backward(result.tape, (evaluation.dprediction,))
    assert_close(np.array(evaluation.mean), loss, TERMS)
    # the gradients of the decoder and of the encoder add up in the shared GRU
    shared = ahead.parameters.copy()
    shared[: back.parameters.size] += back.parameters
    assert_close(found.parameters, shared, TERMS)
    assert_close(found.inputs["past"], back.inputs["x"], TERMS)
    assert_close(found.inputs["future"], ahead.x, TERMS)
    assert_close(found.state["encoder.initial"].h, back.state["0.initial"].h, TERMS)
    # lengths apply to the past: no step of the future is ignored in the loss
    assert Problem(program, params, inputs, y, MSE(), {}, LENGTHS).value() == evaluation.mean


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["", "lengths"])
def test_both_directions_equal_two_networks_side_by_side(lengths, engine, rng):
    program = both_directions()
    assert not program.causal
    params = 0.5 * rng.standard_normal(program.size)
    views = program.views(params)
    x = rng.standard_normal((N, T, F))
    sides = {}
    for name in ("ahead", "back"):
        net = sides[name] = un.Network([un.LSTM(H)], F, "float64")
        for local, view in net.views.items():
            view[...] = views[local.replace("0", name, 1)]
    result = engine.forward(program, params, {"x": x}, lengths=lengths)
    for row, length in enumerate([T] * N if lengths is None else lengths):
        one = x[row : row + 1, :length]
        ahead, (ahead_final,) = sides["ahead"].forward(one)
        back, (back_final,) = sides["back"].forward(one[:, ::-1])
        h = np.concatenate((ahead, back[:, ::-1]), axis=2)
        y = h @ views["head.weight"].T + views["head.bias"]
        assert_close(result.outputs[0][row, :length], y[0], TERMS)
        assert_close(result.state["ahead.final"].c[row], ahead_final.c[0], TERMS)
        assert_close(result.state["back.final"].c[row], back_final.c[0], TERMS)


def test_a_residual_path_adds_its_input(engine, rng):
    program = residual()
    params = 0.5 * rng.standard_normal(program.size)
    x = rng.standard_normal((N, T, F))
    net = un.Network([un.RNN(H)], H, "float64")
    views = program.views(params)
    for local, view in net.views.items():
        view[...] = views[local.replace("0", "rnn 1", 1)]
    h = np.tanh(x @ views["lift.weight"].T + views["lift.bias"])
    for _ in range(2):
        h = h + net.forward(h)[0]
    y = h[:, -1] @ views["head.weight"].T + views["head.bias"]
    assert_close(engine.forward(program, params, {"x": x}).outputs[0], y, TERMS)


def test_several_outputs_add_up_in_the_gradient(engine, rng):
    builder = ProgramBuilder()
    x = builder.input("x", F)
    h = builder.add(un.GRU(H), x, name="cell")
    program = builder.build(builder.add(un.Last(), h, name="last"), h)
    params = rng.standard_normal(program.size)
    values = {"x": rng.standard_normal((N, T, F))}
    dlast, dh = rng.standard_normal((N, H)), rng.standard_normal((N, T, H))

    def gradient(*doutputs):
        return engine.backward(engine.forward(program, params, values, keep=True).tape, doutputs).parameters

    assert_close(gradient(dlast, dh), gradient(dlast, 0 * dh) + gradient(0 * dlast, dh), TERMS)


def test_an_operation_without_influence_has_no_gradient(engine, rng):
    builder = ProgramBuilder()
    x = builder.input("x", F)
    builder.add(un.Dense(H), x, name="unused")
    builder.add(un.RNN(H), x, name="unread")
    program = builder.build(builder.add(un.Dense(1), x, name="head"))
    params = rng.standard_normal(program.size)
    result = engine.forward(program, params, {"x": rng.standard_normal((N, T, F))}, keep=True)
    views = program.views(engine.backward(result.tape, (np.ones((N, T, 1)),)).parameters)
    assert [name for name, view in views.items() if (view != 0).any()] == ["head.weight", "head.bias"]


def test_shared_parameters_are_initialised_by_their_first_operation():
    dtype = np.dtype("float64")
    shared, apart = (program.views(program.initialize(0, dtype)) for program in (residual(), residual(share=False)))
    assert apart.keys() - shared.keys() == {"rnn 2.weight_ih", "rnn 2.weight_hh", "rnn 2.bias"}
    for name, view in shared.items():
        np.testing.assert_array_equal(view, apart[name])
    assert (apart["rnn 1.weight_hh"] != apart["rnn 2.weight_hh"]).any()
    other = residual().views(residual().initialize(1, dtype))
    assert (other["rnn 1.weight_hh"] != shared["rnn 1.weight_hh"]).any()


def test_views_look_into_the_flat_parameters(rng):
    net = scattered(un.Network([un.GRU(H), un.Last(), un.Dense(1)], F), rng)
    assert list(net.views) == ["0.weight_ih", "0.weight_hh", "0.bias", "0.bias_hn", "2.weight", "2.bias"]
    np.testing.assert_array_equal(np.concatenate([v.ravel() for v in net.views.values()]), net.parameters)
    net.views["0.bias_hn"][...] = 7
    assert (net.parameters == 7).sum() == H
    with pytest.raises(un.InputError, match=r"this network has 61 parameters; got an array of \(3,\)"):
        net.parameters = np.zeros(3)
