"""Timestamps that miss a regular grid by a small part of a period, as clocks of devices and rounding cause."""

import numpy as np

from ..arrays import Array
from .frequency import SECOND, Frequency, as_integers, steps_within
from .open_phases import MINUTE
from .ragged import starts_of

UNITS = (MINUTE, SECOND, SECOND // 1000, SECOND // 10**6)  # to which timestamps are rounded, the coarsest first
MAX_JITTER = 0.01  # of a period


def grid_distances(stamps: Array, codes: Array, frequency: Frequency | None = None) -> Array:
    """The distance of each timestamp to a grid from which none is farther than a hundredth of a period, (n,).

    All are 0 if there is no such grid. It is that of the frequency if it is given. Otherwise it has the shortest step
    within the series `codes` (n,), which must divide all steps; whole minutes belong to every grid.

    >>> stamps = np.array(["2024-01-01T00:00:00.1", "2024-01-01T01:00", "2024-01-01T02:00"], "datetime64[ns]")
    >>> grid_distances(stamps, np.zeros(3, int)).astype("timedelta64[ms]").astype(int).tolist()
    [-100, 0, 0]
    """
    numbers = as_integers(stamps)
    none = np.zeros(len(numbers), "timedelta64[ns]")
    if not (numbers % MINUTE).any() or np.isnat(stamps).any():
        return none
    if frequency is not None:
        return _to_grid(numbers, frequency) if frequency.unit == "fixed" else none
    order = np.lexsort((numbers, codes))
    first = starts_of(codes[order])
    steps = steps_within(numbers[order], first)[0]
    if not len(steps) or _are_even(steps):
        return none
    for unit in UNITS:
        rounded = (numbers + unit // 2) // unit * unit
        own, moves = steps_within(rounded[order], first)[0], rounded - numbers
        if len(own) and np.abs(moves).max() <= MAX_JITTER * own.min() and _are_even(own):
            return moves.view("timedelta64[ns]")
    return none


def _are_even(steps: Array) -> bool:
    """Whether all steps are multiples of the shortest."""
    return not (steps % steps.min()).any()


def _to_grid(numbers: Array, frequency: Frequency) -> Array:
    """The distances of timestamps, as nanoseconds, to the grid of a frequency if all are near it, else 0."""
    whole = frequency.whole
    ordinals = whole.ordinals((numbers + frequency.step // 2).view("datetime64[ns]"))[0]
    moves = as_integers(whole.stamps(ordinals)) - numbers
    return (moves * bool(np.abs(moves).max() <= MAX_JITTER * frequency.step)).view("timedelta64[ns]")
