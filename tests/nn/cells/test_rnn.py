"""What is specific to the simple recurrent layer."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un


def test_an_identity_recurrence_keeps_its_state():
    net = un.Network([un.RNN(8, "relu", initial="identity")], 5, "float64")
    np.testing.assert_array_equal(net.views["0.weight_hh"], np.eye(8))
    assert 0 < np.abs(net.views["0.weight_ih"]).max() < 0.01


def test_invalid_options_are_refused():
    with pytest.raises(
        un.InputError, match="RNN: activation must be 'tanh', 'relu', 'linear' or 'sigmoid'; got 'softplus'"
    ):
        un.RNN(2, "softplus")
    with pytest.raises(un.InputError, match="RNN: initial must be 'orthogonal' or 'identity'; got 'zeros'"):
        un.RNN(2, initial="zeros")
