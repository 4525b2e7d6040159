"""What all demos have in common."""

from __future__ import annotations

import doctest
import itertools
import json
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import pytest

import unrolled as un
from unrolled import demos
from unrolled.demos import DEMOS, base, fish, sales

QUICK = ("fish", "symbols", "counting", "sales")  # the stock demo has a file of its own


TRACES = {"fish": 3, "symbols": 7, "counting": 9, "sales": 5}


@pytest.mark.parametrize("name", QUICK)
def test_result(name, capfd):
    said = []
    result = DEMOS[name](say=said.append, seed=0)
    assert result.name == name
    assert result.lines == said
    assert not any("\n" in line for line in said)
    assert result.right, result.why
    assert result.report.ok
    assert said[-1] == result.why.split("\n")[-1]
    assert len(result.figure().data) == TRACES[name]
    assert json.loads(json.dumps(result.numbers))["right"] is True
    assert capfd.readouterr() == ("", "")  # a demo speaks through `say` only


@pytest.mark.parametrize("name", QUICK)
def test_epochs_and_seed(name):
    short = DEMOS[name](epochs=3, seed=5)
    again = DEMOS[name](epochs=3, seed=5)
    assert short.lines == again.lines
    assert short.lines != DEMOS[name](epochs=3, seed=6).lines
    assert len(short.numbers.get("loss") or short.numbers["rmse"][1:]) == 3


@pytest.mark.parametrize("name", ["fish", "symbols", "counting", "sales"])
@pytest.mark.parametrize("epochs", [0, -1, 1.5, True, "ten"])
def test_bad_epochs(name, epochs):
    with pytest.raises(un.InputError, match=r"`epochs` must be a whole number ≥ 1; got"):
        DEMOS[name](epochs=epochs)


@pytest.mark.parametrize("name", list(DEMOS))
@pytest.mark.parametrize("seed", [-1, 0.5])
def test_bad_seed(name, seed):
    with pytest.raises(un.InputError, match=r"a seed is a whole number"):
        DEMOS[name](seed=seed)


def test_a_claim_that_does_not_hold_is_reported():
    result = fish.run(epochs=1)
    assert not result.right
    assert "NOT RIGHT, because" in result.lines
    assert "  NO   the prediction" in result.why


def test_importing_the_demos_loads_neither_pandas_nor_plotly():
    code = (
        "import sys, unrolled.demos as d; d.DEMOS['fish'](); print({'pandas', 'plotly', 'yfinance'} & {*sys.modules})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


def test_examples_in_the_package():
    failed, tried = doctest.testmod(demos)
    assert tried > 0
    assert failed == 0


def test_sales_windows():
    x, y = base.windows(sales.SALES, 3)
    assert (x.shape, y.shape) == ((12, 3, 1), (12, 1))
    np.testing.assert_array_equal(x[0, :, 0], [100, 90, 120])
    assert (y[0].item(), y[-1].item()) == (80, 95)


@pytest.mark.parametrize("name", QUICK)
def test_pages_are_small_and_have_one_panel_per_row_on_a_narrow_screen(name):
    figure = DEMOS[name](seed=0).figure()
    page = base.page(figure)
    assert len(page.encode()) < 10**6
    assert '<meta name="viewport"' in page
    narrow = base.stacked(figure)
    axes = [axis for axis in narrow.layout if axis.startswith("yaxis")]
    ranges = sorted(tuple(narrow.layout[axis].domain) for axis in axes)
    assert len(ranges) == sum(axis.startswith("yaxis") for axis in figure.layout)
    assert all(upper <= lower for (_, upper), (lower, _) in itertools.pairwise(ranges))
    assert {tuple(narrow.layout[axis.replace("y", "x")].domain) for axis in axes} == {(0, 1)}
    first, *_ = figure.layout.annotations  # its panel is at the top
    titles = sorted(narrow.layout.annotations, key=lambda title: -title.y)
    assert titles[0].text == first.text


def test_names_in_a_page_cannot_end_its_script():
    figure = go.Figure(go.Scatter(x=[1], y=[1], name="</script>")).update_layout(title="<b>")
    page = base.page(figure)
    assert page.count("</script>") == 2
    assert "<title>&lt;b&gt;</title>" in page
