"""Losses of a single number or class: squared and absolute errors, cross-entropy, quantiles."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...arrays import Array
from ...errors import InputError
from ..activations import log_softmax
from .base import Loss


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
        super().__post_init__()
        if not self.delta > 0:
            raise InputError(f"Huber: delta must be positive; got {self.delta!r}.")

    def cost(self, prediction: Array, target: Array) -> tuple[Array, Array]:
        error = prediction - target
        near = np.clip(error, -self.delta, self.delta)
        return near * (error - near / 2), near


class CrossEntropy(Loss):
    """-log softmax(prediction)[target], computed together so that large scores do not overflow.

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
                f"they range from {target.min()} to {target.max()}."
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
    """The pinball loss, averaged over quantile levels q: max(q e, (q - 1) e) with e = target - prediction.

    Predictions are (..., Q), one for each level in order; targets (...). At the minimum each output is the
    conditional quantile of its level.

    Args:
        levels: strictly increasing, each inside (0, 1).

    Source: Koenker & Bassett, Econometrica 46, 1978.
    """

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    kind: ClassVar[str] = "quantile"

    def __post_init__(self) -> None:
        super().__post_init__()
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
