"""Summaries of series: the strength of a season, outliers, and counts of periods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.outliers import find_outliers
from unrolled.series.summary import season_strength, summarize_series


def test_the_strength_of_a_season_falls_with_the_noise(rng):
    season = np.tile([0.0, 3.0, -1.0, 4.0, 0.0, -6.0], 500)
    for noise in (0.5, 2.0, 4.0):
        strength = season_strength(season + 0.01 * np.arange(3000) + noise * rng.standard_normal(3000), 6)
        # the moving average takes a sixth of the noise; means over 500 seasons are off by noise / √500
        expected = np.var(season) / (np.var(season) + noise**2 * 5 / 6)
        assert strength == pytest.approx(expected, abs=0.05)


def test_a_trend_is_not_a_season_and_short_series_have_none():
    assert season_strength(np.arange(60.0), 12) == 0.0
    assert season_strength(np.full(60, 0.1), 12) == 0.0
    assert season_strength(np.arange(23.0), 12) is None
    assert season_strength(np.arange(60.0), 1) is None


def test_a_summary_counts_periods_gaps_and_outliers():
    k = np.arange(50)
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=50), "y": k % 7 + 0.5 * np.sin(k**2)})
    frame.loc[30, "y"] = 500.0
    panel = read_panel(frame.drop(index=[10, 11]), Columns())
    summary = summarize_series(panel, 0, 7, find_outliers(panel, 7))
    assert (summary.periods, summary.gaps, summary.outliers) == (50, 2, 1)
    assert (summary.first, summary.last) == ("2024-01-01", "2024-02-19")
