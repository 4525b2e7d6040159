"""Text as cells: delimiters, quotes, blank lines, and the lines of rows."""

from __future__ import annotations

import pandas as pd
import pytest

from tables import DAYS, SALES, assert_sales, columns_of
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.files.dialect import shorten


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_detected(file, delimiter, end):
    table = read_file(file((end.join(SALES) + end).replace(",", delimiter).encode()))
    assert_sales(table)
    assert list(table.columns.rows) == [2, 3, 4]
    assert table.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_and_ids_may_have_accents(file, encoding):
    lines = ("date,café,ventes", "2024-01-01,Orléans,1", "2024-01-02,Orléans,2", "2024-01-03,Orléans,3")
    table = read_file(file("\n".join(lines).encode(encoding)), ReadOptions(id="café"))
    assert table.frame["café"].tolist() == ["Orléans"] * 3
    assert columns_of(table) == ("café", "date", "ventes")


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


def test_blank_lines_do_not_shift_the_line_numbers(file):
    table = read_file(file("", SALES[0], "", *SALES[1:3], " , ", "", SALES[3], ""))
    assert_sales(table)
    assert list(table.columns.rows) == [4, 5, 8]


def test_columns_without_name_and_cells_are_left_out(file):
    assert_sales(read_file(file(*(f"{line}," for line in SALES))))


def test_rows_may_be_short(file):
    assert_sales(read_file(file(SALES[0], SALES[1], "2024-01-02", SALES[3])))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\t\r\n", "is empty"),
        (b",,\n,,\n", "has only empty cells"),
        (b"date,sales\n", "has a header but no rows"),
        (b"date,sales\n\n , \n", "has a header but no rows"),
        (b'{"a": [1, 2]}\n', "is JSON, and not a table of cells. Save the table as CSV, Excel or Parquet"),
        (b'\n[{"date": "2024-01-01", "y": 1}]', "is JSON, and not"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "is HTML, and not"),
        (b"%PDF-1.7\n\0\0", "is PDF, and not"),
        (b"a\0b\n1,2\n", "is not a text file: it holds NUL bytes. Use a CSV or Parquet file"),
        (b"date,y,y\n2024-01-01,1,2\n", "two columns are called 'y'. Rename one"),
        (b"date,y\n2024-01-01,1\n2024-01-02,1,5\n", "line 3: 3 fields, but the header has 2. Quote fields that"),
        (b'date,y,z\n2024-01-01,1,a\n2024-01-02,2,"b\n2024-01-03,3,c\n', "line 3: .*Check the quotes from this"),
        (b"PAR1 but nothing else", "is a damaged Parquet file"),
    ],
)  # fmt: skip
def test_texts_that_are_not_tables_are_refused(refused, content, message):
    refused(content, message=message)


def test_long_cells_are_shortened_in_messages():
    assert shorten("x" * 60) == repr("x" * 60)
    assert shorten("x" * 61) == repr("x" * 57 + "...")


@pytest.mark.parametrize("long", [0, 100])
def test_parts_of_a_long_file_are_put_together(file, monkeypatch, long):
    monkeypatch.setattr("unrolled.series.files.dialect.CHUNK_ROWS", 2)
    monkeypatch.setattr("unrolled.series.files.dialect.MIN_LONG_ROWS", long)
    lines = ["date,sales", *(f"{day}, {k % 3 or ''}" for k, day in enumerate(DAYS))]
    lines.insert(4, "")
    table = read_file(file(*lines))
    assert table.frame["sales"].fillna(0).tolist() == [k % 3 for k in range(len(DAYS))]
    assert list(table.columns.rows) == [2, 3, 4, *range(6, len(DAYS) + 3)]


def test_truth_values_of_parquet_are_numbers(tmp_path):
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=4), "y": [True, False, True, True]})
    frame.to_parquet(tmp_path / "truth.parquet")
    assert read_file(str(tmp_path / "truth.parquet")).frame["y"].tolist() == [1, 0, 1, 1]


def test_columns_of_the_same_name_may_be_data(refused):
    refused(
        "2023;01;01;5", "2023;01;x;6", message=r"two columns are called '01'. Rename one, or use `header=0` if they"
    )
