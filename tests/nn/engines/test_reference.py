"""The NumPy engine: valid steps without padding."""

from __future__ import annotations

import numpy as np

from unrolled.nn.cells import HiddenState
from unrolled.nn.engines.reference import Packing


def test_packing_omits_padding_and_is_reversible(rng):
    lengths, x = np.array([2, 0, 4, 2]), rng.standard_normal((4, 5, 3))
    packing = Packing(4, 5, lengths)
    packed = packing.pack(x)
    assert [block.stop - block.start for block in packing.blocks] == [3, 3, 1, 1]  # rows that run at each step
    assert packed.shape == (lengths.sum(), 3)
    np.testing.assert_array_equal(packed[:3], x[[2, 0, 3], 0])  # the longest row first
    valid = np.arange(5) < lengths[:, None]
    np.testing.assert_array_equal(packing.unpack(packed), np.where(valid[..., None], x, 0))
    state = HiddenState(rng.standard_normal((4, 2)))
    np.testing.assert_array_equal(packing.unsort(packing.sort(state)).h, state.h)
