"""Baselines: by hand, against M4's benchmark written out step by step, and never from after an origin."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import unrolled as un
from tables import panel_of
from unrolled.forecasting.baselines.naive2 import is_seasonal, naive2, seasonal_indices
from unrolled.forecasting.baselines.origins import Origins
from unrolled.forecasting.baselines.registry import BASELINES, SIMPLE, baseline_forecasts, check_baselines
from unrolled.forecasting.baselines.statistical import STATISTICAL


def origins_of(lengths, ends_in_series):
    """Origins at these ends of each of several series that stand one below the other."""
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    series = np.repeat(np.arange(len(lengths)), [len(e) for e in ends_in_series])
    return Origins(series, offsets[series], offsets[series] + np.concatenate(ends_in_series))


def m4_naive2(x, m, horizon):
    """Naive2 as the competition's script has it, one series and one step after the other."""
    n = len(x)
    if n < 3 * m:
        return np.full(horizon, x[-1])
    centred = x - x.mean()
    acf = [np.sum(centred[k:] * centred[: n - k]) / np.sum(centred**2) for k in range(1, m + 1)]
    limit = 1.645 / np.sqrt(n) * np.sqrt(1 + 2 * np.sum(np.square(acf[:-1])))
    if not abs(acf[m - 1]) > limit:
        return np.full(horizon, x[-1])
    half = m // 2
    weights = [1 / m] * m if m % 2 else [0.5 / m, *[1 / m] * (m - 1), 0.5 / m]
    ratios = [[] for _ in range(m)]
    for t in range(half, n - half):
        ratios[t % m].append(x[t] / np.dot(weights, x[t - half : t + half + 1]))
    figure = np.array([np.mean(r) for r in ratios])
    figure /= figure.mean()
    return np.array([x[-1] / figure[(n - 1) % m] * figure[(n + h) % m] for h in range(horizon)])


def seasonal_series(rng, n, m, strength=3.0):
    t = np.arange(n)
    return 20 + 0.1 * t + strength * np.cos(2 * np.pi * t / m) + rng.normal(size=n)


def test_simple_methods_worked_by_hand():
    y = np.array([1.0, 2.0, 4.0, 7.0, 9.0])
    origins = Origins(np.array([0, 0]), np.array([0, 0]), np.array([4, 5]))
    assert SIMPLE["Naive"](y, origins, 3, 2).tolist() == [[7, 7, 7], [9, 9, 9]]
    assert SIMPLE["SeasonalNaive"](y, origins, 3, 2).tolist() == [[4, 7, 4], [7, 9, 7]]
    assert SIMPLE["Drift"](y, origins, 2, 2).tolist() == [[9, 11], [11, 13]]


def test_naive2_worked_by_hand():
    """A pure season of two: indices 0.5 and 1.5."""
    y = np.tile([5.0, 15.0], 10)
    origins = Origins(np.zeros(2, int), np.zeros(2, int), np.array([20, 19]))
    np.testing.assert_allclose(seasonal_indices(y, np.array([20]), 2), [[0.5, 1.5]])
    np.testing.assert_allclose(naive2(y, origins, 3, 2), [[5, 15, 5], [15, 5, 15]])


@pytest.mark.parametrize("m", [2, 4, 7, 12, 24])
def test_naive2_is_m4s_at_every_origin(m, rng):
    series = [seasonal_series(rng, 9 * m + 5, m, strength) for strength in (0.0, 1.0, 5.0)]
    ends = [np.arange(2, len(s) + 1) for s in series]
    origins = origins_of([len(s) for s in series], ends)
    got = naive2(np.concatenate(series), origins, 2 * m + 1, m)
    expected = np.array([m4_naive2(s[:e], m, 2 * m + 1) for s, at in zip(series, ends, strict=True) for e in at])
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    flat = (got == got[:, :1]).all(axis=1)
    assert 0 < flat.sum() < len(flat)  # some are seasonal, some are not


