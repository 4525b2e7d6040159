"""Many series one below the other in one array: their rows, pieces of them, windows of equal lengths side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array

if TYPE_CHECKING:
    pass


def rows_between(starts: Array, ends: Array) -> Array:
    """The numbers starts[0] .. ends[0] - 1, starts[1] .. ends[1] - 1, ... in a row.

    >>> rows_between(np.array([2, 7]), np.array([4, 10])).tolist()
    [2, 3, 7, 8, 9]
    """
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def carry_forward(values: Array, offsets: Array) -> Array:
    """Each missing value becomes the one before it in its series; NaN stays before the first, (n,).

    >>> carry_forward(np.array([np.nan, 1, np.nan, np.nan, 2]), np.array([0, 3, 5]))
    array([nan,  1.,  1., nan,  2.])
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    source = np.where(missing, 0, np.arange(len(values)))
    source[offsets[:-1]] = offsets[:-1]
    return values[np.maximum.accumulate(source, out=source)]


AT_ONCE = 1 << 16  # rows of many series that are gone through at once, so that they stay in the cache


MOST_CELLS = 1 << 20  # of windows that are laid side by side at once


def pieces_of(offsets: Array) -> Iterator[tuple[slice, slice, Array]]:
    """Some series at once: their numbers, their rows, and their offsets among these rows."""
    begins = np.searchsorted(offsets, np.arange(0, offsets[-1], AT_ONCE))
    bounds = np.unique(np.append(begins, len(offsets) - 1)).tolist()
    for first, last in pairwise(bounds):
        own = offsets[first : last + 1]
        yield slice(first, last), slice(int(own[0]), int(own[-1])), own - own[0]


def side_by_side(z: Array, starts: Array, ends: Array) -> Iterator[tuple[Array, Array]]:
    """Windows of equal lengths, some at once: their numbers (n,) and values (n, length)."""
    lengths = ends - starts
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for piece in np.array_split(rows, max(1, len(rows) * int(length) // MOST_CELLS)):
            yield piece, z[starts[piece, None] + np.arange(length)]
