"""Scoring an earlier forecast: rows are joined, measures are worked by hand, and invalid tables are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unrolled as un
from tables import panel_frame


def days(start, n):
    return pd.date_range(start, periods=n)


def told(**columns):
    """A forecast of three days for one series."""
    return pd.DataFrame({"ds": days("2024-01-06", 3), "RNN": [10.0, 12.0, 14.0], **columns})


ACTUALS = pd.DataFrame({"ds": days("2024-01-01", 7), "y": [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 16.0]})


def test_a_score_worked_by_hand():
    result = un.score(told(**{"RNN-lo-80": 9.0, "RNN-hi-80": 14.0}), ACTUALS)
    row = result.table.loc["RNN"]
    assert (result.rows, result.matched) == (3, 2)
    assert row["MAE"] == pytest.approx((1 + 4) / 2)
    assert row["RMSE"] == pytest.approx(np.sqrt(17 / 2))
    assert row["sMAPE"] == pytest.approx(100 * (1 / 21 + 4 / 28))
    assert row["MASE"] == pytest.approx(2.5 / 2)  # the history rises by 2 a day
    assert row["RMSSE"] == pytest.approx(np.sqrt(17 / 2) / 2)
    assert row["coverage-80"] == pytest.approx(0.5)
    assert row["IS-80"] == pytest.approx((5 + 5 + 10 * 2) / 2)
    assert row["MSIS-80"] == pytest.approx(row["IS-80"] / 2)
    assert "2 of 3 forecast rows" in repr(result)


def test_the_history_ends_where_the_forecast_begins():
    """Actual values from the first forecast timestamp on do not affect a scale."""
    poisoned = ACTUALS.copy()
    poisoned.loc[5:, "y"] = [10.0, 1e6]
    row = un.score(told(), poisoned).table.loc["RNN"]
    assert row["MAE"] / row["MASE"] == pytest.approx(2)
    season = un.score(told(), ACTUALS, season=3).table.loc["RNN"]
    assert season["MAE"] / season["MASE"] == pytest.approx(6)


def test_without_history_a_note_says_that_there_are_no_scaled_errors():
    result = un.score(told(), ACTUALS.iloc[5:])
    assert result.table.columns.tolist() == ["sMAPE", "MAE", "RMSE"]
    assert "MASE" in result.notes[0]


def test_rows_in_any_order_and_series_join_by_id_and_stamp(rng):
    actuals = panel_frame(rng, lengths=(40, 30))
    forecast = actuals.groupby("unique_id").tail(5).rename(columns={"y": "A"})
    forecast["A"] += np.repeat([1.0, 3.0], 5)
    whole = un.score(forecast.sample(frac=1, random_state=0), actuals.sample(frac=1, random_state=1))
    assert whole.matched == 10
    assert whole.by_series.xs("A", level="model")["MAE"].to_dict() == pytest.approx({"s0": 1.0, "s1": 3.0})
    assert whole.table.loc["A", "MAE"] == pytest.approx(2)
    for name, part in actuals.groupby("unique_id"):
        past = part["y"].to_numpy()[:-5]
        row = whole.by_series.loc[(name, "A")]
        assert row["MAE"] / row["MASE"] == pytest.approx(np.abs(past[12:] - past[:-12]).mean())


def test_the_score_of_cross_validation_is_that_of_its_rows(rng):
    df = panel_frame(rng, lengths=(60,))
    fc = un.Forecaster(horizon=3, steps=4, ensemble=1, verbose=0)
    table = fc.cross_validation(df, n_windows=2, step_size=1, level=80, baselines=["Naive", "Naive2"])
    result = un.score(table, df)  # two cutoffs share stamps
    assert result.matched == 6
    error = (table["y"] - table["GRU"]).abs().mean()
    assert result.table.loc["GRU", "MAE"] == pytest.approx(error)
    assert result.table.loc["Naive2", "OWA"] == pytest.approx(1)


def test_polars_and_forecasts_of_one_stamp(rng):
    actuals = pl.from_pandas(panel_frame(rng, lengths=(40, 30)))
    forecast = pl.from_pandas(
        panel_frame(rng, lengths=(40, 30)).groupby("unique_id").tail(1).rename(columns={"y": "A"})
    )
    assert un.score(forecast, actuals).matched == 2


@pytest.mark.parametrize(
    ("forecast", "actuals", "options", "message"),
    [
        (
            told(),
            ACTUALS.iloc[:5],
            {},
            r"no forecast row has a value .* 2024-01-06 … 2024-01-08, the actuals 2024",
        ),
        (told(unique_id="a"), ACTUALS.assign(unique_id="b"), {}, "no series is in both tables: .* 'a', .* 'b'"),
        (told(unique_id=["a", "a", "b"]), ACTUALS.assign(unique_id=1), {}, "no series is in both"),
        (told(unique_id=["a", "a", "b"]).assign(ds=ACTUALS["ds"][5]), ACTUALS, {}, "the actuals has none"),
        (told().assign(ds=ACTUALS["ds"][5]), ACTUALS, {}, "the forecast: several rows for ds 2024-01-06"),
        (told(), pd.concat([ACTUALS, ACTUALS]), {}, "the actuals: several rows for ds 2024-01-01"),
        (told().assign(ds=[6, 7, 8]), ACTUALS, {}, "dates in one of the tables and whole numbers in the other"),
        (told().drop(columns="RNN"), ACTUALS, {}, "no column of numbers"),
        (told(**{"RNN-lo-80": 1.0}), ACTUALS, {}, "lacks the column 'RNN-hi-80'"),
        (told().assign(RNN=[1.0, np.nan, 2.0]), ACTUALS, {}, "column 'RNN', row 1: the number is missing"),
        (told().assign(RNN=[1.0, np.inf, 2.0]), ACTUALS, {}, "the forecast: column 'RNN', row 1: .* infinite"),
        (told(), ACTUALS.rename(columns={"y": "z"}), {}, "the actuals has no column 'y'; it has: 'ds', 'z'"),
        (told(), ACTUALS, {"id_col": "shop"}, "the forecast has no column 'shop'"),
        (told(), ACTUALS, {"season": 0}, "`season` must be a whole number ≥ 1 or None; got 0"),
        (told().iloc[:0], ACTUALS, {}, "the forecast has no rows"),
        ([1, 2], ACTUALS, {}, "the forecast must be a data frame of pandas, polars or Arrow; got list"),
    ],
)
def test_forecasts_that_cannot_be_scored_are_refused(forecast, actuals, options, message):
    with pytest.raises(un.InputError, match=message):
        un.score(forecast, actuals, **options)


def test_series_without_scaled_errors_are_counted():
    days = pd.date_range("2024-01-01", periods=9)
    y = {"a": np.arange(9.0) ** 2, "b": np.full(9, 3.0), "c": np.r_[np.full(7, 3.0), 4.0, 5.0]}
    actuals = pd.concat([pd.DataFrame({"unique_id": name, "ds": days, "y": own}) for name, own in y.items()])
    forecast = actuals[actuals["ds"] >= days[7]].rename(columns={"y": "RNN"}).assign(RNN=1.0)
    said = "2 of 3 series have no MASE and RMSSE, because their earlier values are too few or repeat exactly"
    result = un.score(forecast, actuals)
    assert said in result.notes
    assert result.table.loc["RNN", "MASE"] == result.by_series.loc[("a", "RNN"), "MASE"] == (48 + 63) / 2 / 6
    changing = actuals[actuals["unique_id"] == "a"]
    assert un.score(forecast[forecast["unique_id"] == "a"], changing).notes == ()


# --- time zones -------------------------------------------------------------------------------------

HOURS = pd.date_range("2024-10-20", periods=10 * 24, freq="h", tz="Europe/Berlin")  # clocks are set back on the 27th


def hourly_forecast(stamps=HOURS):
    return pd.DataFrame({"ds": stamps, "RNN": np.arange(240.0)})


@pytest.mark.parametrize("other", ["UTC", "America/New_York"])
def test_actual_values_of_one_hour_a_day_meet_the_forecasts_of_that_hour(other):
    noon = pd.DataFrame({"ds": HOURS, "y": np.arange(240.0) + 0.25})[HOURS.hour == 12]
    assert len(noon) == 10
    assert un.score(hourly_forecast(), noon).table.loc["RNN", "MAE"] == 0.25
    converted = hourly_forecast(HOURS.tz_convert(other))
    assert un.score(converted, noon).table.loc["RNN", "MAE"] == 0.25
    naive = hourly_forecast(HOURS.tz_localize(None))
    assert un.score(naive, noon, zone="Europe/Berlin").table.loc["RNN", "MAE"] == 0.25
    in_utc = hourly_forecast(HOURS.tz_convert("UTC").tz_localize(None))
    assert un.score(in_utc, noon).table.loc["RNN", "MAE"] == 0.25


def test_actual_hours_without_a_zone_are_local_time_of_the_forecast():
    """As `predict` reads them; a summer without the hour that occurs twice."""
    stamps = pd.date_range("2024-07-01", periods=240, freq="h", tz="Europe/Berlin")
    actuals = pd.DataFrame({"ds": stamps.tz_localize(None), "y": np.arange(240.0) + 0.25})
    result = un.score(hourly_forecast(stamps), actuals)
    assert (result.matched, result.table.loc["RNN", "MAE"]) == (240, 0.25)
    note = "the actuals have no time zone, and are read as local time of the forecast (Europe/Berlin)"
    assert f"{note}; change with `zone`" in result.notes
    in_utc = un.score(hourly_forecast(stamps), actuals, zone="UTC")
    assert (in_utc.matched, in_utc.table.loc["RNN", "MAE"]) == (238, pytest.approx(1.75))
    assert not any(note in told for told in in_utc.notes)


@pytest.mark.parametrize("stamps", [HOURS, HOURS.tz_convert("UTC").tz_localize(None)])
def test_actual_values_counted_from_1970_meet_the_same_instants(stamps):
    milliseconds = HOURS.as_unit("ns").astype("int64") // 10**6
    result = un.score(hourly_forecast(stamps), pd.DataFrame({"ds": milliseconds, "y": np.arange(240.0) + 0.25}))
    assert (result.matched, result.table.loc["RNN", "MAE"]) == (240, 0.25)
    assert not any("time zone" in note for note in result.notes)


@pytest.mark.parametrize("actual_zone", ["Europe/Berlin", "UTC"])
def test_months_in_utc_meet_local_months(actual_zone):
    months = pd.date_range("2022-01-01", periods=30, freq="MS", tz="Europe/Berlin")
    actuals = pd.DataFrame({"ds": months.tz_convert(actual_zone), "y": np.arange(30.0)})
    forecast = pd.DataFrame({"ds": months[-6:], "RNN": np.arange(24.0, 30.0) + 1})
    result = un.score(forecast, actuals)
    assert result.matched == 6
    assert result.table.loc["RNN", ["MAE", "MASE"]].tolist() == pytest.approx([1.0, 1 / 12])
    naive = un.score(forecast.assign(ds=months[-6:].tz_localize(None)), actuals)
    assert (naive.matched, naive.table.loc["RNN", "MAE"]) == (6, 1.0)
    reverse = un.score(forecast, actuals.assign(ds=months.tz_localize(None)))
    assert (reverse.matched, reverse.table.loc["RNN", "MAE"]) == (6, 1.0)


def test_several_series_need_ids_in_both_tables():
    forecast = pd.DataFrame({"unique_id": ["a", "b"], "ds": [3, 4], "RNN": [1.0, 2.0]})
    actuals = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(un.DataError, match="the forecast has a column 'unique_id', the actuals has none"):
        un.score(forecast, actuals)
    assert un.score(forecast.assign(unique_id="a"), actuals).matched == 2
