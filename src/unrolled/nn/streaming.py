"""A network that is fed one step at a time, as values arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import InputError
from .engines import engine_for

if TYPE_CHECKING:
    from .network import Network, State


class Stream:
    """One step at constant cost, with the state kept between steps; `Network.stream` makes it.

    It keeps the parameters that the network had then. Dropout is off. For layers such as `Last`, what has come so far
    is the sequence.

    >>> import numpy as np, unrolled as un
    >>> net = un.Network([un.GRU(4), un.Dense(1)], input_size=2)
    >>> stream = net.stream()
    >>> x = np.random.default_rng(0).uniform(size=(5, 2))
    >>> pieces = np.stack([stream.step(x_t) for x_t in x])
    >>> np.allclose(pieces, net.forward(x[None])[0][0], atol=1e-6)
    True
    """

    def __init__(self, net: Network, rows: int = 1) -> None:
        if not isinstance(rows, (int, np.integer)) or rows < 1:
            raise InputError(f"rows must be a whole number ≥ 1; got {rows!r}.")
        if not net.program.causal:
            layers = [op.kind for op in net.program.operations if not op.rule.causal]
            raise InputError(f"a network with {', '.join(layers)} sees later steps: it can't be fed step by step.")
        self._net, self._dtype = net, net.dtype
        self._shape = (int(rows), net.input_size)
        self._stream = engine_for(net.program).stream(net.program, net.parameters, int(rows))

    def step(self, x: Array) -> Array:
        """Feed one step.

        Args:
            x: (rows, F), or (F,) where there is one row.

        Returns:
            The output after this step, (rows, ...), or without the axis of rows where x had none.

        Raises:
            InputError: the shape does not fit.
        """
        x = np.asarray(x, self._dtype, order="C")
        if x.shape == self._shape:
            return self._stream.step(x)
        if x.shape == self._shape[1:] and self._shape[0] == 1:
            return self._stream.step(x[None])[0]
        raise InputError(f"a step of this stream must have shape {self._shape}; got {x.shape}.")

    @property
    def state(self) -> State:
        """The state as `Network.forward` gives and takes it: one entry a layer. It may be set; None is zeros."""
        return self._net.state_tuple(self._stream.state, "initial")

    @state.setter
    def state(self, state: State | None) -> None:
        named = self._net.named_state(state)
        rows = self._shape[0]
        states: dict[str, Any] = {}
        for name, cell in self._net.program.initial_states.items():
            parts = named.get(name)
            states[name] = cell.zero_state(rows, self._dtype)
            if parts is None:
                continue
            if len(parts) != len(states[name]):
                raise InputError(f"state {name} must have {len(states[name])} part(s); got {len(parts)}.")
            for to, part in zip(states[name], parts, strict=True):
                if np.shape(part) != to.shape:
                    raise InputError(f"state {name} must be {to.shape}; got {np.shape(part)}.")
                to[...] = part
        self._stream.state = states
