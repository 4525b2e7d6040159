"""Lengths of padded sequences."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from unrolled.nn.lengths import checked_lengths, valid_steps


def test_steps_within_the_length_are_valid():
    np.testing.assert_array_equal(valid_steps(np.array([2, 0, 3]), 3), [[1, 1, 0], [0, 0, 0], [1, 1, 1]])


def test_lengths_are_whole_numbers_up_to_the_number_of_steps():
    assert checked_lengths(np.array([0, 3], np.int8), 2, 3).dtype == np.int64
    with pytest.raises(un.InputError, match=r"lengths must lie in 0..3; they range from 0 to 4"):
        checked_lengths(np.array([0, 4]), 2, 3)
    with pytest.raises(un.InputError, match="lengths must be 2 whole numbers, one per row"):
        checked_lengths(np.array([1, 2]), 2, None)  # nothing that they could apply to
