"""The forecaster as its users see it: its results, their reproducibility, and data that it must not read."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unrolled as un
from tables import panel_frame, two_frequencies

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


def test_forecasts_follow_each_series_end_on_its_grid(rng):
    df = panel_frame(rng)
    out = un.Forecaster(horizon=6, **QUICK).fit(df).predict(level=[80, 95])
    assert list(out.columns) == ["unique_id", "ds", "GRU", "GRU-lo-80", "GRU-hi-80", "GRU-lo-95", "GRU-hi-95"]
    for name, part in out.groupby("unique_id"):
        end = df.loc[df["unique_id"] == name, "ds"].max()
        assert list(part["ds"]) == list(pd.date_range(end, periods=7, freq="MS")[1:])


def test_wider_levels_enclose_narrower_ones_and_the_median(rng):
    out = un.Forecaster(horizon=6, **QUICK).fit(panel_frame(rng)).predict(level=[10, 50, 80, 90, 95])
    order = ["lo-95", "lo-90", "lo-80", "lo-50", "lo-10", None, "hi-10", "hi-50", "hi-80", "hi-90", "hi-95"]
    values = np.stack([out["GRU" if name is None else f"GRU-{name}"] for name in order])
    assert (np.diff(values, axis=0) >= 0).all()


def test_same_seed_same_bits_and_another_seed_others(rng):
    df = panel_frame(rng)
    first, again, other = (un.Forecaster(horizon=4, seed=s, **QUICK).fit(df).predict(level=80) for s in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not np.array_equal(first["GRU"], other["GRU"])


@pytest.mark.parametrize("cell", sorted(un.CELLS))
def test_every_cell_forecasts(cell, rng):
    fc = un.Forecaster(horizon=3, cell=cell, **QUICK).fit(panel_frame(rng))
    assert np.isfinite(fc.predict()[cell.upper()]).all()


def test_a_saved_forecaster_forecasts_the_same_bits_without_the_table(rng, tmp_path):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=5, **QUICK).fit(df)
    fc.save(tmp_path / "model.safetensors")
    loaded = un.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(fc.predict(level=[80]), loaded.predict(level=[80]), check_exact=True)
    pd.testing.assert_frame_equal(fc.predict(df), loaded.predict(), check_exact=True)


def test_a_series_that_was_not_trained_on_can_be_forecast(rng):
    fc = un.Forecaster(horizon=6, **QUICK).fit(panel_frame(rng))
    fresh = panel_frame(rng, lengths=(80,)).assign(unique_id="new")
    out = fc.predict(fresh)
    assert set(out["unique_id"]) == {"new"}
    assert np.abs(out["GRU"].to_numpy() - fresh["y"].iloc[-12:].mean()).max() < 30  # near the series, not near others


def test_newer_rows_of_a_known_series_move_the_forecast(rng):
    df = panel_frame(rng, lengths=(90,))
    fc = un.Forecaster(horizon=3, **QUICK).fit(df.iloc[:-2])
    out = fc.predict(df)
    assert out["ds"].iloc[0] == df["ds"].iloc[-1] + pd.offsets.MonthBegin()


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_forecasts_come_in_the_library_of_the_input(library, rng):
    df = panel_frame(rng)
    frame = pl.from_pandas(df) if library == "polars" else pl.from_pandas(df).to_arrow()
    out = un.Forecaster(horizon=4, **QUICK).fit(frame).predict()
    assert type(out) is type(frame)
    expected = un.Forecaster(horizon=4, **QUICK).fit(df).predict()
    np.testing.assert_array_equal(np.asarray(out["GRU"]), expected["GRU"])


def test_the_horizon_may_be_shorter_but_not_longer_than_trained(rng):
    fc = un.Forecaster(horizon=4, **QUICK).fit(panel_frame(rng))
    short, whole = fc.predict(horizon=2), fc.predict()
    np.testing.assert_array_equal(short["GRU"], whole.groupby("unique_id").head(2)["GRU"])
    with pytest.raises(un.InputError, match=r"horizon 4; 5 lies beyond it"):
        fc.predict(horizon=5)


def test_integer_stamps_with_a_season(rng):
    t = np.arange(120)
    df = pd.DataFrame({"ds": t * 10, "y": 100 + 10 * np.sin(2 * np.pi * t / 6) + 0.1 * rng.normal(size=120)})
    out = un.Forecaster(horizon=6, season=6, **QUICK).fit(df).predict()
    assert out["ds"].tolist() == [1200, 1210, 1220, 1230, 1240, 1250]
    truth = 100 + 10 * np.sin(2 * np.pi * np.arange(120, 126) / 6)
    assert np.abs(out["GRU"] - truth).max() < 5  # half the amplitude: the season was seen


def test_cross_validation_forecasts_only_from_what_came_before_each_cutoff(rng):
    df = panel_frame(rng, lengths=(90, 80))
    fc = un.Forecaster(horizon=4, **QUICK)
    whole = fc.cross_validation(df, n_windows=3, step_size=5)
    assert list(whole.columns) == ["unique_id", "ds", "cutoff", "y", "GRU"]
    assert (whole["ds"] > whole["cutoff"]).all()
    assert whole.groupby(["unique_id", "cutoff"]).size().tolist() == [4] * 6
    poisoned = df.copy()
    poisoned.loc[poisoned.groupby("unique_id").tail(4).index, "y"] *= -50
    first = lambda frame: frame[frame["cutoff"] < frame.groupby("unique_id")["cutoff"].transform("max")]  # noqa: E731
    again = fc.cross_validation(poisoned, n_windows=3, step_size=5)
    np.testing.assert_array_equal(first(whole)["GRU"], first(again)["GRU"])
    last = lambda frame: frame[frame["cutoff"] == frame.groupby("unique_id")["cutoff"].transform("max")]  # noqa: E731
    np.testing.assert_array_equal(last(whole)["GRU"], last(again)["GRU"])  # targets are not inputs


def test_gaps_are_never_targets_nor_scores(rng):
    """The value in a filled gap must not matter where it is not an input."""
    df = panel_frame(rng, lengths=(90,))
    gap = df.drop(index=[40, 41])
    fc = un.Forecaster(horizon=4, **QUICK).fit(gap)
    assert any("2 gaps filled" in note for note in fc.notes_)
    assert np.isfinite(fc.predict()["GRU"]).all()


def test_constant_series_are_forecast_as_constant(rng):
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="D"), "y": 7.0})
    out = un.Forecaster(horizon=5, **QUICK).fit(df).predict()
    assert np.abs(out["GRU"] - 7).max() < 0.5


@pytest.mark.parametrize("log", [False, True])
def test_intervals_after_a_flat_window_stay_in_proportion(log):
    """The scale of a constant window must not be 1, which in logarithms is a factor of e."""
    random = np.random.default_rng(0)
    moving = 1000 * np.exp(0.002 * random.standard_normal(40).cumsum())
    df = pd.DataFrame(
        {"ds": pd.date_range("2020-01-01", periods=60, freq="D"), "y": np.r_[moving, np.full(20, 1000.0)]}
    )
    out = un.Forecaster(horizon=4, season=1, log=log, **QUICK).fit(df).predict(level=[95])
    change = np.abs(np.diff(df["y"])).mean()
    assert (out["GRU-hi-95"] - out["GRU-lo-95"] < 20 * change).all()  # with scale 1 it was 370 in logarithms
    assert np.abs(out["GRU"] - 1000).max() < 10 * change


def test_forecasts_scale_with_the_data(rng):
    """Units do not matter: in thousands, the forecast is a thousandth, except for rounding in float32."""
    df = panel_frame(rng, lengths=(90,))
    one = un.Forecaster(horizon=4, **QUICK).fit(df).predict()["GRU"]
    thousand = un.Forecaster(horizon=4, **QUICK).fit(df.assign(y=df["y"] * 1000)).predict()["GRU"]
    np.testing.assert_allclose(thousand / 1000, one, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "`horizon` must be a whole number of periods"),
        ({"horizon": 2.5}, "`horizon` must be a whole number of periods"),
        ({"horizon": 3, "hidden": 0}, "`hidden` must be a whole number"),
        ({"horizon": 3, "window": -1}, "`window` must be a whole number"),
        ({"horizon": 3, "ensemble": 0.5}, "`ensemble` must be a whole number"),
        ({"horizon": 3, "cell": "transformer"}, "no cell is called 'transformer'"),
        ({"horizon": 3, "seed": -1}, "seed is a whole number"),
        ({"horizon": 3, "freq": "banana"}, "freq='banana'` is not a known frequency"),
        ({"horizon": 3, "log": True}, "values that are not positive"),
    ],
)
def test_bad_parameters_are_refused(options, message, rng):
    df = panel_frame(rng, lengths=(60,))
    df.loc[5, "y"] = -1.0
    with pytest.raises(un.InputError, match=message):
        un.Forecaster(**{**QUICK, **options}).fit(df)


def test_scikit_learn_conventions():
    fc = un.Forecaster(horizon=3, hidden=8)
    assert un.Forecaster(**fc.get_params()).get_params() == fc.get_params()
    assert fc.set_params(hidden=9).hidden == 9
    assert repr(fc) == "Forecaster(horizon=3, hidden=9)"
    with pytest.raises(un.InputError, match="has no parameter 'hiden'"):
        fc.set_params(hiden=9)
    with pytest.raises(un.InputError, match="has not been fitted"):
        fc.predict()


# --- parameters and results of a fit ----------------------------------------------------------------


def test_each_parameter_is_an_attribute_of_the_forecaster(rng):
    fc = un.Forecaster(horizon=3, **QUICK)
    assert (fc.horizon, fc.steps, fc.parameters.steps) == (3, 20, 20)
    before = fc.parameters
    fc.steps = 21
    assert (fc.steps, fc.parameters.steps, before.steps) == (21, 21, 20)
    assert "steps" not in vars(fc)
    with pytest.raises(AttributeError, match="Forecaster has no attribute 'stepps'"):
        _ = fc.stepps
    again = copy.deepcopy(fc)
    assert again.parameters == fc.parameters
    again.steps = 5
    assert fc.steps == 21


def test_parameters_changed_after_a_fit_affect_only_the_next(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    expected = fc.predict(level=80)
    fc.set_params(horizon=5, alias="other", seed=9)
    assert (fc.horizon, fc.fitted.parameters.horizon, fc.chosen_["horizon"]) == (5, 3, 3)
    pd.testing.assert_frame_equal(fc.predict(level=80), expected, check_exact=True)
    assert fc.fit(df).predict().columns[-1] == "other"


def test_a_failed_fit_keeps_the_previous_one(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    fitted, expected = fc.fitted, fc.predict(level=80)
    with pytest.raises(un.DataError):
        fc.fit(df.assign(y=np.nan))
    with pytest.raises(un.InputError):
        fc.fit(df, baselines=["Prophet"])
    assert fc.fitted is fitted
    pd.testing.assert_frame_equal(fc.predict(level=80), expected, check_exact=True)


def test_results_of_a_fit_exist_only_after_it(rng):
    names = ("model_", "panel_", "held_out_", "notes_", "search_", "chosen_", "reading_", "columns_", "interrupted_")
    fc = un.Forecaster(horizon=3, **QUICK)
    assert not any(hasattr(fc, name) for name in names)
    assert fc.parts_ == {}
    fc.fit(panel_frame(rng))
    assert all(hasattr(fc, name) for name in names)
    assert fc.chosen_ == fc.get_params() | {"network": "both"}
    assert (fc.search_, fc.interrupted_, fc.search_interrupted_) == (None, False, False)
    fc.fit(two_frequencies(rng))
    assert [name for name in names if not hasattr(fc, name)] == ["model_", "panel_"]
    with pytest.raises(AttributeError, match="model_"):
        _ = fc.model_
    part = fc.parts_["quarterly"]
    assert part.model_ is fc.fitted.predictors["quarterly"].ensemble
    assert part.panel_.frequency.name == "quarterly"


def test_notes_are_copies(rng):
    fc = un.Forecaster(horizon=3, **QUICK).fit(panel_frame(rng).drop(index=[40, 41]))
    notes = fc.notes_
    fc.notes_.append("mine")
    fc.notes_.clear()
    assert fc.notes_ == notes
    assert notes


def test_parts_stay_the_same_until_the_next_fit(rng):
    df = two_frequencies(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    parts = fc.parts_
    assert fc.parts_["monthly"] is parts["monthly"]
    fc.fit(df)
    assert fc.parts_["monthly"] is not parts["monthly"]


def test_changed_parameters_are_those_of_the_next_fit(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    fc.set_params(alias="other", horizon=2)
    assert fc.name == fc.predict().columns[-1] == "GRU"
    assert len(fc.predict()) == 9
    fc.fit(df)
    assert fc.name == fc.predict().columns[-1] == "other"
    assert len(fc.predict()) == 6


def test_errors_of_the_parameters_name_the_forecaster():
    with pytest.raises(TypeError, match=r"Forecaster.__init__\(\) got an unexpected keyword argument 'hiden'"):
        un.Forecaster(3, hiden=4)


def test_sampling_leaves_the_notes_of_a_prediction(rng):
    df = panel_frame(rng)
    fc = un.Forecaster(horizon=3, **QUICK).fit(df)
    fc.predict(df.drop(index=[40]))
    notes = fc.predict_notes_
    assert notes
    fc.sample(2)
    assert fc.predict_notes_ == notes


def test_a_missing_column_is_named_with_the_parameter_that_names_another():
    df = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=40), "y": 1.0})
    with pytest.raises(
        un.DataError, match=r"no column 'ds'; .*'date', 'y'\. Rename one, or name it with `time_col`\."
    ):
        un.Forecaster(2).fit(df)


def test_timestamps_off_the_grid_of_a_training_are_named_so():
    months = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=40, freq="MS"), "y": np.arange(40.0)})
    fc = un.Forecaster(2, steps=2, ensemble=1, hidden=2, verbose=0).fit(months)
    months.loc[20, "ds"] += pd.Timedelta(days=9)
    with pytest.raises(un.DataError, match=r"does not lie on the monthly grid of the training \(1 of 40 do not"):
        fc.predict(months)
