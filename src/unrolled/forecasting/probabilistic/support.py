"""The values that a target can take: any, or whole numbers."""

from typing import NamedTuple

import numpy as np

from ...arrays import Array


class Support(NamedTuple):
    """The rounding of a target's forecasts, intervals and samples."""

    integer: bool = False  # all values are whole

    def values(self, y: Array) -> Array:
        """Values of the target, rounded to the nearest.

        >>> Support(integer=True).values(np.array([-0.7, 1.2, 2.6]))
        array([-1.,  1.,  3.])
        """
        return np.rint(y) + 0.0 if self.integer else y  # + 0: never -0

    def quantile(self, y: Array, q: float) -> Array:
        """Values of the quantile q, rounded outwards if whole: intervals keep their coverage, quantiles their order.

        >>> Support(integer=True).quantile(np.array([1.2, 2.6]), 0.9)
        array([2., 3.])
        """
        if not self.integer:
            return y
        # a value that differs from a whole number by a rounding error is that number
        nearest = np.rint(y)
        outwards = np.rint if abs(q - 0.5) < 1e-9 else np.floor if q < 0.5 else np.ceil
        return np.where(np.abs(y - nearest) <= 1e-9 * np.maximum(np.abs(y), 1), nearest, outwards(y)) + 0.0


UNBOUNDED = Support()
