"""Files as people have them: what is read from a CSV or Parquet file, and where a message says that it is wrong."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from tables import SALES
from unrolled.series.columns import Columns
from unrolled.series.files import FileTable, ReadOptions, read_file
from unrolled.series.from_frame import read_panel


def assert_sales(table: FileTable) -> None:
    """The table holds what SALES holds."""
    assert list(table.frame.columns) == ["date", "sales"]
    assert table.frame["date"].tolist() == list(pd.date_range("2024-01-01", periods=3))
    assert table.frame["sales"].fillna(-1).tolist() == [1.5, -1, 3]
    assert (table.columns.id, table.columns.time, table.columns.target) == ("unique_id", "date", "sales")


def columns(table: FileTable) -> tuple[str, str, str]:
    return table.columns.id, table.columns.time, table.columns.target


# --- text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(file, delimiter, end):
    table = read_file(file((end.join(SALES) + end).replace(",", delimiter).encode()))
    assert_sales(table)
    assert list(table.columns.rows) == [2, 3, 4]
    assert table.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_name(file, encoding):
    assert_sales(read_file(file("\n".join(SALES).encode(encoding))))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_and_ids_may_have_accents(file, encoding):
    lines = ("date,café,ventes", "2024-01-01,Orléans,1", "2024-01-02,Orléans,2", "2024-01-03,Orléans,3")
    table = read_file(file("\n".join(lines).encode(encoding)), ReadOptions(id="café"))
    assert table.frame["café"].tolist() == ["Orléans"] * 3
    assert columns(table) == ("café", "date", "ventes")


def test_quoted_fields_may_hold_the_delimiter_quotes_and_line_ends(file):
    table = read_file(
        file(
            '"date","name, of shop","sales"',
            '2024-01-01,"A, ""B""\nC",1',
            '2024-01-01,"D, E",2',
            '2024-01-02,"D, E",3',
        ),
        ReadOptions(id="name, of shop"),
    )
    assert table.frame["name, of shop"].tolist() == ['A, "B"\nC', "D, E", "D, E"]
    assert list(table.columns.rows) == [2, 4, 5]  # where rows begin


@pytest.mark.parametrize("mark", ["", "NA", "n/a", "NaN", "null", "None", "?", "-", "--", ".", "  "])
def test_marks_of_missing_values_are_missing(file, mark):
    assert_sales(read_file(file(*(line.replace("-02,", f"-02,{mark}") for line in SALES))))


def test_blank_lines_do_not_shift_the_line_numbers(file):
    table = read_file(file("", SALES[0], "", *SALES[1:3], " , ", "", SALES[3], ""))
    assert_sales(table)
    assert list(table.columns.rows) == [4, 5, 8]


def test_remarks_below_the_table_are_left_out_and_said(file):
    table = read_file(file(*SALES, "", "Source: the shop's own books", "Read on Monday"))
    assert_sales(table)
    assert table.notes == ("2 remark(s) below the table left out",)


def test_columns_without_name_and_cells_are_left_out(file):
    assert_sales(read_file(file(*(f"{line}," for line in SALES))))


def test_rows_may_be_short(file):
    assert_sales(read_file(file(SALES[0], SALES[1], "2024-01-02", SALES[3])))


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("\n".join(SALES).encode())))
    assert_sales(read_file("-"))


# --- stamps -----------------------------------------------------------------------------------------

DAYS = pd.date_range("2024-01-11", periods=5)  # from day 13 on, a month can't be meant


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d",
        "%Y/%m/%d %H:%M",
        "%d.%m.%Y",
        "%d.%m.%Y %H:%M",
        "%Y%m%d",
        "%d/%m/%Y",
        "%d/%m/%Y %H:%M:%S",
        "%m/%d/%Y",
        "%m/%d/%Y %H:%M",
        "%d-%m-%Y",
        "%m-%d-%Y",
    ],
)
def test_dates_are_read_in_whatever_form_the_whole_column_fits(file, form):
    table = read_file(file("date,sales", *(f"{day:{form}},{k}" for k, day in enumerate(DAYS))))
    assert table.frame["date"].tolist() == list(DAYS)


def test_months_need_no_day(file):
    table = read_file(file("Month,sales", "2023-11,1", "2023-12,2", "2024-01,3"))
    assert table.frame["Month"].tolist() == list(pd.date_range("2023-11-01", periods=3, freq="MS"))


def test_dates_that_mean_the_same_either_way_are_read(file):
    assert read_file(file("date,sales", "01/01/2024,1", "02/02/2024,2")).frame["date"].dt.month.tolist() == [1, 2]


@pytest.mark.parametrize("numbers", [(1998, 1999, 2000), (1, 2, 3), (-5, 0, 5), (201413, 201414, 201415)])
def test_whole_numbers_stay_whole_numbers(file, numbers):
    table = read_file(file("year,sales", *(f"{n},1" for n in numbers)))
    assert table.frame["year"].tolist() == list(numbers)
    assert table.frame["year"].dtype == "int64"


# --- which column is what ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["y", "target", "value", "Value", "Y"])
def test_the_target_is_found_by_its_name_among_other_numbers(file, name):
    table = read_file(file(f"date,price,{name},tax", *(f"2024-01-0{k},1,{k},3" for k in range(1, 4))))
    assert table.columns.target == name
    assert table.frame[name].tolist() == [1, 2, 3]


def test_the_only_column_of_numbers_is_the_target(file):
    table = read_file(file("weather,sold,date", "sun,1,2024-01-01", "rain,2,2024-01-02", "rain,3,2024-01-03"))
    assert columns(table) == ("unique_id", "date", "sold")


TWO_SHOPS = ["2024-01-01,{0},5,10", "2024-01-02,{0},6,20", "2024-01-01,{1},7,10", "2024-01-02,{1},8,20"]


@pytest.mark.parametrize(
    ("name", "shops"),
    [("shop", ("north", "south")), ("Store", (1, 2)), ("branch", (17, 4)), ("item_id", ("a1", "a2"))],
)
def test_the_column_that_tells_series_apart_is_found(file, name, shops):
    table = read_file(
        file(f"date,{name},sold,week_no", *(row.format(*shops) for row in TWO_SHOPS)), ReadOptions(target="sold")
    )
    assert columns(table) == (name, "date", "sold")
    panel = read_panel(table.frame, table.columns)
    assert panel.ids == [str(shop) for shop in shops]
    assert panel.y.tolist() == [5, 6, 7, 8]


def test_parts_of_a_date_do_not_tell_series_apart(file):
    rows = (f"{year},{quarter},{year + quarter}" for year in range(2020, 2024) for quarter in range(1, 5))
    assert read_file(file("year,quarter,gdp", *rows), ReadOptions(target="gdp")).columns.id == "unique_id"


def test_a_single_series_needs_no_id(file):
    table = read_file(file("date,shop,sold", *(f"2024-01-0{k},north,{k}" for k in range(1, 5))))
    assert columns(table) == ("unique_id", "date", "sold")
    assert list(table.frame) == ["date", "sold"]


def test_a_single_series_keeps_its_unique_id(file):
    table = read_file(file("unique_id,ds,y", *(f"north,2024-01-0{k},{k}" for k in range(1, 5))))
    assert read_panel(table.frame, table.columns).ids == ["north"]


def test_preferred_columns_are_taken_where_the_file_has_them(file):
    rows = [f"2024-01-0{k},2023-01-0{k},{k},7" for k in range(1, 4)]
    path = file("date,booked,sold,price", *rows)
    assert columns(read_file(path, prefer=Columns("shop", "booked", "price"))) == ("unique_id", "booked", "price")
    assert columns(read_file(path, ReadOptions(target="sold"), prefer=Columns("shop", "day", "price")))[1:] == (
        "date",
        "sold",
    )


# --- Parquet ----------------------------------------------------------------------------------------


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"date": pd.date_range("2024-01-01", periods=3), "sales": [1.5, None, 3]})


@pytest.mark.parametrize("index", [None, "date"])
def test_parquet_is_read_with_or_without_an_index(tmp_path, frame, index):
    path = tmp_path / "sales.of.any.name"
    (frame.set_index(index) if index else frame).to_parquet(path)
    table = read_file(str(path))
    assert_sales(table)
    assert list(table.columns.rows) == [1, 2, 3]
