"""What a series is without some of the groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.forecasting.explanation.groups import (
    CALENDAR,
    LEVEL,
    SEASON,
    TREND,
    Group,
    WithoutCalendar,
    groups_of,
    read_columns,
    seasonal_effects,
    typical_covariates,
    without,
)
from unrolled.forecasting.inputs.features import Features

SMALL = {"steps": 5, "hidden": 4, "ensemble": 1, "verbose": 0}
MONTH = np.tile(np.array([6.0, 4, 1, 0, -2, -4, -6, -4, -1, 0, 2, 4]), 10)


def frame(y, freq="MS", **columns):
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=len(y), freq=freq), "y": y, **columns})


def fitted(df, horizon=6, future=(), past=(), static=(), **options):
    fc = un.Forecaster(horizon, **SMALL | options)
    predictor = fc.fit(df, future_cols=future, past_cols=past, static_cols=static).fitted.only
    return predictor, predictor.origins(predictor.series, None, horizon)


def changed(predictor, origins, *names):
    """The series before its origin without these groups."""
    found = groups_of(predictor, origins)
    absent = {group: np.full(len(origins), group.name in names) for group in found}
    assert set(names) <= {group.name for group in found}
    return without(predictor, origins, absent, typical_covariates(predictor.context, origins))


@pytest.mark.parametrize("network", ["trained", "pretrained", "both"])
def test_without_the_season_its_effects_are_gone_from_the_values_and_from_the_forecast(network, rng):
    predictor, origins = fitted(frame(100 + MONTH + 0.01 * rng.normal(size=120)), network=network, log=False)
    now = changed(predictor, origins, SEASON)
    assert np.ptp(now.panel.y) < 1 < 10 < np.ptp(origins.panel.y)
    assert not now.transform.season.any()


def test_without_the_level_it_is_moved_to_the_median_of_the_series(rng):
    y = np.repeat([10.0, 50.0], [70, 35]) + 0.01 * rng.normal(size=105)
    predictor, origins = fitted(frame(y), season=1, log=False)
    now = changed(predictor, origins, LEVEL)
    assert now.panel.y[-1] == pytest.approx(np.median(y), abs=0.1)
    np.testing.assert_allclose(np.diff(now.panel.y), np.diff(origins.panel.y))


def test_without_the_trend_a_line_is_flat_at_its_last_value():
    predictor, origins = fitted(frame(3.0 * np.arange(60) + 5), season=1, log=False)
    np.testing.assert_allclose(changed(predictor, origins, TREND).panel.y, 182.0)


def test_in_logarithms_levels_are_multiplied(rng):
    y = np.exp(0.02 * np.arange(60) + 0.01 * rng.normal(size=60))
    predictor, origins = fitted(frame(y), season=1, log=True)
    now = changed(predictor, origins, LEVEL)
    ratio = now.panel.y / origins.panel.y
    np.testing.assert_allclose(ratio, ratio[0])
    assert ratio[0] == pytest.approx(np.median(y) / y[-1], rel=0.05)


def test_with_all_groups_a_series_is_the_same(rng):
    predictor, origins = fitted(frame(100 + MONTH + rng.normal(size=120)), log=True)
    now = changed(predictor, origins)
    np.testing.assert_allclose(now.panel.y, origins.panel.y, rtol=1e-14)
    np.testing.assert_array_equal(now.transform.season, origins.transform.season)


def test_a_covariate_has_its_typical_value_and_its_linear_effect_there(rng):
    promo = (rng.uniform(size=126) < 0.3) * 1.0
    y = 50 + 20 * promo + rng.normal(size=126)
    y[120:] = np.nan
    predictor, origins = fitted(frame(y, "D", promo=promo), future=["promo"], log=False)
    assert predictor.transform.effects.terms.columns == (0,)
    now = changed(predictor, origins, "promo")
    rows = slice(0, int(origins.ends[0]))
    assert not now.panel.covariates.values.any()  # as usual, in the past and ahead
    before = promo[120 - rows.stop : 120] > 0
    assert (origins.panel.y[rows] - now.panel.y[rows])[before].mean() == pytest.approx(20, abs=2)
    np.testing.assert_allclose((origins.panel.y - now.panel.y)[rows][~before], 0, atol=1e-12)
    z = origins.transform.transformed(origins.panel)
    np.testing.assert_allclose(now.transform.transformed(now.panel)[rows], z[rows])


def test_only_groups_on_which_forecasts_depend_exist(rng):
    n = 126
    columns = {"used": rng.normal(size=n), "constant": np.zeros(n), "sky": rng.choice(["blue", "grey"], n)}
    y = 50 + 5 * columns["used"] + rng.normal(size=n)
    y[120:] = np.nan
    df = frame(y, "D", **columns)
    predictor, origins = fitted(df, future=["used", "constant"], past=["sky"], calendar=True, season=1)
    found = {group.name: group for group in groups_of(predictor, origins)}
    assert list(found) == [LEVEL, TREND, CALENDAR, "sky", "used"]
    names = origins.panel.covariates.names
    assert [names[k] for k in found["sky"].columns] == ["sky=blue", "sky=grey"]
    assert [names[k] for k in read_columns(predictor, origins.panel)] == ["sky=blue", "sky=grey", "used"]
    predictor, origins = fitted(df, future=["used", "constant"], network="pretrained", season=1)
    assert [group.name for group in groups_of(predictor, origins)] == [LEVEL, TREND, "used"]


def test_covariates_that_do_not_vary_in_time(rng):
    parts = [
        frame(
            rng.normal(size=60) + 10 * k, "D", unique_id=f"s{k}", size=[float(k)] * 60, town=["Rome", "Bonn"][k > 1]
        )
        for k in range(4)
    ]
    df = pd.concat([part.astype({"town": str}) for part in parts])
    predictor, origins = fitted(df, static=["size", "town"], decoder="parallel", segment=1, season=1)
    found = groups_of(predictor, origins)
    assert [group.name for group in found] == [LEVEL, TREND, "size", "town"]
    now = changed(predictor, origins, "size", "town")
    assert now.panel.covariates.static.ravel().tolist() == [1.5] * 4
    assert len(set(now.panel.covariates.categories.ravel().tolist())) == 1
    predictor, origins = fitted(df, static=["size", "town"], network="pretrained", season=1)
    assert [group.name for group in groups_of(predictor, origins)] == [LEVEL, TREND]  # it reads neither


def test_a_covariate_with_the_name_of_another_group_keeps_them_apart(rng):
    y, level = rng.normal(size=60), rng.normal(size=60)
    predictor, origins = fitted(frame(y, level=level), past=["level"], season=1)
    assert [group.name for group in groups_of(predictor, origins)] == [LEVEL, TREND, "level_"]


def test_without_the_calendar_holidays_and_the_time_of_the_year_have_no_effect(rng):
    t = np.arange(800)
    y = 50 + 30 * np.sin(2 * np.pi * t / 365.25) + 5 * rng.normal(size=800)
    predictor, origins = fitted(frame(y, "D"), horizon=60, network="pretrained", log=False)
    assert predictor.transform.effects.terms.year
    now = changed(predictor, origins, CALENDAR)
    assert not now.transform.effects.coefficients.any()
    z = origins.transform.transformed(origins.panel)
    np.testing.assert_allclose(now.panel.y, z, atol=1e-9)


def test_networks_read_the_centre_of_the_calendar(rng):
    predictor, origins = fitted(frame(rng.normal(size=120), "D"), calendar=True, season=1)
    features = predictor.ensemble.features
    rows = np.arange(10)
    seen, unseen = (one.channels(origins.panel, rows) for one in (features, WithoutCalendar(**vars(features))))
    assert seen.shape == unseen.shape
    assert len(np.unique(unseen, axis=0)) == 1 < len(np.unique(seen, axis=0))
    assert dict(zip(features.calendar, unseen[0, -len(features.calendar) :], strict=True)) == {
        name: 2 / 7 if name == "weekend" else 0.0 for name in features.calendar
    }
    nothing = replace(features, calendar=())
    one, other = (kind(**vars(nothing)).channels(origins.panel, rows) for kind in (Features, WithoutCalendar))
    np.testing.assert_array_equal(one, other)


def test_seasonal_effects_are_those_of_the_fit_and_those_that_the_pretrained_network_reads(rng):
    t = np.arange(24 * 21)
    y = 100 + 9 * np.sin(2 * np.pi * t / 24) + 9 * (t // 24 % 7 > 4) + 0.01 * rng.normal(size=len(t))
    predictor, origins = fitted(frame(y, "h"), network="both", log=False)
    rest = origins.panel.y - seasonal_effects(predictor, origins)
    assert np.ptp(rest) < 2 < np.ptp(origins.panel.y)


def test_groups_can_be_merged():
    one = Group("a", columns=(1,)).merged([Group("b", static=(0,)), Group("c", columns=(2,))], "others")
    assert one == Group("others", columns=(1, 2), static=(0,))
    assert one.is_covariate
    assert not Group(LEVEL).is_covariate
