"""Forecasts averaged with other methods: from their parts, without later rows, in files, searches and commands."""

from __future__ import annotations

import json
import sys
import tomllib

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

import unrolled as un
from shell import AIR, inside
from shell import QUICK as FAST
from tables import panel_frame
from unrolled.forecasting import fitting
from unrolled.forecasting.model.combination import MIN_ROWS_FOR_STATISTICS
from unrolled.forecasting.model.recursion import forecast_quantiles
from unrolled.forecasting.parameters import MIN_TRIALS
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.forecasting.probabilistic.quantiles import MEDIAN

QUICK = {"steps": 60, "ensemble": 2, "verbose": 0, "hidden": 8}
WEIGHTS = {"SeasonalNaive": 0.2, "AutoTheta": 0.3}
SAME = {"rtol": 1e-12, "atol": 0}  # a sum of three terms, taken in another order


def forecaster(**options):
    return un.Forecaster(**({"horizon": 4} | QUICK | options))


@pytest.fixture
def df(rng):
    return panel_frame(rng, lengths=(90, 70))


@pytest.fixture
def growing(rng):
    """One monthly series that is taken in logarithms."""
    t = np.arange(84)
    y = np.exp(3 + 0.02 * t + 0.3 * np.sin(np.pi * t / 6) + 0.05 * rng.standard_normal(84))
    return pd.DataFrame({"ds": pd.date_range("2015-01-01", periods=84, freq="MS"), "y": y})


def average(table, weights, name="GRU"):
    """The columns of a table, averaged."""
    share = 1 - sum(weights.values())
    return share * table[name] + sum(weight * table[method] for method, weight in weights.items())


def test_without_statsforecast_the_extra_is_named_before_any_work(monkeypatch, df):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setattr("unrolled.forecaster.fit_table", None)
    monkeypatch.setattr("unrolled.forecasting.cross_validation.select_parameters", None)
    monkeypatch.setattr("unrolled.forecasting.cross_validation.fit", None)
    for fc in (forecaster(combine="AutoTheta"), forecaster(combine="AutoTheta", cell="auto")):
        with pytest.raises(
            un.InputError, match=r"AutoTheta needs statsforecast: pip install 'unrolled\[baselines\]'"
        ):
            fc.fit(df)
        with pytest.raises(un.InputError, match=r"AutoTheta needs statsforecast"):
            fc.cross_validation(df)


# --- the average ------------------------------------------------------------------------------------


def test_the_held_out_forecast_is_the_average_of_its_parts(df, rng):
    df["y"] += 3 * rng.normal(size=len(df)).cumsum()  # errors on a walk are correlated in every method
    alone = forecaster(log=False).fit(df, baselines="AutoTheta")
    fc = forecaster(log=False, combine=WEIGHTS).fit(df, baselines="AutoTheta")
    table, own = fc.held_out_.example, alone.held_out_.example
    np.testing.assert_array_equal(table["AutoTheta"], own["AutoTheta"])
    np.testing.assert_allclose(table["GRU"], average(own, WEIGHTS), **SAME)
    assert fc.held_out_.table.loc["GRU", "MAE"] != alone.held_out_.table.loc["GRU", "MAE"]
    assert not np.array_equal(fc.fitted.only.conformal_factors, alone.fitted.only.conformal_factors)
    assert not np.array_equal(fc.model_.correlation, alone.model_.correlation)


@pytest.mark.parametrize("likelihood", [None, "student_t", "negative_binomial"])
def test_the_forecast_is_the_average_of_its_parts(df, likelihood):
    df["y"] = df["y"].round().clip(0)
    options = {"likelihood": likelihood, "log": None if likelihood == "negative_binomial" else False}
    alone = forecaster(**options).fit(df)
    fc = forecaster(**options, combine={"Naive": 0.4}).fit(df)
    last = np.repeat(df.groupby("unique_id")["y"].last().to_numpy(), 4)
    context = fc.fitted.only.context
    origins = TransformedOrigins(context, context.offsets[1:], alone.fitted.only.transform)
    networks = forecast_quantiles(alone.model_, origins, 4)[..., MEDIAN].reshape(-1)
    expected = fc.model_.support.quantile(0.6 * networks + 0.4 * last, 0.5)
    np.testing.assert_allclose(fc.predict()["GRU"], expected, **SAME)
    if likelihood == "negative_binomial":
        found = fc.predict(level=[80]).filter(like="GRU").to_numpy()
        assert (found >= 0).all()
        assert (found == np.rint(found)).all()


