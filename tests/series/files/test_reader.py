"""From files to long tables: roles, preferred columns, remarks, and cells that are refused with their line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unrolled as un
from tables import DAYS, SALES, assert_sales, columns_of, daily, values
from unrolled.series.columns import Columns
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel


def test_remarks_below_the_table_are_dropped_with_a_note(file):
    table = read_file(file(*SALES, "", "Source: the shop's own books", "Read on Monday"))
    assert_sales(table)
    assert table.notes == ("2 remarks below the table dropped",)


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ((*SALES, "Total,4.5"), "line 5 ('Total') is left out, as a total below the table"),
        ((*SALES, "", "Summe:,4.5", "* provisional"), "line 6 ('Summe:') is left out, as a total below the table"),
        ((*SALES, "Total général 2024,4.5"), "line 5 ('Total général 2024') is left out, as a total below the table"),
    ],
)
def test_totals_below_the_table_are_left_out_with_a_note(file, rows, note):
    table = read_file(file(*rows))
    assert_sales(table)
    assert note in table.notes


def test_a_total_of_several_series_or_of_dates_in_parts_is_left_out(file):
    rows = [f"{shop},{day},{k}" for k, day in enumerate(DAYS[:4]) for shop in "AB"]
    table = read_file(file("shop,date,sold", *rows, "Grand total,,12"))
    assert values(table) == [0, 0, 1, 1, 2, 2, 3, 3]
    months = [f"2024,{month},{month}" for month in range(1, 8)]
    assert values(read_file(file("year,month,y", *months, "Average,,4"))) == [*range(1, 8)]


def test_a_series_named_like_a_total_is_kept(file):
    rows = [f"{shop},{day},{k}" for k, day in enumerate(DAYS[:4]) for shop in ("North", "Total")]
    assert sorted(set(read_file(file("shop,date,sold", *rows)).frame.shop)) == ["North", "Total"]


@pytest.mark.parametrize("skipped", ["1-2,6", [1, 2, 6], "6, 1-2"])
def test_lines_are_left_out_by_their_numbers_in_the_file(file, skipped):
    path = file("date,these are", "notes,", *SALES[:3], "2024,4.5", *SALES[3:])
    table = un.read_table(path, skip_rows=skipped)
    assert table.y.dropna().tolist() == [1.5, 3]
    with pytest.raises(un.DataError, match="line 8: 'x' is not a number"):
        un.read_table(
            file("date,these are", "notes,", *SALES[:3], "2024,4.5", *SALES[3:], "2024-01-04,x"),
            skip_rows="1-2,6",
            target="sales",
        )


def test_all_lines_that_are_no_dates_can_be_left_out_at_once(refused, file):
    lines = (*SALES[:2], "all,1", *SALES[2:], "every,5", "2024-01-04,1")
    refused(*lines, message="line 3: 'all' is not a date .* To leave out these lines, use `skip_rows='3,6'`.")
    assert len(read_file(file(*lines), ReadOptions(skip_rows="3,6")).frame) == 4
    refused(*SALES, message="has 4 lines; `skip_rows` names line 9", skip_rows="9")


def test_preferred_columns_are_taken_where_the_file_has_them(file):
    rows = [f"2024-01-0{k},2023-01-0{k},{k},7" for k in range(1, 4)]
    path = file("date,booked,sold,price", *rows)
    assert columns_of(read_file(path, prefer=Columns("shop", "booked", "price"))) == ("unique_id", "booked", "price")
    assert columns_of(read_file(path, ReadOptions(target="sold"), prefer=Columns("shop", "day", "price")))[1:] == (
        "date",
        "sold",
    )


def test_texts_among_numbers_are_named_with_the_option_that_ignores_them(file):
    path = file(*daily([1, "?0.2", 3, "?0.8", *range(16)]))
    with pytest.raises(un.DataError, match=r"column 'sales', line 3: '\?0.2' is not .* `na='\?0.2,\?0.8'`"):
        read_file(path)
    assert np.isnan(values(read_file(path, ReadOptions(na="?0.2,?0.8")))[1])


@pytest.mark.parametrize("role", ["id", "time", "target"])
def test_a_missing_named_column_is_refused_with_the_existing_ones(refused, role):
    refused(*SALES, message="there is no column 'shop'; it has: 'date', 'sales'", **{role: "shop"})


def test_a_column_has_one_role(refused, file):
    refused(*SALES, message="column 'sales' is named twice", id="sales", target="sales")
    refused("date,y", *SALES[1::2], message="no column holds numbers, apart from the time", id="y")


def test_a_missing_id_is_named_with_its_line(refused):
    rows = [f"{name},2024-01-0{day},{day}" for name in "ab" for day in range(1, 9)]
    message = r"column 'shop', line 7: the id is missing\. Fill it in\. .*`skip_rows=.*7"
    refused("shop,date,sales", *rows[:5], ",2024-01-06,6", *rows[6:], message=message, id="shop")


def test_a_wide_table_needs_columns_of_numbers(refused):
    refused("date,a", "2024-01-01,x", "2024-01-02,y", message="`wide=True` needs columns of numbers", wide=True)


def test_columns_that_a_wide_table_becomes_have_names_of_their_own(file):
    """The time is called like the column of the values would be."""
    path = file("value,a1,a2", *(f"{day},{k},{k}" for k, day in enumerate(DAYS)))
    assert columns_of(read_file(path, ReadOptions(wide=True))) == ("series", "value", "value_")


def test_an_empty_target_is_not_passed_over(refused):
    refused("date,y,x", "2024-01-01,,1", "2024-01-02,,2", message="column 'y': all 2 cells are empty")


def test_invalid_numbers_are_named_with_their_line(refused):
    refused(
        "date,y", "2024-01-01,1", "2024-01-02,1x", message=r"column 'y', line 3: '1x' is not a number \(1 such cell"
    )
    refused(
        "date,y", "2024-01-01,inf", "2024-01-02,1", message="column 'y', line 2: the value is infinite. Correct it"
    )


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


def test_timestamps_are_not_called_as_ids_are(file):
    with pytest.raises(un.DataError, match=r"column 'unique_id' holds timestamps, but has the name of ids\. Rename"):
        read_file(file("unique_id,y", *(f"2024-01-{k:02},{k}" for k in range(1, 9))))