def test_few_seasons_values_that_are_not_positive_and_constant_series_are_forecast_by_the_naive():
    season = np.tile([1.0, 5.0, 9.0], 8)
    assert is_seasonal(season, np.array([8, 24]), 3).tolist() == [False, True]
    assert not is_seasonal(np.full(30, 0.1), np.array([30]), 3).any()
    y = np.concatenate((season, season - 1.0, season))
    out = naive2(y, origins_of([24, 24, 24], [np.array([24]), np.array([24]), np.array([8])]), 3, 3)
    np.testing.assert_allclose(out[0], [1, 5, 9])
    assert out[1:].tolist() == [[8, 8, 8], [5, 5, 5]]


@pytest.mark.parametrize("name", BASELINES)
def test_what_comes_after_an_origin_changes_no_bit(name, rng):
    y = seasonal_series(rng, 60, 4)
    ends = np.array([30, 41, 52])
    for end in ends:
        poisoned = y.copy()
        poisoned[end:] = rng.normal(size=60 - end) * 1e9
        first, second = (
            baseline_forecasts(
                [name], panel_of(v), Origins(np.zeros(3, int), np.zeros(3, int), ends), np.array([30]), 5, 4, 4
            )[name][ends <= end]
            for v in (y, poisoned)
        )
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", STATISTICAL)
def test_statistical_forecasts_are_those_of_statsforecast(name, rng):
    """At the fitted end the model's own, later those of the same model carried on."""
    from statsforecast import models

    long, short = seasonal_series(rng, 48, 4), seasonal_series(rng, 7, 4)
    panel = panel_of(long, short)
    origins = Origins(np.array([0, 0, 1]), np.array([0, 0, 48]), np.array([40, 44, 55]))
    got = baseline_forecasts([name], panel, origins, np.array([40, 55]), 6, 4, 4)[name]
    model = getattr(models, name)(season_length=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its search for a model divides by nothing on seven rows
        brief = getattr(models, name)(season_length=1).forecast(short, 6)["mean"]
    np.testing.assert_array_equal(got[0], model.forecast(long[:40], 6)["mean"])
    np.testing.assert_array_equal(got[1], model.fit(long[:40]).forward(long[:44], 6)["mean"])
    np.testing.assert_array_equal(got[2], brief)


def test_a_series_that_can_not_be_fitted_is_named():
    panel = panel_of(np.arange(30.0), np.array([1.0]))
    origins = Origins(np.array([0, 1]), np.array([0, 30]), np.array([30, 31]))
    with pytest.raises(un.DataError, match="AutoETS can't be fitted to series 's1' with 1 rows"):
        baseline_forecasts(["AutoETS"], panel, origins, np.array([30, 31]), 3, 1, 1)


def test_names_are_read_generously_and_kept_strictly():
    assert check_baselines(True) == list(SIMPLE)
    assert check_baselines(False) == check_baselines(None) == []
    assert check_baselines("autotheta") == ["AutoTheta"]
    assert check_baselines(["THETA", "Theta", "naive2"]) == ["Theta", "Naive2"]
    for wrong in ("prophet", ["Naive", 3]):
        with pytest.raises(un.InputError, match=r"no baseline is called .*; there are: Naive, SeasonalNaive"):
            check_baselines(wrong)


def test_without_statsforecast_the_extra_is_named_before_any_work(monkeypatch, rng):
    import pandas as pd

    monkeypatch.setitem(sys.modules, "statsforecast", None)
    df = pd.DataFrame({"ds": np.arange(80), "y": seasonal_series(rng, 80, 4)})
    fc = un.Forecaster(horizon=3, verbose=0)
    with pytest.raises(
        un.InputError, match=r"baseline Theta needs statsforecast: pip install 'unrolled\[baselines\]'"
    ):
        fc.fit(df, baselines=["Theta"])
    with pytest.raises(un.InputError, match=r"unrolled\[baselines\]"):
        fc.cross_validation(df, baselines=["AutoETS"])
