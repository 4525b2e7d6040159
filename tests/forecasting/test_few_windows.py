"""What is done where windows are few: short trainings, from quantiles that lie where the targets do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.defaults import LEAST_STEPS, MEDIUM, SMALL, choose_framing, choose_size, seasonal_errs_less
from unrolled.forecasting.inputs.framing import WindowSpec
from unrolled.forecasting.model.likelihood import initial_outputs, initial_quantiles
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES

FRAMING = WindowSpec(8, 4, 8, ("level",))


# --- how long is trained ----------------------------------------------------------------------------


def steps(windows: int, likelihood: str | None = None) -> int:
    return choose_size(np.array([windows + FRAMING.horizon]), FRAMING, likelihood).steps


def test_no_window_is_seen_much_more_than_ten_times():
    for windows in (20, 50, 200, 640):
        assert steps(windows) * SMALL.batch_size <= 10 * windows + SMALL.batch_size
    assert steps(3) == LEAST_STEPS
    assert steps(900) == SMALL.steps
    assert steps(10**6) == MEDIUM.steps


def test_counts_are_trained_for_long_however_few_windows_there_are():
    """No season is taken out of them: their networks have to learn it."""
    assert steps(20, "poisson") == SMALL.steps
    assert steps(20, "normal") == steps(20)


# --- where quantiles begin --------------------------------------------------------------------------


def test_quantiles_begin_where_the_targets_lie_about_their_anchors(rng):
    targets = rng.normal(scale=[1.0, 3.0], size=(4000, 2))
    start = initial_quantiles(targets, np.ones_like(targets))
    assert (start[:, MEDIAN] == 0).all()
    np.testing.assert_array_equal(start, -start[:, ::-1])
    for k, q in enumerate(QUANTILES):
        # the standard error of a share of 4000, of either side
        assert abs((targets <= start[:, k]).mean(axis=0) - q).max() < 4 * np.sqrt(0.25 / 4000)


def test_steps_ahead_that_no_window_knows_begin_at_the_anchor():
    targets, weights = np.ones((3, 2)), np.array([[1.0, 0.0]] * 3)
    for likelihood, parameters in ((None, len(QUANTILES)), ("normal", 2), ("poisson", 1)):
        start = initial_outputs(likelihood, targets, weights, np.ones(3))
        assert start.shape == (2, parameters)
        assert start[0].any()
        assert not start[1].any()


def test_unknown_targets_say_nothing_and_heavy_ones_more():
    targets = np.array([[1.0, 7.0], [2.0, 7.0], [100.0, 7.0]])
    weights = np.array([[1.0, 1.0], [9.0, 1.0], [0.0, 1.0]])
    start = initial_quantiles(targets, weights)
    assert start[0, -1] == 2.0  # of nine tenths of the weight
    assert start[1, -1] == 7.0


# --- what is read -----------------------------------------------------------------------------------


def test_few_windows_read_the_change_over_a_season_only_where_it_rules(rng):
    t = np.arange(40)
    season, noise = np.array([3.0, -1.0, 0.0, -2.0])[t % 4], rng.normal(size=40)
    clear, faint = 50 + 3 * season + 0.3 * noise, 50 + season + 2.4 * noise
    for y, chosen in ((clear, True), (faint, False)):
        panel = panel_of(y)
        assert seasonal_errs_less(panel, panel.y, 8, 4)
        assert ("season" in choose_framing(panel, np.array([False]), 8, 4).views) == chosen
    many = panel_of(*[50 + season + 2.4 * rng.normal(size=40) for _ in range(6)])
    assert "season" in choose_framing(many, np.zeros(6, bool), 8, 4).views


# --- what comes out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [18, 30, 60])
@pytest.mark.parametrize("likelihood", [None, "normal"])
def test_a_steady_line_goes_on(rows, likelihood, rng):
    y = 200 + 3.0 * np.arange(rows + 6) + rng.normal(size=rows + 6)
    table = pd.DataFrame({"ds": pd.date_range("2015-01-01", periods=rows, freq="MS"), "y": y[:rows]})
    forecast = un.Forecaster(6, likelihood=likelihood, verbose=0).fit(table).predict()
    assert np.abs(forecast["GRU"] - y[rows:]).mean() < 3  # a step of the line; staying on the level errs by ten


@pytest.fixture(scope="module")
def walks():
    """Random walks of 26 quarters, of which nothing but the last value can be known, and 8 quarters after them: how
    far the forecast errs beside the naive's, and the share of values inside the 95 % intervals."""
    ours, naive, inside = [], [], []
    for seed in range(24):
        y = 100 + np.random.default_rng(seed).normal(size=34).cumsum()
        table = pd.DataFrame({"ds": pd.date_range("2015-01-01", periods=26, freq="QS"), "y": y[:26]})
        forecast = un.Forecaster(8, verbose=0).fit(table).predict(level=95)
        ours.append(np.abs(forecast["GRU"] - y[26:]).mean())
        naive.append(np.abs(y[25] - y[26:]).mean())
        inside.append(((forecast["GRU-lo-95"] <= y[26:]) & (y[26:] <= forecast["GRU-hi-95"])).mean())
    return np.mean(ours), np.mean(naive), np.mean(inside)


def test_nothing_is_learned_by_heart_from_a_short_walk(walks):
    ours, naive, _ = walks
    assert ours < 1.1 * naive


def test_intervals_of_a_short_walk_hold_most_of_what_comes(walks):
    assert walks[2] > 0.8
