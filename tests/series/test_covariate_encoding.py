"""Encoding of covariates: the same columns in every later table, and nothing from the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from shops import SHOPS, shops, values_of
from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.from_frame import read_panel

nan = np.nan


EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


def refused(message: str, frame, columns: Columns, **options) -> None:
    with pytest.raises(un.DataError, match=message):
        read_panel(frame, columns, **options)


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
        "column 'sky' holds texts not seen in training: 'hail'; its indicators are all 0 there",
        "column 'town' holds texts not seen in training: 'Oslo'; it counts as unknown",
    )


@EVERY_LIBRARY
def test_a_column_may_have_only_missing_values(library):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": [None] * 3})
    panel = read_panel(frame, Columns(past=("x",)))
    assert values_of(panel) == {"x": [0, 0, 0], "x is missing": [1, 1, 1]}
    seen = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": ["u", "v", "u"]})
    layout = read_panel(seen, Columns(past=("x",))).covariates.layout
    assert values_of(read_panel(frame, Columns(past=("x",)), layout=layout)) == {"x=u": [0] * 3, "x=v": [0] * 3}


def test_truth_values_with_missing_ones_are_numbers():
    panel = read_panel(table([1.0, 2.0, 3.0], x=pd.Series([True, None, False], dtype=object)), Columns(past=("x",)))
    assert values_of(panel) == {"x": [1, 1, 0], "x is missing": [0, 1, 0]}


def test_a_missing_static_number_is_marked():
    frame = pd.concat([table([1.0, 2.0], unique_id="a", size=nan), table([1.0, 2.0], unique_id="b", size=[4.0, nan])])
    covariates = read_panel(frame, Columns(static=("size",))).covariates
    assert covariates.static_names == ("size", "size is missing")
    assert covariates.static.tolist() == [[0, 1], [4, 0]]


# --- leakage ----------------------------------------------------------------------------------------


@given(st.data())
def test_later_rows_change_no_earlier_covariate(data):
    """The poison test: all covariates after a cut are replaced by others, missing or present."""
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


@EVERY_LIBRARY
@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("past", [1.0, np.inf, 2.0], "column 'x', row 1: the value is infinite. Correct it, or leave it empty"),
        ("weight", [1.0, 0.0, 1.0], "column 'x', row 1: the weight of the series is 0; weights must be > 0"),
        ("weight", [1.0, 1.0, -2.0], "column 'x', row 2: the weight of the series is -2; weights must be > 0"),
        ("weight", [1.0, None, 1.0], "column 'x', row 1: the weight of the series is missing; weights must be > 0"),
        ("weight", [1.0, 2.0, 1.0], "should have one value per series; the series has 1 in row 0 and 2 in row 1"),
        ("weight", ["a", "a", "a"], "column 'x' holds text; weights must be numbers"),
        (
            "static",
            [None, "a", "b"],
            "should have one value per series; the series has 'a' in row 1 and 'b' in row 2",
        ),
    ],
)
def test_invalid_cells_are_named(library, column, cells, message):
    frame = LIBRARIES[library]({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0], "x": cells})
    refused(message, frame, Columns(**{column: "x" if column == "weight" else ["x"]}))


def test_a_static_that_varies_is_named_with_its_series():
    frame = pd.concat([table([1.0, 2.0], unique_id="a", x=1), table([1.0, 2.0], unique_id="b", x=[2, 3])])
    refused("series 'b' has 2 in row 2 and 3 in row 3. Correct it", frame, Columns(static=("x",)))


def test_too_many_texts_are_refused_with_examples():
    texts = [f"t{k}" for k in range(51)]
    frame = table(np.arange(51.0), x=texts)
    refused(
        "column 'x' holds 51 different texts; at most 50 become indicators.* Group them", frame, Columns(past=("x",))
    )
    assert len(read_panel(frame[:50], Columns(past=("x",))).covariates.names) == 50
    numbers = frame.assign(x=["n/a", *map(str, range(50))])
    refused("Most are numbers, except 'n/a'. Convert them", numbers, Columns(past=("x",)))
