"""Notebooks: the representations of objects, and the progress line of a training."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell

import unrolled as un
from pages import Page, fitted
from unrolled.interactive.notebook import in_notebook
from unrolled.interactive.progress import EpochEnd, progress_line
from unrolled.nn.training.history import History

HOSTILE = "<script>alert('x')</script>"


def shown(thing) -> dict[str, str]:
    """The representations of an object in a notebook, by kind."""
    content, _ = DisplayFormatter().format(thing)
    return content


@pytest.fixture(scope="module")
def fc() -> un.Forecaster:
    frame = pd.DataFrame({"unique_id": [HOSTILE] * 40 + ["b"] * 40, "ds": [*range(40)] * 2, "y": range(80)})
    return fitted(frame, 3, alias=HOSTILE)


def test_a_forecaster_shows_its_parameters_and_accuracy(fc):
    content = shown(fc)
    page = Page(content["text/html"])
    assert content["text/plain"] == repr(fc)
    assert "fitted on 2 series, numbered" in page.text
    assert fc.held_out_.verdict.replace("  ", " ") in page.text
    assert "not fitted" in Page(shown(un.Forecaster(3))["text/html"]).text
    assert "script" not in {tag for tag, _ in page.elements}


def test_the_held_out_comparison_ranks_the_models(fc):
    page = Page(shown(fc.held_out_)["text/html"])
    rows = [a.get("class") for tag, a in page.elements if tag == "tr"]
    errors = fc.held_out_.short["MASE"]
    assert rows[1 + list(errors.index).index(HOSTILE)] == "ours"
    assert page.text.index(str(errors.index[0])) < page.text.index(str(errors.index[-1]))


def test_a_network_shows_its_layers_and_parameters():
    net = un.Network([un.LSTM(3), un.Last(), un.Dense(1)], input_size=2)
    page = Page(shown(net)["text/html"])
    assert "weight_ih 12 × 2, weight_hh 12 × 3, bias 12" in page.text
    assert str(net.views["0.weight_ih"].size + net.views["0.weight_hh"].size + 12) in page.text
    heads = [a.get("class") for tag, a in page.elements if tag == "th" and a["scope"] == "col"]
    assert heads == [None, "words", None, "words"]  # numbers are aligned to the right, words to the left


def test_a_score_ranks_the_models_and_omits_missing_measures():
    forecast = pd.DataFrame({"ds": [4, 5], "B": [9.0, 9.0], "A": [11.0, 12.0], "A-lo-80": 9.0, "A-hi-80": 13.0})
    actuals = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [6.0, 8.0, 10.0, 11.0]})
    page = Page(shown(un.score(forecast, actuals))["text/html"])
    assert "1 of 2 forecast rows have actual values" in page.text
    assert page.text.index("A 0 0") < page.text.index("B 20 ")
    assert "nan" not in page.text


def test_a_long_history_is_cut_in_the_middle():
    n = 100
    history = History([1.0 / (k + 1) for k in range(n)], [], [0.1] * n, [float(k) for k in range(n)], best_epoch=99)
    page = Page(shown(history)["text/html"])
    assert [tag for tag, _ in page.elements].count("tr") == 21
    assert "80 more epochs: 10 … 89" in page.text
    assert "0.01" in page.text


def test_a_gradient_check_shows_every_array():
    net = un.Network([un.RNN(2), un.Last(), un.Dense(1)], input_size=1)
    report = un.check_gradients(net, [[[1.0], [2.0]]], [[1.0]])
    page = Page(shown(report)["text/html"])
    assert "All gradients agree" in page.text
    assert all(row.name in page.text for row in report.rows)


def test_a_report_has_a_frame_of_its_own(fc):
    report = fc.report(title=HOSTILE)
    ((tag, attributes),) = Page(shown(report)["text/html"]).elements
    assert tag == "iframe"
    assert attributes["srcdoc"] == report.to_html()
    assert attributes["title"] == HOSTILE


# --- progress ---------------------------------------------------------------------------------------


class Kernel(InteractiveShell):
    """A shell whose front end keeps all messages."""

    kernel = "there is one"


@pytest.fixture
def sent(monkeypatch):
    """The messages to a front end: each display, and each update of one."""
    messages: list[tuple[bool, str]] = []

    def publish(data, metadata=None, *, update=False, **_):
        messages.append((update, data["text/html"]))

    monkeypatch.setenv("IPYTHONDIR", "/nonexistent")
    shell = Kernel.instance()
    monkeypatch.setattr(shell.display_pub, "publish", publish)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("unrolled.interactive.notebook.UPDATE_INTERVAL_S", 0.0)
    yield messages
    Kernel.clear_instance()


def test_a_console_is_no_notebook():
    assert not in_notebook()


def test_training_in_a_notebook_updates_one_line_and_leaves_nothing(sent):
    assert in_notebook()
    with progress_line("training <b>", 2, verbose=1) as line:
        line.within_epoch(0, 0.5)
        line.end_epoch(EpochEnd(0, 0.25, 0.5, 0.01, 1.0))
    assert [update for update, _ in sent] == [False, True, True, True, True]
    assert "training &lt;b&gt; · epoch 0/2" in sent[1][1]
    assert 'value="0.250"' in sent[2][1]
    assert "epoch 1/2 · loss 0.25, validation 0.5" in sent[3][1]
    assert sent[4][1] == "<span></span>"


def test_verbose_0_is_silent_in_notebooks(sent):
    with progress_line("training", 2, verbose=0) as line:
        line.within_epoch(0, 0.5)
    assert sent == []
