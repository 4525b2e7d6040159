"""Derivatives of forecasts equal central differences of `predict`, for every part of a forecaster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from float64 import in_float64
from unrolled.forecasting.explanation.sensitivities import sensitivities

SMALL = {"steps": 5, "hidden": 4, "verbose": 0}
NETWORKS = [{"network": "trained"}, {"network": "pretrained"}, {"network": "both"}]


def frame(rng, rows=90, gap=False, freq="MS", growth=0.0, **columns):
    t = np.arange(rows)
    y = (100 + 0.5 * t + 10 * np.sin(2 * np.pi * t / 12)) * np.exp(growth * t) + rng.normal(size=rows)
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=rows, freq=freq), "y": y, **columns})
    return df.drop(index=[20, rows - 6, rows - 5]) if gap else df


def differences(predictor, panel, horizon, series):
    """Central differences of the medians with respect to the target and the covariates in the rows of a panel."""

    def forecast(panel):
        origins = predictor.origins(series._replace(panel=panel), None, horizon)
        found = predictor.quantiles(origins, horizon, intervals=False)
        return predictor.forecast_columns(found, ())[predictor.name][0]

    def slopes(values, put, k):
        step = 1e-7 * max(abs(values[k]), 1.0)
        found = []
        for sign in (1, -1):
            other = values.copy()
            other[k] += sign * step
            found.append(forecast(put(other)))
        return (found[0] - found[1]) / (2 * step)

    covariates = panel.covariates
    target = [slopes(panel.y, lambda y: replace(panel, y=y), k) for k in range(len(panel.y))]
    found = [np.stack(target, axis=1)]
    for name in ("values", "ahead"):
        shape = getattr(covariates, name).shape

        def put(values, name=name, shape=shape):
            return replace(panel, covariates=replace(covariates, **{name: values.reshape(shape)}))

        flat = getattr(covariates, name).ravel()
        columns = [slopes(flat, put, k) for k in range(len(flat))]
        found.append(np.stack(columns, axis=1).reshape(horizon, *shape) if columns else np.zeros((horizon, *shape)))
    return found


def check(fc, monkeypatch, horizon=None, tolerance=1e-6):
    predictor = in_float64(fc.fitted.only, monkeypatch)
    horizon = horizon or predictor.parameters.horizon
    series = predictor.series
    panel = series.panel
    found = sensitivities(predictor, predictor.origins(series, None, horizon), horizon)
    target, values, ahead = differences(predictor, panel, horizon, series)
    n, known = len(panel.y), panel.covariates.known
    limit = tolerance * np.abs(target).max()
    assert np.abs(target).max() > 0
    np.testing.assert_allclose(found.target[:, :n], target, atol=limit, rtol=1e-5)
    np.testing.assert_allclose(found.target[:, n:], 0)
    limit = tolerance * max(np.abs(values).max(initial=0), np.abs(ahead).max(initial=0), 1e-3)
    np.testing.assert_allclose(found.covariates[:, :n], values, atol=limit, rtol=1e-5)
    if known:
        here = found.covariates[:, n:, values.shape[2] - known :]
        np.testing.assert_allclose(here, ahead[:, : here.shape[1]], atol=limit, rtol=1e-5)
    return found


@pytest.mark.parametrize("options", NETWORKS, ids=str)
@pytest.mark.parametrize("gap", [False, True])
def test_all_kinds_of_networks_with_and_without_gaps_on_both_engines(options, gap, rng, engine, monkeypatch):
    fc = un.Forecaster(5, **SMALL, **options, ensemble=3).fit(frame(rng, gap=gap))
    check(fc, monkeypatch)


@pytest.mark.parametrize("scaling", ["level", "trend", "season", "mean", "last", "robust"])
def test_every_view(scaling, rng, monkeypatch):
    check(un.Forecaster(14, **SMALL, ensemble=1, network="trained", scaling=scaling).fit(frame(rng)), monkeypatch)


@pytest.mark.parametrize(
    "options",
    [
        {"log": True, "network": "both"},
        {"log": True, "network": "trained", "scaling": ["season", "trend"]},
        {"log": False, "nonnegative": True},
        {"reach": 3, "log": True},
        {"reach": 3, "scaling": "season"},
        {"segment": 4, "decoder": "parallel"},
        {"segment": 4, "decoder": "recurrent", "calendar": True},
        {"likelihood": "normal"},
        {"likelihood": "student_t", "ensemble": 2},
        {"cell": "lstm", "layers": 2, "season": 1},
    ],
    ids=str,
)
def test_all_options_of_a_forecaster(options, rng, monkeypatch):
    given = {"ensemble": 3} | SMALL | options
    check(un.Forecaster(8, **given).fit(frame(rng)), monkeypatch)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"segment": 4, "network": "trained"},
        {"network": "trained", "log": True},
        {"reach": 2},
        {"reach": 4, "segment": 4, "decoder": "recurrent"},
    ],
    ids=str,
)
def test_covariates_known_up_to_the_present_and_ahead(options, rng, monkeypatch):
    price, rain, promo = rng.normal(size=98), rng.normal(size=98), (rng.uniform(size=98) < 0.3) * 1.0
    df = frame(rng, 98, price=price, rain=rain, promo=promo)
    df["y"] += 400 + 8 * df["promo"] + 30 * df["price"] + 20 * df["price"].shift(fill_value=0)  # linear effects
    df.loc[90:, "y"] = np.nan
    past = [] if not options else ["rain"]
    fc = un.Forecaster(4, **{"ensemble": 3} | SMALL | options).fit(df, past_cols=past, future_cols=["price", "promo"])
    terms = fc.fitted.only.transform.effects.terms
    assert terms.columns
    assert terms.lagged
    found = check(fc, monkeypatch, horizon=5 if "reach" in options else None)
    assert found.covariates.any(axis=(0, 1)).all()


def test_the_limits_around_the_extremes_of_a_series(rng, monkeypatch):
    """A series that has just left them: the limit moves with its last value."""
    for jump in (3.0, 1 / 3):
        df = frame(rng)
        fc = un.Forecaster(5, **SMALL, ensemble=1, log=True, network="trained", scaling="last").fit(df)
        predictor = fc.fitted.only
        panel = predictor.context
        y = panel.y.copy()
        y[-1] *= jump**3
        changed = replace(predictor, context=replace(panel, y=y))
        fc._fitted = replace(fc.fitted, predictors={"monthly": changed})
        check(fc, monkeypatch)


def test_forecasts_of_other_methods_are_constants(rng, monkeypatch):
    df = frame(rng)
    alone = un.Forecaster(5, **SMALL, ensemble=1, network="trained", scaling="level", log=False).fit(df)
    mixed = un.Forecaster(**alone.chosen_ | {"combine": {"Naive": 0.25}}).fit(df)
    derivatives = []
    for fc in (alone, mixed):
        predictor = in_float64(fc.fitted.only, monkeypatch)
        found = sensitivities(predictor, predictor.origins(predictor.series, None, 5), 5).target
        derivatives.append(found[:, -20:])
    np.testing.assert_allclose(derivatives[1], 0.75 * derivatives[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
def test_of_counts_the_means_are_differentiated(likelihood, rng, monkeypatch):
    df = frame(rng).assign(y=rng.poisson(8, 90).astype(float))
    fc = un.Forecaster(4, **SMALL, ensemble=1, likelihood=likelihood).fit(df)
    predictor = in_float64(fc.fitted.only, monkeypatch)
    series = predictor.series
    found = sensitivities(predictor, predictor.origins(series, None, 4), 4)

    def means(y):
        origins = predictor.origins(series._replace(panel=replace(series.panel, y=y)), None, 4)
        (one,) = predictor.ensemble.outputs(origins).members
        return predictor.ensemble.distribution.likelihood.mean(one.values, unit=one.scale)[0]

    y = series.panel.y
    for k in range(len(y)):
        step = 1e-6 * np.eye(len(y))[k]
        expected = (means(y + step) - means(y - step)) / 2e-6
        np.testing.assert_allclose(found.target[:, k], expected, atol=1e-7)


def test_values_before_the_rows_that_are_read_have_no_influence_and_the_engines_agree(rng, monkeypatch):
    fc = un.Forecaster(5, **SMALL, ensemble=2, network="both").fit(frame(rng, 300))
    predictor, found = fc.fitted.only, []
    for engine in ("numpy", "native") if "native" in un.active_engine().name else ("numpy",):
        monkeypatch.setattr("unrolled.nn.engines._chosen", engine)
        found.append(sensitivities(predictor, predictor.origins(predictor.series, None, 5), 5).target)
    assert found[0].shape == (5, len(predictor.context.y) + 5)
    np.testing.assert_allclose(found[0], found[-1], atol=1e-4 * np.abs(found[0]).max())  # float32
