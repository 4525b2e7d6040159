"""The choice of the engine: the compiled one if it has all kernels, else NumPy with a warning; no side effects."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import unrolled as un
from support import cell_variants, label, task
from unrolled.nn import engines
from unrolled.nn.activations import ACTIVATIONS
from unrolled.nn.cells import CELLS, HiddenState
from unrolled.nn.datasets import Arrays
from unrolled.nn.engines import ENGINES, Job
from unrolled.nn.layers import LAYERS
from unrolled.nn.losses import LOSSES, MSE
from unrolled.nn.optimizers import OPTIMIZERS
from unrolled.nn.program import ProgramBuilder

INSTRUCTION_SETS = import_module("unrolled.nn.engines.native").INSTRUCTION_SETS if "native" in ENGINES else ()
X, Y = np.linspace(-1, 1, 60).reshape(10, 6, 1), np.linspace(0, 1, 10).reshape(10, 1)


def network(*layers) -> un.Network:
    return un.Network([*(layers or (un.RNN(3),)), un.Last(), un.Dense(1)], 1)


def fit(net, **options) -> un.History:
    return net.fit(X, Y, **{"epochs": 2, "batch_size": 4, "verbose": 0, **options})


@pytest.fixture(autouse=True)
def as_at_the_start(monkeypatch):
    """No engine has been chosen, and no warning has been given."""
    monkeypatch.setattr(engines, "_chosen", None)
    monkeypatch.setattr(engines, "_warned", set())
    monkeypatch.delenv("UNROLLED_ENGINE", raising=False)


# --- additions of a user ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaky(un.Cell):
    """h = (h_prev + a) / 2."""

    kind: ClassVar[str] = "leaky"
    gates: ClassVar[tuple[str, ...]] = ("a",)

    def step(self, a, state, p):
        return HiddenState((state.h + a) / 2), None

    def step_back(self, dstate, saved, p, dp):
        return dstate.h / 2, HiddenState(dstate.h / 2)


class Doubled(un.Layer):
    kind: ClassVar[str] = "doubled"

    def apply(self, inputs, p, context):
        return 2 * inputs[0], None

    def apply_back(self, dy, saved, p, dp):
        return [2 * dy]


class ForgetfulLSTM(un.LSTM):
    """A cell of the library with other mathematics: the kernel of its parent would be wrong."""

    def step(self, a, state, p):
        return super().step(a, state._replace(c=0 * state.c), p)


class Doubtful(MSE):
    def cost(self, prediction, target):
        cost, slope = super().cost(prediction, target)
        return 2 * cost, 2 * slope


class Slow(un.Adam):
    def step(self, params, grads, state, rate):
        super().step(params, grads, state, rate / 100)


OWN = {  # layers, options of `fit`, the part without a kernel
    "cell": ((Leaky(3),), {}, r"layer 0 \(leaky\)"),
    "layer": ((un.GRU(3), Doubled()), {}, r"layer 1 \(doubled\)"),
    "changed cell": ((un.GRU(3), ForgetfulLSTM(3)), {}, r"layer 1 \(lstm\)"),
    "changed loss": ((), {"loss": Doubtful()}, "the loss 'mse'"),
    "changed optimizer": ((), {"optimizer": Slow(0.01)}, "the optimizer 'adam'"),
}
EVERY_OWN = pytest.mark.parametrize("name", OWN)


def uses(name) -> dict:
    """All uses of a network that has a part without a kernel."""
    layers, options, _ = OWN[name]
    net = network(*layers)
    only_trained = {"fit": lambda: fit(net, **options).loss}
    if not layers:
        return only_trained
    return only_trained | {
        "forward": lambda: net.forward(X)[0],
        "gradients": lambda: net.gradients(X, Y)[1].parameters,
        "stream": lambda: net.stream().step(X[0, 0]),
    }


# --- everything of the library has a kernel -----------------------------------------------------------


def test_the_compiled_engine_is_built_and_the_default():
    assert "native" in ENGINES
    assert un.active_engine() is ENGINES["native"]


def one_operation(rule):
    """A program of one operation; its parameters."""
    builder = ProgramBuilder()
    x = builder.input("x", 1 if rule.kind == "embedding" else 2)
    program = builder.build(builder.add(rule, *[x] * (1 + (rule.kind in ("concatenate", "add"))), name="0"))
    return program, program.initialize(0, np.dtype("float32"))


OURS = [type_ for type_ in CELLS.values() if type_.__module__.startswith("unrolled.")]
RULES = [
    *(cell for cell in cell_variants(3) if type(cell) in OURS),
    *(un.RNN(3, activation) for activation in ACTIVATIONS),
    *(un.Dense((2, 3), activation) for activation in (None, *ACTIVATIONS)),
    un.Embedding(2, 3),
    un.Dropout(0.5),
    *(LAYERS[kind]() for kind in LAYERS if kind not in ("dense", "embedding", "dropout")),
]


def test_no_rule_of_the_library_is_left_out():
    assert {type(rule) for rule in RULES} == {*OURS, *LAYERS.values()}


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_every_layer_has_a_kernel(rule):
    program, params = one_operation(rule)
    assert ENGINES["native"].missing(program) is None
    x = np.ones((2, 3, *program.buffers["x"].shape))
    assert np.isfinite(ENGINES["native"].forward(program, params, {"x": x}).outputs[0]).all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_loss_and_every_optimizer_has_a_kernel(loss, optimizer, rng):
    last, target = task(LOSSES[loss](), (10,), rng)
    net = un.Network([un.Last(), last], 1)
    job = Job(net.program, Arrays(X, target), LOSSES[loss](), OPTIMIZERS[optimizer](), 4, 1.0, seed=0)
    engine, before = ENGINES["native"], net.parameters.copy()
    assert engine.missing(net.program, job.loss, job.optimizer) is None
    state = job.optimizer.start(net.parameters)
    sums = engine.train(job, net.parameters, state, np.arange(10), 0, 0, np.full(3, 1e-3))
    assert np.isfinite(sums.totals).all()
    assert (net.parameters != before).any()


# --- parts without one---------------------------------------------------------------------------------


@EVERY_OWN
def test_the_compiled_engine_names_the_rule_without_a_kernel(name):
    un.use_engine("native")
    for use in uses(name).values():
        with pytest.raises(un.InputError, match=f"native engine has no kernel for {OWN[name][2]}. Use the engine"):
            use()


@EVERY_OWN
def test_numpy_runs_rules_without_a_kernel_and_warns_once(name):
    with pytest.warns(UserWarning, match=f"no compiled kernel for {OWN[name][2]}: the whole network runs on") as said:
        found = [use() for use in [*uses(name).values()] * 2]
    assert len(said) == 1
    un.use_engine("numpy")
    for a, use in zip(found, [*uses(name).values()] * 2, strict=True):
        np.testing.assert_array_equal(a, use())


@pytest.mark.parametrize("how", ["fit", "forward", "gradients", "stream"])
def test_a_warning_names_the_line_of_the_user(how):
    with pytest.warns(UserWarning, match="no compiled kernel") as said:
        uses("cell")[how]()
    assert said[0].filename == __file__


# --- the choice ---------------------------------------------------------------------------------------


def python(code: str, **environment) -> subprocess.CompletedProcess:
    """A process that shows all warnings, and does not inherit a choice."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("UNROLLED_ENGINE", "UNROLLED_SIMD")}
    return subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", code],
        env=inherited | environment,
        capture_output=True,
        text=True,
    )


