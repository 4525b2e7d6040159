"""What the network reads depends on the form of a series only, not on its unit or place."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.pretrained.representation import CHANNELS, SEASON_CHANNELS, represent

SIZE_CHANNEL = CHANNELS - 3  # how large changes are relative to the values


@pytest.fixture
def series(rng):
    t = np.arange(48)
    return 50 + 0.3 * t + 5 * np.sin(2 * np.pi * t / 12) + rng.normal(size=(3, 48))


def test_shapes(series):
    shown = represent(series, (12,), 6)
    assert shown.inputs.shape == (3, 54, CHANNELS)
    assert shown.inputs.dtype == np.float32
    assert shown.anchor.shape == (3, 6)
    assert shown.scale.shape == (3,)


@pytest.mark.parametrize("seasons", [(), (12,), (6, 12)])
def test_another_unit_and_place_change_anchor_and_scale_only(series, seasons):
    own, other = represent(series, seasons, 6), represent(1000 * series - 7, seasons, 6)
    form = np.arange(CHANNELS) != SIZE_CHANNEL
    np.testing.assert_allclose(other.inputs[..., form], own.inputs[..., form], atol=1e-5)
    np.testing.assert_allclose(other.anchor, 1000 * own.anchor - 7, rtol=1e-9)
    np.testing.assert_allclose(other.scale, 1000 * own.scale, rtol=1e-9)


@pytest.mark.parametrize("rows", [1, 7, 200, 673])
def test_a_series_has_the_same_bits_alone_and_among_others(rng, rows):
    values = 50 + rng.normal(size=(61, rows))
    every = represent(values, (24, 168), 5)
    for some in (slice(3, 4), slice(9, 11), slice(20, 60)):
        for part, whole in zip(represent(values[some], (24, 168), 5), every, strict=True):
            np.testing.assert_array_equal(part, whole[some])


def test_missing_values_are_marked_and_replaced_by_the_last_known_one(series):
    series[0, 10:13] = np.nan
    shown, filled = represent(series, (12,), 2), series.copy()
    filled[0, 10:13] = series[0, 9]
    assert not shown.inputs[0, 10:13, [0, 2]].any()
    np.testing.assert_array_equal(shown.anchor, represent(filled, (12,), 2).anchor)
    np.testing.assert_array_equal(shown.inputs[1:], represent(filled, (12,), 2).inputs[1:])


def test_missing_values_at_the_beginning_are_replaced_by_the_first_known_one():
    shown = represent(np.array([[np.nan, np.nan, 4.0, 4.0]]), (), 1)
    np.testing.assert_allclose(shown.anchor, [[4.0]])
    assert np.isfinite(shown.inputs).all()


@pytest.mark.parametrize("value", [0.0, 5.0, -1e12])
@pytest.mark.parametrize("rows", [1, 2, 30])
def test_constant_series(value, rows):
    shown = represent(np.full((1, rows), value), (12,) if rows > 12 else (), 3)
    np.testing.assert_allclose(shown.anchor, value)
    assert np.isfinite(shown.inputs).all()
    assert (shown.scale > 0).all()


def test_rows_ahead_hold_what_stood_there_one_season_before(series):
    shown = represent(series, (12,), 14)
    before, known = shown.inputs[:, 48:, 5], shown.inputs[:, 48:, 6]
    assert (known == 1).all()
    np.testing.assert_allclose(before[:, :12], shown.inputs[:, 36:48, 0])
    np.testing.assert_allclose(before[:, 12:], shown.inputs[:, 36:38, 0])  # two seasons ahead: the last known one
    phases = shown.inputs[:, :, 5 + 4 : 5 + SEASON_CHANNELS]
    np.testing.assert_allclose(phases[:, 12:], phases[:, :-12], atol=1e-5)


def test_a_season_that_was_not_seen_is_not_known():
    shown = represent(np.arange(5.0)[None], (7,), 8)
    assert shown.inputs[0, 5:, 6].tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
