"""Streaming: a network that is fed one step at a time, as values arrive."""

from threading import Lock
from typing import Any, Protocol

import numpy as np

from ..argument_types import Count, check_type
from ..arrays import Array
from ..errors import InputError
from .argument_checks import checked_state, numbers
from .engines import engine_for
from .program import Program
from .sequential import State, states_by_layer, states_by_name


class HasProgram(Protocol):
    """A network: a program and its parameters."""

    @property
    def program(self) -> Program: ...

    @property
    def parameters(self) -> Array: ...


class OneAtATime:
    """A block that one thread at a time may be in. Others do not wait, as their steps would come in any order."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(False):
            raise InputError("this stream is in use in another thread. Give each thread a stream of its own.")

    def __exit__(self, *error: object) -> None:
        self._lock.release()


class Stream:
    """One step at constant cost, with the state kept between steps; `Network.stream` makes it.

    It keeps the parameters that the network had then. Dropout is off. A layer such as `Last` treats the steps so far
    as the whole sequence. Each thread needs a stream of its own: two steps at the same time are an `InputError`.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.GRU(4), un.Dense(1)], input_size=2)
    >>> stream = net.stream()
    >>> x = np.random.default_rng(0).uniform(size=(5, 2))
    >>> pieces = np.stack([stream.step(x_t) for x_t in x])
    >>> np.allclose(pieces, net.forward(x[None])[0][0], atol=1e-6)
    True
    """

    def __init__(self, network: HasProgram, rows: int = 1) -> None:
        if not isinstance(getattr(network, "program", None), Program):
            raise InputError(f"a stream needs a network such as un.Network([un.GRU(8)], 1); got {network!r}.")
        program, parameters = network.program, network.parameters
        check_type("rows", rows, Count)
        if not program.causal:
            layers = [op.kind for op in program.operations if not op.rule.causal]
            raise InputError(f"a network with {', '.join(layers)} reads later steps: it cannot be fed step by step.")
        self._program, self._dtype = program, parameters.dtype
        self._shape = (int(rows), *program.buffers[program.inputs[0]].shape)
        self._alone = OneAtATime()
        self._stream = engine_for(program).stream(program, parameters, int(rows))

    def step(self, x: Array) -> Array:
        """Feed one step.

        Args:
            x: (rows, F), or (F,) if there is one row.

        Returns:
            The output after this step, (rows, ...), or without the axis of rows if x had none.
        """
        if not (type(x) is np.ndarray and x.dtype is self._dtype):  # a step of a small network takes a microsecond
            x = numbers(x, "x", self._dtype)
        x = np.asarray(x, order="C")
        with self._alone:
            if x.shape == self._shape:
                return self._stream.step(x)
            if x.shape == self._shape[1:] and self._shape[0] == 1:
                return self._stream.step(x[None])[0]
        raise InputError(f"a step of this stream must have shape {self._shape}; got {x.shape}.")

    @property
    def state(self) -> State:
        """The state as in `Network.forward`: one entry per layer. It can be set; None stands for zeros."""
        with self._alone:
            return states_by_layer(self._program, self._stream.state, "initial")

    @state.setter
    def state(self, state: State | None) -> None:
        given, rows, dtype = states_by_name(self._program, state), self._shape[0], self._dtype
        states: dict[str, Any] = {}
        for name, cell in self._program.initial_states.items():
            states[name] = cell.zero_state(rows, dtype)
            if given.get(name) is not None:
                parts = checked_state(name, given[name], cell, rows, dtype)
                states[name] = cell.State(*map(np.array, parts))  # copies, which the caller can't change
        with self._alone:
            self._stream.state = states
