"""Losses: the cost of predictions, and its gradient.

A loss is a weighted mean over valid elements. `evaluate` returns the sum of weighted costs and the sum of weights, so
that the sums of several batches add up exactly, and the gradient of the mean.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from ...argument_types import check_fields
from ...arrays import Array, over_leading_axes
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
    """An elementwise cost; subclasses define `cost` and its gradient."""

    kind: ClassVar[str]
    needs_unit: ClassVar[bool] = False  # whether the cost depends on the unit of the targets

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__}: {{}}")

    def evaluate(
        self, prediction: Array, target: Array, weight: Array | None = None, unit: Array | None = None
    ) -> Evaluation:
        """The cost of predictions.

        Args:
            prediction: (N, ...) or (N, T, ...).
            target: of the same shape; a missing last axis of size 1 is added.
            weight: None (all 1), or broadcastable from the left: (N,), (N, T), ... ; weight 0 ignores an element.
            unit: the value that a target of 1 stands for: None (1), or positive and broadcastable from the left:
                (N,), ... ; only losses with `needs_unit` use it.

        Raises:
            InputError: a shape does not fit, or a weight or unit is not allowed.
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
        prediction = np.broadcast_to(np.empty(()), shape)
        weight = mask_padding(weight, lengths, prediction)
        if weight is not None:
            check_weight(weight, target.shape if weight.ndim <= target.ndim else shape)
            target = without_ignored(target, weight)
        self.fit_target(prediction, target)

    @abstractmethod
    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        """The cost of each element, and its derivative with respect to the prediction.

        Both have the shape of the prediction, except where several predictions share one cost.
        """

    def cost_in_units(self, prediction: Array, target: Array, unit: Array) -> tuple[Array, Array]:
        """The same for targets in these units; losses with `needs_unit` override it."""
        return self.cost(prediction, target)


def spread_unit(unit: Array, target: Array) -> Array:
    """The unit of the leading axes, in a shape that can be multiplied with targets."""
    if unit.shape != target.shape[: unit.ndim]:
        raise InputError(f"units of shape {unit.shape} do not fit targets of shape {target.shape}.")
    if not ((unit > 0) & np.isfinite(unit)).all():
        raise InputError(f"units must be positive and finite; they range from {unit.min()} to {unit.max()}.")
    return over_leading_axes(unit, target.ndim).astype(np.float64)


def without_ignored(target: Array, weight: Array) -> Array:
    """Targets with 0 where the weight is 0: ignored targets, such as -1 in padding, must not matter."""
    if weight.shape != target.shape[: weight.ndim] or (weight > 0).all():
        return target
    return np.where(over_leading_axes(weight > 0, target.ndim), target, np.zeros(1, target.dtype))


def weighted_mean(cost: Array, dcost: Array, weight: Array | None) -> Evaluation:
    """Apply the weight (of the leading axes) to costs, and scale the gradient to that of the mean."""
    if weight is None:
        count = float(cost.size)
        return Evaluation(float(cost.sum(dtype=np.float64)), count, dcost / dcost.dtype.type(count))
    check_weight(weight, cost.shape)
    weight = np.broadcast_to(over_leading_axes(weight, cost.ndim), cost.shape)
    total_weight = float(weight.sum(dtype=np.float64))
    # where the weight is 0 the cost may be NaN (an unknown target), which must not reach the sum
    total = float(np.where(weight > 0, cost * weight, 0).sum(dtype=np.float64))
    weight = over_leading_axes(weight, dcost.ndim)
    dprediction = np.where(weight > 0, dcost * weight, 0) / (total_weight or 1)
    return Evaluation(total, total_weight, dprediction.astype(dcost.dtype, copy=False))


def check_weight(weight: Array, shape: tuple[int, ...]) -> None:
    if weight.shape != shape[: weight.ndim]:
        raise InputError(f"weights of shape {weight.shape} do not fit losses of shape {shape}.")
    if not (weight >= 0).all():
        raise InputError(f"weights must be ≥ 0, where 0 ignores an element; the lowest is {weight.min()}.")


def mask_padding(weight: Array | None, lengths: Array | None, prediction: Array) -> Array | None:
    """Weights that also ignore the steps past each row's length; unchanged if `lengths` is None."""
    if lengths is None:
        return weight
    valid = valid_steps(lengths, prediction.shape[1]).astype(prediction.dtype)  # (N, T)
    if weight is None:
        return valid
    axes = max(weight.ndim, 2)
    return over_leading_axes(weight, axes) * over_leading_axes(valid, axes)
