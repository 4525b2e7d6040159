"""Linear effects of what is known ahead: what is chosen, how it is estimated, and what it may not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.forecasting.defaults import plan_fit
from unrolled.forecasting.parameters import Parameters
from unrolled.forecasting.preprocessing.effects import (
    HOLIDAYS,
    NO_TERMS,
    YEAR,
    LinearEffects,
    Terms,
    choose_terms,
    estimate_effects,
)
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.known_future import extend_panel
from unrolled.series.origins import Origins

HORIZON = 14
KNOWN = Columns(future=("promo", "noise"))


def table(rng, rows=400, effect=(8.0,), wander=0.5, start="2022-01-03") -> pd.DataFrame:
    """Daily series of a wandering level, a week, and an effect of `promo`; `noise` has none."""
    parts = []
    for k, own in enumerate(effect):
        promo, noise = (rng.random(rows) < 0.2).astype(float), rng.normal(size=rows)
        level = 100 + np.cumsum(wander * rng.normal(size=rows)) + 5 * np.cos(2 * np.pi * np.arange(rows) / 7)
        y = level + own * promo + rng.normal(size=rows)
        days = pd.date_range(start, periods=rows)
        parts.append(pd.DataFrame({"unique_id": f"s{k}", "ds": days, "y": y, "promo": promo, "noise": noise}))
    return pd.concat(parts, ignore_index=True)


def chosen(df, columns=KNOWN, **options) -> Terms:
    panel = read_panel(df, columns)
    return choose_terms(panel, panel.y, HORIZON, **options)


# --- choice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wander", [0.0, 1.0, 3.0])
def test_a_column_with_an_effect_is_chosen_and_noise_is_not(rng, wander):
    terms = chosen(table(rng, wander=wander))
    assert terms.columns == (0,)
    gains = dict(terms.gains)
    assert gains["promo"] > 0.1
    assert gains["noise"] == 0


def test_columns_without_an_effect_are_rarely_chosen(rng):
    found = [chosen(table(rng, effect=(0.0,), rows=200)).columns for _ in range(20)]
    assert sum(bool(columns) for columns in found) <= 3


def test_nothing_is_chosen_without_candidates_or_rows(rng):
    df = table(rng)
    assert chosen(df, Columns()) == NO_TERMS
    assert chosen(df.head(29)) == NO_TERMS


def test_extreme_values_have_no_effects(rng):
    df = table(rng)
    for value in (1e33, -1e33, 1e-30):
        assert chosen(df.assign(y=df.y * value)).size in (0, 1)  # neither an error nor a value that is not finite
    assert chosen(df.assign(y=7.0)).size == 0
    assert chosen(df.assign(promo=1.0)).size == 0


def test_a_yearly_wave_needs_more_than_a_year_and_a_horizon_that_feels_it(rng):
    t = np.arange(730)
    y = 100 + 30 * np.sin(2 * np.pi * t / 365.25) + rng.normal(size=730)
    df = pd.DataFrame({"ds": pd.date_range("2021-05-01", periods=730), "y": y})
    assert chosen(df, Columns()).year
    assert not chosen(df.head(400), Columns()).year  # too few rows to be tested
    assert not chosen(df.assign(y=rng.normal(size=730)), Columns()).year


def test_holidays_are_chosen_where_they_matter(rng):
    days = pd.date_range("2016-01-01", periods=5 * 365)
    closed = days.strftime("%m-%d").isin(["01-01", "05-01", "10-03", "12-25", "12-26"])
    y = 100 + rng.normal(size=len(days)) - 40 * closed
    df = pd.DataFrame({"ds": days, "y": y})
    terms = chosen(df, Columns(), country="DE")
    assert terms.country == "DE"
    assert dict(terms.gains)[HOLIDAYS] > 0.1
    panel = read_panel(df, Columns())
    effects = estimate_effects(panel, panel.y, terms)
    ahead = effects.ahead(Origins(panel, panel.offsets[1:]), 30)[0]  # 2020-12-30 and later
    assert ahead[2] == pytest.approx(-40, abs=5)  # New Year's Day
    assert np.abs(np.delete(ahead, 2)).max() < 5
    without = chosen(df.assign(y=rng.normal(size=len(df))), Columns(), country="DE")
    assert (without.country, dict(without.gains)[HOLIDAYS]) == (None, 0)


@pytest.mark.parametrize("name", [HOLIDAYS, YEAR])
def test_columns_may_have_the_names_of_other_candidates(name, rng):
    df = table(rng, rows=800).rename(columns={"promo": name})
    terms = chosen(df, Columns(future=(name, "noise")), country="DE")
    assert (terms.columns, terms.year, terms.country) == ((0,), False, None)
    assert [gain > 0 for own, gain in terms.gains if own == name] == [True, False]


def test_a_large_panel_is_sampled(rng, monkeypatch):
    df = table(rng, effect=(8.0,) * 12, rows=120)
    monkeypatch.setattr("unrolled.forecasting.preprocessing.effects.MAX_SERIES_TO_CHOOSE", 5)
    every_third = df[df.unique_id.isin([f"s{k}" for k in range(0, 12, 3)])]
    assert chosen(df) == chosen(every_third)


# --- estimates --------------------------------------------------------------------------------------


def test_effects_are_those_of_the_data(rng):
    df = table(rng, effect=(8.0, -3.0), rows=600)
    panel = read_panel(df, KNOWN)
    terms = chosen(df)
    effects = estimate_effects(panel, panel.y, terms)
    np.testing.assert_allclose(effects.coefficients[:, 0], [8, -3], atol=0.7)
    rest = panel.y - effects.of(panel)
    promo = df.promo.to_numpy()
    np.testing.assert_allclose(panel.y - rest, effects.coefficients[:, 0].repeat(600) * promo)


def test_short_series_share_their_effects(rng):
    """Forty series of 40 rows: shrunk estimates are nearer to the truth than those of each series alone."""
    df = table(rng, effect=(2.0,) * 40, rows=40)
    panel, terms = read_panel(df, KNOWN), chosen(df)
    assert terms.shrinkage > 1
    shared = estimate_effects(panel, panel.y, terms).coefficients[:, 0]
    alone = estimate_effects(panel, panel.y, replace(terms, shrinkage=0.1)).coefficients[:, 0]
    assert np.abs(shared - 2).mean() < 0.75 * np.abs(alone - 2).mean()


def test_missing_values_change_no_effect_by_much(rng):
    df = table(rng)
    panel = read_panel(df, KNOWN)
    terms = chosen(df)
    holes = df.assign(y=df.y.where(rng.random(len(df)) > 0.2))
    other = read_panel(holes, KNOWN)
    full, partly = (estimate_effects(p, p.y, terms).coefficients for p in (panel, other))
    np.testing.assert_allclose(partly, full, atol=0.5)


def test_effects_ahead_are_those_of_the_rows_ahead(rng):
    df = table(rng, effect=(8.0, -3.0))
    panel = read_panel(df, KNOWN)
    effects = LinearEffects(Terms((1, 0)), np.array([[1.0, 2.0], [3.0, 4.0]]))
    ends = panel.offsets[1:] - 10
    ahead = effects.ahead(Origins(panel, ends), 10)
    whole = effects.of(panel)
    np.testing.assert_array_equal(ahead, [whole[390:400], whole[790:800]])
    np.testing.assert_array_equal(effects.take(np.array([1])).coefficients, [[3, 4]])


def test_the_value_of_one_period_before_has_its_own_effect(rng):
    df = table(rng, effect=(8.0, -3.0))
    panel = read_panel(df, KNOWN)
    effects = LinearEffects(Terms((1,), lagged=(0,)), np.array([[0.0, 2.0], [1.0, 4.0]]))
    promo, noise = panel.covariates.values.T
    before = np.concatenate([promo[:1], promo[:-1]])
    before[400] = promo[400]  # the first row of a series has none before it
    np.testing.assert_array_equal(effects.of(panel), np.repeat([0, 1], 400) * noise + np.repeat([2, 4], 400) * before)
    ahead = effects.ahead(Origins(panel, panel.offsets[1:] - 10), 10)
    np.testing.assert_array_equal(ahead, [effects.of(panel)[390:400], effects.of(panel)[790:800]])


def test_a_wave_needs_no_rows_ahead(rng):
    panel = read_panel(table(rng), KNOWN)
    effects = LinearEffects(Terms(year=True), np.array([[1.0, 0.0]]))
    ahead = effects.ahead(Origins(panel, panel.offsets[1:]), 5)
    longer = replace(panel, covariates=None)  # a wave reads no columns, so the rows need none
    np.testing.assert_array_equal(ahead[0], effects.of(extend_panel(longer, 5))[-5:])


# --- in forecasts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["pretrained", "both"])
def test_the_day_after_a_promotion_is_known(network, rng, tmp_path):
    df = table(rng, effect=(30.0,)).drop(columns="unique_id")
    df["y"] -= 20 * df["promo"].shift(1, fill_value=0)
    future = df.tail(HORIZON)[["ds", "promo", "noise"]].assign(promo=[1.0, *[0.0] * (HORIZON - 1)])
    future["ds"] += pd.Timedelta(days=HORIZON)
    fc = un.Forecaster(HORIZON, network=network, steps=20, ensemble=2, verbose=0)
    fc.fit(df, future_cols=["promo", "noise"])
    note = next(text for text in fc.notes_ if "linear effects" in text)
    assert "promo (one period before)" in note
    assert any(text.endswith("kept apart: noise") for text in fc.notes_)
    found = fc.predict(future=future).iloc[:, 1]
    change = (found - fc.predict(future=future.assign(promo=0.0)).iloc[:, 1]).to_numpy()
    np.testing.assert_allclose(change[:2], [30, -20], atol=6)
    assert np.abs(change[2:]).max() < 6
    fc.save(tmp_path / "model.safetensors")  # with few rows
    pd.testing.assert_series_equal(un.load(tmp_path / "model.safetensors").predict(future=future).iloc[:, 1], found)


@pytest.mark.parametrize("network", ["trained", "pretrained", "both"])
def test_forecasts_follow_the_known_future(rng, network):
    df = table(rng, effect=(30.0,))
    future = df.tail(HORIZON)[["ds", "promo", "noise"]].assign(promo=0.0)
    future["ds"] += pd.Timedelta(days=HORIZON)
    fc = un.Forecaster(HORIZON, network=network, steps=20, ensemble=2, verbose=0)
    fc.fit(df.drop(columns="unique_id"), future_cols=["promo", "noise"])
    with_promo = future.assign(promo=[1.0, *[0.0] * (HORIZON - 1)])
    none, first = (fc.predict(future=own).iloc[:, 1].to_numpy() for own in (future, with_promo))
    assert first[0] - none[0] == pytest.approx(30, abs=6)
    assert np.abs(first - none)[1:].max() < 6
    note = next(text for text in fc.notes_ if "linear effects" in text)
    assert "promo" in note
    assert any(text.endswith("kept apart: noise") for text in fc.notes_)


def test_sample_paths_follow_the_known_future(rng):
    df = table(rng, effect=(30.0,)).drop(columns="unique_id")
    fc = un.Forecaster(HORIZON, network="pretrained", verbose=0).fit(df, future_cols=["promo", "noise"])
    future = df.tail(HORIZON)[["ds", "promo", "noise"]].assign(promo=[1.0, *[0.0] * (HORIZON - 1)])
    future["ds"] += pd.Timedelta(days=HORIZON)
    paths = fc.sample(200, future=future).groupby("ds").Pretrained.median().to_numpy()
    np.testing.assert_allclose(paths, fc.predict(future=future).Pretrained, atol=1.5)
    assert paths[0] - paths[1:].mean() > 15


def test_a_saved_model_keeps_its_effects(rng, tmp_path):
    df = table(rng, effect=(30.0, 20.0))
    future = df.groupby("unique_id").tail(HORIZON)[["unique_id", "ds", "promo", "noise"]]
    future["ds"] += pd.Timedelta(days=HORIZON)
    fc = un.Forecaster(HORIZON, network="pretrained", verbose=0).fit(df, future_cols=["promo", "noise"])
    fc.save(tmp_path / "model.safetensors")
    again = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(again.predict(future=future), fc.predict(future=future))
    pd.testing.assert_frame_equal(again.predict(df, future=future), fc.predict(df, future=future))


def test_held_out_rows_have_no_influence_on_the_choice(rng):
    df = table(rng)
    parameters = Parameters(HORIZON)
    clean = plan_fit(parameters, read_panel(df, KNOWN))
    assert clean.left_out > 0
    assert clean.decisions.terms.columns == (0,)
    last = df.index[-clean.left_out :]
    poisoned = df.copy()
    poisoned.loc[last, "y"] = 1e6 * np.arange(len(last))
    poisoned.loc[last, "promo"] = rng.normal(size=len(last))
    assert plan_fit(parameters, read_panel(poisoned, KNOWN)).decisions.terms == clean.decisions.terms


def test_a_yearly_wave_is_named_in_the_notes(rng):
    t = np.arange(900)
    y = 100 + 30 * np.sin(2 * np.pi * t / 365.25) + rng.normal(size=900)
    df = pd.DataFrame({"ds": pd.date_range("2021-05-01", periods=900), "y": y})
    fc = un.Forecaster(HORIZON, network="pretrained", verbose=0).fit(df)
    assert any(YEAR in text for text in fc.notes_)


def test_methods_in_a_combination_forecast_what_the_effects_leave(rng):
    df = table(rng, effect=(30.0,)).drop(columns="unique_id")
    known, ahead = df[:-HORIZON], df[-HORIZON:]
    fc = un.Forecaster(HORIZON, network="pretrained", combine={"Theta": 0.5}, verbose=0)
    found = fc.fit(known, future_cols=["promo", "noise"]).predict(future=ahead.drop(columns="y"))
    assert np.abs(found.Pretrained.to_numpy() - ahead.y.to_numpy()).mean() < 5  # with raw values, Theta's miss by 10
