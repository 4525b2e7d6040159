"""Recursive forecasts: beyond the steps that networks give at once, they read their own forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import counts_frame, panel_frame, table
from unrolled.forecasting.model.recursion import (
    PATHS_BEHIND_QUANTILES,
    _common_noise,
    forecast_quantiles,
    sample_recursively,
)
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.forecasting.probabilistic.quantile_function import scores_of_levels

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


@pytest.mark.parametrize(
    ("reach", "message"), [(0, "`reach` must be a whole number"), (5, "`reach` must be ≤ the horizon, 4; got 5")]
)
def test_a_reach_that_does_not_fit_is_refused(reach, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=4, reach=reach, **QUICK).fit(counts_frame())


def test_a_reach_of_the_whole_horizon_changes_no_bit(rng):
    df = panel_frame(rng)
    direct, reached = (
        un.Forecaster(horizon=4, reach=reach, network="trained", **QUICK).fit(df) for reach in (None, 4)
    )
    pd.testing.assert_frame_equal(direct.predict(level=80), reached.predict(level=80), check_exact=True)
    pd.testing.assert_frame_equal(direct.sample(3), reached.sample(3), check_exact=True)


def test_a_recursive_forecast_reaches_any_horizon(rng, tmp_path):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=4, reach=2, **QUICK).fit(df)
    far, near = fc.predict(level=[80], horizon=11), fc.predict(level=[80])
    assert len(far) == 3 * 11
    pd.testing.assert_frame_equal(
        far.groupby("unique_id").head(4).reset_index(drop=True), near.reset_index(drop=True), check_exact=True
    )
    assert (far["GRU-lo-80"] <= far["GRU"]).all()
    assert (far["GRU"] <= far["GRU-hi-80"]).all()
    assert len(fc.sample(3, horizon=11)) == 3 * 3 * 11
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.predict(level=[80], horizon=11), far, check_exact=True)
    with pytest.raises(un.InputError, match=r"horizon 4; 5 lies beyond it\. Fit it again .*, or with `reach`"):
        un.Forecaster(horizon=4, **QUICK).fit(df).predict(horizon=5)


def test_the_median_forecast_feeds_back_medians(rng):
    """By hand: the forecast's rows are appended to the table, and the next block is the forecast from there."""
    df = panel_frame(rng, lengths=(90,)).drop(columns="unique_id")
    fc = un.Forecaster(horizon=4, reach=2, log=False, **QUICK).fit(df)
    whole = fc.predict()
    longer = pd.concat([df, whole.head(2).rename(columns={"GRU": "y"})], ignore_index=True)
    np.testing.assert_allclose(fc.predict(longer)["GRU"][:2], whole["GRU"][2:], rtol=1e-5)  # networks are float32


def test_forecasts_of_one_series_do_not_depend_on_the_others(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=4, reach=1, **QUICK).fit(df)
    both, alone = fc.predict(level=[80]), fc.predict(df[df["unique_id"] == "s1"], level=[80])
    np.testing.assert_allclose(both[both["unique_id"] == "s1"]["GRU-hi-80"], alone["GRU-hi-80"], rtol=1e-5)


def test_paths_ignore_rows_after_their_origin(rng):
    """Rows after the ends of the windows do not change the paths."""
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=5, reach=2, **QUICK).fit(df)
    context = fc.fitted.only.context
    origins = TransformedOrigins(context, context.offsets[1:] - 5, fc.fitted.only.transform)
    clean = forecast_quantiles(fc.model_, origins, 5)
    context.y[origins.rows_ahead(5)] = 1e6
    np.testing.assert_array_equal(forecast_quantiles(fc.model_, origins, 5), clean)


def test_values_known_ahead_are_read_beyond_the_reach():
    """The target follows a known column exactly; beyond the reach the forecast must follow it, too."""
    random = np.random.default_rng(3)
    known = random.integers(0, 2, 150)
    df = table(10.0 + 5 * known + 0.1 * random.standard_normal(150), known=known, past=random.standard_normal(150))
    fc = un.Forecaster(horizon=4, reach=2, season=1, steps=300, dropout=0.0, ensemble=1, verbose=0)
    fc.fit(df[:140], future_cols=["known"], past_cols=["past"])
    future = df[140:][["ds", "known"]]
    out = fc.predict(future=future, horizon=9, level=80)
    assert np.corrcoef(out["GRU"], known[140:149])[0, 1] > 0.9
    paths = fc.sample(50, future=future, horizon=9)["GRU"].to_numpy().reshape(50, 9)
    assert np.corrcoef(paths.mean(axis=0), known[140:149])[0, 1] > 0.9
    with pytest.raises(un.DataError, match=r"step 11 of 12 ahead, the future covariate"):
        fc.predict(future=future, horizon=12)


@pytest.mark.parametrize("options", [{"likelihood": "poisson"}, {"reach": 1}], ids=["counts", "reach"])
def test_the_automatic_choice_keeps_the_reach(options):
    fc = un.Forecaster(horizon=3, cell="auto", max_trials=5, steps=10, ensemble=1, hidden=4, verbose=0, **options)
    fc.fit(counts_frame())
    assert fc.search_["note"].str.contains("chosen").any()
    assert (fc.parameters.likelihood, fc.model_.spec.horizon) == (options.get("likelihood"), options.get("reach", 3))
    again = un.Forecaster(**fc.chosen_).fit(counts_frame())
    pd.testing.assert_frame_equal(again.predict(level=80), fc.predict(level=80), check_exact=True)


def test_noise_of_quantiles_is_even_over_every_first_step(rng):
    fc = un.Forecaster(horizon=4, reach=2, **QUICK).fit(panel_frame(rng))
    noise = _common_noise(fc.model_, 4)
    even = scores_of_levels([(k + 0.5) / PATHS_BEHIND_QUANTILES for k in range(PATHS_BEHIND_QUANTILES)])
    assert noise.shape == (PATHS_BEHIND_QUANTILES, 4)
    if (fc.model_.correlation == np.eye(2)).all():
        np.testing.assert_allclose(np.sort(noise, axis=0), np.tile(even[:, None], 4))
    context = fc.fitted.only.context
    origins = TransformedOrigins(context, context.offsets[1:], fc.fitted.only.transform)
    paths = sample_recursively(fc.model_, origins, 4, noise, fc.model_.outputs(origins))
    assert paths.shape == (3, PATHS_BEHIND_QUANTILES, 4)
