"""Losses: the cost of predictions, and its gradient.

`base.py` defines losses; `pointwise.py` has losses of a number or a class, `likelihoods.py` those of a distribution,
whose quantiles are computed in `distributions.py`.
"""

from ...errors import InputError
from .base import Evaluation, Loss, mask_padding
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
]

LOSSES: dict[str, type[Loss]] = {
    loss.kind: loss for loss in (MSE, MAE, Huber, CrossEntropy, Quantile, Normal, StudentT, Poisson, NegativeBinomial)
}


def loss_named(loss: str | Loss) -> Loss:
    """The loss of this name with default options, or the object itself."""
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        raise InputError(f"no loss is called {loss!r}; known: {', '.join(LOSSES)}.")
    return LOSSES[loss]()