def test_a_series_in_logarithms_has_the_geometric_average(growing):
    alone, fc = forecaster(log=True).fit(growing), forecaster(log=True, combine={"Drift": 0.3}).fit(growing)
    y = growing["y"].to_numpy()
    drift = y[-1] + (y[-1] - y[0]) / (len(y) - 1) * np.arange(1, 5)
    np.testing.assert_allclose(fc.predict()["GRU"], alone.predict()["GRU"] ** 0.7 * drift**0.3, rtol=1e-10)


def test_forecasts_without_a_logarithm_are_replaced_by_the_networks_median(growing):
    falling = growing.assign(y=np.where(np.arange(84) < 80, growing["y"][::-1], 0.01))
    falling.loc[0, "y"] = 500.0  # the line through the first and the last value falls below 0 at once
    alone, fc = forecaster(log=True).fit(falling), forecaster(log=True, combine={"Drift": 0.3}).fit(falling)
    np.testing.assert_array_equal(fc.predict()["GRU"], alone.predict()["GRU"])


def test_series_too_short_for_a_statistical_method_are_left_to_the_networks(rng):
    stamps = pd.date_range("2024-03-01", periods=MIN_ROWS_FOR_STATISTICS - 2, freq="MS")
    short = pd.DataFrame({"unique_id": "short", "ds": stamps, "y": [5.0, 6, 7, 5, 6, 7]})
    df = pd.concat([panel_frame(rng, lengths=(90, 70)), short])
    alone = forecaster(horizon=1, scaling="level").fit(df)
    fc = forecaster(horizon=1, scaling="level", combine="AutoETS").fit(df)
    same = (fc.predict()["GRU"] == alone.predict()["GRU"]).groupby(fc.predict()["unique_id"]).all()
    assert same.to_dict() == {"s0": False, "s1": False, "short": True}
    told = "1 series with fewer than 8 periods, too few for AutoETS: the networks take that weight"
    assert told in fc.notes_
    assert told not in fc.predict_notes_
    fc.predict(df)
    assert told in fc.predict_notes_


def test_reach_averages_all_steps(df):
    alone = forecaster(log=False, reach=2).fit(df)
    fc = forecaster(log=False, reach=2, combine={"SeasonalNaive": 0.5}).fit(df)
    season = fc.model_.spec.season
    for horizon in (2, 4, 9):
        found, own = fc.predict(horizon=horizon), alone.predict(horizon=horizon)
        last = df.groupby("unique_id")["y"].apply(lambda y, h=horizon: np.resize(y.to_numpy()[-season:], h))
        expected = 0.5 * own["GRU"] + 0.5 * np.concatenate(last.to_list())
        np.testing.assert_allclose(found["GRU"], expected, rtol=1e-10)
    assert fc.predict(level=[80])["GRU-lo-80"].lt(fc.predict()["GRU"]).all()


@pytest.mark.parametrize("options", [{}, {"reach": 2}, {"likelihood": "normal"}])
def test_paths_follow_the_averaged_forecast(df, options):
    fc = forecaster(log=False, combine=WEIGHTS, **options).fit(df)
    alone = forecaster(log=False, **options).fit(df)
    forecast = fc.predict(level=[80])
    paths = fc.sample(400).groupby(["unique_id", "ds"])["GRU"]
    apart = (alone.predict()["GRU"] - forecast["GRU"]).abs().to_numpy()
    near = np.abs(paths.median().to_numpy() - forecast["GRU"].to_numpy())
    width = (forecast["GRU-hi-80"] - forecast["GRU-lo-80"]).to_numpy()
    assert (near < 0.15 * width).all()  # 400 draws of a distribution that is 1.3 deviations wide on each side
    assert apart.mean() > near.mean()


def test_averages_keep_to_the_support(df):
    df["y"] = df["y"] - df["y"].mean()  # the values of one season before lie on both sides of 0
    fc = forecaster(nonnegative=True, integer=True, combine={"SeasonalNaive": 0.9}).fit(df)
    found = fc.predict(level=[80]).filter(like="GRU").to_numpy()
    assert (found >= 0).all()
    assert (found == 0).any()
    assert (found == np.rint(found)).all()


