"""Fitting one frequency: two trainings, the first of which predicts the held-out end once."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of
from unrolled.forecasting.fitting import fit
from unrolled.forecasting.model import training
from unrolled.forecasting.model.architecture import Architecture
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.predictor import Source
from unrolled.forecasting.probabilistic.conformal import UNCALIBRATED_FACTOR
from unrolled.series.columns import Columns

SOURCE = Source(Columns())
QUICK = {"horizon": 4, "season": 1, "steps": 5, "hidden": 4, "verbose": 0}


@pytest.fixture
def rows_read(monkeypatch):
    """How many windows went through networks after a training, call by call."""
    found, forward = [], Architecture.forward

    def counting(self, params, inputs, lengths):
        found.append(len(inputs["x"]))
        return forward(self, params, inputs, lengths)

    monkeypatch.setattr(Architecture, "forward", counting)
    return found


@pytest.mark.parametrize("options", [{}, {"likelihood": "normal"}, {"combine": "Drift"}], ids=str)
def test_each_held_out_window_goes_through_each_network_once(options, rng, rows_read):
    panel = panel_of(*rng.normal(size=(2, 60)))
    predictor = fit(Parameters(**QUICK, ensemble=3, scaling="mean", **options), panel, SOURCE)
    assert predictor.comparison.origins == 12
    assert rows_read == [2 * 12] * 3


def test_without_an_evaluation_no_window_is_predicted(rng, rows_read):
    panel = panel_of(rng.normal(size=60))
    predictor = fit(Parameters(**QUICK, ensemble=2), panel, SOURCE, evaluate=False)
    assert rows_read == []
    assert predictor.comparison is None
    assert predictor.ensemble.correlation is None
    assert (predictor.conformal_factors == UNCALIBRATED_FACTOR).all()
    assert predictor.notes == ()


def test_too_few_rows_to_hold_any_out_are_noted(rng):
    predictor = fit(Parameters(**QUICK, ensemble=2), panel_of(rng.normal(size=9)), SOURCE)
    assert predictor.comparison is None
    assert predictor.notes == (
        "too few rows to hold any out: no comparison, and intervals not calibrated, only widened",
    )


def test_the_second_training_sees_all_rows_and_the_first_does_not(rng, monkeypatch):
    panel = panel_of(rng.normal(size=60))
    seen, train = [], training.train_ensemble

    def counting(settings, panel, *args, **options):
        seen.append((panel.lengths.tolist(), options["title"]))
        return train(settings, panel, *args, **options)

    monkeypatch.setattr("unrolled.forecasting.fitting.train_ensemble", counting)
    predictor = fit(Parameters(**QUICK, ensemble=1), panel, SOURCE)
    assert seen == [([45], "training without the end"), ([60], "training on everything")]
    assert predictor.panel is panel
    assert np.array_equal(predictor.context.y, panel.y[-predictor.ensemble.spec.memory :])
