"""Columns of data frames: the kinds of cells that are read, and cells that are refused with column and row."""

from __future__ import annotations

import datetime
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import unrolled as un
from tables import LIBRARIES, table
from unrolled.series.columns import Columns, named_columns
from unrolled.series.dataframe import Library, in_library, library_of
from unrolled.series.from_frame import read_panel
from unrolled.series.panel import Panel

EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def read(frame, columns: Columns | None = None, **options) -> Panel:
    return read_panel(frame, columns or Columns(), **options)


def refused(frame, message: str, columns: Columns | None = None, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns or Columns(), **options)


# --- timestamps -------------------------------------------------------------------------------------


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
def test_dates_with_a_zone_keep_a_constant_local_time(library, freq, name, zone):
    stamps = pd.date_range("2023-01-01", periods=400 if freq == "D" else 60, freq=freq, tz=zone)
    panel = read(LIBRARIES[library]({"ds": stamps.to_pydatetime().tolist(), "y": np.arange(float(len(stamps)))}))
    assert panel.frequency.name == name
    assert panel.observed.all()
    np.testing.assert_array_equal(panel.stamps(0), stamps.tz_localize(None).to_numpy("datetime64[ns]"))
    later = pd.DataFrame({"ds": stamps[-2:], "y": [1.0, 2.0]})  # one side of the clocks' change, by the same clock
    assert (read(later, freq=panel.frequency).first == len(stamps) - 2).all()


def test_hours_with_a_zone_are_converted_to_utc():
    stamps = pd.date_range("2024-10-26", periods=48, freq="h", tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": stamps, "y": np.arange(48.0)}))
    assert (panel.frequency.name, len(panel.y)) == ("hourly", 48)
    assert panel.stamps(0)[0] == np.datetime64("2024-10-25T22:00")
    assert read(pd.DataFrame({"ds": stamps[:1], "y": [1.0]}), freq=panel.frequency).first.tolist() == [0]


def test_whole_numbers_stored_as_floats_are_timestamps():
    panel = read(pd.DataFrame({"ds": [3.0, 1.0, 2.0], "y": [3, 1, 2]}))
    assert panel.stamps(0).tolist() == [1, 2, 3]
    assert panel.y.tolist() == [1, 2, 3]


@EVERY_LIBRARY
@pytest.mark.parametrize(
    "stamps",
    [["2024-01-01", None], [1, None], [1.0, None], [datetime.datetime(2024, 1, 1), None]],
    ids=["text", "int", "float", "date"],
)
def test_missing_timestamps_are_named(library, stamps):
    refused(
        LIBRARIES[library]({"ds": stamps, "y": [1, 2]}), "column 'ds', row 1: the timestamp is missing. Fill it in"
    )


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2024-01-01", "2024-02-30"], "row 1: '2024-02-30' is not a date. Write dates as 2024-12-31"),
        ([1.0, 1.5], "row 1: 1.5 is not a whole number or a date"),
        ([1.0, np.inf], "row 1: inf is not a whole number or a date"),
        ([1.0, 1e300], r"row 1: 1e\+300 is not a whole number or a date"),
        (["2024-01-01", "9999-12-31"], "row 1: 9999-12-31.* lies outside the years 1678 to 2261"),
    ],
)
def test_invalid_timestamps_are_named(stamps, message):
    refused(pd.DataFrame({"ds": stamps, "y": [1, 2]}), f"column 'ds', {message}")


# --- numbers and texts ------------------------------------------------------------------------------


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


def test_truth_values_are_read_as_numbers():
    assert read(pl.DataFrame({"ds": [1, 2], "y": [True, False]})).y.tolist() == [1, 0]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_named(value):
    refused(table([1.0, value, 3.0]), r"column 'y', row 1: the value is infinite\. Correct it, or leave it empty")


def test_values_beyond_the_range_of_the_networks_are_refused():
    refused(table([1.0, -2e298, 3.0]), r"column 'y', row 1: -2e\+298 exceeds 1e\+36\. Use a larger unit")
    assert read(table([1.0, 1e36, 3.0])).y[1] == 1e36


