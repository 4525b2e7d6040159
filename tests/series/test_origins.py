"""Forecast origins: whose rows they see, and which lie ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tables import origins_of, panel_of
from unrolled.series.origins import Origins


@pytest.fixture
def origins():
    panel = replace(panel_of(np.arange(5.0), np.arange(7.0)), first=np.array([10, 20]))
    return origins_of(panel, [3, 5], [1, 7])


def test_an_origin_at_the_end_of_a_series_belongs_to_it(origins):
    assert origins.ends.tolist() == [3, 5, 6, 12]
    assert origins.series.tolist() == [0, 0, 1, 1]
    assert origins.starts.tolist() == [0, 0, 5, 5]


def test_rows_and_periods_ahead(origins):
    assert origins.rows_ahead(2).tolist() == [[3, 4], [5, 6], [6, 7], [12, 13]]  # past the end of a series, too
    assert origins.ordinals_ahead(2).tolist() == [[13, 14], [15, 16], [21, 22], [27, 28]]


def test_some_of_the_origins(origins):
    some = origins.take(np.array([3, 0]))
    assert type(some) is Origins
    assert len(some) == 2
    assert some.panel is origins.panel
    assert some.series.tolist() == [1, 0]  # not those of the whole, which were asked for before
    assert len(origins.take(np.zeros(0, int))) == 0


def test_origins_are_values(origins):
    assert origins.series is origins.series
    with pytest.raises(AttributeError):
        origins.ends = np.array([1])
