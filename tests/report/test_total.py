"""The sum over all series of a report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pages import fitted
from unrolled.report import tables
from unrolled.report.content import ReportContent
from unrolled.report.html import page
from unrolled.report.markdown import document
from unrolled.report.total import total_of


def shops(starts=(0, 5), ends=(60, 60)) -> pd.DataFrame:
    """Two series of months, each with another part of 60 months."""
    months, rng = pd.date_range("2020-01-01", periods=60, freq="MS"), np.random.default_rng(0)
    values = [100 * (k + 1) + rng.normal(size=60) for k in range(2)]
    return pd.concat(
        pd.DataFrame({"unique_id": f"shop {k}", "ds": months[a:b], "y": values[k][a:b]})
        for k, (a, b) in enumerate(zip(starts, ends, strict=True))
    )


def content_of(df: pd.DataFrame) -> ReportContent:
    return fitted(df, 3, steps=2).report(title="shops").content


def test_actual_values_and_forecasts_are_summed_from_the_first_common_month_on():
    df, content = shops(), content_of(shops())
    total = total_of(content)
    by_month = df.groupby("ds")["y"].agg(["sum", "count"]).query("count == 2")["sum"]
    np.testing.assert_allclose(total.y, by_month)
    assert total.stamps[0] == by_month.index[0]
    assert len(total.stamps) == len(total.y) + 3
    ahead = content.forecast.groupby("ds")["GRU"].sum()
    np.testing.assert_allclose(total.forecast["GRU"], ahead, rtol=0.02)  # medians of sums, not sums of medians
    widths = [total.forecast[f"GRU-hi-{level}"] - total.forecast[f"GRU-lo-{level}"] for level in (50, 80, 95)]
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < widths[2]).all()


def test_the_table_compares_the_sums_of_the_last_held_out_horizon():
    df, content = shops(), content_of(shops())
    shown = tables.total(content, total_of(content))
    actual = df[df["ds"] >= "2024-10-01"]["y"].sum()
    assert shown.rows[0] == ["actual", f"{actual:.2f}", ""]
    assert {"GRU", "Naive", "SeasonalNaive", "Drift", "Theta"} < {row[0] for row in shown.rows[1:]}
    naive = df[df["ds"] == "2024-09-01"]["y"].sum() * 3
    row = next(row for row in shown.rows if row[0] == "Naive")
    assert row[1] == f"{naive:.2f}"
    assert row[2].replace("−", "-") == f"{100 * (naive / actual - 1):.1f} %".replace("-0.0", "0.0")


@pytest.mark.parametrize("df", [shops(ends=(60, 58)), shops()[lambda t: t["unique_id"] == "shop 0"]])
def test_series_that_end_at_different_times_and_single_ones_have_no_total(df):
    assert total_of(content_of(df)) is None


def test_reports_show_it_and_say_where_its_intervals_come_from():
    content = content_of(shops())
    for text in (page(content), document(content)):
        assert "Total of all series" in text
        assert "come from sample paths of all series" in text
