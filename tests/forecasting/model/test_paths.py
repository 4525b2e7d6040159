"""Sample paths: each step follows its forecast, and steps are correlated as errors were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_frame, table
from unrolled.forecasting.model.paths import path_noise
from unrolled.forecasting.model.recursion import PATHS_BEHIND_QUANTILES

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


@pytest.mark.parametrize(
    "options", [{}, {"likelihood": "normal"}, {"reach": 1}], ids=["quantiles", "normal", "reach"]
)
def test_samples_have_the_quantiles_that_are_predicted(options, rng):
    n = 4000
    fc = un.Forecaster(horizon=3, **options, **QUICK).fit(panel_frame(rng))
    out = fc.predict(level=[50, 80, 95])
    predicted = out[["GRU-lo-95", "GRU-lo-80", "GRU-lo-50", "GRU", "GRU-hi-50", "GRU-hi-80", "GRU-hi-95"]].to_numpy()
    levels = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
    samples = fc.sample(n)
    # the share of n samples below a quantile q scatters by √(q (1 - q) / n); a recursive forecast's own
    # quantiles come from few paths
    values = samples["GRU"].to_numpy().reshape(3, n, 3)
    for k, level in enumerate(levels):
        share = (values <= predicted[:, k].reshape(3, 1, 3)).mean(axis=1)
        scatter = np.sqrt(level * (1 - level) / n) + (
            np.sqrt(level * (1 - level) / PATHS_BEHIND_QUANTILES) if "reach" in options else 0
        )
        assert (np.abs(share - level) < 4.5 * scatter).all()


def test_samples_are_a_long_table_and_depend_on_the_seed(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    first, again, other = fc.sample(7, seed=2), fc.sample(7, seed=2), fc.sample(7, seed=3)
    assert list(first.columns) == ["unique_id", "ds", "sample", "GRU"]
    assert first["sample"].tolist() == 3 * [k for k in range(7) for _ in range(3)]
    stamps = fc.predict()["ds"].to_numpy().reshape(3, 1, 3)
    assert (first["ds"].to_numpy().reshape(3, 7, 3) == stamps).all()
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not np.isin(first["GRU"], other["GRU"]).any()
    np.testing.assert_array_equal(
        fc.sample(7, horizon=2, seed=2)["GRU"], first.groupby(["unique_id", "sample"]).head(2)["GRU"]
    )
    pd.testing.assert_frame_equal(fc.sample(7, df, seed=2), first, check_exact=True)


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_the_number_of_paths_is_a_whole_number(n, rng):
    fc = un.Forecaster(horizon=3, **QUICK).fit(panel_frame(rng, lengths=(60,)))
    with pytest.raises(un.InputError, match="`n` must be a whole number of paths"):
        fc.sample(n)


@pytest.mark.parametrize("reach", [None, 2], ids=["direct", "recursive"])
@pytest.mark.parametrize("phi", [0.9, -0.7])
def test_paths_of_an_autoregression_are_correlated_as_it_is(phi, reach):
    """Errors of forecasts of an AR(1) one and two steps ahead correlate with the sign of phi."""
    random = np.random.default_rng(5)
    y = np.zeros(1200)
    for t in range(1, len(y)):
        y[t] = phi * y[t - 1] + random.standard_normal()
    fc = un.Forecaster(horizon=4, season=1, reach=reach, window=8, steps=300, ensemble=2, verbose=0).fit(table(y))
    paths = fc.sample(1000)["GRU"].to_numpy().reshape(1000, 4)
    away = paths - paths.mean(axis=0)
    found = (away[:, :-1] * away[:, 1:]).mean(axis=0) / (away.std(axis=0)[:-1] * away.std(axis=0)[1:])
    assert (np.sign(found) == np.sign(phi)).all()
    exact = phi / np.sqrt(1 + phi**2)  # between steps 1 and 2
    # it was learned from 60 windows, 15 of them apart: twice the scatter (1 - r²) / √15 is 0.35
    assert abs(found[0] - exact) < 0.35


def test_without_held_out_rows_steps_are_drawn_independently():
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=9, freq="MS"), "y": np.arange(9.0)})
    fc = un.Forecaster(horizon=4, **QUICK).fit(df)
    assert fc.model_.correlation is None
    noise = path_noise(fc.model_, 4, 1, 4000, seed=0)[0]
    np.testing.assert_allclose(np.corrcoef(noise.T), np.eye(4), atol=4.5 / np.sqrt(4000))
