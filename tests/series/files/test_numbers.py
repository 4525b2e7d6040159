"""Numbers in the many forms that people write."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tables import DAYS, SALES, assert_sales, daily, values
from unrolled.errors import DataError
from unrolled.series.files import ReadOptions, read_file


@pytest.mark.parametrize("mark", ["", "NA", "n/a", "NaN", "null", "None", "?", "-", "--", ".", "  "])
def test_marks_of_missing_values_are_missing(file, mark):
    assert_sales(read_file(file(*(line.replace("-02,", f"-02,{mark}") for line in SALES))))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2", "3,25"], [1.5, 2, 3.25]),
        (["1.234,5", "2,5"], [1234.5, 2.5]),
        (["1,234.5", "2,345"], [1234.5, 2345]),
        (["7,380,500", "744,300"], [7380500, 744300]),
        (["12,34,567", "1,00,000"], [1234567, 100000]),
        (["1 234", "1\u202f234,5", "1\u00a0234\u00a0567"], [1234, 1234.5, 1234567]),
        (["1'234.5", "1’234"], [1234.5, 1234]),
        (["$1,493,660", " $ 5 ", "-$3"], [1493660, 5, -3]),
        (["3,50 €", "10,00 EUR"], [3.5, 10]),
        (["5%", "7.5 %"], [5, 7.5]),
        (["(5)", "($1,000)", "3-", "−2"], [-5, -1000, -3, -2]),
        (["$ 5.00", "$ -", "$ 2.00"], [5, 0, 2]),
        (["1", "-", "—", "n/a", "3"], [1, np.nan, np.nan, np.nan, 3]),
    ],
)
def test_numbers_as_people_write_them(file, cells, expected):
    np.testing.assert_array_equal(values(read_file(file(*daily(cells)))), expected)


def test_an_ambiguous_comma_is_reported_and_can_be_decided(file):
    lines = [line.replace(";", "\t") for line in daily(["1,234", "2,345"])]
    table = read_file(file(*lines))
    assert values(table) == [1234, 2345]
    assert "column 'sales': '1,234' read as 1234; change with `decimal=','`" in table.notes
    assert values(read_file(file(*lines), ReadOptions(decimal=","))) == [1.234, 2.345]


def test_the_last_cell_can_decide_for_the_whole_column(file):
    cells = ["1,234"] * 19 + ["1,5"]
    assert values(read_file(file(*daily(cells))))[0] == 1.234


@pytest.mark.parametrize(
    ("cells", "expected", "note"),
    [
        (["1.2M", "950K", "12k", "40"], [1.2e6, 950e3, 12e3, 40], "'1.2M' read as 1200000"),
        (["2,5 Mrd. €", "900 Mio. €"], [2.5e9, 9e8], "'2,5 Mrd. €' read as 2500000000"),
        (["$1.5bn", "($20m)"], [1.5e9, -2e7], "'$1.5bn' read as 1500000000"),
        (["100 MW", "1,250.5 MW"], [100, 1250.5], "unit 'MW' removed"),
        (["-5°C", "12°C"], [-5, 12], "unit '°C' removed"),
        (["5 m", "7 m"], [5, 7], "unit 'm' removed"),
        (["<1", "12", "< 4"], [0.5, 12, 2], "'<1' read as 0.5, half of the bound"),
    ],
)
def test_multipliers_units_and_bounds_are_read_and_reported(file, cells, expected, note):
    table = read_file(file(*daily(cells)))
    np.testing.assert_allclose(values(table), expected, rtol=1e-12)
    assert f"column 'sales': {note}" in table.notes


def test_decimal_commas_are_reported_beside_currency_signs(file):
    assert read_file(file(*daily(["3,50 €", "10,00 €"]))).notes == (
        "column 'sales': commas read as decimal points",
        "column 'sales': currency signs removed",
    )


@pytest.mark.parametrize(
    ("cells", "line", "fault"),
    [
        (["800 W", "1.5 kW", "2 kW"], 2, "'800 W' lacks the unit 'kW' of most cells"),
        (["1 kW", "2 kW", "3"], 4, "'3' lacks the unit 'kW' of most cells"),
        (["1"] * 12 + ["3 kW"], 14, "'3 kW' has a unit, unlike most cells"),
    ],
)
def test_units_that_differ_are_refused(file, cells, line, fault):
    with pytest.raises(DataError, match=f"column 'sales', line {line}: {re.escape(fault)}"):
        read_file(file(*daily(cells)))


@pytest.mark.parametrize("names", [["3M", "Bosch"], ["A4", "A5"], ["1A", "2A"], ["250 ml", "500 ml"]])
def test_names_that_begin_or_end_with_a_number_remain_ids(file, names):
    lines = [f"{day},{name},{k}.5" for k, day in enumerate(DAYS) for name in names]
    table = read_file(file("date,product,sold", *lines))
    assert table.frame[table.columns.id].unique().tolist() == names
    assert table.columns.target == "sold"


def test_semicolons_between_cells_make_undecided_commas_decimal(file):
    table = read_file(file(*daily(["102,345", "98,765"])))
    assert values(table) == [102.345, 98.765]
    assert "column 'sales': '102,345' read as 102.345; change with `decimal='.'`" in table.notes
    assert values(read_file(file(*daily(["102", "1,098", "765"])))) == [102, 1098, 765]


@pytest.mark.parametrize(
    ("header", "dates", "cells", "expected"),
    [
        ("date,sales", DAYS, ["1.079", "984", "0"], [1079, 984, 0]),  # no decimals are shorter
        ("date,sales", DAYS, ["1.079", "9.84"], [1.079, 9.84]),
        ("date,sales", DAYS, ["1.079", "1984"], [1.079, 1984]),
        ("date,sales", DAYS, ["6.000", "6.151"], [6, 6.151]),
        ("date;sales", DAYS, ["6.000", "6.151"], [6000, 6151]),
        ("date;sales", DAYS, ["0.500", "6.151"], [0.5, 6.151]),
        ("date,sales", ["30.01.2024", "31.01.2024"], ["6.000", "6.151"], [6000, 6151]),
        ("date,sales", ["01.2024", "02.2024"], ["6.000", "6.151"], [6000, 6151]),
        ("date;sales;other", DAYS, ["6.000;1.5", "6.151;2.5"], [6, 6.151]),
        ("date\tsales\tother", DAYS, ["6.000\t1,5", "6.151\t2,5"], [6000, 6151]),
    ],
)
def test_points_before_three_digits_separate_thousands_where_the_table_says_so(file, header, dates, cells, expected):
    mark = header[4]
    rows = [f"{date}{mark}{cell}" for date, cell in zip(dates, cells, strict=False)]
    path = file(header, *rows)
    table = read_file(path, ReadOptions(target="sales"))
    assert values(table) == expected
    noted = f"column 'sales': {cells[0][:5]!r} read as {expected[0]:g}; change with `decimal='.'`" in table.notes
    assert noted == (expected[0] > 100)
    assert values(read_file(path, ReadOptions(target="sales", decimal=".")))[0] == float(cells[0][:5])


def test_points_in_several_places_of_a_number_separate_thousands(file):
    notes = read_file(file(*daily(["5.000.000", "1.250.000"]))).notes
    assert notes == ("column 'sales': points read as thousands separators",)


def test_digits_of_other_scripts_are_numbers(file):
    assert values(read_file(file(*daily(["١٠٠٢", "٩٨٫٥", "-５"])))) == [1002, 98.5, -5]
