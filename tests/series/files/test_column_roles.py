"""The columns of ids and of the target."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, columns_of
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

TWO_SHOPS = ["2024-01-01,{0},5,10", "2024-01-02,{0},6,20", "2024-01-01,{1},7,10", "2024-01-02,{1},8,20"]


@pytest.mark.parametrize("name", ["y", "target", "value", "Value", "Y"])
def test_the_target_is_found_by_its_name_among_other_numbers(file, name):
    table = read_file(file(f"date,price,{name},tax", *(f"2024-01-0{k},1,{k},3" for k in range(1, 4))))
    assert table.columns.target == name
    assert table.frame[name].tolist() == [1, 2, 3]


def test_the_only_column_of_numbers_is_the_target(file):
    table = read_file(file("weather,sold,date", "sun,1,2024-01-01", "rain,2,2024-01-02", "rain,3,2024-01-03"))
    assert columns_of(table) == ("unique_id", "date", "sold")


@pytest.mark.parametrize(
    ("name", "shops"),
    [("shop", ("north", "south")), ("Store", (1, 2)), ("branch", (17, 4)), ("item_id", ("a1", "a2"))],
)
def test_the_column_that_identifies_series_is_found(file, name, shops):
    table = read_file(
        file(f"date,{name},sold,week_no", *(row.format(*shops) for row in TWO_SHOPS)), ReadOptions(target="sold")
    )
    assert columns_of(table) == (name, "date", "sold")
    panel = read_panel(table.frame, table.columns)
    assert panel.ids == [str(shop) for shop in shops]
    assert panel.y.tolist() == [5, 6, 7, 8]


def test_parts_of_a_date_do_not_identify_series(file):
    rows = (f"{year},{quarter},{year + quarter}" for year in range(2020, 2024) for quarter in range(1, 5))
    assert read_file(file("year,quarter,gdp", *rows), ReadOptions(target="gdp")).columns.id == "unique_id"


def test_a_single_series_needs_no_id(file):
    table = read_file(file("date,shop,sold", *(f"2024-01-0{k},north,{k}" for k in range(1, 5))))
    assert columns_of(table) == ("unique_id", "date", "sold")
    assert list(table.frame) == ["date", "sold"]


def test_a_single_series_keeps_its_unique_id(file):
    table = read_file(file("unique_id,ds,y", *(f"north,2024-01-0{k},{k}" for k in range(1, 5))))
    assert read_panel(table.frame, table.columns).ids == ["north"]


def test_two_columns_together_may_identify_series(file):
    rows = [f"{s},{d},{day},{k}" for s in "ab" for d in "xy" for k, day in enumerate(DAYS)]
    table = read_file(file("store,dept,date,sales", *rows))
    assert table.columns.id == "store/dept"
    assert table.frame["store/dept"].unique().tolist() == ["a/x", "a/y", "b/x", "b/y"]


def test_several_columns_of_numbers_are_listed(refused):
    rows = [f"2024-01-0{k},{k},{k % 2}" for k in range(1, 4)]
    message = (
        "several columns hold numbers: 'unit price', 'tax'. `wide=True` takes each as a series. Name the target, .* "
        "`target='unit price'`"
    )
    refused("date,unit price,tax", *rows, message=message)


def test_a_table_without_numbers_is_refused(refused):
    refused(
        "date,sky",
        "2024-01-01,sun",
        message="no column holds numbers, apart from the time 'date'; it has: 'date', 'sky'",
    )


def test_whole_numbers_with_a_doubled_hour_are_the_target(file):
    hours = pd.date_range("2024-10-01", "2024-10-30", freq="h")
    hours = hours.append(hours[hours == "2024-10-27 02:00"]).sort_values()
    table = read_file(file("Datetime,MW", *(f"{hour},{3000 + k % 24}" for k, hour in enumerate(hours))))
    assert columns_of(table) == ("unique_id", "Datetime", "MW")
    assert len(table.frame) == len(hours) - 1


def test_the_weather_does_not_identify_series(file):
    days = [day for day in pd.date_range("2024-01-01", periods=80) for _ in range(1 + (day.day % 5 == 0))]
    words = ["sun" if k % 2 else "rain" for k in range(len(days))]
    for k in range(len(days)):  # twice on one day, the weather was different
        words[k] = "sun" if k and days[k] == days[k - 1] and words[k - 1] == "rain" else words[k]
    rows = [f"{day:%Y-%m-%d},{word},{k}.5" for k, (day, word) in enumerate(zip(days, words, strict=True))]
    with pytest.raises(un.DataError, match="occurs twice"):
        read_file(file("date,weather,visits", *rows))


def test_of_several_columns_of_dates_the_one_that_differs_is_time(file):
    table = read_file(file("date,valid,load", *(f"2024-05-01,2024-05-02 {hour:02}:00,{hour}" for hour in range(24))))
    assert table.columns.time == "valid"


@pytest.mark.parametrize("shops", [1, 2])
def test_a_column_that_counts_rows_is_no_target(file, shops):
    rows = [f"{shop},{day},{k},{k * k % 7},{k % 2}" for shop in range(shops) for k, day in enumerate(DAYS)]
    with pytest.raises(un.DataError, match=r"several columns hold numbers: 'sold', 'open'.* `target='sold'`"):
        read_file(file("shop,date,instant,sold,open", *rows), ReadOptions(id="shop"))
    rows = [f"{day},{k},{k + 1}" for k, day in enumerate(DAYS[:10])]  # too few to tell
    with pytest.raises(un.DataError, match="several columns hold numbers: 'sold', 'price'"):
        read_file(file("date,sold,price", *rows))


@pytest.mark.parametrize(
    "name", ["Sales", "Weekly_Sales", "units sold", "grid load [MW]", "Umsatz 2024", "ventas_día"]
)
def test_of_several_columns_of_numbers_one_with_a_usual_name_is_the_target(file, name):
    rows = [f"{day},{9 - k / 4},{k * k % 7},{k % 2}" for k, day in enumerate(DAYS)]
    table = read_file(file(f"date,price,{name},promo", *rows))
    assert table.columns.target == name
    assert f"{name!r} is the target by its name, beside 'price', 'promo'; change with `target`" in table.notes
    with pytest.raises(un.DataError, match=r"hold numbers: 'net sales', 'gross sales'.* `target='net sales'`"):
        read_file(file("date,net sales,gross sales,promo", *rows))
