"""Training, streams and arrays of any layout: the compiled engine agrees with the NumPy engine."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

import parity
import unrolled as un
from parity import EVERY_ENGINE, EVERY_INSTRUCTION_SET, NUMPY, Shape, parts, random_case
from support import assert_close, cell_variants, label, task
from unrolled.nn.datasets import Arrays, Windows
from unrolled.nn.engines import Job
from unrolled.nn.layers import Dropout, Last
from unrolled.nn.losses import (
    LOSSES,
    MSE,
    CrossEntropy,
    Huber,
    Likelihood,
    Loss,
    NegativeBinomial,
    Normal,
    Poisson,
    Quantile,
    StudentT,
)
from unrolled.nn.optimizers import OPTIMIZERS, SGD, Adagrad, Adam, AdamW, RMSprop, Rprop
from unrolled.nn.randomness import Place, permutation

ROWS, T, F, BATCH = 13, 5, 2, 5  # batches of 5, 5 and 3 rows
TERMS = 6 * BATCH * T  # of a gradient, in six steps
ORDER = permutation(Place(3), ROWS)
EMPTY = ORDER[BATCH : 2 * BATCH]  # a batch of which no row counts, if there are weights
# A sum of slopes that is 0 but for rounding would give Rprop a random sign, so none must cancel out: batches have an
# odd number of steps, levels of quantiles are no fractions of it, and weights are all different.
LENGTHS = np.random.default_rng(1).choice([1, 3, 5], ROWS)
LENGTHS[ORDER[:2]] = 0
LIKELIHOODS = [Normal(), StudentT(), Poisson(), NegativeBinomial()]
LOSS_OPTIONS = [MSE(), LOSSES["mae"](), Huber(0.4), CrossEntropy(), Quantile((0.13, 0.52, 0.77)), *LIKELIHOODS]
OPTIMIZER_OPTIONS = [
    SGD(weight_decay=0.1),
    SGD(momentum=0.8),
    SGD(momentum=0.8, nesterov=True, weight_decay=0.1),
    RMSprop(alpha=0.7, eps=1e-3, weight_decay=0.1),
    Rprop(etas=(0.4, 1.3), sizes=(0.005, 0.02)),
    Adagrad(eps=1e-3, weight_decay=0.1),
    Adam(betas=(0.6, 0.8), eps=1e-3, weight_decay=0.1),
    AdamW(betas=(0.6, 0.8), eps=1e-4, weight_decay=0.3),
]
EVERY_OPTIMIZER = pytest.mark.parametrize(
    "optimizer", OPTIMIZER_OPTIONS, ids=lambda o: f"{o.kind}-{OPTIMIZER_OPTIONS.index(o)}"
)


# --- arrays -------------------------------------------------------------------------------------------


def misaligned(a: np.ndarray) -> np.ndarray:
    """A copy that starts at an odd address."""
    copy = np.frombuffer(bytearray(a.nbytes + 1), a.dtype, a.size, offset=1).reshape(a.shape)
    copy[...] = a
    return copy


def read_only(a: np.ndarray) -> np.ndarray:
    copy = a.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "strided": lambda a: np.repeat(a, 3, axis=-1)[..., ::3],
    "backward": lambda a: a[..., ::-1].copy()[..., ::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "float16": lambda a: a if a.dtype.kind == "i" else a.astype(np.float16),
    "int8": lambda a: a.astype(np.int8),
    "misaligned": misaligned,
}
EVERY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


@EVERY_LAYOUT
@EVERY_ENGINE
def test_inputs_of_any_layout_give_the_results_of_contiguous_ones(engine, layout):
    net = un.Network([un.LSTM(3), un.GRU(5), un.Dense((2, 3))], 4, "float32")
    case = random_case(net.program, Shape(3, 4, [4, 0, 3]), np.dtype("float32"))
    whole = remade(case, lambda a: np.rint(3 * a) if a.dtype.kind == "f" else a)  # whole numbers: exact in any dtype
    expected, found = parity.results(engine, whole), parity.results(engine, remade(whole, layout))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def remade(case: parity.Case, layout) -> parity.Case:
    """The case with all input arrays in this layout."""

    def states(given):
        return {name: type(state)(*map(layout, state)) for name, state in given.items()}

    return case._replace(
        inputs={name: layout(x) for name, x in case.inputs.items()},
        lengths=layout(case.lengths),
        state=states(case.state),
        doutputs=tuple(map(layout, case.doutputs)),
        dstate=states(case.dstate),
    )


@EVERY_ENGINE
@parity.EVERY_RULE
def test_no_input_array_is_written_to(rule, engine):
    lengths = [4, 0, 3]
    chains = ([rule], [rule, un.RNN(2)]) if isinstance(rule, un.Embedding) else ([rule], [un.RNN(2), rule])
    for layers, place in product(chains, (None, Place(1))):
        for shape in (Shape(3, 4, lengths, place=place), Shape(1, 4, place=place)):
            net = un.Network(layers, parity.features_of(layers) or 3, "float64")
            case = random_case(net.program, shape, net.dtype)
            before = [array.copy() for array in case.arrays]
            parity.results(engine, case)
            for array, copy in zip(case.arrays, before, strict=True):
                np.testing.assert_array_equal(array, copy)


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("lengths", [None, [4, 0, 1, 5, 2] * 3], ids=["", "lengths"])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.99])
def test_dropout_masks_are_identical(p, lengths, engine):
    """Also past the last step, on a grid of features, and for a second dropout."""
    shape = (15, T, 70)
    for place in (Place(0), Place(7, 3, 2), Place(2**64 - 1, 2**32 - 1, 2**32 - 1)):
        for layers in ([Dropout(p)], [Last(), Dropout(p), Dropout(p)], [un.Dense((3, 5)), Dropout(p)]):
            program = un.Network(layers, shape[2], "float32").program
            params = np.ones(program.size, np.float32)
            arguments = (program, params, {"x": np.ones(shape)}, None, lengths and np.array(lengths))
            expected, found = (e.forward(*arguments, place=place).outputs[0] == 0 for e in (NUMPY, engine))
            np.testing.assert_array_equal(found, expected)
            assert found.any()


# --- training -----------------------------------------------------------------------------------------


class Training(NamedTuple):
    """A training without its optimizer."""

    loss: Loss
    data: str  # "rows" or "steps" of arrays, "windows", or windows with "lags"
    ragged: bool = False
    weighted: str = ""  # what is weighted: "rows", "steps" or values "like y"

    def make(self) -> tuple[un.Network, Arrays | Windows]:
        """The network and its data; dropout takes part."""
        rng, lengths = np.random.default_rng(0), LENGTHS if self.ragged else np.full(ROWS, T)
        make = self._arrays if self.data in ("rows", "steps") else self._windows
        last, data = make(lengths, rng)
        ends = [last] if self.data == "steps" else [Last(), last]
        net = un.Network([un.GRU(9), Dropout(0.3), un.LSTM(3), *ends], F, "float64")
        net.parameters = rng.uniform(-0.7, 0.7, net.parameters.shape)
        return net, data

    def _arrays(self, lengths, rng):
        x, valid = rng.standard_normal((ROWS, T, F)), np.arange(T) < lengths[:, None]
        x[~valid] = np.nan
        last, y = task(self.loss, (ROWS, T) if self.data == "steps" else (ROWS,), rng)
        counts = np.ones(y.shape, bool)
        if self.data == "steps":
            counts[~valid] = False
        weight = None
        if self.weighted:
            axes = {"rows": 1, "steps": 2, "like y": y.ndim}[self.weighted]
            weight = rng.uniform(0.5, 2, y.shape[:axes]) * rng.choice([0, 1], y.shape[:axes], p=(0.2, 0.8))
            weight[EMPTY] = 0
            counts[weight == 0] = False
        y[~counts] = -1 if y.dtype.kind == "i" else np.nan  # no known targets
        return last, Arrays(x, y, weight, lengths if self.ragged else None)

    def _windows(self, lengths, rng):
        n, horizon = 60, 3
        observed, starts = rng.choice([0.0, 1.0], n, p=(0.3, 0.7)), rng.integers(7, n - T - horizon, ROWS)
        observed[40 : 40 + horizon], starts[EMPTY] = 0, 40 - lengths[EMPTY]
        lags = np.array([4, 6, 3]) if self.data == "lags" else None
        size = (horizon, len(self.loss.levels)) if self.loss.kind == "quantile" else horizon
        if isinstance(self.loss, Likelihood):
            size = (horizon, len(self.loss.parameters))
        table, loc, scale = (
            rng.standard_normal((n, F)),
            rng.standard_normal((ROWS, F)),
            rng.uniform(0.5, 2, (ROWS, F)),
        )
        if self.loss.needs_unit:  # growing counts, so that they are counts relative to an anchor too
            table[:, 0], loc[:, 0] = rng.uniform(size=n).cumsum() / 10, 0
        return un.Dense(size), Windows(table, observed, starts, lengths, loc, scale, T, horizon, lags)


def trained(engine, net: un.Network, data, loss, optimizer, clip_norm=0.1) -> dict[str, np.ndarray]:
    """All changes and results of two epochs, the first one in two slices, and losses without training."""
    job = Job(net.program, data, loss, optimizer, BATCH, clip_norm, seed=11)
    params, state = net.parameters.copy(), optimizer.start(net.parameters)
    rates = np.array([0.05, 0.02, 0.01])
    sums = [
        engine.train(job, params, state, ORDER, 0, 0, rates[:2]),
        engine.evaluate(job, params, ORDER[:7]),
        engine.train(job, params, state, ORDER, 0, 2, rates[2:]),
        engine.train(job, params, state, ORDER[::-1], 1, 0, rates),
        engine.evaluate(job, params, np.arange(ROWS)),
    ]
    assert state.step == 6
    totals, weights = (np.concatenate([getattr(found, name) for found in sums]) for name in ("totals", "weights"))
    norms = np.array([found.gradient_norm for found in sums if found.gradient_norm is not None], params.dtype)
    return {"params": params, "totals": totals, "weights": weights, "norms": norms} | state.vectors


@cache
def made(training: Training) -> tuple[un.Network, Arrays | Windows]:
    return training.make()


@cache
def specified(training: Training, optimizer) -> dict[str, np.ndarray]:
    return trained(NUMPY, *made(training), training.loss, optimizer)


def assert_trained_alike(found, expected) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert np.isfinite(value).all()
        assert found[name].dtype == value.dtype
        assert_close(found[name], value, TERMS)


@EVERY_INSTRUCTION_SET
@EVERY_OPTIMIZER
@pytest.mark.parametrize("loss", LOSS_OPTIONS, ids=lambda loss: loss.kind)
@pytest.mark.parametrize("weighted", ["", "rows", "steps", "like y"])
@pytest.mark.parametrize("ragged", [False, True], ids=["", "lengths"])
def test_every_loss_and_optimizer_train_alike_on_arrays(ragged, weighted, loss, optimizer, engine):
    for data in ("steps",) if weighted == "steps" else ("rows", "steps"):
        training = Training(loss, data, ragged, weighted)
        found = trained(engine, *made(training), loss, optimizer)
        assert_trained_alike(found, specified(training, optimizer))
        assert (found["weights"][1] == 0) == bool(weighted)


@EVERY_INSTRUCTION_SET
@EVERY_OPTIMIZER
@pytest.mark.parametrize("loss", [loss for loss in LOSS_OPTIONS if loss != CrossEntropy()], ids=lambda o: o.kind)
def test_every_loss_and_optimizer_train_alike_on_windows(loss, optimizer, engine):
    for data, ragged in product(("windows", "lags"), (False, True)):
        training = Training(loss, data, ragged)
        found = trained(engine, *made(training), loss, optimizer)
        assert_trained_alike(found, specified(training, optimizer))
        assert found["weights"][1] == 0  # targets that were not observed


def test_all_losses_and_optimizers_are_tested():
    assert {loss.kind for loss in LOSS_OPTIONS} == {*LOSSES}
    assert {optimizer.kind for optimizer in OPTIMIZER_OPTIONS} == {*OPTIMIZERS}


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("clip_norm", [None, 1e3])
def test_gradients_below_the_limit_are_not_clipped(clip_norm, engine):
    net, data = Training(MSE(), "steps", True).make()
    found, expected = (trained(e, net, data, MSE(), SGD(), clip_norm) for e in (engine, NUMPY))
    assert_trained_alike(found, expected)
    assert np.abs(found["params"] - specified(Training(MSE(), "steps", True), SGD())["params"]).max() > 1e-3


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("last", [un.RNN(3, "linear"), un.RNN(16), un.LSTM(4)], ids=label)
def test_a_network_that_ends_in_a_cell_trains_alike(last, engine):
    """Its outputs are in padded rows."""
    rng = np.random.default_rng(0)
    net = un.Network([un.GRU(2), last], F, "float64")
    x, y = rng.standard_normal((ROWS, T, F)), rng.standard_normal((ROWS, T, last.hidden))
    classes = rng.integers(last.hidden, size=(ROWS, T))
    for loss, target in ((MSE(), y), (CrossEntropy(), classes)):
        expected, found = (trained(e, net, Arrays(x, target, None, LENGTHS), loss, Adam()) for e in (NUMPY, engine))
        assert_trained_alike(found, expected)


@EVERY_LAYOUT
@EVERY_ENGINE
def test_data_of_any_layout_train_like_contiguous_ones(engine, layout):
    """With whole numbers, which are the same in any dtype."""
    for data in ("steps", "windows", "lags"):
        net, data = Training(MSE(), data, True, "like y" if data == "steps" else "").make()
        whole = {name: np.nan_to_num(a) for name, a in vars(data).items() if isinstance(a, np.ndarray)}
        whole = {
            name: np.rint(np.clip(a, 1, 2) if name == "scale" else 2 * a) if a.dtype.kind == "f" else a
            for name, a in whole.items()
        }
        net = un.Network(net.layers, F, "float32")
        laid_out = {name: layout(a) for name, a in whole.items()}
        expected, found = (trained(engine, net, replace(data, **a), MSE(), SGD()) for a in (whole, laid_out))
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, err_msg=name)


@EVERY_ENGINE
def test_each_quantile_may_have_its_own_weight(engine):
    """`Loss.evaluate` takes weights of the shape of predictions."""
    net, data = Training(Quantile(), "steps").make()
    weight = np.random.default_rng(0).uniform(size=(*data.target.shape, 3))
    job = Job(net.program, replace(data, weight=weight), Quantile(), Adam(), BATCH, None, seed=0)
    found = engine.evaluate(job, net.parameters, np.arange(ROWS))
    prediction = NUMPY.forward(net.program, net.parameters, {"x": data.x}).outputs[0]
    evaluation = Quantile().evaluate(prediction, data.target, weight)
    assert_close(found.totals.sum(), evaluation.total, TERMS)
    assert_close(found.weights.sum(), evaluation.weight, TERMS)


@EVERY_ENGINE
def test_the_state_of_an_optimizer_is_stored_by_name(engine):
    net, data = Training(MSE(), "rows").make()
    job = Job(net.program, data, MSE(), Rprop(), BATCH, None, seed=0)
    found = []
    for turned in (False, True):
        params, state = net.parameters.copy(), job.optimizer.start(net.parameters)
        if turned:
            state.vectors = dict(reversed(state.vectors.items()))
        engine.train(job, params, state, ORDER, 0, 0, np.full(3, 0.01))
        found.append(params)
    np.testing.assert_array_equal(*found)


# --- streams ------------------------------------------------------------------------------------------


@EVERY_ENGINE
@pytest.mark.parametrize("cell", cell_variants(hidden=17), ids=label)
@parity.DTYPES
def test_a_stream_gives_the_outputs_of_the_whole_sequence(dtype, cell, engine):
    for ends, rows in product(([un.Dense((2, 3))], [Last(), un.Dense(1, "tanh")]), (1, 4)):
        net = un.Network([cell, Dropout(0.5), replace(cell, hidden=5), *ends], 3, dtype)
        case = random_case(net.program, Shape(rows, 6), dtype)
        program, params, x, terms = net.program, case.params, case.inputs["x"], parity.terms_of(case)
        kept = params.copy()
        stream = engine.stream(program, kept, rows)
        kept[...] = np.nan  # a stream continues from its state
        for initial in ({}, case.state):
            if initial:
                stream.state = initial
            for t in range(x.shape[1]):
                whole = NUMPY.forward(program, params, {"x": x[:, : t + 1]}, initial)
                expected = whole.outputs[0] if len(ends) > 1 else whole.outputs[0][:, -1]
                before = parts(stream.state)
                copies = {name: part.copy() for name, part in before.items()}
                y = stream.step(x[:, t].copy())
                assert y.dtype == dtype
                assert_close(y, expected, terms)
                state = parts(stream.state)
                for name, part in parts(whole.state).items():
                    assert_close(state[name.replace("final", "initial")], part, terms)
                for name, copy in copies.items():
                    np.testing.assert_array_equal(before[name], copy)
        fork = engine.stream(program, params, rows)
        fork.state = stream.state
        np.testing.assert_array_equal(fork.step(x[:, 0].copy()), stream.step(x[:, 0].copy()))


@EVERY_LAYOUT
def test_a_stream_takes_steps_of_any_layout(layout, engine):
    net = un.Network([un.GRU(3)], 2, "float32")
    x = np.array([[1, -2], [0, 3]], np.float32)
    np.testing.assert_array_equal(net.stream(rows=2).step(layout(x)), net.stream(rows=2).step(x))
