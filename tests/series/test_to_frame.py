"""From panels to data frames: forecasts and sample paths in the library of the input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tables import LIBRARIES, table
from unrolled.series.columns import Columns
from unrolled.series.dataframe import PANDAS, Library, in_library, library_of
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
    out = path_frame(panel, Columns(), "RNN", np.arange(8.0).reshape(2, 2, 2), PANDAS)
    assert out["unique_id"].tolist() == ["a"] * 4 + ["b"] * 4
    assert out["sample"].tolist() == [0, 0, 1, 1] * 2
    assert out["ds"].tolist() == [pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-04")] * 4
    assert out["RNN"].tolist() == list(range(8))


def test_ids_of_several_types_keep_them():
    ids = pd.Series([7, 7, "x", "x"], dtype=object)
    panel = read_panel(pd.DataFrame({"unique_id": ids, "ds": [1, 2, 1, 2], "y": [1, 2, 3, 4]}), Columns())
    out = forecast_frame(panel, 1, Columns(), {"RNN": np.array([[1.5], [2.5]])})
    assert out["unique_id"].tolist() == [7, "x"]


SHOP = Columns("store", "week", "sales")


def frame_of(table, columns=SHOP):
    """A table of forecasts for a table with the columns `store`, `week` and `sales`."""
    panel = read_panel(
        table, columns if "store" in library_of(table, ["store"]).types else replace(columns, id=Columns.id)
    )
    forecasts = {"RNN": np.ones((len(panel.ids), 2))}
    return forecast_frame(panel, 2, columns, forecasts, library_of(table, columns.keys))


@pytest.mark.parametrize("kind", ["int8", "Int8", "uint16", "float32", "category", "string[python]", "object"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_pandas_columns_keep_their_types(kind, unit):
    days = pd.date_range("2024-01-01", periods=4).as_unit(unit)
    table = pd.DataFrame({"store": [7] * 4 + [3] * 4, "week": [*days, *days], "sales": range(8)})
    table = table.astype({"store": kind, "week": f"datetime64[{unit}]"})
    out = frame_of(table)
    assert out["week"].dtype == table["week"].dtype
    assert str(out["store"].dtype) == str(table["store"].dtype)
    assert (
        list(out["store"])
        == [7 if kind != "string[python]" else "7"] * 2 + [3 if kind != "string[python]" else "3"] * 2
    )


def test_units_of_columns_with_a_zone_and_periods_are_kept():
    table = pd.DataFrame(
        {"week": pd.date_range("2024-03-29", periods=4, tz="Europe/Berlin", unit="us"), "sales": 1.0}
    )
    assert str(frame_of(table)["week"].dtype) == "datetime64[us, Europe/Berlin]"
    table = pd.DataFrame({"week": pd.period_range("2024-01", periods=4, freq="M"), "sales": 1.0})
    assert frame_of(table)["week"].tolist() == [pd.Period("2024-05", "M"), pd.Period("2024-06", "M")]


def test_polars_and_arrow_columns_keep_their_types():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    days = pd.date_range("2024-01-01", periods=4).to_pydatetime().tolist()
    table = pl.DataFrame({"store": [7] * 4, "week": days, "sales": [1.0] * 4})
    for time in (pl.Date, pl.Datetime("us"), pl.Datetime("ms", "UTC")):
        for store in (pl.Int8, pl.String, pl.Categorical):
            own = table.with_columns(pl.col("week").cast(time), pl.col("store").cast(pl.String).cast(store))
            out = frame_of(own)
            assert out.schema["week"] == time
            assert out.schema["store"] == store
            assert out.join(own, on=["store", "week"], how="left").height == 2
    for time in (pa.date32(), pa.timestamp("us")):
        own = pa.table({"week": pa.array(days, time), "sales": [1.0] * 4})
        assert frame_of(own).schema.field("week").type == time


def test_ids_beyond_a_narrow_type_of_a_later_fit_stay_as_they_are():
    data = {"store": np.array([300, 7]), "week": np.array([1, 2])}
    assert in_library(data, Library("pandas", {"store": "int8", "week": "no type"}))["store"].tolist() == [300, 7]
