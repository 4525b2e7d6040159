"""Two steps of each cell with every number worked out by hand.

One row, one unit; the output gradients are 1 and 2, and 1 arrives at each part of the final state. Pre-activations
are chosen as logarithms, so that activations are fractions:

    σ(0) = 1/2    σ(ln 2) = 2/3    σ(ln 3) = 3/4    σ(-ln 3) = 1/4
    tanh(½ ln 3) = 1/2    tanh(ln 2) = 3/5    tanh(ln 3) = 4/5

GRU and LSTM read x_1 = (1, 0) and x_2 = (0, 1): step 1 adds the first column of W_ih to the pre-activations, step 2
adds the second, and the gradient of W_ih holds the pre-activations' gradients of both steps.
"""

from __future__ import annotations

from math import log

import numpy as np

import unrolled as un
from support import assert_close

LN2, LN3 = log(2), log(3)
STEPS = np.eye(2)  # x of GRU and LSTM
TERMS = 2 * 4  # steps × gates


class Worked:
    """A cell run over two steps, forward and backward."""

    def __init__(self, engine, cell, x, initial, **parameters):
        net = un.Network([cell], input_size=np.shape(x)[1], dtype="float64")
        for name, values in parameters.items():
            view = net.views[f"0.{name}"]
            view[...] = np.reshape(values, view.shape)
        state = {"0.initial": cell.State(*(np.full((1, 1), part) for part in initial))}
        result = engine.forward(net.program, net.parameters, {"x": np.asarray(x)[None]}, state, keep=True)
        ones = cell.State(*(np.ones((1, 1)) for _ in initial))
        back = engine.backward(result.tape, (np.array([[[1.0], [2.0]]]),), {"0.final": ones})
        self.h = result.outputs[0].ravel()
        self.final = np.ravel(result.state["0.final"])
        self.dx = back.inputs["x"][0]
        self.dinitial = np.ravel(back.state["0.initial"])
        self.dparameters = {name.removeprefix("0."): g for name, g in net.program.views(back.parameters).items()}

    def assert_gradients(self, **by_hand):
        assert self.dparameters.keys() == by_hand.keys()
        for name, gradient in by_hand.items():
            assert_close(self.dparameters[name].ravel(), np.ravel(gradient), TERMS)


def test_rnn(engine):
    W, U, b, h0 = 2.0, 1 / 2, 1 / 4, 1 / 2
    # a_1 = 2 x_1 + 1/4 + ½·½ = ln 2,     h_1 = 3/5
    # a_2 = 2 x_2 + 1/4 + ½·3/5 = ln 3,   h_2 = 4/5
    x1, x2 = (LN2 - 1 / 2) / 2, (LN3 - 11 / 20) / 2
    found = Worked(engine, un.RNN(1), [[x1], [x2]], [h0], weight_ih=W, weight_hh=U, bias=b)
    assert_close(found.h, [3 / 5, 4 / 5], TERMS)
    assert_close(found.final, [4 / 5], TERMS)

    # dh_2 = 2 + 1,             da_2 = 3 (1 - 16/25) = 27/25
    # dh_1 = 1 + ½·27/25,       da_1 = 77/50 (1 - 9/25) = 616/625
    da1, da2 = 616 / 625, 27 / 25
    found.assert_gradients(
        weight_ih=da1 * x1 + da2 * x2,
        weight_hh=713 / 625,  # 616/625·½ + 27/25·3/5
        bias=1291 / 625,
    )
    assert_close(found.dx, [[1232 / 625], [54 / 25]], TERMS)  # 2 da
    assert_close(found.dinitial, [308 / 625], TERMS)  # ½ da_1


def test_gru_with_reset_after(engine):
    U, b, b_hn, h0 = np.array([1.0, -1, 2]), np.array([0, 1, 1 / 2]), 1 / 2, 1 / 2
    # step 1: r = 1/4, z = 2/3;  q = 2·½ + ½ = 3/2;         a_n + r q = ln 2,  n = 3/5
    # step 2: r = 1/2, z = 1/4;  q = 2·8/15 + ½ = 47/30;    a_n + r q = ln 3,  n = 4/5
    h1, h2 = 8 / 15, 11 / 15  # 3/5 + 2/3 (1/2 - 3/5),   4/5 + 1/4 (8/15 - 4/5)
    W1 = [-LN3 - h0, LN2 + h0 - 1, LN2 - 3 / 8 - 1 / 2]
    W2 = [0 - h1, -LN3 + h1 - 1, LN3 - 47 / 60 - 1 / 2]
    W = np.array([W1, W2]).T
    found = Worked(engine, un.GRU(1), STEPS, [h0], weight_ih=W, weight_hh=U, bias=b, bias_hn=b_hn)
    assert_close(found.h, [h1, h2], TERMS)
    assert_close(found.final, [h2], TERMS)

    # step 2: dh = 3;  dz = 3 (8/15 - 4/5) = -4/5;  dn = 3·3/4;  da_n = 9/4 (1 - 16/25) = 81/100
    #         dr = 81/100·47/30 = 1269/1000;  dq = 81/100·½;  da_r = dr·¼;  da_z = -4/5·3/16
    da2, dq2 = np.array([1269 / 4000, -3 / 20, 81 / 100]), 81 / 200
    # step 1: dh = 1 + 3·¼ + da_r - da_z + 2 dq = 7/4 + 1269/4000 + 3/20 + 81/100
    dh = 12109 / 4000
    #         dz = dh (1/2 - 3/5);  dn = dh·⅓;  da_n = dn (1 - 9/25);  dr = da_n·3/2;  dq = da_n·¼
    da_n, dz = dh * 16 / 75, -dh / 10
    dq1 = da_n / 4
    da1 = np.array([da_n * 3 / 2 * 3 / 16, dz * 2 / 9, da_n])
    found.assert_gradients(
        weight_ih=np.array([da1, da2]).T,
        weight_hh=[da1[0] * h0 + da2[0] * h1, da1[1] * h0 + da2[1] * h1, dq1 * h0 + dq2 * h1],
        bias=da1 + da2,
        bias_hn=dq1 + dq2,
    )
    assert_close(found.dx, [da1 @ W, da2 @ W], TERMS)
    assert_close(found.dinitial, [dh * 2 / 3 + da1[0] - da1[1] + 2 * dq1], TERMS)


