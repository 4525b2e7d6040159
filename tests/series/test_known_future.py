"""The known future: rows ahead from a table, or from rows without a target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shops import SHOPS, shops, values_of
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel
from unrolled.series.known_future import extend_panel

nan = np.nan


EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


@EVERY_LIBRARY
def test_a_table_of_the_future_makes_rows_ahead(library):
    panel = read_panel(shops(library), SHOPS)
    days = pd.to_datetime(["2024-01-05", "2024-01-06", "2024-01-07"]).to_pydatetime().tolist()
    future = LIBRARIES[library](
        {"shop": ["a"] * 3 + ["z"] + ["b"] * 2, "day": [*days, days[0], *days[:2]], "price": [1, 2, 3, 9, None, 5]}
        | {"open": [True, True, True, True, True, False]}
    )
    longer = extend_panel(panel, 2, future, SHOPS)
    assert longer.lengths.tolist() == [6, 6]
    b, a = longer.series(0), longer.series(1)
    assert longer.y[b].tolist() == [1, 1, 3, 4, 4, 4]
    assert longer.observed[a].tolist() == [True] * 4 + [False] * 2
    values = {name: np.array(column) for name, column in values_of(longer).items()}
    assert values["price"][b].tolist() == [10, 10, 30, 40, 40, 5]  # carried forward over missing values
    assert values["price"][a].tolist() == [50, 60, 70, 80, 1, 2]
    assert values["open"][b].tolist() == [1, 1, 0, 1, 1, 0]
    assert values["rain"][a].tolist() == [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]  # the past repeats its last value
    assert longer.stamps(1)[-1] == np.datetime64("2024-01-06")
    np.testing.assert_array_equal(longer.covariates.static, panel.covariates.static)


def test_rows_without_a_target_are_the_known_future():
    frame = table([1.0, 2.0, 3.0, nan, nan, nan], x=[1.0, 2.0, 3.0, 4.0, nan, 6.0], p=[nan, 1, 1, 2, 2, 2])
    panel = read_panel(frame, Columns(past=("p",), future=("x",)))
    assert panel.y.tolist() == [1, 2, 3]
    assert panel.covariates.names == ("p", "p is missing", "x")  # the gap ahead adds no column
    assert panel.notes == ("3 rows after the last values of 'y' taken as the known future",)
    assert extend_panel(panel, 1).covariates.values[:, 2].tolist() == [1, 2, 3, 4]
    assert extend_panel(panel, 1).covariates.values[:, 0].tolist() == [0, 1, 1, 1]  # 2 is not read
    with pytest.raises(
        un.DataError, match=r"the series ends at 2024-01-03; for 2024-01-05, step 2 of 3 ahead, .*'x'"
    ):
        extend_panel(panel, 3)
    rest = table([5.0], start="2024-01-05").rename(columns={"y": "x"})
    longer = extend_panel(panel, 3, rest, Columns(future=("x",)))
    assert longer.covariates.values[:, 2].tolist() == [1, 2, 3, 4, 5, 6]
    assert extend_panel(extend_panel(panel, 1), 2, rest).covariates.values[:, 2].tolist() == [1, 2, 3, 4, 5, 6]


def test_without_columns_known_ahead_rows_without_a_target_are_cut_off_and_no_table_is_needed():
    panel = read_panel(table([1.0, 2.0, nan], p=[1, 2, 3]), Columns(past=("p",)))
    assert panel.notes == ("1 row without a value at the ends of series cut off",)
    longer = extend_panel(panel, 2)
    assert longer.covariates.values[:, 0].tolist() == [1, 2, 2, 2]
    assert longer.y.tolist() == [1, 2, 2, 2]


def test_rows_that_were_cut_off_are_known_ahead():
    panel = read_panel(shops(), SHOPS)
    np.testing.assert_array_equal(
        extend_panel(panel.until(2), 2).covariates.values[:, -2:], panel.covariates.values[:, -2:]
    )


def test_missing_texts_ahead_are_carried_forward_and_marked():
    frame = table([1.0, 2.0, 3.0, nan, nan, nan], sky=["a", None, "b", None, "c", "a"], n=range(6))
    panel = read_panel(frame, Columns(future=("sky", "n")))
    values = values_of(extend_panel(panel, 3))
    assert values["sky=a"] == [1, 1, 0, 0, 0, 1]
    assert values["sky=b"] == [0, 0, 1, 1, 0, 0]
    assert values["sky is missing"] == [0, 1, 0, 1, 0, 0]
    assert panel.notes[-1] == "column 'sky' holds texts not seen in training: 'c'; its indicators are all 0 there"


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (
            {"shop": ["a", "b"], "day": ["2024-01-05", "2024-01-06"], "price": [1, 1], "open": [1, 1]},
            r"series 'b' ends at 2024-01-04; for 2024-01-05, step 1 of 2 ahead, the future covariates 'price', "
            r"'open' are missing \(2 such periods in all\)\. Give them in the table of the future.*`past_cols`\.$",
        ),
        (
            {"shop": ["B"] * 2, "day": ["2024-01-05", "2024-01-06"], "price": [1, 1], "open": [1, 1]},
            r"series 'b' ends at .* The table of the future has no rows of this series, but has some of 'B'\.$",
        ),
        ({"shop": ["a"], "day": ["2024-01-05"], "price": [1]}, "there is no column 'open'; the table has: 'shop'"),
        ({"day": ["2024-01-05"], "price": [1], "open": [1]}, "there is no column 'shop'"),
        (
            {"shop": ["a"], "day": [5], "price": [1], "open": [1]},
            "column 'day' holds whole numbers; timestamps must be",
        ),
        ({"shop": ["a"], "day": ["2024-01-05"], "price": ["x"], "open": [1]}, "'price', row 0: 'x' is not a number"),
        (
            {"shop": ["a"] * 2, "day": ["2024-01-05"] * 2, "price": [1, 2], "open": [1, 1]},
            "the timestamp 2024-01-05 twice for one series, in rows 0 and 1. Keep one row",
        ),
    ],
)
def test_invalid_tables_of_the_future_are_refused(future, message):
    with pytest.raises(un.DataError, match=message):
        extend_panel(read_panel(shops(), SHOPS), 2, pd.DataFrame(future), SHOPS)