# --- later rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("refit", [True, 2, False])
def test_rows_after_a_cutoff_change_no_earlier_forecast(refit, df, monkeypatch):
    monkeypatch.setattr(
        "unrolled.forecasting.cross_validation.WINDOWS_AT_ONCE", 3
    )  # pieces that do not end with a cutoff
    options = {"n_windows": 3, "step_size": 5, "level": [80], "refit": refit}
    whole = forecaster(combine=WEIGHTS).cross_validation(df, **options)
    for k in range(3):
        cutoffs = whole.groupby("unique_id")["cutoff"].unique().str[k]
        poisoned = df.copy()
        poisoned.loc[df["ds"] > df["unique_id"].map(cutoffs), "y"] *= -1e9
        again = forecaster(combine=WEIGHTS).cross_validation(poisoned, **options)
        kept = (whole["cutoff"] <= whole["unique_id"].map(cutoffs)).to_numpy()
        assert kept.sum() == 8 * (k + 1)
        columns = ["GRU", "GRU-lo-80", "GRU-hi-80"]
        pd.testing.assert_frame_equal(whole.loc[kept, columns], again.loc[kept, columns], check_exact=True)


@pytest.mark.parametrize("refit", [True, 2, False])
def test_rolling_forecasts_are_the_averages_of_their_parts(refit, df, monkeypatch):
    """In pieces too, methods use the estimates from before the first of the cutoffs that share a training."""
    options = {"n_windows": 3, "step_size": 5, "refit": refit, "baselines": list(WEIGHTS)}
    parts = forecaster(log=False).cross_validation(df, **options)
    monkeypatch.setattr("unrolled.forecasting.cross_validation.WINDOWS_AT_ONCE", 3)
    found = forecaster(log=False, combine=WEIGHTS).cross_validation(df, **options)
    np.testing.assert_allclose(found["GRU"], average(parts, WEIGHTS), rtol=1e-10)


def test_held_out_rows_do_not_affect_held_out_forecasts(df):
    """Poison the rows after the last origin: its forecasts keep their bits."""
    fc = forecaster(combine=WEIGHTS).fit(df)
    last = df.groupby("unique_id").cumcount(ascending=False) < 4
    again = forecaster(combine=WEIGHTS).fit(df.assign(y=df["y"].where(~last, -1e9 * df["y"])))
    columns = ["GRU", "Naive"]  # the intervals are calibrated on all actual values
    pd.testing.assert_frame_equal(fc.held_out_.example[columns], again.held_out_.example[columns], check_exact=True)
    assert not fc.predict().equals(again.predict())


# --- models, tables, searches -----------------------------------------------------------------------


def test_a_saved_model_forecasts_the_same_without_its_table(df, tmp_path):
    fc = forecaster(combine={"Theta": 0.2, "AutoETS": 0.3, "Naive2": 0.1}).fit(df)
    fc.save(tmp_path / "model.safetensors")
    again = un.load(tmp_path / "model.safetensors")
    assert again.predict(level=[80]).equals(fc.predict(level=[80]))
    assert again.sample(5).equals(fc.sample(5))
    assert again.get_params()["combine"] == fc.get_params()["combine"]
    assert str(again.model_.combination) == "40 % networks, 10 % Naive2, 20 % Theta and 30 % AutoETS"
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_only_models_that_need_whole_series_keep_them(df, tmp_path):
    rows = {}
    for name, combine in (("alone", None), ("combined", "Drift")):
        forecaster(combine=combine, network="trained").fit(df).save(tmp_path / name)
        with safe_open(tmp_path / name, "numpy") as file:
            rows[name] = file.get_slice("y").get_shape()[0]
    assert rows["combined"] == len(df)
    assert rows["alone"] < len(df)


def test_a_newer_table_is_averaged_with_its_own_methods(df):
    alone, fc = forecaster(log=False).fit(df), forecaster(log=False, combine={"Drift": 0.5}).fit(df)
    newer = df.groupby("unique_id").head(60).assign(y=lambda d: d["y"] + 3)
    drift = [
        y[-1] + (y[-1] - y[0]) / (len(y) - 1) * np.arange(1, 5)
        for y in (part["y"].to_numpy() for _, part in newer.groupby("unique_id"))
    ]
    expected = 0.5 * alone.predict(newer)["GRU"] + 0.5 * np.concatenate(drift)
    np.testing.assert_allclose(fc.predict(newer)["GRU"], expected, rtol=1e-10)


def test_only_the_networks_read_covariates_known_ahead(df):
    df["price"] = np.arange(len(df)) % 5.0
    past = df[df.groupby("unique_id").cumcount(ascending=False) >= 4]
    alone = forecaster(log=False).fit(past, future_cols=["price"])
    fc = forecaster(log=False, combine={"Naive": 0.5}).fit(past, future_cols=["price"])
    last = np.repeat(past.groupby("unique_id")["y"].last().to_numpy(), 4)
    expected = 0.5 * alone.predict(future=df)["GRU"] + 0.5 * last
    np.testing.assert_allclose(fc.predict(future=df)["GRU"], expected, rtol=1e-10)


