"""For any arguments, the compiled module works or refuses; it never crashes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import decoders
import unrolled as un
from native_arguments import (
    BENT,
    CE,
    COPY,
    INSTRUCTION_SET,
    REFUSALS,
    ROWS,
    TABLE,
    F,
    N,
    T,
    X,
    native,
    ones,
    options,
    read_only,
)
from support import cell_variants
from unrolled.nn.datasets import Windows
from unrolled.nn.engines import ENGINES, Job, _native
from unrolled.nn.engines.native import INSTRUCTION_SETS, NativeEngine
from unrolled.nn.layers import LAYERS
from unrolled.nn.losses import MSE
from unrolled.nn.program import ProgramBuilder

HERE = Path(__file__).parent
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")  # a failed allocation ends such a process

# --- cases that could crash, each in a process of its own ---------------------------------------------

WIDE = 10**7
ONE, ALL = ones(1, T, 1), np.zeros((1, WIDE), np.float32)


def unwritten(what="value", width=1):
    """A program whose input is value 0, and with an output or state that nothing writes."""
    program = _native.Program(0)
    program.add_input(program.add_value(width, 1, True, True))
    if what == "state":
        program.add_state(WIDE, 1, False)
    else:
        program.add_output(program.add_value(WIDE, 1, False, False) if what == "value" else 0)
    return program


def run(program, x, lengths=None, outputs=(), finals=()):
    made = _native.Run32(program, INSTRUCTION_SET)
    made.forward(ones(0), [x], lengths, [], True, None, list(outputs), list(finals))
    return made


def train(program, size, loss, target=None, classes=None):
    data = _native.arrays(ONE, target, classes, None, None)
    trainer = _native.Trainer32(program, INSTRUCTION_SET, data, options(loss))
    trainer.train(ones(size), [], 0, ROWS[:1], 0, 0, *(np.zeros(1) for _ in range(3)))


def head(outputs):
    return native(un.Last(), un.Dense(outputs), features=1)


def train_on_windows(loss=None, window=2, masked=True, moved=0):
    """As in the library: windows of 2 steps in a table of 20, which are moved after the check."""
    builder = ProgramBuilder()
    last = builder.add(un.Last(), builder.input("x", 1, masked=masked), name="0")
    program = builder.build(builder.add(un.Dense(3 if loss else 1), last, name="1"))
    starts, one = np.arange(N), ones(N, 1, dtype=float)
    data = Windows(TABLE[:, :1].copy(), TABLE[:, 0].copy(), starts, np.full(N, 2), one, one, window, 1)
    params, engine = ones(program.size), NativeEngine()
    job = Job(program, data, loss or MSE(), un.SGD(), N, None, seed=0)
    for _ in range(2):
        engine.train(job, params, un.SGD().start(params), ROWS, 0, 0, np.zeros(1))
        starts += moved


def train_ahead(changed=None, output=None, **options):
    """On windows of all kinds: with an array that is `changed` after it was checked, or with another output."""
    data = replace(decoders.segmented("all", np.random.default_rng(0), N), **options)
    program = decoders.network(data, un.LSTM(decoders.SEGMENT))
    if output:
        program = replace(program, outputs=(output,))
    params, engine = ones(program.size), NativeEngine()
    job = Job(program, data, MSE(), un.SGD(), N, None, seed=0)
    for _ in range(2):
        engine.train(job, params, un.SGD().start(params), ROWS, 0, 0, np.zeros(1))
        for name, number in (changed or {}).items():
            getattr(data, name)[...] = number


def lengths_on_one_side(kind, input_masked):
    steps, program = 10**6, _native.Program(0)
    program.add_input(program.add_value(1, 1, True, input_masked))
    output = program.add_value(1, 1, True, not input_masked)
    program.add_layer(kind, 0, [0], output, drop_below=2**63, scale=2.0)
    program.add_output(1)
    made = _native.Run32(program, INSTRUCTION_SET)
    made.forward(ones(0), [ones(1, steps, 1)], np.ones(1, int), [], False, (1, 2, 3), [ones(1, steps, 1)], [])


CHANGES = {  # of arrays of windows, after the check
    "starts": (2**40, -1),
    "lengths": (2**40, 1, -decoders.SEGMENT),
    "series": (2**40, -1, decoders.SERIES),
    "codes": (2**40, -1, decoders.CODES, -(2**63)),
    "lags": (2**40, -(2**40)),
}


def grow_a_program_in_use():
    program = native(un.Dense(3))
    made = _native.Run32(program, INSTRUCTION_SET)
    for k in range(500):
        program.add_layer("dense", k + 1, [k + 1], program.add_value(3, 3, True, True), "tanh", 3, 3, 0, -1)
    made.forward(ones(9), [X], None, [], True, None, [ones(N, T, 3)], [])


def go_on_after_running_out_of_memory():
    size = 20_000_000
    made = _native.Run32(native(un.Last(), un.Dense(size), features=1), INSTRUCTION_SET)
    arguments = (ones(2 * size), [ones(1, 1, 1)], None, [], False, None, [ones(1, size)], [])
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for more in (100, 200, 300, 1000):  # MB; about 400 are needed
        resource.setrlimit(resource.RLIMIT_AS, (used + more * 10**6, resource.RLIM_INFINITY))
        with suppress(MemoryError):
            made.forward(*arguments)


CASES = {
    "a state that nothing writes": lambda: run(unwritten("state"), ONE, finals=[ALL]),
    "back from an output that nothing writes": lambda: run(unwritten(), ONE, None, [ALL]).backward(
        [ALL], [], ones(0), [ONE], []
    ),
    "training on an output that nothing writes": lambda: train(unwritten(), 0, "mse", ALL),
    "a stream of an output that nothing writes": lambda: _native.Stream32(
        unwritten(), INSTRUCTION_SET, ones(0), 1
    ).step(ones(1, 1), ALL[:1]),
    "axes of 2^17, 2^17 and 0 for a width of 2^30: the product is 2^64": lambda: run(
        unwritten("nothing", 2**30), ones(2**17, 2**17, 0), np.zeros(2**17, int), [ones(0)]
    ),
    "classes for a loss of numbers": lambda: train(head(1), 2, "mse", None, np.zeros(1, int)),
    "numbers for a loss of classes": lambda: train(head(3), 6, "cross_entropy", ones(1)),
    "classes beyond the scores": lambda: train(head(3), 6, "cross_entropy", None, np.full(1, 2**40)),
    "windows for a loss of classes": lambda: train_on_windows(CE),
    "short windows for a program without lengths": lambda: train_on_windows(window=2**22, masked=False),
    "windows that move after they were checked": lambda: train_on_windows(moved=2**40),
    "an output that has the steps of the past": lambda: train_ahead(output="encoder.output", horizon=3),
    "a program that grows while it is in use": grow_a_program_in_use,
} | ({} if SANITIZED else {"a run that goes on after running out of memory": go_on_after_running_out_of_memory})

CASES |= {
    f"{name} that become {number}": partial(train_ahead, {name: number})
    for name, numbers in CHANGES.items()
    for number in numbers
}
CASES |= {
    f"{kind} with lengths of its {side} alone": partial(lengths_on_one_side, kind, side == "input")
    for kind in ("reverse", "dropout")
    for side in ("input", "output")
}

# --- random nonsense

NONSENSE = [-(2**62), -(2**31), -1, 0, 1, 3, 2**63, 1.5, None, "x"]
NONSENSE += [] if SANITIZED else [2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1]
RULES = [*cell_variants(3), un.Dense(4, "tanh"), un.Dropout(0.5), LAYERS["reverse"]()]


class Garbled:
    """Wraps the compiled module and its objects: a share of all arguments is replaced by nonsense."""

    def __init__(self, inner, rng, share) -> None:
        self.__dict__.update(inner=inner, rng=rng, share=share)

    def __getattr__(self, name):
        return Garbled(getattr(self.inner, name), self.rng, self.share)

    def __setattr__(self, name, value):
        setattr(self.inner, name, self.garble(value))

    def __call__(self, *arguments, **named):
        result = self.inner(*map(self.garble, arguments), **{k: self.garble(v) for k, v in named.items()})
        return Garbled(result, self.rng, self.share) if type(result).__module__ == _native.__name__ else result

    def garble(self, value):
        if isinstance(value, Garbled):
            return value.inner
        if isinstance(value, list):
            value = [self.garble(v) for v in value]
            return value if self.rng.random() >= self.share else value[1:] + 2 * value[:1]
        if self.rng.random() >= self.share:
            return value
        if isinstance(value, np.ndarray) and value.size and self.rng.random() < 0.9:
            return self.rng.choice([*BENT.values(), *COPY.values(), read_only])(value)
        return NONSENSE[self.rng.integers(len(NONSENSE))]


def feed(net, x):
    stream = net.stream(N)
    stream.step(x[:, 0])
    stream.state = stream.state


def decode(rng):
    """Train a decoder on windows of some kind, two batches."""
    data = decoders.segmented(rng.choice([*decoders.KINDS]), rng, N, rng.random() < 0.5)
    program = decoders.network(data, RULES[rng.integers(len(cell_variants(3)))])
    params = program.initialize(0, rng.choice([np.dtype("float32"), np.dtype("float64")]))
    job = Job(program, data, MSE(), un.SGD(), N // 2, None, seed=0)
    ENGINES["native"].train(job, params, un.SGD().start(params), ROWS, 0, 0, np.zeros(2))


def garble(seeds: range) -> None:
    """Random calls of networks, while the library passes nonsense to its engine."""
    worked = Counter()
    for seed in seeds:
        print(f"seed {seed}", flush=True)
        rng = np.random.default_rng(seed)
        sys.modules["unrolled.nn.engines.native"]._native = Garbled(_native, rng, rng.choice([0, 0.003, 0.03]))
        ENGINES["native"] = NativeEngine(rng.choice(INSTRUCTION_SETS))
        ends = [un.Last(), un.Dense(4)] if rng.random() < 0.5 else [un.Dense(4)]
        layers = [*(RULES[k] for k in rng.integers(len(RULES), size=rng.integers(4))), *ends]
        net = un.Network(layers, F, rng.choice(["float32", "float64"]))
        x, rows = rng.normal(size=(N, T, F)), (N, T)[: 3 - len(ends)]
        lengths = rng.integers(0, T + 1, N) if rng.random() < 0.5 else None
        y, loss = (rng.normal(size=(*rows, 4)), "mse") if rng.random() < 0.5 else (rng.integers(4, size=rows), CE)
        for name, act in {
            "gradients": partial(net.gradients, x, y, loss, lengths=lengths, training=True),
            "fit": partial(net.fit, x, y, loss, epochs=1, batch_size=2, lengths=lengths, validation=0.3, verbose=0),
            "stream": partial(feed, net, x),
            "windows": partial(decode, rng),
        }.items():
            with suppress(*REFUSALS):
                act()
                worked[name] += 1
    assert all(worked[name] > len(seeds) / 5 for name in ("gradients", "fit", "stream", "windows")), worked


CASES |= {f"seeds from {k}": partial(garble, range(k, k + 200)) for k in (0, 200, 400)}


def play(name):
    if sys.platform == "linux" and not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (2**32, resource.RLIM_INFINITY))
    with suppress(*REFUSALS):
        CASES[name]()


def play_all() -> None:
    """Play each case in a process of its own, forked from this one, which has imported all; print its exit code."""
    for name in CASES:
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            return play(name)
        _, status = os.waitpid(child, 0)
        print(f"{os.waitstatus_to_exitcode(status)} {name}", flush=True)
    return None


@pytest.fixture(scope="module")
def played():
    """What the processes of all cases print, each followed by its exit code and its name."""
    return subprocess.run(
        [sys.executable, "-c", "import test_native_safety as t; t.play_all()"],
        env=os.environ
        | {"UNROLLED_ENGINE": "native", "OMP_NUM_THREADS": "1"}  # with one thread, none can fail to start
        | {"PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parents[1] / "helpers")))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


@pytest.mark.parametrize("name", CASES)
def test_invalid_arguments_crash_no_process(name, played):
    before, end, _ = f"\n{played}".partition(f" {name}\n")
    assert end, played[-1000:]
    assert before.endswith("\n0"), before[-1000:]
