"""The pages of the demos show what the demos print, and the faults they describe are detected."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

import unrolled as un
from support import ROOT
from unrolled.demos import DEMOS, fish

sys.path.insert(0, str(ROOT / "examples"))
import faults
import faulty_rules


@pytest.mark.parametrize(("demo", "name"), [(demo, name) for demo, found in faults.FAULTS.items() for name in found])
def test_fault_is_exposed(demo, name):
    finding = faults.find(demo, name)
    assert finding.exposed, finding.lines


@pytest.mark.parametrize("demo", list(DEMOS))
def test_page_shows_what_the_faults_example_prints(demo):
    page = (ROOT / "docs" / "demos" / f"{demo}.md").read_text()
    assert f"<!-- faults {demo} -->\n```text\n" + "\n".join(faults.lines(demo)) + "\n```" in page


@pytest.mark.parametrize("name", ["fish", "symbols"])
def test_page_shows_what_the_demo_says(name):
    page = (ROOT / "docs" / "demos" / f"{name}.md").read_text()
    block = re.search(rf"<!-- demo {name}:.*?-->\n```text\n(.*?)\n```", page, re.DOTALL)[1]
    # errors in the table of gradients are rounding: they differ from machine to machine
    shown = [line for line in block.split("\n") if line != "..." and not re.search(r"e-\d+  ok$", line)]
    assert set(shown) <= set(DEMOS[name]().lines)


def test_the_python_in_the_counting_page_runs(capsys):
    page = (ROOT / "docs" / "demos" / "counting.md").read_text()
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], {})
    assert capsys.readouterr().out == "True\n"


def test_the_correct_rules_pass_where_faulty_ones_fail():
    for layers, data in (
        ([un.RNN(2, "relu"), un.Last(), un.Dense(1)], faults.WEEK),
        ([un.RNN(2, "relu"), un.Last(), un.Dense(2)], (fish.DAYS, np.array([[1.25, 1.5]]))),
        ([un.RNN(3), un.Dense(4)], faults.SYMBOLS),
        (faults.chain(), faults.SALES),
        (faults.chain(), faults.price_windows(8)),
    ):
        assert not faults.check(layers, *data).exposed
    net = un.Network([un.RNN(3), un.Dense(4)], input_size=4, dtype="float64")
    _, grads = net.gradients(*faults.SYMBOLS[:2], loss="cross_entropy")
    assert not faults.compare(net, faults.by_name(net, grads), *faults.SYMBOLS).exposed


def test_faulty_rules_are_in_no_registry():
    kinds = {rule.kind for rule in vars(faulty_rules).values() if getattr(rule, "kind", "").startswith("fault_")}
    assert len(kinds) == 13
    assert not kinds & {*un.CELLS, *un.nn.layers.LAYERS, *un.losses.LOSSES}
