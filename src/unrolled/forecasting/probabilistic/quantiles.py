"""The grid of quantiles: those that networks learn and one pair beyond them, and interpolation within it."""

from collections.abc import Sequence

import numpy as np

from ...arrays import Array
from ...errors import InputError

# pairs around the median; the outermost carry the 95 % interval
LEARNED = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
# those of every forecast: the outermost pair, of the 99 % interval, is extrapolated, as few values lie so far outside
QUANTILES = (0.005, *LEARNED, 0.995)
MEDIAN = QUANTILES.index(0.5)
# the coverage levels whose bounds are learned quantiles
GRID_LEVELS = tuple(round(100 * (high - low)) for low, high in zip(LEARNED, LEARNED[::-1], strict=True) if low < 0.5)


def check_levels(level: Sequence[float] | float | None) -> list[float]:
    """Coverage levels in per cent, such as [80, 95], each within the grid."""
    try:
        levels: list[float] = [] if level is None else np.ravel(np.asarray(level, np.float64)).tolist()
    except (TypeError, ValueError) as error:
        raise InputError(f"levels are numbers in per cent, such as [80, 95]; got {level!r}.") from error
    largest = 100 * (QUANTILES[-1] - QUANTILES[0])
    for value in levels:
        if not 0 < value <= largest + 1e-9:
            raise InputError(
                f"`level` must be above 0 and at most {largest:g}, since values outside wider intervals are too rare "
                f"to learn from; got {value:g}."
            )
    return levels


def read_quantile(quantiles: Array, q: float) -> Array:
    """The quantile q of (..., Q) by linear interpolation between those of the grid, which keeps the order."""
    right = int(np.clip(np.searchsorted(QUANTILES, q), 1, len(QUANTILES) - 1))
    left = right - 1
    share = (q - QUANTILES[left]) / (QUANTILES[right] - QUANTILES[left])
    return quantiles[..., left] + np.clip(share, 0, 1) * (quantiles[..., right] - quantiles[..., left])
