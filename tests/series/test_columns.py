"""The names of columns: lists of different ones, and the numbers of rows in messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.series.columns import Columns, named_columns


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
    with pytest.raises(un.InputError, match="column 'y' is named twice, as target and as weight"):
        Columns(weight="y")
    with pytest.raises(un.InputError, match="column 'a' is named twice, as past and again as past"):
        Columns(past=("a", "a"))


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        ({"time_col": "y"}, "time and as target"),
        ({"id_col": "y"}, "id and as target"),
        ({"id_col": "ds"}, "id and as time"),
    ],
)
def test_ids_timestamps_and_targets_are_different_columns(names, roles):
    df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=30), "y": range(30)})
    message = f"column '{next(iter(names.values()))}' is named twice, as {roles}. Each column can have one role only"
    for use in (un.Forecaster(3).fit, lambda table, **names: un.score(table, table, **names)):
        with pytest.raises(un.InputError, match=message):
            use(df, **names)


def test_a_split_by_frequency_has_no_target():
    df = pd.DataFrame({"y": pd.date_range("2020-01-01", periods=30)})
    assert list(un.by_frequency(df, time_col="y")) == ["daily"]
    with pytest.raises(un.InputError, match="column 'y' is named twice, as id and as time"):
        un.by_frequency(df, "y", "y")


def test_arguments_of_a_forecaster_become_columns():
    columns = named_columns("shop", "day", "sales", ["rain"], ("price",), ["town"], "w")
    assert columns == Columns("shop", "day", "sales", None, ("rain",), ("price",), ("town",), "w")
    with pytest.raises(un.InputError, match=r"future_cols must be a list of column names; got 'price'\. Write"):
        named_columns("shop", "day", "sales", [], "price", [], None)


def test_numbers_that_name_columns_become_texts():
    assert named_columns(0, np.int64(1), 2, [3], [], [4], 5) == Columns(
        "0", "1", "2", past=("3",), static=("4",), weight="5"
    )
    with pytest.raises(un.InputError, match=r"`target_col` must be a text or a whole number; got 1\.5"):
        named_columns("id", "ds", 1.5)


def test_rows_are_named_by_their_position_or_by_given_numbers():
    assert Columns().row(np.int64(3)) == 3
    assert Columns(rows=[2, 5, 9]).row(1) == 5
    assert Columns(rows=[2, 5, 9]).place("y", 1) == "column 'y', row 5"
    assert Columns(rows=[2, 5, 9], of_file=True).place("y", 1) == "column 'y', line 5"
    assert Columns(of_file=True).place("y", 1) == "column 'y', row 1"
