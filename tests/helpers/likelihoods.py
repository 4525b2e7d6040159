"""All likelihoods, and their costs by the standard library, for several test files."""

from __future__ import annotations

from math import expm1, lgamma, log, log1p, pi

import pytest

from unrolled.nn.losses import LOSSES, Likelihood

LIKELIHOODS = [loss() for loss in LOSSES.values() if issubclass(loss, Likelihood)]
EVERY_LIKELIHOOD = pytest.mark.parametrize("loss", LIKELIHOODS, ids=lambda loss: loss.kind)
COUNTS = [loss for loss in LIKELIHOODS if loss.needs_unit]
EVERY_COUNT = pytest.mark.parametrize("loss", COUNTS, ids=lambda loss: loss.kind)


def raw_of(value: float) -> float:
    """The raw number that softplus maps to this value."""
    return value + log(-expm1(-value))


def normal(y, mean, scale):
    return log(scale) + log(2 * pi) / 2 + ((y - mean) / scale) ** 2 / 2


def student_t(y, location, scale, freedom):
    z = (y - location) / scale
    return (
        lgamma(freedom / 2)
        - lgamma((freedom + 1) / 2)
        + log(freedom * pi) / 2
        + log(scale)
        + (freedom + 1) / 2 * log1p(z * z / freedom)
    )


def poisson(y, rate):
    return rate - y * log(rate) + lgamma(y + 1)


def negative_binomial(y, mean, alpha):
    r, p = 1 / alpha, 1 / (1 + alpha * mean)  # r successes, each of probability p
    return lgamma(y + 1) + lgamma(r) - lgamma(y + r) - r * log(p) - y * log1p(-p)
