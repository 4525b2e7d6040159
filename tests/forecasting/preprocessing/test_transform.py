"""The parts that are removed from series, and the way back to their units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tables import origins_of, panel_of
from unrolled.forecasting.preprocessing.transform import (
    TransformedOrigins,
    deseasonalized,
    estimate_transform,
    merge_transforms,
)
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

HORIZON, SEASON = 6, 12
SHAPE = 10 * np.cos(2 * np.pi * np.arange(12) / 12)


def transform_of(panel, logs, season=SEASON, **options):
    return estimate_transform(panel, np.array(logs), season, HORIZON, **options)


def ends_of(panel, transform):
    """The origins at the ends of all series."""
    return TransformedOrigins(panel, panel.offsets[1:], transform)


def assert_same(one, other):
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, other.arrays[name], err_msg=name)
    np.testing.assert_array_equal(one.effects.coefficients, other.effects.coefficients)


# --- the way back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 3)])
def test_forecasts_from_logarithms_stay_near_the_range_of_their_series(shape):
    y = np.array([10.0, 20.0, 10.0, 40.0, 5.0, 10.0, 10.0, 80.0])
    panel = panel_of(y, y)
    origins = ends_of(panel, transform_of(panel, [True, False]))
    for z, bound in ((np.inf, 80 * 8**1.65), (-np.inf, 5 / 2**1.65)):
        in_logs, as_it_is = origins.inverse_transform(np.full(shape, z))
        np.testing.assert_allclose(in_logs, bound)
        np.testing.assert_array_equal(as_it_is, z)
    likely = origins.inverse_transform(np.full(shape, np.log(90.0)))
    np.testing.assert_allclose(likely[0], 90)


@pytest.mark.parametrize("y", [[10.0, 20, 10, 40, 5, 10, 10, 80], [10.0, 10, 10, 10, 9]])
def test_bounds_beyond_the_limit_of_logarithms_stay_different_and_in_order(y):
    """Within the limit, nothing changes; the second series never exceeds its median."""
    panel = panel_of(np.array(y))
    origins = ends_of(panel, transform_of(panel, [True]))
    z = np.linspace(-9, 14, 400)
    found = origins.inverse_transform(z[None])[0]
    assert (np.diff(found) > 1e-8 * found[1:]).all()
    low, median, high = np.log([min(y), 10.0, max(y)])
    inside = (z > low - 1.5 * (median - low)) & (z < high + 1.5 * (high - median))
    np.testing.assert_array_equal(found[inside], np.exp(z[inside]))
    assert (found[~inside] != np.exp(z[~inside])).all()


def test_forecasts_of_series_that_are_never_negative_stay_at_or_above_0(rng):
    panel = panel_of(*rng.uniform(0, 3, size=(2, 20)))
    origins = ends_of(panel, transform_of(panel, [False, False], season=1, nonnegative=np.array([True, False])))
    z = rng.normal(size=(2, 4, 3))
    kept, free = origins.inverse_transform(z)
    np.testing.assert_array_equal(kept, np.maximum(z[0], 0))
    np.testing.assert_array_equal(free, z[1])


def test_a_series_that_has_been_negative_in_any_table_may_be_so(rng):
    panel = panel_of(*rng.uniform(0, 3, size=(4, 20)))
    old, fresh = (
        transform_of(panel, [False] * 4, season=1, nonnegative=np.array(kept))
        for kept in ([False, True, True, False], [True, True, False, True])
    )
    assert merge_transforms(old, panel.ids, fresh, panel).nonnegative.tolist() == [False, True, False, False]
    assert merge_transforms(old, ["s0", "s1"], fresh, panel).nonnegative.tolist() == [False, True, False, True]
    one = old.take(np.array([0]))
    assert merge_transforms(one, ["s0"], fresh, panel).nonnegative.tolist() == [False, True, False, True]


def test_a_new_extreme_last_value_moves_the_bounds():
    y = np.array([10.0, 20.0, 10.0, 5.0, 10.0])
    newer = ends_of(panel_of(np.append(y, 1000.0)), transform_of(panel_of(y), [True]))
    assert newer.inverse_transform(np.full((1, 1), np.inf)) == pytest.approx(1000 * 2**1.65)


def test_no_forecast_is_infinite():
    panel = panel_of(np.geomspace(1.0, 1e250, 20))
    origins = ends_of(panel, transform_of(panel, [True]))
    found = origins.inverse_transform(np.full((1, 1), 5000.0))
    assert np.exp(699) < found < np.exp(700)  # not far below the largest number of float64, exp(709.78)


def test_the_inverse_transform_restores_targets(rng):
    panel = panel_of(np.exp(rng.normal(size=40)), rng.normal(size=40))
    origins = origins_of(panel, [20, 30], [25])
    origins = TransformedOrigins(panel, origins.ends, transform_of(panel, [True, False], season=1))
    np.testing.assert_allclose(origins.inverse_transform(origins.targets(4)), panel.y[origins.rows_ahead(4)])


# --- seasons ----------------------------------------------------------------------------------------


def test_the_season_ahead_matches_the_timestamps_ahead():
    t = np.arange(72)
    panel = panel_of(0.5 * t + SHAPE[t % 12], 3.0 * t)
    panel = replace(panel, first=np.array([5, 0]))  # the first row lies at place 5 of the season
    transform = transform_of(panel, [False, False])
    origins = TransformedOrigins(panel, np.array([60, 67, 144]), transform)
    ahead = origins.season_ahead(3)
    np.testing.assert_array_equal(ahead[:2], transform.season[0][[[5, 6, 7], [0, 1, 2]]])
    np.testing.assert_allclose(ahead[:2], SHAPE[[[0, 1, 2], [7, 8, 9]]], atol=1)
    np.testing.assert_array_equal(ahead[2], transform.season[1, :3])  # 72 rows: six whole seasons
    flat = deseasonalized(panel, transform)
    np.testing.assert_allclose(flat[:72] + transform.season[0, (5 + t) % 12], panel.y[:72])


def test_seasons_are_removed_from_each_series_by_the_places_of_its_rows():
    panel = panel_of(np.arange(30.0), np.arange(25.0), np.arange(40.0), np.arange(7.0))
    panel = replace(panel, first=np.array([5, 0, 3, 0]))
    season = np.arange(48.0).reshape(4, 12)
    season[3] = 0
    transform = replace(transform_of(panel, [False] * 4), season=season)
    seasons = [season[k, (panel.first[k] + np.arange(n)) % 12] for k, n in enumerate(panel.lengths)]
    np.testing.assert_array_equal(deseasonalized(panel, transform), panel.y - np.concatenate(seasons))


def test_without_a_season_nothing_is_removed(rng):
    panel = panel_of(rng.normal(size=40))
    transform = transform_of(panel, [False], season=1)
    np.testing.assert_array_equal(deseasonalized(panel, transform), panel.y)
    np.testing.assert_array_equal(ends_of(panel, transform).season_ahead(3), np.zeros((1, 3)))


# --- estimates --------------------------------------------------------------------------------------


def test_each_series_has_a_transform_of_its_own(rng):
    series = [10 + np.arange(80) + rng.normal(size=80), 0.1 * rng.normal(size=50), np.full(30, 4.0)]
    whole = transform_of(panel_of(*series), [True, False, False], with_trends=True)
    for k, (y, log) in enumerate(zip(series, (True, False, False), strict=True)):
        assert_same(whole.take(np.array([k])), transform_of(panel_of(y), [log], with_trends=True))
    assert whole.spread[1] == pytest.approx(series[1].std())
    assert whole.spread[2] == whole.change[2] == 4e-3  # a constant series has no deviation
    np.testing.assert_array_equal(whole.extent[2], [4, 4, 4])


def test_trends_are_estimated_where_a_view_follows_them():
    panel = panel_of(np.arange(80.0))
    with_trends = transform_of(panel, [False], with_trends=True)
    assert with_trends.trend[0] > 0
    assert with_trends.steady[0]
    assert_same(transform_of(panel, [False]), replace(with_trends, trend=np.zeros(1), steady=np.zeros(1, bool)))


def test_known_series_keep_their_transform_and_new_ones_get_their_own(rng):
    old_panel = panel_of(*np.exp(rng.normal(size=(3, 40))))
    old = transform_of(old_panel, [True, True, False], season=1)
    y = np.exp(rng.normal(size=(3, 40)))
    panel = replace(panel_of(y[0], -y[1], y[2]), ids=["new", "s1", "s0"])
    fresh = transform_of(panel, [False] * 3, season=1)
    merged = merge_transforms(old, old_panel.ids, fresh, panel)
    # "s1" has values that are not positive now, so its logarithm can't be kept
    for k, expected in enumerate((fresh.take(np.array([0])), fresh.take(np.array([1])), old.take(np.array([0])))):
        assert_same(merged.take(np.array([k])), expected)


def test_seasons_of_days_keep_their_local_time_when_clocks_change():
    t = pd.date_range("2024-10-01", "2024-11-10", freq="h", tz="Europe/Berlin", inclusive="left")
    shape = np.where(np.arange(24) == 8, 24.0, 0)
    panel = read_panel(pd.DataFrame({"ds": t, "y": shape[t.hour]}), Columns())
    transform = transform_of(panel, [False], season=24)
    np.testing.assert_allclose(deseasonalized(panel, transform), 1.0, atol=0.01)
    ahead = ends_of(panel, transform).season_ahead(24)[0]
    np.testing.assert_allclose(ahead, shape - 1, atol=0.01)
    before = panel.head(np.array([t.get_loc("2024-10-27 12:00")]))
    ahead = ends_of(before, transform).season_ahead(24)[0]
    np.testing.assert_allclose(ahead, np.roll(shape, 12) - 1, atol=0.01)
