"""Random numbers as a pure function of their place in training.

Every random number is Philox4x64-10 with key = seed and counter = (purpose, epoch, batch, layer, index).
There is no generator state to save: masks and permutations do not depend on threads, on how an epoch is
cut into slices, or on a resume, and any engine can reproduce them.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from ..errors import InputError


class Purpose(IntEnum):
    """The purpose of random numbers, part of the counter, so that no two purposes share a stream."""

    INITIALIZE = 1
    SHUFFLE = 2
    DROPOUT = 3
    SAMPLE = 4
    PATHS = 5


class Place(NamedTuple):
    """The place in training at which a random number is drawn."""

    seed: int
    epoch: int = 0
    batch: int = 0


def _philox(purpose: Purpose, place: Place, layer: int) -> np.random.Philox:
    # the lowest word counts the index: Philox advances it by one for each block of four numbers
    counter = np.array([0, layer, (place.epoch << 32) | place.batch, purpose], dtype=np.uint64)
    return np.random.Philox(key=np.array([place.seed, 0], dtype=np.uint64), counter=counter)


def generator(purpose: Purpose, place: Place, layer: int = 0) -> np.random.Generator:
    """A NumPy generator that starts at this place."""
    return np.random.Generator(_philox(purpose, place, layer))


def words(purpose: Purpose, place: Place, layer: int, size: int) -> np.ndarray:
    """`size` raw 64-bit words of this place, (size,) uint64."""
    return _philox(purpose, place, layer).random_raw(size)


def permutation(place: Place, n: int) -> np.ndarray:
    """The order in which an epoch visits n rows, (n,) int64."""
    return generator(Purpose.SHUFFLE, place).permutation(n)


def checked_seed(seed: int) -> int:
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**64:
        raise InputError(f"a seed is a whole number in 0..2^64-1; got {seed!r}.")
    return int(seed)
