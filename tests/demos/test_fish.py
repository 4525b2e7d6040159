"""The demo fish."""

from __future__ import annotations

import re

import numpy as np
import pytest

from unrolled.demos import fish

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_fish(seed):
    result = fish.run(seed=seed)
    assert result.report.ok
    assert abs(result.numbers["prediction"] - 1.25) <= 0.01
    assert result.numbers["units_alive"] >= 1
    assert all(abs(slope) > 0 for slope in result.numbers["sensitivity"])
    assert result.right


def test_fish_starts_every_epoch_from_zero():
    net, rate = fish.live_network(4), 0.01
    zero = net.layers[0].zero_state(1, np.dtype("float64"))
    for _ in range(7):
        _, grads = net.gradients(fish.DAYS, fish.DAY_5, state=(zero, None, None))
        net.parameters -= rate * grads.parameters
    prediction = net.forward(fish.DAYS, state=(zero, None, None))[0].item()
    assert fish.run(seed=4, epochs=7).numbers["prediction"] == pytest.approx(prediction, rel=0, abs=1e-14)


def test_fish_prints_loss_and_prediction_of_every_epoch():
    result = fish.run(epochs=12)
    lines = [line for line in result.lines if line.startswith("epoch")]
    assert [int(re.match(r"epoch +(\d+) ", line)[1]) for line in lines] == [*range(1, 13)]
    loss, prediction = (float(v) for v in re.search(r"loss (\S+) +prediction (\S+)", lines[-1]).groups())
    assert loss == pytest.approx((prediction - 1.25) ** 2, abs=1e-6)


def test_fish_sensitivity_is_the_slope_of_the_prediction():
    net = fish.live_network(0)
    for day, slope in enumerate(fish.sensitivity(net)):
        step = np.zeros_like(fish.DAYS)
        step[0, day] = 1e-6
        plus, minus = (net.forward(fish.DAYS + sign * step)[0].item() for sign in (1, -1))
        assert slope == pytest.approx((plus - minus) / 2e-6, abs=1e-8)
