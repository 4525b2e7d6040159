"""Contributions divide the forecasts of `predict` exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.forecasting.explanation import contributions as module
from unrolled.forecasting.explanation.contributions import OTHERS, contributions, forecasts_of
from unrolled.forecasting.explanation.groups import Group, groups_of
from unrolled.forecasting.explanation.shapley import coalitions

SMALL = {"steps": 5, "hidden": 4, "ensemble": 2, "verbose": 0}


def frame(rng, rows=90, **columns):
    t = np.arange(rows)
    y = 100 + 0.5 * t + 10 * np.sin(2 * np.pi * t / 12) + rng.normal(size=rows)
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=rows, freq="MS"), "y": y, **columns})


def parts(fc, horizon=None):
    predictor = fc.fitted.only
    horizon = horizon or predictor.parameters.horizon
    return predictor, predictor.origins(predictor.series, None, horizon), horizon


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"network": "trained", "log": True},
        {"network": "pretrained"},
        {"network": "trained", "calendar": True, "decoder": "parallel"},
        {"reach": 3},
        {"likelihood": "poisson"},
        {"point": "mean"},
        {"integer": True},
        {"combine": {"Drift": 0.3}},
    ],
    ids=str,
)
def test_baseline_and_contributions_sum_to_the_forecast_of_predict(options, rng):
    df = frame(rng)
    df["y"] = df["y"].round() if "likelihood" in options else df["y"]
    fc = un.Forecaster(7, **SMALL | options).fit(df)
    found = contributions(*parts(fc))
    whole = found.baseline + found.shares.sum(axis=0)
    np.testing.assert_allclose(whole, found.forecast, rtol=1e-12)
    np.testing.assert_allclose(found.forecast[0], fc.predict()[fc.parameters.name], rtol=2e-6)


def test_a_group_on_which_nothing_depends_contributes_nothing(rng):
    fc = un.Forecaster(5, **SMALL).fit(frame(rng), past_cols=())
    predictor, origins, horizon = parts(fc)
    groups = [*groups_of(predictor, origins), Group("nothing")]
    worth = forecasts_of(predictor, origins, horizon, groups, coalitions(len(groups)))
    half = len(worth) // 2
    np.testing.assert_array_equal(worth[:half], worth[half:])


def test_the_trend_and_the_level_of_a_line_and_nothing_else():
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": 5.0 * np.arange(60)})
    found = contributions(*parts(un.Forecaster(6, network="pretrained", season=1, log=False, verbose=0).fit(df)))
    assert [group.name for group in found.groups] == ["level", "trend"]
    np.testing.assert_allclose(found.baseline[0], 147.5, atol=3)  # the median
    np.testing.assert_allclose(found.shares[0, 0], 147.5, atol=8)
    assert (np.diff(found.shares[1, 0]) > 0).all()


def test_a_series_has_the_same_contributions_alone_and_among_others_in_any_number_of_calls(rng, monkeypatch):
    df = pd.concat([frame(rng, 60 + k).assign(unique_id=f"s{k}") for k in range(5)])
    fc = un.Forecaster(4, **SMALL, calendar=True).fit(df)
    together = contributions(*parts(fc)).shares
    monkeypatch.setattr(module, "SERIES_AT_ONCE", 1)
    np.testing.assert_allclose(contributions(*parts(fc)).shares, together, atol=1e-4)
    assert together.shape == (4, 5, 4)


def test_of_more_than_ten_groups_the_weakest_covariates_become_one(rng, monkeypatch):
    monkeypatch.setattr(module, "MAX_GROUPS", 5)
    columns = {f"x{k}": rng.normal(size=96) for k in range(5)}
    df = frame(rng, 96, **columns)
    df["y"] += sum(30 * (k + 1) * columns[f"x{k}"] for k in range(5))
    df.loc[90:, "y"] = np.nan
    df["x0"] = df["x0"].where(df.index < 90, 0.0)
    fc = un.Forecaster(6, network="pretrained", log=False, season=1, verbose=0).fit(df, future_cols=list(columns))
    found = contributions(*parts(fc))
    names = [group.name for group in found.groups]
    assert len(names) == 5
    assert names[:2] == ["level", "trend"]
    assert names[-1] == OTHERS
    assert "x0" not in names  # the weakest
    np.testing.assert_allclose(found.baseline + found.shares.sum(axis=0), found.forecast, rtol=1e-12)


def test_the_fit_is_not_changed(rng):
    fc = un.Forecaster(5, **SMALL).fit(frame(rng))
    before, y = fc.predict(), fc.fitted.only.context.y.copy()
    contributions(*parts(fc))
    pd.testing.assert_frame_equal(fc.predict(), before)
    np.testing.assert_array_equal(fc.fitted.only.context.y, y)
    assert replace(fc.fitted.only) == fc.fitted.only
