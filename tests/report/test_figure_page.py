"""The page with only the interactive figure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pages import Page
from unrolled.report.curves import of_tables
from unrolled.report.figure_page import figure_page
from unrolled.series.columns import Columns

TITLE = "</title><script>alert(1)</script>"


def curves(series: int, rows: int = 20, steps: int = 3):
    names = np.repeat([f"shop {k}" for k in range(series)], rows + steps)
    stamps = np.tile(np.arange(rows + steps), series)
    whole = pd.DataFrame({"unique_id": names, "ds": stamps, "y": np.sin(np.arange(len(names)))})
    past = whole[whole["ds"] < rows]
    ahead = whole[whole["ds"] >= rows].rename(columns={"y": "RNN"})
    return of_tables(ahead.assign(Naive=1.5), past, Columns())


def test_the_page_has_all_series_and_describes_them():
    drawn = curves(8)
    page = Page(figure_page(drawn, "y", "RNN", TITLE))
    assert [series["id"] for series in page.data["series"]] == [f"shop {k}" for k in range(8)]
    assert page.data["series"][2]["y"] == drawn[2].y.tolist()
    assert page.data["series"][2]["forecast"]["RNN"] == drawn[2].forecast["RNN"].tolist()
    assert page.data["series"][2]["glance"] == "20 periods of the past"
    assert (page.data["name"], page.data["rivals"], page.data["horizon"]) == ("RNN", ["Naive"], 3)
    assert "'y' and 3 steps ahead by RNN." in page.text
    assert len(page.scripts) == 3  # the title is escaped
    assert "Only the first" not in page.text


def test_of_very_many_series_the_first_are_shown_with_a_note():
    page = Page(figure_page(curves(120), "y", "RNN", "many"))
    assert len(page.data["series"]) == 100
    assert "Only the first 100 of 120 series are shown." in page.text
