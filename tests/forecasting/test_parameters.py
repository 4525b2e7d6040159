"""Parameters of a forecaster that are refused."""

from __future__ import annotations

import pytest

import unrolled as un
from unrolled.forecasting.parameters import refuse_horizon


@pytest.mark.parametrize("horizon", [0, -1, 1.0, "3", True, None])
def test_a_horizon_is_a_whole_number_of_periods(horizon):
    with pytest.raises(un.InputError, match=r"horizon must be a whole number of periods ≥ 1; got"):
        refuse_horizon(horizon)
