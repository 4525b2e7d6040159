"""Excel workbooks: sheets, types of cells, rows above and below the table, and files that are refused."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook

import unrolled as un
from tables import assert_sales, values
from unrolled.series.files import ReadOptions, read_file

ROWS = (
    ("date", "sales"),
    (datetime(2024, 1, 1), 1.5),
    (datetime(2024, 1, 2), None),
    (datetime(2024, 1, 3), 3),
)


@pytest.fixture
def workbook(tmp_path):
    """The path of a workbook with these sheets, each a list of rows."""

    def write(**sheets) -> str:
        book = Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "table.xlsx"
        book.save(path)
        return str(path)

    return write


def test_a_workbook_is_read_like_a_csv_file(workbook):
    table = read_file(workbook(sales=ROWS))
    assert_sales(table)
    assert list(table.columns.rows) == [2, 3, 4]
    assert table.notes == ()


def test_titles_above_and_totals_below_the_table_are_left_out(workbook):
    path = workbook(sales=[("Sales of 2024",), (), *ROWS, ("Total", 4.5), (), ("in thousands",)])
    table = read_file(path)
    assert_sales(table)
    assert list(table.columns.rows) == [4, 5, 6]
    assert "line 7 ('Total') is left out, as a total below the table" in table.notes


def test_merged_titles_and_columns_without_cells_do_not_disturb(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet["B2"] = "Sales of the year"
    sheet.merge_cells("B2:D2")
    for k, row in enumerate(ROWS):
        sheet.cell(4 + k, 2, row[0])
        sheet.cell(4 + k, 4, row[1])
    book.save(tmp_path / "merged.xlsx")
    assert_sales(read_file(str(tmp_path / "merged.xlsx")))


def test_times_whole_numbers_and_texts_keep_their_values(workbook):
    rows = [(datetime(2024, 1, 1, hour), hour, hour + 0.1, f"{hour},5") for hour in range(24)]
    path = workbook(a=[("stamp", "whole", "broken", "text"), *rows])
    table = read_file(path, ReadOptions(target="whole,broken,text"))
    assert values(table) == [*range(24), *(hour + 0.1 for hour in range(24)), *(hour + 0.5 for hour in range(24))]
    assert str(table.frame.stamp.iloc[23]) == "2024-01-01 23:00:00"
    path = workbook(a=[("date", "time", "y"), *((datetime(2024, 1, 1), time(hour), hour) for hour in range(24))])
    assert str(read_file(path).frame["date time"].iloc[7]) == "2024-01-01 07:00:00"


def test_the_first_sheet_with_a_table_is_read_and_others_can_be_named(workbook):
    others = (ROWS[0], *((stamp, 7) for stamp, _ in ROWS[1:]))
    path = workbook(About=[("Made by us",), ("in 2024",)], Sales=ROWS, Costs=others)
    table = read_file(path)
    assert_sales(table)
    assert table.notes == ("sheet 'Sales' read, of 'About', 'Sales', 'Costs'; change with `sheet`",)
    for sheet in ("Costs", 3):
        table = un.read_table(path, sheet=sheet)
        assert table.y.tolist() == [7, 7, 7]
        assert table.attrs["notes"] == []


def test_hidden_sheets_are_read_only_if_named(tmp_path):
    book = Workbook()
    book.active.append(("nothing", "here"))
    hidden = book.create_sheet("data")
    for row in ROWS:
        hidden.append(row)
    hidden.sheet_state = "hidden"
    path = str(tmp_path / "hidden.xlsx")
    book.save(path)
    with pytest.raises(un.DataError, match=r"no sheet holds a table; it has: 'Sheet', 'data'. Name one with `sheet`"):
        read_file(path)
    assert_sales(read_file(path, ReadOptions(sheet="data")))


def test_rows_are_left_out_by_their_numbers(workbook):
    path = workbook(sales=[*ROWS[:3], ("half", 4.5), *ROWS[3:], ("year", 3), (datetime(2024, 1, 4), 1)])
    with pytest.raises(un.DataError, match=r"line 4: 'half' is not a date .* use `skip_rows='4,6'`"):
        read_file(path)
    assert len(read_file(path, ReadOptions(skip_rows="4,6")).frame) == 4


def archive(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "is an old .* Save it as .xlsx without a password, or as CSV"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), r"\(.ods\).* Save it as .xlsx or CSV"),
        (archive(xl__workbook_bin=b"x"), r"\(.xlsb\) workbook. Save it as .xlsx or CSV"),
        (archive(sales=b"date,y"), "is an archive, not an Excel workbook. Unpack it"),
        (archive(xl__workbook_xml=b"<workbook"), "is a damaged Excel workbook .* save it again"),
        (b"PK\x03\x04 cut off", "is a damaged Excel workbook or archive"),
    ],
)
def test_other_workbooks_and_archives_are_refused(refused, content, message):
    refused(content, message=message)


def test_a_workbook_that_is_cut_off_is_refused(workbook, refused):
    content = Path(workbook(sales=ROWS)).read_bytes()
    refused(content[: len(content) // 2], message="is a damaged Excel workbook or archive")


def test_sheets_that_do_not_exist_are_refused(workbook):
    for sheet in ("Costs", "2", "0"):
        with pytest.raises(un.DataError, match=f"there is no sheet '{sheet}'; it has: 'sales'"):
            read_file(workbook(sales=ROWS), ReadOptions(sheet=sheet))


def test_a_missing_package_is_named(workbook, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(un.DataError, match=r"reading it needs: pip install 'unrolled\[excel\]'"):
        read_file(workbook(sales=ROWS))
