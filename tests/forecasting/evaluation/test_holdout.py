"""The held-out end: what coverage is reported of."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.forecasting.evaluation.holdout import HeldOutForecasts

NORMAL = np.array([-1.959964, -1.644854, -1.281552, -0.67449, 0, 0.67449, 1.281552, 1.644854, 1.959964])


@pytest.mark.parametrize("origins", [2, 8, 45])
@pytest.mark.parametrize("series", [1, 120])
def test_what_coverage_is_reported_of_is_calibrated_on_other_origins(origins, series, rng):
    """What came after an origin decides on the intervals of others, never on its own."""
    left = np.repeat(np.arange(origins), series)
    raw = NORMAL * rng.uniform(1, 2, size=(len(left), 3, 1))
    target = 3 * rng.normal(size=(len(left), 3))  # too narrow intervals: those of few scores never shrink
    held_out = HeldOutForecasts(
        ensemble=None,
        origins=None,
        left=left,
        quantiles=raw,
        target=target,
        weight=np.ones_like(target),
        correlation=np.eye(3),
    )
    before = held_out.calibrated_on_others()
    target[left == 1] *= 100
    changed = (held_out.calibrated_on_others() != before).any(axis=(1, 2))
    assert not changed[left == 1].any()
    assert changed[left != 1].any()
