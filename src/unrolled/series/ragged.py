"""Many series below one another in one array: their rows, batches of series, and windows of equal length."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..arrays import Array

ROWS_PER_BATCH = 1 << 16  # rows of several series that are processed at once, few enough to stay in the cache
MAX_WINDOW_CELLS = 1 << 20  # cells of windows that are stacked at once


def offsets_of(lengths: Array) -> Array:
    """Where series of these lengths (S,) begin below one another, and the last one ends, (S + 1,)."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def starts_of(codes: Array) -> Array:
    """The position of the first row of each series, of the numbers of sorted rows' series, (n,).

    >>> starts_of(np.array([0, 0, 1, 4, 4])).tolist()
    [0, 2, 3]
    """
    return np.append(np.zeros(min(len(codes), 1), np.int64), np.flatnonzero(codes[1:] != codes[:-1]) + 1)


def rows_between(starts: Array, ends: Array) -> Array:
    """The row numbers starts[0] .. ends[0] - 1, then starts[1] .. ends[1] - 1, and so on.

    >>> rows_between(np.array([2, 7]), np.array([4, 10])).tolist()
    [2, 3, 7, 8, 9]
    """
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    rows = np.ones(int((ends - starts).sum()), np.int64)  # the steps between the numbers
    if len(rows):
        rows[np.cumsum(ends - starts)[:-1]] += starts[1:] - ends[:-1]
        rows[0] = starts[0]
    return np.cumsum(rows, out=rows)


def carry_forward(values: Array, offsets: Array) -> Array:
    """Replace each missing value by the last one before it in its series, (n,); NaN stays before the first value.

    >>> carry_forward(np.array([np.nan, 1, np.nan, np.nan, 2]), np.array([0, 3, 5]))
    array([nan,  1.,  1., nan,  2.])
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    source = np.where(missing, 0, np.arange(len(values)))
    source[offsets[:-1]] = offsets[:-1]
    return values[np.maximum.accumulate(source, out=source)]


def pieces_of(offsets: Array) -> Iterator[tuple[slice, slice, Array]]:
    """Batches of series: the numbers of their series, their rows, and the offsets of the series within these rows."""
    begins = np.searchsorted(offsets, np.arange(0, offsets[-1], ROWS_PER_BATCH))
    bounds = np.unique(np.append(begins, len(offsets) - 1)).tolist()
    for first, last in pairwise(bounds):
        own = offsets[first : last + 1]
        yield slice(first, last), slice(int(own[0]), int(own[-1])), own - own[0]


def side_by_side(z: Array, starts: Array, ends: Array) -> Iterator[tuple[Array, Array]]:
    """Windows grouped by length, a batch at a time: their numbers (n,) and their values (n, length)."""
    lengths = ends - starts
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for piece in np.array_split(rows, max(1, len(rows) * int(length) // MAX_WINDOW_CELLS)):
            yield piece, z[starts[piece, None] + np.arange(length)]
