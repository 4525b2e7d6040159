"""Forecasts, intervals and samples keep to the support of the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import counts_frame, table

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonnegative": 1}, "`nonnegative` must be True, False or None; got 1"),
        ({"integer": "yes"}, "`integer` must be True or False; got 'yes'"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=4, **options, **QUICK).fit(counts_frame())


def test_forecasts_keep_to_their_support():
    random = np.random.default_rng(0)
    df = table(np.maximum(0, random.normal(0.3, 1, 120)))
    free = un.Forecaster(horizon=5, nonnegative=False, **QUICK).fit(df).predict(level=[80, 95])
    assert (free["GRU-lo-95"] < 0).any()
    fc = un.Forecaster(horizon=5, nonnegative=True, integer=True, **QUICK).fit(df)
    out = fc.predict(level=[80, 95])
    for frame in (out.drop(columns="ds"), fc.sample(20)[["GRU"]], fc.held_out_.example[["GRU", "GRU-lo-95"]]):
        values = frame.to_numpy()
        assert (values >= 0).all()
        assert (values == np.rint(values)).all()
    assert (out["GRU-lo-95"] <= np.maximum(free["GRU-lo-95"], 0)).all()
    assert (out["GRU-hi-95"] >= free["GRU-hi-95"]).all()
    np.testing.assert_array_equal(out["GRU"], np.rint(np.maximum(free["GRU"], 0)))


def test_series_without_a_negative_value_are_kept_at_or_above_0(tmp_path):
    """Each series of a table on its own; a newer table with a negative value lifts the limit of its series."""
    y = np.maximum(0, np.random.default_rng(0).normal(0.3, 1, 120))
    df = pd.concat([table(y, unique_id="kept"), table(np.where(np.arange(120) == 7, -1, y), unique_id="signed")])
    fc = un.Forecaster(horizon=5, **QUICK).fit(df)
    fc.save(tmp_path / "model")
    for one in (fc, un.load(tmp_path / "model")):
        lowest = one.predict(level=95).groupby("unique_id")["GRU-lo-95"].min()
        assert lowest["kept"] == 0
        assert lowest["signed"] < 0
        kept = "no value of series 'kept' is negative, so the forecast is kept at or above 0"
        assert [kept in note for note in one.predict_notes_] == [True]
    assert fc.sample(200).groupby("unique_id")["GRU"].min()["kept"] == 0
    assert kept in fc.report().to_markdown()
    newer = df.assign(y=np.where((df["unique_id"] == "kept") & (df["ds"] == df["ds"].max()), -0.5, df["y"]))
    assert (fc.predict(newer, level=95).groupby("unique_id")["GRU-lo-95"].min() < 0).all()
    assert fc.predict_notes_ == []


def test_positive_series_far_from_0_are_not_affected():
    df = table(100 + np.random.default_rng(0).normal(size=80))
    free, kept = (un.Forecaster(5, nonnegative=given, **QUICK).fit(df) for given in (False, None))
    assert kept.predict(level=[80, 99]).equals(free.predict(level=[80, 99]))
    assert kept.predict_notes_ == free.predict_notes_ == []


def test_the_support_holds_in_cross_validation_and_beyond_the_reach():
    df = counts_frame()
    fc = un.Forecaster(horizon=2, reach=1, likelihood="negative_binomial", **QUICK | {"ensemble": 1})
    values = fc.cross_validation(df, level=[80])[["GRU", "GRU-lo-80", "GRU-hi-80"]].to_numpy()
    assert (values >= 0).all()
    assert (values == np.rint(values)).all()
