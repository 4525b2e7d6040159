"""Series with few windows: a line is continued, and a random walk is not memorised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un


@pytest.mark.parametrize("rows", [18, 30, 60])
@pytest.mark.parametrize("likelihood", [None, "normal"])
def test_a_steady_line_is_continued(rows, likelihood, rng):
    # a line through 18 rows alone errs by up to four times the noise six steps ahead
    y = 200 + 3.0 * np.arange(rows + 6) + 0.5 * rng.normal(size=rows + 6)
    table = pd.DataFrame({"ds": pd.date_range("2015-01-01", periods=rows, freq="MS"), "y": y[:rows]})
    forecast = un.Forecaster(6, likelihood=likelihood, verbose=0).fit(table).predict()
    assert np.abs(forecast["GRU"] - y[rows:]).mean() < 3  # a step of the line; staying on the level errs by ten


@pytest.fixture(scope="module")
def walks():
    """Random walks of 26 quarters, which only their last value helps to forecast, and 8 quarters after them: the
    error of the forecast relative to that of the naive one, and the share of values inside the 95 % intervals."""
    ours, naive, inside = [], [], []
    for seed in range(24):
        y = 100 + np.random.default_rng(seed).normal(size=34).cumsum()
        table = pd.DataFrame({"ds": pd.date_range("2015-01-01", periods=26, freq="QS"), "y": y[:26]})
        forecast = un.Forecaster(8, verbose=0).fit(table).predict(level=95)
        ours.append(np.abs(forecast["GRU"] - y[26:]).mean())
        naive.append(np.abs(y[25] - y[26:]).mean())
        inside.append(((forecast["GRU-lo-95"] <= y[26:]) & (y[26:] <= forecast["GRU-hi-95"])).mean())
    return np.mean(ours), np.mean(naive), np.mean(inside)


def test_a_short_random_walk_is_not_memorised(walks):
    ours, naive, _ = walks
    assert ours < 1.1 * naive


def test_intervals_of_a_short_random_walk_have_enough_coverage(walks):
    assert walks[2] > 0.8
