"""Tables that can't be used as they stand: the message names column and row, and what to do."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import LIBRARIES, table
from unrolled.forecasting.parameters import refuse_horizon
from unrolled.series.columns import Columns
from unrolled.series.frequency import Frequency
from unrolled.series.from_frame import read_panel

EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def refused(frame, message: str, columns: Columns | None = None, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns or Columns(), **options)


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


def test_series_of_different_frequencies_are_not_taken_for_gaps():
    months = table(np.arange(36.0), start="2020-01-01", freq="MS", unique_id="m")
    quarters = table(np.arange(12.0), start="2020-01-01", freq="QS", unique_id="q")
    both = pd.concat([months, quarters])
    refused(both, r"series 'q' has a value only every 3 periods of the monthly grid .* \(1 of 2 series are such\)")
    assert (~read_panel(both, Columns(), "MS").observed).sum() == 22  # asked for, gaps are what they are
    gaps = months.iloc[[0, 2, 5, 6, 9, 13, 14, 17]].assign(unique_id="g")
    assert read_panel(pd.concat([months, gaps]), Columns()).lengths.tolist() == [36, 18]


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
    refused(table([np.nan, np.nan]), "column 'y' has no values: all 2 are missing")


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
        (["2024-01-01", "9999-12-31"], "row 1: 9999-12-31.* lies outside the years 1678 to 2261"),
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
