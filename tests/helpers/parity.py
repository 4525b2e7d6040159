"""Random programs and batches, and all results of an engine for them, to compare engines with each other."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

import unrolled as un
from support import cell_variants, label
from unrolled.nn.activations import ACTIVATIONS
from unrolled.nn.engines import ENGINES
from unrolled.nn.layers import Dropout, Last, Reverse
from unrolled.nn.lengths import valid_steps
from unrolled.nn.program import Program
from unrolled.nn.randomness import Place

native = pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)
NUMPY = ENGINES["numpy"]
HORIZON = 4
DTYPES = pytest.mark.parametrize("dtype", [np.dtype("float32"), np.dtype("float64")], ids=str)
NATIVE = [native.NativeEngine(name) for name in native.INSTRUCTION_SETS]
EVERY_INSTRUCTION_SET, EVERY_ENGINE = (
    pytest.mark.parametrize("engine", engines, ids=lambda engine: engine.identity)
    for engines in (NATIVE, [NUMPY, *NATIVE])
)
RULES = [
    *cell_variants(hidden=1),
    *(un.Dense(1, activation, bias) for activation, bias in product([None, *ACTIVATIONS], [True, False])),
    un.Embedding(1, 1),
    Dropout(0.3),
    Reverse(),
    Last(),
]
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=label)


class Shape(NamedTuple):
    """The shape and the options of a batch; its values are random."""

    rows: int
    steps: int
    lengths: list[int] | None = None
    states: bool = True  # whether initial states and gradients of final ones are given
    place: Place | None = None
    seed: int = 0


def features_of(layers) -> int | None:
    """The features that the first of these layers needs, if it does not take any number."""
    return 1 if isinstance(layers[0], un.Embedding) else None


def random_parameters(program: Program, dtype, rng) -> np.ndarray:
    """Weights divided by the root of the number of terms, so that no recurrence amplifies differences."""
    params = np.empty(program.size, dtype)
    for view in program.views(params).values():
        view[...] = rng.uniform(-1, 1, view.shape) / np.sqrt(view.shape[-1] if view.ndim == 2 else 1)
    return params


class Case(NamedTuple):
    """A program and all its inputs, for the forward and the backward pass."""

    program: Program
    params: np.ndarray
    inputs: dict[str, np.ndarray]
    state: dict[str, Any]
    lengths: np.ndarray | None
    place: Place | None
    doutputs: tuple[np.ndarray, ...] | None  # None: no backward pass
    dstate: dict[str, Any]

    @property
    def arrays(self) -> list[np.ndarray]:
        lengths = [] if self.lengths is None else [self.lengths]
        states = [*parts(self.state).values(), *parts(self.dstate).values()]
        return [self.params, *self.inputs.values(), *self.doutputs, *states, *lengths]


def random_case(program: Program, shape: Shape, dtype) -> Case:
    rows, steps, lengths, states, place, seed = shape
    rng = np.random.default_rng(seed)

    def random(*size):
        return rng.standard_normal(size).astype(dtype)

    def random_states(cells):
        return {name: c.State(*(random(rows, c.hidden) for _ in c.State._fields)) for name, c in cells.items()}

    params, inputs = random_parameters(program, dtype, rng), {}
    for name in program.inputs:
        buffer = program.buffers[name]
        size = (rows, *[steps if buffer.masked else HORIZON] * buffer.sequence, *buffer.shape)
        readers = [op.rule.count for op in program.operations if name in program.codes and name in op.inputs]
        inputs[name] = rng.integers(min(readers), size=size).astype(dtype) if readers else random(*size)
    lengths = None if lengths is None else np.array(lengths)
    doutputs = [random(*y.shape) for y in NUMPY.forward(program, params, inputs).outputs]
    for name, dy in zip(program.outputs, doutputs, strict=True):
        if lengths is not None and program.buffers[name].masked:
            dy[~valid_steps(lengths, steps)] = 0  # no loss reads padding
    state = random_states(program.initial_states) if states else {}
    dstate = random_states({name: op.rule for name, op in program.recurrent.items()}) if states else {}
    return Case(program, params, inputs, state, lengths, place, tuple(doutputs), dstate)


def parts(states) -> dict[str, np.ndarray]:
    return {f"{n}.{f}": part for n, state in states.items() for f, part in zip(state._fields, state, strict=True)}


def results(engine, case: Case) -> dict[str, np.ndarray]:
    """All results, by name."""
    named = {}
    for keep in (False, True):  # without a tape much less is stored
        found = engine.forward(*case[:5], keep=keep, place=case.place)
        outputs = {f"output {k}": y for k, y in enumerate(found.outputs)}
        named |= {f"{name} {keep=}": value for name, value in (outputs | parts(found.state)).items()}
    if case.doutputs is None:
        return named
    back = engine.backward(found.tape, case.doutputs, case.dstate)
    return named | case.program.views(back.parameters) | back.inputs | parts(back.state)


def terms_of(case: Case) -> int:
    """The terms of the longest sum of a step, and one more for each step that a difference passes through.

    Differences have random signs: over K terms they grow with the root of K, which leaves a margin for the layers
    and for the backward pass, whose sums run over all gates.
    """
    columns = [p.shape[1] for p in case.program.parameters.values() if len(p.shape) == 2]
    return max(columns, default=1) + max(x.shape[1] for x in case.inputs.values())
