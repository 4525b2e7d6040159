"""Labels of years: their form is found, forecasts are labelled in it, and read back."""

import numpy as np
import pandas as pd
import pytest

from unrolled.series.columns import Columns
from unrolled.series.files.labels import example_of_labels, labelled
from unrolled.series.stamp_texts import label_in_form

YEARS = range(1998, 2003)
ALL = np.ones(len(YEARS), bool)  # all texts are known
FORMS = {
    "1998/99": ["1998/99", "1999/00", "2000/01", "2001/02", "2002/03"],
    "1998-1999": ["1998-1999", "1999-2000", "2000-2001", "2001-2002", "2002-2003"],
    "1998–99": ["1998–99", "1999–00", "2000–01", "2001–02", "2002–03"],
    "FY1998": ["FY1998", "FY1999", "FY2000", "FY2001", "FY2002"],
    "fy 98": ["fy 98", "fy 99", "fy 00", "fy 01", "fy 02"],
    "FY1998/99": ["FY1998/99", "FY1999/00", "FY2000/01", "FY2001/02", "FY2002/03"],
}


def starts(years):
    return pd.Series(pd.to_datetime([f"{year}-01-01" for year in years]))


@pytest.mark.parametrize("example", FORMS)
def test_labels_are_written_in_the_form_of_an_example(example):
    assert [label_in_form(year, example) for year in YEARS] == FORMS[example]
    assert example_of_labels(pd.Series(FORMS[example]), starts(YEARS), ALL) == example


@pytest.mark.parametrize(
    "texts",
    [
        ["1998", "1999", "2000", "2001", "2002"],  # years
        ["1998-01", "1999-01", "2000-01", "2001-01", "2002-01"],  # months
        ["1998/99", "1999/00", "2000/2001", "2001/02", "2002/03"],  # two forms
        ["1998-01-01", "1999-01-01", "2000-01-01", "2001-01-01", "2002-01-01"],
    ],
)
def test_other_texts_are_no_labels(texts):
    assert example_of_labels(pd.Series(texts), starts(YEARS), ALL) is None


def test_years_alone_are_labels_where_they_are_known_to_be_years():
    years = pd.Series(list(map(str, YEARS)))
    assert example_of_labels(years, starts(YEARS), ALL, plain=True) == "1998"


def test_the_first_known_text_is_the_example():
    texts = pd.Series(["-", *FORMS["1998/99"]])
    assert example_of_labels(texts, starts([1997, *YEARS]), texts.ne("-").to_numpy()) == "1998/99"


def test_one_label_shows_no_form():
    assert example_of_labels(pd.Series(["1998/99"] * 3), starts([1998] * 3), ALL[:3]) is None


def test_only_the_first_days_of_years_have_labels():
    columns = Columns(time="year", label="2015/16")
    frame = pd.DataFrame({"year": starts([2020, 2021]), "cutoff": starts([2019, 2019]), "GRU": [1.0, 2.0]})
    found = labelled(frame, columns)
    assert found.to_dict("list") == {
        "year": ["2020/21", "2021/22"],
        "cutoff": ["2019/20", "2019/20"],
        "GRU": [1.0, 2.0],
    }
    assert labelled(frame, Columns(time="year")) is frame
    months = frame.assign(year=frame["year"] + pd.Timedelta(31, "D"))
    assert labelled(months, columns)["year"].tolist() == months["year"].tolist()
