"""Arguments that networks refuse."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un

N, T = 6, 4
X, Y = np.zeros((N, T, 2)), np.zeros((N, 1))


def fit(**options) -> un.History:
    net = un.Network([un.RNN(2), un.Last(), un.Dense(1)], 2)
    return net.fit(**{"x": X, "y": Y, "epochs": 1, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": X[:, :, :1]}, r"x must have shape \(N, T, 2\) with N and T ≥ 1; got \(6, 4, 1\)"),
        ({"x": X[0]}, r"x must have shape \(N, T, 2\) .*; got \(4, 2\)"),
        ({"x": X[:0], "y": Y[:0]}, r"got \(0, 4, 2\)"),
        ({"x": X[:, :0]}, r"got \(6, 0, 2\)"),
        ({"x": 3.0}, r"got \(\)"),
        ({"x": [["a"]]}, "x must hold real numbers; got <U1"),
        ({"x": [[1.0], [1.0, 2.0]]}, "x must hold numbers: .*inhomogeneous"),
        ({"y": Y[:4]}, r"x has 6 rows; y must have as many, but its shape is \(4, 1\)"),
        ({"y": 1.0}, r"y must have as many, but its shape is \(\)"),
        ({"y": np.zeros((N, 3))}, r"predictions have shape \(6, 1\), targets \(6, 3\)"),
        ({"weight": np.ones(4)}, r"weight must have as many, but its shape is \(4,\)"),
        ({"weight": np.ones((N, 2))}, r"weights of shape \(6, 2\) do not fit losses of shape \(6, 1\)"),
        ({"weight": -np.ones(N)}, "weights must be ≥ 0, .*the lowest is -1"),
        ({"lengths": [4, 4]}, r"lengths must have as many, but its shape is \(2,\)"),
        ({"lengths": [T + 1] * N}, "lengths must lie in 0..4; they range from 5 to 5"),
        ({"lengths": [0.5] * N}, "lengths must be 6 whole numbers"),
        ({"epochs": 0}, "epochs must be a whole number ≥ 1; got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number ≥ 1; got 1.5"),
        ({"batch_size": -2}, "batch_size must be a whole number ≥ 1; got -2"),
        ({"clip_norm": 0}, "clip_norm must be positive, or None for no limit; got 0"),
        ({"validation": 1.0}, r"validation is a share of the rows in \(0, 1\); got 1.0"),
        ({"validation": -0.1}, r"in \(0, 1\); got -0.1"),
        ({"validation": 0.95}, "validation=0.95 of 6 rows leaves none to train on"),
        (
            {"validation": (X[:, :3], Y)},
            r"validation: rows of x have shape \(3, 2\); training rows have \(4, 2\)",
        ),
        (
            {"validation": (X, np.zeros(N))},
            r"validation: rows of target have shape \(\); training rows have \(1,\)",
        ),
        ({"validation": (X, Y[:2])}, r"x has 6 rows; y must have as many, but its shape is \(2, 1\)"),
        ({"validation": (X, Y), "lengths": [T] * N}, "has no lengths or weights; give a share of the rows"),
        ({"early_stopping": 0}, "patience must be ≥ 1 epoch; got 0"),
        ({"seed": -1}, r"a seed is a whole number in 0..2\^64-1; got -1"),
        ({"loss": "l2"}, "no loss is called 'l2'; known: mse, mae"),
        ({"loss": "cross_entropy"}, "need integer targets of shape"),
        ({"optimizer": "adam"}, r"optimizer must be an optimizer such as un.Adam\(1e-3\); got 'adam'"),
    ],
)
def test_mismatched_arrays_are_refused_with_both_numbers(options, message, engine):
    with pytest.raises(un.InputError, match=message):
        fit(**options)


def test_values_that_are_not_finite_are_named_unless_nothing_depends_on_them():
    net = un.Network([un.RNN(3), un.Dense(1)], input_size=1)
    x, y = np.zeros((4, 5, 1)), np.zeros((4, 5, 1))
    bad_x, bad_y = x.copy(), y.copy()
    bad_x[2, 3], bad_y[1, 4] = np.nan, np.inf
    with pytest.raises(un.InputError, match="x is not finite in row 2, step 3"):
        net.fit(bad_x, y)
    with pytest.raises(un.InputError, match="y is not finite in row 1"):
        net.fit(x, bad_y)
    net.fit(bad_x, bad_y, lengths=[5, 4, 3, 5], epochs=1)
    net.fit(x, bad_y, weight=np.array([1.0, 0.0, 1.0, 1.0]), epochs=1)


def test_numbers_beyond_the_range_of_the_network_are_named():
    """Not the learning rate, which has nothing to do with it."""
    layers = [un.GRU(2), un.Last(), un.Dense(1)]
    x, y = np.zeros((4, 3, 1)), np.zeros((4, 1))
    x[2, 1, 0], y[3, 0] = 1e300, 1e-300  # the small one becomes 0
    with pytest.raises(un.InputError, match=r"x holds 1e\+300 at \(2, 1, 0\), beyond the range of float32\. Scale x"):
        un.Network(layers, 1).fit(x, y, epochs=1, verbose=0)
    with pytest.raises(un.InputError, match=r"y holds -1e\+39 at \(1, 0\)"):
        un.Network(layers, 1).fit(y[:, None], [[0], [-1e39], [0], [0]], epochs=1, verbose=0)
    history = un.Network(layers, 1, "float64").fit(x, y, epochs=1, verbose=0)
    assert np.isfinite(history.loss).all()


def test_class_targets_without_weight_may_be_anything():
    net = un.Network([un.RNN(3), un.Dense(4)], input_size=1)
    x, y = np.zeros((2, 3, 1)), np.array([[0, 1, 2], [3, -1, -1]])
    net.fit(x, y, "cross_entropy", lengths=[3, 1], epochs=1)
    with pytest.raises(un.InputError, match=r"targets must lie in 0\.\.3"):
        net.fit(x, y, "cross_entropy", lengths=[3, 2], epochs=1)
