"""Layers one after the other: invalid combinations are refused."""

from __future__ import annotations

import pytest

import unrolled as un


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: un.Network([], 1), "a network needs at least one layer"),
        (lambda: un.Network([un.LSTM], 1), r"layer 0 must be a layer such as un.LSTM\(64\); got <class"),
        (lambda: un.Network([un.LSTM(2), "dense"], 1), r"layer 1 must be a layer .*; got 'dense'"),
        (lambda: un.Network([un.LSTM(2)], 0), "features must be a whole number ≥ 1; got 0"),
        (lambda: un.Network([un.LSTM(2)], 1.5), "features must be a whole number ≥ 1; got 1.5"),
        (lambda: un.Network([un.LSTM(2)], 1, "float16"), "dtype is 'float32' or 'float64'; got 'float16'"),
        (lambda: un.Network([un.LSTM(2)], 1, "decimal"), "dtype is 'float32' or 'float64'; got 'decimal'"),
        (lambda: un.Network([un.Last(), un.RNN(2)], 1), r"layer 1 \(rnn\) needs a sequence"),
        (lambda: un.LSTM(0), "LSTM: hidden must be a whole number ≥ 1; got 0"),
        (lambda: un.RNN(2.0), "RNN: hidden must be a whole number ≥ 1; got 2.0"),
        (
            lambda: un.RNN(2, "softplus"),
            "RNN: activation must be 'tanh', 'relu', 'linear' or 'sigmoid'; got 'softplus'",
        ),
        (lambda: un.RNN(2, initial="zeros"), "RNN: initial must be 'orthogonal' or 'identity'; got 'zeros'"),
        (lambda: un.GRU(2, "never"), "GRU: reset must be 'after' or 'before'; got 'never'"),
        (lambda: un.Dense(0), "Dense: size must be a whole number ≥ 1 or a tuple of them; got 0"),
        (lambda: un.Dense((2, 0)), r"got \(2, 0\)"),
        (lambda: un.Dense(()), r"got \(\)"),
        (lambda: un.Dense(1, "softplus"), "Dense: no activation is called 'softplus'; known: tanh"),
        (lambda: un.use_engine("abacus"), "no engine is called 'abacus'; this build has: auto, numpy"),
    ],
)
def test_invalid_networks_are_refused(make, message):
    with pytest.raises(un.InputError, match=message):
        make()
