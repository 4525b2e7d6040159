"""Output distributions: forecasts of each, their first outputs, and a likelihood that only a test defines."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import counts_frame, panel_frame
from unrolled.forecasting.model.distributions import (
    DISTRIBUTIONS,
    LEARNED_QUANTILES,
    ParametricDistribution,
    distribution_named,
)
from unrolled.forecasting.probabilistic.quantile_function import FINE_LEVELS
from unrolled.forecasting.probabilistic.quantiles import LEARNED, QUANTILES
from unrolled.forecasting.probabilistic.support import Support
from unrolled.nn.losses import LOSSES, Likelihood
from unrolled.nn.losses.likelihoods import Costs

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}
LIKELIHOODS = ["normal", "student_t", "poisson", "negative_binomial"]


# --- the registry -----------------------------------------------------------------------------------


def test_every_likelihood_has_a_distribution_and_quantiles_are_the_default():
    assert list(DISTRIBUTIONS) == LIKELIHOODS
    assert distribution_named(None) is LEARNED_QUANTILES
    assert [name for name, one in DISTRIBUTIONS.items() if one.counts] == LIKELIHOODS[2:]
    assert (LEARNED_QUANTILES.size, LEARNED_QUANTILES.levels) == (len(LEARNED), QUANTILES)
    assert {(one.name, one.levels) for one in DISTRIBUTIONS.values()} == {(n, FINE_LEVELS) for n in LIKELIHOODS}
    with pytest.raises(un.InputError, match=r"no likelihood is called 'gamma'; known: normal.*None learns quantiles"):
        distribution_named("gamma")


@pytest.mark.parametrize("name", [None, *LIKELIHOODS])
def test_counts_are_always_whole(name):
    distribution = distribution_named(name)
    assert distribution.support(False) == Support(distribution.counts)
    assert distribution.support(True) == Support(True)


@pytest.mark.parametrize("name", [None, *LIKELIHOODS])
def test_quantiles_rise_and_grow_with_the_scale(name, rng):
    distribution = distribution_named(name)
    outputs, levels = rng.normal(size=(4, 3, distribution.size)), distribution.levels
    found = distribution.quantiles(outputs, np.array([1.0, 1, 10, 10]), levels)
    assert found.shape == (4, 3, len(levels))
    assert (np.diff(found, axis=-1) >= 0).all()
    one, ten = (distribution.quantiles(outputs, np.full(4, scale), levels) for scale in (1.0, 10.0))
    np.testing.assert_array_equal(found, np.concatenate([one[:2], ten[2:]]))
    if not distribution.counts:
        np.testing.assert_allclose(ten, 10 * one)


def test_the_outermost_quantiles_lie_on_the_line_over_normal_scores(rng):
    """A network that has learned a normal distribution gives all of its quantiles, also those that it never saw."""
    normal = [NormalDist(3, 2).inv_cdf(q) for q in QUANTILES]
    found = LEARNED_QUANTILES.quantiles(np.array([[normal[1:-1]]]), np.array([5.0]), QUANTILES)
    np.testing.assert_allclose(found[0, 0], 5 * np.array(normal))


# --- first outputs ----------------------------------------------------------------------------------


def test_initial_quantiles_are_those_of_the_targets_about_their_anchors(rng):
    targets = rng.normal(scale=[1.0, 3.0], size=(4000, 2))
    start = LEARNED_QUANTILES.initial_outputs(targets, np.ones_like(targets), np.ones(4000))
    assert (start[:, LEARNED.index(0.5)] == 0).all()
    np.testing.assert_array_equal(start, -start[:, ::-1])
    for k, q in enumerate(LEARNED):
        # the standard error of a share of 4000, on both sides
        assert abs((targets <= start[:, k]).mean(axis=0) - q).max() < 4 * np.sqrt(0.25 / 4000)


@pytest.mark.parametrize(("likelihood", "parameters"), [(None, len(LEARNED)), ("normal", 2), ("poisson", 1)])
def test_steps_without_known_targets_begin_at_the_anchor(likelihood, parameters):
    targets, weights = np.ones((3, 2)), np.array([[1.0, 0.0]] * 3)
    start = distribution_named(likelihood).initial_outputs(targets, weights, np.ones(3))
    assert start.shape == (2, parameters)
    assert start[0].any()
    assert not start[1].any()


def test_initial_outputs_ignore_unknown_targets_and_use_weights():
    targets = np.array([[1.0, 7.0], [2.0, 7.0], [100.0, 7.0]])
    weights = np.array([[1.0, 1.0], [9.0, 1.0], [0.0, 1.0]])
    start = LEARNED_QUANTILES.initial_outputs(targets, weights, np.ones(3))
    assert start[0, -1] == 2.0  # of nine tenths of the weight
    assert start[1, -1] == 7.0


# --- forecasts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", [None, *LIKELIHOODS])
def test_every_likelihood_forecasts_in_order_and_is_saved(likelihood, rng, tmp_path):
    df = counts_frame() if likelihood in LIKELIHOODS[2:] else panel_frame(rng)
    fc = un.Forecaster(horizon=4, likelihood=likelihood, **QUICK).fit(df)
    out = fc.predict(level=[50, 80, 95])
    order = ["lo-95", "lo-80", "lo-50", None, "hi-50", "hi-80", "hi-95"]
    values = np.stack([out["GRU" if name is None else f"GRU-{name}"] for name in order])
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) >= 0).all()
    assert fc.held_out_.coverage.keys() == {50, 80, 90, 95}
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.predict(level=[50, 80, 95]), out, check_exact=True)
    pd.testing.assert_frame_equal(loaded.sample(5), fc.sample(5), check_exact=True)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
def test_forecasts_of_counts_are_counts_and_cover_them(likelihood):
    """Independent Poisson counts: the 95 % intervals contain most, and are about three times too wide at most."""
    whole = counts_frame(lengths=(130, 130, 130))
    df = whole.groupby("unique_id").head(120)
    fc = un.Forecaster(horizon=10, likelihood=likelihood, steps=200, ensemble=2, verbose=0).fit(df)
    out = fc.predict(level=[95]).merge(whole, on=["unique_id", "ds"])
    columns = out[["GRU", "GRU-lo-95", "GRU-hi-95"]].to_numpy()
    assert (columns == np.floor(columns)).all()
    assert (columns >= 0).all()
    inside = (out["GRU-lo-95"] <= out["y"]) & (out["y"] <= out["GRU-hi-95"])
    assert inside.mean() >= 26 / 30  # five of 30 miss once in 100 times at 95 %
    deviation = {"c0.4": 0.4**0.5, "c3": 3**0.5, "c20": 20**0.5}
    for name, part in out.groupby("unique_id"):
        assert (part["GRU-hi-95"] - part["GRU-lo-95"]).mean() < 3 * 2 * 1.96 * deviation[name] + 2
        samples = fc.sample(300)
        drawn = samples.loc[samples["unique_id"] == name, "GRU"]
        assert (drawn == np.floor(drawn)).all()
        assert drawn.min() >= 0
        mean = df.loc[df["unique_id"] == name, "y"].mean()
        assert abs(drawn.mean() - mean) < 0.5 * mean + 0.3


@pytest.mark.parametrize(("value", "shown"), [(2.5, "2.5"), (-1.0, "-1")])
def test_values_that_are_not_counts_are_refused_with_series_and_row(value, shown):
    df = counts_frame()
    df["y"] = df["y"].astype(float)
    df.loc[120 + 6, "y"] = value
    message = rf"series 'c3' has {shown} at 2024-01-07 \(1 such value in all\).*`likelihood='poisson'` is for counts"
    with pytest.raises(un.DataError, match=message):
        un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(df)
    fc = un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(counts_frame())
    with pytest.raises(un.DataError, match=message):
        fc.predict(df)


def test_gaps_in_counts_do_not_matter():
    df = counts_frame().drop(index=[10, 11, 140])
    out = un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(df).predict()
    assert np.isfinite(out["GRU"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likelihood": "gamma"}, "no likelihood is called 'gamma'; known: normal, student_t, poisson"),
        ({"likelihood": "poisson", "log": True}, "counts, which have no logarithms"),
        (
            {"likelihood": "poisson", "scaling": "level"},
            "for counts, which are measured from 0 in a view of their own; got scaling 'level'",
        ),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=4, **options, **QUICK).fit(counts_frame())


# --- a new likelihood -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Laplace(Likelihood):
    """A Laplace distribution of mean μ and scale b = exp(a): cost = a + log 2 + |y - μ| / b."""

    kind: ClassVar[str] = "laplace"
    parameters: ClassVar[tuple[str, ...]] = ("mean", "log scale")

    def negative_log(self, target, unit, *raw):
        mean, a = raw
        z = (target - mean) * np.exp(-a)
        return Costs(a + np.log(2) + np.abs(z), (-np.sign(z) * np.exp(-a), 1 - np.abs(z)))

    def begin(self, target, weight, unit):
        scale = (weight * np.abs(target)).sum(axis=0) / weight.sum(axis=0)
        return np.stack([np.zeros_like(scale), np.log(np.maximum(scale, 1e-6))], axis=-1)

    def _mean(self, *raw):
        return raw[0]

    def _quantile(self, level, unit, *raw):
        tail = np.log(2 * min(level, 1 - level))
        return unit * (raw[0] + np.sign(0.5 - level) * tail * np.exp(raw[1]))

    def _sample(self, random, shape, unit, *raw):
        return unit * random.laplace(raw[0], np.exp(raw[1]), shape)


@pytest.mark.usefixtures("numpy_engine")  # the compiled engine has no kernel for it
def test_a_new_likelihood_is_fitted_saved_loaded_and_reported(rng, tmp_path, monkeypatch):
    monkeypatch.setitem(LOSSES, Laplace.kind, Laplace)
    monkeypatch.setitem(DISTRIBUTIONS, Laplace.kind, ParametricDistribution(Laplace()))
    df = panel_frame(rng, lengths=(60, 50))
    fc = un.Forecaster(horizon=4, likelihood="laplace", hidden=4, **QUICK).fit(df)
    out = fc.predict(level=[50, 95])
    assert (out["GRU-lo-95"] < out["GRU-lo-50"]).all()
    assert (out["GRU-hi-50"] < out["GRU-hi-95"]).all()
    assert "laplace" in fc.report().to_markdown()
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.predict(level=[50, 95]), out, check_exact=True)
    pd.testing.assert_frame_equal(loaded.sample(5), fc.sample(5), check_exact=True)
    monkeypatch.delitem(DISTRIBUTIONS, Laplace.kind)
    with pytest.raises(
        un.ModelFileError, match="needs something that is not registered: no likelihood is called 'laplace'"
    ):
        un.load(tmp_path / "model.safetensors")
