"""Likelihoods, sample paths, recursion and limits, as users of a forecaster meet them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_frame, table
from unrolled.forecasting.model.paths import path_noise
from unrolled.forecasting.model.recursion import PATHS, _common_noise, forecast_quantiles, sample_recursively
from unrolled.forecasting.probabilistic.quantile_function import scores_of_levels

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}
LIKELIHOODS = ["normal", "student_t", "poisson", "negative_binomial"]


def counts_frame(seed=0, lengths=(120, 90, 100), rates=(0.4, 3, 20)):
    random = np.random.default_rng(seed)
    parts = [table(random.poisson(m, n), unique_id=f"c{m}") for n, m in zip(lengths, rates, strict=True)]
    return pd.concat(parts, ignore_index=True)


def quantiles_of(samples, levels, name="GRU"):
    grouped = samples.groupby([c for c in ("unique_id", "ds") if c in samples])[name]
    return grouped.quantile(levels).unstack().to_numpy()


# --- likelihoods ------------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", [None, *LIKELIHOODS])
def test_every_likelihood_forecasts_in_order_and_is_saved(likelihood, rng, tmp_path):
    df = counts_frame() if likelihood in LIKELIHOODS[2:] else panel_frame(rng)
    fc = un.Forecaster(horizon=4, likelihood=likelihood, **QUICK).fit(df)
    out = fc.predict(level=[50, 80, 95])
    order = ["lo-95", "lo-80", "lo-50", None, "hi-50", "hi-80", "hi-95"]
    values = np.stack([out["GRU" if name is None else f"GRU-{name}"] for name in order])
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) >= 0).all()
    assert fc.held_out_.coverage.keys() == {50, 80, 90, 95}
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(loaded.predict(level=[50, 80, 95]), out, check_exact=True)
    pd.testing.assert_frame_equal(loaded.sample(5), fc.sample(5), check_exact=True)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
def test_forecasts_of_counts_are_counts_and_cover_them(likelihood):
    """Independent Poisson counts: the intervals of a 95 % level hold nearly all, and are thrice as wide at most."""
    whole = counts_frame(lengths=(130, 130, 130))
    df = whole.groupby("unique_id").head(120)
    fc = un.Forecaster(horizon=10, likelihood=likelihood, steps=200, ensemble=2, verbose=0).fit(df)
    out = fc.predict(level=[95]).merge(whole, on=["unique_id", "ds"])
    columns = out[["GRU", "GRU-lo-95", "GRU-hi-95"]].to_numpy()
    assert (columns == np.floor(columns)).all()
    assert (columns >= 0).all()
    inside = (out["GRU-lo-95"] <= out["y"]) & (out["y"] <= out["GRU-hi-95"])
    assert inside.mean() >= 26 / 30  # five of 30 miss once in 100 times at 95 %
    deviation = {"c0.4": 0.4**0.5, "c3": 3**0.5, "c20": 20**0.5}
    for name, part in out.groupby("unique_id"):
        assert (part["GRU-hi-95"] - part["GRU-lo-95"]).mean() < 3 * 2 * 1.96 * deviation[name] + 2
        samples = fc.sample(300)
        drawn = samples.loc[samples["unique_id"] == name, "GRU"]
        assert (drawn == np.floor(drawn)).all()
        assert drawn.min() >= 0
        mean = df.loc[df["unique_id"] == name, "y"].mean()
        assert abs(drawn.mean() - mean) < 0.5 * mean + 0.3


@pytest.mark.parametrize(("value", "shown"), [(2.5, "2.5"), (-1.0, "-1")])
def test_what_is_no_count_is_refused_with_series_and_row(value, shown):
    df = counts_frame()
    df["y"] = df["y"].astype(float)
    df.loc[120 + 6, "y"] = value
    message = rf"series 'c3' has {shown} in row 7 \(2024-01-07.*; 1 such value.*'poisson' is one of counts"
    with pytest.raises(un.DataError, match=message):
        un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(df)
    fc = un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(counts_frame())
    with pytest.raises(un.DataError, match=message):
        fc.predict(df)


def test_gaps_in_counts_are_no_counts_and_no_matter():
    df = counts_frame().drop(index=[10, 11, 140])
    out = un.Forecaster(horizon=3, likelihood="poisson", **QUICK).fit(df).predict()
    assert np.isfinite(out["GRU"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likelihood": "gamma"}, "no likelihood is called 'gamma'; known: normal, student_t, poisson"),
        ({"likelihood": "poisson", "log": True}, "counts, which have no logarithms"),
        ({"likelihood": "poisson", "scaling": "level"}, "scaling must be 'count'; got 'level'"),
        ({"reach": 0}, "reach must be a whole number"),
        ({"reach": 5}, "reach must be ≤ the horizon, 4; got 5"),
        ({"nonnegative": 1}, "nonnegative must be True or False; got 1"),
        ({"integer": "yes"}, "integer must be True or False; got 'yes'"),
    ],
)
def test_bad_parameters_are_refused(options, message):
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(horizon=4, **options, **QUICK).fit(counts_frame())


# --- samples ----------------------------------------------------------------------------------------


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
            np.sqrt(level * (1 - level) / PATHS) if "reach" in options else 0
        )
        assert (np.abs(share - level) < 4.5 * scatter).all()


def test_samples_are_a_long_table_and_follow_their_seed(rng):
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
def test_paths_are_a_whole_number(n, rng):
    fc = un.Forecaster(horizon=3, **QUICK).fit(panel_frame(rng, lengths=(60,)))
    with pytest.raises(un.InputError, match="n must be a whole number of paths"):
        fc.sample(n)


@pytest.mark.parametrize("reach", [None, 2], ids=["direct", "recursive"])
@pytest.mark.parametrize("phi", [0.9, -0.7])
def test_paths_of_an_autoregression_hang_together_as_it_does(phi, reach):
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
    assert fc.model_.dependence is None
    noise = path_noise(fc.model_, 4, 1, 4000, seed=0)[0]
    np.testing.assert_allclose(np.corrcoef(noise.T), np.eye(4), atol=4.5 / np.sqrt(4000))


# --- recursion --------------------------------------------------------------------------------------


def test_a_reach_of_the_whole_horizon_changes_no_bit(rng):
    df = panel_frame(rng)
    direct, reached = (un.Forecaster(horizon=4, reach=reach, **QUICK).fit(df) for reach in (None, 4))
    pd.testing.assert_frame_equal(direct.predict(level=80), reached.predict(level=80), check_exact=True)
    pd.testing.assert_frame_equal(direct.sample(3), reached.sample(3), check_exact=True)


def test_a_recursive_forecast_goes_on_as_far_as_is_asked(rng, tmp_path):
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
    with pytest.raises(un.InputError, match=r"horizon 4; 5 is beyond it\. Fit anew, or with reach"):
        un.Forecaster(horizon=4, **QUICK).fit(df).predict(horizon=5)


def test_the_median_feeds_its_own_medians_back(rng):
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


def test_no_row_after_an_end_is_followed(rng):
    """Whatever stands after the ends of the windows, the paths stay the same."""
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=5, reach=2, **QUICK).fit(df)
    panel, profile = fc.tail_, fc.profile_
    ends = panel.offsets[1:] - 5
    clean = forecast_quantiles(fc.model_, panel, profile, ends, 5)
    for end in ends:
        panel.y[end : end + 5] = 1e6
    np.testing.assert_array_equal(forecast_quantiles(fc.model_, panel, profile, ends, 5), clean)


def test_what_is_known_ahead_is_read_on_the_way():
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
def test_the_automatic_choice_keeps_to_what_is_asked(options):
    fc = un.Forecaster(horizon=3, cell="auto", max_trials=5, steps=10, ensemble=1, hidden=4, verbose=0, **options)
    fc.fit(counts_frame())
    assert fc.search_["note"].str.contains("chosen").any()
    assert (fc.model_.likelihood, fc.model_.framing.horizon) == (options.get("likelihood"), options.get("reach", 3))
    again = un.Forecaster(**fc.chosen_).fit(counts_frame())
    pd.testing.assert_frame_equal(again.predict(level=80), fc.predict(level=80), check_exact=True)


def test_noise_of_quantiles_is_even_over_every_first_step(rng):
    fc = un.Forecaster(horizon=4, reach=2, **QUICK).fit(panel_frame(rng))
    noise = _common_noise(fc.model_, 4)
    even = scores_of_levels([(k + 0.5) / PATHS for k in range(PATHS)])
    assert noise.shape == (PATHS, 4)
    if (fc.model_.dependence == np.eye(2)).all():
        np.testing.assert_allclose(np.sort(noise, axis=0), np.tile(even[:, None], 4))
    paths = sample_recursively(fc.model_, fc.tail_, fc.profile_, fc.tail_.offsets[1:], 4, noise)
    assert paths.shape == (3, PATHS, 4)


# --- limits -----------------------------------------------------------------------------------------


def test_forecasts_keep_to_their_limits():
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


def test_limits_hold_in_cross_validation_and_beyond_the_reach():
    df = counts_frame()
    fc = un.Forecaster(horizon=4, reach=1, likelihood="negative_binomial", **QUICK)
    values = fc.cross_validation(df, level=[80])[["GRU", "GRU-lo-80", "GRU-hi-80"]].to_numpy()
    assert (values >= 0).all()
    assert (values == np.rint(values)).all()
