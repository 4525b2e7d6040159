"""The demos keep their promises from every seed, and the faults of the texts are exposed."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import unrolled as un
from unrolled import demos
from unrolled.demos import DEMOS, base, counting, fish, sales, symbols

ROOT = Path(__file__).parents[2]
SEEDS = range(20)
QUICK = ("fish", "symbols", "counting", "sales")  # the stock demo has a file of its own
TRACES = {"fish": 3, "symbols": 7, "counting": 9, "sales": 5}


# --- what all demos have in common --------------------------------------------------------------------


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
    with pytest.raises(un.InputError, match=r"epochs must be a whole number ≥ 1; got"):
        DEMOS[name](epochs=epochs)


@pytest.mark.parametrize("name", list(DEMOS))
@pytest.mark.parametrize("seed", [-1, 0.5])
def test_bad_seed(name, seed):
    with pytest.raises(un.InputError, match=r"a seed is a whole number"):
        DEMOS[name](seed=seed)


def test_a_broken_promise_is_told():
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


# --- fish ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_fish(seed):
    result = fish.run(seed=seed)
    assert result.report.ok
    assert abs(result.numbers["prediction"] - 1.25) <= 0.01
    assert result.numbers["units_alive"] >= 1
    assert all(abs(slope) > 0 for slope in result.numbers["sensitivity"])
    assert result.right


def test_fish_starts_every_epoch_from_zero():
    net, rate = fish.live_network(4), 0.01
    zero = net.layers[0].zero_state(1, np.dtype("float64"))
    for _ in range(7):
        _, grads = net.gradients(fish.DAYS, fish.DAY_5, state=(zero, None, None))
        net.parameters -= rate * grads.parameters
    prediction = net.forward(fish.DAYS, state=(zero, None, None))[0].item()
    assert fish.run(seed=4, epochs=7).numbers["prediction"] == pytest.approx(prediction, rel=0, abs=1e-14)


def test_fish_says_loss_and_prediction_of_every_epoch():
    result = fish.run(epochs=12)
    lines = [line for line in result.lines if line.startswith("epoch")]
    assert [int(re.match(r"epoch +(\d+) ", line)[1]) for line in lines] == [*range(1, 13)]
    loss, prediction = (float(v) for v in re.search(r"loss (\S+) +prediction (\S+)", lines[-1]).groups())
    assert loss == pytest.approx((prediction - 1.25) ** 2, abs=1e-6)


def test_fish_sensitivity_is_the_slope_of_the_prediction():
    net = fish.live_network(0)
    for day, slope in enumerate(fish.sensitivity(net)):
        step = np.zeros_like(fish.DAYS)
        step[0, day] = 1e-6
        plus, minus = (net.forward(fish.DAYS + sign * step)[0].item() for sign in (1, -1))
        assert slope == pytest.approx((plus - minus) / 2e-6, abs=1e-8)


# --- symbols ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_symbols(seed):
    result = symbols.run(seed=seed)
    assert result.report.ok
    assert result.numbers["next_symbols"] == [2, 3, 4]
    assert result.numbers["written"] == [1, 2, 3, 4]
    assert result.right


def test_symbols_are_one_hot():
    np.testing.assert_array_equal(symbols.SEQUENCE.sum(axis=2), 1)
    np.testing.assert_array_equal(symbols.SEQUENCE.argmax(axis=2) + 1, symbols.NEXT)


def test_symbols_prints_all_parameters_every_ten_epochs():
    text = "\n".join(symbols.run(epochs=35).lines)
    blocks = re.findall(r"epoch (\d+)   loss.*?\n-{60}", text, re.DOTALL)
    assert blocks == ["10", "20", "30"]
    for name in ("0.weight_ih (3, 4)", "0.weight_hh (3, 3)", "0.bias (3,)", "1.weight (4, 3)", "1.bias (4,)"):
        assert text.count(name) == 3


# --- counting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_counting(seed):
    result = counting.run(seed=seed)
    assert result.report.ok
    assert abs(result.numbers["wx"] - 1) <= 0.01
    assert abs(result.numbers["wrec"] - 1) <= 0.01
    assert result.numbers["counted_right"] == 50
    assert result.right


def test_counting_data(rng):
    x, ones = counting.sequences(rng)
    assert x.shape == (50, 10, 1)
    assert set(np.unique(x)) == {0, 1}
    np.testing.assert_array_equal(ones[:, 0], x.sum(axis=(1, 2)))


@pytest.mark.parametrize("wrec", counting.RATES)
def test_gradient_through_time_is_a_power_of_wrec(rng, wrec):
    found = counting.gradient_through_time(*counting.sequences(rng), wrec)
    np.testing.assert_allclose(found, wrec ** np.arange(9, -1, -1), rtol=1e-12)


def test_loss_surface_is_the_loss(rng):
    x, ones = counting.sequences(rng)
    wxs, wrecs = np.array([-0.5, 1.0, 1.2]), np.array([0.7, 1.0])
    surface = counting.loss_surface(x, ones, wxs, wrecs)
    for row, wrec in enumerate(wrecs):
        for column, wx in enumerate(wxs):
            loss, _ = counting.counter(wx, wrec).gradients(x, ones)
            assert surface[row, column] == pytest.approx(loss, rel=1e-12, abs=1e-12)
    assert surface[1, 1] == 0


# --- sales --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_sales(seed):
    result = sales.run(seed=seed)
    errors = result.numbers["rmse"]
    assert result.report.ok
    assert np.mean(errors[-10:]) < np.mean(errors[:10]) / 2
    assert 10 <= result.numbers["forecast"] <= 220
    assert sum(line.startswith("epoch") for line in result.lines) == 20
    assert any("2.weight (1, 5)" in line for line in result.lines)
    assert result.right


def test_sales_windows():
    x, y = base.windows(sales.SALES, 3)
    assert (x.shape, y.shape) == ((12, 3, 1), (12, 1))
    np.testing.assert_array_equal(x[0, :, 0], [100, 90, 120])
    assert (y[0].item(), y[-1].item()) == (80, 95)


def test_sales_scale_knows_the_training_days_only(monkeypatch):
    clean = sales.hold_out(5, 0, base.Transcript())[1]
    poisoned = sales.SALES.copy()
    poisoned[-3:] = 1e6
    monkeypatch.setattr(sales, "SALES", poisoned)
    dirty = sales.hold_out(5, 0, base.Transcript())[1]
    assert clean[0] == dirty[0]  # reads days 10 to 12; the later two forecasts read poisoned days
    trained = sales.train(sales.SALES[:12], 1, 0, base.Transcript())
    assert trained.scaler == (pytest.approx(np.mean(sales.SALES[:12])), pytest.approx(np.std(sales.SALES[:12])))


# --- the faults of the texts --------------------------------------------------------------------------

sys.path.insert(0, str(ROOT / "examples"))
import faults  # noqa: E402, an example that lies beside the package
import faulty_rules  # noqa: E402


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


def test_the_right_rules_pass_where_the_faulty_fail():
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
