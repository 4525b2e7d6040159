"""Opening prices: windows, scaling, and Yahoo's answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import unrolled as un
from unrolled.demos import prices

RECORDED = Path(__file__).parent / "recorded"


def test_too_few_or_constant_prices():
    needed = 63  # ⌈0.8 · 63⌉ = 51: one window and the day after it
    prices.split(np.arange(float(needed)))
    with pytest.raises(un.DataError, match=f"{needed - 1} prices are too few.*need {needed}"):
        prices.split(np.arange(float(needed - 1)))
    with pytest.raises(un.DataError, match="all 80 training prices are 7"):
        prices.split(np.full(100, 7.0))


def test_recorded_answer_of_yahoo(web, capfd):
    web["/chart/GOOG"] = (200, (RECORDED / "yahoo_chart_goog.json").read_bytes())
    series = prices.from_yahoo("goog", "2008-05-23", "2008-10-15")
    bundled = prices.bundled()
    kept = np.delete(np.arange(656, 756), 40)  # on one day Yahoo has no prices
    assert series.name == "GOOG"
    np.testing.assert_array_equal(series.dates, bundled.dates[kept])
    np.testing.assert_allclose(series.open, bundled.open[kept], rtol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_ticker_is_refused(web, capfd):
    web["/chart/NOSUCH"] = (404, (RECORDED / "yahoo_chart_unknown.json").read_bytes())
    web["yahoo.com"] = (404, b"{}")  # it sends other requests, too
    with pytest.raises(un.DataError, match=r"no prices for 'NOSUCH' from 2020-04-01 to 2023-04-01\. .*delisted"):
        prices.from_yahoo("NOSUCH", "2020-04-01", "2023-04-01")
    assert capfd.readouterr() == ("", "")


def test_any_failure_of_the_service_is_a_data_error(web, monkeypatch):
    import yfinance

    monkeypatch.setattr(yfinance, "download", lambda *args, **options: 1 / 0)
    with pytest.raises(un.DataError, match=r"no prices for 'GOOGL'.*ZeroDivisionError"):
        prices.from_yahoo("GOOGL", "2020-04-01", "2023-04-01")
