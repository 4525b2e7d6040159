"""Streaming: a network that is fed one step at a time, as values arrive."""

from typing import Any, Protocol

import numpy as np

from ..arrays import Array
from ..errors import InputError
from ..plurals import counted
from .engines import engine_for
from .program import Program
from .sequential import State, states_by_layer, states_by_name


class HasProgram(Protocol):
    """A network: a program and its parameters."""

    @property
    def program(self) -> Program: ...

    @property
    def parameters(self) -> Array: ...


class Stream:
    """One step at constant cost, with the state kept between steps; `Network.stream` makes it.

    It keeps the parameters that the network had then. Dropout is off. A layer such as `Last` treats the steps so far
    as the whole sequence.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.GRU(4), un.Dense(1)], input_size=2)
    >>> stream = net.stream()
    >>> x = np.random.default_rng(0).uniform(size=(5, 2))
    >>> pieces = np.stack([stream.step(x_t) for x_t in x])
    >>> np.allclose(pieces, net.forward(x[None])[0][0], atol=1e-6)
    True
    """

    def __init__(self, network: HasProgram, rows: int = 1) -> None:
        program, parameters = network.program, network.parameters
        if not isinstance(rows, (int, np.integer)) or rows < 1:
            raise InputError(f"rows must be a whole number ≥ 1; got {rows!r}.")
        if not program.causal:
            layers = [op.kind for op in program.operations if not op.rule.causal]
            raise InputError(f"a network with {', '.join(layers)} reads later steps: it cannot be fed step by step.")
        self._program, self._dtype = program, parameters.dtype
        self._shape = (int(rows), *program.buffers[program.inputs[0]].shape)
        self._stream = engine_for(program).stream(program, parameters, int(rows))

    def step(self, x: Array) -> Array:
        """Feed one step.

        Args:
            x: (rows, F), or (F,) if there is one row.

        Returns:
            The output after this step, (rows, ...), or without the axis of rows if x had none.
        """
        x = np.asarray(x, self._dtype, order="C")
        if x.shape == self._shape:
            return self._stream.step(x)
        if x.shape == self._shape[1:] and self._shape[0] == 1:
            return self._stream.step(x[None])[0]
        raise InputError(f"a step of this stream must have shape {self._shape}; got {x.shape}.")

    @property
    def state(self) -> State:
        """The state as in `Network.forward`: one entry per layer. It can be set; None stands for zeros."""
        return states_by_layer(self._program, self._stream.state, "initial")

    @state.setter
    def state(self, state: State | None) -> None:
        given = states_by_name(self._program, state)
        states: dict[str, Any] = {}
        for name, cell in self._program.initial_states.items():
            parts = given.get(name)
            states[name] = cell.zero_state(self._shape[0], self._dtype)
            if parts is None:
                continue
            if len(parts) != len(states[name]):
                raise InputError(f"state {name} must have {counted(len(states[name]), 'part')}; got {len(parts)}.")
            for to, part in zip(states[name], parts, strict=True):
                if np.shape(part) != to.shape:
                    raise InputError(f"state {name} must be {to.shape}; got {np.shape(part)}.")
                to[...] = part
        self._stream.state = states
