from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from ...arrays import Array
from ..activations import dsigmoid, dtanh, sigmoid, tanh
from .base import Cell, HiddenState, register_cell


class Saved(NamedTuple):
    a: Array  # (N, 3H), the gates r z n, in the memory of their pre-activations
    q: Array  # (N, H), see (2)
    h_prev: Array  # (N, H)


@register_cell
@dataclass(frozen=True)
class GRU(Cell):
    """The gated recurrent unit, with the reset gate after or before the recurrent product.

        a = W_ih x + b
        r = σ(a_r + W_hr h_prev),   z = σ(a_z + W_hz h_prev)           (1)
        after:   q = W_hn h_prev + b_hn,   n = tanh(a_n + r ∘ q)       (2)
        before:  q = r ∘ h_prev,           n = tanh(a_n + W_hn q)      (2)
        h = n + z ∘ (h_prev - n)                                       (3)

    Args:
        hidden: hidden units H.
        reset: "after" (the form of cuDNN, PyTorch and Keras) or "before" (the paper's).

    Source: Cho et al., arXiv:1406.1078 (before); Appleyard et al., arXiv:1604.01946 (after). z = 1 keeps
    the old state, as in the frameworks.

    >>> import numpy as np, unrolled as un
    >>> y, (state,) = un.Network([un.GRU(4)], input_size=2).forward(np.zeros((1, 3, 2)))
    >>> y.shape, state.h.shape
    ((1, 3, 4), (1, 4))
    """

    reset: Literal["after", "before"] = "after"
    kind: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    variants: ClassVar[tuple[dict[str, Any], ...]] = ({"reset": "after"}, {"reset": "before"})

    def parameters(self, features: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        shapes = super().parameters(features)
        if self.reset == "after":
            shapes["bias_hn"] = (self.hidden,)
        return shapes

    def step(self, a: Array, state: HiddenState, p: SimpleNamespace) -> tuple[HiddenState, Saved]:
        H, h_prev = self.hidden, state.h
        rz = a[:, : 2 * H]
        r, z, n = self.split(a)
        if self.reset == "after":
            u = h_prev @ p.weight_hh.T
            rz += u[:, : 2 * H]
            sigmoid(rz, out=rz)  # (1)
            q = u[:, 2 * H :]
            q += p.bias_hn
            n += r * q
        else:
            rz += h_prev @ p.weight_hh[: 2 * H].T
            sigmoid(rz, out=rz)  # (1)
            q = r * h_prev
            n += q @ p.weight_hh[2 * H :].T
        tanh(n, out=n)  # (2)
        h = h_prev - n
        h *= z
        h += n  # (3)
        return HiddenState(h), Saved(a, q, h_prev)

    def step_back(
        self, dstate: HiddenState, saved: Saved, p: SimpleNamespace, dp: SimpleNamespace
    ) -> tuple[Array, HiddenState]:
        H, dh = self.hidden, dstate.h
        a, q, h_prev = saved
        r, z, n = self.split(a)
        dz = dh * (h_prev - n)  # (3')
        dh_prev = dh * z  # (3')
        da_n = (dh - dh_prev) * dtanh(n)  # (3'), (2')
        if self.reset == "after":
            dr, dq = da_n * q, da_n * r  # (2')
            dp.bias_hn += dq.sum(axis=0)
        else:
            dq = da_n @ p.weight_hh[2 * H :]  # (2')
            dr = dq * h_prev
            dh_prev += dq * r
            dp.weight_hh[2 * H :] += da_n.T @ q
        da_r, da_z = dr * dsigmoid(r), dz * dsigmoid(z)  # (1')
        da = np.concatenate((da_r, da_z, da_n), axis=1, out=a)
        if self.reset == "after":
            du = np.concatenate((da[:, : 2 * H], dq), axis=1)  # gradient of W_hh h_prev, all three gates
            dp.weight_hh += du.T @ h_prev  # (1'), (2')
            dh_prev += du @ p.weight_hh
        else:
            dp.weight_hh[: 2 * H] += da[:, : 2 * H].T @ h_prev  # (1')
            dh_prev += da[:, : 2 * H] @ p.weight_hh[: 2 * H]
        return da, HiddenState(dh_prev)
