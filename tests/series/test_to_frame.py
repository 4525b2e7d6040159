"""From panels to data frames: forecasts and sample paths in the library of the input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.dataframe import library_of
from unrolled.series.from_frame import read_panel
from unrolled.series.to_frame import forecast_frame, path_frame

EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)


@EVERY_LIBRARY
def test_forecasts_come_in_the_library_of_the_table_with_ids_of_the_same_kind(library):
    frame = LIBRARIES[library]({"store": [7, 7, 3, 3], "week": [1, 2, 1, 2], "sales": [1, 2, 3, 4]})
    columns = Columns("store", "week", "sales")
    panel = read_panel(frame, columns)
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
    out = forecast_frame(read_panel(table([1.0, 2.0]), Columns()), 1, Columns(), {"RNN": np.array([[3.0]])})
    assert list(out.columns) == ["ds", "RNN"]
    assert out.loc[0, "ds"] == pd.Timestamp("2024-01-03")


def test_sample_paths_are_numbered_within_each_series():
    panel = read_panel(pd.concat([table([1.0, 2.0], unique_id="a"), table([3.0, 4.0], unique_id="b")]), Columns())
    out = path_frame(panel, Columns(), "RNN", np.arange(8.0).reshape(2, 2, 2), "pandas")
    assert out["unique_id"].tolist() == ["a"] * 4 + ["b"] * 4
    assert out["sample"].tolist() == [0, 0, 1, 1] * 2
    assert out["ds"].tolist() == [pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-04")] * 4
    assert out["RNN"].tolist() == list(range(8))


def test_ids_of_several_types_keep_them():
    ids = pd.Series([7, 7, "x", "x"], dtype=object)
    panel = read_panel(pd.DataFrame({"unique_id": ids, "ds": [1, 2, 1, 2], "y": [1, 2, 3, 4]}), Columns())
    out = forecast_frame(panel, 1, Columns(), {"RNN": np.array([[1.5], [2.5]])})
    assert out["unique_id"].tolist() == [7, "x"]
