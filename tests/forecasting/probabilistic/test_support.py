"""The support of a target: what is clipped and rounded, and in which direction."""

from __future__ import annotations

import numpy as np

from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES
from unrolled.forecasting.probabilistic.support import UNBOUNDED, Support


def test_whole_quantiles_keep_order_and_coverage(rng):
    quantiles = np.sort(3 * rng.standard_normal((50, len(QUANTILES))), axis=-1)
    whole = np.stack([Support(integer=True).quantile(quantiles[:, k], q) for k, q in enumerate(QUANTILES)], axis=-1)
    assert (whole == np.rint(whole)).all()
    assert (np.diff(whole, axis=-1) >= 0).all()
    assert (whole[:, :MEDIAN] <= quantiles[:, :MEDIAN]).all()
    assert (whole[:, MEDIAN + 1 :] >= quantiles[:, MEDIAN + 1 :]).all()


def test_whole_quantiles_are_rounded_outwards_and_the_median_to_the_nearest():
    whole = Support(integer=True)
    found = [whole.quantile(np.array([-0.4, 1.2, 1.6]), q).tolist() for q in (0.1, 0.5, 0.9)]
    assert found == [[-1, 1, 1], [0, 1, 2], [0, 2, 2]]
    assert not np.signbit(whole.quantile(np.array([-0.4]), 0.5))  # never -0
    almost = np.array([2.9999999999999, 1e6 - 5e-4])  # rounding, not fractions
    assert whole.quantile(almost, 0.1).tolist() == [3, 1e6]


def test_values_are_rounded_to_the_nearest():
    y = np.array([-0.4, -1.6, 2.4, 2.6])
    assert UNBOUNDED.values(y) is y
    assert UNBOUNDED.quantile(y, 0.9) is y
    whole = Support(integer=True).values(y)
    assert whole.tolist() == [0, -2, 2, 3]
    assert not np.signbit(whole[0])  # never -0
