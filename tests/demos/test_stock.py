"""The stock demo: no knowledge of the future, and a forecast that reads its own outputs."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

import unrolled as un
from unrolled.demos import prices, stock
from unrolled.demos.base import Transcript

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="module")
def result():
    said = []
    return stock.run(said.append, epochs=2), said


def test_bundled_prices_give_the_windows_of_the_text(result):
    _, said = result
    assert "X_train (555, 50, 1) y_train (555, 1)" in said
    assert "X_test (151, 50, 1) y_test (151, 1)" in said
    parts = prices.split(prices.bundled().open)
    assert parts.n_training == 605
    assert (parts.x_train.min(), parts.x_train.max()) == (0, 1)


def test_result(result):
    found, said = result
    assert found.right, found.why
    assert found.report.ok
    assert found.lines == said
    assert sum(line.startswith("epoch") for line in said) == 2
    assert len(found.numbers["loss"]) == 2
    assert len(found.figure().data) == 7
    json.dumps(found.numbers)


def test_errors_are_those_of_the_forecasts(result):
    numbers, opening = result[0].numbers, prices.bundled().open
    truth = opening[605:]
    assert numbers["rmse_network"] == pytest.approx(np.sqrt(np.mean((numbers["test_forecast"] - truth) ** 2)))
    assert numbers["rmse_yesterday"] == pytest.approx(np.sqrt(np.mean(np.diff(opening)[604:] ** 2)))
    comparison = "beats" if numbers["rmse_network"] < numbers["rmse_yesterday"] else "loses"
    assert any(f"the network {comparison}" in line for line in result[0].lines)


def test_the_test_part_changes_nothing_that_is_fitted():
    opening = prices.bundled().open[:120]
    poisoned = opening.copy()
    n = prices.split(opening).n_training
    poisoned[n:] *= -1000
    trained = []
    for series in (opening, poisoned):
        parts = prices.split(series)
        net = un.Network([un.RNN(5), un.Last(), un.Dense(1)], input_size=1, seed=0)
        stock.train(net, parts, 2, 0, Transcript())
        trained.append((parts.scale, parts.x_train, parts.y_train, net.parameters, parts.x_test[0]))
    for clean, dirty in zip(*trained, strict=True):
        np.testing.assert_array_equal(clean, dirty)


def test_each_step_of_the_forecast_reads_the_one_before(rng):
    net = un.Network([un.RNN(6), un.Last(), un.Dense(1)], input_size=1, dtype="float64", seed=3)
    window = rng.uniform(size=50)
    path = stock.n_steps(net, window, 7)
    assert len(path) == 7
    for step in range(7):
        read = np.concatenate((window, path[:step]))
        np.testing.assert_allclose(net.forward(read.reshape(1, -1, 1))[0].item(), path[step], rtol=0, atol=1e-13)
    assert stock.feeds_on_itself(net, window, path)
    path[3] += 0.1  # an answer that was not read
    assert not stock.feeds_on_itself(net, window, path)


def test_horizon_past_the_test_part():
    found = stock.run(epochs=1, horizon=160)
    assert len(found.numbers["from_end"]) == 160
    assert any("151 days ahead" in line for line in found.lines)
    found.figure()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be a whole number ≥ 1; got 0"),
        ({"horizon": 0}, "`horizon` must be a whole number ≥ 1; got 0"),
        ({"seed": -1}, "a seed is a whole number"),
        ({"start": "2020-04-01"}, "select the prices of a ticker"),
        ({"ticker": "A B"}, "one symbol such as GOOGL"),
        ({"ticker": "GOOGL", "start": "04/01/2020"}, "`start` must be a date such as 2020-04-01; got '04/01/2020'"),
        ({"ticker": "GOOGL", "start": "2023-04-01", "end": "2020-04-01"}, "`start` must be before `end`"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(un.InputError, match=message):
        stock.run(**options)


def test_demo_on_a_ticker(web):
    web["/chart/GOOG"] = (200, (RECORDED / "yahoo_chart_goog.json").read_bytes())
    found = stock.run(epochs=1, horizon=3, ticker="GOOG", start="2008-05-23", end="2008-10-15")
    assert found.lines[0] == "GOOG: 99 opening prices, 2008-05-23 to 2008-10-14"
    assert "X_train (30, 50, 1) y_train (30, 1)" in found.lines
    assert found.report.ok
    found.figure()


def test_no_network(web, capfd):
    from curl_cffi.requests.exceptions import DNSError

    logger = logging.getLogger("yfinance")
    before = (logger.propagate, list(logger.handlers))
    web.clear()
    web["yahoo.com"] = DNSError("Could not resolve host: query2.finance.yahoo.com", 6)
    with pytest.raises(un.DataError, match=r"'GOOGL' from 2020-04-01 to 2023-04-01.*Could not resolve host.*network"):
        stock.run(ticker="GOOGL")
    assert capfd.readouterr() == ("", "")
    assert (logger.propagate, list(logger.handlers)) == before


def test_without_yfinance(monkeypatch):
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(un.InputError, match=r"pip install 'unrolled\[yahoo\]'"):
        stock.run(ticker="GOOGL")
