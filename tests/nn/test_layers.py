"""Layers that are not recurrent: invalid options and inputs."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un


@pytest.mark.parametrize("option", ["count", "size"])
@pytest.mark.parametrize("number", [0, -1, 2.5, "2", None])
def test_an_embedding_needs_whole_numbers(number, option):
    with pytest.raises(un.InputError, match=f"Embedding: {option} must be a whole number ≥ 1; got {number!r}"):
        un.Embedding(**{"count": 2, "size": 2, option: number})


@pytest.mark.parametrize(("low", "high"), [(-1, 0), (0, 4), (0, 2.5), (0, np.nan), (0, np.inf)])
def test_codes_without_a_vector_are_refused(low, high, engine):
    net = un.Network([un.Embedding(4, 2)], 1)
    with pytest.raises(un.InputError, match="codes must be whole numbers"):
        net.forward(np.array([[[low], [high]]]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: un.Dense(0), "Dense: size must be a whole number ≥ 1 or a tuple of them; got 0"),
        (lambda: un.Dense((2, 0)), r"got \(2, 0\)"),
        (lambda: un.Dense(()), r"got \(\)"),
        (lambda: un.Dense(1, "softplus"), "Dense: no activation is called 'softplus'; known: tanh"),
        (lambda: un.Dropout(1.0), r"Dropout: p must lie in \[0, 1\); got 1.0"),
        (lambda: un.Dropout(-0.1), r"got -0.1"),
    ],
)
def test_invalid_options_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()


def test_dropout_is_off_outside_training_and_keeps_the_mean_in_training(rng):
    net, x = un.Network([un.Dropout(0.4)], 50), rng.uniform(1, 2, (200, 3, 50)).astype(np.float32)
    np.testing.assert_array_equal(net.forward(x)[0], x)
    kept = net.forward(x, training=True)[0]
    assert ((kept == 0) == (kept[:, :1] == 0)).all()  # one mask for all steps
    assert abs(kept.mean() / x.mean() - 1) < 0.02
