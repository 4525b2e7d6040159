"""Batches as engines read them: rows of arrays, and windows of one long table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support import assert_close
from unrolled.data import Arrays, Windows

ROWS = np.array([3, 0, 2])
F32, F64 = np.dtype("float32"), np.dtype("float64")


def test_rows_come_in_the_order_asked_for(rng):
    x, target = rng.standard_normal((5, 4, 2)), rng.standard_normal((5, 1))
    weight, lengths = rng.uniform(size=5), np.array([4, 3, 2, 1, 0])
    batch = Arrays(x, target, weight, lengths).batch(ROWS, F64)
    for found, whole in zip(batch, (x, target, weight, lengths, None), strict=True):
        np.testing.assert_array_equal(found, None if whole is None else whole[ROWS])
    plain = Arrays(x, target).batch(ROWS, F64)
    assert (plain.weight, plain.lengths) == (None, None)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_numbers_take_the_working_dtype_but_classes_stay_whole(dtype, rng):
    x = rng.standard_normal((5, 4, 2))
    batch = Arrays(x, np.arange(5), np.ones(5)).batch(ROWS, dtype)
    assert (batch.x.dtype, batch.weight.dtype) == (dtype, dtype)
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
    x, lengths = windows.inputs(np.arange(4), F64)
    assert (len(windows), windows.horizon, x.shape) == (4, 3, (4, 4, 2))
    np.testing.assert_array_equal(lengths, windows.lengths)
    for row in range(4):
        start, length = windows.starts[row], windows.lengths[row]
        expected = (windows.values[start : start + length] - windows.loc[row]) / windows.scale[row]
        assert_close(x[row, :length], expected, terms=2)
        assert (x[row, length:] == 0).all()


def test_full_windows_have_no_lengths(windows):
    assert windows.inputs(np.array([0, 1]), F64)[1] is None


@pytest.mark.parametrize("lags", [None, [2, 2, 4]], ids=["loc", "lags"])
def test_targets_are_measured_from_their_anchors_and_gaps_have_no_weight(lags, windows):
    windows = replace(windows, lags=None if lags is None else np.array(lags))
    batch = windows.batch(np.arange(4), F64)
    anchors = windows.anchors(np.arange(4))
    for row in range(4):
        end = windows.starts[row] + windows.lengths[row]
        for j in range(3):
            anchor = windows.loc[row, 0] if lags is None else windows.values[end + j - lags[j], 0]
            assert anchors[row, j] == anchor
            assert_close(batch.target[row, j], (windows.values[end + j, 0] - anchor) / windows.scale[row, 0], terms=2)
            assert batch.weight[row, j] == windows.observed[end + j]
    np.testing.assert_array_equal(batch.unit, windows.scale[:, 0])


def test_windows_take_the_working_dtype(windows):
    batch = windows.batch(np.arange(4), F32)
    assert {batch.x.dtype, batch.target.dtype, batch.weight.dtype} == {F32}


def test_a_window_never_reads_past_its_end(windows):
    poisoned = windows.values.copy()
    poisoned[4:] = np.nan
    rows = np.array([0, 3])  # both end at step 4
    changed = replace(windows, values=poisoned)
    np.testing.assert_array_equal(changed.inputs(rows, F64)[0], windows.inputs(rows, F64)[0])
