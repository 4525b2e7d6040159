"""The grid of quantiles that networks learn, and interpolation within it."""

from collections.abc import Sequence

import numpy as np

from ...arrays import Array
from ...errors import InputError

# pairs around the median; the outermost carry the 95 % interval
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
MEDIAN = QUANTILES.index(0.5)
# the coverage levels whose bounds are learned quantiles
GRID_LEVELS = tuple(round(100 * (QUANTILES[-1 - k] - QUANTILES[k]), 6) for k in range(MEDIAN))


def check_levels(level: Sequence[float] | float | None) -> list[float]:
    """Coverage levels in per cent, such as [80, 95], each within the grid."""
    try:
        levels: list[float] = [] if level is None else np.ravel(np.asarray(level, np.float64)).tolist()
    except (TypeError, ValueError) as error:
        raise InputError(f"levels are numbers in per cent, such as [80, 95]; got {level!r}.") from error
    largest = 100 * (QUANTILES[-1] - QUANTILES[0])
    for value in levels:
        if not 0 < value <= largest + 1e-9:
            raise InputError(f"`level` must be above 0 and at most {largest:g}, the largest learned; got {value:g}.")
    return levels


def read_quantile(quantiles: Array, q: float) -> Array:
    """The quantile q of (..., Q) by linear interpolation between the learned ones, which keeps the order."""
    right = int(np.clip(np.searchsorted(QUANTILES, q - 1e-9), 1, len(QUANTILES) - 1))
    left = right - 1
    share = (q - QUANTILES[left]) / (QUANTILES[right] - QUANTILES[left])
    return quantiles[..., left] + np.clip(share, 0, 1) * (quantiles[..., right] - quantiles[..., left])
