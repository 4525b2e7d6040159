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
    assert Support(integer=True).quantile(np.array([2.9999999999999]), 0.1).tolist() == [
        3
    ]  # rounding, not a fraction


def test_values_are_rounded_to_the_nearest():
    y = np.array([-0.4, -1.6, 2.4, 2.6])
    assert UNBOUNDED.values(y) is y
    assert UNBOUNDED.quantile(y, 0.9) is y
    whole = Support(integer=True).values(y)
    assert whole.tolist() == [0, -2, 2, 3]
    assert not np.signbit(whole[0])  # never -0
