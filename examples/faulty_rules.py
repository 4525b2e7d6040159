"""Cells, layers and losses with one fault each, for `faults.py`.

Each has a kind of its own, which distinguishes it from the rule that it spoils; none is registered, so no other code
finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import unrolled as un
from unrolled.arrays import Array
from unrolled.nn.activations import dtanh, tanh
from unrolled.nn.cells import HiddenState
from unrolled.nn.losses import MSE, CrossEntropy, Evaluation


@dataclass(frozen=True)
class OneStep(un.RNN):
    """Nothing passes to the step before."""

    kind = "fault_one_step"

    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        da, dprevious = super().step_back(dstate, saved, p, dp)
        return da, HiddenState(np.zeros_like(dprevious.h))


@dataclass(frozen=True)
class OwnState(un.RNN):
    """The recurrent weights' gradient uses the state of the same step instead of the previous one."""

    kind = "fault_own_state"

    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        return super().step_back(dstate, saved._replace(h_prev=saved.h), p, dp)


@dataclass(frozen=True)
class Overwriting(un.RNN):
    """Each step's gradient replaces that of the step after it instead of being added to it."""

    kind = "fault_overwriting"

    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        dp.weight_hh[...] = 0
        return super().step_back(dstate, saved, p, dp)


@dataclass(frozen=True)
class Untransposed(un.RNN):
    """The gradient goes back through W_hh instead of its transpose."""

    kind = "fault_untransposed"

    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        da, _ = super().step_back(dstate, saved, p, dp)
        return da, HiddenState(da @ p.weight_hh.T)


@dataclass(frozen=True)
class EarlierDerivative(un.RNN):
    """In the backward pass the derivative of tanh is taken at the step before."""

    kind = "fault_earlier_derivative"

    def step_back(self, dstate: Any, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        h_prev = saved.h_prev
        da, _ = super().step_back(dstate, saved, p, dp)
        return da, HiddenState(dstate.h @ p.weight_hh * dtanh(h_prev))


class Two(NamedTuple):
    h: Array  # (N, H), what the output reads
    memory: Array  # (N, H), what the next step reads


@dataclass(frozen=True)
class PreActivation(un.RNN):
    """The output reads a, the recurrence tanh(a); the backward pass assumes that both read tanh(a)."""

    kind = "fault_pre_activation"
    State = Two

    def step(self, a: Array, state: Two, p: SimpleNamespace) -> tuple[Two, Any]:
        a += state.memory @ p.weight_hh.T
        memory = tanh(a)
        return Two(a, memory), (memory, state.memory)

    def step_back(self, dstate: Two, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> tuple[Array, Any]:
        memory, previous = saved
        da = (dstate.h + dstate.memory) * dtanh(memory)
        dp.weight_hh += da.T @ previous
        dprevious = da @ p.weight_hh
        return da, Two(np.zeros_like(dprevious), dprevious)


@dataclass(frozen=True)
class EveryStep(un.Last):
    """The output's gradient goes into every step, though only the last was read."""

    kind = "fault_every_step"

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        shape, _ = saved
        return [np.broadcast_to(dy[:, None], shape).copy()]


@dataclass(frozen=True)
class OneEarly(un.Last):
    """The output's gradient goes into the step before the one that was read."""

    kind = "fault_one_early"

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        (dx,) = super().apply_back(dy, saved, p, dp)
        return [np.roll(dx, -1, axis=1)]


@dataclass(frozen=True)
class FourTimes(un.Dense):
    """The running sum is the same array as the summand, so three steps double it twice."""

    kind = "fault_four_times"

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        dx = super().apply_back(dy, saved, p, dp)
        dp.weight *= 4
        dp.bias *= 4
        return dx


@dataclass(frozen=True)
class BiasForGradient(un.Dense):
    """The bias goes back through the weights instead of its gradient."""

    kind = "fault_bias_for_gradient"

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        super().apply_back(dy, saved, p, dp)
        return [np.broadcast_to(p.bias, dy.shape) @ p.weight]


@dataclass(frozen=True)
class Noisy(un.Dense):
    """Gradients that start as noise instead of 0."""

    kind = "fault_noisy"

    def apply_back(self, dy: Array, saved: Any, p: SimpleNamespace, dp: SimpleNamespace) -> list[Array]:
        dp.weight += np.random.default_rng(0).standard_normal(dp.weight.shape) / 5
        return super().apply_back(dy, saved, p, dp)


@dataclass(frozen=True)
class SumGradient(MSE):
    """A mean in the loss and a sum in its gradient."""

    kind = "fault_sum_gradient"

    def evaluate(
        self, prediction: Array, target: Array, weight: Array | None = None, unit: Array | None = None
    ) -> Evaluation:
        found = super().evaluate(prediction, target, weight, unit)
        return found._replace(dprediction=found.dprediction * found.weight)


@dataclass(frozen=True)
class Flipped(CrossEntropy):
    """Target minus probability instead of probability minus target."""

    kind = "fault_flipped"

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        cost, dcost = super().cost(prediction, target)
        return cost, -dcost