SHOW = "import unrolled as un; print(un.active_engine().identity); "


@pytest.mark.parametrize("name", ["", "auto", "native", "numpy"])
def test_the_program_overrides_the_choice_of_the_environment(name):
    done = python(
        SHOW + "un.use_engine('numpy'); print(un.active_engine().name); un.use_engine('auto'); "
        "print(un.active_engine().name)",
        UNROLLED_ENGINE=name,
    )
    first, *others = done.stdout.split("\n")[:-1]
    assert first.split()[0] == ("numpy" if name == "numpy" else "native")
    assert others == ["numpy", "native"]
    assert done.stderr == ""


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_the_environment_chooses_the_instructions(instruction_set):
    done = python(SHOW, UNROLLED_SIMD=instruction_set)
    assert (done.stdout, done.stderr) == (f"native {instruction_set}\n", "")


def test_unknown_instructions_are_an_error_that_names_the_known_ones():
    done = python(SHOW, UNROLLED_SIMD="mmx")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "unrolled.errors.InputError: UNROLLED_SIMD='mmx': this machine can"
    )
    assert done.stderr.rstrip().endswith("portable.")


def test_a_training_is_resumed_by_the_same_engine_and_instructions_only(tmp_path, monkeypatch):
    def use(engine):
        monkeypatch.setitem(ENGINES, engine.name, engine)
        un.use_engine(engine.name)

    every = [ENGINES["numpy"], *(type(ENGINES["native"])(name) for name in INSTRUCTION_SETS)]
    for writer in every:
        path = tmp_path / writer.identity
        use(writer)
        expected = fit(network(), checkpoint=path)
        for reader in every:
            use(reader)
            if reader.identity == writer.identity:
                assert fit(network(), checkpoint=path).loss == expected.loss
                continue
            with pytest.raises(un.InputError, match="is of another training"):
                fit(network(), checkpoint=path)


