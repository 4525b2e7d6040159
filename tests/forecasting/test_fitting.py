"""Fitting one frequency: the held-out end does not affect the training before it, and the content of a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from forecasters import interrupt_the_training, quick
from tables import panel_frame
from unrolled.forecasting import fitting
from unrolled.forecasting.fitting import fit
from unrolled.forecasting.model import training as model_training
from unrolled.forecasting.predictor import Source
from unrolled.forecasting.probabilistic.conformal import typical_factor
from unrolled.series.columns import Columns
from unrolled.series.files.inspection import inspect_table
from unrolled.series.files.options import ReadOptions
from unrolled.series.from_frame import read_panel

QUICK = {"steps": 20, "ensemble": 2, "verbose": 0}


def test_held_out_values_do_not_affect_the_training_before_them(rng):
    """Poison the held-out end: everything fitted without it keeps its bits."""
    df = panel_frame(rng, lengths=(90, 70))
    clean = un.Forecaster(horizon=4, **QUICK)
    poisoned = un.Forecaster(horizon=4, **QUICK)
    seen = {}
    for fc, frame in ((clean, df), (poisoned, df.copy())):
        if fc is poisoned:
            rows = clean.held_out_.rows
            end = frame.groupby("unique_id").tail(rows).index
            frame.loc[end, "y"] = -1e6 * np.arange(1, len(end) + 1)  # not positive, enormous, no season
        seen[fc] = first_training(fc, frame)
    (ensemble_a, transform_a), (ensemble_b, transform_b) = seen[clean], seen[poisoned]
    assert ensemble_a.spec == ensemble_b.spec
    for one, other in zip(ensemble_a.members, ensemble_b.members, strict=True):
        np.testing.assert_array_equal(one.parameters, other.parameters)
    for name, values in transform_a.arrays.items():
        np.testing.assert_array_equal(values, transform_b.arrays[name])


def first_training(fc, frame):
    """The ensemble and the transform of a forecaster's training without the held-out end."""
    caught = []
    original = fitting.predict_held_out

    def predict_held_out(ensemble, panel, known, transform, horizon, point):
        caught.append((ensemble, transform))
        return original(ensemble, panel, known, transform, horizon, point)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "predict_held_out", predict_held_out)
        fc.fit(frame)
    return caught[0]


def test_a_series_too_short_is_refused_with_both_numbers():
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=9, freq="MS"), "y": np.arange(9.0)})
    with pytest.raises(un.DataError, match=r"has 9 periods; horizon 12 .* needs 16"):
        un.Forecaster(horizon=12, network="trained", **QUICK).fit(df)


def test_a_series_too_short_for_a_training_is_forecast_by_the_pretrained_network():
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=9, freq="MS"), "y": np.arange(9.0)})
    fc = un.Forecaster(horizon=12, **QUICK).fit(df)
    assert not fc.model_.members
    np.testing.assert_array_equal(fc.predict()["GRU"], un.forecast(df, 12)["Pretrained"])
    note = "the forecast is that of the pretrained network alone: networks that are trained need 16 periods, and the"
    assert f"{note} longest series has 9" in fc.notes_


def test_the_rows_that_a_season_asks_for_are_explained(rng):
    df = panel_frame(rng, lengths=(60, 50, 8))
    fc = un.Forecaster(horizon=4, scaling="season", **QUICK).fit(df)
    note = "no forecast of series 's2' (8): fewer periods than the 12 that a forecast needs (one season"
    assert f"{note}; 4 with `season=1`)" in fc.notes_
    assert fc.predict()["unique_id"].unique().tolist() == ["s0", "s1"]
    with pytest.raises(un.DataError, match=r"needs at least 12 \(one season; 4 with `season=1`\)\. Leave"):
        fc.predict(df[df["unique_id"] == "s2"])


@pytest.mark.parametrize("rows", [5, 6, 7])
def test_very_short_series_are_forecast_near_their_values_with_wide_intervals(rows):
    y = np.array([5.0, 6, 7, 5, 3, 4, 4])[:rows]
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=rows), "y": y})
    row = un.Forecaster(horizon=1, verbose=0).fit(df).predict(level=80).iloc[0]
    assert 2.5 < row["GRU"] < 7
    change = np.abs(np.diff(y)).mean()
    assert row["GRU"] - row["GRU-lo-80"] > 0.5 * change
    assert row["GRU-hi-80"] - row["GRU"] > 0.5 * change


