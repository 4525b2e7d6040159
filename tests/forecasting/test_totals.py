"""Sums of forecasts over series and steps, and the means that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import panel_frame


def demand(rng, items=12, rows=200) -> pd.DataFrame:
    """Daily counts that are mostly 0."""
    parts = []
    for k in range(items):
        y = rng.poisson(2.5, rows) * (rng.random(rows) < 0.25)
        days = pd.date_range("2024-01-01", periods=rows)
        parts.append(pd.DataFrame({"unique_id": f"item {k}", "ds": days, "y": y.astype(float)}))
    return pd.concat(parts, ignore_index=True)


def pretrained(df, horizon=7, **options) -> un.Forecaster:
    return un.Forecaster(horizon, network="pretrained", verbose=0, **options).fit(df)


def test_means_of_mostly_zeros_add_up(rng):
    df = demand(rng, rows=600)
    fc = pretrained(df)
    assert any("forecasts are means" in note for note in fc.notes_)
    expected = 12 * 7 * 2.5 * 0.25
    frame = fc.predict()
    assert frame.Pretrained.sum() == pytest.approx(expected, rel=0.15)
    assert (frame.Pretrained > 0).all()
    (both,) = fc.total("both").Pretrained
    assert both == pytest.approx(frame.Pretrained.sum())
    np.testing.assert_allclose(fc.total("series").Pretrained, frame.groupby("ds").Pretrained.sum())
    items = fc.total("horizon")
    np.testing.assert_allclose(items.Pretrained, frame.groupby("unique_id", sort=False).Pretrained.sum())
    assert items.unique_id.tolist() == frame.unique_id.unique().tolist()
    medians = pretrained(df, point="median").predict().Pretrained.sum()
    assert medians < 0.5 * expected


def test_means_are_judged_as_means(rng):
    df = demand(rng)
    mean, median = (pretrained(df, point=point).held_out_.table.loc["Pretrained"] for point in ("mean", "median"))
    assert mean["RMSSE"] < median["RMSSE"]
    assert mean["MAE"] > median["MAE"]


def test_other_tables_are_forecast_by_medians_unless_means_are_asked_for(rng):
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=80, freq="MS"), "y": rng.gamma(2.0, 5.0, 80)})
    auto, median, mean = (pretrained(df, point=point).predict().Pretrained for point in (None, "median", "mean"))
    pd.testing.assert_series_equal(auto, median)
    assert (mean > median).all()  # of a distribution that is skewed to the right


def test_a_saved_model_forecasts_means_and_totals(rng, tmp_path):
    fc = pretrained(demand(rng))
    fc.save(tmp_path / "model")
    again = un.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.predict(level=[80]), fc.predict(level=[80]))
    pd.testing.assert_frame_equal(again.total("both"), fc.total("both"))


@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_intervals_of_totals_know_whether_series_move_together(rng, shared):
    rows, count = 300, 8
    common, days = shared * rng.normal(size=rows), pd.date_range("2024-01-01", periods=rows)
    df = pd.concat(
        pd.DataFrame({"unique_id": k, "ds": days, "y": 100 + common + 3 * rng.normal(size=rows)})
        for k in range(count)
    )
    width = pretrained(df).total(level=80).eval("`Pretrained-hi-80` - `Pretrained-lo-80`").mean()
    truth = 2 * 1.2816 * np.sqrt((count * shared) ** 2 + count * 9)
    assert width == pytest.approx(truth, rel=0.3)


def test_sums_over_many_series_do_not_depend_on_how_they_are_cut(rng, monkeypatch):
    fc = pretrained(demand(rng))
    whole = [fc.total(over, n=50) for over in ("series", "horizon", "both")]
    monkeypatch.setattr("unrolled.forecasting.totals.VALUES_AT_ONCE", 50 * 7 * 5)
    for expected, over in zip(whole, ("series", "horizon", "both"), strict=True):
        pd.testing.assert_frame_equal(fc.total(over, n=50), expected)


def test_means_do_not_depend_on_whether_intervals_are_asked_for(rng):
    """Beyond the reach, medians need no sample paths, but means do."""
    df = demand(rng, items=1)
    fc = un.Forecaster(7, reach=2, steps=20, ensemble=1, verbose=0).fit(df)
    np.testing.assert_array_equal(fc.predict()["GRU"], fc.predict(level=[80])["GRU"])
    assert fc.predict()["GRU"].iloc[-1] > 0


def test_what_can_not_be_summed_is_refused(rng):
    df = demand(rng, items=2)
    fc = pretrained(df[(df.unique_id != "item 1") | (df.ds < "2024-07-01")])
    with pytest.raises(un.DataError, match=r"the first ends at 2024-06-30, the last at 2024-07-18\. Leave out"):
        fc.total()
    assert len(fc.total("horizon")) == 2
    with pytest.raises(un.InputError, match="`over`"):
        fc.total("all")
    with pytest.raises(un.InputError, match="whole number of paths"):
        fc.total(n=0)
    monthly = pd.DataFrame({"unique_id": "m", "ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": 1.0})
    mixed = pretrained(pd.concat([df, monthly.assign(y=np.arange(60.0))]))
    with pytest.raises(un.DataError, match="different frequencies"):
        mixed.total("both")
    assert len(mixed.total("horizon")) == 3


def test_totals_that_are_not_finite_or_beyond_time_are_refused(rng, monkeypatch):
    fc = un.Forecaster(3, network="trained", point="median", scaling="mean", steps=2, ensemble=1, verbose=0)
    fc.fit(panel_frame(rng))
    for member in fc.model_.members:
        member.parameters[...] = 3e38
    monkeypatch.setattr("unrolled.forecasting.totals.VALUES_AT_ONCE", 1)
    with pytest.raises(un.DataError, match="the forecast of series 's0' is not finite"):
        fc.total("horizon")
    years = pd.DataFrame({"ds": pd.date_range("2150-01-01", periods=100, freq="YS"), "y": rng.normal(size=100)})
    with pytest.raises(un.InputError, match="beyond the year 2262"):
        pretrained(years, horizon=20).total("horizon")


def test_an_unknown_point_is_refused():
    with pytest.raises(un.InputError, match="`point`"):
        un.Forecaster(3, point="mode").fit(pd.DataFrame({"ds": range(30), "y": range(30)}))
