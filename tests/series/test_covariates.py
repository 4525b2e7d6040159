"""Covariates: what stands beside the target, the same columns in every later table, and nothing from the future."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.covariates import CovariateLayout, Covariates
from unrolled.series.from_frame import read_panel
from unrolled.series.known_future import extend_panel
from unrolled.series.panel import Panel

nan = np.nan
EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def refused(message: str, frame, columns: Columns, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns, **options)


def values_of(panel: Panel) -> dict[str, list[float]]:
    covariates = panel.covariates
    return dict(zip(covariates.names, covariates.values.T.tolist(), strict=True))


def shops(library: str = "pandas"):
    """Two shops of four days; shop b lacks its second day."""
    data = {
        "shop": ["b", "b", "b", "a", "a", "a", "a"],
        "day": pd.to_datetime([f"2024-01-{d:02}" for d in (1, 3, 4, 1, 2, 3, 4)]).to_pydatetime().tolist(),
        "sales": [1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "rain": [None, 0.5, None, 0.1, 0.2, 0.3, 0.4],
        "price": [10, 30, 40, 50, 60, 70, 80],
        "open": [True, False, True, True, True, False, False],
        "sky": ["grey", "blue", "grey", "blue", None, "grey", "blue"],
        "size": [3.5, 3.5, 3.5, 2.0, 2.0, 2.0, 2.0],
        "town": ["Rome", "Rome", "Rome", "Bonn", "Bonn", None, "Bonn"],
        "weight": [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0],
    }
    return LIBRARIES[library](data)


SHOPS = Columns(
    "shop",
    "day",
    "sales",
    past=("rain", "sky"),
    future=("price", "open"),
    static=("size", "town"),
    weight="weight",
)


# --- reading ----------------------------------------------------------------------------------------


@EVERY_LIBRARY
def test_covariates_of_every_library_by_hand(library):
    panel = read_panel(shops(library), SHOPS)
    covariates = panel.covariates
    assert panel.ids == ["b", "a"]
    assert values_of(panel) == {
        "rain": [0, 0, 0.5, 0.5, 0.1, 0.2, 0.3, 0.4],
        "rain is missing": [1, 1, 0, 1, 0, 0, 0, 0],
        "sky=blue": [0, 0, 1, 0, 1, 1, 0, 1],
        "sky=grey": [1, 1, 0, 1, 0, 0, 1, 0],
        "sky is missing": [0, 1, 0, 0, 0, 1, 0, 0],
        "price": [10, 10, 30, 40, 50, 60, 70, 80],
        "open": [1, 1, 0, 1, 1, 1, 0, 0],
    }
    assert covariates.known == 2
    assert (covariates.static_names, covariates.static.tolist()) == (("size",), [[3.5], [2]])
    assert (covariates.category_names, covariates.levels) == (("town",), (("Bonn", "Rome"),))
    assert covariates.categories.tolist() == [[2], [1]]
    assert covariates.weights.tolist() == [0.5, 1.5]
    assert (covariates.values.dtype, covariates.categories.dtype) == (np.float64, np.int64)


def test_without_covariates_there_are_none():
    covariates = read_panel(table([1.0, 2.0, 3.0], unique_id="a"), Columns()).covariates
    assert (covariates.names, covariates.known, covariates.levels) == ((), 0, ())
    assert [covariates.values.shape, covariates.static.shape, covariates.categories.shape] == [(3, 0), (1, 0), (1, 0)]
    assert covariates.weights.tolist() == [1]


@EVERY_LIBRARY
def test_a_later_table_gives_the_same_columns(library):
    layout = read_panel(shops(library), SHOPS).covariates.layout
    later = {
        "shop": ["c", "c"],
        "day": pd.to_datetime(["2024-01-05", "2024-01-06"]).to_pydatetime().tolist(),
        "sales": [1.0, 2.0],
        "rain": [1.0, 2.0],
        "price": [None, 5.0],  # was never missing in training
        "open": [None, True],
        "sky": ["hail", "blue"],
        "size": [1, 1],
        "town": ["Oslo", "Oslo"],
    }  # and no weight
    panel = read_panel(LIBRARIES[library](later), SHOPS, freq="D", layout=layout)
    assert values_of(panel) == {
        "rain": [1, 2],
        "rain is missing": [0, 0],
        "sky=blue": [0, 1],
        "sky=grey": [0, 0],
        "sky is missing": [0, 0],
        "price": [0, 5],
        "open": [0, 1],
    }
    assert panel.covariates.categories.tolist() == [[0]]
    assert panel.covariates.weights.tolist() == [1]
    assert panel.notes == (
        "column 'sky' holds what training did not: 'hail'; its indicators are all 0 there",
        "column 'town' holds what training did not: 'Oslo'; it counts as unknown",
    )


def test_a_layout_goes_through_a_file():
    covariates = read_panel(shops(), SHOPS).covariates
    assert CovariateLayout.rebuild(json.loads(json.dumps(covariates.layout.describe()))) == covariates.layout
    again = Covariates(covariates.layout, **covariates.arrays())
    assert again.names == covariates.names
    assert again.values is covariates.values


@EVERY_LIBRARY
def test_a_column_of_missing_values_is_one(library):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": [None] * 3})
    panel = read_panel(frame, Columns(past=("x",)))
    assert values_of(panel) == {"x": [0, 0, 0], "x is missing": [1, 1, 1]}
    seen = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": ["u", "v", "u"]})
    layout = read_panel(seen, Columns(past=("x",))).covariates.layout
    assert values_of(read_panel(frame, Columns(past=("x",)), layout=layout)) == {"x=u": [0] * 3, "x=v": [0] * 3}


def test_truths_with_missing_ones_are_numbers():
    panel = read_panel(table([1.0, 2.0, 3.0], x=pd.Series([True, None, False], dtype=object)), Columns(past=("x",)))
    assert values_of(panel) == {"x": [1, 1, 0], "x is missing": [0, 1, 0]}


def test_a_static_number_that_is_missing_is_told():
    frame = pd.concat([table([1.0, 2.0], unique_id="a", size=nan), table([1.0, 2.0], unique_id="b", size=[4.0, nan])])
    covariates = read_panel(frame, Columns(static=("size",))).covariates
    assert covariates.static_names == ("size", "size is missing")
    assert covariates.static.tolist() == [[0, 1], [4, 0]]


# --- pieces -----------------------------------------------------------------------------------------


def test_pieces_carry_their_covariates():
    panel = read_panel(shops(), SHOPS)
    price = panel.covariates.names.index("price")
    cut = panel.until(1)
    assert cut.covariates.values[:, price].tolist() == [10, 10, 30, 50, 60, 70]
    assert cut.covariates.ahead.tolist() == [[40, 1], [80, 0]]  # what was known ahead stays known
    assert cut.until(1).covariates.ahead.tolist() == [[30, 0], [40, 1], [70, 0], [80, 0]]
    assert panel.tail(2).covariates.values[:, price].tolist() == [30, 40, 70, 80]
    assert panel.tail(2).covariates.ahead.shape == (0, 2)
    one = cut.select(np.array([False, True]))
    assert one.covariates.values[:, price].tolist() == [50, 60, 70]
    assert one.covariates.ahead.tolist() == [[80, 0]]
    assert one.covariates.categories.tolist() == [[1]]
    assert one.covariates.static.tolist() == [[2]]
    assert one.covariates.weights.tolist() == [1]
    assert panel.until(9).covariates.values.shape == (0, 7)


# --- the known future -------------------------------------------------------------------------------


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
    assert values["price"][b].tolist() == [10, 10, 30, 40, 40, 5]  # carried over what is missing
    assert values["price"][a].tolist() == [50, 60, 70, 80, 1, 2]
    assert values["open"][b].tolist() == [1, 1, 0, 1, 1, 0]
    assert values["rain"][a].tolist() == [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]  # the past says no more
    assert longer.stamps(1)[-1] == np.datetime64("2024-01-06")
    np.testing.assert_array_equal(longer.covariates.static, panel.covariates.static)


def test_rows_without_a_target_are_the_known_future():
    frame = table([1.0, 2.0, 3.0, nan, nan, nan], x=[1.0, 2.0, 3.0, 4.0, nan, 6.0], p=[nan, 1, 1, 2, 2, 2])
    panel = read_panel(frame, Columns(past=("p",), future=("x",)))
    assert panel.y.tolist() == [1, 2, 3]
    assert panel.covariates.names == ("p", "p is missing", "x")  # the gap ahead makes no column
    assert panel.notes == ("3 row(s) after the last values of 'y' taken as the known future",)
    assert extend_panel(panel, 1).covariates.values[:, 2].tolist() == [1, 2, 3, 4]
    assert extend_panel(panel, 1).covariates.values[:, 0].tolist() == [0, 1, 1, 1]  # 2 is not read
    with pytest.raises(un.DataError, match=r"the series ends at 2024-01-03; of 2024-01-05, step 2 of 3 ahead, .*'x'"):
        extend_panel(panel, 3)
    rest = table([5.0], start="2024-01-05").rename(columns={"y": "x"})
    longer = extend_panel(panel, 3, rest, Columns(future=("x",)))
    assert longer.covariates.values[:, 2].tolist() == [1, 2, 3, 4, 5, 6]
    assert extend_panel(extend_panel(panel, 1), 2, rest).covariates.values[:, 2].tolist() == [1, 2, 3, 4, 5, 6]


def test_without_columns_known_ahead_rows_without_a_target_are_cut_off_and_no_table_is_needed():
    panel = read_panel(table([1.0, 2.0, nan], p=[1, 2, 3]), Columns(past=("p",)))
    assert panel.notes == ("1 row(s) without a value at the ends of series cut off",)
    longer = extend_panel(panel, 2)
    assert longer.covariates.values[:, 0].tolist() == [1, 2, 2, 2]
    assert longer.y.tolist() == [1, 2, 2, 2]


def test_what_was_cut_off_is_known_ahead_again():
    panel = read_panel(shops(), SHOPS)
    np.testing.assert_array_equal(
        extend_panel(panel.until(2), 2).covariates.values[:, -2:], panel.covariates.values[:, -2:]
    )


def test_missing_texts_ahead_are_carried_and_told():
    frame = table([1.0, 2.0, 3.0, nan, nan, nan], sky=["a", None, "b", None, "c", "a"], n=range(6))
    panel = read_panel(frame, Columns(future=("sky", "n")))
    values = values_of(extend_panel(panel, 3))
    assert values["sky=a"] == [1, 1, 0, 0, 0, 1]
    assert values["sky=b"] == [0, 0, 1, 1, 0, 0]
    assert values["sky is missing"] == [0, 1, 0, 1, 0, 0]
    assert panel.notes[-1] == "column 'sky' holds what training did not: 'c'; its indicators are all 0 there"


@pytest.mark.parametrize(
    ("future", "message"),
    [
        (
            {"shop": ["a", "b"], "day": ["2024-01-05", "2024-01-06"], "price": [1, 1], "open": [1, 1]},
            r"series 'b' ends at 2024-01-04; of 2024-01-05, step 1 of 2 ahead, the known-ahead column\(s\) 'price', "
            r"'open' are missing \(2 such row\(s\) in all\)\. Give them in the table of the future",
        ),
        ({"shop": ["a"], "day": ["2024-01-05"], "price": [1]}, "there is no column 'open'; the table has: 'shop'"),
        ({"day": ["2024-01-05"], "price": [1], "open": [1]}, "there is no column 'shop'"),
        (
            {"shop": ["a"], "day": [5], "price": [1], "open": [1]},
            "column 'day' holds whole numbers; stamps must be da",
        ),
        ({"shop": ["a"], "day": ["2024-01-05"], "price": ["x"], "open": [1]}, "'price', row 0: 'x' is not a number"),
        (
            {"shop": ["a"] * 2, "day": ["2024-01-05"] * 2, "price": [1, 2], "open": [1, 1]},
            "the stamp 2024-01-05 twice for one series, in rows 0 and 1. Keep one row",
        ),
    ],
)
def test_tables_of_the_future_that_do_not_do(future, message):
    with pytest.raises(un.DataError, match=message):
        extend_panel(read_panel(shops(), SHOPS), 2, pd.DataFrame(future), SHOPS)


# --- leakage ----------------------------------------------------------------------------------------


@given(st.data())
def test_what_comes_later_changes_no_covariate_before(data):
    """The poison test: all covariates after a cut become others, missing or present."""
    cell = st.one_of(st.just(nan), st.floats(-1e6, 1e6))
    length = data.draw(st.integers(3, 30))
    cut = data.draw(st.integers(2, length - 1))
    text = st.sampled_from(["u", "v", None])
    tables = []
    x = data.draw(st.lists(cell, min_size=length, max_size=length))
    s = data.draw(st.lists(text, min_size=length, max_size=length))
    for poison in (False, True):
        if poison:
            x = [*x[:cut], *data.draw(st.lists(cell, min_size=length - cut, max_size=length - cut))]
            s = [*s[:cut], *data.draw(st.lists(text, min_size=length - cut, max_size=length - cut))]
        sky = pd.Series(s, dtype=object)
        one = table(np.arange(float(length)), x=x, s=sky, unique_id="a")
        tables.append(pd.concat([one, one.assign(unique_id="b")]))
    columns = Columns(past=("x", "s"))
    layout = read_panel(tables[0], columns).covariates.layout
    before, after = (read_panel(t, columns, layout=layout).covariates.values.reshape(2, length, -1) for t in tables)
    np.testing.assert_array_equal(before[:, :cut], after[:, :cut])
    assert np.isfinite(after).all()


def test_a_series_takes_nothing_from_the_one_above():
    frame = pd.concat(
        [table([1.0, 2.0], unique_id="a", x=[7.0, 8.0]), table([1.0, 2.0], unique_id="b", x=[nan, 9.0])]
    )
    assert values_of(read_panel(frame, Columns(past=("x",))))["x"] == [7, 8, 0, 9]


def test_rows_after_the_last_target_decide_nothing():
    frame = table([1.0, 2.0, nan], x=[1.0, 2.0, nan], s=["u", "v", "w"])
    columns = Columns(past=("x",), future=("s",))
    assert read_panel(frame, columns).covariates.layout == read_panel(frame[:2], columns).covariates.layout


# --- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["past", "future", "static"])
def test_names_of_columns_are_lists_of_different_ones(part):
    assert getattr(Columns(**{part: ["a", "b"]}), part) == ("a", "b")
    with pytest.raises(un.InputError, match=f"{part} must be a list of column names; got 'price'"):
        Columns(**{part: "price"})
    for taken in ("unique_id", "ds", "y", "w", "a"):
        with pytest.raises(un.InputError, match=f"column '{taken}' is named twice"):
            Columns(**{part: ["a", taken]}, weight="w")
    with pytest.raises(un.InputError, match="column 'a' is named twice"):
        Columns(**{"past": ["a"], "future": ["a"]} | {part: ["a"]})
    with pytest.raises(un.InputError, match="column 'y' is named twice"):
        Columns(weight="y")


@EVERY_LIBRARY
@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("past", [1.0, np.inf, 2.0], "column 'x', row 1: the value is infinite. Correct it, or leave it empty"),
        ("weight", [1.0, 0.0, 1.0], "column 'x', row 1: the weight of the series is 0; weights are > 0"),
        ("weight", [1.0, 1.0, -2.0], "column 'x', row 2: the weight of the series is -2; weights are > 0"),
        ("weight", [1.0, None, 1.0], "column 'x', row 1: the weight of the series is missing; weights are > 0"),
        ("weight", [1.0, 2.0, 1.0], "should have one value a series; the series has 1 in row 0 and 2 in row 1"),
        ("weight", ["a", "a", "a"], "column 'x' holds text; weights are numbers"),
        ("static", [None, "a", "b"], "should have one value a series; the series has 'a' in row 1 and 'b' in row 2"),
    ],
)
def test_cells_that_do_not_do_are_named(library, column, cells, message):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": cells})
    refused(message, frame, Columns(**{column: "x" if column == "weight" else ["x"]}))


def test_missing_columns_dates_and_mixtures_are_named():
    frame = table([1.0, 2.0, 3.0], x=pd.Series([1, "two", 3.0], dtype=object), d=pd.Timestamp("2024-01-01"))
    refused("there is no column 'z'; the table has: 'x', 'd', 'ds', 'y'", frame, Columns(static=("z",)))
    refused("column 'x', row 1: 'two' is not a number", frame, Columns(past=("x",)))
    refused("row 5: 'two' is not a number", frame, Columns(past=("x",), rows=[4, 5, 6]))
    refused("column 'd' holds dates; covariates are numbers", frame, Columns(past=("d",)))


def test_a_static_that_varies_is_named_with_its_series():
    frame = pd.concat([table([1.0, 2.0], unique_id="a", x=1), table([1.0, 2.0], unique_id="b", x=[2, 3])])
    refused("series 'b' has 2 in row 2 and 3 in row 3. Correct it", frame, Columns(static=("x",)))


def test_too_many_texts_are_refused_and_what_is_no_number_is_shown():
    texts = [f"t{k}" for k in range(51)]
    frame = table(np.arange(51.0), x=texts)
    refused("column 'x' holds 51 different texts; at most 50 .* Group them", frame, Columns(past=("x",)))
    assert len(read_panel(frame[:50], Columns(past=("x",))).covariates.names) == 50
    numbers = frame.assign(x=["n/a", *map(str, range(50))])
    refused("Most are numbers, 'n/a' not. Convert them", numbers, Columns(past=("x",)))


def test_kinds_of_columns_are_those_of_training():
    columns = Columns(past=("x",), static=("s",))
    frame = table([1.0, 2.0], x=[1.0, 2.0], s="u")
    layout = read_panel(frame, columns).covariates.layout
    refused("column 'x', row 1: 'b' is not a number", frame.assign(x=["3", "b"]), columns, layout=layout)
    refused("column 'x' holds text; convert it", frame.assign(x=["3", "4"]), columns, layout=layout)
    refused(
        "column 's', row 0: 5 is a number; in training the column held text",
        frame.assign(s=5),
        columns,
        layout=layout,
    )
