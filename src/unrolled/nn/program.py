"""Programs, which engines execute.

A program is a list of operations in order. Each has a rule (a cell or a layer), named input and output buffers, and
named parameters, which are slices of one flat vector; several operations may share them. The backward pass goes
through the list in reverse. An engine receives a program and arrays, nothing else.

    builder = ProgramBuilder()
    x = builder.input("x", features=1)
    h = builder.add(LSTM(64), x, name="0")
    last = builder.add(Last(), h, name="1")
    y = builder.add(Dense(1), last, name="2")
    program = builder.build(y)

A recurrent operation reads its initial state from a named state and writes its final state to another. A state that
no operation writes comes from the caller; all final states are returned. A decoder starts from the final state of an
encoder by naming it, and the gradient flows back in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from types import SimpleNamespace

import numpy as np

from ..argument_types import Count, check_type
from ..arrays import Array
from ..errors import InputError
from . import randomness
from .cells.base import Cell
from .layers import Layer
from .losses import Evaluation, Loss, mask_padding
from .randomness import Place, Purpose

Rule = Cell | Layer


@dataclass(frozen=True)
class Buffer:
    """A named value of a program: (N, *shape), or (N, T, *shape) for a sequence."""

    name: str
    shape: tuple[int, ...]
    sequence: bool
    masked: bool  # whether `lengths` applies to its steps


@dataclass(frozen=True)
class Parameter:
    """A named slice of the flat parameter vector."""

    name: str
    offset: int
    shape: tuple[int, ...]
    group: str  # its role: "weight_ih", "bias", ...

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Operation:
    """One rule applied to buffers."""

    name: str
    rule: Rule
    inputs: tuple[str, ...]
    output: str
    parameters: Mapping[str, str]  # the rule's name of each parameter → the program's name
    masked: bool  # whether `lengths` applies
    initial: str | None = None  # name of the initial state; recurrent operations only
    final: str | None = None  # of the final one, if there is one
    branching: bool = False  # every step starts from the initial state, none from the step before

    @property
    def kind(self) -> str:
        return self.rule.kind


@dataclass(frozen=True, eq=False)
class Program:
    """Operations in order, with their buffers and parameters."""

    operations: tuple[Operation, ...]
    buffers: Mapping[str, Buffer]
    parameters: Mapping[str, Parameter]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @cached_property
    def size(self) -> int:
        """Length of the flat parameter vector."""
        return sum(p.size for p in self.parameters.values())

    @cached_property
    def recurrent(self) -> dict[str, Operation]:
        """Recurrent operations by the name of their final state."""
        return {op.final: op for op in self.operations if op.final is not None}

    @cached_property
    def initial_states(self) -> dict[str, Cell]:
        """The states that come from the caller (None: zeros), each with a cell that reads it."""
        written = self.recurrent
        return {
            op.initial: op.rule
            for op in self.operations
            if op.initial is not None and op.initial not in written and isinstance(op.rule, Cell)
        }

    @cached_property
    def codes(self) -> frozenset[str]:
        """The inputs that hold codes, which have no gradient."""
        return frozenset(
            name
            for op in self.operations
            if isinstance(op.rule, Layer) and not op.rule.differentiable
            for name in op.inputs
            if name in self.inputs
        )

    @property
    def causal(self) -> bool:
        return all(op.rule.causal and not op.branching for op in self.operations)

    def views(self, flat: Array) -> dict[str, Array]:
        """Views into a flat vector, by parameter name."""
        return {p.name: flat[p.offset : p.offset + p.size].reshape(p.shape) for p in self.parameters.values()}

    def local_views(self, flat: Array) -> list[SimpleNamespace]:
        """For each operation the views of its parameters, under its rule's own names."""
        views = self.views(flat)
        return [
            SimpleNamespace(**{local: views[name] for local, name in op.parameters.items()}) for op in self.operations
        ]

    def evaluate(
        self,
        loss: Loss,
        prediction: Array,
        target: Array,
        weight: Array | None,
        lengths: Array | None,
        unit: Array | None = None,
    ) -> Evaluation:
        """The loss of the first output; if `lengths` apply to it, steps past the end of a row are ignored."""
        masked = self.buffers[self.outputs[0]].masked
        weight = mask_padding(weight, lengths if masked else None, prediction)
        return loss.evaluate(prediction, target, weight, unit)

    def initialize(self, seed: int, dtype: np.dtype) -> Array:
        """A new flat parameter vector; shared parameters are initialised by their first operation."""
        flat = np.zeros(self.size, dtype)
        done: set[str] = set()
        for index, (op, p) in enumerate(zip(self.operations, self.local_views(flat), strict=True)):
            if op.parameters and not done.issuperset(op.parameters.values()):
                op.rule.initialize(p, randomness.generator(Purpose.INITIALIZE, Place(seed), index))
                done.update(op.parameters.values())
        return flat


