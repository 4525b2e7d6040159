"""The networks behind a forecaster: each window goes through each of them once, and their median is the forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import unrolled as un
from tables import panel_frame
from unrolled.forecasting.model import ensemble as ensemble_module
from unrolled.forecasting.model.architecture import Architecture
from unrolled.forecasting.model.combination import Combination
from unrolled.forecasting.model.ensemble import MEDIANS_AT_ONCE, pieces
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES

QUICK = {"horizon": 4, "steps": 5, "hidden": 4, "verbose": 0}


def fitted(rng, **options):
    return un.Forecaster(**QUICK | options).fit(panel_frame(rng))


def origins_of(fc):
    """The last 20 origins of each series."""
    panel = fc.panel_
    ends = (panel.offsets[1:, None] - np.arange(20)).ravel()
    return TransformedOrigins(panel, ends, fc.fitted.only.transform)


@pytest.fixture
def rows_read(monkeypatch):
    """The numbers of windows that networks read, call by call."""
    found, forward = [], Architecture.forward

    def counting(self, params, inputs, lengths):
        found.append(len(inputs["x"]))
        return forward(self, params, inputs, lengths)

    monkeypatch.setattr(Architecture, "forward", counting)
    return found


# --- each window once -------------------------------------------------------------------------------


def test_each_window_goes_through_each_network_once(rng, rows_read):
    fc = fitted(rng, ensemble=4, scaling=["level", "mean"])
    rows_read.clear()
    fc.model_.outputs(origins_of(fc))
    assert rows_read == [60] * 4


@pytest.mark.parametrize("options", [{}, {"likelihood": "normal"}, {"combine": "Drift"}], ids=str)
def test_forecasts_intervals_and_samples_read_each_last_window_once(options, rng, rows_read):
    fc = fitted(rng, ensemble=2, scaling="level", **options)
    for ask in (fc.predict, lambda: fc.predict(level=[50, 80, 95]), lambda: fc.sample(50)):
        rows_read.clear()
        ask()
        assert rows_read == [3, 3]


def test_members_of_a_view_share_its_windows(rng, monkeypatch):
    fc = fitted(rng, ensemble=6, scaling=["level", "mean", "season"])
    made, make_windows = [], ensemble_module.make_windows

    def counting(origins, spec, view, features):
        made.append(view.name)
        return make_windows(origins, spec, view, features)

    monkeypatch.setattr(ensemble_module, "make_windows", counting)
    fc.model_.outputs(origins_of(fc))
    assert made == ["level", "mean", "season"]


# --- quantiles --------------------------------------------------------------------------------------


def test_quantiles_are_medians_over_the_members(rng):
    fc = fitted(rng, ensemble=3, scaling=["level", "mean", "season"])
    origins = origins_of(fc)
    found = fc.model_.outputs(origins).quantiles()
    assert found.shape == (60, 4, len(QUANTILES))
    assert (np.diff(found, axis=-1) >= 0).all()
    alone = [replace(fc.model_, members=[member]).outputs(origins).quantiles() for member in fc.model_.members]
    np.testing.assert_array_equal(found, np.median(alone, axis=0))
    assert (alone[0] != alone[1]).any()


def test_processing_in_pieces_changes_no_bit(rng, monkeypatch):
    fc = fitted(rng, ensemble=2, scaling=["level", "mean"])
    origins = origins_of(fc)
    whole = fc.model_.outputs(origins)
    expected = whole.quantiles()
    some = np.array([3, 41, 7])
    np.testing.assert_array_equal(whole.take(some).quantiles(), expected[some])
    monkeypatch.setattr(ensemble_module, "MEDIANS_AT_ONCE", 7)
    np.testing.assert_array_equal(whole.quantiles(), expected)
    assert MEDIANS_AT_ONCE > 7


def test_outputs_are_anchored_in_the_units_of_the_target(rng):
    """A network that gives 0 repeats the anchors, with the season of the level view put back."""
    fc = fitted(rng, ensemble=1, scaling="level", log=False, network="trained")
    member = fc.model_.members[0]
    silent = replace(fc.model_, members=[replace(member, parameters=np.zeros_like(member.parameters))])
    origins = origins_of(fc)
    outputs = silent.outputs(origins)
    found = outputs.quantiles()
    np.testing.assert_array_equal(found, np.repeat(outputs.members[0].anchors[..., None], len(QUANTILES), axis=2))
    error = found[..., MEDIAN] - fc.panel_.y[origins.ends - 1][:, None]
    assert np.abs(error).mean() < 20  # all series lie far above that


# --- parts ------------------------------------------------------------------------------------------


def test_a_context_holds_the_rows_that_forecasts_depend_on(rng):
    fc = fitted(rng, ensemble=2, scaling=["level", "trend"], network="trained")
    panel, ensemble = fc.panel_, fc.model_
    context, memory = ensemble.context(panel, 1), ensemble.spec.memory
    assert (context.lengths == np.minimum(panel.lengths, memory)).all()
    assert (ensemble.context(panel, memory + 2, 3).lengths == np.minimum(panel.lengths, memory + 5)).all()
    assert ensemble.context(panel, 10**30) is panel  # a season may be given as any number
    assert replace(ensemble, combination=Combination({"Naive": 0.5})).context(panel, 1) is panel
    short = TransformedOrigins(context, context.offsets[1:], fc.fitted.only.transform)
    whole = TransformedOrigins(panel, panel.offsets[1:], fc.fitted.only.transform)
    np.testing.assert_array_equal(ensemble.outputs(short).quantiles(), ensemble.outputs(whole).quantiles())


@pytest.mark.parametrize(("count", "size", "lengths"), [(10, 4, [4, 3, 3]), (3, 8, [3]), (0, 5, [0]), (4, 2, [2, 2])])
def test_pieces_are_of_equal_size_and_in_order(count, size, lengths):
    found = list(pieces(count, size))
    assert [len(piece) for piece in found] == lengths
    np.testing.assert_array_equal(np.concatenate(found), np.arange(count))