def test_gru_with_reset_before(engine):
    U, b, h0 = np.array([1.0, -1, 2]), np.array([0, 1, 1 / 2]), 1 / 2
    # step 1: r = 1/4, z = 2/3;  q = ¼·½ = 1/8;         a_n + 2 q = ln 2,  n = 3/5
    # step 2: r = 1/2, z = 1/4;  q = ½·8/15 = 4/15;     a_n + 2 q = ln 3,  n = 4/5
    h1, h2 = 8 / 15, 11 / 15  # as with reset after: h is made in the same way
    W1 = [-LN3 - h0, LN2 + h0 - 1, LN2 - 1 / 4 - 1 / 2]
    W2 = [0 - h1, -LN3 + h1 - 1, LN3 - 8 / 15 - 1 / 2]
    W = np.array([W1, W2]).T
    found = Worked(engine, un.GRU(1, "before"), STEPS, [h0], weight_ih=W, weight_hh=U, bias=b)
    assert_close(found.h, [h1, h2], TERMS)
    assert_close(found.final, [h2], TERMS)

    # step 2: dh = 3;  dz = -4/5;  da_n = 81/100 as above;  dq = 2·81/100 = 81/50
    #         dr = 81/50·8/15 = 108/125;  da_r = 108/125·¼ = 27/125;  da_z = -4/5·3/16
    da2 = np.array([27 / 125, -3 / 20, 81 / 100])
    # step 1: dh = 1 + 3·¼ + dq·½ + da_r - da_z = 7/4 + 81/100 + 27/125 + 3/20
    dh = 1463 / 500
    #         dz = -dh/10;  da_n = dh·16/75;  dq = 2 da_n;  dr = dq·½
    da_n, dz = dh * 16 / 75, -dh / 10
    dq1 = 2 * da_n
    da1 = np.array([dq1 / 2 * 3 / 16, dz * 2 / 9, da_n])
    found.assert_gradients(
        weight_ih=np.array([da1, da2]).T,
        weight_hh=[da1[0] * h0 + da2[0] * h1, da1[1] * h0 + da2[1] * h1, da1[2] / 8 + da2[2] * 4 / 15],
        bias=da1 + da2,
    )
    assert_close(found.dx, [da1 @ W, da2 @ W], TERMS)
    assert_close(found.dinitial, [dh * 2 / 3 + dq1 / 4 + da1[0] - da1[1]], TERMS)


def test_lstm(engine):
    U, b, h0, c0 = np.array([1.0, -1, 2, 1]), np.array([0.0, 1, 0, -1]), 1 / 2, 2 * LN2
    g1, g2 = 2 / 3 * LN2, 3 / 4 * (LN3 - LN2)
    # step 1: i = 3/4, f = 1/4, o = 2/3;  c = ¼·2 ln 2 + ¾·⅔ ln 2 = ln 2;                    h = 2/3·3/5
    # step 2: i = 2/3, f = 1/2, o = 3/4;  c = ½ ln 2 + ⅔·¾ (ln 3 - ln 2) = ½ ln 3;           h = 3/4·1/2
    h1, h2 = 2 / 5, 3 / 8
    W1 = np.array([LN3, -LN3, np.arctanh(g1), LN2]) - U * h0 - b
    W2 = np.array([LN2, 0, np.arctanh(g2), LN3]) - U * h1 - b
    W = np.array([W1, W2]).T
    found = Worked(engine, un.LSTM(1), STEPS, [h0, c0], weight_ih=W, weight_hh=U, bias=b)
    assert_close(found.h, [h1, h2], TERMS)
    assert_close(found.final, [h2, LN3 / 2], TERMS)

    # step 2: dh = 3;  do = 3·½;  dc = 1 + 3·¾ (1 - ¼) = 43/16
    #         di = dc g = 43/16·¾ ln 3/2;  df = dc ln 2;  dg = dc·⅔;  to step 1 goes dc·½ = 43/32
    da2 = np.array([43 / 96 * (LN3 - LN2), 43 / 64 * LN2, 43 / 24 * (1 - g2**2), 9 / 32])
    # step 1: dh = 1 + U·da_2;  do = dh·3/5;  dc = 43/32 + dh·2/3 (1 - 9/25)
    dh = 1 + da2[0] - da2[1] + 2 * da2[2] + da2[3]
    dc = 43 / 32 + dh * 32 / 75
    #         di = dc·⅔ ln 2;  df = dc·2 ln 2;  dg = dc·¾;  i (1 - i) = f (1 - f) = 3/16;  o (1 - o) = 2/9
    da1 = np.array([dc * LN2 / 8, dc * LN2 * 3 / 8, dc * 3 / 4 * (1 - g1**2), dh * 3 / 5 * 2 / 9])
    found.assert_gradients(
        weight_ih=np.array([da1, da2]).T,
        weight_hh=da1 * h0 + da2 * h1,
        bias=da1 + da2,
    )
    assert_close(found.dx, [da1 @ W, da2 @ W], TERMS)
    assert_close(found.dinitial, [da1[0] - da1[1] + 2 * da1[2] + da1[3], dc / 4], TERMS)
