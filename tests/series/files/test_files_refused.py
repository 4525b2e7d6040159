"""Files that can't be read as a table: the message names file, column and line, and what to do."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from tables import SALES
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel


@pytest.fixture
def refused(file):
    """Assert that a file is refused with a message that names it and matches this pattern."""

    def check(*lines: str | bytes, message: str, **names) -> None:
        path = file(*lines)
        with pytest.raises(un.DataError, match=message) as error:
            read_file(path, ReadOptions(**names))
        assert path in str(error.value)

    return check


@pytest.mark.parametrize("separator", ["/", "-"])
def test_dates_that_may_be_day_first_or_month_first_are_refused(refused, separator):
    dates = (date.replace("/", separator) for date in ("01/02/2024", "01/03/2024", "01/04/2024"))
    refused(
        "date,sales",
        *(f"{date},1" for date in dates),
        message="dates such as '01.02.2024' can be read day first or month first.* --dates dmy or --dates mdy",
    )


def test_a_bad_stamp_is_named_with_its_line(refused):
    bad = ("2024-01-04,4", "2024-02-30,5")
    refused(
        *SALES,
        *bad,
        message="column 'date', line 6: '2024-02-30' is not a date like the others. Write",
        time="date",
    )
    refused(*SALES, ",4", message="column 'date', line 5: the stamp is missing .* Fill it in or delete the line")
    refused("time,y", "1e300,1", "2,2", message="column 'time', line 2: '1e300' is not a date")


def test_several_columns_of_numbers_are_listed(refused):
    rows = [f"2024-01-0{k},{k},{k % 2}" for k in range(1, 4)]
    message = (
        "several columns hold numbers: 'unit price', 'tax'. --wide takes each as a series. Say which .* --target "
        "'unit price'"
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


@pytest.mark.parametrize("role", ["id", "time", "target"])
def test_a_named_column_that_is_not_there_is_refused_beside_those_that_are(refused, role):
    refused(*SALES, message="there is no column 'shop'; it has: 'date', 'sales'", **{role: "shop"})


def test_a_column_has_one_role(refused, file):
    refused(*SALES, message="column 'sales' is named twice", id="sales", target="sales")
    refused("date,y", *SALES[1::2], message="no column holds numbers, apart from the time", id="y")


def test_an_empty_target_is_not_passed_over(refused):
    refused("date,y,x", "2024-01-01,,1", "2024-01-02,,2", message="column 'y': all 2 cells are empty")


def test_numbers_that_are_none_are_named_with_their_line(refused):
    refused(
        "date,y", "2024-01-01,1", "2024-01-02,1x", message=r"column 'y', line 3: '1x' is not a number \(1 such cell"
    )
    refused(
        "date,y", "2024-01-01,inf", "2024-01-02,1", message="column 'y', line 2: the value is infinite. Correct it"
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
        (b"date,y\n2024-01-01,1\n2024-01-02,1,5\n", "line 3: 3 fields, but the header has 2. Quote fields that"),
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
            read_file(str(path))


@pytest.mark.parametrize(("content", "message"), [(b"", " is empty"), (b"a,b\n1,2\n", ": no column reads as dates")])
def test_standard_input_is_named(monkeypatch, content, message):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with pytest.raises(un.DataError, match=f"^standard input{message}"):
        read_file("-")


@given(content=st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_it_is_a_table_or_a_data_error(file, content):
    try:
        table = read_file(file(content))
    except un.DataError:
        return
    assert len(table.frame) == len(table.columns.rows) > 0


NAMES = st.sampled_from(["ds", "y", "time", "unique_id", "store", "", "a"])
GOOD = (lambda k: f"2024-01-{k + 1:02}", str, lambda k: "x", lambda k: str(k / 4))
ODD = st.sampled_from(
    ["", "NA", "x", '"', "1e999", "-2.5", "9999", "20240105", "03/04/2024", "2024-01-02", "9999-12-31"]
)


@given(st.data())
def test_whatever_cells_a_file_holds_it_is_a_panel_or_a_data_error(file, data):
    kinds = data.draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=4))
    rows = [[kind(k) for kind in kinds] for k in range(data.draw(st.integers(0, 8)))]
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=2)) if rows else []:
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(ODD)
    header = [data.draw(NAMES) for _ in kinds]
    try:
        table = read_file(file(*(",".join(row) for row in [header, *rows])))
        panel = read_panel(table.frame, table.columns)
    except un.DataError:
        return
    assert panel.offsets[-1] == len(panel.y) == len(panel.observed)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_damaged_parquet_is_refused(refused, share):
    content = io.BytesIO()
    pd.DataFrame({"ds": [1, 2], "y": [3, 4]}).to_parquet(content)
    whole = content.getvalue()
    refused(whole[: 4 + int(share * (len(whole) - 5))], message="is a damaged Parquet file")


def test_parquet_without_rows_is_refused(refused):
    content = io.BytesIO()
    pd.DataFrame({"ds": [], "y": []}).to_parquet(content)
    refused(content.getvalue(), message="has columns but no rows")
