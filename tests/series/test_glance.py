"""A series at a glance, errors by step ahead, and numbers as people read them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pages import fitted
from unrolled.report import formatting as numbers
from unrolled.series.summary import season_strength, summarize_series, without_outliers


def test_the_strength_of_a_season_is_what_remains_without_the_noise(rng):
    season = np.tile([0.0, 3.0, -1.0, 4.0, 0.0, -6.0], 500)
    for noise in (0.5, 2.0, 4.0):
        strength = season_strength(season + 0.01 * np.arange(3000) + noise * rng.standard_normal(3000), 6)
        # the moving average takes a sixth of the noise; means over 500 seasons are off by noise / √500
        expected = np.var(season) / (np.var(season) + noise**2 * 5 / 6)
        assert strength == pytest.approx(expected, abs=0.05)


def test_a_trend_is_no_season_and_short_series_have_none():
    assert season_strength(np.arange(60.0), 12) == 0.0
    assert season_strength(np.full(60, 0.1), 12) == 0.0
    assert season_strength(np.arange(23.0), 12) is None
    assert season_strength(np.arange(60.0), 1) is None


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 7, 8, 24, 25])
@pytest.mark.parametrize("season", [1, 4, 7, 12])
def test_every_length_can_be_looked_at_and_a_line_has_no_outliers(n, season):
    y = 3 - 0.1 * np.arange(n)
    assert without_outliers(y, season).tolist() == y.tolist()
    assert season_strength(y, season) in (None, 0.0)


def test_outliers_are_found_where_they_are(rng):
    y = 10 * np.sin(2 * np.pi * np.arange(500) / 12) + 0.3 * np.arange(500) + rng.standard_normal(500)
    y[[0, 77, 78, 480]] += [40, 40, -40, 40]
    assert np.flatnonzero(without_outliers(y, 12) != y).tolist() == [0, 77, 78, 480]


def test_a_glance_counts_what_is_there_and_what_is_missing(rng):
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=50), "y": np.arange(50) % 7 + rng.random(50)})
    frame.loc[30, "y"] = 500.0
    fc = fitted(frame.drop(index=[10, 11]), 3)
    glance = summarize_series(fc.panel_, 0, 7)
    assert (glance.rows, glance.gaps, glance.outliers) == (48, 2, 1)
    assert (glance.first, glance.last) == ("2024-01-01", "2024-02-19")


def test_errors_by_step_and_by_series_are_those_of_the_whole():
    frame = pd.DataFrame({"unique_id": ["a"] * 60 + ["b"] * 60, "ds": [*range(60)] * 2, "y": np.arange(120.0) ** 1.5})
    held_out = fitted(frame, 4).held_out_
    models = list(held_out.table.index)
    # every step is forecast from every origin, so that the mean over the steps is that of all
    by_step = held_out.by_step["MAE"].unstack("model")[models]
    assert by_step.index.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(by_step.mean(), held_out.table["MAE"], rtol=1e-12)
    by_series = held_out.by_series["sMAPE"].unstack("model")[models]
    assert by_series.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(by_series.mean(), held_out.table["sMAPE"], rtol=1e-12)
    naive = by_step["Naive"]
    assert naive.is_monotonic_increasing  # the further ahead, the worse, in a series that grows


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1234567.891, 2.0], ["1,234,568", "2"]),
        ([0.001234, 0.0], ["0.001234", "0.000000"]),
        ([12.5, float("nan"), None], ["12.50", "–", "–"]),
        ([-0.0001, 450.25], ["0.0", "450.2"]),
        ([1e20], ["1e+20"]),
        ([], []),
    ],
)
def test_numbers_are_written_for_people(values, texts):
    assert numbers.column(values) == texts
