"""Tables in and out: what a panel holds of a long frame, what was changed on the way, and what is refused."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.dataframe import library_of
from unrolled.series.from_frame import read_panel
from unrolled.series.grid import fill_gaps
from unrolled.series.panel import Panel
from unrolled.series.to_frame import forecast_frame

nan = np.nan
EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def read(frame, columns: Columns | None = None, **options) -> Panel:
    return read_panel(frame, columns or Columns(), **options)


# --- libraries --------------------------------------------------------------------------------------


@EVERY_LIBRARY
def test_tables_of_every_library_make_the_same_panel(library):
    data = {
        "unique_id": ["b", "b", "b", "a", "a", "a"],
        "ds": [datetime.datetime(2024, 1, d) for d in (1, 2, 4, 2, 3, 4)],
        "y": [1.0, 2.0, 4.0, None, 6.0, 7.0],
    }
    panel = read(LIBRARIES[library](data))
    assert panel.ids == ["b", "a"]  # in the order in which they come
    assert panel.frequency.name == "daily"
    assert panel.offsets.tolist() == [0, 4, 6]
    assert panel.first.tolist() == [0, 2]
    assert panel.y.tolist() == [1, 2, 2, 4, 6, 7]
    assert panel.observed.tolist() == [True, True, False, True, True, True]
    assert panel.stamps(1).astype("datetime64[D]").astype(str).tolist() == ["2024-01-03", "2024-01-04"]


@EVERY_LIBRARY
def test_forecasts_come_in_the_library_of_the_table_with_ids_of_the_same_kind(library):
    frame = LIBRARIES[library]({"store": [7, 7, 3, 3], "week": [1, 2, 1, 2], "sales": [1, 2, 3, 4]})
    columns = Columns("store", "week", "sales")
    panel = read(frame, columns)
    out = forecast_frame(panel, 2, columns, {"RNN": np.array([[1.5, 2.5], [3.5, 4.5]])}, library_of(frame))
    assert type(out) is type(frame)
    rows = out.to_pylist() if library == "pyarrow" else list(pd.DataFrame(out.to_dict()).to_dict("records"))
    if library == "polars":
        rows = out.to_dicts()
    assert rows == [
        {"store": 7, "week": 3, "RNN": 1.5},
        {"store": 7, "week": 4, "RNN": 2.5},
        {"store": 3, "week": 3, "RNN": 3.5},
        {"store": 3, "week": 4, "RNN": 4.5},
    ]
    assert not any(isinstance(row["store"], (str, float)) for row in rows)


def test_a_single_series_has_no_id_on_the_way_out():
    out = forecast_frame(read(table([1.0, 2.0])), 1, Columns(), {"RNN": np.array([[3.0]])})
    assert list(out.columns) == ["ds", "RNN"]
    assert out.loc[0, "ds"] == pd.Timestamp("2024-01-03")


@pytest.mark.parametrize(
    "stamps",
    [
        ["2024-01-01", "2024-01-02", "2024-01-03"],
        ["2024-01-01T00:00", "2024-01-02T00:00", "2024-01-03T00:00"],
        [datetime.date(2024, 1, d) for d in (1, 2, 3)],
        pd.period_range("2024-01-01", periods=3, freq="D"),
        pd.date_range("2024-01-01", periods=3, tz="UTC"),
        pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"),
        pd.date_range("2024-01-01", periods=3, unit="s"),
    ],
    ids=["text", "text with time", "date", "period", "utc", "zone", "seconds"],
)
def test_dates_come_in_many_kinds(stamps):
    panel = read(pd.DataFrame({"ds": stamps, "y": [1, 2, 3]}))
    np.testing.assert_array_equal(panel.stamps(0), pd.date_range("2024-01-01", periods=3).to_numpy("datetime64[ns]"))


@EVERY_LIBRARY
@pytest.mark.parametrize(("freq", "name"), [("MS", "monthly"), ("D", "daily"), ("W", "weekly")])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_dates_with_a_zone_keep_the_time_of_their_clock_where_it_is_always_the_same(library, freq, name, zone):
    stamps = pd.date_range("2023-01-01", periods=400 if freq == "D" else 60, freq=freq, tz=zone)
    panel = read(LIBRARIES[library]({"ds": stamps.to_pydatetime().tolist(), "y": np.arange(float(len(stamps)))}))
    assert panel.frequency.name == name
    assert panel.observed.all()
    np.testing.assert_array_equal(panel.stamps(0), stamps.tz_localize(None).to_numpy("datetime64[ns]"))
    later = pd.DataFrame({"ds": stamps[-2:], "y": [1.0, 2.0]})  # one side of the clocks' change, by the same clock
    assert (read(later, freq=panel.frequency).first == len(stamps) - 2).all()


def test_hours_with_a_zone_are_told_in_utc_so_that_no_hour_comes_twice():
    stamps = pd.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": stamps, "y": np.arange(48.0)}))
    assert (panel.frequency.name, len(panel.y)) == ("hourly", 48)
    assert panel.stamps(0)[0] == np.datetime64("2024-10-25T22:00")
    assert read(pd.DataFrame({"ds": stamps[:1], "y": [1.0]}), freq=panel.frequency).first.tolist() == [0]


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 4],
        np.array([1, 2, 4], np.float32),
        pd.array([1, None, 4], "Int64"),
        pd.array([1, None, 4], "Float64"),
        pa.chunked_array([[1, None, 4]]),
        pa.chunked_array([[Decimal(1), None, Decimal(4)]]),
        pl.Series([1, None, 4]),
    ],
    ids=["int", "float32", "Int64", "Float64", "arrow", "decimal", "polars"],
)
def test_numbers_come_in_many_kinds(values):
    if isinstance(values, pl.Series):
        frame = pl.DataFrame({"ds": [1, 2, 3], "y": values})
    elif isinstance(values, pa.ChunkedArray):
        frame = pa.table({"ds": [1, 2, 3], "y": values})
    else:
        frame = pd.DataFrame({"ds": [1, 2, 3], "y": values})
    panel = read(frame)
    assert panel.y.dtype == np.float64
    assert panel.y[[0, 2]].tolist() == [1, 4]


def test_truths_are_numbers():
    assert read(pl.DataFrame({"ds": [1, 2], "y": [True, False]})).y.tolist() == [1, 0]


def test_whole_numbers_that_came_as_floats_are_stamps():
    panel = read(pd.DataFrame({"ds": [3.0, 1.0, 2.0], "y": [3, 1, 2]}))
    assert panel.stamps(0).tolist() == [1, 2, 3]
    assert panel.y.tolist() == [1, 2, 3]


# --- order, gaps, ends ------------------------------------------------------------------------------


def test_a_table_in_order_is_left_as_it_is():
    panel = read(table([3.0, 1.0, 2.0]))
    assert panel.y.tolist() == [3, 1, 2]
    assert panel.ids == [None]
    assert panel.notes == ()
    assert panel.name(0) == "the series"


def test_rows_are_sorted_and_that_is_said():
    ordered = table([1.0, 2.0, 3.0, 4.0])
    panel = read(ordered.iloc[[2, 0, 3, 1]])
    assert panel.y.tolist() == [1, 2, 3, 4]
    assert panel.notes == ("rows were not in the order of time; they have been sorted",)


def test_series_that_are_mixed_but_each_in_order_are_no_news():
    frame = table([1.0, 2.0, 3.0], unique_id="a"), table([4.0, 5.0, 6.0], unique_id="b")
    panel = read(pd.concat(frame).sort_values("ds"))
    assert panel.ids == ["a", "b"]
    assert panel.y.tolist() == [1, 2, 3, 4, 5, 6]
    assert panel.notes == ()


def test_gaps_are_filled_from_one_season_before_else_from_the_row_before():
    y = np.arange(20.0)
    frame = table(y).drop([3, 9, 16])  # rows that are not there
    frame.loc[12, "y"] = nan  # a row without a value
    panel = read(frame)
    missing = [3, 9, 12, 16]
    expected = y.copy()
    expected[missing] = [2, 2, 5, 2]  # row 16 takes from row 9, which took from row 2
    assert panel.y.tolist() == expected.tolist()
    assert np.flatnonzero(~panel.observed).tolist() == missing
    assert panel.notes == ("4 gap(s) filled with the value one season before, and left out of every score",)


def test_a_given_season_fills_gaps_too():
    assert read(table(np.arange(20.0)).drop(9), season=2).y[9] == 7


@given(st.data())
def test_what_comes_later_never_changes_what_was_filled_before(data):
    """The poison test: all values after a cut become others, missing or present."""
    values = st.one_of(st.just(nan), st.floats(-1e6, 1e6))
    y = np.array([1.0, *data.draw(st.lists(values, min_size=2, max_size=40))])
    cut = data.draw(st.integers(1, len(y)))
    season = data.draw(st.integers(1, 12))
    poisoned = np.concatenate([y[:cut], data.draw(st.lists(values, min_size=len(y) - cut, max_size=len(y) - cut))])
    np.testing.assert_array_equal(fill_gaps(y, season)[:cut], fill_gaps(poisoned, season)[:cut])
    panels = [read(table(np.append(v, 0.0)), season=season) for v in (y, poisoned)]
    np.testing.assert_array_equal(panels[0].y[:cut], panels[1].y[:cut])
    np.testing.assert_array_equal(panels[0].observed[:cut], panels[1].observed[:cut])
    assert not np.isnan(panels[0].y).any()


@given(st.data())
def test_gaps_of_many_series_are_filled_as_one_by_one(data):
    values = st.one_of(st.just(nan), st.floats(-1e6, 1e6))
    series = [np.array([0.5, *data.draw(st.lists(values, max_size=12))]) for _ in range(data.draw(st.integers(1, 4)))]
    season = data.draw(st.integers(1, 6))
    expected = []
    for y in series:
        y = y.copy()
        for at in np.flatnonzero(np.isnan(y)):
            y[at] = y[at - season] if at >= season else y[at - 1]
        expected.append(y)
    offsets = np.cumsum([0, *map(len, series)])
    np.testing.assert_array_equal(fill_gaps(np.concatenate(series), season, offsets), np.concatenate(expected))


@pytest.mark.parametrize("order", ["series", "stamps", "none"])
def test_rows_in_any_order_make_the_same_panel(order):
    frame = pd.concat([table(np.arange(k, k + 20.0), unique_id=k) for k in (3, 1, 2)], ignore_index=True)
    by = {"series": frame, "stamps": frame.sort_values("ds", kind="stable")}
    shuffled = by.get(order, frame.sample(frac=1, random_state=1))
    panel = read(shuffled)
    for k, name in enumerate(panel.ids):
        assert panel.y[panel.series(k)].tolist() == np.arange(name, name + 20.0).tolist()


def test_missing_ends_are_cut_off_and_counted():
    panel = read(table([nan, nan, 3.0, nan, 5.0, nan]))
    assert panel.y.tolist() == [3, 3, 5]
    assert panel.first.tolist() == [2]
    assert panel.notes[1] == "3 row(s) without a value at the ends of series cut off"


def test_a_series_without_values_is_not_there():
    frame = pd.concat([table([1.0, 2.0], unique_id="a"), table([nan, nan], unique_id="b")])
    panel = read(frame)
    assert panel.ids == ["a"]
    assert panel.notes == ("2 row(s) without a value at the ends of series cut off",)


# --- incomplete last periods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freq", "days", "name"),
    [("W", 3, "weekly"), ("D", 0.5, "daily"), ("MS", 14, "monthly"), ("ME", 15, "monthly"), ("QE", 40, "quarterly")],
)
def test_an_incomplete_last_period_is_dropped_and_said(freq, days, name):
    whole = pd.concat([table(np.arange(8.0), freq=freq, unique_id=key) for key in ("a", "b")])
    last = whole.iloc[[7]].assign(ds=whole["ds"].iloc[7] + pd.Timedelta(days=days), y=0.3)
    panel = read(pd.concat([whole, last]))
    assert panel.frequency.name == name
    assert panel.lengths.tolist() == [8, 8]
    assert panel.y[7] == 7
    assert panel.notes == (f"1 last stamp(s) dropped that come before their {name} period is over",)


def test_a_stamp_between_two_others_is_not_an_incomplete_last_period():
    frame = pd.concat([table(np.arange(8.0), freq="W"), table([0.3], start="2024-01-17")])
    with pytest.raises(
        un.DataError, match=r"row 8: the stamp 2024-01-17 does not lie on the weekly grid .* \(1 of 9"
    ):
        read(frame)
