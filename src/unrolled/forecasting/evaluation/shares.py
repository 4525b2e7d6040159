"""The share of the pretrained network in a forecast, chosen on held-out windows, as the calibration is.

It is the mean of all shares, each weighted by its likelihood in these windows. If errors have the asymmetric Laplace
distribution, whose likelihood decreases with the quantile loss, and nothing is known about its scale, the likelihood
of a share with the total loss L in n independent values is proportional to L^-n. Small differences in a few windows
are mostly chance, and the share stays near one half; large ones are followed even if there are few.

Source: Yu & Moyeed, "Bayesian quantile regression", Statistics & Probability Letters 54, 2001; Hoeting, Madigan,
Raftery & Volinsky, "Bayesian model averaging", Statistical Science 14, 1999.
"""

from collections.abc import Iterator

import numpy as np

from ...arrays import Array
from ..probabilistic.interval_columns import Point
from ..probabilistic.quantile_function import means
from ..probabilistic.quantiles import QUANTILES

GRID = np.linspace(0, 1, 21)  # of shares that are tried
EQUAL = 0.5  # the share before any window is seen
TINY = float(np.finfo(float).tiny)
VALUES_PER_WINDOW = 2  # that are independent; errors of neighbouring steps are alike
MAX_BLOCKS_OF_ORIGINS = 20  # choices for a block are made on the others


def separate_windows(series: Array, left: Array, horizon: int) -> int:
    """The number of windows that share no target; `left` (K,) is how far each is from the end of its series."""
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


def losses_of_shares(
    trained: Array, pretrained: Array, target: Array, weight: Array, unit: Array, point: Point | None = None
) -> Array:
    """The losses of K held-out windows at all shares of the pretrained network, (len(GRID), K).

    Args:
        trained, pretrained: quantiles of the networks trained on the table, and of the pretrained one, (K, H, Q).
        target: the actual values, (K, H).
        weight: 0 for unknown ones, (K, H).
        unit: the usual error of each window's series, (K,).
        point: "mean" takes squared errors of means instead of quantile losses; the likelihood of normal errors with
            the sum L decreases as quickly with its root.
    """
    levels, losses = np.array(QUANTILES), []
    for share in GRID:
        quantiles = trained + share * (pretrained - trained)
        if point == "mean":
            losses.append((weight * (target - means(quantiles)) ** 2).sum(axis=1) / unit**2)
            continue
        error = target[..., None] - quantiles
        loss = np.maximum(levels * error, (levels - 1) * error).sum(axis=-1)
        losses.append((loss * weight).sum(axis=1) / unit)
    return np.array(losses)


class Shares:
    """The choice of the share of the pretrained network from its losses in K held-out windows.

    Args:
        losses: of `losses_of_shares`, (len(GRID), K).
        series, left: as in `separate_windows`.
        horizon: H.
    """

    def __init__(self, losses: Array, series: Array, left: Array, horizon: int) -> None:
        self.losses, self.series, self.left, self.horizon = losses, series, left, horizon

    def best(self, rows: Array | slice = slice(None)) -> float:
        """The mean of the shares, weighted by their likelihood in these windows."""
        values = VALUES_PER_WINDOW * separate_windows(self.series[rows], self.left[rows], self.horizon)
        losses = np.maximum(self.losses[:, rows].sum(axis=1), TINY)
        likelihood = np.exp(-values * (np.log(losses) - np.log(losses.min())))
        return float(np.average(GRID, weights=likelihood))

    def of_windows(self) -> Array:
        """The share for each window, chosen on windows without a common target; one half if there are none, (K,)."""
        found = np.full(len(self.left), EQUAL)
        for here, others in blocks_and_others(self.left, self.horizon):
            distances = np.abs(np.subtract.outer(np.unique(self.left[here]), np.unique(self.left[others])))
            if distances.min() >= self.horizon:
                found[here] = self.best(others)
        return found
