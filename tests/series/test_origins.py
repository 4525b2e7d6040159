"""Origins of forecasts: the rows before them, and the rows and periods ahead."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest

from tables import panel_of
from unrolled.arrays import Array
from unrolled.series.origins import Origins

PANEL = replace(panel_of(np.arange(5), np.arange(3), np.arange(4)), first=np.array([0, 10, 20]))


def test_an_origin_belongs_to_the_series_of_the_row_before_it():
    origins = Origins(PANEL, np.array([1, 5, 6, 8, 12]))
    assert len(origins) == 5
    assert origins.series.tolist() == [0, 0, 1, 1, 2]
    assert origins.starts.tolist() == [0, 0, 5, 5, 8]


def test_rows_and_periods_ahead():
    origins = Origins(PANEL, np.array([3, 6, 12]))
    assert origins.rows_ahead(2).tolist() == [[3, 4], [6, 7], [12, 13]]
    # the numbers of the periods count from the first one of each series
    assert origins.ordinals_ahead(2).tolist() == [[3, 4], [11, 12], [24, 25]]


def test_a_selection_of_origins_has_the_same_class():
    @dataclass(frozen=True)
    class Weighted(Origins):
        weight: Array

    origins = Weighted(PANEL, np.array([3, 6, 12]), np.ones(3))
    assert origins.series.tolist() == [0, 1, 2]
    some = origins.take(np.array([2, 0]))
    assert type(some) is Weighted
    assert some.ends.tolist() == [12, 3]
    assert some.series.tolist() == [2, 0]  # not the cached ones of all origins
    with pytest.raises(FrozenInstanceError):
        some.ends = origins.ends
