"""Numbers in the many forms that people write."""

from __future__ import annotations

import numpy as np
import pytest

from tables import SALES, assert_sales, daily, values
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
