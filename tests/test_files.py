"""Files as people have them: what is read from a CSV or Parquet file, and where a message says that it is wrong."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from unrolled.cli.files import Table, read_table
from unrolled.forecasting.table import Columns, read_panel

SALES = ("date,sales", "2024-01-01,1.5", "2024-01-02,", "2024-01-03,3")


@pytest.fixture
def file(tmp_path):
    """Write a file, lines or bytes, and give its path."""

    def write(*lines: str | bytes, name: str = "table.csv") -> str:
        path = tmp_path / name
        path.write_bytes(lines[0] if isinstance(lines[0], bytes) else "\n".join(lines).encode())
        return str(path)

    return write


@pytest.fixture
def refused(file):
    """Assert that a file is refused with a message that names it and matches this pattern."""

    def check(*lines: str | bytes, message: str, **names) -> None:
        path = file(*lines)
        with pytest.raises(un.DataError, match=message) as error:
            read_table(path, **names)
        assert path in str(error.value)

    return check


def assert_sales(table: Table) -> None:
    """The table holds what SALES holds."""
    assert list(table.frame.columns) == ["date", "sales"]
    assert table.frame["date"].tolist() == list(pd.date_range("2024-01-01", periods=3))
    assert table.frame["sales"].fillna(-1).tolist() == [1.5, -1, 3]
    assert (table.columns.id, table.columns.time, table.columns.target) == ("unique_id", "date", "sales")


def columns(table: Table) -> tuple[str, str, str]:
    return table.columns.id, table.columns.time, table.columns.target


# --- text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(file, delimiter, end):
    table = read_table(file((end.join(SALES) + end).replace(",", delimiter).encode()))
    assert_sales(table)
    assert table.columns.rows == [2, 3, 4]
    assert table.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_name(file, encoding):
    assert_sales(read_table(file("\n".join(SALES).encode(encoding))))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_and_ids_may_have_accents(file, encoding):
    lines = ("date,café,ventes", "2024-01-01,Orléans,1", "2024-01-02,Orléans,2", "2024-01-03,Orléans,3")
    table = read_table(file("\n".join(lines).encode(encoding)), id_name="café")
    assert table.frame["café"].tolist() == ["Orléans"] * 3
    assert columns(table) == ("café", "date", "ventes")


def test_quoted_fields_may_hold_the_delimiter_quotes_and_line_ends(file):
    table = read_table(
        file(
            '"date","name, of shop","sales"',
            '2024-01-01,"A, ""B""\nC",1',
            '2024-01-01,"D, E",2',
            '2024-01-02,"D, E",3',
        ),
        id_name="name, of shop",
    )
    assert table.frame["name, of shop"].tolist() == ['A, "B"\nC', "D, E", "D, E"]
    assert table.columns.rows == [2, 4, 5]  # where rows begin


@pytest.mark.parametrize("mark", ["", "NA", "n/a", "NaN", "null", "None", "?", "-", "--", ".", "  "])
def test_marks_of_missing_values_are_missing(file, mark):
    assert_sales(read_table(file(*(line.replace("-02,", f"-02,{mark}") for line in SALES))))


def test_blank_lines_do_not_shift_the_line_numbers(refused, file):
    table = read_table(file("", SALES[0], "", *SALES[1:3], " , ", "", SALES[3], ""))
    assert_sales(table)
    assert table.columns.rows == [4, 5, 8]
    refused(*SALES[:2], "", "", "2024-01-04,x", message="line 5: 'x' is not a number", target_name="sales")


def test_remarks_below_the_table_are_left_out_and_said(file):
    table = read_table(file(*SALES, "", "Source: the shop's own books", "Read on Monday"))
    assert_sales(table)
    assert table.notes == ("2 remark(s) below the table left out",)


def test_columns_without_name_and_cells_are_left_out(file):
    assert_sales(read_table(file(*(f"{line}," for line in SALES))))


def test_rows_may_be_short(file):
    assert_sales(read_table(file(SALES[0], SALES[1], "2024-01-02", SALES[3])))


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
    table = read_table(file("date,sales", *(f"{day:{form}},{k}" for k, day in enumerate(DAYS))))
    assert table.frame["date"].tolist() == list(DAYS)


def test_months_need_no_day(file):
    table = read_table(file("Month,sales", "2023-11,1", "2023-12,2", "2024-01,3"))
    assert table.frame["Month"].tolist() == list(pd.date_range("2023-11-01", periods=3, freq="MS"))


@pytest.mark.parametrize("separator", ["/", "-"])
def test_dates_that_may_be_day_first_or_month_first_are_refused(refused, separator):
    dates = (date.replace("/", separator) for date in ("01/02/2024", "01/03/2024", "01/04/2024"))
    refused(
        "date,sales",
        *(f"{date},1" for date in dates),
        message=r"column 'date': dates such as '01.02.2024' can be read day first or month first.* Write them as 2024",
    )


def test_dates_that_mean_the_same_either_way_are_read(file):
    assert read_table(file("date,sales", "01/01/2024,1", "02/02/2024,2")).frame["date"].dt.month.tolist() == [1, 2]


@pytest.mark.parametrize("numbers", [(1998, 1999, 2000), (1, 2, 3), (-5, 0, 5), (201411, 201412, 201501)])
def test_whole_numbers_stay_whole_numbers(file, numbers):
    table = read_table(file("year,sales", *(f"{n},1" for n in numbers)))
    assert table.frame["year"].tolist() == list(numbers)
    assert table.frame["year"].dtype == "int64"


def test_a_bad_stamp_is_named_with_its_line(refused):
    bad = ("2024-01-04,4", "2024-02-30,5")
    refused(
        *SALES,
        *bad,
        message="column 'date', line 6: '2024-02-30' is not a date like the others. Write",
        time_name="date",
    )
    refused(*SALES, ",4", message="column 'date', line 5: the stamp is missing. Fill it in or delete the line")
    refused("time,y", "1e300,1", "2,2", message="column 'time', line 2: '1e300' is not a date")


# --- which column is what ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["y", "target", "value", "Value", "Y"])
def test_the_target_is_found_by_its_name_among_other_numbers(file, name):
    table = read_table(file(f"date,price,{name},tax", *(f"2024-01-0{k},1,{k},3" for k in range(1, 4))))
    assert table.columns.target == name
    assert table.frame[name].tolist() == [1, 2, 3]


def test_the_only_column_of_numbers_is_the_target(file):
    table = read_table(file("weather,sold,date", "sun,1,2024-01-01", "rain,2,2024-01-02", "rain,3,2024-01-03"))
    assert columns(table) == ("unique_id", "date", "sold")


def test_several_columns_of_numbers_are_listed(refused):
    rows = [f"2024-01-0{k},{k},2" for k in range(1, 4)]
    message = (
        "several columns hold numbers: 'unit price', 'tax'. Say which one to forecast, such as --target 'unit price'"
    )
    refused("date,unit price,tax", *rows, message=message)


def test_no_column_of_numbers_is_refused(refused):
    refused(
        "date,sky",
        "2024-01-01,sun",
        message="no column holds numbers, apart from the time 'date'; it has: 'date', 'sky'",
    )


def test_no_column_of_dates_is_refused(refused):
    refused(
        "a,b", "1,2", "3,4", message="no column reads as dates; it has: 'a', 'b'. Name the time column with --time"
    )


@pytest.mark.parametrize("role", ["id_name", "time_name", "target_name"])
def test_a_named_column_that_is_not_there_is_refused_beside_those_that_are(refused, role):
    refused(*SALES, message="there is no column 'shop'; it has: 'date', 'sales'", **{role: "shop"})


def test_a_column_has_one_role(refused, file):
    refused(*SALES, message="column 'sales' is named twice", id_name="sales", target_name="sales")
    refused("date,y", *SALES[1:], message="no column holds numbers, apart from the time", id_name="y")


def test_an_empty_target_is_not_passed_over(refused):
    refused("date,y,x", "2024-01-01,,1", "2024-01-02,,2", message="column 'y': all 2 cells are empty")


def test_numbers_that_are_none_are_named_with_their_line(refused):
    refused(
        "date,y", "2024-01-01,1", "2024-01-02,1x", message=r"column 'y', line 3: '1x' is not a number \(1 such cell"
    )
    refused(
        "date,y", "2024-01-01,inf", "2024-01-02,1", message="column 'y', line 2: the value is infinite. Correct it"
    )


TWO_SHOPS = ["2024-01-01,{0},5,10", "2024-01-02,{0},6,20", "2024-01-01,{1},7,10", "2024-01-02,{1},8,20"]


@pytest.mark.parametrize(
    ("name", "shops"),
    [("shop", ("north", "south")), ("Store", (1, 2)), ("branch", (17, 4)), ("item_id", ("a1", "a2"))],
)
def test_the_column_that_tells_series_apart_is_found(file, name, shops):
    table = read_table(
        file(f"date,{name},sold,week_no", *(row.format(*shops) for row in TWO_SHOPS)), target_name="sold"
    )
    assert columns(table) == (name, "date", "sold")
    panel = read_panel(table.frame, table.columns)
    assert panel.ids == [str(shop) for shop in shops]
    assert panel.y.tolist() == [5, 6, 7, 8]


def test_parts_of_a_date_do_not_tell_series_apart(file):
    rows = (f"{year},{quarter},{year + quarter}" for year in range(2020, 2024) for quarter in range(1, 5))
    assert read_table(file("year,quarter,gdp", *rows), target_name="gdp").columns.id == "unique_id"


def test_a_single_series_needs_no_id(file):
    table = read_table(file("date,shop,sold", *(f"2024-01-0{k},north,{k}" for k in range(1, 5))))
    assert columns(table) == ("unique_id", "date", "sold")
    assert list(table.frame) == ["date", "sold"]


def test_a_single_series_keeps_its_unique_id(file):
    table = read_table(file("unique_id,ds,y", *(f"north,2024-01-0{k},{k}" for k in range(1, 5))))
    assert read_panel(table.frame, table.columns).ids == ["north"]


def test_preferred_columns_are_taken_where_the_file_has_them(file):
    rows = [f"2024-01-0{k},2023-01-0{k},{k},7" for k in range(1, 4)]
    path = file("date,booked,sold,price", *rows)
    assert columns(read_table(path, prefer=Columns("shop", "booked", "price"))) == ("unique_id", "booked", "price")
    assert columns(read_table(path, target_name="sold", prefer=Columns("shop", "day", "price")))[1:] == (
        "date",
        "sold",
    )


# --- files that are none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\t\r\n", "is empty"),
        (b",,\n,,\n", "has no cells that hold anything"),
        (b"date,sales\n", "has a header but no rows"),
        (b"date,sales\n\n , \n", "has a header but no rows"),
        (b"a\0b\n1,2\n", "is not a text file: it holds NUL bytes. Give a CSV or Parquet file"),
        (b"date,y,y\n2024-01-01,1,2\n", "two columns are called 'y'. Rename one"),
        (b"2024-01-01,1\n2024-01-02,2\n", r"its first line is data \('2024-01-01'\), not names. Write names above it"),
        (b"date,y\n2024-01-01,1\n2024-01-02,1,5\n", "line 3: 3 fields, but the header has 2. Quote fields that contain ','"),
        (b'date,y,z\n2024-01-01,1,a\n2024-01-02,2,"b\n2024-01-03,3,c\n', "line 3: .*Check the quotes from there on"),
        (b"PAR1 but nothing else", "is a damaged Parquet file"),
    ],
)  # fmt: skip
def test_what_can_not_be_a_table_is_refused(refused, content, message):
    refused(content, message=message)


def test_places_without_a_file_are_refused(tmp_path, file):
    for path, message in [
        (tmp_path, "is a folder; name a CSV or Parquet file in it"),
        (tmp_path / "none.csv", "there is no file .*none.csv. Check the name, or give - to read standard input"),
        (file(*SALES) + "/sales.csv", "can't read .*: Not a directory. Name a file that you may read"),
        (tmp_path / ("a" * 5000), "can't read .*: File name too long"),
    ]:
        with pytest.raises(un.DataError, match=message):
            read_table(str(path))


def test_standard_input_is_read_and_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("\n".join(SALES).encode())))
    assert_sales(read_table("-"))
    for content, message in [
        (b"", "^standard input is empty"),
        (b"a,b\n1,2\n", "^standard input: no column reads as dates"),
    ]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        with pytest.raises(un.DataError, match=message):
            read_table("-")


@given(content=st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_it_is_a_table_or_a_data_error(file, content):
    try:
        table = read_table(file(content))
    except un.DataError:
        return
    assert len(table.frame) == len(table.columns.rows) > 0


CELLS = st.sampled_from(
    ["", "1", "-2.5", "2024-01-01", "2024-01-02", "03/04/2024", "20240105", "x", '"', "1e999", "NA", "9999"]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6)


@given(header=st.lists(st.sampled_from(["ds", "y", "time", "unique_id", "store", "", "a"]), max_size=4), rows=ROWS)
def test_whatever_cells_a_file_holds_it_is_a_panel_or_a_data_error(file, header, rows):
    path = file("\n".join(",".join(row) for row in [header, *rows]).encode())
    try:
        table = read_table(path)
        panel = read_panel(table.frame, table.columns)
    except un.DataError:
        return
    assert panel.offsets[-1] == len(panel.y) == len(panel.observed)


# --- Parquet ----------------------------------------------------------------------------------------


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"date": pd.date_range("2024-01-01", periods=3), "sales": [1.5, None, 3]})


@pytest.mark.parametrize("index", [None, "date"])
def test_parquet_is_read_with_or_without_an_index(tmp_path, frame, index):
    path = tmp_path / "sales.of.any.name"
    (frame.set_index(index) if index else frame).to_parquet(path)
    table = read_table(str(path))
    assert_sales(table)
    assert table.columns.rows == [1, 2, 3]


def test_damaged_parquet_is_refused(tmp_path, frame, refused):
    path = tmp_path / "sales.parquet"
    frame.to_parquet(path)
    content = path.read_bytes()
    for size in (4, 8, len(content) // 2, len(content) - 1):
        refused(content[:size], message="is a damaged Parquet file")
    frame.iloc[:0].to_parquet(path)
    refused(path.read_bytes(), message="has columns but no rows")
