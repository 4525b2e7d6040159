"""Training an ensemble: members that share a view share its windows, and begin at the distribution of the targets."""

from __future__ import annotations

import numpy as np
import pytest

from tables import panel_of, shops
from unrolled.errors import TrainingDiverged
from unrolled.forecasting.defaults import plan_fit
from unrolled.forecasting.fitting import transform_of_all
from unrolled.forecasting.inputs import windows
from unrolled.forecasting.inputs.views import VIEWS
from unrolled.forecasting.model import training
from unrolled.forecasting.model.training import TrainingSet, train_ensemble
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

QUICK = {"horizon": 4, "season": 1, "steps": 5, "hidden": 4, "verbose": 0}


def trained(panel, **options):
    """An ensemble that is trained on all rows of a panel."""
    plan = plan_fit(Parameters(**QUICK | options), panel, evaluate=False)
    decisions = plan.decisions
    return train_ensemble(
        plan.settings, panel, transform_of_all(plan), decisions.spec, decisions.features, title="test"
    )


def training_set(panel, **options):
    plan = plan_fit(Parameters(**QUICK | options), panel, evaluate=False)
    decisions = plan.decisions
    ends = windows.window_ends(panel, decisions.spec)
    origins = TransformedOrigins(panel, ends, transform_of_all(plan))
    return TrainingSet(origins, decisions.spec, decisions.features, plan.parameters.distribution)


@pytest.fixture
def made(monkeypatch):
    """The views and the numbers of the windows that trainings make."""
    found = []

    def counting(origins, spec, view, features, **options):
        found.append((view.name, len(origins)))
        return windows.make_windows(origins, spec, view, features, **options)

    monkeypatch.setattr(training, "make_windows", counting)
    return found


def test_members_that_share_a_view_share_its_windows(made, rng):
    panel = panel_of(rng.normal(size=60))
    ensemble = trained(panel, ensemble=6, scaling=["level", "mean"])
    assert [member.view.name for member in ensemble.members] == ["level", "mean"] * 3
    count = len(windows.window_ends(panel, ensemble.spec))
    assert made == [("level", count), ("mean", count)]


def test_windows_are_made_only_in_views_that_members_use(made, rng):
    trained(panel_of(rng.normal(size=60)), ensemble=1, scaling=["level", "mean"])
    assert [view for view, _ in made] == ["level"]


def test_members_draw_samples_of_their_own_where_windows_are_more_than_they_see(made, rng):
    panel = panel_of(*rng.normal(size=(8, 60)))
    ensemble = trained(panel, ensemble=3, scaling="mean", steps=2, batch_size=8)
    assert made == [("mean", 16)] * 3
    parameters = [member.parameters for member in ensemble.members]
    assert (parameters[0] != parameters[1]).any()


def test_samples_are_windows_in_order_and_depend_on_the_seed(rng):
    data = training_set(panel_of(*rng.normal(size=(4, 60))), scaling="mean")
    whole, some = data.windows(VIEWS["mean"]), data.sample(VIEWS["mean"], 20, seed=5)
    rows, dtype = np.arange(20), np.dtype(np.float64)
    again, other = (data.sample(VIEWS["mean"], 20, seed=seed).batch(rows, dtype).target for seed in (5, 6))
    target = some.batch(rows, dtype).target
    np.testing.assert_array_equal(target, again)
    assert (target != other).any()
    all_targets = whole.batch(np.arange(len(whole)), dtype).target.tolist()
    places = [all_targets.index(row) for row in target.tolist()]
    assert places == sorted(set(places))


@pytest.mark.parametrize("likelihood", [None, "normal"])
def test_windows_are_weighted_by_their_scale_where_their_cost_grows_with_it(likelihood, rng):
    data = training_set(panel_of(rng.normal(size=60), 100 * rng.normal(size=60)), likelihood=likelihood)
    weight = data.windows(VIEWS["mean"]).weight
    assert (likelihood is None) == (len(set(weight.tolist())) > 1)
    assert likelihood is None or (weight == 1).all()  # the weights of the series


def test_the_same_seed_trains_the_same_networks(rng):
    panel = panel_of(rng.normal(size=60))
    first, again, other = (trained(panel, ensemble=2, seed=seed) for seed in (0, 0, 1))
    for k in range(2):
        np.testing.assert_array_equal(first.members[k].parameters, again.members[k].parameters)
        assert (first.members[k].parameters != other.members[k].parameters).any()
    assert not first.interrupted


def test_embeddings_of_unseen_categories_are_the_mean_of_the_others(rng):
    panel = read_panel(shops(rng), Columns(static=("town",)))
    member = trained(panel, ensemble=1, season=7).members[0]
    weight = member.architecture.program.views(member.parameters)["embedding 0.weight"]
    np.testing.assert_array_equal(weight[0], weight[1:].mean(axis=0))


def diverging_above(limit, monkeypatch, tried):
    """Make trainings with a learning rate above the limit fail after they have changed the parameters."""

    def train(program, parameters, windows, loss, optimizer, plan, **rows):
        tried.append(optimizer.schedule.rate)
        history = original(program, parameters, windows, loss, optimizer, plan, **rows)
        if optimizer.schedule.rate > limit:
            raise TrainingDiverged(3, 17, 0.002, 4.1e9)
        return history

    original = training.train
    monkeypatch.setattr(training, "train", train)


def test_a_network_that_diverged_is_trained_again_from_its_start_at_a_third_of_the_rate(rng, monkeypatch):
    panel, tried = panel_of(rng.normal(size=60)), []
    lower = trained(panel, ensemble=2, rate=0.03 * (1 / 3) ** 2)
    diverging_above(0.005, monkeypatch, tried)
    ensemble = trained(panel, ensemble=2, rate=0.03)
    assert sorted(tried) == pytest.approx([0.1 / 30] * 2 + [0.01] * 2 + [0.03] * 2)
    for k in range(2):
        np.testing.assert_array_equal(ensemble.members[k].parameters, lower.members[k].parameters)
        assert ensemble.members[k].divergences == [
            f"network {k + 1} diverged in epoch 3 (batch 17, gradient norm 4.1e+09); it was trained again with the "
            f"learning rate {rate}"
            for rate in ("0.01", "0.00333")
        ]
    assert not lower.members[0].divergences


def test_a_network_that_diverges_at_three_rates_is_an_error(rng, monkeypatch):
    panel, tried = panel_of(rng.normal(size=60)), []
    diverging_above(0.0, monkeypatch, tried)
    message = (
        r"^network 1 diverged at the learning rates 0\.03, 0\.01, 0\.00333, the last time in epoch 3, batch 17 "
        r"\(learning rate 0\.002, gradient norm 4\.1e\+09 in the step before\)\. Give a lower `rate`, or look for"
    )
    with pytest.raises(TrainingDiverged, match=message):
        trained(panel, ensemble=1, rate=0.03)
    assert tried == pytest.approx([0.03, 0.01, 0.1 / 30])


def test_a_rate_that_is_far_too_large_is_an_error_on_both_engines(engine, rng):
    with pytest.raises(TrainingDiverged, match=r"network 1 diverged at the learning rates 1e\+12, 3.33e\+11, 1"):
        trained(panel_of(rng.normal(size=60)), ensemble=1, rate=1e12)
