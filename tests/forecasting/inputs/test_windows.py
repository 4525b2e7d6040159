"""Windows of series: their number, their content worked by hand, their weights, and series that are too short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from support import assert_close
from tables import panel_of, shops
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.inputs.views import VIEWS, views_named
from unrolled.forecasting.inputs.window_spec import WindowSpec
from unrolled.forecasting.inputs.windows import (
    count_windows,
    make_windows,
    refuse_unforecastable,
    refuse_untrainable,
    window_ends,
    without_short,
)
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, estimate_transform
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

HORIZON, SEASON = 3, 4
SPEC = WindowSpec(HORIZON, SEASON, 8, views_named(list(VIEWS)))
DOUBLE = np.dtype(np.float64)


def origins_at(panel, ends, logs=False):
    logs = np.broadcast_to(logs, len(panel.ids))
    return TransformedOrigins(panel, np.asarray(ends), estimate_transform(panel, logs, SEASON, HORIZON))


# --- their number -----------------------------------------------------------------------------------


def test_windows_begin_where_they_are_full_and_in_the_middle_of_short_series():
    panel = panel_of(np.arange(20.0), np.arange(13.0), np.arange(6.0))
    spec = replace(SPEC, views=views_named("mean"))  # full with 8 rows
    # 20 - 3 = 17 is the last end; the second has 10 // 2 = 5 rows before its first; the third has none
    assert window_ends(panel, spec).tolist() == [*range(8, 18), *range(25, 31)]
    assert window_ends(panel, spec, horizon=1).tolist() == [*range(8, 20), *range(26, 33), *range(37, 39)]
    assert window_ends(panel, spec, origins=slice(-2, None)).tolist() == [16, 17, 29, 30]
    assert window_ends(panel, spec, origins=slice(-1, -4, -2)).tolist() == [17, 15, 30, 28]
    assert not len(window_ends(panel_of(np.arange(5.0)), spec))


def test_windows_are_counted_roughly():
    assert count_windows(np.array([20, 3, 2]), HORIZON) == 17


# --- their content ----------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", [1, 2])
@pytest.mark.parametrize("view", VIEWS)
def test_inputs_and_targets_are_measured_from_the_anchors(view, segment, rng):
    """In every view, inputs and targets lead back to the series, with the season put back where it was removed."""
    panel = panel_of(rng.normal(size=40), 5 + rng.normal(size=30))
    ends = [15, 33, 37, 45, 60]  # of five rows only the last four fill segments of two
    origins = origins_at(panel, ends)
    windows = make_windows(origins, replace(SPEC, segment=segment), VIEWS[view], Features())
    rows = np.arange(len(ends))
    batch = windows.batch(rows, DOUBLE)
    anchors = windows.anchors(rows)
    if VIEWS[view].without_season:
        anchors = anchors + origins.season_ahead(HORIZON)
    found = anchors + batch.target * windows.scale[:, :1]
    assert_close(found, panel.y[origins.rows_ahead(HORIZON)], terms=50, scale=10)
    assert (batch.weight == 1).all()
    lengths = np.array([8, 8, 8, 5 - 5 % segment, 8])
    np.testing.assert_array_equal(
        np.full(5, 8 // segment) if batch.lengths is None else batch.lengths, lengths // segment
    )
    x = batch.inputs["x"].reshape(5, 8, -1)[..., 0]
    if view == "count":
        np.testing.assert_allclose(x[0] * windows.scale[0, 0], panel.y[7:15])
    else:  # the differences between inputs are those of the series, in units of the scale
        places = np.arange(15 - 8, 15)
        z = panel.y[places]
        if VIEWS[view].without_season:
            z = z - origins.transform.season[0, places % SEASON]
        assert_close(np.diff(x[0]) * windows.scale[0, 0], np.diff(z), terms=20, scale=5)
    assert (x[3, lengths[3] :] == 0).all()


@pytest.mark.parametrize("view", VIEWS)
def test_rows_after_a_window_change_no_input(view, rng):
    panel = panel_of(np.exp(rng.normal(size=40)), np.exp(rng.normal(size=30)))
    origins = origins_at(panel, [20, 60], logs=[True, False])
    poisoned = panel.y.copy()
    poisoned[20:40] = poisoned[60:] = 1e9
    other = replace(origins, panel=replace(panel, y=poisoned))
    clean, late = (make_windows(o, SPEC, VIEWS[view], Features()) for o in (origins, other))
    for name, values in clean.batch(np.arange(2), DOUBLE).inputs.items():
        np.testing.assert_array_equal(values, late.batch(np.arange(2), DOUBLE).inputs[name])
    np.testing.assert_array_equal(clean.anchors(np.arange(2)), late.anchors(np.arange(2)))
    np.testing.assert_array_equal(clean.scale, late.scale)


def test_only_the_rows_that_windows_need_are_held(rng):
    panel = panel_of(rng.normal(size=200), rng.normal(size=200))
    mean, season = (
        make_windows(origins_at(panel, [100, 102, 350]), SPEC, VIEWS[v], Features()) for v in ("mean", "season")
    )
    assert len(mean.values) == (8 + 2 + HORIZON) + (8 + HORIZON)
    assert len(season.values) == len(mean.values)  # a window of two seasons holds the values one season before
    some = [0, 2]
    alone = make_windows(origins_at(panel, [100, 350]), SPEC, VIEWS["season"], Features())
    np.testing.assert_array_equal(
        alone.batch(np.arange(2), DOUBLE).inputs["x"], season.batch(np.array(some), DOUBLE).inputs["x"]
    )


def test_the_season_view_reads_changes_and_measures_targets_from_the_values_one_season_before():
    """Windows shorter than a season: at the end of a series, at the beginning of the next one, and later."""
    panel = panel_of(10 + np.arange(8.0) ** 2, 5 + np.arange(20.0) ** 2)
    spec = replace(SPEC, season=6, window=4)
    windows = make_windows(origins_at(panel, [8, 12, 16, 18]), spec, VIEWS["season"], Features())
    changes = windows.inputs(np.arange(4), DOUBLE)[0]["x"][..., 1] * windows.scale[:, 1:]
    assert_close(changes, [[0, 0, 36, 48], [0, 0, 0, 0], [0, 0, 36, 48], [36, 48, 60, 72]], terms=4)
    season, mean = (make_windows(origins_at(panel, [18]), spec, VIEWS[v], Features()) for v in ("season", "mean"))
    assert season.anchors(np.arange(1)).tolist() == [[5 + 16, 5 + 25, 5 + 36]]
    assert mean.anchors(np.arange(1)).tolist() == [[5 + (36 + 49 + 64 + 81) / 4] * HORIZON]
    assert (len(season.values), len(mean.values)) == (6 + HORIZON, 4 + HORIZON)


def test_unknown_targets_have_no_weight(rng):
    panel = panel_of(rng.normal(size=30))
    panel = replace(panel, observed=np.arange(30) != 21)
    windows = make_windows(origins_at(panel, [20, 25]), SPEC, VIEWS["mean"], Features())
    assert windows.batch(np.arange(2), DOUBLE).weight.tolist() == [[1, 0, 1], [1, 1, 1]]


def test_features_follow_the_target_and_values_known_ahead_belong_to_targets(rng):
    columns = Columns(past=("past",), future=("price",), static=("size", "town"))
    panel = read_panel(shops(rng), columns)
    features = Features.of(panel)
    spec = replace(SPEC, decoded=True)
    windows = make_windows(origins_at(panel, [60, 200]), spec, VIEWS["mean"], features)
    inputs = windows.batch(np.arange(2), DOUBLE).inputs
    np.testing.assert_array_equal(inputs["x"][1, :, 1:], features.channels(panel, np.arange(192, 200)))
    steps = inputs["ahead"][1]  # one step a period: what is known ahead, what is fixed, which step it is
    np.testing.assert_array_equal(steps[:, 0], features.channels(panel, np.arange(200, 203))[:, -1])
    np.testing.assert_array_equal(steps[:, 1], np.repeat(features.static_values(panel)[1], 3))
    np.testing.assert_array_equal(steps[:, 2:], np.eye(3))
    assert inputs["code 0"][:, 0, 0].tolist() == features.category_codes(panel)[[0, 1], 0].tolist()


# --- weights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("logs", [False, True])
def test_weights_do_not_depend_on_the_unit_of_a_series(logs, rng):
    y = np.exp(rng.normal(size=(3, 40)).cumsum(axis=1) / 10)

    def weights(panel):
        origins = origins_at(panel, window_ends(panel, SPEC), logs)
        return make_windows(origins, SPEC, VIEWS["mean"], Features(), weighted=True).weight

    found = weights(panel_of(*y))
    np.testing.assert_allclose(found, weights(panel_of(1e3 * y[0], 1e-6 * y[1], y[2])), rtol=1e-6)
    assert np.median(found) == pytest.approx(1)
    assert len(set(found)) > 1


def test_weights_are_errors_of_the_seasonal_naive_forecast_in_window_scales(rng):
    panel = panel_of(rng.normal(size=40), np.r_[1e-3 * rng.normal(size=25), 1e3 * rng.normal(size=15)])
    origins = origins_at(panel, window_ends(panel, SPEC))
    windows = make_windows(origins, SPEC, VIEWS["mean"], Features(), weighted=True)
    error = np.array([np.abs(p[SEASON:] - p[:-SEASON]).mean() for p in (panel.y[:40], panel.y[40:])])
    relative = windows.scale[:, 0] / error[origins.series]
    np.testing.assert_allclose(windows.weight, relative / np.median(relative))


def test_half_of_the_weight_of_positive_series_is_relative_to_their_level():
    """One window of each series, whose mean is the level, whose deviation d is its scale, and whose error is 2 d. The
    last series is constant outside its window: its error is 8 · 4 / 196, its deviation 4."""
    steps = np.resize(np.repeat([1.0, -1.0], SEASON), 19)
    late = np.repeat([0.0, 8.0], [193, 7])
    panel = panel_of(10 + steps, 100 + 20 * steps, np.exp(2 + 0.5 * steps), 3 * steps, late)
    origins = origins_at(panel, panel.lengths - 3 + panel.offsets[:-1], logs=[False, False, True, False, False])
    windows = make_windows(origins, SPEC, VIEWS["mean"], Features(), weighted=True)
    # those of positive series: (½ + d / level · median of level / error) / 2; the level of logarithms counts as 1
    relative = np.array([(0.5 + 0.1 * 2.5) / 2, (0.5 + 0.2 * 2.5) / 2, (0.5 + 0.5 * 2.5) / 2, 0.5])
    assert_close(windows.weight, [*relative / 0.5, 20], terms=20)  # 49 is too much for one window


def test_the_weight_of_a_series_multiplies_those_of_its_windows(rng):
    panel = panel_of(*rng.normal(size=(2, 40)))
    ends = window_ends(panel, SPEC)
    plain, heavy = (
        make_windows(origins_at(p, ends), SPEC, VIEWS["mean"], Features(), weighted=True).weight
        for p in (panel, replace(panel, covariates=replace(panel.covariates, weights=np.array([1.0, 5.0]))))
    )
    np.testing.assert_allclose(heavy, plain * np.repeat([1.0, 5.0], len(ends) // 2))


# --- refused series ---------------------------------------------------------------------------------


def test_series_that_are_too_short_are_named():
    spec = replace(SPEC, views=views_named("mean"))
    panel = panel_of(np.arange(6.0), np.arange(3.0))
    message = r"series 's0' has 6 periods; horizon 3 with a window of at least 4 needs 7\. Lower the horizon"
    with pytest.raises(un.DataError, match=message):
        refuse_untrainable(panel, spec)
    with pytest.raises(
        un.DataError, match=r"series 's1' has 3 periods; a forecast needs at least 4\. Leave that series"
    ):
        refuse_unforecastable(panel, spec)
    refuse_untrainable(panel_of(np.arange(7.0), np.arange(3.0)), spec)
    refuse_unforecastable(panel_of(np.arange(4.0)), spec)


def test_series_that_are_too_short_are_left_out_and_three_of_them_named():
    spec = replace(SPEC, views=views_named("mean"))  # four rows are enough
    lengths = [3, 4, 2, 1, 3, 5]

    def left(*numbers):
        panel = without_short(panel_of(*(np.arange(float(lengths[k])) for k in numbers)), spec)
        return panel.lengths.tolist(), [note.split(":")[0] for note in panel.notes]

    named = "no forecast of series 's0' (3), series 's2' (2), series 's3' (1)"
    assert left(0, 1, 2, 3, 4, 5) == ([4, 5], [f"{named} and 1 more"])
    assert left(0, 1, 2, 3, 5) == ([4, 5], [named])
    assert left(1, 5) == ([4, 5], [])
    assert left(0, 2) == ([3, 2], [])
