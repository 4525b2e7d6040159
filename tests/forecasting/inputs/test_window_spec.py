"""How windows are cut: their rows, the rows that a forecast depends on, and the shortest series."""

from __future__ import annotations

import pytest

from unrolled.forecasting.inputs.views import VIEWS, views_named
from unrolled.forecasting.inputs.window_spec import SHORTEST_WINDOW, WindowSpec


def spec_of(*views, season=4, **options):
    return WindowSpec(horizon=6, season=season, window=8, views=views_named(views), **options)


def test_lags_lead_to_the_last_known_season():
    assert spec_of("level").lags.tolist() == [4, 4, 4, 4, 8, 8]
    assert spec_of("level", season=1).lags.tolist() == [1, 2, 3, 4, 5, 6]


def test_a_change_over_a_season_needs_a_season_more():
    assert (spec_of("level").full, spec_of("level").shortest) == (8, SHORTEST_WINDOW)
    for views in (["season"], ["level", "season"]):
        assert spec_of(*views).full == 12
    assert spec_of("season", season=7).shortest == 7
    assert spec_of("mean", segment=6).shortest == 6
    assert spec_of("season", season=7).needed == 7 + 6


def test_slopes_need_five_seasons_or_horizons():
    # and one row before them; a steady trend is followed in the level view only where slopes are estimated
    assert spec_of("level").memory == 8 + 1
    assert spec_of("level", "trend").memory == 20 + 1
    assert spec_of("trend", season=1).memory == 30 + 1
    assert spec_of("trend", "season", season=2).memory == 10 + 1


@pytest.mark.parametrize("name", VIEWS)
def test_trends_are_estimated_where_one_view_follows_them(name):
    assert spec_of(name).follows_trend == (name == "trend")
    assert spec_of(name, "trend").follows_trend
