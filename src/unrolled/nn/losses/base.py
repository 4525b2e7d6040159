"""Losses: what a prediction costs, and the gradient of that cost.

A loss is a mean over valid elements: each element's cost is weighted, the sum is divided by the sum of
weights. `evaluate` gives the two sums, so that batches add up exactly, and the gradient of the mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..lengths import valid_steps


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
    needs_unit: ClassVar[bool] = False  # whether the cost depends on what a target of 1 stands for

    def evaluate(
        self, prediction: Array, target: Array, weight: Array | None = None, unit: Array | None = None
    ) -> Evaluation:
        """Cost of predictions.

        Args:
            prediction: (N, ...) or (N, T, ...).
            target: of the same shape; a missing last axis of size 1 is added.
            weight: None (all 1), or broadcastable from the left: (N,), (N, T), ... ; 0 leaves out.
            unit: what a target of 1 stands for, None (1) or broadcastable from the left: (N,), ... ; positive. Only
                losses that say `needs_unit` look at it.
        """
        if weight is not None:
            target = without_ignored(target, weight)
        target = self.fit_target(prediction, target)
        if self.needs_unit and unit is not None:
            cost, dcost = self.cost_in_units(prediction, target, spread_unit(unit, target))
        else:
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
        """Each element's cost, and its derivative by the prediction.

        The derivative is shaped like the prediction, and so is the cost, but where several predictions share one.
        """

    def cost_in_units(self, prediction: Array, target: Array, unit: Array) -> tuple[Array, Array]:
        """The same of targets in such units; losses that say `needs_unit` have one of their own."""
        return self.cost(prediction, target)


def spread_unit(unit: Array, target: Array) -> Array:
    """A unit for the leading axes, ready to be multiplied with targets."""
    if unit.shape != target.shape[: unit.ndim]:
        raise InputError(f"units of shape {unit.shape} do not fit targets of shape {target.shape}.")
    if not ((unit > 0) & np.isfinite(unit)).all():
        raise InputError(f"units must be positive and finite; they reach from {unit.min()} to {unit.max()}.")
    return unit.reshape(unit.shape + (1,) * (target.ndim - unit.ndim)).astype(np.float64, copy=False)


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


def options_of(value: Any) -> dict[str, Any]:
    """The options of a layer, loss, optimizer or schedule: its fields by name, for files and engines."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
