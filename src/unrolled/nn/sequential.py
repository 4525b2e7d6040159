"""Programs of layers one after the other, and their states with one entry per layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..argument_types import check_type
from ..errors import InputError
from .program import Program, ProgramBuilder, Rule

State = tuple[Any, ...]  # one entry per layer: a named state, or None for layers without


def sequential_program(layers: Sequence[Rule], input_size: int) -> Program:
    """The program of layers one after the other; its operations are named "0", "1", ..."""
    if not layers:
        raise InputError("a network needs at least one layer.")
    builder = ProgramBuilder()
    buffer = builder.input("x", input_size)
    for number, layer in enumerate(layers):
        if isinstance(layer, type) or not hasattr(layer, "kind"):
            raise InputError(f"layer {number} must be a layer such as un.LSTM(64); got {layer!r}.")
        buffer = builder.add(layer, buffer, name=str(number))
    return builder.build(buffer)


def states_by_name(program: Program, state: State | None) -> dict[str, Any]:
    """A state with one entry per layer as the program's initial states by name."""
    if state is None:
        return {}
    check_type("state", state, tuple)
    if len(state) != len(program.operations):
        raise InputError(f"state must have one entry per layer: {len(program.operations)}; got {len(state)}.")
    named = {}
    for op, entry in zip(program.operations, state, strict=True):
        if entry is not None and not op.rule.recurrent:
            raise InputError(f"layer {op.name} ({op.kind}) has no state; its entry must be None.")
        if entry is not None:
            named[f"{op.name}.initial"] = entry
    return named


def states_by_layer(program: Program, states: Mapping[str, Any], end: str) -> State:
    """States by name as a tuple with one entry per layer; `end` is "initial" or "final"."""
    return tuple(states.get(f"{op.name}.{end}") for op in program.operations)
