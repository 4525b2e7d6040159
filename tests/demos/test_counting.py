"""The demo counting."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.demos import counting

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_counting(seed):
    result = counting.run(seed=seed)
    assert result.report.ok
    assert abs(result.numbers["wx"] - 1) <= 0.01
    assert abs(result.numbers["wrec"] - 1) <= 0.01
    assert result.numbers["counted_right"] == 50
    assert result.right


def test_counting_data(rng):
    x, ones = counting.sequences(rng)
    assert x.shape == (50, 10, 1)
    assert set(np.unique(x)) == {0, 1}
    np.testing.assert_array_equal(ones[:, 0], x.sum(axis=(1, 2)))


@pytest.mark.parametrize("wrec", counting.COLORS)
def test_gradient_through_time_is_a_power_of_wrec(rng, wrec):
    found = counting.gradient_through_time(*counting.sequences(rng), wrec)
    np.testing.assert_allclose(found, wrec ** np.arange(9, -1, -1), rtol=1e-12)


def test_loss_surface_is_the_loss(rng):
    x, ones = counting.sequences(rng)
    wxs, wrecs = np.array([-0.5, 1.0, 1.2]), np.array([0.7, 1.0])
    surface = counting.loss_surface(x, ones, wxs, wrecs)
    for row, wrec in enumerate(wrecs):
        for column, wx in enumerate(wxs):
            loss, _ = counting.counter(wx, wrec).gradients(x, ones)
            assert surface[row, column] == pytest.approx(loss, rel=1e-12, abs=1e-12)
    assert surface[1, 1] == 0
