"""Statistical baselines: those of statsforecast, also at origins after the rows that they were estimated on."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import origins_of, panel_of, seasonal_values
from unrolled.forecasting.baselines.statistical import (
    STATISTICAL,
    require_statsforecast,
    statistical_forecasts,
)


@pytest.mark.parametrize("name", STATISTICAL)
def test_statistical_forecasts_are_those_of_statsforecast(name, rng):
    """At the fitted end those of the model itself, later those of the same model continued."""
    from statsforecast import models

    long, short = seasonal_values(rng, 48, 4), seasonal_values(rng, 7, 4)
    origins = origins_of(panel_of(long, short), [40, 44], [7])
    got = statistical_forecasts(name, origins, np.array([40, 55]), 6, 4)
    model = getattr(models, name)(season_length=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its search for a model divides by 0 on seven rows
        brief = getattr(models, name)(season_length=1).forecast(short, 6)["mean"]
    np.testing.assert_array_equal(got[0], model.forecast(long[:40], 6)["mean"])
    np.testing.assert_array_equal(got[1], model.fit(long[:40]).forward(long[:44], 6)["mean"])
    np.testing.assert_array_equal(got[2], brief)


def test_a_series_that_cannot_be_fitted_is_named():
    origins = origins_of(panel_of(np.arange(30.0), np.array([1.0])), [30], [1])
    with pytest.raises(un.DataError, match="AutoETS can't be fitted to series 's1' with 1 period "):
        statistical_forecasts("AutoETS", origins, np.array([30, 31]), 3, 1)


def test_without_statsforecast_the_extra_is_named_before_any_work(monkeypatch, rng):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setattr("unrolled.forecaster.fit_table", None)
    monkeypatch.setattr("unrolled.forecaster.backtest", None)
    df = pd.DataFrame({"ds": np.arange(80), "y": seasonal_values(rng, 80, 4)})
    fc = un.Forecaster(horizon=3, verbose=0)
    with pytest.raises(
        un.InputError, match=r"baseline AutoTheta needs statsforecast: pip install 'unrolled\[baselines\]'"
    ):
        fc.fit(df, baselines=["AutoTheta"])
    with pytest.raises(un.InputError, match=r"unrolled\[baselines\]"):
        fc.cross_validation(df, baselines=["AutoETS"])
    assert require_statsforecast(["Naive", "Naive2"]) is None  # these do not need it