def test_each_frequency_is_averaged(growing, rng, tmp_path):
    days = panel_frame(rng, lengths=(60,))
    both = pd.concat([growing.assign(unique_id="months"), days])
    fc = forecaster(combine={"AutoETS": 0.3}).fit(both)
    apart = {name: forecaster(combine={"AutoETS": 0.3}).fit(part) for name, part in un.by_frequency(both).items()}
    assert fc.predict().equals(pd.concat([one.predict() for one in apart.values()], ignore_index=True))
    assert fc.notes_.count("the forecast is 70 % networks and 30 % AutoETS") == 1
    fc.save(tmp_path / "model.safetensors")
    assert un.load(tmp_path / "model.safetensors").predict().equals(fc.predict())


def test_a_search_evaluates_networks_alone_and_its_choice_is_averaged(df, monkeypatch):
    judged = []
    fit = fitting.fit_planned

    def counting(plan, *args, **options):
        judged.append(plan.parameters.combine)
        return fit(plan, *args, **options)

    monkeypatch.setattr(fitting, "fit_planned", counting)
    given = {"cell": "auto", "max_trials": MIN_TRIALS, "combine": {"Naive": 0.4}}
    fc = forecaster(**given).fit(df)
    assert judged[-1] == {"Naive": 0.4}  # the fit of the choice
    assert judged.count(None) == len(judged) - 1 >= MIN_TRIALS  # the folds of each trial
    assert fc.chosen_["combine"] == {"Naive": 0.4}
    assert "the forecast is 60 % networks and 40 % Naive" in fc.notes_
    assert un.Forecaster(**fc.chosen_).fit(df).predict().equals(fc.predict())


# --- reports and commands ---------------------------------------------------------------------------


def test_the_report_describes_the_combination(df):
    page = forecaster(combine={"Naive": 0.4}).fit(df).report().to_markdown()
    assert page.count("60 % networks and 40 % Naive") == 2  # among the notes and in the part on the model
    assert "the forecast" in page
    assert "% networks and" not in forecaster().fit(df).report().to_markdown()


def test_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    done = inside(
        "forecast", AIR, "-H", 6, *FAST, "--combine", "AutoETS=0.3, Drift=0.2", "--out", "out", capsys=capsys
    )
    assert done.code == 0, done.err
    words = "50 % networks, 20 % Drift and 30 % AutoETS"
    assert f"note: the forecast is {words}" in done.err
    assert words in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert tomllib.loads((tmp_path / "out" / "run.toml").read_text())["combine"] == "AutoETS=0.3, Drift=0.2"
    fc = un.load("out/model.safetensors")
    assert fc.combine == {"AutoETS": 0.3, "Drift": 0.2}

    again = inside("forecast", "--config", "out/run.toml", "--out", "again", capsys=capsys)
    assert again.code == 0, again.err
    for name in ("forecast.csv", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    told = inside("predict", "out/model.safetensors", "--json", capsys=capsys)
    assert [row["GRU"] for row in json.loads(told.out)["forecast"]] == fc.predict()["GRU"].to_list()
    assert f"combine    {words}" in inside("info", "out/model.safetensors", capsys=capsys).out
    assert json.loads(inside("info", "out/model.safetensors", "--json", capsys=capsys).out)["combine"] == words

    (tmp_path / "all.toml").write_text('combine = ["SeasonalNaive", "Drift"]\n')
    common = ("backtest", AIR, "-H", 6, "-K", 2, *FAST, "--config", "all.toml")
    done = inside(*common, capsys=capsys)
    assert done.code == 0, done.err
    assert "the forecast is 66.7 % networks, 16.7 % SeasonalNaive and 16.7 % Drift" in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AutoETS=0.3,Theta", "each with its weight, AutoETS=0.3,Theta=0.2; got 'Theta'"),
        ("AutoETS=much", "got 'AutoETS=much'"),
        ("AutoETS=0.3,AutoETS=0.2", "--combine names AutoETS twice"),
        ("AutoETS=1.3", "gives AutoETS the weight 1.3"),
        ("prophet", "no baseline is called 'prophet'"),
    ],
)
def test_options_that_do_not_fit(text, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (("forecast", AIR), ("backtest", AIR, "-H", 6, "-K", 2)):
        done = inside(*command, "--combine", text, capsys=capsys)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
    assert not list(tmp_path.iterdir())
