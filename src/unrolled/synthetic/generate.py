"""Synthetic series of many kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ..argument_types import check_type
from ..arrays import Array
from ..errors import InputError
from .distortions import distort
from .processes import (
    calendar,
    counts,
    exponential_smoothing,
    fractional,
    gaussian_process,
    regimes,
    structural,
)

Process = Callable[[np.random.Generator, int, int, tuple[float, ...]], Array]

KINDS: dict[str, Process] = {
    "exponential smoothing": exponential_smoothing,
    "structural": structural,
    "calendar": calendar,
    "fractional": fractional,
    "gaussian process": gaussian_process,
    "regimes": regimes,
    "counts": counts,
}
WHOLE = ("counts",)  # kinds that remain as they are
MAX_VALUES = 100_000_000  # of all series


def generate(
    n: int,
    length: int,
    seasons: Sequence[float] = (),
    *,
    kind: str,
    seed: int = 0,
    distorted: bool = True,
) -> Array:
    """Synthetic series.

    Args:
        n: the number of series.
        length: their number of rows.
        seasons: the rows of each season, in rising order, such as (12,) for months, (24, 168) for hours, and
            (7, 365.25) for days.
        kind: the process, one of `KINDS`.
        seed: the same seed gives the same series.
        distorted: whether some series get outliers, shifts, rounding and limits, and all get units of their own.

    Returns:
        Array (n, length).

    Raises:
        InputError: a number is out of range, or the kind does not exist.

    >>> generate(2, 5, (4,), kind="structural").shape
    (2, 5)
    >>> bool((generate(1, 50, kind="counts") % 1 == 0).all())
    True
    """
    for name, value, least in (("n", n, 1), ("length", length, 1), ("seed", seed, 0)):
        check_type(f"`{name}`", value, int)
        if value < least:
            raise InputError(f"`{name}={value}` must be at least {least}.")
    if n * length > MAX_VALUES:
        raise InputError(
            f"`n={n}` series of `length={length}` have more than {MAX_VALUES} values. Make fewer at a time."
        )
    check_type("`seasons`", seasons, Sequence[float])
    check_type("`kind`", kind, str)
    check_type("`distorted`", distorted, bool)
    if kind not in KINDS:
        raise InputError(f"`kind={kind!r}` does not exist. Use one of: {', '.join(KINDS)}.")
    periods = tuple(float(season) for season in seasons)
    if any(not 2 <= a < np.inf for a in periods) or any(a >= b for a, b in pairwise(periods)):
        raise InputError(f"`seasons={tuple(seasons)}` must rise, from at least 2 rows on.")
    rng = np.random.default_rng(seed)
    values = KINDS[kind](rng, n, length, periods)
    return distort(rng, values) if distorted and kind not in WHOLE else values
