"""Settings become the architecture of each network."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of, shops
from unrolled.forecasting.defaults import choose_settings
from unrolled.forecasting.inputs.features import Features
from unrolled.forecasting.inputs.views import VIEWS, views_named
from unrolled.forecasting.inputs.window_spec import WindowSpec
from unrolled.forecasting.parameters import Parameters
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

SPEC = WindowSpec(4, 7, 14, views_named(["level", "season"]), segment=7, decoded=True)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("likelihood", [None, "student_t"])
def test_an_architecture_reads_the_channels_of_its_view_and_of_the_features(view, likelihood, rng):
    panel = read_panel(shops(rng), Columns(past=("past",), future=("price",), static=("size", "town")))
    features = Features.of(panel, calendar=True)
    parameters = Parameters(4, "lstm", hidden=6, layers=2, dropout=0.1, likelihood=likelihood)
    settings = choose_settings(parameters, panel.lengths, SPEC, "parallel")
    one = settings.architecture(SPEC, VIEWS[view], features)
    assert (one.cell, one.hidden, one.layers, one.dropout, one.decoder) == ("lstm", 6, 2, 0.1, "parallel")
    assert (one.segment, one.horizon) == (7, 4)
    assert one.channels == VIEWS[view].channels + features.n_channels
    assert one.outputs == parameters.distribution.size == (9 if likelihood is None else 3)
    assert (one.n_known_ahead, one.n_static) == (features.n_known_ahead, features.n_static)
    assert one.category_sizes == features.category_sizes == (3,)


def test_settings_are_values():
    rows = panel_of(np.arange(60.0)).lengths
    first, again = (choose_settings(Parameters(4), rows, SPEC, "direct") for _ in range(2))
    assert first == again
    assert first != choose_settings(Parameters(4, seed=1), rows, SPEC, "direct")
    with pytest.raises(AttributeError):
        first.steps = 3
