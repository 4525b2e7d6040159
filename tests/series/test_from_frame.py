"""From data frames to panels: the content of a panel, and notes on changes."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.panel import Panel

nan = np.nan


EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def read(frame, columns: Columns | None = None, **options) -> Panel:
    return read_panel(frame, columns or Columns(), **options)


def refused(frame, message: str, columns: Columns | None = None, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns or Columns(), **options)


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


def test_a_table_in_order_is_left_as_it_is():
    panel = read(table([3.0, 1.0, 2.0]))
    assert panel.y.tolist() == [3, 1, 2]
    assert panel.ids == [None]
    assert panel.notes == ()
    assert panel.name(0) == "the series"


def test_rows_are_sorted_with_a_note():
    ordered = table([1.0, 2.0, 3.0, 4.0])
    panel = read(ordered.iloc[[2, 0, 3, 1]])
    assert panel.y.tolist() == [1, 2, 3, 4]
    assert panel.notes == ("rows were not in time order; they have been sorted",)


def test_interleaved_series_in_order_need_no_note():
    frame = table([1.0, 2.0, 3.0], unique_id="a"), table([4.0, 5.0, 6.0], unique_id="b")
    panel = read(pd.concat(frame).sort_values("ds"))
    assert panel.ids == ["a", "b"]
    assert panel.y.tolist() == [1, 2, 3, 4, 5, 6]
    assert panel.notes == ()


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
    assert panel.notes[1] == "3 rows without a value at the ends of series cut off"


def test_a_series_without_values_is_dropped():
    frame = pd.concat([table([1.0, 2.0], unique_id="a"), table([nan, nan], unique_id="b")])
    panel = read(frame)
    assert panel.ids == ["a"]
    left_out = "series 'b' left out, as all values are missing"
    assert panel.notes == ("2 rows without a value at the ends of series cut off", left_out)


def test_messages_count_rows_as_the_columns_say():
    lines = Columns(rows=[2, 5, 9])
    refused(table([1.0, 2.0, np.inf]), "row 9: the value is infinite", lines)
    refused(pd.DataFrame({"ds": [1, 4, 1], "y": [1, 2, 3]}), "the timestamp 1 occurs twice, in rows 2 and 9", lines)
    refused(pd.DataFrame({"ds": ["2024-01-01", "x", "y"], "y": [1, 2, 3]}), "row 5: 'x' is not a date", lines)