def test_values_nearer_to_zero_than_the_networks_can_tell_are_zeros():
    assert read(table([1.0, -1e-300, 5e-324, 1e-36])).y.tolist() == [1, 0, 0, 1e-36]
    refused(table([0.0, -2e-298, 1e-37]), r"column 'y', row 1: -2e-298 is less than 1e-36, as are all.*smaller unit")
    assert read(table([0.0, 0.0])).y.tolist() == [0, 0]


def test_columns_may_be_called_by_numbers():
    frame = pd.DataFrame({0: ["a", "a", "b"], 1: [1, 2, 1], 2: [3.0, 4.0, 5.0]})
    panel = read(frame, named_columns(0, 1, 2))
    assert (panel.ids, panel.y.tolist()) == (["a", "b"], [3.0, 4.0, 5.0])
    refused(frame.assign(**{"1": 0}), r"the table has two columns '1'\. Rename or drop one", named_columns(0, 1, 2))
    assert set(library_of(frame, ("0", "1")).types) == {"0", "1"}


@EVERY_LIBRARY
def test_text_in_the_target_is_named(library):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": ["1", "2,5", "3"]})
    refused(frame, "column 'y', row 1: '2,5' is not a number")
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": ["1", "2", "3"]})
    refused(frame, "column 'y' holds text; convert it to numbers first")


def test_a_target_without_values_is_refused():
    refused(table([np.nan, np.nan]), "column 'y' has no values: all 2 are missing")


def test_missing_columns_dates_and_mixtures_are_named():
    frame = table([1.0, 2.0, 3.0], x=pd.Series([1, "two", 3.0], dtype=object), d=pd.Timestamp("2024-01-01"))
    refused(frame, "there is no column 'z'; the table has: 'x', 'd', 'ds', 'y'", Columns(static=("z",)))
    refused(frame, "column 'x', row 1: 'two' is not a number", Columns(past=("x",)))
    refused(frame, "row 5: 'two' is not a number", Columns(past=("x",), rows=[4, 5, 6]))
    refused(frame, "column 'd' holds dates; covariates must be numbers, booleans or texts", Columns(past=("d",)))


def test_kinds_of_columns_are_those_of_training():
    columns = Columns(past=("x",), static=("s",))
    frame = table([1.0, 2.0], x=[1.0, 2.0], s="u")
    layout = read_panel(frame, columns).covariates.layout
    refused(frame.assign(x=["3", "b"]), "column 'x', row 1: 'b' is not a number", columns, layout=layout)
    refused(frame.assign(x=["3", "4"]), "column 'x' holds text; convert it", columns, layout=layout)
    number = "column 's', row 0: 5 is a number; in training the column held text"
    refused(frame.assign(s=5), number, columns, layout=layout)


# --- ids and tables ---------------------------------------------------------------------------------


@EVERY_LIBRARY
@pytest.mark.parametrize("ids", [["a", None, "a"], [1, None, 1]], ids=["text", "numbers"])
def test_missing_ids_are_named(library, ids):
    frame = LIBRARIES[library]({"unique_id": ids, "ds": [1, 2, 3], "y": [1, 2, 3]})
    refused(frame, "column 'unique_id', row 1: the id is missing. Fill it in or drop the row")


@pytest.mark.parametrize("name", ["unique id", "ds", "y"])
def test_missing_columns_are_named_with_the_existing_ones(name):
    frame = table([1.0, 2.0], **{"unique id": "a"}).drop(columns=name)
    columns = Columns("unique id", "ds", "y")
    refused(frame, f"there is no column '{name}'; the table has: '{frame.columns[0]}', '{frame.columns[1]}'", columns)


def test_empty_tables_and_other_objects_are_refused():
    refused(table([]), "the table has no rows")
    refused(
        {"ds": [1], "y": [2]},
        r"a table must be a data frame of pandas, polars or Arrow; got dict\. Use pd\.DataFrame",
    )
    refused(pl.LazyFrame({"ds": [1], "y": [2]}), r"got LazyFrame\. Call its `\.collect\(\)`")


