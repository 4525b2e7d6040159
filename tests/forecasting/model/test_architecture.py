"""One network: what it reads and writes for each decoder, and how it begins."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.model.architecture import INITIAL_HEAD_WEIGHT, Architecture

COMMON = {"cell": "gru", "hidden": 5, "layers": 1, "dropout": 0.0, "horizon": 5, "outputs": 9}
N, WINDOW = 4, 8


def architecture(decoder="direct", segment=1, channels=1, **options):
    return Architecture(**COMMON | {"decoder": decoder, "segment": segment, "channels": channels} | options)


def inputs_of(one, rng):
    """Random inputs of N windows."""
    found = {"x": rng.standard_normal((N, WINDOW // one.segment, one.segment * one.channels))}
    if one.decoder != "direct":
        steps = -(-one.horizon // one.segment)
        size = one.segment * one.n_known_ahead + one.n_static + steps
        found["ahead"] = rng.standard_normal((N, steps, size))
        for k, count in enumerate(one.category_sizes):
            found[f"code {k}"] = np.repeat(rng.integers(count, size=(N, 1, 1)), steps, axis=1)
    return {name: values.astype(np.float32) for name, values in found.items()}


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("segment", [1, 2])
@pytest.mark.parametrize("decoder", ["direct", "parallel", "recurrent"])
def test_the_whole_horizon_is_forecast(decoder, segment, layers, rng):
    """Five steps do not fill three segments of two: outputs past the horizon are cut off."""
    ahead = {} if decoder == "direct" else {"n_known_ahead": 1, "n_static": 2, "category_sizes": (3, 4)}
    one = architecture(decoder, segment, channels=2, layers=layers, **ahead)
    found = one.forward(one.initialize(0), inputs_of(one, rng), None)
    assert found.shape == (N, 5, 9)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


@pytest.mark.parametrize("decoder", ["parallel", "recurrent"])
def test_a_value_known_ahead_moves_later_steps_only_if_recurrent(decoder, rng):
    one = architecture(decoder, n_known_ahead=1)
    parameters, inputs = one.initialize(1), inputs_of(one, rng)
    before = one.forward(parameters, inputs, None)
    inputs["ahead"][:, 2, 0] += 1
    moved = (one.forward(parameters, inputs, None) != before).any(axis=(0, 2))
    assert moved.tolist() == [False, False, True, decoder == "recurrent", decoder == "recurrent"]


@pytest.mark.parametrize("decoder", ["direct", "parallel"])
def test_short_windows_are_read_up_to_their_length(decoder, rng):
    one = architecture(decoder)
    parameters, inputs = one.initialize(2), inputs_of(one, rng)
    lengths = np.array([8, 3, 5, 8])
    before = one.forward(parameters, inputs, lengths)
    for row, length in enumerate(lengths):
        inputs["x"][row, length:] = 1e3
    np.testing.assert_array_equal(one.forward(parameters, inputs, lengths), before)


def test_the_decoder_shares_the_cell_of_the_encoder():
    direct, parallel = architecture(), architecture("parallel")
    names = set(parallel.program.views(parallel.initialize(0)))
    assert not [name for name in names if name.startswith("decoder")]
    assert {name for name in names if name.startswith("encoder 0")}
    assert parallel.program.size != direct.program.size


def test_networks_begin_near_their_anchors():
    one = architecture(dropout=0.4)
    own, plain = one.initialize(3), one.program.initialize(3, np.dtype(np.float32))
    views, before = one.program.views(own), one.program.views(plain)
    np.testing.assert_allclose(views["head.weight"], INITIAL_HEAD_WEIGHT * before["head.weight"], rtol=1e-6)
    for name in set(views) - {"head.weight"}:
        np.testing.assert_array_equal(views[name], before[name])
    assert (one.initialize(4) != own).any()


def test_a_network_in_words():
    assert repr(architecture()) == "GRU(5), direct decoding"
    assert (
        repr(architecture("parallel", 2, layers=3, cell="lstm")) == "3 × LSTM(5) on segments of 2, parallel decoding"
    )
