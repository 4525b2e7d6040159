from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from ...arrays import Array
from ..activations import ACTIVATIONS
from .base import Cell, HiddenState, register_cell


class Saved(NamedTuple):
    h: Array  # (N, H), this step's output, in the memory of the pre-activation
    h_prev: Array  # (N, H)


@register_cell
@dataclass(frozen=True)
class RNN(Cell):
    """The simple recurrent layer.

        a = W_ih x + b + W_hh h_prev                                   (1)
        h = φ(a),   φ one of tanh, relu, linear, sigmoid               (2)

    Args:
        hidden: hidden units H.
        activation: φ.
        bias: whether to add b.
        initial: of the recurrent weights: "orthogonal"; or "identity", with N(0, 0.001) input weights,
            which keeps a ReLU network's memory alive (IRNN; Le, Jaitly & Hinton, arXiv:1504.00941).

    Source: Elman, "Finding structure in time", Cognitive Science 14, 1990.

    >>> import numpy as np, unrolled as un
    >>> y, (state,) = un.Network([un.RNN(4)], input_size=2).forward(np.zeros((1, 3, 2)))
    >>> y.shape, state.h.shape
    ((1, 3, 4), (1, 4))
    """

    activation: Literal["tanh", "relu", "linear", "sigmoid"] = "tanh"
    bias: bool = True
    initial: Literal["orthogonal", "identity"] = "orthogonal"
    kind: ClassVar[str] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("a",)
    variants: ClassVar[tuple[dict[str, Any], ...]] = (
        *({"activation": name} for name in ACTIVATIONS),
        {"bias": False},
    )

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        shapes = super().parameters(features)
        if not self.bias:
            del shapes["bias"]
        return shapes

    def initialize(self, p: SimpleNamespace, rng: np.random.Generator) -> None:
        super().initialize(p, rng)
        if self.initial == "identity":
            p.weight_ih[...] = 0.001 * rng.standard_normal(p.weight_ih.shape)
            p.weight_hh[...] = np.eye(self.hidden)

    def step(self, a: Array, state: HiddenState, p: SimpleNamespace) -> tuple[HiddenState, Saved]:
        a += state.h @ p.weight_hh.T  # (1)
        h = ACTIVATIONS[self.activation].function(a, out=a)  # (2)
        return HiddenState(h), Saved(h, state.h)

    def step_back(
        self, dstate: HiddenState, saved: Saved, p: SimpleNamespace, dp: SimpleNamespace
    ) -> tuple[Array, HiddenState]:
        h, h_prev = saved
        da = dstate.h * ACTIVATIONS[self.activation].derivative(h)  # (2')
        dp.weight_hh += da.T @ h_prev  # (1')
        dh_prev = da @ p.weight_hh  # (1')
        return da, HiddenState(dh_prev)
