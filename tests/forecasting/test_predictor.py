"""Forecasts of the series of a fit and of others, which never change the fit."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unrolled as un
from forecasters import contents, quick
from tables import panel_frame, series, table, two_frequencies
from unrolled.forecasting.preprocessing.transform import TransformedOrigins
from unrolled.forecasting.probabilistic.quantiles import MEDIAN, QUANTILES
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

# --- no call changes a fit -------------------------------------------------------------------------


def newer(frame: pd.DataFrame, rng) -> pd.DataFrame:
    """The same series under other names, in other units and another order."""
    other = frame.assign(unique_id="new " + frame["unique_id"].astype(str), y=3 + 7 * frame["y"])
    return other.iloc[rng.permutation(len(other))].reset_index(drop=True)


@pytest.mark.parametrize(
    ("mixed", "options"),
    [(False, {}), (False, {"combine": "Naive"}), (True, {}), (True, {"reach": 2, "likelihood": "normal"})],
)
def test_no_call_changes_a_fit(mixed, options, rng):
    frame = two_frequencies(rng) if mixed else panel_frame(rng)
    fc = quick(**options).fit(frame)
    fitted, before, expected = fc.fitted, contents(fc.fitted), fc.predict(level=80)
    other = newer(frame, rng)
    horizon = 7 if "reach" in options else 2
    for ask in (
        lambda: fc.predict(other, level=[50, 95]),
        lambda: fc.predict(pl.from_pandas(other), horizon=horizon),
        lambda: fc.predict(frame.groupby("unique_id").head(40), horizon=horizon),
        lambda: fc.sample(3, other, horizon=horizon, seed=2),
        lambda: fc.sample(3),
        lambda: [fc.report().to_html(), fc.report().to_markdown()],
        lambda: fc._repr_html_(),
        lambda: fc.cross_validation(other),
        lambda: [one.predict() for one in fc.parts_.values()],
        lambda: fc.with_columns(Columns("a", "b", "c")),
    ):
        ask()
        assert fc.fitted is fitted
        assert contents(fitted) == before
    pd.testing.assert_frame_equal(fc.predict(level=80), expected, check_exact=True)


def test_no_call_with_covariates_changes_a_fit(rng):
    frame = panel_frame(rng).assign(price=rng.uniform(size=225), sky=np.tile(["sun", "rain", "fog"], 75))
    fc = quick().fit(frame, past_cols=["sky"], future_cols=["price"])
    ends = frame.groupby("unique_id")["ds"].max()
    future = pd.concat([table(rng.uniform(size=5), end, "MS", unique_id=name)[1:] for name, end in ends.items()])
    future = future.rename(columns={"y": "price"})
    fitted, before, expected = fc.fitted, contents(fc.fitted), fc.predict(future=future)
    unseen = frame.assign(sky="snow", price=9.0)
    fc.predict(unseen, future=future)
    assert any("snow" in note or "not seen" in note for note in fc.predict_notes_)
    fc.sample(2, unseen, future=future, horizon=3)
    fc.report(future=future).to_html()
    with pytest.raises(un.DataError, match="'price'"):
        fc.predict()
    assert fc.fitted is fitted
    assert contents(fitted) == before
    pd.testing.assert_frame_equal(fc.predict(future=future), expected, check_exact=True)


def broken(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    """The table with an infinite value in one of its rows."""
    return frame.assign(y=frame["y"].where(np.arange(len(frame)) != row, np.inf))


def row_that_is_named(fc: un.Forecaster, frame: pd.DataFrame) -> int:
    with pytest.raises(un.DataError) as raised:
        fc.predict(frame)
    return int(re.search(r"row (\d+)", str(raised.value))[1])


def test_rows_are_named_correctly_after_a_failed_call(rng):
    """The series of a mixed table are read one frequency after the other, from some of its rows."""
    both = two_frequencies(rng)
    fc = quick().fit(both)
    fitted, before, expected = fc.fitted, contents(fc.fitted), fc.predict()
    quarters = np.flatnonzero(both["unique_id"].str[0] == "q")
    months = np.flatnonzero(both["unique_id"].str[0] == "m")
    for row in (quarters[7], months[30], quarters[0]):
        assert row_that_is_named(fc, broken(both, row)) == row
    short = both.iloc[30:].reset_index(drop=True)
    row = int(np.flatnonzero(short["unique_id"].str[0] == "q")[9])
    assert row_that_is_named(fc, broken(short, row)) == row
    alone = both[both["unique_id"] == "q40"].sort_values("ds").reset_index(drop=True)
    assert row_that_is_named(fc, broken(alone, 3)) == 3
    assert row_that_is_named(fc.parts_["quarterly"], broken(alone, 3)) == 3
    assert fc.columns_ == Columns()
    assert fc.fitted is fitted
    assert contents(fitted) == before
    pd.testing.assert_frame_equal(fc.predict(), expected, check_exact=True)


def test_a_predictor_is_immutable(rng):
    fc = quick().fit(panel_frame(rng))
    predictor = fc.fitted.only
    for value in (predictor, predictor.source, predictor.ensemble, predictor.transform, fc.fitted):
        with pytest.raises(FrozenInstanceError):
            value.name = 1
    assert (predictor.name, predictor.source.library.name) == ("GRU", "pandas")


# --- forecasts --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("native_engine")
def test_forecasts_are_the_quantiles_after_the_last_rows(rng):
    fc = quick().fit(panel_frame(rng))
    predictor = fc.fitted.only
    origins = predictor.origins(predictor.series, None, predictor.parameters.horizon)
    np.testing.assert_array_equal(origins.ends, predictor.context.offsets[1:])
    values = predictor.quantiles(origins)
    out = predictor.predict(predictor.series, [80, 95, 99]).frame
    np.testing.assert_array_equal(out["GRU"], values[..., MEDIAN].reshape(-1))
    for level, pair in ((80, 3), (95, 1), (99, 0)):
        np.testing.assert_array_equal(out[f"GRU-lo-{level}"], values[..., pair].reshape(-1))
        np.testing.assert_array_equal(out[f"GRU-hi-{level}"], values[..., -1 - pair].reshape(-1))
    assert values.shape == (3, 4, len(QUANTILES))
    assert predictor.quantiles(origins, 2).shape == (3, 2, len(QUANTILES))
    np.testing.assert_array_equal(predictor.quantiles(origins.take(np.array([1]))), values[1:2])


@pytest.mark.parametrize("reach", [None, 2])
def test_without_intervals_the_medians_are_the_same(reach, rng):
    predictor = quick(reach=reach).fit(panel_frame(rng)).fitted.only
    origins = predictor.origins(predictor.series, None, predictor.parameters.horizon)
    whole, medians = (predictor.quantiles(origins, intervals=wanted)[..., MEDIAN] for wanted in (True, False))
    np.testing.assert_array_equal(whole, medians)


def test_forecasts_after_an_origin_read_no_later_rows(rng):
    panel = read_panel(panel_frame(rng), Columns())
    predictor = quick().fit(panel_frame(rng)).fitted.only
    transform = predictor.transform_of(panel)
    ends = panel.offsets[1:] - 10
    expected = predictor.quantiles(TransformedOrigins(panel, ends, transform))
    y = panel.y.copy()
    y[(ends[:, None] + np.arange(10)).ravel()] = -1e9
    np.testing.assert_array_equal(
        predictor.quantiles(TransformedOrigins(replace(panel, y=y), ends, transform)), expected
    )


def test_series_of_the_fit_keep_their_transform_and_others_get_their_own(rng):
    frame = panel_frame(rng)
    predictor = quick().fit(frame).fitted.only
    changed = frame.assign(y=frame["y"] * np.where(frame["unique_id"] == "s1", 5, 1))
    both = pd.concat([changed, series(rng, 60, "MS", "new", 12)])
    panel = read_panel(both, Columns())
    found = predictor.transform_of(panel)
    places = {name: k for k, name in enumerate(panel.ids)}
    for k, name in enumerate(predictor.context.ids):
        np.testing.assert_array_equal(found.season[places[name]], predictor.transform.season[k])
        assert found.spread[places[name]] == predictor.transform.spread[k]
    assert found.spread[places["new"]] != predictor.transform.spread[0]
    assert len(found.logs) == 4


def test_an_unused_future_is_refused(rng):
    fc = quick().fit(panel_frame(rng))
    with pytest.raises(un.InputError, match=r"no column is known ahead, so `future` can't be read.*`future_cols`"):
        fc.predict(future=panel_frame(rng))


def test_new_series_and_covariates_without_a_last_value_are_noted(rng):
    parts = [
        pd.DataFrame({"unique_id": one, "ds": pd.date_range("2024-01-01", periods=40), "y": rng.normal(size=40)})
        for one in ("007", "b")
    ]
    frame = pd.concat(parts, ignore_index=True).assign(x=rng.normal(size=80))
    fc = un.Forecaster(horizon=3, steps=1, ensemble=1, hidden=2, verbose=0).fit(frame, past_cols=["x"])
    fc.predict(frame)
    assert fc.predict_notes_ == []
    fc.predict(frame.replace({"unique_id": {"007": "7"}}))
    assert fc.predict_notes_ == ["1 series not in the training, such as '7': forecast as new series"]
    fc.predict(frame.assign(x=frame["x"].where(frame.index != 39)))
    assert fc.predict_notes_ == ["column 'x' has no value in the last row of 1 series; the value before is used"]


def test_a_forecast_that_is_not_finite_is_refused_with_the_name_of_its_series(rng):
    fc = quick(scaling="mean").fit(panel_frame(rng))
    for member in fc.model_.members:
        member.parameters[...] = 3e38
    for ask in (fc.predict, fc.sample):
        with pytest.raises(un.DataError, match=r"the forecast of series 's\d' is not finite. Its last values are"):
            ask()


def test_rare_counts_are_noted_as_their_median_is_0(rng):
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=120), "y": rng.poisson(0.3, 120)})
    fc = un.Forecaster(horizon=3, likelihood="poisson", point="median", steps=20, ensemble=1, verbose=0).fit(df)
    assert (fc.predict()["GRU"] == 0).all()
    assert [note for note in fc.predict_notes_ if "is 0 at every step, because it is a median" in note]
    assert fc.sample(n=500)["GRU"].mean() > 0
