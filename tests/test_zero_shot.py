"""Forecasts without training: any table, horizon and library, and the networks `Forecaster` offers beside its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unrolled as un
from tables import panel_frame, table, two_frequencies


def test_columns_stamps_and_order(rng):
    frame = panel_frame(rng)
    found = un.forecast(frame, 3, level=[80])
    assert found.columns.tolist() == ["unique_id", "ds", "Pretrained", "Pretrained-lo-80", "Pretrained-hi-80"]
    assert found.unique_id.tolist() == ["s0"] * 3 + ["s1"] * 3 + ["s2"] * 3
    ends = frame.groupby("unique_id").ds.max()
    assert (found.groupby("unique_id").ds.min() == ends + pd.offsets.MonthBegin()).all()
    assert (found["Pretrained-lo-80"] < found.Pretrained).all()
    assert (found.Pretrained < found["Pretrained-hi-80"]).all()


def test_the_first_steps_do_not_depend_on_the_horizon_much(rng):
    frame = panel_frame(rng)
    short, long = (un.forecast(frame, horizon, level=None).groupby("unique_id").head(3) for horizon in (3, 40))
    np.testing.assert_allclose(short.Pretrained, long.Pretrained, rtol=0.05)


def test_a_season_is_forecast_better_than_by_last_values(rng):
    frame = panel_frame(rng, (120, 96))
    known = frame.groupby("unique_id").head(1000).iloc[:0]
    known = pd.concat([part.iloc[:-12] for _, part in frame.groupby("unique_id")])
    actual = pd.concat([part.iloc[-12:] for _, part in frame.groupby("unique_id")])
    found = un.forecast(known, 12)
    last = known.groupby("unique_id").y.last().repeat(12).to_numpy()
    error, naive = np.abs(found.Pretrained.to_numpy() - actual.y), np.abs(last - actual.y)
    assert error.mean() < 0.5 * naive.mean()


@pytest.mark.parametrize("rows", [1, 2, 3, 13, 500])
def test_any_length_and_a_horizon_longer_than_the_series(rows):
    found = un.forecast(table(np.arange(rows) % 7 + 10.0), 30, freq="D")
    assert len(found) == 30
    assert np.isfinite(found.select_dtypes("number")).all(axis=None)
    assert found.Pretrained.between(0, 40).all()


def test_a_constant_stays_constant():
    found = un.forecast(table(np.full(60, 42.0)), 5)
    np.testing.assert_allclose(found.Pretrained, 42, atol=0.1)


def test_series_without_negative_values_stay_above_zero(rng):
    counts = table(rng.poisson(0.4, 200).astype(float))
    assert (un.forecast(counts, 14)["Pretrained-lo-95"] >= 0).all()
    assert (un.forecast(counts.assign(y=counts.y - 1), 14)["Pretrained-lo-95"] < 0).any()


def test_a_table_of_several_frequencies(rng):
    found = un.forecast(two_frequencies(rng), 4)
    assert found.groupby("unique_id").size().eq(4).all()
    assert found.unique_id.nunique() == 5


def test_other_libraries_and_columns(rng):
    frame = pl.from_pandas(table(rng.normal(size=40)).rename(columns={"ds": "day", "y": "sales"}))
    found = un.forecast(frame, 2, time_col="day", target_col="sales", level=90)
    assert isinstance(found, pl.DataFrame)
    assert found.columns == ["day", "Pretrained", "Pretrained-lo-90", "Pretrained-hi-90"]


def test_a_forecast_is_that_of_a_forecaster_before_its_calibration(rng):
    frame = panel_frame(rng)
    fc = un.Forecaster(3, network="pretrained", verbose=0).fit(frame)
    np.testing.assert_array_equal(fc.predict().Pretrained, un.forecast(frame, 3).Pretrained)
    assert fc.held_out_ is not None
    assert "Pretrained" in fc.held_out_.table.index


@pytest.mark.parametrize("given", [{"horizon": 0}, {"level": 100}, {"freq": "nonsense"}, {"season": 0}])
def test_wrong_arguments(given):
    with pytest.raises(un.InputError):
        un.forecast(table(np.arange(20.0)), **{"horizon": 3, **given})


def test_a_column_that_has_the_name_of_the_forecast():
    with pytest.raises(un.InputError, match="alias"):
        un.forecast(table(np.arange(20.0)).rename(columns={"y": "Pretrained"}), 3, target_col="Pretrained")


def test_a_horizon_beyond_the_last_possible_timestamp():
    years = table(np.arange(30.0), "1980-01-01", "YS")
    assert len(un.forecast(years, 200)) == 200
    with pytest.raises(un.InputError, match=r"1000 periods after 2009-01-01 lie beyond the year 2262"):
        un.forecast(years, 1000)
    with pytest.raises(un.InputError, match="`horizon` must be ≤ 100000"):
        un.forecast(years, 10**9)


def test_both_networks_together(rng, tmp_path):
    frame = panel_frame(rng, (120, 110, 100))
    small = {"steps": 20, "ensemble": 1, "hidden": 4, "seed": 1, "verbose": 0}
    fits = {n: un.Forecaster(6, network=n, **small).fit(frame) for n in ("trained", "pretrained", "both")}
    share = fits["both"].model_.pretrained.share
    assert 0 < share < 1
    assert f"{100 * share:.0f} % pretrained network" in " ".join(fits["both"].notes_)
    assert fits["both"].name == "GRU"
    fits["both"].save(tmp_path / "both.safetensors")
    loaded = un.load(tmp_path / "both.safetensors")
    found = fits["both"].predict(level=[80])
    pd.testing.assert_frame_equal(loaded.predict(level=[80]), found)
    assert loaded.model_.pretrained.share == share
    backtest = un.Forecaster(6, network="both", **small).cross_validation(frame, n_windows=2, refit=False)
    assert backtest["GRU"].notna().all()
    paths = fits["both"].sample(5)
    assert paths["GRU"].notna().all()


def test_covariates_are_not_read_by_the_pretrained_network(rng):
    frame = table(rng.normal(size=60), price=rng.normal(size=60))
    fc = un.Forecaster(4, network="pretrained", verbose=0).fit(frame, past_cols=["price"])
    assert "the pretrained network does not read covariates: price" in fc.notes_
    np.testing.assert_array_equal(fc.predict().Pretrained, un.forecast(frame[["ds", "y"]], 4).Pretrained)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": "other"}, "network"),
        ({"network": "both", "cell": "auto"}, "a search would only try networks that are trained"),
        ({"network": "pretrained", "likelihood": "normal"}, "it gives learned quantiles"),
        ({"network": "pretrained", "reach": 2}, "it forecasts any horizon at once"),
    ],
)
def test_parameters_that_contradict_the_network(given, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(4, verbose=0, **given).fit(table(np.arange(40.0)))


def test_the_report_tells_which_networks_forecast(rng):
    frame, small = panel_frame(rng), {"steps": 2, "ensemble": 1, "verbose": 0}
    pages = {n: un.Forecaster(6, network=n, **small).fit(frame).report().to_html() for n in ("trained", "pretrained")}
    assert "by networks trained without them" in pages["trained"]
    assert "by the pretrained network, which is not trained on any table" in pages["pretrained"]
    assert "<h3>Training loss</h3>" not in pages["pretrained"]


def test_notes_tell_what_was_changed_in_the_data(rng):
    frame = table(rng.normal(size=60)).drop(index=[20, 21])
    assert any("2 gaps" in note for note in un.forecast(frame, 3).attrs["notes"])
    assert any("monthly" in note for note in un.forecast(two_frequencies(rng), 3).attrs["notes"])


def test_linear_effects_of_columns_that_are_known_ahead(rng):
    promo = (rng.random(220) < 0.2).astype(float)
    promo[200:] = 0
    promo[205] = 1
    frame = table(100 + 30 * promo + rng.normal(size=220), promo=promo)
    inside = un.forecast(frame.assign(y=frame.y.where(frame.index < 200)), 20, future_cols=["promo"])
    given = un.forecast(frame[:200], 20, future_cols=["promo"], future=frame[200:][["ds", "promo"]])
    pd.testing.assert_frame_equal(inside, given)
    assert inside.Pretrained[5] - inside.Pretrained[[4, 6]].mean() == pytest.approx(30, abs=3)
    with pytest.raises(un.DataError, match="promo"):
        un.forecast(frame[:200], 20, future_cols=["promo"])


def test_holidays_and_means_without_training(rng):
    days = pd.date_range("2018-01-01", "2022-12-20")
    closed = days.strftime("%m-%d").isin(["01-01", "05-01", "10-03", "12-25", "12-26"])
    visits = pd.DataFrame({"ds": days, "y": 200.0 - 100 * closed + rng.normal(size=len(days))})
    found = un.forecast(visits, 14, holidays="DE").set_index("ds").Pretrained
    assert found["2022-12-25"] < 120 < 180 < found["2022-12-24"]
    skewed = table(rng.gamma(1.0, 10.0, 100))
    assert (un.forecast(skewed, 3, point="mean").Pretrained > un.forecast(skewed, 3).Pretrained).all()
