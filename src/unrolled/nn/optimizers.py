"""Optimizers: a few vector operations on the flat parameter vector, with PyTorch's formulas and defaults.

An optimizer is a value that does not change. Its state between steps is an `OptimizerState`, which `start` creates
and `step` changes in place; `step` may overwrite `grads`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..argument_types import check_fields
from ..arrays import Array
from ..errors import InputError
from .schedules import Constant, Schedule


@dataclass
class OptimizerState:
    """The state of an optimizer: the number of steps done, and vectors of the size of the parameters, by name."""

    step: int
    vectors: dict[str, Array]


@dataclass(frozen=True)
class Optimizer(ABC):
    """Base of all optimizers. `rate` is a number or a schedule."""

    rate: float | Schedule
    kind: ClassVar[str]

    @property
    def schedule(self) -> Schedule:
        return self.rate if isinstance(self.rate, Schedule) else Constant(self.rate)

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__}: {{}}")
        _ = self.schedule  # raises if the rate is negative

    def slots(self) -> dict[str, float]:
        """Names of the vectors in the state and their initial values."""
        return {}

    def start(self, params: Array) -> OptimizerState:
        return OptimizerState(0, {name: np.full_like(params, value) for name, value in self.slots().items()})

    @abstractmethod
    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        """Change `params` and `state` in place by one step along `grads`."""


def clip_by_norm(grads: Array, limit: float) -> float:
    """Scale `grads` in place so that its Euclidean norm is at most `limit`, and return the norm before.

    Source: Pascanu, Mikolov & Bengio, ICML 2013.
    """
    norm = float(np.sqrt(np.dot(grads, grads)))
    if norm > limit:
        grads *= limit / norm
    return norm


@dataclass(frozen=True)
class SGD(Optimizer):
    """v ← μ v + g;   θ ← θ - η v,   or with Nesterov's momentum θ ← θ - η (g + μ v)."""

    rate: float | Schedule = 1e-3
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    kind: ClassVar[str] = "sgd"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum > 0:
            raise InputError("SGD: nesterov=True needs a momentum above 0.")

    def slots(self) -> dict[str, float]:
        return {"velocity": 0.0} if self.momentum else {}

    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        state.step += 1
        if self.weight_decay:
            grads += self.weight_decay * params
        if self.momentum:
            velocity = state.vectors["velocity"]
            velocity *= self.momentum
            velocity += grads
            grads = grads + self.momentum * velocity if self.nesterov else velocity
        params -= rate * grads


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """v ← α v + (1 - α) g²;   θ ← θ - η g / (√v + ε). Source: Tieleman & Hinton, lecture 6.5, 2012."""

    rate: float | Schedule = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    kind: ClassVar[str] = "rmsprop"

    def slots(self) -> dict[str, float]:
        return {"square": 0.0}

    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        state.step += 1
        if self.weight_decay:
            grads += self.weight_decay * params
        square = state.vectors["square"]
        square *= self.alpha
        square += (1 - self.alpha) * grads * grads
        params -= rate * grads / (np.sqrt(square) + self.eps)


@dataclass(frozen=True)
class Rprop(Optimizer):
    """Each parameter has its own step size, which grows while the sign of its gradient stays the same, else shrinks.

    For full-batch training. The rate is the initial step size. Source: Riedmiller & Braun, ICNN 1993.
    """

    rate: float | Schedule = 1e-2
    etas: tuple[float, float] = (0.5, 1.2)
    sizes: tuple[float, float] = (1e-6, 50.0)
    kind: ClassVar[str] = "rprop"

    def slots(self) -> dict[str, float]:
        return {"size": self.schedule.rate, "previous": 0.0}

    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        state.step += 1
        size, previous = state.vectors["size"], state.vectors["previous"]
        agreement = grads * previous
        size[agreement > 0] *= self.etas[1]
        size[agreement < 0] *= self.etas[0]
        np.clip(size, *self.sizes, out=size)
        grads[agreement < 0] = 0  # after a change of sign the parameter waits for one step
        params -= np.sign(grads) * size
        previous[...] = grads


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """s ← s + g²;   θ ← θ - η g / (√s + ε). Source: Duchi, Hazan & Singer, JMLR 12, 2011."""

    rate: float | Schedule = 1e-2
    eps: float = 1e-10
    weight_decay: float = 0.0
    kind: ClassVar[str] = "adagrad"

    def slots(self) -> dict[str, float]:
        return {"sum": 0.0}

    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        state.step += 1
        if self.weight_decay:
            grads += self.weight_decay * params
        state.vectors["sum"] += grads * grads
        params -= rate * grads / (np.sqrt(state.vectors["sum"]) + self.eps)


@dataclass(frozen=True)
class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g;   v ← β₂ v + (1 - β₂) g²;   θ ← θ - η m̂ / (√v̂ + ε).

    m̂ and v̂ are m and v with their bias towards 0 corrected. `weight_decay` is added to the gradient; `AdamW` decays
    the weights directly. Source: Kingma & Ba, ICLR 2015.
    """

    rate: float | Schedule = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    kind: ClassVar[str] = "adam"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 <= beta < 1 for beta in self.betas):
            raise InputError(f"{type(self).__name__}: betas must lie in [0, 1); got {self.betas!r}.")

    def slots(self) -> dict[str, float]:
        return {"mean": 0.0, "square": 0.0}

    def step(self, params: Array, grads: Array, state: OptimizerState, rate: float) -> None:
        if self.weight_decay:
            self.decay(params, grads, rate)
        state.step += 1
        beta1, beta2 = self.betas
        mean, square = state.vectors["mean"], state.vectors["square"]
        mean *= beta1
        mean += (1 - beta1) * grads
        square *= beta2
        grads *= grads
        grads *= 1 - beta2
        square += grads
        # the two bias corrections are scalars, applied to the rate and to the root
        root = np.sqrt(square, out=grads)
        root *= (1 - beta2**state.step) ** -0.5
        root += self.eps
        np.divide(mean, root, out=root)
        root *= rate / (1 - beta1**state.step)
        params -= root

    def decay(self, params: Array, grads: Array, rate: float) -> None:
        grads += self.weight_decay * params


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← (1 - η λ) θ before each step.

    Source: Loshchilov & Hutter, ICLR 2019.
    """

    weight_decay: float = 1e-2
    kind: ClassVar[str] = "adamw"

    def decay(self, params: Array, grads: Array, rate: float) -> None:
        params *= 1 - rate * self.weight_decay


def checked_optimizer(optimizer: Optimizer | None) -> Optimizer:
    """The optimizer, which is `Adam()` by default, or an `InputError` if it is something else."""
    optimizer = Adam() if optimizer is None else optimizer
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer must be an optimizer such as un.Adam(1e-3); got {optimizer!r}.")
    return optimizer


OPTIMIZERS: dict[str, type[Optimizer]] = {o.kind: o for o in (SGD, RMSprop, Rprop, Adagrad, Adam, AdamW)}
