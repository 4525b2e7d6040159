"""Derivatives of anchors, slopes and scales equal central differences, in every view of the library."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.explanation.view_gradients import SCALES, view_gradients
from unrolled.forecasting.inputs.views import VIEWS, Cut, MeanView
from unrolled.forecasting.inputs.window_spec import WindowSpec
from unrolled.forecasting.preprocessing.transform import TransformedOrigins, estimate_transform

STEP = 1e-6


def origins_of(y):
    panel = panel_of(y)
    transform = estimate_transform(panel, np.array([False]), 1, 4, with_trends=True)
    return TransformedOrigins(panel, np.array([len(y) - 4]), transform)


def statistics(view, z, origins, spec, length):
    cut = Cut(z, origins, origins.ends - length, spec.window, spec.season, spec.horizon)
    slope = view.slope(cut)
    return np.array([view.anchor(cut)[0], 0.0 if slope is None else slope[0], view.scale(cut)[0]])


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("rows", [40, 11])
def test_the_derivatives_of_a_view(name, rows, rng):
    origins = origins_of(3.0 * np.arange(rows) + rng.normal(size=rows))
    view, z = VIEWS[name], origins.panel.y
    spec = WindowSpec(4, 1, 8, (view, VIEWS["trend"]))  # the rows behind slopes are kept
    length = min(8, rows - 4)
    found = view_gradients(view, z, origins, spec, length)
    for k in range(rows):
        step = STEP * np.eye(rows)[k]
        above, below = (statistics(view, z + sign * step, origins, spec, length) for sign in (1, -1))
        expected = (above - below) / (2 * STEP)
        np.testing.assert_allclose([d[k] for d in found], expected, atol=1e-6)


def test_the_trend_has_a_slope_to_differentiate(rng):
    origins = origins_of(3.0 * np.arange(40) + rng.normal(size=40))
    assert view_gradients(VIEWS["trend"], origins.panel.y, origins, WindowSpec(4, 1, 8, ()), 8).slope.any()


def test_a_scale_at_its_bound_does_not_depend_on_the_window():
    y = np.append(np.tile([0.0, 50.0], 20), np.full(12, 1.0))
    origins = origins_of(y)
    for name in ("level", "robust"):
        assert not view_gradients(VIEWS[name], y, origins, WindowSpec(4, 1, 8, ()), 8).scale.any()


def test_all_views_of_the_library_have_derivatives():
    assert set(SCALES) == {name for name, view in VIEWS.items() if type(view).__module__.startswith("unrolled")}


def test_another_view_has_none(rng):
    class OwnView(MeanView):
        name = "own"

    origins = origins_of(rng.normal(size=20))
    with pytest.raises(un.InputError, match=r"derivatives are known for the scalings level, .*, not for 'own'\. Fit"):
        view_gradients(OwnView(), origins.panel.y, origins, WindowSpec(4, 1, 8, ()), 8)
