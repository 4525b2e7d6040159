"""What is specific to the GRU."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un


@pytest.mark.parametrize("reset", ["after", "before"])
def test_with_an_open_update_gate_the_state_stays(reset, engine, rng):
    """z = 1 keeps the old state."""
    net = un.Network([un.GRU(3, reset)], 2, "float64")
    net.layers[0].split(net.views["0.bias"])[1][...] = 100
    h = rng.standard_normal((4, 3))
    _, (final,) = net.forward(rng.standard_normal((4, 6, 2)), ((h,),))
    np.testing.assert_allclose(final.h, h, rtol=1e-12)


def test_only_the_reset_after_the_product_has_a_bias_of_its_own():
    assert "bias_hn" in un.GRU(3, "after").parameters((2,))
    assert "bias_hn" not in un.GRU(3, "before").parameters((2,))
    with pytest.raises(un.InputError, match="GRU: reset must be 'after' or 'before'; got 'never'"):
        un.GRU(2, "never")
