"""The columns that hold the timestamps of a table."""

from __future__ import annotations

import pandas as pd
import pytest

from tables import stamps
from unrolled.series.files import ReadOptions, read_file
from unrolled.series.from_frame import read_panel

MONTHS = pd.date_range("2015-01-01", periods=48, freq="MS")


def test_a_table_without_dates_is_refused(refused):
    refused(
        "a,b",
        "1,2",
        "3,4",
        message="no column can be read as dates; it has: 'a', 'b'. Name the time column with `time`",
    )


@pytest.mark.parametrize(
    ("name", "texts", "first", "frequency"),
    [
        ("ts", [f"{1672531200 + 600 * k}.0" for k in range(100)], "2023-01-01", "every 10 minutes"),
        ("stamp_us", [f"{1672531200000000 + 60_000_000 * k}" for k in range(100)], "2023-01-01", "every minute"),
        ("MESS_DATUM", [f"{d:%Y%m%d%H%M}" for d in pd.date_range("2023-01-01", periods=90, freq="10min")],
         "2023-01-01", "every 10 minutes"),
        ("yyyymm", [f"{d:%Y%m}" for d in MONTHS], "2015-01-01", "monthly"),
        ("Meldewoche", [f"{d:%G%V}" for d in pd.date_range("2022-01-03", periods=80, freq="W-MON")], "2022-01-03",
         "weekly"),
        ("Datum", [f"{44564 + k}" for k in range(60)], "2022-01-03", "daily"),
        ("Time", [f"{44564 + k / 24:.6f}" for k in range(60)], "2022-01-03", "hourly"),
        ("t", [f"{2000 + k / 4}" for k in range(40)], "2000-01-01", "quarterly"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_columns_of_codes_are_found_without_a_usual_name(file, name, texts, first, frequency):
    table = read_file(file(f"sales;{name}", *(f"{k * 7 % 11};{text}" for k, text in enumerate(texts))))
    assert (table.columns.time, stamps(table)[0].tz_localize(None)) == (name, pd.Timestamp(first))
    assert read_panel(table.frame, table.columns).frequency.name == frequency


@pytest.mark.parametrize("name", ["Jahr", "Année", "Anno", "Año", "Ano", "Rok", "År", "Год", "年"])
def test_years_are_found_by_their_name_in_many_languages(file, name):
    table = read_file(file(f"{name};y", *(f"{year};{year * 7 % 11}" for year in range(1960, 1990))))
    assert (table.columns.time, table.frame[name].dt.year.tolist()) == (name, list(range(1960, 1990)))


def test_short_names_of_years_need_their_accents_and_years(file, refused):
    refused(
        "AR;y",
        *(f"{k};1.5" for k in range(1960, 1990)),
        message="Column 'AR' may hold years: .* `time='AR'` and `freq='YS'`",
    )
    refused("An;y", *(f"{k};1.5" for k in range(30)), message="no column can be read as dates|not a date")


def test_numbers_that_follow_no_code_are_no_time(refused):
    numbers = [201901, 201907, 202305, 201802, 202211, 201703]
    refused("a;b", *(f"{number};{k}.5" for k, number in enumerate(numbers)), message="no column can be read as dates")


@pytest.mark.parametrize(
    ("dates", "form"),
    [("dmy", "%-d%m%Y"), ("mdy", "%-m%d%Y"), ("ymd", "%y%m%d"), ("%Y年%m月%d日", "%Y年%m月%d日"), ("%Y.%j", "%Y.%j")],
)
def test_the_option_of_dates_finds_their_column(file, dates, form):
    days = pd.date_range("2022-01-03", periods=60)
    path = file("no;x;sales", *(f"{k + 1};{day:{form}};{k * 7 % 11}" for k, day in enumerate(days)))
    assert stamps(read_file(path, ReadOptions(dates=dates))).tolist() == list(days)


def test_dates_without_separators_are_suggested(refused):
    days = pd.date_range("2022-01-03", periods=60)
    message = "Column 'fecha' may hold dates without separators: if it does, use `dates='dmy'`"
    refused("fecha;y", *(f"{day:%-d%m%Y};{k}" for k, day in enumerate(days)), message=message)
