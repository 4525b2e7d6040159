"""Losses: what a prediction costs, and the gradient of that cost.

`base.py` says what a loss is; `pointwise.py` has those of a number or a class, `likelihoods.py` those of a whole
distribution, whose quantiles and samples come from `distributions.py`.
"""

from __future__ import annotations

from ...errors import InputError
from .base import Evaluation, Loss, mask_padding, options_of
from .likelihoods import Likelihood, NegativeBinomial, Normal, Poisson, StudentT
from .pointwise import MAE, MSE, CrossEntropy, Huber, Quantile

__all__ = [
    "LOSSES",
    "MAE",
    "MSE",
    "CrossEntropy",
    "Evaluation",
    "Huber",
    "Likelihood",
    "Loss",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "Quantile",
    "StudentT",
    "loss_named",
    "mask_padding",
    "options_of",
]

LOSSES: dict[str, type[Loss]] = {
    loss.kind: loss for loss in (MSE, MAE, Huber, CrossEntropy, Quantile, Normal, StudentT, Poisson, NegativeBinomial)
}


def loss_named(loss: str | Loss) -> Loss:
    """A loss by its name with its defaults, or the object itself."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        raise InputError(f"no loss is called {loss!r}; known: {', '.join(LOSSES)}.")
    return LOSSES[loss]()
