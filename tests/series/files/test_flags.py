"""Flags behind the numbers in tables of Eurostat."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled as un
from tables import values
from unrolled.series.files import read_file


@pytest.mark.parametrize("first", ["freq,unit,geo\\TIME_PERIOD", "unit,geo\\time"])
def test_flags_of_eurostat_are_left_out_and_colons_are_missing(file, first):
    months = [f"2015-{month:02} " for month in range(1, 7)]
    austria, germany = ["M,PC,AT", "1.5 b", "2.5 ", ": c", "4.5 bep", ":", "6"], ["M,PC,DE", *"123456"]
    lines = ["\t".join(cells) for cells in ([first, *months], austria, germany)]
    table = read_file(file(*lines, name="estat.tsv"))
    np.testing.assert_array_equal(values(table), [1.5, 2.5, np.nan, 4.5, np.nan, 6, *range(1, 7)])
    assert table.frame["series"].unique().tolist() == ["M,PC,AT", "M,PC,DE"]
    assert "3 flags behind numbers left out: b, bep, c" in table.notes


def test_letters_behind_numbers_of_other_tables_are_units(file):
    with pytest.raises(un.DataError, match=r"line 3: '2\.5 b' has a unit, unlike most cells"):
        read_file(file("month,y", "2015-01,1.5", "2015-02,2.5 b", "2015-03,3", "2015-04,4"))