def test_series_that_are_too_short_are_left_out_with_a_note(rng):
    """They change nothing for the others: in a fit, in forecasts of another table, and in a backtest."""
    df = panel_frame(rng, lengths=(60, 50))
    stamps = pd.date_range("2018-01-01", periods=3, freq="MS")
    short = [pd.DataFrame({"unique_id": f"x{n}", "ds": stamps[:n], "y": 1.0}) for n in (1, 2)]
    empty = pd.DataFrame({"unique_id": "none", "ds": stamps, "y": np.nan})
    whole = pd.concat([short[0], df, short[1], empty], ignore_index=True)
    alone, fc = (un.Forecaster(horizon=4, **QUICK).fit(table) for table in (df, whole))
    pd.testing.assert_frame_equal(fc.predict(level=80), alone.predict(level=80), check_exact=True)
    note = "no forecast of series 'x1' (1), series 'x2' (2): fewer periods than the "
    assert sum(text.startswith(note) for text in fc.notes_) == 1
    assert "series 'none' left out, as all values are missing" in fc.notes_
    pd.testing.assert_frame_equal(alone.predict(df), alone.predict(whole), check_exact=True)
    assert sum(text.startswith(note) for text in alone.predict_notes_) == 1
    rows, expected = (un.Forecaster(horizon=4, **QUICK).cross_validation(table, level=80) for table in (whole, df))
    pd.testing.assert_frame_equal(rows, expected, check_exact=True)
    with pytest.raises(un.DataError, match=r"has 2 periods; a forecast needs at least \d+"):
        alone.predict(short[1])


def test_a_short_series_is_forecast_without_comparison_and_with_a_note():
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=9, freq="MS"), "y": np.arange(9.0)})
    fc = un.Forecaster(horizon=4, **QUICK).fit(df)
    assert fc.held_out_ is None
    assert any("widened instead of calibrated" in note for note in fc.notes_)
    assert (fc.fitted.only.conformal_factors == 1 + 2.5 / 9**0.5).all()
    assert np.isfinite(fc.predict(level=[80]).drop(columns="ds").to_numpy()).all()


def test_series_of_very_different_lengths_share_one_network(rng):
    """Some are too short to be trained on without their end, one too short to be trained on at all."""
    df = panel_frame(rng, lengths=(120, 100, 30, 14))
    fc = un.Forecaster(horizon=6, **QUICK).fit(df)
    assert fc.predict()["unique_id"].nunique() == 4
    judged = fc.held_out_.example
    assert judged.groupby("unique_id").size().eq(6).all()
    merged = judged.merge(df, on=["unique_id", "ds"], suffixes=("", "_table"))
    np.testing.assert_array_equal(merged["y"], merged["y_table"])
    assert len(merged) == len(judged)


def test_a_fit_of_a_panel_is_that_of_its_table(rng):
    df = panel_frame(rng)
    fc = quick(ensemble=2).fit(df, baselines=["Naive2"])
    predictor = fit(fc.parameters, read_panel(df, Columns()), Source(Columns()), baselines=["Naive2"])
    pd.testing.assert_frame_equal(
        predictor.predict(predictor.series, [80]).frame, fc.predict(level=80), check_exact=True
    )
    pd.testing.assert_frame_equal(predictor.comparison.table, fc.held_out_.table, check_exact=True)
    assert predictor.parameters == fc.parameters
    assert predictor.notes == fc.fitted.only.notes


def test_a_fit_without_evaluation_holds_nothing_out_and_keeps_its_series(rng, monkeypatch):
    monkeypatch.setattr(fitting, "predict_held_out", None)
    panel = read_panel(panel_frame(rng), Columns())
    predictor = fit(quick(network="trained").parameters, panel, Source(Columns()), evaluate=False)
    assert predictor.comparison is None
    assert predictor.ensemble.correlation is None
    assert (predictor.conformal_factors == typical_factor(panel.lengths)).all()
    assert predictor.notes == panel.notes
    assert predictor.panel is panel
    assert predictor.context.lengths.max() == predictor.ensemble.spec.memory < panel.lengths.max()
    assert not predictor.interrupted


def test_the_networks_of_the_forecast_have_seen_all_rows(rng, monkeypatch):
    """The second training reads the whole panel, with the decisions of the first."""
    seen, train = [], fitting.train_ensemble

    def watched(settings, panel, transform, spec, features, *, title):
        seen.append((settings, panel.lengths.tolist(), spec, features.calendar))
        return train(settings, panel, transform, spec, features, title=title)

    monkeypatch.setattr(fitting, "train_ensemble", watched)
    panel = read_panel(panel_frame(rng), Columns())
    predictor = fit(quick().parameters, panel, Source(Columns()))
    (first, known, *decided), (second, whole, *kept) = seen
    assert first == second
    assert decided == kept
    assert whole == panel.lengths.tolist()
    assert known == [n - predictor.comparison.rows for n in whole]


