"""Forecasts, intervals and samples keep to the support of the target."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import counts_frame, table

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonnegative": 1}, "`nonnegative` must be True or False; got 1"),
        ({"integer": "yes"}, "`integer` must be True or False; got 'yes'"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=4, **options, **QUICK).fit(counts_frame())


def test_forecasts_keep_to_their_support():
    random = np.random.default_rng(0)
    df = table(np.maximum(0, random.normal(0.3, 1, 120)))
    free = un.Forecaster(horizon=5, **QUICK).fit(df).predict(level=[80, 95])
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


def test_the_support_holds_in_cross_validation_and_beyond_the_reach():
    df = counts_frame()
    fc = un.Forecaster(horizon=4, reach=1, likelihood="negative_binomial", **QUICK)
    values = fc.cross_validation(df, level=[80])[["GRU", "GRU-lo-80", "GRU-hi-80"]].to_numpy()
    assert (values >= 0).all()
    assert (values == np.rint(values)).all()
