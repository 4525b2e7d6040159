"""The curves of each series: its past, its forecast and the last held-out origin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reports import NAME, content_of
from tables import panel_frame
from unrolled.report.curves import as_json, distance_notes, of_predictor, of_tables, shown_stamps
from unrolled.series.columns import Columns


def test_curves_hold_past_forecast_and_comparison(rng):
    frame = panel_frame(rng).drop(index=5).reset_index(drop=True)
    content = content_of(frame, 4)
    (part,) = content.parts
    curves = of_predictor(part.predictor, part.panel, content.forecast, 2)
    assert [curve.id for curve in curves] == ["s0", "s1"]
    assert np.flatnonzero(np.isnan(curves[0].y)).tolist() == [5]  # gaps stay open
    example = content.comparison.example
    for curve in curves:
        known = frame[frame["unique_id"] == curve.id]
        np.testing.assert_array_equal(curve.y[~np.isnan(curve.y)], known["y"])
        ahead = content.forecast[content.forecast["unique_id"] == curve.id]
        assert curve.stamps[-4:].tolist() == ahead["ds"].to_numpy().tolist()
        for name, values in curve.forecast.items():
            np.testing.assert_array_equal(values, ahead[name])
        assert curve.held_out.begins == len(curve.y) - 4
        held_out = example[example["unique_id"] == curve.id]
        np.testing.assert_array_equal(curve.held_out.values[NAME], held_out[NAME])


def test_a_shortened_curve_shifts_its_comparison(rng):
    curve = content_of(panel_frame(rng), 4).curves[0]
    last = curve.last(10)
    np.testing.assert_array_equal(last.y, curve.y[-10:])
    assert len(last.stamps) == 14
    assert last.held_out.begins == 6
    assert curve.last(3).held_out is None  # it begins before these rows
    assert curve.last(1000).held_out == curve.held_out


@pytest.mark.parametrize(
    ("forecast_zone", "history_zone", "shown"),
    [
        ("+01:00", "UTC", "+01:00"),
        ("Europe/Berlin", "UTC", "Europe/Berlin"),
        ("+01:00", "Europe/Berlin", "Europe/Berlin"),
        ("UTC", "Europe/Berlin", "Europe/Berlin"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_tables_of_different_zones_meet_at_the_same_instant(forecast_zone, history_zone, shown):
    hours = pd.date_range("2024-10-25", periods=120, freq="h", tz="Europe/Berlin")
    history = pd.DataFrame({"ds": hours.tz_convert(history_zone), "y": np.arange(120.0)})
    forecast = pd.DataFrame({"ds": hours[100:].tz_convert(forecast_zone), "A": 1.0})
    (curve,) = of_tables(forecast, history, Columns())
    assert curve.y.tolist() == list(range(100))
    assert curve.stamps.tolist() == hours.tz_convert(shown).tz_localize(None).to_numpy().tolist()


def test_curves_of_tables_end_where_the_forecast_begins(rng):
    history = panel_frame(rng, lengths=(30, 20))
    forecast = history.groupby("unique_id").tail(3).rename(columns={"y": "A"})  # the history continues in parallel
    curves = of_tables(forecast.sample(frac=1, random_state=0), history.sample(frac=1, random_state=1), Columns())
    by_name = {curve.name: curve for curve in curves}
    for name, part in history.groupby("unique_id"):
        np.testing.assert_array_equal(by_name[name].y, part["y"][:-3])
        np.testing.assert_array_equal(by_name[name].forecast["A"], part["y"][-3:])
        np.testing.assert_array_equal(by_name[name].stamps, part["ds"])
    (alone,) = of_tables(pd.DataFrame({"ds": [4, 5], "A": [1.0, 2.0]}), None, Columns())
    assert (alone.name, len(alone.y), alone.stamps.tolist()) == ("", 0, [4, 5])


def test_a_note_names_series_whose_forecast_is_far_from_their_history(rng):
    history = panel_frame(rng, lengths=(30, 30, 30))
    forecast = history.groupby("unique_id").tail(3).rename(columns={"y": "A"})
    near = history.drop(index=[26, 60])  # gaps, and a series whose history ends early
    near = near[~((near["unique_id"] == "s1") & (near["ds"] > near["ds"].iloc[9]))]
    notes = distance_notes(of_tables(forecast, near, Columns()))
    ends, begins = near["ds"].iloc[9], forecast["ds"].iloc[0]
    assert notes == [f"the history of 's1' ends at {ends.date()}, long before {begins.date()}"]
    notes = distance_notes(of_tables(forecast, near[near["unique_id"] == "s0"], Columns()))
    assert notes == ["no value of the history lies before the forecast of 's1', 's2'"]
    single = near[near["unique_id"] == "s1"].drop(columns="unique_id")
    (note,) = distance_notes(of_tables(forecast.iloc[:3].drop(columns="unique_id"), single, Columns()))
    assert note == f"the history ends at {ends.date()}, long before {begins.date()}"


def test_series_on_the_same_rows_share_an_axis_and_nothing_is_infinite(rng):
    content = content_of(panel_frame(rng, lengths=(60, 60, 50)).drop(index=5), 4)
    data = as_json(content.curves)
    assert [series["axis"] for series in data["series"]] == [0, 0, 1]
    assert data["axes"][0][0] == "2010-01-01"
    assert data["series"][0]["y"][5] is None


def test_either_all_timestamps_have_a_time_of_day_or_none():
    hours = np.array(["2024-04-14T00", "2024-04-14T01"], "datetime64[ns]")
    assert shown_stamps(hours) == ["2024-04-14 00:00:00", "2024-04-14 01:00:00"]
    assert shown_stamps(hours[:1]) == ["2024-04-14"]
    assert shown_stamps(np.array([3, 4])) == [3, 4]
