"""Which series are taken in logarithms, and which views of a window are chosen for them."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of
from unrolled.forecasting.defaults import choose_framing
from unrolled.forecasting.inputs.framing import WindowSpec
from unrolled.forecasting.preprocessing.logarithms import wants_logarithm
from unrolled.forecasting.preprocessing.profile import estimate_transform, inverse_transform

FRAMING = WindowSpec(6, 12, 12, ("level",))
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


@pytest.mark.parametrize(("series", "rows", "season"), [(20, 60, 12), (1, 30, 12), (1, 1000, 1), (4, 40, 1)])
def test_the_trend_view_stands_beside_the_level_view_unless_windows_are_read_by_segments(series, rows, season):
    rng = np.random.default_rng(0)
    panel = panel_of(*rng.normal(size=(series, rows)).cumsum(axis=1))
    for segment in (None, 6):
        views = choose_framing(panel, np.zeros(series, bool), 12, season, segment=segment).views
        assert ("trend" in views) == (segment is None)


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 3)])
def test_what_comes_out_of_logarithms_goes_little_beyond_what_a_series_did(shape):
    y = np.array([10.0, 20.0, 10.0, 40.0, 5.0, 10.0, 10.0, 80.0])
    panel = panel_of(y, y)
    profile = estimate_transform(panel, FRAMING, np.array([True, False]))
    ends = panel.offsets[1:]
    for z, bound in ((50.0, 80 * 8**1.5), (-50.0, 5 / 2**1.5)):
        in_logs, as_it_is = inverse_transform(np.full(shape, z), profile, panel, ends)
        np.testing.assert_allclose(in_logs, bound)
        np.testing.assert_array_equal(as_it_is, z)
    likely = inverse_transform(np.full(shape, np.log(90.0)), profile, panel, ends)
    np.testing.assert_allclose(likely[0], 90)


def test_a_last_value_beyond_all_that_was_known_moves_the_bounds():
    y = np.array([10.0, 20.0, 10.0, 5.0, 10.0])
    profile = estimate_transform(panel_of(y), FRAMING, np.array([True]))
    newer = panel_of(np.append(y, 1000.0))
    assert inverse_transform(np.full((1, 1), 50.0), profile, newer, newer.offsets[1:]) == pytest.approx(1000 * 2**1.5)


def test_no_forecast_is_infinite():
    panel = panel_of(np.geomspace(1.0, 1e250, 20))
    profile = estimate_transform(panel, FRAMING, np.array([True]))
    assert np.isfinite(inverse_transform(np.full((1, 1), 5000.0), profile, panel, panel.offsets[1:])).all()
