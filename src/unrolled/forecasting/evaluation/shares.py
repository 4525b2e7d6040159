"""How much of a forecast is that of the pretrained network: chosen on held-out windows, as intervals are calibrated.

The share with the smallest quantile loss is shrunk to one half by the number of windows behind it: the best weights
in a few windows are mostly chance, and equal ones are hard to beat (Bates & Granger, "The combination of forecasts",
Operational Research Quarterly 20, 1969; Smith & Wallis, "A simple explanation of the forecast combination puzzle",
Oxford Bulletin of Economics and Statistics 71, 2009).
"""

from collections.abc import Iterator

import numpy as np

from ...arrays import Array
from ..probabilistic.quantiles import QUANTILES

GRID = np.linspace(0, 1, 21)  # of shares that are tried
EQUAL, WINDOWS_BEHIND_EQUAL = 0.5, 10  # the share before any window is seen, and the windows that count as much
MAX_BLOCKS_OF_ORIGINS = 20  # what is chosen for a block is chosen on the others


def separate_windows(series: Array, left: Array, horizon: int) -> int:
    """The number of windows (K,) that share no target; `left` rows are between each and the end of its series."""
    return len(np.unique(np.stack([series, left // horizon]), axis=1).T)


def blocks_and_others(left: Array, horizon: int) -> Iterator[tuple[Array, Array]]:
    """Blocks of neighbouring origins, and for each the windows on which its choices are made, both (K,) bool.

    These share no target with the block, if there are any; else they are those outside of it, or all.
    """
    origins = np.unique(left)
    for block in np.array_split(origins, min(len(origins), MAX_BLOCKS_OF_ORIGINS)):
        here = (left >= block[0]) & (left <= block[-1])
        apart = (left <= block[0] - horizon) | (left >= block[-1] + horizon)
        yield here, next(rows for rows in (apart, ~here, here) if rows.any())


class Shares:
    """The losses of K held-out windows at all shares of the pretrained network.

    Args:
        trained, pretrained: quantiles of the networks trained on the table, and of the pretrained one, (K, H, Q).
        target: the actual values, (K, H).
        weight: 0 for unknown ones, (K, H).
        unit: the usual error of each window's series, (K,).
        series, left: as in `separate_windows`.
    """

    def __init__(
        self, trained: Array, pretrained: Array, target: Array, weight: Array, unit: Array, series: Array, left: Array
    ) -> None:
        self.series, self.left, self.horizon = series, left, target.shape[1]
        levels, losses = np.array(QUANTILES), []
        for share in GRID:
            error = target[..., None] - (trained + share * (pretrained - trained))
            loss = np.maximum(levels * error, (levels - 1) * error).sum(axis=-1)
            losses.append((loss * weight).sum(axis=1) / unit)
        self.losses = np.array(losses)  # (shares, K)

    def best(self, rows: Array | slice = slice(None)) -> float:
        """The share that these windows call for."""
        count = separate_windows(self.series[rows], self.left[rows], self.horizon)
        smallest = float(GRID[self.losses[:, rows].sum(axis=1).argmin()])
        return (count * smallest + WINDOWS_BEHIND_EQUAL * EQUAL) / (count + WINDOWS_BEHIND_EQUAL)

    def of_windows(self) -> Array:
        """For each window the share that windows without a common target call for, one half without any, (K,)."""
        found = np.full(len(self.left), EQUAL)
        for here, others in blocks_and_others(self.left, self.horizon):
            distances = np.abs(np.subtract.outer(np.unique(self.left[here]), np.unique(self.left[others])))
            if distances.min() >= self.horizon:
                found[here] = self.best(others)
        return found
