from types import SimpleNamespace
from typing import ClassVar, NamedTuple

import numpy as np

from ...arrays import Array
from ..activations import dsigmoid, dtanh, sigmoid, tanh
from .base import Cell, register_cell


class LSTMState(NamedTuple):
    h: Array  # (N, H), the output
    c: Array  # (N, H), the memory


class Saved(NamedTuple):
    a: Array  # (N, 4H), the gates i f g o, in the memory of their pre-activations
    tanh_c: Array  # (N, H)
    h_prev: Array  # (N, H)
    c_prev: Array  # (N, H)


@register_cell
class LSTM(Cell):
    """Long short-term memory with a forget gate.

        a = W_ih x + b + W_hh h_prev                                   (1)
        i = σ(a_i),   f = σ(a_f),   g = tanh(a_g),   o = σ(a_o)        (2)
        c = f ∘ c_prev + i ∘ g                                         (3)
        h = o ∘ tanh(c)                                                (4)

    Args:
        hidden: hidden units H.

    Source: Hochreiter & Schmidhuber, Neural Computation 9(8), 1997; forget gate: Gers et al., 2000.
    The forget gate's bias starts at 1, so that the memory is kept until the network learns otherwise.

    >>> import numpy as np, unrolled as un
    >>> y, (state,) = un.Network([un.LSTM(4)], input_size=2).forward(np.zeros((1, 3, 2)))
    >>> y.shape, state.c.shape
    ((1, 3, 4), (1, 4))
    """

    kind: ClassVar[str] = "lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    State: ClassVar[type] = LSTMState

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:
        super().initialize(p, rng)
        self.split(p.bias)[self.gates.index("f")][...] = 1

    def step(self, a: Array, state: LSTMState, p: SimpleNamespace) -> tuple[LSTMState, Saved]:
        a += state.h @ p.weight_hh.T  # (1)
        i, f, g, o = self.split(a)
        for gate, activation in ((i, sigmoid), (f, sigmoid), (g, tanh), (o, sigmoid)):
            activation(gate, out=gate)  # (2)
        c = f * state.c
        c += i * g  # (3)
        tanh_c = tanh(c)
        return LSTMState(o * tanh_c, c), Saved(a, tanh_c, state.h, state.c)  # (4)

    def step_back(
        self, dstate: LSTMState, saved: Saved, p: SimpleNamespace, dp: SimpleNamespace
    ) -> tuple[Array, LSTMState]:
        a, tanh_c, h_prev, c_prev = saved
        i, f, g, o = self.split(a)
        do = dstate.h * tanh_c  # (4')
        dc = dstate.c + dstate.h * o * dtanh(tanh_c)  # (4')
        df, di, dg = dc * c_prev, dc * g, dc * i  # (3')
        dc_prev = dc * f  # (3')
        da_i, da_f = di * dsigmoid(i), df * dsigmoid(f)  # (2')
        da_g, da_o = dg * dtanh(g), do * dsigmoid(o)  # (2')
        da = np.concatenate((da_i, da_f, da_g, da_o), axis=1, out=a)
        dp.weight_hh += da.T @ h_prev  # (1')
        dh_prev = da @ p.weight_hh  # (1')
        return da, LSTMState(dh_prev, dc_prev)
