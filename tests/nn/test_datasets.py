"""Batches as engines read them: rows of arrays, and windows of one long table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import decoders
from support import assert_close
from unrolled.nn.datasets import Arrays, Windows

ROWS = np.array([3, 0, 2])
F32, F64 = np.dtype("float32"), np.dtype("float64")


def test_rows_come_in_the_order_asked_for(rng):
    x, target = rng.standard_normal((5, 4, 2)), rng.standard_normal((5, 1))
    weight, lengths = rng.uniform(size=5), np.array([4, 3, 2, 1, 0])
    batch = Arrays(x, target, weight, lengths).batch(ROWS, F64)
    assert list(batch.inputs) == ["x"]
    for found, whole in zip((*batch.inputs.values(), *batch[1:]), (x, target, weight, lengths, None), strict=True):
        np.testing.assert_array_equal(found, None if whole is None else whole[ROWS])
    plain = Arrays(x, target).batch(ROWS, F64)
    assert (plain.weight, plain.lengths) == (None, None)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_numbers_are_converted_to_the_working_dtype_but_classes_stay_whole(dtype, rng):
    x = rng.standard_normal((5, 4, 2))
    batch = Arrays(x, np.arange(5), np.ones(5)).batch(ROWS, dtype)
    assert (batch.inputs["x"].dtype, batch.weight.dtype) == (dtype, dtype)
    assert batch.target.dtype.kind == "i"
    assert Arrays(x, np.ones(5)).batch(ROWS, dtype).target.dtype == dtype


@pytest.fixture
def windows(rng) -> Windows:
    """Four windows of up to 4 steps in a table of 12, with 3 target steps each."""
    return Windows(
        values=rng.standard_normal((12, 2)),
        observed=np.array([1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1.0]),
        starts=np.array([0, 2, 5, 1]),
        lengths=np.array([4, 4, 2, 3]),
        loc=rng.standard_normal((4, 2)),
        scale=rng.uniform(0.5, 2, (4, 2)),
        window=4,
        horizon=3,
    )


def test_a_window_is_read_scaled_and_padded(windows):
    inputs, lengths = windows.inputs(np.arange(4), F64)
    x = inputs["x"]
    assert list(inputs) == ["x"]
    assert (len(windows), windows.horizon, x.shape) == (4, 3, (4, 4, 2))
    np.testing.assert_array_equal(lengths, windows.lengths)
    for row in range(4):
        start, length = windows.starts[row], windows.lengths[row]
        expected = (windows.values[start : start + length] - windows.loc[row]) / windows.scale[row]
        assert_close(x[row, :length], expected, terms=2)
        assert (x[row, length:] == 0).all()


def test_full_windows_have_no_lengths(windows):
    assert windows.inputs(np.array([0, 1]), F64)[1] is None


@pytest.mark.parametrize("kind", ["loc", "lags", "drift"])
def test_targets_are_measured_from_their_anchors_and_gaps_have_no_weight(kind, windows):
    lags, drift = np.array([2, 2, 4]), np.array([0.5, -1.0, 0.0, 2.0])
    windows = replace(windows, **{"loc": {}, "lags": {"lags": lags}, "drift": {"drift": drift}}[kind])
    batch = windows.batch(np.arange(4), F64)
    anchors = windows.anchors(np.arange(4))
    for row in range(4):
        end = windows.starts[row] + windows.lengths[row]
        for j in range(3):
            anchor = {
                "loc": windows.loc[row, 0],
                "lags": windows.values[end + j - lags[j], 0],
                "drift": windows.loc[row, 0] + (j + 1) * drift[row],
            }[kind]
            assert anchors[row, j] == anchor
            assert_close(batch.target[row, j], (windows.values[end + j, 0] - anchor) / windows.scale[row, 0], terms=2)
            assert batch.weight[row, j] == windows.observed[end + j]
    np.testing.assert_array_equal(batch.unit, windows.scale[:, 0])


def test_windows_take_the_working_dtype(windows):
    batch = windows.batch(np.arange(4), F32)
    assert {batch.inputs["x"].dtype, batch.target.dtype, batch.weight.dtype} == {F32}


def test_a_window_never_reads_past_its_end(windows):
    poisoned = windows.values.copy()
    poisoned[4:] = np.nan
    rows = np.array([0, 3])  # both end at step 4
    changed = replace(windows, values=poisoned)
    np.testing.assert_array_equal(changed.inputs(rows, F64)[0]["x"], windows.inputs(rows, F64)[0]["x"])


@pytest.mark.parametrize("dtype", [F32, np.dtype("int8"), np.dtype(">f8")], ids=str)
def test_a_table_of_any_dtype_is_read_in_full_precision(dtype, windows):
    table = np.rint(9 * windows.values).astype(dtype)
    whole, found = (replace(windows, values=v).inputs(ROWS, F64)[0]["x"] for v in (table.astype(F64), table))
    np.testing.assert_array_equal(found, whole)


# --- segments and channels known ahead ----------------------------------------------------------------


def by_hand(**changes) -> Windows:
    """Two windows in a table whose channel c of row t is 10 t + c; the second window is half as long.

    Of three channels the first two are scaled, and the last two are known ahead.
    """
    return Windows(
        values=10.0 * np.arange(12)[:, None] + np.arange(3),
        observed=np.array([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1.0]),
        starts=np.array([0, 4]),
        lengths=np.array([4, 2]),
        loc=np.array([[0, 1], [40, 41.0]]),
        scale=np.array([[10, 5], [5, 10.0]]),
        window=4,
        **{"horizon": 3, "segment": 2, "decoded": True, "known": 2, "weight": np.array([1, 0.5]), **changes},
    )


def test_a_step_of_the_network_takes_a_segment():
    batch = by_hand().batch(np.arange(2), F64)
    expected = [
        [[0, 0, 2, 1, 2, 12], [2, 4, 22, 3, 6, 32]],  # rows 0 1, and 2 3, of three channels each
        [[0, 0, 42, 2, 1, 52], [0, 0, 0, 0, 0, 0]],  # rows 4 5, and padding
    ]
    np.testing.assert_array_equal(batch.inputs["x"], expected)
    np.testing.assert_array_equal(batch.lengths, [2, 1])  # in steps


def test_values_known_ahead_are_those_at_the_targets_with_a_one_hot_step():
    batch = by_hand().batch(np.arange(2), F64)
    expected = [
        [[8, 42, 10, 52, 1, 0], [12, 62, 0, 0, 0, 1]],  # rows 4 5, and 6, after which the horizon ends
        [[2, 62, 3, 72, 1, 0], [4, 82, 0, 0, 0, 1]],
    ]
    np.testing.assert_array_equal(batch.inputs["ahead"], expected)
    assert list(batch.inputs) == ["x", "ahead"]


def test_the_last_segment_of_targets_is_padded_without_weight():
    batch = by_hand().batch(np.arange(2), F64)
    np.testing.assert_array_equal(batch.target, [[[4, 5], [6, 0]], [[4, 6], [8, 0]]])
    np.testing.assert_array_equal(batch.weight, [[[1, 0], [1, 0]], [[0.5, 0.5], [0.5, 0]]])  # row 5 is a gap
    whole = by_hand(horizon=4).batch(np.arange(2), F64)  # a multiple of the segment
    np.testing.assert_array_equal(whole.target, [[[4, 5], [6, 7]], [[4, 6], [8, 10]]])
    np.testing.assert_array_equal(whole.weight, [[[1, 0], [1, 1]], [[0.5, 0.5], [0.5, 0.5]]])
    assert whole.inputs["ahead"][1, 1].tolist() == [4, 82, 5, 92, 0, 1]


def test_segments_without_a_decoder_have_targets_of_the_horizon():
    decoded, batch = (by_hand(decoded=decoded).batch(np.arange(2), F64) for decoded in (True, False))
    assert list(batch.inputs) == ["x"]
    np.testing.assert_array_equal(batch.inputs["x"], decoded.inputs["x"])
    for found, padded in ((batch.target, decoded.target), (batch.weight, decoded.weight)):
        np.testing.assert_array_equal(found, padded.reshape(2, 4)[:, :3])


def test_fixed_features_and_codes_are_repeated_at_every_step_ahead():
    fixed, codes = np.array([[7, 8], [5, 6], [3, 4.0]]), np.array([[1, 9], [2, 8], [3, 7]])
    windows = by_hand(known=0, series=np.array([2, 0]), fixed=fixed, codes=codes)
    inputs, _ = windows.inputs(np.array([1, 0]), F32)
    np.testing.assert_array_equal(inputs["ahead"], [[[7, 8, 1, 0], [7, 8, 0, 1]], [[3, 4, 1, 0], [3, 4, 0, 1]]])
    np.testing.assert_array_equal(inputs["code 0"], [[[1], [1]], [[3], [3]]])
    np.testing.assert_array_equal(inputs["code 1"], [[[9], [9]], [[7], [7]]])
    assert {a.dtype for a in inputs.values()} == {F32}


def test_windows_longer_than_all_rows_take_no_memory():
    windows = replace(by_hand(), window=10**12)
    found, lengths = windows.inputs(np.arange(2), F64)
    expected, _ = by_hand().inputs(np.arange(2), F64)
    np.testing.assert_array_equal(found["x"], expected["x"][:, : found["x"].shape[1]])
    assert found["x"].shape[1] == max(windows.lengths) // windows.segment
    assert lengths is None or max(lengths) == found["x"].shape[1]


@pytest.mark.parametrize("kind", decoders.KINDS)
@pytest.mark.parametrize("ragged", [False, True], ids=["", "lengths"])
def test_past_the_end_of_a_window_only_channels_known_ahead_are_read(ragged, kind, rng):
    windows = decoders.segmented(kind, rng, rows=7, ragged=ragged)
    for row in range(7):
        start, end = windows.starts[row], windows.starts[row] + windows.lengths[row]
        poisoned = np.full_like(windows.values, np.nan)
        poisoned[start:end] = windows.values[start:end]
        ahead = slice(end, end + windows.horizon), slice(windows.values.shape[1] - windows.known, None)
        poisoned[ahead] = windows.values[ahead]
        expected, found = (w.inputs([row], F64)[0] for w in (windows, replace(windows, values=poisoned)))
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_a_window_at_the_end_of_the_table_is_read_without_channels_known_ahead():
    """So that the values after the table can be forecast."""
    windows = by_hand(known=0)
    table = windows.values[:6]
    found, expected = (replace(windows, values=v).inputs(np.arange(2), F64)[0] for v in (table, windows.values))
    np.testing.assert_array_equal(found["ahead"], expected["ahead"])
    np.testing.assert_array_equal(found["x"], expected["x"])