# --- kinds that pandas permits ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1.0, 2.0, 3.0], dtype=object),
        pd.Series([1, None, 3], dtype=object),
        pd.Series([Decimal(1), Decimal(2), Decimal(3)], dtype=object),
        pd.Series(pd.Categorical([1, 2, 3])),
        pd.Series(pd.arrays.SparseArray([1.0, 2.0, 3.0])),
    ],
    ids=["floats", "None", "decimals", "categories", "sparse"],
)
def test_numbers_in_columns_of_objects_are_read(values):
    panel = read(pd.DataFrame({"ds": [1, 2, 3], "y": values}))
    assert panel.y[[0, 2]].tolist() == [1, 3]
    assert panel.observed.tolist() == values.notna().tolist()


def test_other_kinds_of_targets_are_named():
    for values, kind in (
        ([1 + 0j, 2j], "complex128"),
        (pd.to_timedelta([1, 2], unit="h"), "timedelta64"),
        (["1", "2"], "text"),
    ):
        refused(pd.DataFrame({"ds": [1, 2], "y": values}), f"column 'y' holds {kind}.*; convert it to numbers first")


@pytest.mark.parametrize(("freq", "name"), [("Q", "quarterly"), ("W", "weekly"), ("M", "monthly"), ("Y", "yearly")])
def test_periods_are_read_by_their_beginning(freq, name):
    periods = pd.period_range("2015-01-05", periods=8, freq=freq)
    panel = read(pd.DataFrame({"ds": periods, "y": np.arange(8.0)}))
    assert panel.frequency.name == name
    np.testing.assert_array_equal(panel.stamps(0), periods.start_time.to_numpy("datetime64[ns]"))


def test_texts_with_offsets_are_local_if_their_time_of_day_is_constant():
    days = pd.date_range("2024-03-25", periods=12, tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": [day.isoformat() for day in days], "y": np.arange(12.0)}))
    np.testing.assert_array_equal(panel.stamps(0), days.tz_localize(None).to_numpy("datetime64[ns]"))
    hours = pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin")
    panel = read(pd.DataFrame({"ds": [hour.isoformat() for hour in hours], "y": np.arange(60.0)}))
    np.testing.assert_array_equal(
        panel.stamps(0), hours.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]")
    )


def test_a_column_that_occurs_twice_is_named():
    refused(pd.DataFrame([[1, 2, 3]], columns=["ds", "y", "y"]), "the table has two columns 'y'. Rename or drop one")


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([("a", 1)] * 3, r"column 'unique_id': \('a', 1\) is a tuple; ids must be texts or numbers"),
        (
            [pd.Timestamp("2024-01-01")] * 3,
            "is a Timestamp; ids must be texts or numbers. Convert the column to text",
        ),
        ([Decimal(1)] * 3, "is a Decimal; ids must be"),
        ([1, "1", "a"], "the ids 1 and '1' have the same text. Convert the column to one type"),
        (["a", "b", "c\ud800"], r"the id 'c\\ud800' holds half of a character"),
    ],
    ids=["tuples", "timestamps", "decimals", "the same text", "half of a character"],
)
def test_ids_that_can_not_be_saved_or_told_apart_are_refused(ids, message):
    refused(pd.DataFrame({"unique_id": pd.Series(ids, dtype=object), "ds": [1, 2, 3], "y": [1, 2, 3]}), message)


def test_dates_in_the_index_and_paths_are_refused_with_the_remedy():
    days = pd.date_range("2024-01-01", periods=3, name="ds")
    refused(pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=days), r"no column 'ds'.* Call `\.reset_index\(\)`")
    refused("sales.csv", r"Read it with `un\.read_table\('sales\.csv'\)`")


def test_a_type_of_texts_of_a_fixed_length_is_ignored():
    """Such a type in a model file could take gigabytes."""
    library = Library(types={"unique_id": "S1000000000", "ds": "object"})
    frame = in_library({"unique_id": np.array(["a", "b"], object)}, library)
    assert frame["unique_id"].tolist() == ["a", "b"]
    assert frame["unique_id"].dtype in (object, "str")


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_too_little_memory_is_no_type_that_values_do_not_fit(library, monkeypatch):
    types = Library(library, {"id": "Int64"})
    assert library_of(in_library({"id": np.array(["a", "b"])}, types), ["id"]).types["id"] == "String"
    monkeypatch.setattr(nw.Series, "cast", fail_for_lack_of_memory)
    with pytest.raises(MemoryError):
        in_library({"id": np.array(["a", "b"])}, types)


def fail_for_lack_of_memory(*args):
    raise MemoryError
