"""Files that belong to a table: the known future, and earlier forecasts."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from unrolled.series.columns import Columns
from unrolled.series.files import ReadOptions, read_forecast, read_future


def test_the_known_future_is_read_with_the_columns_and_kinds_of_training(file):
    columns = Columns("shop", "day", "sold", future=("price", "sky"))
    path = file("day,shop,price,sky,other", "01.02.2024,a,5,1,x", "02.02.2024,a,,2,x", "13.02.2024,b,7,1,x")
    frame = read_future(path, columns, ["a"], {"price": False, "sky": True})
    assert list(frame) == ["day", "shop", "price", "sky"]
    assert frame["day"].dt.day.tolist() == [1, 2, 13]
    assert frame["price"].fillna(-1).tolist() == [5, -1, 7]
    assert frame["sky"].tolist() == ["1", "2", "1"]


def test_joined_timestamps_of_the_known_future_are_joined_again(file):
    columns = Columns(time="day time", target="sold", future=("price",))
    path = file("day,time,price", "2024-02-01,06:00,5", "2024-02-02,06:00,6")
    frame = read_future(path, columns, [None], {})
    assert frame["day time"].tolist() == list(pd.date_range("2024-02-01 06:00", periods=2))


def test_joined_ids_of_the_known_future_are_joined_again(file):
    columns = Columns("agency/sku", "day", "sold", future=("price",))
    path = file("agency,sku,day,price", "A1,S1,2024-02-01,5", "A1,S2,2024-02-01,6")
    assert read_future(path, columns, ["a"], {})["agency/sku"].tolist() == ["A1/S1", "A1/S2"]
    with pytest.raises(un.DataError, match="there is no column 'agency/sku'; it has: 'agency', 'day', 'price'"):
        read_future(file("agency,day,price", "A1,2024-02-01,5"), columns, ["a"], {})


def test_several_ids_name_the_joined_column_of_a_forecast(file):
    path = file("agency/sku,day,GRU", "A1/S1,2024-02-01,5", "A1/S2,2024-02-01,6")
    assert read_forecast(path, id_name="agency,sku").frame["agency/sku"].tolist() == ["A1/S1", "A1/S2"]


def test_duplicates_in_the_known_future_are_named_by_their_lines(file):
    path = file("day,price", "2024-02-01,5", "2024-02-02,6", "2024-02-01,7")
    message = "column 'day': '2024-02-01' occurs twice for one series, in lines 2 and 4. Keep one row per"
    with pytest.raises(un.DataError, match=message):
        read_future(path, Columns(time="day", future=("price",)), [None], {})
    with pytest.raises(un.DataError, match="there is no column 'rain'; it has: 'day', 'price'"):
        read_future(path, Columns(time="day", future=("rain",)), [None], {})


def test_the_known_future_is_read_with_the_options_of_its_table(file):
    columns = Columns(time="day", future=("price",))
    path = file("day,price", "02/05/2024,5", "02/06/2024,-200")
    with pytest.raises(un.DataError, match="can be read day first or month first"):
        read_future(path, columns, [None], {})
    for dates, days in (("mdy", ["2024-02-05", "2024-02-06"]), ("dmy", ["2024-05-02", "2024-06-02"])):
        frame = read_future(path, columns, [None], {}, ReadOptions(dates=dates, na="-200", freq="D", skip_rows="2"))
        assert frame["day"].tolist() == [pd.Timestamp(day) for day in days]
        assert frame["price"].isna().tolist() == [False, True]
    other = file("day,price", "2024-02-05,5")
    read = read_future(other, columns, [None], {}, ReadOptions(dates="%d.%m.%Y"))
    assert read["day"].tolist() == [pd.Timestamp("2024-02-05")]
    with pytest.raises(un.DataError, match=r"line 3: 'x' is not a number .* Or delete this line\.$"):
        read_future(file("day,price", "2024-02-05,5", "2024-02-06,x"), columns, [None], {"price": False})


def test_forecasts_are_read_with_ids_and_cutoffs(file):
    rows = [f"{s},2024-01-31,2024-02-0{k},{k},{k + 1}.5" for s in "ab" for k in (1, 2)]
    table = read_forecast(file("shop,cutoff,day,GRU,Naive", *rows), id_name="shop", time_name="day")
    assert list(table.frame) == ["shop", "day", "cutoff", "GRU", "Naive"]
    assert (table.columns.id, table.columns.time, table.columns.target) == ("shop", "day", "GRU")
    assert table.frame["cutoff"].unique().tolist() == [pd.Timestamp("2024-01-31")]
    assert table.frame["Naive"].tolist() == [2.5, 3.5] * 2


def test_the_first_column_of_a_short_forecast_holds_the_ids(file):
    table = read_forecast(file("shop,day,GRU", "7,2024-02-01,1", "8,2024-02-01,2"))
    assert table.columns.id == "shop"
    assert table.frame["shop"].tolist() == ["7", "8"]
    with pytest.raises(un.DataError, match="no column can be read as dates; it has: 'a', 'b'"):
        read_forecast(file("a,b", "x,1", "y,2"))


def test_a_backtest_of_series_at_different_times_has_ids(file):
    rows = ["h,2024-01-01,2023-12-31,1,1", "h,2024-01-02,2023-12-31,1,2", "d,2024-02-02,2024-02-01,1,3"]
    table = read_forecast(file("unique_id,ds,cutoff,y,GRU", *rows))
    assert table.frame["unique_id"].tolist() == ["h", "h", "d"]
    single = read_forecast(file("ds,cutoff,y,GRU", "2024-01-01,2023-12-31,1,1", "2024-01-02,2023-12-31,1,2"))
    assert "unique_id" not in single.frame


def test_values_known_ahead_are_those_of_all_series_that_were_columns(file):
    columns = Columns("series", "day", "value", future=("price",), targets="'North', 'South'")
    path = file("day,price", "2024-02-01,5", "2024-02-02,6")
    frame = read_future(path, columns, ["North", "South"], {}).sort_values("series", kind="stable")
    assert frame["series"].tolist() == ["North", "North", "South", "South"]
    assert frame["price"].tolist() == [5, 6, 5, 6]
    own = read_future(file("series,day,price", "South,2024-02-01,5"), columns, ["North", "South"], {})
    assert own["series"].tolist() == ["South"]


def test_all_related_files_have_a_limit_of_their_size(file):
    path = file("day,price", "2024-02-01,5", "2024-02-02,6")
    columns, message = Columns(time="day", future=("price",)), r"holds more than 10 bytes"
    with pytest.raises(un.DataError, match=message):
        read_future(path, columns, [None], {}, ReadOptions(max_bytes=10))
    with pytest.raises(un.DataError, match=message):
        read_forecast(path, max_bytes=10)
    read = read_future(path, columns, [None], {}, ReadOptions(max_bytes=100))
    assert len(read) == len(read_forecast(path, max_bytes=100).frame)
