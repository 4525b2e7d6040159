"""Decisions from the data, if parameters are not given: size, views, calendar, decoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_of, shops, table
from unrolled.forecasting.defaults import (
    MAX_PASSES,
    MEDIUM,
    MIN_STEPS,
    SMALL,
    choose_calendar,
    choose_decoder,
    choose_settings,
    choose_size,
    choose_window_spec,
    equal_turns,
    held_out_rows,
    plan_fit,
    seasonal_errs_less,
)
from unrolled.forecasting.inputs.views import views_named
from unrolled.forecasting.inputs.window_spec import WindowSpec
from unrolled.forecasting.model.distributions import distribution_named
from unrolled.forecasting.parameters import Parameters
from unrolled.series.columns import Columns
from unrolled.series.frequency import Frequency
from unrolled.series.from_frame import read_panel

SPEC = WindowSpec(8, 4, 8, views_named("level"))


def spec_of(panel, **options):
    """The windows of a panel that is not taken in logarithms."""
    return choose_window_spec(Parameters(**options), panel, panel.y, "direct", panel.lengths)


def views_of(panel, **options):
    return [view.name for view in spec_of(panel, **options).views]


# --- length of trainings ----------------------------------------------------------------------------


def steps(windows: int, likelihood: str | None = None) -> int:
    return choose_size(np.array([windows + SPEC.horizon]), SPEC, distribution_named(likelihood)).steps


def test_no_window_is_trained_on_much_more_than_ten_times():
    assert MAX_PASSES == 10
    for windows in (1, 3, 8, 20, 50, 200, 640):
        size = choose_size(np.array([windows + SPEC.needed - 1]), SPEC, distribution_named(None))
        assert size.steps * size.batch_size <= 10 * (windows + SPEC.shortest) + SMALL.batch_size
        assert size.steps <= 10 or size.batch_size == SMALL.batch_size
    assert choose_size(np.array([SPEC.needed]), SPEC, distribution_named(None))[1:3] == (MIN_STEPS, 1)
    assert steps(900) == SMALL.steps
    assert steps(10**6) == MEDIUM.steps


def test_counts_are_trained_for_long_however_few_windows_there_are():
    """Their season is not removed: the networks have to learn it."""
    assert steps(20, "poisson") == SMALL.steps
    assert steps(20, "normal") == steps(20)


def test_given_sizes_are_kept():
    rows = np.array([40])
    settings = choose_settings(Parameters(8, "lstm", hidden=5, rate=0.1, seed=3), rows, SPEC, "direct")
    size = choose_size(rows, SPEC, distribution_named(None))
    assert (settings.cell, settings.hidden, settings.rate, settings.seed) == ("lstm", 5, 0.1, 3)
    assert (settings.steps, settings.dropout, settings.ensemble) == (size.steps, size.dropout, size.ensemble)


def test_a_batch_has_no_more_windows_than_there_are():
    """Otherwise, each step of the batch size would become many steps of all windows."""
    rows = np.array([SPEC.needed + 9, SPEC.needed - 1, SPEC.needed + 4])
    assert choose_settings(Parameters(8, batch_size=10**6), rows, SPEC, "direct").batch_size == 10 + 5
    assert choose_settings(Parameters(8, batch_size=12), rows, SPEC, "direct").batch_size == 12


@pytest.mark.parametrize(("networks", "views", "expected"), [(6, 2, 6), (6, 4, 8), (3, 2, 4), (1, 3, 3)])
def test_views_are_taken_equally_often(networks, views, expected):
    assert equal_turns(networks, ["level"] * views) == expected


# --- windows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("series", "rows", "season"), [(20, 60, 12), (1, 30, 12), (1, 1000, 1), (4, 40, 1)])
def test_the_trend_view_is_added_unless_windows_are_read_by_segments(series, rows, season):
    rng = np.random.default_rng(0)
    panel = panel_of(*rng.normal(size=(series, rows)).cumsum(axis=1))
    for segment in (None, 6):
        views = views_of(panel, horizon=12, season=season, segment=segment)
        assert ("trend" in views) == (segment is None)


def test_few_windows_get_the_season_view_only_for_a_strong_season(rng):
    t = np.arange(40)
    season, noise = np.array([3.0, -1.0, 0.0, -2.0])[t % 4], rng.normal(size=40)
    clear, faint = 50 + 3 * season + 0.3 * noise, 50 + season + 2.4 * noise
    for y, chosen in ((clear, True), (faint, False)):
        panel = panel_of(y)
        assert seasonal_errs_less(panel, panel.y, 8, 4, share=1.0)
        assert ("season" in views_of(panel, horizon=8, season=4)) == chosen
    many = panel_of(*[50 + season + 2.4 * rng.normal(size=40) for _ in range(6)])
    assert "season" in views_of(many, horizon=8, season=4)


def test_counts_have_a_view_of_their_own():
    panel = panel_of(np.arange(40.0))
    assert views_of(panel, horizon=4, likelihood="poisson") == ["count"]
    assert views_of(panel, horizon=4, scaling=["mean", "last"]) == ["mean", "last"]


def test_a_window_is_a_multiple_of_its_segment():
    panel = panel_of(np.arange(200.0))
    assert spec_of(panel, horizon=4, segment=5).window % 5 == 0
    assert spec_of(panel, horizon=4, window=10, segment=5).window == 10
    with pytest.raises(un.InputError, match="`window` must be a multiple of `segment`; got window 12 and segment 5"):
        spec_of(panel, horizon=4, window=12, segment=5)


# --- held-out rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "held_out"), [(9, 0), (12, 4), (60, 4 + 11), (1000, 4 + 49), (10_000, 4 + 99)])
def test_long_series_hold_out_more_origins(rows, held_out):
    assert held_out_rows(panel_of(np.arange(float(rows))), 4, None) == held_out


@pytest.mark.parametrize(
    ("freq", "horizon", "rows", "origins"),
    [
        ("h", 24, 8 * 191, 168),  # a week of hours
        ("h", 24, 8 * 191 - 1, 76),
        ("h", 24, 8 * (8736 + 23), 8736),
        ("30min", 48, 8 * 383, 336),
        ("D", 14, 8 * 377, 364),  # a year of days
        ("D", 14, 8 * 377 - 1, 100),
        ("B", 10, 8 * 269, 260),
        ("W", 13, 8 * 64, 52),
        ("MS", 12, 300, 15),
    ],
)
def test_long_series_hold_out_a_whole_season_of_the_calendar(freq, horizon, rows, origins):
    frequency = Frequency.named(freq, np.datetime64("2020-01-01"))
    panel = replace(panel_of(np.arange(float(rows))), frequency=frequency)
    assert held_out_rows(panel, horizon, None) == horizon + origins - 1


def test_a_given_season_is_held_out_as_a_whole():
    panel = panel_of(np.arange(2000.0))
    assert held_out_rows(panel, 24, None) == 24 + 99
    assert held_out_rows(panel, 24, season=168) == plan_fit(Parameters(24, season=168), panel).left_out == 24 + 167


def test_a_plan_holds_nothing_out_on_request_or_with_few_rows():
    panel, parameters = panel_of(np.arange(60.0)), Parameters(4)
    plan = plan_fit(parameters, panel)
    assert (plan.left_out, plan.known.lengths.tolist()) == (15, [45])
    assert plan.settings.distribution is parameters.distribution
    for few in (plan_fit(parameters, panel, evaluate=False), plan_fit(parameters, panel_of(np.arange(9.0)))):
        assert few.left_out == 0
        assert few.known is few.panel


# --- covariates, calendar and decoder -------------------------------------------------------------


def test_the_calendar_is_chosen_by_frequency_and_span():
    def chosen(rows, freq, **options):
        panel = read_panel(table(np.arange(float(rows)), freq=freq), Columns())
        return choose_calendar(Parameters(4, **options), panel)

    assert [chosen(800, "D"), chosen(600, "B"), chosen(20_000, "h")] == [True] * 3
    assert [chosen(40, "D"), chosen(100, "MS"), chosen(200, "W")] == [False] * 3
    assert not chosen(800, "D", decoder="direct")
    assert not chosen(800, "D", calendar=False)
    assert chosen(100, "MS", calendar=True)
    numbers = pd.DataFrame({"ds": np.arange(5000), "y": np.arange(5000.0)})
    assert not choose_calendar(Parameters(4), read_panel(numbers, Columns()))


def test_covariates_known_ahead_need_a_decoder(rng):
    past = read_panel(shops(rng), Columns(past=("past",))).covariates
    future = read_panel(shops(rng), Columns(future=("price",), static=("town",))).covariates
    assert choose_decoder(None, past, False) == "direct"
    assert choose_decoder(None, past, True) == choose_decoder(None, future, False) == "parallel"
    assert choose_decoder("recurrent", past, False) == choose_decoder("recurrent", future, True) == "recurrent"
    with pytest.raises(un.InputError, match=r"can't read what is known ahead: price, town, calendar=True\. Leave"):
        choose_decoder("direct", future, True)
