"""Cells in a real kernel of a notebook, and the messages to its front end."""

from __future__ import annotations

import base64
import re

import nbformat
import pytest

from kernel import Ran, kernel
from pages import Page
from shell import AIR

SETUP = """
import pandas as pd, unrolled as un
df = un.read_table("air_passengers.csv")
small = dict(steps=20, ensemble=2, hidden=4, window=12)
fc = un.Forecaster(3, **small).fit(df)
endless = un.Forecaster(3, steps=1_000_000, ensemble=1, hidden=4)
net = un.Network([un.RNN(2), un.Last(), un.Dense(1)], input_size=1)
x = [[[1.0], [2.0]], [[3.0], [1.0]]]
"""
EMPTY = "<span></span>"  # the rest of the line
NOTEBOOK = AIR.parent / "forecast.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    place = tmp_path_factory.mktemp("notebook")
    (place / AIR.name).write_bytes(AIR.read_bytes())
    with kernel(place) as started:
        assert started.run(SETUP).outputs != []
        yield started


@pytest.fixture(params=["native", "numpy"])
def engine(request, cells):
    """Either engine, in use in the kernel during the test."""
    assert cells.run(f"un.use_engine({request.param!r})").outputs == []
    yield request.param
    cells.run("un.use_engine('auto')")


def text(ran: Ran) -> str:
    """The readable text of the only output."""
    return Page(ran.data["text/html"]).text


def message(ran: Ran) -> str:
    """The error below a cell, without its colours."""
    (output,) = ran.outputs
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))


# --- training ---------------------------------------------------------------------------------------


def assert_one_line(ran: Ran) -> list[str]:
    """Assert that one display is updated in place and empty at the end; its texts before."""
    shown, *updates = [m["content"] for m in ran.messages if m["msg_type"].endswith("display_data")]
    assert ran.kinds[: len(updates) + 1] == ["display_data", *["update_display_data"] * len(updates)]
    assert {c["transient"]["display_id"] for c in updates} == {shown["transient"]["display_id"]}
    states = [c["data"]["text/html"] for c in (shown, *updates)]
    assert ran.outputs[0]["data"] == {"text/html": EMPTY, "text/plain": ""}
    assert [k for k, html in enumerate(states) if html == EMPTY] == [0, len(states) - 1]
    return [Page(html).text for html in states[1:-1]]


def test_training_shows_one_line_and_leaves_nothing(cells, engine):
    ran = cells.run("fitted = un.Forecaster(3, **small).fit(df)")
    assert_one_line(ran)
    assert set(ran.kinds) == {"display_data", "update_display_data"}  # no stream
    assert len(ran.outputs) == 1
    assert cells.run("un.Forecaster(3, verbose=0, **small).fit(df);").messages == []


def test_a_backtest_and_a_search_show_one_line(cells):
    assert_one_line(cells.run("rows = fc.cross_validation(df, n_windows=2)"))
    assert_one_line(cells.run("found = un.Forecaster(3, cell='auto', max_trials=4, **small).fit(df)"))


def test_the_stop_button_keeps_the_best_so_far(cells, engine):
    ran = cells.run("endless.fit(df)", interrupt_at="loss")
    states = assert_one_line(ran)
    assert "training without the held-out end" in states[-1]
    assert re.search(r"network 1/1 · step \d+/\d+ · loss ", states[-1])
    assert ran.kinds[-1] == "execute_result"
    assert "interrupted: the networks have not seen the last" in Page(ran.outputs[1]["data"]["text/html"]).text
    assert cells.run("print(len(endless.predict(level=80).dropna()))").outputs[0]["text"] == "3\n"


def test_the_stop_button_ends_the_training_of_a_network(cells, engine):
    ran = cells.run("history = net.fit(x, [[1.0], [2.0]], epochs=10_000_000)", interrupt_at="loss")
    assert "epoch" in assert_one_line(ran)[-1]
    assert text(cells.run("history")).startswith("History(")
    assert cells.run("history.stopped, history.restored").data == {"text/plain": "('interrupted', True)"}
    assert cells.run("net.forward(x)[0].shape").data == {"text/plain": "(2, 1)"}


# --- objects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("fc", "Forecaster(horizon=3"),
        ("fc", "fitted on 1 series, monthly"),
        ("un.Forecaster(3)", "not fitted"),
        ("un.Forecaster(3, alias='<script>owned</script>')", "<script>owned</script>"),
        ("fc.held_out_", "SeasonalNaive"),
        ("net", "weight_hh 2 × 2"),
        ("net.fit(x, [[1.0], [2.0]], epochs=2, verbose=0)", "History(2 epochs"),
        ("un.check_gradients(net, x, [[1.0], [2.0]])", "All gradients agree"),
        ("un.score(fc.predict(df[:-3]), df)", "3 of 3 forecast rows have actual values"),
    ],
)
def test_objects_have_html_representations(cells, expression, said):
    ran = cells.run(expression)
    assert ran.kinds == ["execute_result"]
    assert said in text(ran)
    assert set(ran.data) == {"text/html", "text/plain"}
    assert "script" not in {tag for tag, _ in Page(ran.data["text/html"]).elements}


