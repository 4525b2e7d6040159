"""Views of a window: their anchors, scales and slopes, and a view that only a test registers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from support import assert_close
from tables import origins_of, panel_frame, panel_of
from unrolled.forecasting.defaults import plan_fit
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.inputs.views import MIN_SCALE_IN_CHANGES, VIEWS, View, register_view, views_named
from unrolled.forecasting.inputs.window_spec import WindowSpec
from unrolled.forecasting.inputs.windows import make_windows
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.preprocessing.smoothing import TREND_DECAYS
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, estimate_transform
from unrolled.forecasting.selection.space import default_configuration, neighbours, search_space

HORIZON, SEASON, WINDOW = 6, 4, 8
SPEC = WindowSpec(HORIZON, SEASON, WINDOW, views_named(["level", "trend", "season"]))
QUICK = {"horizon": 4, "steps": 20, "ensemble": 2, "hidden": 4, "verbose": 0}


def origins_in(panel, *ends, **changes):
    """Origins at ends within each series, with an estimated transform, some of whose parts are changed."""
    count = len(panel.ids)
    transform = estimate_transform(panel, np.zeros(count, bool), SEASON, HORIZON)
    changed = {name: np.broadcast_to(value, getattr(transform, name).shape) for name, value in changes.items()}
    return TransformedOrigins(panel, origins_of(panel, *ends).ends, replace(transform, **changed))


def windows_in(view, origins):
    return make_windows(origins, SPEC, VIEWS[view], Features())


@pytest.fixture
def first_view(monkeypatch):
    """A view that is registered during the test."""
    monkeypatch.setitem(VIEWS, "first", None)  # undone after the test

    @register_view
    class FirstView(View):
        name = "first"
        description = "the window's first value"

        def anchor(self, cut):
            return cut.z[cut.starts]

    return VIEWS["first"]


# --- the registry -----------------------------------------------------------------------------------


def test_views_are_found_by_their_names():
    assert views_named("mean") == views_named(["mean"]) == (VIEWS["mean"],)
    assert [str(view) for view in views_named(("trend", "level", "trend"))] == ["trend", "level", "trend"]
    with pytest.raises(un.InputError, match=r"no scaling is called 'mode'; known: level, trend, season, .*count\."):
        views_named(["level", "mode"])


def test_views_have_different_names_and_descriptions():
    assert list(VIEWS) == [view.name for view in VIEWS.values()]
    assert len({view.description for view in VIEWS.values()}) == len(VIEWS)
    assert [name for name, view in VIEWS.items() if not view.selectable] == ["count"]
    assert [name for name, view in VIEWS.items() if view.channels == 2] == ["season"]
    assert [name for name, view in VIEWS.items() if view.follows_trend] == ["trend"]


# --- anchors and scales -----------------------------------------------------------------------------


def test_anchors_and_scales_by_hand(rng):
    panel = panel_of(rng.normal(size=60) + 50, 3 * rng.normal(size=60))
    origins = origins_in(panel, [40], [30])
    windows = [panel.y[32:40], panel.y[82:90]]
    last = np.array([panel.y[39], panel.y[89]])
    mean, deviation = np.array([w.mean() for w in windows]), np.array([w.std() for w in windows])
    low, middle, high = np.array([np.percentile(w, (25, 50, 75)) for w in windows]).T
    expected = {
        "mean": (mean, deviation),
        "last": (last, np.array([panel.y[:60].std(), panel.y[60:].std()])),
        "robust": (middle, (high - low) / 1.349),
        "count": (np.zeros(2), 1 + np.abs(mean)),
    }
    for view, (anchor, scale) in expected.items():
        found = windows_in(view, origins)
        assert_close(found.anchors(np.arange(2)), np.repeat(anchor[:, None], HORIZON, axis=1), terms=20)
        assert_close(found.scale[:, 0], scale, terms=20)


def test_the_season_view_is_anchored_one_season_before(rng):
    panel = panel_of(rng.normal(size=60))
    found = windows_in("season", origins_in(panel, [40]))
    np.testing.assert_array_equal(found.anchors(np.arange(1))[0], panel.y[[36, 37, 38, 39, 36, 37]])
    change = found.batch(np.arange(1), np.dtype(np.float64)).inputs["x"][0, :, 1]
    assert_close(change, (panel.y[32:40] - panel.y[28:36]) / found.scale[0, 0], terms=4)


def test_the_level_view_reads_the_series_without_its_season():
    t = np.arange(60)
    season = np.array([5.0, -1, -3, -1])
    panel = panel_of(20 + season[t % 4])
    origins = origins_in(panel, [40], smoothing=0.3)
    found = windows_in("level", origins)
    # season and trend are separated by iteration, which leaves a little of one in the other
    np.testing.assert_allclose(found.anchors(np.arange(1)), np.full((1, HORIZON), 20.0), atol=5e-3)
    np.testing.assert_allclose(origins.season_ahead(HORIZON)[0], season[[0, 1, 2, 3, 0, 1]], atol=5e-3)


@pytest.mark.parametrize("view", ["level", "mean", "last", "robust", "season"])
def test_the_scale_of_a_constant_window_comes_from_its_series(view, rng):
    panel = panel_of(np.r_[np.full(40, 7.0), 7 + rng.normal(size=20)])
    origins = origins_in(panel, [40], season=0.0)
    scale = windows_in(view, origins).scale[0, 0]
    change = np.abs(np.diff(panel.y)).mean()
    assert scale == pytest.approx(panel.y.std() if view == "last" else MIN_SCALE_IN_CHANGES * change)


# --- trends -----------------------------------------------------------------------------------------


def test_the_level_view_follows_only_a_steady_trend():
    panel = panel_of(*[3.0 + 0.25 * np.arange(60)] * 2)
    origins = origins_in(panel, [30], [30], trend=TREND_DECAYS[0], steady=[True, False])
    for view, expected in (("level", [0.25, 0.0]), ("trend", [0.25, 0.25])):
        anchors = windows_in(view, origins).anchors(np.arange(2))
        slope = np.diff(anchors, axis=1)
        assert_close(slope, np.repeat(np.array(expected)[:, None], HORIZON - 1, axis=1), terms=400, scale=120)


@pytest.mark.parametrize("view", ["mean", "last", "robust", "season", "count"])
def test_other_views_do_not_follow_trends(view):
    origins = origins_in(panel_of(3.0 + 0.25 * np.arange(60)), [30], trend=TREND_DECAYS[0], steady=True)
    assert windows_in(view, origins).drift is None


def test_the_trend_view_continues_a_trend_too_slow_for_one_window(rng):
    """The slope is a tenth of the noise: a window of 8 rows cannot distinguish it from 0."""
    rows = np.arange(150)
    df = pd.concat(
        pd.DataFrame({"unique_id": k, "ds": rows, "trend": trend, "y": trend + 2 * rng.normal(size=150)})
        for k, trend in enumerate([100 + 0.2 * rows, 100 - 0.2 * rows] * 6)
    )
    known = df[df["ds"] < 120]
    errors = {}
    for view in ("level", "trend"):
        fc = un.Forecaster(
            20, season=1, window=8, scaling=view, log=False, alias="f", ensemble=2, network="trained", verbose=0
        )
        forecast = fc.fit(known.drop(columns="trend")).predict().merge(df, on=["unique_id", "ds"])
        errors[view] = (forecast["f"] - forecast["trend"]).abs().mean()
    assert errors["trend"] < 0.6 * errors["level"]


# --- a new view -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scaling", ["first", ["level", "first"]], ids=["single", "with another"])
def test_a_new_view_is_fitted_saved_loaded_and_reported(scaling, first_view, rng, tmp_path, monkeypatch):
    df = panel_frame(rng, lengths=(60, 50))
    fc = un.Forecaster(scaling=scaling, **QUICK).fit(df)
    assert first_view in [member.view for member in fc.model_.members]
    assert "the window's first value" in fc.report().to_markdown()
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    assert loaded.model_.spec == fc.model_.spec
    pd.testing.assert_frame_equal(loaded.predict(level=80), fc.predict(level=80), check_exact=True)
    pd.testing.assert_frame_equal(loaded.sample(3), fc.sample(3), check_exact=True)
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()
    monkeypatch.delitem(VIEWS, "first")
    with pytest.raises(
        un.ModelFileError, match="needs something that is not registered: no scaling is called 'first'"
    ):
        un.load(tmp_path / "model.safetensors")


def test_a_new_view_is_offered_to_the_automatic_choice(first_view, rng):
    panel, parameters = panel_of(*rng.normal(size=(2, 60))), Parameters(4, season=1)
    decisions = plan_fit(parameters, panel).decisions
    default = default_configuration(parameters, decisions, panel.lengths)
    found = neighbours(default, search_space(parameters, panel, decisions, 40))
    tried = {view for configuration in found for view in configuration.scaling}
    assert "first" in tried
    assert "count" not in tried  # it is not selectable