@pytest.mark.parametrize("number", [0, 1])
def test_ctrl_c_keeps_the_networks_trained_so_far(number, rng, monkeypatch):
    panel = read_panel(panel_frame(rng), Columns())
    whole = fit(quick().parameters, panel, Source(Columns()))
    interrupt_the_training(number, monkeypatch)
    predictor = fit(quick().parameters, panel, Source(Columns()))
    assert predictor.interrupted
    assert np.isfinite(predictor.predict(predictor.series, [80]).frame["GRU"]).all()
    unseen = f"interrupted: the networks have not seen the last {whole.comparison.rows} periods of each series"
    assert (unseen in predictor.notes) == (number == 0)
    if number == 1:  # the comparison was finished
        pd.testing.assert_frame_equal(predictor.comparison.table, whole.comparison.table, check_exact=True)


@pytest.mark.parametrize(("rows", "noted"), [(6, True), (12, True), (27, True), (28, False)])
def test_a_season_that_is_too_long_for_the_networks_is_noted(rows, noted, rng):
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=rows, freq="MS"), "y": rng.normal(size=rows)})
    note = "the series are shorter than two seasons of 12 periods and a horizon, so the networks use no season"
    fc = quick(4 if rows > 12 else 2).fit(df)
    assert (note in fc.notes_) == noted == (fc.model_.spec.season == 1)
    assert note not in quick(2, season=1).fit(df).notes_


def test_a_forecast_names_the_outliers_that_an_inspection_names(rng, tmp_path):
    """Also where the networks use no season or logarithms, and an outlier search does."""
    months = np.arange(40)
    y = np.exp(4 + 0.05 * months + 0.5 * np.sin(months * np.pi / 6) + 0.02 * rng.normal(size=40))
    y[25] *= 2
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=40, freq="MS"), "y": y})
    df.to_csv(tmp_path / "t.csv", index=False)
    notes = [note for note in inspect_table(str(tmp_path / "t.csv"), ReadOptions())["notes"] if "outlier" in note]
    assert len(notes) == 1
    assert notes[0].startswith(f"1 outlier, used as it is: {y[25]:.6g} at 2022-02-01 (usual there: ")
    for options in ({}, {"log": False}, {"log": True}):
        fc = un.Forecaster(horizon=18, **QUICK, **options).fit(df)
        assert fc.fitted.only.ensemble.spec.season == 1
        assert [note for note in fc.notes_ if "outlier" in note] == notes


def test_notes_name_the_networks_that_were_trained_again_in_either_training(rng, monkeypatch):
    trained = model_training.train_member

    def diverges_at_first(settings, *args, seed, **options):
        if seed == 1 and settings.rate == 0.3:
            raise un.TrainingDiverged(0, 3, 0.3)
        return trained(settings, *args, seed=seed, **options)

    monkeypatch.setattr(model_training, "train_member", diverges_at_first)
    fc = un.Forecaster(horizon=4, rate=0.3, **QUICK).fit(panel_frame(rng, lengths=(60,)))
    again = "network 2 diverged in epoch 0 (batch 3); it was trained again with the learning rate 0.1"
    assert [note for note in fc.notes_ if "diverged" in note] == [f"without the held-out end, {again}", again]


@pytest.mark.parametrize(("rows", "times"), [(1000, 2), (4500, 1)])
def test_long_series_are_trained_on_once(rows, times, rng, monkeypatch):
    """The held-out end of the longer series is 2.5 % of its rows."""
    seen = []
    original = fitting.train_ensemble

    def train_ensemble(settings, panel, *args, **options):
        seen.append(int(panel.lengths[0]))
        return original(settings, panel, *args, **options)

    monkeypatch.setattr(fitting, "train_ensemble", train_ensemble)
    df = pd.DataFrame({"ds": np.arange(rows), "y": 50 + rng.normal(size=rows)})
    fc = un.Forecaster(horizon=12, **QUICK).fit(df)
    assert seen == [rows - fc.held_out_.rows, rows][:times]
    noted = [note for note in fc.notes_ if "trained once, without the held-out periods" in note]
    assert len(noted) == (times == 1)
    if noted:
        assert f"{100 * fc.held_out_.rows / rows:.1f} %" in noted[0]
        assert fc.predict()["ds"].iloc[0] == rows  # they read the newest rows all the same
