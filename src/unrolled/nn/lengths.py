"""Lengths of padded sequences."""

import numpy as np

from ..arrays import Array
from ..errors import InputError


def valid_steps(lengths: Array, steps: int) -> Array:
    """(N, T) bool, True for the steps within the length of their row."""
    return np.arange(steps) < lengths[:, None]


def checked_lengths(lengths: Array, rows: int, steps: int | None) -> Array:
    """Lengths as int64, or an `InputError`; `steps` is None if there is no sequence that they apply to."""
    lengths = np.asarray(lengths)
    if steps is None or lengths.shape != (rows,) or lengths.dtype.kind not in "iu":
        raise InputError(f"lengths must be {rows} whole numbers, one per row; got {lengths.dtype} {lengths.shape}.")
    if lengths.min() < 0 or lengths.max() > steps:
        raise InputError(f"lengths must lie in 0..{steps}; they range from {lengths.min()} to {lengths.max()}.")
    return lengths.astype(np.int64)
