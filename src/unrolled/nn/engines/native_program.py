"""Programs in the form that the compiled kernels read: numbers instead of names."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from ...arrays import Array
from ..cells.base import Cell
from ..layers import Dense, Dropout, Embedding
from ..program import Operation, Program


class NativeProgram:
    """A program as the kernels read it, with the sizes of its buffers and states."""

    def __init__(self, program: Program, native: Any) -> None:
        self.idle_runs: dict[str, list[Any]] = {}  # by precision; runs without a tape, kept for the next call
        # not the program itself: the engine drops this object with the last reference to the program
        self.buffers, self.parameters = program.buffers, program.parameters
        self.width = sum(prod(b.shape) for b in program.buffers.values())
        self.input_width = prod(program.buffers[program.inputs[0]].shape)
        final_cells = {name: op.rule for name, op in program.recurrent.items() if isinstance(op.rule, Cell)}
        self.final_states, self.initial_states = StateArrays(final_cells), StateArrays(program.initial_states)
        self.native = native
        values = {
            name: native.add_value(prod(b.shape), b.shape[-1], b.sequence, b.masked)
            for name, b in program.buffers.items()
        }
        states = {
            name: native.add_state(cell.hidden, arrays_in_state(cell), given)
            for given, cells in ((True, program.initial_states), (False, final_cells))
            for name, cell in cells.items()
        }
        self._source = dict.fromkeys(program.inputs, "")  # the input that gives a buffer its rows and steps
        for name in program.inputs:
            self._source[name] = name
            native.add_input(values[name])
        for index, op in enumerate(program.operations):
            self._source[op.output] = self._source[op.inputs[0]]
            self._add(op, index, values, states)
        for name in program.outputs:
            native.add_output(values[name])

    def _add(self, op: Operation, index: int, values: dict[str, int], states: dict[str, int]) -> None:
        rule = op.rule
        offsets = {local: self.parameters[name].offset for local, name in op.parameters.items()}
        common: dict[str, Any] = {
            "index": index,
            "inputs": [values[name] for name in op.inputs],
            "output": values[op.output],
        }
        if isinstance(rule, Cell):
            assert op.initial is not None
            self.native.add_cell(
                kind=rule.kind,
                activation=getattr(rule, "activation", "linear"),
                reset_after=getattr(rule, "reset", "after") == "after",
                hidden=rule.hidden,
                features=self.buffers[op.inputs[0]].shape[0],
                initial=states[op.initial],
                final=-1 if op.final is None else states[op.final],
                branching=op.branching,
                **common,
                **{name: offsets.get(name, -1) for name in ("weight_ih", "weight_hh", "bias", "bias_hn")},
            )
        elif isinstance(rule, Dense):
            self.native.add_layer(
                kind="dense",
                activation=rule.activation or "linear",
                in_size=self.buffers[op.inputs[0]].shape[-1],
                out_size=prod(rule.shape),
                weight=offsets["weight"],
                bias=offsets.get("bias", -1),
                **common,
            )
        elif isinstance(rule, Embedding):
            self.native.add_layer(kind="embedding", in_size=rule.count, weight=offsets["weight"], **common)
        elif isinstance(rule, Dropout):
            self.native.add_layer(kind="dropout", drop_below=int(rule.p * 2**64), scale=1 / (1 - rule.p), **common)
        else:
            self.native.add_layer(kind=rule.kind, **common)

    def shape(self, name: str, values: Mapping[str, Array]) -> tuple[int, ...]:
        """Shape of a buffer's array for these inputs."""
        buffer, source = self.buffers[name], values[self._source[name]]
        return source.shape[: 1 + buffer.sequence] + buffer.shape


def arrays_in_state(cell: Cell) -> int:
    return len(cell.State._fields)  # type: ignore[attr-defined]


class StateArrays:
    """The arrays of several named states as one list, and back."""

    def __init__(self, cells: Mapping[str, Cell]) -> None:
        self.sizes = [cell.hidden for cell in cells.values() for _ in range(arrays_in_state(cell))]
        self._states, first = [], 0
        for name, cell in cells.items():
            last = first + arrays_in_state(cell)
            self._states.append((name, cell.State._make, first, last))  # type: ignore[attr-defined]
            first = last

    def empty(self, rows: int, dtype: np.dtype) -> list[Array]:
        return [np.empty((rows, hidden), dtype) for hidden in self.sizes]

    def to_list(self, states: Mapping[str, Any] | None, dtype: np.dtype) -> list[Array | None]:
        """The arrays in the form that kernels read; None for missing states."""
        found: list[Array | None] = [None] * len(self.sizes)
        if states:
            for name, _, first, last in self._states:
                if states.get(name) is not None:
                    found[first:last] = [kernel_array(part, dtype) for part in states[name]]
        return found

    def by_name(self, arrays: list[Array]) -> dict[str, Any]:
        return {name: make(arrays[first:last]) for name, make, first, last in self._states}


def kernel_array(a: Any, dtype: Any) -> Array:
    """A contiguous and aligned array of this type, which is `a` itself if it is one."""
    if isinstance(a, np.ndarray) and a.dtype == dtype and a.flags.c_contiguous and a.flags.aligned:
        return a  # np.require takes two microseconds for the same check
    return np.require(a, dtype, ("C", "A"))
