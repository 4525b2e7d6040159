"""What is specific to the LSTM."""

from __future__ import annotations

import numpy as np

import unrolled as un


def test_with_an_open_forget_gate_and_a_closed_input_gate_the_memory_stays(engine, rng):
    net = un.Network([un.LSTM(3)], 2, "float64")
    i, f, _, _ = net.layers[0].split(net.views["0.bias"])
    i[...], f[...] = -100, 100
    h, c = rng.standard_normal((2, 4, 3))
    _, (final,) = net.forward(rng.standard_normal((4, 6, 2)), ((h, c),))
    np.testing.assert_allclose(final.c, c, rtol=1e-12)


def test_forget_gates_begin_with_a_bias_of_one():
    net = un.Network([un.LSTM(2)], 1)
    assert net.views["0.bias"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
