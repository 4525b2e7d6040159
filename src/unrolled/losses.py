"""Losses: what a prediction costs, and the gradient of that cost.

A loss is a mean over valid elements: each element's cost is weighted, the sum is divided by the sum of
weights. `evaluate` gives the two sums, so that batches add up exactly, and the gradient of the mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .errors import InputError
from .ops import Array, log_softmax, valid_steps


class Evaluation(NamedTuple):
    total: float  # weighted sum of the elements' costs
    weight: float  # sum of the weights; the loss is total / weight
    dprediction: Array  # gradient of total / weight, shaped like the prediction

    @property
    def mean(self) -> float:
        return self.total / self.weight if self.weight else 0.0


@dataclass(frozen=True)
class Loss(ABC):
    """An elementwise cost; subclasses give `cost` and its gradient."""

    kind: ClassVar[str]

    def evaluate(self, prediction: Array, target: Array, weight: Array | None = None) -> Evaluation:
        """Cost of predictions.

        Args:
            prediction: (N, ...) or (N, T, ...).
            target: of the same shape; a missing last axis of size 1 is added.
            weight: None (all 1), or broadcastable from the left: (N,), (N, T), ... ; 0 leaves out.
        """
        if weight is not None:
            target = without_ignored(target, weight)
        target = self.fit_target(prediction, target)
        cost, dcost = self.cost(prediction, target)
        return weighted_mean(cost, dcost, weight)

    def fit_target(self, prediction: Array, target: Array) -> Array:
        if target.shape == prediction.shape:
            return target
        if prediction.shape == (*target.shape, 1):
            return target[..., None]
        raise InputError(
            f"loss {self.kind!r}: predictions have shape {prediction.shape}, targets {target.shape}; "
            "they must be equal (a last axis of size 1 may be left out)."
        )

    def check(self, shape: tuple[int, ...], target: Array, weight: Array | None, lengths: Array | None) -> None:
        """Raise if targets and weights do not fit predictions of this shape; see `evaluate` and `mask_padding`."""
        prediction = np.broadcast_to(np.zeros(()), shape)
        weight = mask_padding(weight, lengths, prediction)
        if weight is not None:
            check_weight(weight, target.shape if weight.ndim <= target.ndim else shape)
            target = without_ignored(target, weight)
        self.fit_target(prediction, target)

    @abstractmethod
    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        """Each element's cost, and its derivative by the prediction; both shaped like the prediction."""


def without_ignored(target: Array, weight: Array) -> Array:
    """Targets with a 0 wherever the weight is 0: what stands there, such as -1 in padding, must not matter."""
    if weight.shape != target.shape[: weight.ndim] or (weight > 0).all():
        return target
    counts = (weight > 0).reshape(weight.shape + (1,) * (target.ndim - weight.ndim))
    return np.where(counts, target, np.zeros(1, target.dtype))


def weighted_mean(cost: Array, dcost: Array, weight: Array | None) -> Evaluation:
    """Weigh costs (a weight for the leading axes) and scale the gradient to that of the mean."""
    if weight is None:
        count = float(cost.size)
        return Evaluation(float(cost.sum(dtype=np.float64)), count, dcost / dcost.dtype.type(count))
    check_weight(weight, cost.shape)
    weight = np.broadcast_to(weight.reshape(weight.shape + (1,) * (cost.ndim - weight.ndim)), cost.shape)
    total_weight = float(weight.sum(dtype=np.float64))
    # where the weight is 0 the cost may be NaN (an unknown target): it must not spoil the sum
    total = float(np.where(weight > 0, cost * weight, 0).sum(dtype=np.float64))
    weight = weight.reshape(weight.shape + (1,) * (dcost.ndim - weight.ndim))
    dprediction = np.where(weight > 0, dcost * weight, 0) / (total_weight or 1)
    return Evaluation(total, total_weight, dprediction.astype(dcost.dtype, copy=False))


def check_weight(weight: Array, shape: tuple[int, ...]) -> None:
    if weight.shape != shape[: weight.ndim]:
        raise InputError(f"weights of shape {weight.shape} do not fit losses of shape {shape}.")
    if not (weight >= 0).all():
        raise InputError(f"weights must be ≥ 0, where 0 leaves out; the lowest is {weight.min()}.")


