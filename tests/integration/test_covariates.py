"""Forecasters that read covariates: those that help, rows that must not matter, and model files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import shops, split_future, table
from unrolled.forecasting.inputs.features import Features
from unrolled.schema import read_object
from unrolled.series.columns import Columns

QUICK = {"cell": "rnn", "steps": 20, "ensemble": 2, "hidden": 8, "verbose": 0}
LEARNING = {"cell": "rnn", "steps": 300, "ensemble": 1, "dropout": 0.0, "verbose": 0}
EVERY = {"past_cols": ["past"], "future_cols": ["price", "sky"], "static_cols": ["size", "town"], "weight_col": "w"}


def error(frame, df, name="RNN"):
    merged = frame.merge(df, on=["unique_id", "ds"], suffixes=("", "_table"))
    return (merged[name] - merged["y"]).abs().mean()


# --- useful ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"decoder": "recurrent"}, {"scaling": ["mean"], "segment": 3, "window": 9}])
def test_a_covariate_known_ahead_that_drives_the_target_is_used(options, rng):
    df = shops(rng)
    known, future = split_future(df, 6)
    without = un.Forecaster(horizon=6, **LEARNING).fit(known).predict()
    told = un.Forecaster(horizon=6, **LEARNING, **options).fit(known, future_cols=["price"]).predict(future=future)
    assert error(told, df) < 0.5 * error(without, df)


def test_a_covariate_known_ahead_is_used_in_both_views_of_a_seasonal_panel(rng):
    """In the season view, the covariate one season before moves the anchor, which the window shows."""
    rows = np.arange(160)
    parts = []
    for k in range(4):
        x = (rng.random(160) < 0.2).astype(float)
        y = 50 + 3 * np.sin(2 * np.pi * rows / 4) + 8 * x + 0.1 * rng.normal(size=160)
        parts.append(table(y, unique_id=f"s{k}", x=x, freq="QS", start="1950-01-01"))
    df = pd.concat(parts)
    known, future = split_future(df.assign(past=0), 2)
    # a small network with a short training does not learn the anchors: its gain depends on the noise
    larger = LEARNING | {"cell": "gru", "alias": "RNN", "hidden": 32, "batch_size": 128, "steps": 400}
    for view in ("level", "season"):
        fc = un.Forecaster(horizon=2, scaling=view, **larger)
        told = error(fc.fit(known, future_cols=["x"]).predict(future=future), df)
        assert told < 0.7 * error(fc.fit(known).predict(), df), view


def test_categories_distinguish_groups_of_series(rng):
    """After a cue one group goes up and the other down; the last window has no earlier cue that would show which."""
    parts = []
    for k in range(12):
        cue = (rng.random(100) < 0.3).astype(float)
        cue[-6:] = [0, 0, 0, 0, 1, 0]
        jump = (3.0 if k % 2 else -3.0) * np.r_[0, cue[:-1]]
        y = 100 + 6 * (np.arange(100) % 2) + jump + 0.1 * rng.normal(size=100)
        parts.append(table(y, unique_id=f"s{k}", kind="up" if k % 2 else "down", cue=cue))
    df = pd.concat(parts, ignore_index=True)
    known, _ = split_future(df.assign(past=0), 1)
    fc = un.Forecaster(horizon=1, window=4, season=1, **LEARNING | {"steps": 500})
    told = fc.fit(known, past_cols=["cue"], static_cols=["kind"]).predict()
    without = fc.fit(known, past_cols=["cue"]).predict()
    assert error(told, df) < 0.5 * error(without, df)


def test_a_series_with_a_tiny_weight_hardly_affects_the_training(rng):
    """Two kinds of series pull the forecast to opposite sides; the weight decides."""
    parts = []
    for k in range(6):
        x = rng.normal(size=100)
        sign = 1 if k % 2 else -1
        y = 50 + sign * 5 * x + 0.1 * rng.normal(size=100)
        parts.append(table(y, unique_id=f"s{k}", x=x, w=1e-6 if k % 2 else 1.0, past=0.0))
    df = pd.concat(parts, ignore_index=True)
    known, future = split_future(df, 4)
    fc = un.Forecaster(horizon=4, **LEARNING | {"steps": 600})
    fc.fit(known, future_cols=["x"], weight_col="w")
    out = fc.predict(future=future)
    heavy = df["unique_id"].isin(["s0", "s2", "s4"])
    assert error(out, df[heavy]) < 1
    assert error(out, df[~heavy]) > 5


def test_the_calendar_shows_a_season_that_the_window_cannot(rng):
    """Days with a weekly pattern, and a window of four days."""
    t = np.arange(200)
    pattern = 100 + t % 2 + 4.0 * (t % 7 >= 5)
    parts = [table(pattern + 0.1 * rng.normal(size=200), unique_id=name) for name in "abcd"]
    df = pd.concat(parts, ignore_index=True)
    known, _ = split_future(df.assign(past=0), 7)
    small = {**LEARNING, "window": 4, "season": 1, "steps": 800}
    on, off = (un.Forecaster(horizon=7, calendar=c, **small).fit(known) for c in (True, False))
    assert error(on.predict(), df) < 0.5 * error(off.predict(), df)
    assert any("(calendar)" in note for note in on.notes_)
    assert not any("(calendar)" in note for note in off.notes_)


# --- rows that must not matter------------------------------------------------------------------------


def test_after_a_cutoff_only_covariates_known_ahead_matter(rng):
    df = shops(rng)
    fc = un.Forecaster(horizon=4, **QUICK)
    clean = fc.cross_validation(df, n_windows=2, step_size=6, **EVERY)
    late = df.groupby("unique_id").cumcount(ascending=False)
    cutoff, last = clean["cutoff"], clean["cutoff"] == clean["cutoff"].max()
    assert cutoff.nunique() == 2

    poisoned = df.assign(past=df["past"].mask(late < 4, -1e9), y=df["y"].mask(late < 4, 1e9))
    again = fc.cross_validation(poisoned, n_windows=2, step_size=6, **EVERY)
    np.testing.assert_array_equal(clean["RNN"], again["RNN"])

    dearer = df.assign(price=df["price"].mask(late < 4, 3.0))
    moved = fc.cross_validation(dearer, n_windows=2, step_size=6, **EVERY)
    np.testing.assert_array_equal(clean["RNN"][~last], moved["RNN"][~last])
    assert (clean["RNN"][last] != moved["RNN"][last]).all()


def test_texts_after_a_cutoff_do_not_affect_the_training_before_it(rng):
    df = shops(rng)
    late = df.groupby("unique_id").cumcount(ascending=False)
    fc = un.Forecaster(horizon=4, **QUICK)
    options = {"n_windows": 1, "past_cols": ["sky"], "static_cols": ["town"]}
    clean = fc.cross_validation(df, **options)
    new = df.assign(sky=df["sky"].mask(late < 4, "green"))
    later = table(
        [1.0] * 4, start="2024-05-01", unique_id="new", town="Oslo", sky="red"
    )  # it begins after the cutoff
    again = fc.cross_validation(pd.concat([new, later]), **options)
    np.testing.assert_array_equal(clean["RNN"], again["RNN"])


def test_constant_columns_are_named(rng):
    df = shops(rng).assign(price=1.0)
    fc = un.Forecaster(horizon=4, **QUICK).fit(df[df["unique_id"] == "s0"], past_cols=["past"], static_cols=["size"])
    assert "left out because constant in training: size" in fc.notes_
    known, future = split_future(df, 4)
    fc.fit(known, future_cols=["price"])
    out = fc.predict(future=future)
    np.testing.assert_array_equal(out["RNN"], fc.predict(future=future.assign(price=1e9))["RNN"])


# --- predict, save, load ----------------------------------------------------------------------------


def test_a_file_keeps_all_bits_and_the_known_future(rng, tmp_path):
    df = shops(rng)
    known, future = split_future(df, 5)
    whole = pd.concat([known, future], ignore_index=True)
    fc = un.Forecaster(horizon=5, calendar=True, **QUICK).fit(whole, **EVERY)
    expected = fc.predict(level=[80])
    pd.testing.assert_frame_equal(fc.predict(future=future, level=[80]), expected, check_exact=True)
    pd.testing.assert_frame_equal(fc.predict(whole, level=[80]), expected, check_exact=True)
    pd.testing.assert_frame_equal(fc.predict(known, level=[80], future=future), expected, check_exact=True)
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.predict(level=[80]), expected, check_exact=True)
    pd.testing.assert_frame_equal(loaded.predict(known, [80], future=future), expected, check_exact=True)
    features = loaded.model_.features
    assert features == fc.model_.features == read_object(json.loads(json.dumps(features.describe())), Features)
    assert loaded.columns_ == Columns(past=("past",), future=("price", "sky"), static=("size", "town"), weight="w")


def test_a_shorter_horizon_needs_a_shorter_future(rng):
    known, future = split_future(shops(rng), 5)
    fc = un.Forecaster(horizon=5, **QUICK).fit(known, future_cols=["price"])
    near = future.groupby("unique_id").head(2)
    short = fc.predict(horizon=2, future=near)
    np.testing.assert_array_equal(short["RNN"], fc.predict(future=future).groupby("unique_id").head(2)["RNN"])
    with pytest.raises(un.DataError, match=r"step 3 of 3 ahead, the future covariate.* 'price' is missing"):
        fc.predict(horizon=3, future=near)


def test_new_series_and_categories_are_forecast(rng):
    df = shops(rng)
    known, future = split_future(df, 4)
    fc = un.Forecaster(horizon=4, **QUICK).fit(known, **EVERY)
    fresh = known[known["unique_id"] == "s1"].assign(unique_id="new", town="Oslo", size=9.0)
    out = fc.predict(fresh, future=future.assign(unique_id=future["unique_id"].replace("s1", "new")))
    assert set(out["unique_id"]) == {"new"}
    assert np.isfinite(out["RNN"]).all()
    for member in fc.model_.members:  # an unseen category is like the mean of those that were seen
        weight = member.architecture.program.views(member.parameters)["embedding 0.weight"]
        np.testing.assert_array_equal(weight[0], weight[1:].mean(axis=0))


def test_tables_of_another_library_give_the_same(rng):
    import polars as pl

    known, future = split_future(shops(rng), 4)
    fc = un.Forecaster(horizon=4, **QUICK)
    expected = fc.fit(known, **EVERY).predict(future=future)
    out = fc.fit(pl.from_pandas(known), **EVERY).predict(future=pl.from_pandas(future))
    assert isinstance(out, pl.DataFrame)
    np.testing.assert_array_equal(out["RNN"].to_numpy(), expected["RNN"])


# --- refused tables ---------------------------------------------------------------------------------


def test_invalid_covariates_are_refused_with_a_remedy(rng):
    known, future = split_future(shops(rng), 4)
    fc = un.Forecaster(horizon=4, **QUICK).fit(known, future_cols=["price"])
    with pytest.raises(un.DataError, match=r"'price' is missing.* Give them in the table of the future"):
        fc.predict()
    with pytest.raises(un.DataError, match="there is no column 'price'"):
        fc.predict(future=future.drop(columns="price"))
    with pytest.raises(un.InputError, match=r"`future` can't be read\. Name some in `future_cols` of fit"):
        un.Forecaster(horizon=4, **QUICK).fit(known).predict(future=future)
    with pytest.raises(un.DataError, match="there is no column 'nothing'"):
        fc.fit(known, past_cols=["nothing"])
    with pytest.raises(un.InputError, match=r"past_cols must be a list .* Write \['price'\]"):
        fc.fit(known, past_cols="price")
    with pytest.raises(un.InputError, match="'price' is named twice"):
        fc.cross_validation(known, past_cols=["price"], future_cols=["price"])
    with pytest.raises(un.InputError, match=r"`decoder='direct'` writes the horizon at once .*: price, town"):
        un.Forecaster(4, decoder="direct", **QUICK).fit(known, future_cols=["price"], static_cols=["town"])
    with pytest.raises(un.InputError, match="`calendar` must be True, False or None; got 'yes'"):
        un.Forecaster(4, calendar="yes").fit(known)
