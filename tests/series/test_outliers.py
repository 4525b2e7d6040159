"""Outliers are found, and noise, trends, seasons, changes of level, counts and events have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tables import panel_of, table
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.outliers import _fit_logarithms, find_outliers, outlier_notes, usual_values

MANY = 200  # series of a table
STEPS = np.arange


def rows_of(*series, season=1):
    return find_outliers(panel_of(*series), season).rows.tolist()


NOISES = {
    "noise": lambda rng, n: rng.normal(size=n),
    "a line and noise": lambda rng, n: 0.5 * STEPS(n) + rng.normal(size=n),
    "a season and noise": lambda rng, n: 10 * np.sin(STEPS(n) * np.pi / 6) + 0.2 * STEPS(n) + rng.normal(size=n),
    "a random walk": lambda rng, n: rng.normal(size=n).cumsum(),
    "a change of level": lambda rng, n: 50.0 * (STEPS(n) > n // 2) + rng.normal(size=n),
    "rare counts": lambda rng, n: rng.poisson(0.2, n),
    "counts": lambda rng, n: rng.poisson(5, n),
    "many zeros": lambda rng, n: (rng.random(n) < 0.2) * rng.poisson(30, n),
    "peaks of a season": lambda rng, n: 30 * (STEPS(n) % 12 == 11) + rng.normal(size=n),
}


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("rows", [34, 110, 500])
def test_one_table_of_noise_has_at_most_one_outlier(rng, kind, rows):
    """Two hundred tables of one series; with the usual rule of three quartile ranges, about half would have some."""
    found = [rows_of(NOISES[kind](rng, rows).astype(float), season=12) for _ in range(MANY)]
    assert np.mean([len(one) > 0 for one in found]) <= 0.03
    assert len(rows_of(*(NOISES[kind](rng, rows).astype(float) for _ in range(MANY)), season=12)) <= 2


def test_a_season_longer_than_any_series_counts_as_none(rng):
    y = rng.normal(size=60)
    y[30] = 50
    assert rows_of(y, season=10**30) == rows_of(y) == [30]


@pytest.mark.parametrize("season", [4, 7, 52])
def test_a_season_of_which_there_are_few_makes_no_outliers(rng, season):
    for rows in (2 * season + 1, 3 * season):
        y = [5 * np.sin(2 * np.pi * STEPS(rows) / season) + rng.normal(size=rows) for _ in range(MANY)]
        assert len(rows_of(*y, season=season)) <= 0.03 * MANY


@pytest.mark.parametrize("at", [0, 1, 50, 98, 99])
@pytest.mark.parametrize("kind", ["noise", "a line and noise", "a season and noise", "counts"])
def test_a_spike_is_found_wherever_it_is(rng, kind, at):
    y = NOISES[kind](rng, 100).astype(float)
    y[at] += 12 * (np.sqrt(5) if kind == "counts" else 1)
    outliers = find_outliers(panel_of(y), 12)
    assert outliers.rows.tolist() == [at]
    assert abs(outliers.usual[0] - y[at]) > 8


def test_a_strong_season_hides_no_spike(rng):
    """A running median over a season of this strength would jump by more than the spike."""
    for at in (5, 50, 95):
        y = 100 * np.sin(STEPS(100) * np.pi / 6) + rng.normal(size=100)
        y[at] -= 12
        assert rows_of(y, season=12) == [at]


def test_heavy_tails_have_few_outliers_and_those_are_apart(rng):
    noises = rng.standard_t(4, size=(MANY, 500))
    assert np.mean([len(rows_of(y)) > 0 for y in noises]) < 0.4  # with a limit alone, three of four have some
    found = 0
    for y in noises:
        y[250] = 2.5 * np.abs(y).max()
        found += 250 in rows_of(y)
    assert found > 0.95 * MANY


def test_logarithms_are_taken_where_they_fit_better(rng):
    growing = np.exp(0.01 * STEPS(500) + 0.1 * rng.normal(size=500))
    skewed = np.exp(0.5 * rng.normal(size=500))
    even = 100 + rng.normal(size=500)
    line = 1 + 0.1 * STEPS(500) + 0.2 * rng.random(500)
    for y, fits in ((growing, True), (skewed, True), (even, False), (line, False)):
        y[100] *= 3
        panel = panel_of(y)
        usual = usual_values(y, panel.offsets, (1,))
        assert _fit_logarithms(y, usual, panel.offsets).tolist() == [fits]
    growing[400] += 0.5 * growing[400]  # five standard deviations there, two in units of the whole series
    growing[30] -= 0.6 * growing[30]
    assert {30, 100} <= set(rows_of(growing))


def test_an_outlier_does_not_choose_the_scale_on_which_it_is_judged(rng):
    for _ in range(20):
        y = 10 + 2 * rng.normal(size=100)
        y[50] = 60
        assert rows_of(y) == [50]
        assert not _fit_logarithms(y, usual_values(y, np.array([0, 100]), (1,)), np.array([0, 100])).any()


@pytest.mark.parametrize("weeks", [2, 3, 8])
def test_half_hours_have_a_week(weeks):
    """A peak at noon of Sundays is no outlier, and its absence on one Sunday is one."""
    stamps = pd.date_range("2024-01-01", periods=weeks * 336, freq="30min")
    noise = np.random.default_rng(1).normal(size=len(stamps))
    noon = (stamps.dayofweek == 6) & (stamps.hour == 12) & (stamps.minute == 0)
    y = 50 + 10 * np.sin(2 * np.pi * stamps.hour.to_numpy() / 24) + noise + 40 * noon
    panel = read_panel(table(y, "2024-01-01", "30min"), Columns())
    assert find_outliers(panel).rows.tolist() == []
    if weeks > 2:
        last = int(np.flatnonzero(noon)[-1])
        y[last] -= 40
        assert find_outliers(read_panel(table(y, "2024-01-01", "30min"), Columns())).rows.tolist() == [last]


def test_a_spike_among_equal_values_is_found_but_no_single_event_among_zeros():
    constant, zeros = np.full(40, 5.0), np.zeros(40)
    constant[20] = zeros[20] = 100
    assert rows_of(constant) == [20]
    assert rows_of(zeros) == []
    assert rows_of(np.where(STEPS(40) == 20, 6.0, 5.0)) == []  # a unit of rounding


def test_two_spikes_beside_each_other_are_found_and_those_that_recur_are_not(rng):
    y = NOISES["a season and noise"](rng, 500)
    y[[77, 78]] += [40, -40]
    assert rows_of(y, season=12) == [77, 78]
    few = rng.normal(size=30)
    few[[7, 19]] += 40
    assert rows_of(few, season=12) == []
    assert rows_of(few, season=10) == [7, 19]


def test_logarithms_and_gaps(rng):
    growing = np.exp(0.05 * STEPS(200) + 0.1 * rng.normal(size=200))
    assert rows_of(growing) == []
    growing[30] *= 10
    outliers = find_outliers(panel_of(growing), 1)
    assert outliers.rows.tolist() == [30]
    assert outliers.usual[0] == pytest.approx(np.exp(1.5), rel=0.3)
    panel = panel_of(growing)
    filled = replace(panel, observed=STEPS(200) != 30)
    assert len(find_outliers(filled, 1).rows) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 6, 7, 8, 25])
@pytest.mark.parametrize("season", [1, 4, 7, 12])
def test_series_of_every_length_are_examined_and_a_line_has_no_outliers(n, season):
    assert rows_of(3 - 0.1 * STEPS(n), np.full(n, 2.0), season=season) == []


def test_a_series_does_not_change_with_those_beside_it(rng):
    y = [rng.normal(size=n).cumsum() for n in (5, 40, 70)]
    y[1][17] += 50
    assert rows_of(*y) == [5 + 17]


def test_the_note_names_the_largest_outliers():
    y = 1 + 0.001 * np.sin(STEPS(60) ** 2)
    y[[10, 20, 30, 40, 50]] = 50, 90, -20, 40, 70
    note = outlier_notes(panel_of(y), find_outliers(panel_of(y), 1))[0]
    assert note.startswith(
        "5 outliers, used as they are, largest first: 90 at 20 of series 's0' (usual there: 1), 70 at 50"
    )
    assert note.endswith("50 at 10 of series 's0' (usual there: 1), and 2 more")
    y[[10, 30, 40, 50]] = 1
    note = outlier_notes(panel_of(y), find_outliers(panel_of(y), 1))[0]
    assert note == "1 outlier, used as it is: 90 at 20 of series 's0' (usual there: 1)"


def test_equal_outliers_are_named_in_the_order_of_the_table():
    y = np.full((5, 20), 1.0)
    y[:, 9] = 50
    panel = panel_of(*y)
    note = outlier_notes(panel, find_outliers(panel, 1))[0]
    assert note.startswith(
        "5 outliers, used as they are, largest first: 50 at 9 of series 's0' (usual there: 1), 50 at 9 of"
    )
    assert note.endswith("(usual there: 1), and 2 more")
    assert outlier_notes(panel, find_outliers(panel_of(*np.ones((5, 20))), 1)) == []


@pytest.mark.parametrize("end", ["2024-10-28 12:00", "2024-10-29", "2024-11-01"])
def test_a_change_of_clocks_makes_no_outliers(rng, end):
    """A daily and a weekly event keep their local time, and there are few days after the change to show it."""
    t = pd.date_range("2024-09-01", end, freq="h", tz="Europe/Berlin", inclusive="left")
    y = 20 + 60.0 * ((t.hour == 8) | ((t.hour == 20) & (t.dayofweek == 0))) + rng.normal(size=len(t))
    assert len(find_outliers(read_panel(pd.DataFrame({"ds": t, "y": y}), Columns())).rows) == 0
    late = t.get_loc("2024-10-28 07:00")
    y[late] = 80.0  # the event of a day, an hour early
    outliers = find_outliers(read_panel(pd.DataFrame({"ds": t, "y": y}), Columns()))
    assert outliers.rows.tolist() == [late]
    assert outliers.usual[0] == pytest.approx(20, abs=3)
