"""Checks of arguments: each error names the argument, the numbers and a remedy."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..plurals import counted
from .cells.base import Cell
from .lengths import checked_lengths, valid_steps
from .program import Program


def checked_dtype(dtype: str | np.dtype) -> np.dtype:
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        found = np.dtype(object)
    if found not in (np.float32, np.float64):
        raise InputError(f"dtype is 'float32' or 'float64'; got {dtype!r}.")
    return found


def numbers(values: Any, what: str, dtype: np.dtype | None = None) -> Array:
    """`values` as an array of real numbers, or an `InputError` that names it by `what`."""
    array = _real_numbers(values, what, texts=dtype is not None)
    return array if dtype is None else _in_dtype(array, what, dtype)


def _real_numbers(values: Any, what: str, texts: bool) -> Array:
    """With `texts`, texts of numbers and objects that are numbers are accepted."""
    try:
        array = np.asarray(values)
        if texts and array.dtype.kind not in "biufc":
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} must hold numbers: {error}.") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{what} must hold real numbers; got {array.dtype}.")
    return array


def checked_state(name: str, given: Any, cell: Cell, rows: int, dtype: np.dtype) -> Any:
    """The state of a cell in the working dtype, or an `InputError`."""
    parts: tuple[str, ...] = cell.State._fields  # type: ignore[attr-defined]
    if len(given) != len(parts):
        needed = counted(len(parts), "part")
        raise InputError(f"state {name} must have {needed}, {', '.join(parts)}; got {len(given)}.")
    state = cell.State(*(numbers(part, f"state {name}", dtype) for part in given))
    for field, part in zip(parts, state, strict=True):
        if part.shape != (rows, cell.hidden):
            raise InputError(f"state {name}.{field} must be ({rows}, {cell.hidden}); got {part.shape}.")
    return state


def _in_dtype(array: Array, what: str, dtype: np.dtype) -> Array:
    refuse_overflow(array, what, dtype)
    return array.astype(dtype, copy=False)


def refuse_overflow(array: Array, what: str, dtype: np.dtype) -> None:
    """Raise an `InputError` for a finite number that is infinite in this dtype."""
    if array.dtype.kind != "f" or array.dtype.itemsize <= dtype.itemsize:
        return
    beyond = (np.abs(array) > np.finfo(dtype).max) & np.isfinite(array)
    if beyond.any():
        place = tuple(np.argwhere(beyond)[0].tolist())
        raise InputError(
            f"{what} holds {array[place]:g} at {place}, beyond the range of {dtype.name}. Scale {what}, or give the "
            "network dtype='float64'."
        )


def checked_arrays(
    program: Program,
    dtype: np.dtype,
    inputs: Mapping[str, Array],
    state: Mapping[str, Any] | None,
    lengths: Array | None,
    zeros: bool = True,
) -> tuple[dict[str, Array], dict[str, Any], Array | None]:
    """Inputs, initial states and lengths in the working dtype, or an `InputError`.

    Padding becomes 0. With `zeros`, missing states become zeros; otherwise they stay missing.
    """
    arrays: dict[str, Array] = {}
    rows = steps = None
    for name in program.inputs:
        buffer = program.buffers[name]
        if name not in inputs:
            raise InputError(f"input {name!r} is missing; this program reads {', '.join(program.inputs)}.")
        array = _real_numbers(inputs[name], f"input {name!r}", texts=True)
        wanted = ("N", "T", *buffer.shape) if buffer.sequence else ("N", *buffer.shape)
        if array.ndim != len(wanted) or array.shape[array.ndim - len(buffer.shape) :] != buffer.shape:
            shape = ", ".join(map(str, wanted))
            raise InputError(f"input {name!r} must have shape ({shape}); got {array.shape}.")
        if 0 in array.shape:
            raise InputError(f"input {name!r} is empty: shape {array.shape}; N and T must be ≥ 1.")
        if rows is not None and len(array) != rows:
            raise InputError(f"input {name!r} has {len(array)} rows, an earlier input {rows}.")
        rows = len(array)
        if buffer.masked:
            steps = array.shape[1]
        arrays[name] = array
    assert rows is not None, "a program has at least one input"

    states: dict[str, Any] = {}
    for name, cell in program.initial_states.items():
        given = (state or {}).get(name)
        if given is not None:
            states[name] = checked_state(name, given, cell, rows, dtype)
        elif zeros:
            states[name] = cell.zero_state(rows, dtype)

    if lengths is not None:
        lengths = checked_lengths(lengths, rows, steps)
        for name, array in arrays.items():
            if program.buffers[name].masked:  # padding must not reach any result
                arrays[name] = np.where(valid_steps(lengths, array.shape[1])[..., None], array, 0)
    return {name: _in_dtype(a, f"input {name!r}", dtype) for name, a in arrays.items()}, states, lengths