class ProgramBuilder:
    """Builds a program operation by operation, from the inputs to the outputs."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._buffers: dict[str, Buffer] = {}
        self._parameters: dict[str, Parameter] = {}
        self._inputs: list[str] = []
        self._read: dict[str, Cell] = {}  # initial states, each with a cell that reads it
        self._written: dict[str, Cell] = {}  # final states, each with the cell that writes it
        self._size = 0

    def input(self, name: str, features: int, sequence: bool = True, masked: bool = True) -> Buffer:
        """An input (N, T, features), or (N, features); `masked` says whether `lengths` applies to it."""
        check_type(f"input {name!r}: features", features, Count)
        self._inputs.append(name)
        return self._new_buffer(Buffer(name, (int(features),), sequence, masked and sequence))

    def add(
        self,
        rule: Rule,
        *inputs: Buffer,
        name: str,
        shares: str | None = None,
        initial: str | None = None,
        branching: bool = False,
    ) -> Buffer:
        """Add an operation and return its output.

        Args:
            rule: a cell or a layer.
            inputs: the buffers that it reads.
            name: its name, which prefixes its parameters, states and output.
            shares: name of an earlier operation whose parameters it uses instead of its own.
            initial: name of its initial state, such as "encoder.final"; by default "<name>.initial", which the
                caller provides.
            branching: every step of the cell starts from the initial state, not from the step before, as in the
                parallel decoder of SegRNN (Lin et al. 2023, arXiv:2308.11200, "parallel multi-step forecasting").
                There is no final state, and lengths must not apply to the input.

        Raises:
            InputError: the operation does not fit its inputs, states or parameters.
        """
        first = inputs[0]
        if any(b.sequence != first.sequence for b in inputs):
            raise InputError(f"operation {name!r}: its inputs must all be sequences, or none.")
        needs_steps = rule.recurrent or rule.kind in ("last", "reverse")
        if needs_steps and not first.sequence:
            raise InputError(f"layer {name} ({rule.kind}) needs a sequence, but its input has no time axis.")
        if rule.recurrent and len(first.shape) != 1:
            raise InputError(f"layer {name} ({rule.kind}) needs flat features; its input has {first.shape}.")
        sequence = first.sequence if rule.sequence_output is None else rule.sequence_output
        shape = rule.output_shape(*(b.shape for b in inputs))
        output = self._new_buffer(Buffer(f"{name}.output", shape, sequence, first.masked and sequence))
        parameters = self._name_parameters(rule, first.shape, name, shares)
        if branching and not rule.recurrent:
            raise InputError(f"operation {name!r}: only cells can branch; this is a layer ({rule.kind}).")
        if branching and first.masked:
            raise InputError(
                f"operation {name!r}: lengths can't apply to the input of a branching cell. Set `masked=False`."
            )
        operation = Operation(name, rule, tuple(b.name for b in inputs), output.name, parameters, first.masked)
        if rule.recurrent:
            final = None if branching else f"{name}.final"
            operation = replace(operation, initial=initial or f"{name}.initial", final=final, branching=branching)
            self._check_states(operation)
        self._operations.append(operation)
        return output

    def build(self, *outputs: Buffer) -> Program:
        return Program(
            tuple(self._operations),
            dict(self._buffers),
            dict(self._parameters),
            tuple(self._inputs),
            tuple(b.name for b in outputs),
        )

    def _new_buffer(self, buffer: Buffer) -> Buffer:
        if buffer.name in self._buffers:
            raise InputError(f"the program already has a buffer {buffer.name!r}; names must differ.")
        self._buffers[buffer.name] = buffer
        return buffer

    def _check_states(self, new: Operation) -> None:
        """Refuse initial states of another kind or size, and states that are read before they are written."""
        cell = new.rule
        assert isinstance(cell, Cell)
        assert new.initial is not None
        if new.final is not None and (new.final == new.initial or new.final in self._read):
            raise InputError(f"operation {new.name!r}: its final state {new.final!r} is read before it is written.")
        for states in (self._read, self._written):
            other = states.get(new.initial, cell)
            if (other.State, other.hidden) != (cell.State, cell.hidden):
                raise InputError(
                    f"operation {new.name!r}, {cell}, can't start from {new.initial!r}, a state of {other}."
                )
        self._read[new.initial] = cell
        if new.final is not None:
            self._written[new.final] = cell

    def _name_parameters(
        self, rule: Rule, features: tuple[int, ...], name: str, shares: str | None
    ) -> dict[str, str]:
        names = {}
        for local, shape in rule.parameters(features).items():
            full = f"{shares or name}.{local}"
            if shares is None:
                self._parameters[full] = Parameter(full, self._size, shape, local)
                self._size += prod(shape)
            elif full not in self._parameters or self._parameters[full].shape != shape:
                raise InputError(f"operation {name!r} can't share {full!r}: no such parameter of shape {shape}.")
            names[local] = full
        return names
