"""Which series are taken in logarithms, and which views of a window are chosen for them."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of
from unrolled.forecasting.choice import choose_framing
from unrolled.forecasting.scaling import wants_logarithm

ALL = np.ones(96, bool)
T = np.arange(96)


def growing(swing, level):
    return level * (1 + swing * np.sin(2 * np.pi * T / 12))


def test_swings_in_proportion_to_the_level_are_taken_in_logarithms_and_even_ones_are_not():
    level = 100 * np.exp(0.03 * T)
    assert wants_logarithm(growing(0.2, level), ALL, 12)
    assert not wants_logarithm(300 + 5.0 * T + 50 * np.sin(2 * np.pi * T / 12), ALL, 12)


def test_a_series_that_stumbles_towards_0_is_not_taken_in_logarithms():
    y = growing(0.2, 100 * np.exp(0.03 * T))
    y[[14, 15, 50, 51]] = 0.5
    assert not wants_logarithm(y, ALL, 12)


def test_what_is_not_positive_is_not_taken_in_logarithms():
    assert not wants_logarithm(growing(0.2, 100 * np.exp(0.03 * T)) - 100, ALL, 12)


@pytest.mark.parametrize(
    ("series", "rows", "season", "trend"),
    [(20, 60, 12, True), (1, 1000, 12, False), (20, 60, 1, False), (4, 40, 12, False)],
)
def test_the_trend_view_is_taken_for_several_seasonal_series_with_enough_windows(series, rows, season, trend):
    rng = np.random.default_rng(0)
    panel = panel_of(*rng.normal(size=(series, rows)).cumsum(axis=1))
    views = choose_framing(panel, np.zeros(series, bool), 12, season).views
    assert ("trend" in views) == trend
