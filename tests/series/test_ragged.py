"""Many series in one array: missing values, batches and windows, each against a loop over the series."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.series.ragged import carry_forward, pieces_of, side_by_side


@pytest.mark.parametrize("rows_per_batch", [1, 7, 1000])
def test_batches_cover_all_series_in_order(monkeypatch, rows_per_batch):
    monkeypatch.setattr("unrolled.series.ragged.ROWS_PER_BATCH", rows_per_batch)
    offsets = np.cumsum([0, 3, 1, 12, 2, 5])
    rows, lengths = [], []
    for series, piece, own in pieces_of(offsets):
        assert own[0] == 0
        assert own[-1] == piece.stop - piece.start
        rows += range(piece.start, piece.stop)
        lengths += np.diff(own).tolist()
        assert len(own) == series.stop - series.start + 1
    assert rows == list(range(23))
    assert lengths == [3, 1, 12, 2, 5]


@pytest.mark.parametrize("max_cells", [1, 8, 1000])
def test_windows_of_one_length_are_stacked(monkeypatch, rng, max_cells):
    monkeypatch.setattr("unrolled.series.ragged.MAX_WINDOW_CELLS", max_cells)
    z, starts, ends = rng.random(40), np.array([0, 9, 4, 20, 30]), np.array([4, 11, 8, 22, 34])
    found = {
        int(k): row
        for numbers, stacked in side_by_side(z, starts, ends)
        for k, row in zip(numbers, stacked, strict=True)
    }
    assert sorted(found) == [0, 1, 2, 3, 4]
    for k, row in found.items():
        np.testing.assert_array_equal(row, z[starts[k] : ends[k]])


def test_values_are_carried_forward_within_their_series_only():
    values = np.array([1, np.nan, np.nan, 2, np.nan, 3])
    np.testing.assert_array_equal(carry_forward(values, np.array([0, 2, 6])), [1, 1, np.nan, 2, 2, 3])
