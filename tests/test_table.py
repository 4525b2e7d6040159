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
from unrolled.forecasting.frequency import Frequency
from unrolled.forecasting.table import (
    Columns,
    Panel,
    fill_gaps,
    forecast_frame,
    library_of,
    read_panel,
    refuse_horizon,
    series_of,
)

nan = np.nan
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": lambda data: pa.table(dict(data))}
EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def table(y, start="2024-01-01", freq="D", **columns) -> pd.DataFrame:
    """A table with one row a value, whose stamps follow each other."""
    return pd.DataFrame({**columns, "ds": pd.date_range(start, periods=len(y), freq=freq), "y": y})


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
        pd.date_range("2024-01-01 01:00", periods=3, tz="Europe/Berlin"),
        pd.date_range("2024-01-01", periods=3, unit="s"),
    ],
    ids=["text", "text with time", "date", "period", "utc", "zone", "seconds"],
)
def test_dates_come_in_many_kinds(stamps):
    panel = read(pd.DataFrame({"ds": stamps, "y": [1, 2, 3]}))
    np.testing.assert_array_equal(panel.stamps(0), pd.date_range("2024-01-01", periods=3).to_numpy("datetime64[ns]"))


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


# --- what is refused --------------------------------------------------------------------------------


def refused(frame, message: str, columns: Columns | None = None, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read(frame, columns, **options)


def test_duplicates_are_named_with_their_rows():
    frame = pd.concat([table([1.0, 2.0, 3.0]), table([4.0], start="2024-01-02")])
    message = r"column 'ds': the stamp 2024-01-02 comes twice, in rows 1 and 3 \(1 such pair\(s\)\)\. "
    refused(frame, message + "If the table holds several series, name the column")
    refused(
        frame.assign(unique_id="a"),
        r"the stamp 2024-01-02 of series 'a' comes twice, in rows 1 and 3 .* Keep one row a stamp\.",
    )


def test_stamps_off_the_grid_are_named():
    frame = table(np.arange(9.0)).assign(unique_id="a")
    frame.loc[4, "ds"] += pd.Timedelta(hours=5)
    refused(
        frame, r"row 4: the stamp 2024-01-05 05:00:00 of series 'a' does not lie on the daily grid .* \(1 of 9 do"
    )


def test_two_stamps_in_one_period_are_named():
    frame = pd.DataFrame({"ds": ["2024-01-01 08:00", "2024-01-01 17:00", "2024-01-02 08:00"], "y": [1, 2, 3]})
    refused(frame, "rows 0 and 1: two stamps lie in one business days period", freq="B")


def test_a_stamp_that_would_make_a_table_of_gaps_is_named():
    frame = pd.DataFrame({"ds": [1, 2, 3, 10**12], "y": [1, 2, 3, 4]})
    refused(frame, r"column 'ds', row 3: 1000000000000 comes 999999999997 periods after .* Correct the stamp")


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_named(value):
    refused(table([1.0, value, 3.0]), r"column 'y', row 1: the value is infinite\. Correct it, or leave it empty")


@EVERY_LIBRARY
def test_text_in_the_target_is_named(library):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": ["1", "2,5", "3"]})
    refused(frame, "column 'y', row 1: '2,5' is not a number")
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": ["1", "2", "3"]})
    refused(frame, "column 'y' holds text; convert it to numbers first")


def test_a_target_without_values_is_refused():
    refused(table([nan, nan]), "column 'y' has no values: all 2 are missing")


@EVERY_LIBRARY
@pytest.mark.parametrize("ids", [["a", None, "a"], [1, None, 1]], ids=["text", "numbers"])
def test_missing_ids_are_named(library, ids):
    frame = LIBRARIES[library]({"unique_id": ids, "ds": [1, 2, 3], "y": [1, 2, 3]})
    refused(frame, "column 'unique_id', row 1: the id is missing. Fill it in or drop the row")


@EVERY_LIBRARY
@pytest.mark.parametrize(
    "stamps",
    [["2024-01-01", None], [1, None], [1.0, None], [datetime.datetime(2024, 1, 1), None]],
    ids=["text", "int", "float", "date"],
)
def test_missing_stamps_are_named(library, stamps):
    refused(LIBRARIES[library]({"ds": stamps, "y": [1, 2]}), "column 'ds', row 1: the stamp is missing. Fill it in")


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2024-01-01", "2024-02-30"], "row 1: '2024-02-30' is not a date. Write dates as 2024-12-31"),
        ([1.0, 1.5], "row 1: 1.5 is not a whole number or a date"),
        ([1.0, np.inf], "row 1: inf is not a whole number or a date"),
        ([1.0, 1e300], r"row 1: 1e\+300 is not a whole number or a date"),
        (["2024-01-01", "9999-12-31"], "row 1: 9999-12-31 .* lies outside the years 1678 to 2261"),
    ],
)
def test_stamps_that_are_none_are_named(stamps, message):
    refused(pd.DataFrame({"ds": stamps, "y": [1, 2]}), f"column 'ds', {message}")


