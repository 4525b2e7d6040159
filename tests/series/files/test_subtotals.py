"""Rows that hold totals among the parts that these add up."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import stamps, values
from unrolled.series.files import ReadOptions, read_file

MONTHS = pd.date_range("2019-01-01", periods=36, freq="MS")


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("total", ["Total {0};", "{0};Total", "{0};Annual"])
def test_the_lines_of_totals_of_years_are_listed(file, merged, total):
    lines = ["Año;Mes;Ventas"]
    for k, month in enumerate(MONTHS):
        lines.append(f"{'' if merged and month.month > 1 else month.year};{month:%B};{k + 100}")
        if month.month == 12:
            lines.append(total.format(month.year) + ";9999")
    path = file(*lines)
    with pytest.raises(un.DataError, match=r"line 14: '.*' names a total .* use `skip_rows='14,27") as error:
        read_file(path)
    skipped = str(error.value).split("skip_rows='")[1].split("'")[0]
    table = read_file(path, ReadOptions(skip_rows=skipped))
    assert (stamps(table).tolist(), values(table)) == (MONTHS.tolist(), list(range(100, 136)))


def test_a_total_beside_numbered_shops_is_a_series(file):
    rows = [f"{month:%Y-%m},{shop},{k}" for k, month in enumerate(MONTHS) for shop in (1, 2, "Total")]
    assert read_file(file("month,shop,sales", *rows)).series == {"1", "2", "Total"}
