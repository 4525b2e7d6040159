"""Arrays that do not fit a program are refused, with the numbers of both."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from unrolled.nn.program import ProgramBuilder

N, T, F, H = 3, 5, 2, 3
X = np.zeros((N, T, F))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((N, T))}, r"input 'x' must have shape \(N, T, 2\); got \(3, 5\)"),
        ({"x": np.zeros((N, T, F + 1))}, r"input 'x' must have shape \(N, T, 2\); got \(3, 5, 3\)"),
        ({"x": np.zeros((N, 0, F))}, r"input 'x' is empty: shape \(3, 0, 2\)"),
        ({"x": np.zeros((0, T, F))}, r"input 'x' is empty: shape \(0, 5, 2\)"),
        ({"x": [["a"]]}, r"input 'x' must hold numbers"),
        ({"lengths": [1, 2]}, r"lengths must be 3 whole numbers, one per row; got int64 \(2,\)"),
        ({"lengths": [1.0, 2.0, 3.0]}, r"lengths must be 3 whole numbers, one per row; got float64 \(3,\)"),
        ({"lengths": [1, 2, T + 1]}, r"lengths must lie in 0..5; they range from 1 to 6"),
        ({"lengths": [1, -2, 3]}, r"lengths must lie in 0..5; they range from -2 to 3"),
        ({"state": ()}, "state must have one entry per layer: 2; got 0"),
        ({"state": (None, (np.zeros((N, H)),))}, r"layer 1 \(dense\) has no state; its entry must be None"),
        ({"state": ((np.zeros((N, H + 1)),), None)}, r"state 0.initial.h must be \(3, 3\); got \(3, 4\)"),
        ({"state": ((np.zeros((N, H)), np.zeros((N, H))), None)}, r"state 0.initial must have 1 part, h; got 2"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_both_numbers(arguments, message, engine):
    net = un.Network([un.RNN(H), un.Dense(1)], F)
    with pytest.raises(un.InputError, match=message):
        net.forward(**{"x": X, **arguments})


def test_numbers_beyond_the_range_of_the_network_are_refused(engine):
    """Except in padding, which may hold anything."""
    net = un.Network([un.RNN(H), un.Dense(1)], F)
    large = X.copy()
    large[1, 3, 0] = -1e300
    message = r"input 'x' holds -1e\+300 at \(1, 3, 0\), beyond the range of float32\. Scale input 'x', or give the"
    for call in (net.forward, lambda x: net.gradients(x, np.zeros((N, T, 1)))):
        with pytest.raises(un.InputError, match=message):
            call(large)
    np.testing.assert_array_equal(net.forward(large, lengths=[T, 3, T])[0], net.forward(X, lengths=[T, 3, T])[0])
    assert np.isfinite(un.Network([un.RNN(H)], F, "float64").forward(large)[0]).all()
    with pytest.raises(un.InputError, match="x holds 1e\\+300 at"):
        net.stream().step(np.full(F, 1e300))
    state = ((np.full((N, H), 1e39),), None)
    with pytest.raises(un.InputError, match=r"state 0.initial holds 1e\+39 at \(0, 0\), beyond the range of float32"):
        net.forward(X, state)


def test_texts_and_objects_that_are_numbers_are_read(engine):
    net = un.Network([un.RNN(H)], 1)
    expected = net.forward(np.ones((1, 2, 1)))[0]
    for x in ([[["1"], ["1.0"]]], np.ones((1, 2, 1), object)):
        np.testing.assert_array_equal(net.forward(x)[0], expected)


def test_inputs_of_a_program_have_the_same_rows(engine):
    builder = ProgramBuilder()
    builder.add(un.RNN(H), builder.input("past", F), name="0")
    program = builder.build(builder.add(un.RNN(H), builder.input("future", F), name="1"))
    params = program.initialize(0, np.dtype("float64"))
    with pytest.raises(un.InputError, match="input 'future' has 4 rows, an earlier input 3"):
        engine.forward(program, params, {"past": X, "future": np.zeros((N + 1, T, F))})
    with pytest.raises(un.InputError, match="input 'future' is missing; this program reads past, future"):
        engine.forward(program, params, {"past": X})