@pytest.mark.parametrize("name", ["unique id", "ds", "y"])
def test_missing_columns_are_named_beside_those_that_are_there(name):
    frame = table([1.0, 2.0], **{"unique id": "a"}).drop(columns=name)
    columns = Columns("unique id", "ds", "y")
    refused(frame, f"there is no column '{name}'; the table has: '{frame.columns[0]}', '{frame.columns[1]}'", columns)


def test_no_rows_and_no_table_are_refused():
    refused(table([]), "the table has no rows")
    refused({"ds": [1], "y": [2]}, r"a table is a data frame of pandas, polars or Arrow; got dict\. Wrap your data")


def test_messages_count_rows_as_the_columns_say():
    lines = Columns(rows=[2, 5, 9])
    refused(table([1.0, 2.0, np.inf]), "row 9: the value is infinite", lines)
    refused(pd.DataFrame({"ds": [1, 4, 1], "y": [1, 2, 3]}), "the stamp 1 comes twice, in rows 2 and 9", lines)
    refused(pd.DataFrame({"ds": ["2024-01-01", "x", "y"], "y": [1, 2, 3]}), "row 5: 'x' is not a date", lines)


@pytest.mark.parametrize(
    ("freq", "stamps", "message"),
    [
        (Frequency("integer", 1, 0), ["2024-01-01", "2024-01-02"], "holds dates; stamps must be whole numbers"),
        (Frequency("month", 1, 0), [1, 2], "holds whole numbers; stamps must be dates"),
    ],
)
def test_stamps_of_another_kind_than_in_the_training_are_refused(freq, stamps, message):
    refused(pd.DataFrame({"ds": stamps, "y": [1, 2]}), f"column 'ds' {message} as in the training", freq=freq)


@pytest.mark.parametrize("horizon", [0, -1, 1.0, "3", True, None])
def test_a_horizon_is_a_whole_number_of_periods(horizon):
    with pytest.raises(un.InputError, match=r"horizon must be a whole number of periods ≥ 1; got"):
        refuse_horizon(horizon)


# --- pieces of a panel ------------------------------------------------------------------------------


@pytest.fixture
def panel() -> Panel:
    """Three series of 5, 2 and 4 rows; row 1 of the last is a gap."""
    frames = [table([1.0, 2.0, 3.0, 4.0, 5.0], unique_id="a"), table([6.0, 7.0], start="2024-01-03", unique_id="b")]
    return read(pd.concat([*frames, table([8.0, nan, 10.0, 11.0], start="2024-01-02", unique_id="c")]))


def content(panel: Panel) -> dict[str, list]:
    """For each series its rows as (day of January, value or None)."""
    found = {}
    for k, name in enumerate(panel.ids):
        days = (panel.stamps(k) - np.datetime64("2023-12-31")).astype("timedelta64[D]").astype(int).tolist()
        values = [v if seen else None for v, seen in zip(panel.y, panel.observed, strict=True)][panel.series(k)]
        found[name] = list(zip(days, values, strict=True))
    return found


def test_pieces_keep_their_stamps_and_marks(panel):
    a, b, c = (content(panel)[name] for name in "abc")
    assert a == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert b == [(3, 6), (4, 7)]
    assert c == [(2, 8), (3, None), (4, 10), (5, 11)]
    assert content(panel.until(2)) == {"a": a[:-2], "c": c[:-2]}
    assert content(panel.tail(3)) == {"a": a[-3:], "b": b, "c": c[-3:]}
    assert content(panel.select(np.array([False, True, True]))) == {"b": b, "c": c}
    assert content(panel.until(9)) == {}
    assert panel.name(2) == "series 'c'"


def test_ends_belong_to_the_series_whose_rows_lie_before_them(panel):
    assert series_of(panel, np.array([1, 5, 6, 7, 8, 11])).tolist() == [0, 0, 1, 1, 2, 2]