def mask_padding(weight: Array | None, lengths: Array | None, prediction: Array) -> Array | None:
    """Weights that also leave out the steps past each row's length; `lengths` None: as they are."""
    if lengths is None:
        return weight
    valid = valid_steps(lengths, prediction.shape[1]).astype(prediction.dtype)  # (N, T)
    if weight is None:
        return valid
    axes = max(weight.ndim, 2)
    return weight.reshape(weight.shape + (1,) * (axes - weight.ndim)) * valid.reshape(valid.shape + (1,) * (axes - 2))


class MSE(Loss):
    """Mean squared error: e², e = prediction - target.

    >>> import numpy as np, unrolled as un
    >>> un.losses.MSE().evaluate(np.array([1.0, 3.0]), np.array([0.0, 0.0])).mean
    5.0
    """

    kind: ClassVar[str] = "mse"

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        error = prediction - target
        return error * error, 2 * error


class MAE(Loss):
    """Mean absolute error: |e|. The derivative at 0 is taken as 0."""

    kind: ClassVar[str] = "mae"

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        error = prediction - target
        return np.abs(error), np.sign(error)


@dataclass(frozen=True)
class Huber(Loss):
    """½e² where |e| ≤ delta, else delta (|e| - ½ delta). Source: Huber, Ann. Math. Statist. 35, 1964."""

    delta: float = 1.0

    kind: ClassVar[str] = "huber"

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise InputError(f"Huber: delta must be positive; got {self.delta!r}.")

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        error = prediction - target
        near = np.clip(error, -self.delta, self.delta)
        return near * (error - near / 2), near


class CrossEntropy(Loss):
    """-log softmax(prediction)[target], fused so that no large score overflows.

    Predictions are scores (N, K) or (N, T, K); targets integers (N,) or (N, T) in 0..K-1.
    """

    kind: ClassVar[str] = "cross_entropy"

    def fit_target(self, prediction: Array, target: Array) -> Array:
        if target.shape != prediction.shape[:-1] or target.dtype.kind not in "iu":
            raise InputError(
                f"loss 'cross_entropy': scores of shape {prediction.shape} need integer targets of shape "
                f"{prediction.shape[:-1]}; got {target.dtype} of shape {target.shape}."
            )
        if target.size and not (target.min() >= 0 and target.max() < prediction.shape[-1]):
            raise InputError(
                f"loss 'cross_entropy': targets must lie in 0..{prediction.shape[-1] - 1}; "
                f"they reach from {target.min()} to {target.max()}."
            )
        return target

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        log_p = log_softmax(prediction)
        index = target[..., None]
        dscores = np.exp(log_p)
        np.put_along_axis(dscores, index, np.take_along_axis(dscores, index, -1) - 1, -1)  # softmax - one-hot
        return -np.take_along_axis(log_p, index, -1)[..., 0], dscores


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss on a grid of levels: mean over levels q of max(q e, (q - 1) e), e = target - prediction.

    Predictions are (..., Q), one for each level in order; targets (...). At its minimum each output is the
    conditional quantile of its level.

    Args:
        levels: strictly increasing, each inside (0, 1).

    Source: Koenker & Bassett, Econometrica 46, 1978.
    """

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)

    kind: ClassVar[str] = "quantile"

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", tuple(float(q) for q in self.levels))
        steps = np.diff((0.0, *self.levels, 1.0))
        if not self.levels or not (steps > 0).all():
            raise InputError(f"Quantile: levels must increase strictly inside (0, 1); got {self.levels}.")

    def fit_target(self, prediction: Array, target: Array) -> Array:
        if prediction.shape != (*target.shape, len(self.levels)):
            raise InputError(
                f"loss 'quantile': {len(self.levels)} levels and targets of shape {target.shape} need "
                f"predictions of shape {(*target.shape, len(self.levels))}; got {prediction.shape}."
            )
        return target[..., None]

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        levels = np.asarray(self.levels, prediction.dtype)
        error = target - prediction
        dprediction = np.where(error > 0, -levels, 1 - levels) * (error != 0)
        return -error * dprediction, dprediction


LOSSES: dict[str, type[Loss]] = {loss.kind: loss for loss in (MSE, MAE, Huber, CrossEntropy, Quantile)}


def loss_named(loss: str | Loss) -> Loss:
    """A loss by its name with its defaults, or the object itself."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        raise InputError(f"no loss is called {loss!r}; known: {', '.join(LOSSES)}.")
    return LOSSES[loss]()


def options_of(value: Any) -> dict[str, Any]:
    """The options of a layer, loss, optimizer or schedule: its fields by name, for files and engines."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