# --- without the compiled module ----------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["unrolled.nn.engines._native"] = None
import numpy as np, pandas as pd, unrolled as un
x = np.ones((8, 4, 1))
net = un.Network([un.LSTM(3), un.Last(), un.Dense(1)], 1)
for _ in range(2):
    net.fit(x, x[:, 0], epochs=1)
    net.forward(x)
y = np.sin(np.arange(60.0))
table = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=60), "y": y})
print(len(un.Forecaster(horizon=3, hidden=4, steps=20, ensemble=1).fit(table).predict()), un.active_engine().identity)
"""


def test_without_the_compiled_module_numpy_runs_everything_and_warns_once():
    done = python(WITHOUT)
    assert done.stdout == "3 numpy\n"
    assert done.stderr.count("UserWarning") == done.stderr.count("the compiled engine is not available") == 1


def test_without_the_compiled_module_choosing_numpy_gives_no_warning():
    done = python(WITHOUT, UNROLLED_ENGINE="numpy")
    assert (done.stdout, done.stderr) == ("3 numpy\n", "")


def test_without_the_compiled_module_choosing_it_is_an_error():
    done = python(WITHOUT, UNROLLED_ENGINE="native")
    assert done.returncode == 1
    assert done.stderr.endswith(
        "UNROLLED_ENGINE='native': no engine is called 'native'; this build has: auto, numpy.\n"
    )


# --- side effects of the compiled engine --------------------------------------------------------------


def test_denormals_are_flushed_only_inside_the_engine():
    net = un.Network([un.Dense(1, bias=False)], 1)
    net.parameters, x, tiny = [1e-30], np.full((2, 1, 1), 1e-10), np.full(1000, 1e-40, np.float32)
    for use in (lambda: net.forward(x)[0], lambda: net.stream().step(x[0, 0]), lambda: net.fit(x, x, verbose=0)):
        result = use()
        assert isinstance(result, un.History) or (result == 0).all()
        assert (tiny * np.float32(1) != 0).all()


def test_a_tape_is_used_once_and_its_results_share_no_memory():
    net, kept = network(un.LSTM(3)), [X]
    for _ in range(3):
        run = ENGINES["native"].forward(net.program, net.parameters, {"x": X}, None, None, True)
        with pytest.raises(un.InputError, match="an output's gradient must hold 10 numbers; got 5"):
            ENGINES["native"].backward(run.tape, (Y[:5],))
        back = ENGINES["native"].backward(run.tape, (Y,))  # refused calls have not used it up
        with pytest.raises(un.InputError, match="a tape is used once"):
            ENGINES["native"].backward(run.tape, (Y,))
        kept += [net.parameters, *run.outputs, *run.state["0.final"], back.parameters, back.inputs["x"]]
        assert not any(np.shares_memory(a, b) for k, a in enumerate(kept) for b in kept[:k] if a is not b)


STATM = Path("/proc/self/statm")
ASAN = "asan" in os.environ.get("LD_PRELOAD", "")  # it keeps freed memory to catch late reads


def pages() -> int:
    """Memory in use, if the system reports it."""
    return int(STATM.read_text().split()[1]) if STATM.exists() and not ASAN else 0


def test_deleted_networks_release_their_memory():
    x, y = np.ones((64, 16, 1)), np.ones((64, 1))

    def come_and_go(times) -> list:
        programs = []
        for _ in range(times):
            net = network(un.LSTM(32))
            net.fit(x, y, epochs=1, batch_size=64, verbose=0)
            net.gradients(x, y)
            net.forward(x)
            net.stream().step(x[0, 0])
            programs.append(weakref.ref(net.program))
        return programs

    come_and_go(20)
    before = pages()
    programs = come_and_go(200)
    gc.collect()
    assert not any(program() for program in programs)
    assert pages() - before < 5000  # 200 such networks take 25 000 and more


def test_without_the_compiled_module_a_command_warns_in_one_line():
    code = "import sys\nsys.modules['unrolled.nn.engines._native'] = None\nfrom unrolled.cli import main\n"
    done = python(f"{code}sys.argv = ['unrolled', 'info']\nmain()")
    lines = [line for line in done.stderr.splitlines() if "compiled engine" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning: the compiled engine is not available")