@pytest.mark.parametrize(
    ("source", "kind"), [("fc.report()", "execute_result"), ("fc.report().show()", "display_data")]
)
def test_a_report_is_shown_once_in_a_frame(cells, source, kind):
    ran = cells.run(source)
    assert ran.kinds == [kind]
    ((tag, attributes),) = Page(ran.data["text/html"]).elements
    assert tag == "iframe"
    assert Page(attributes["srcdoc"]).data["series"][0]["y"][-1] == 432


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("fc.plot()", "execute_result"),
        ("history.plot()", "execute_result"),
        ("figure = fc.plot()\ndisplay(figure)", "display_data"),
        ("import matplotlib.pyplot\nfc.plot()", "execute_result"),
        ("%matplotlib inline\nfc.plot()", "execute_result"),
    ],
)
def test_a_figure_is_shown_once(cells, source, kind):
    cells.run("history = net.fit(x, [[1.0], [2.0]], epochs=3, verbose=0)")
    ran = cells.run(source)
    assert ran.kinds == [kind]
    assert set(ran.data) == {"image/png", "text/plain"}
    assert base64.b64decode(ran.data["image/png"]).startswith(b"\x89PNG")


def test_a_figure_assigned_to_a_name_is_not_shown(cells):
    assert cells.run("figure = fc.plot()\nfigure.savefig('figure.svg')").messages == []


# --- errors -----------------------------------------------------------------------------------------


def test_an_error_shows_the_lines_of_the_cell_and_one_message(cells):
    ran = cells.run("def forecast():\n    return un.load('air_passengers.csv')\n\nforecast()")
    said = message(ran)
    assert re.findall(r"^-+> (\d)", said, re.MULTILINE) == ["4", "2"]
    assert said.splitlines()[-1].startswith("ModelFileError: air_passengers.csv is not a model file")
    assert "site-packages" not in said
    assert "storage.py" not in said
    assert "direct cause" not in said
    assert ran.outputs[0]["ename"] == "ModelFileError"


def test_xmode_verbose_shows_the_whole_traceback(cells):
    cells.run("%xmode Verbose")
    said = message(cells.run("un.Forecaster(3).predict()"))
    cells.run("%xmode Context")
    assert "return self._fitted" in said
    assert said.splitlines()[-1] == "InputError: this forecaster has not been fitted: call fit(df) first."
    assert "return self._fitted" not in message(cells.run("un.Forecaster(3).predict()"))


def test_an_error_in_the_middle_of_a_training_leaves_no_line(cells):
    ran = cells.run("net.fit(x, [[1.0], [2.0]], optimizer=un.SGD(1e30), clip_norm=None, epochs=50)")
    assert_one_line(ran)
    assert ran.outputs[1]["ename"] == "TrainingDiverged"
    assert ran.kinds[-1] == "error"


# --- requirements of a front end --------------------------------------------------------------------


def addresses(html: str) -> list[str]:
    """The addresses that a page would load, including those in frames."""
    page = Page(html)
    found = [a[name] for _, a in page.elements for name in ("src", "href", "data", "action", "poster") if a.get(name)]
    found += re.findall(
        r"url\(|@import|https?://(?!www\.w3\.org/)[^\s\"'<]*", " ".join([*page.styles, *page.scripts])
    )
    for _, attributes in page.elements:
        found += addresses(attributes.get("srcdoc") or "")
    return [address for address in found if not address.startswith(("#", "data:"))]


def test_pages_that_would_load_something_are_detected():
    assert addresses('<iframe srcdoc="&lt;script src=&quot;//cdn/x.js&quot;&gt;&lt;/script&gt;"></iframe>') == [
        "//cdn/x.js"
    ]
    assert addresses("<style>a{background:url(x.png)}</style>") == ["url("]


def test_neither_widgets_nor_the_internet_are_needed(cells):
    sources = ("fc", "fc.report()", "fc.plot()", "fc.fit(df)", "fc.held_out_", "net")
    runs = [cells.run(source) for source in sources]
    html = [state for ran in runs for state in ran.html]
    assert len(html) > len(sources)
    assert [address for state in html for address in addresses(state)] == []
    media = {kind for ran in runs for m in ran.messages for kind in m["content"]["data"]}
    assert media == {"text/html", "text/plain", "image/png"}
    assert not any(kind.startswith("comm") for ran in runs for kind in ran.kinds)
    assert cells.run("import sys; 'ipywidgets' in sys.modules").data == {"text/plain": "False"}


# --- the example ------------------------------------------------------------------------------------


def test_the_notebook_of_the_examples_runs_from_top_to_bottom(tmp_path):
    nb = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(nb)
    (tmp_path / AIR.name).write_bytes(AIR.read_bytes())
    sources = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in nb.cells if cell.cell_type == "code")
    with kernel(tmp_path) as started:
        for source in sources:
            ran = started.run(source)
            assert ran.outputs, source
            assert not {"error", "stream"} & set(ran.kinds), source
