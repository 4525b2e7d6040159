"""Wide tables: dates or months as columns, and columns that are series."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, stamps, values
from unrolled.series.files import ReadOptions, read_file


def test_tables_of_years_by_months_become_long(file):
    months = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC"
    rows = (",".join([str(year), *(str(12 * k + m) for m in range(12))]) for k, year in enumerate(range(2000, 2003)))
    table = read_file(file(f"YEAR,{months}", *rows))
    assert values(table) == list(range(36))
    assert stamps(table).tolist() == list(pd.date_range("2000-01-01", periods=36, freq="MS"))


def test_dates_across_make_each_row_a_series(file):
    table = read_file(file("country,2020-01,2020-02,2020-03", "NA,1,2,3", "DE,4,5,6"))
    assert table.frame["series"].tolist() == ["NA"] * 3 + ["DE"] * 3  # Namibia is not missing
    assert values(table) == [1, 2, 3, 4, 5, 6]
    newer = read_file(file("country,2020-04,2020-05,2020-06", "NA,1,2,3", "DE,4,5,6"), prefer=table.columns)
    assert newer.frame["series"].equals(table.frame["series"])


def test_columns_become_series_on_request_or_if_names_differ_in_a_number(file):
    rows = [f"{day},{k},{k + 10},{k + 20}" for k, day in enumerate(DAYS)]
    numbered = file("date,store_1,store_2,store_3", *rows, name="numbered.csv")
    assert read_file(numbered).frame["series"].nunique() == 3
    with pytest.raises(un.DataError, match=r"several columns hold numbers: 'store_1'"):
        read_file(numbered, ReadOptions(wide=False))
    path = file("date,north,south,west", *rows)
    with pytest.raises(
        un.DataError, match=r"several columns hold numbers: 'north', .* `wide=True` takes each as a series"
    ):
        read_file(path)
    assert read_file(path, ReadOptions(wide=True)).frame["series"].nunique() == 3
    table = read_file(path, ReadOptions(target="north,west"))
    assert table.frame["series"].unique().tolist() == ["north", "west"]
    assert values(table)[20:22] == [20, 21]
