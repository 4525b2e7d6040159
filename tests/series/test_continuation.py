"""The rows of a newer table after the known ones: grids, gaps and covariates as in a table read as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from shops import SHOPS, shops
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.continuation import read_continuation
from unrolled.series.from_frame import read_panel

COLUMNS = Columns()


def assert_same(panel, expected) -> None:
    for name in ("offsets", "first", "y", "observed"):
        np.testing.assert_array_equal(getattr(panel, name), getattr(expected, name), name)
    for name, values in expected.covariates.arrays().items():
        if name == "weights":  # those of the training
            continue
        np.testing.assert_array_equal(panel.covariates.arrays()[name], values, name)


def continued(known, new, columns=COLUMNS, season=7, whole=True):
    read = read_continuation(known, new, columns, season, whole)
    return read.append_to(known), read.notes


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("last", [pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-02")])
def test_known_and_new_rows_are_the_whole_table(library, last):
    """Shop b lacks its second day; the sky and the rain are missing in some rows."""
    df = shops()
    known = read_panel(df[df["day"] <= last], SHOPS)
    expected = read_panel(df, SHOPS, known.frequency, layout=known.covariates.layout)
    new = df[df["day"] > last]
    table = LIBRARIES[library](
        {name: new[name].astype(object).where(new[name].notna(), None).tolist() for name in new}
    )
    panel, notes = continued(known, table, SHOPS)
    assert_same(panel, expected)
    assert notes == (("1 gap filled with the value before",) if last.day == 2 else ())


def test_rows_without_a_target_are_the_known_future():
    columns = Columns(future=("price",))
    df = table([1.0, 2, 3, 4, np.nan, np.nan], price=[1.0, 2, 3, 4, 5, 6])
    known = read_panel(df[:2], columns)
    expected = read_panel(df, columns, known.frequency, layout=known.covariates.layout)
    panel, notes = continued(known, df[2:], columns)
    assert_same(panel, expected)
    assert notes == ("2 rows after the last values of 'y' taken as the known future",)
    given = read_panel(pd.concat([df[:2], df[2:].assign(y=np.nan)]), columns)
    assert given.covariates.ahead.tolist() == [[3], [4], [5], [6]]
    assert_same(continued(given, df[2:4], columns)[0], expected)


def test_later_rows_without_a_target_and_without_a_future_are_cut_off():
    known = read_panel(table([1.0, 2, 3]), COLUMNS)
    panel, notes = continued(known, table([4.0, np.nan], start="2024-01-04"))
    assert panel.y.tolist() == [1, 2, 3, 4]
    assert notes == ("1 row without a value at the ends of series cut off",)


def test_gaps_are_filled_a_season_back_in_the_known_rows():
    known = read_panel(table(np.arange(10.0)), COLUMNS)
    panel, notes = continued(known, table([99.0], start="2024-01-14"))
    assert panel.y[10:].tolist() == [3, 4, 5, 99]
    assert panel.observed[10:].tolist() == [False, False, False, True]
    assert notes == ("3 gaps filled with the value one season before",)


def test_rows_before_the_kept_ones_are_not_compared():
    df = table(np.arange(10.0))
    known = read_panel(df, COLUMNS).tail(4)
    earlier = df.assign(y=df["y"].where(df.index > 4, 77.0))
    assert_same(continued(known, earlier, whole=False)[0], known)
    with pytest.raises(un.DataError, match="row 0: 2024-01-01 lies before the first known row, 2024-01-07"):
        continued(known, earlier)


def test_texts_that_were_not_seen_are_noted():
    columns = Columns(past=("sky",))
    known = read_panel(table([1.0, 2, 3], sky=["blue", "grey", "blue"]), columns)
    panel, notes = continued(known, table([4.0], start="2024-01-04", sky=["red"]), columns)
    assert notes == ("column 'sky' holds texts not seen in training: 'red'; its indicators are all 0 there",)
    assert panel.covariates.values[-1].tolist() == [0, 0]
