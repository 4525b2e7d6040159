"""Activation functions and their derivatives.

Derivatives are functions of *outputs*: `dtanh(y)` takes y = tanh(a), because the forward pass keeps the output. Every
activation takes `out=` so that cells can work in place.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrays import Array

tanh = np.tanh


def dtanh(y: Array) -> Array:
    return 1 - y * y  # y = tanh(a)


def sigmoid(a: Array, out: Array | None = None) -> Array:
    # σ(a) = ½ + ½ tanh(a/2): no overflow on either side, and one transcendental function for all gates
    out = np.multiply(a, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
    return out


def dsigmoid(y: Array) -> Array:
    return y * (1 - y)  # y = σ(a)


def relu(a: Array, out: Array | None = None) -> Array:
    return np.maximum(a, 0, out=out)


def drelu(y: Array) -> Array:
    return (y > 0).astype(y.dtype)  # y = max(a, 0); the derivative at 0 is taken as 0


def log_softmax(a: Array) -> Array:
    """log softmax over the last axis, shifted by the largest entry so that nothing overflows."""
    shifted = a - a.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


class Activation(NamedTuple):
    function: Callable[..., Array]
    derivative: Callable[[Array], Array]  # of the output


ACTIVATIONS = {
    "tanh": Activation(tanh, dtanh),
    "relu": Activation(relu, drelu),
    "linear": Activation(np.positive, np.ones_like),
    "sigmoid": Activation(sigmoid, dsigmoid),
}
