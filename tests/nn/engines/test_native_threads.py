"""The compiled engine with several threads, in several threads and after a fork: always the same bits."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import decoders
import unrolled as un
from support import cell_variants, label
from unrolled.nn.datasets import Arrays, Windows
from unrolled.nn.engines import Job
from unrolled.nn.losses import LOSSES, Quantile
from unrolled.nn.optimizers import OPTIMIZERS
from unrolled.nn.randomness import Place

native = pytest.importorskip("unrolled.nn.engines.native", exc_type=ImportError)

THREADS = (1, 2, 4)
N, T, F, H = 134, 16, 3, 64  # some 2 million operations a layer: threads begin at one million
NATIVE = [native.NativeEngine(name) for name in native.INSTRUCTION_SETS]
EVERY_INSTRUCTION_SET = pytest.mark.parametrize("engine", NATIVE, ids=lambda engine: engine.instruction_set)
LENGTHS = pytest.mark.parametrize("ragged", [False, True], ids=["", "lengths"])


@contextmanager
def threads(n: int):
    with threadpool_limits(n, user_api="openmp"):
        assert native._native.threads() == n
        yield


def arrays(rng, ragged=False, rows=N, steps=T) -> Arrays:
    lengths = np.maximum(rng.integers(-2, 2 * steps, rows), 0).clip(max=steps) if ragged else None
    return Arrays(rng.standard_normal((rows, steps, F)), rng.standard_normal((rows, 2)), None, lengths)


def windows(rng) -> Windows:
    n = 400
    starts = rng.permutation(n - T - 2)[:N]
    return Windows(
        rng.standard_normal((n, F)),
        (rng.random(n) < 0.9).astype(float),
        starts,
        rng.integers(0, T + 1, N),
        rng.standard_normal((N, F)),
        rng.uniform(0.5, 2, (N, F)),
        window=T,
        horizon=2,
    )


def network(cell=None) -> un.Network:
    return un.Network([cell or un.LSTM(H), un.Dropout(0.2), un.Dense(48, "tanh"), un.Last(), un.Dense(2)], F, seed=1)


def job_of(net, data, optimizer=None, batch_size=37) -> Job:
    return Job(net.program, data, LOSSES["mse"](), optimizer or un.Adam(), batch_size, 0.1, seed=5)


def digest(*arrays) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def trained(engine, job, params, order, pieces) -> str:
    """The bits of all results of a training in slices of this many batches."""
    params, state = params.copy(), job.optimizer.start(params)
    done, sums = 0, []
    for piece in pieces:
        found = engine.train(job, params, state, order, 2, done, np.linspace(1e-3, 2e-3, 50)[done : done + piece])
        sums.append(np.stack([found.totals, found.weights]))
        done += piece
    return digest(params, np.concatenate(sums, axis=1), *state.vectors.values(), state.step, found.gradient_norm)


# --- the same bits ------------------------------------------------------------------------------------


@EVERY_INSTRUCTION_SET
@LENGTHS
@pytest.mark.parametrize("cell", cell_variants(H), ids=label)
def test_training_has_the_same_bits_on_any_number_of_threads(engine, cell, ragged, rng):
    net, data, order = network(cell), arrays(rng, ragged), rng.permutation(N)
    for first, second in ((64, 37), (33, 32)):  # rows of two batches
        job, found = job_of(net, data, batch_size=first), []
        for n in THREADS:
            with threads(n):
                found.append(trained(engine, job, net.parameters, order[: first + second], [2]))
        assert len(set(found)) == 1, f"batches of {first} and {second}"


@EVERY_INSTRUCTION_SET
@LENGTHS
@pytest.mark.parametrize("kind", decoders.KINDS)
def test_decoders_have_the_same_bits_on_any_number_of_threads(engine, kind, ragged, rng):
    """Also with the epoch cut into slices, and for losses without training."""
    data = decoders.segmented(kind, rng, 2 * N, ragged, table=600)
    net = decoders.network(data, un.GRU(96), 3)
    job = Job(net, data, Quantile(), un.AdamW(), N, 0.1, seed=5)
    params, order, found = net.initialize(0, np.dtype("float32")), rng.permutation(2 * N), []
    for n in (*THREADS, 3):
        with threads(n):
            sums = engine.evaluate(job, params, order)
            found.append((trained(engine, job, params, order, [2] if n % 2 else [1, 1]), digest(*sums)))
    assert len(set(found)) == 1


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_steps_along_the_gradient_have_the_same_bits_on_any_number_of_threads(engine, kind, rng):
    """Networks so wide that the packing of weights and the optimizer are divided too, at uneven places."""
    cell = (un.RNN(363), un.GRU(205), un.LSTM(179))[list(OPTIMIZERS).index(kind) % 3]
    net = un.Network([cell, un.Last(), un.Dense(2)], F)
    optimizer = OPTIMIZERS[kind](1e-3, **({"momentum": 0.9} if kind == "sgd" else {}))
    job, found = job_of(net, arrays(rng, rows=9, steps=2), optimizer, 3), []
    for n in (*THREADS, 3):
        with threads(n):
            found.append(trained(engine, job, net.parameters, np.arange(9), [3]))
    assert len(set(found)) == 1


SCRIPT = """
import hashlib
import numpy as np, unrolled as un
from unrolled.nn.engines.native import _native
rng = np.random.default_rng(0)
x, y = rng.standard_normal((70, 16, 3)), rng.standard_normal((70, 2))
net = un.Network([un.GRU(64), un.Dropout(0.2), un.Dense(48, "tanh"), un.Last(), un.Dense(2)], 3)
history = net.fit(x, y, batch_size=33, epochs=2, lengths=rng.integers(0, 17, 70), validation=0.1)
print(_native.threads(), hashlib.sha256(net.parameters.tobytes()).hexdigest(), history.loss, history.validation_loss)
"""


def python(code, **environment) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"UNROLLED_ENGINE": "native"} | environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_the_environment_sets_the_threads_and_changes_no_bit():
    found = [python(SCRIPT, OMP_NUM_THREADS=str(n)).split(maxsplit=1) for n in THREADS]
    assert [int(n) for n, _ in found] == list(THREADS)
    assert len({rest for _, rest in found}) == 1


@EVERY_INSTRUCTION_SET
@pytest.mark.parametrize(
    "make", [arrays, lambda rng: arrays(rng, ragged=True), windows], ids=["", "lengths", "windows"]
)
def test_slices_of_an_epoch_have_the_bits_of_the_whole(engine, make, rng):
    net, data, order = network(), make(rng), rng.permutation(N)
    batches = -(-N // 16)
    job = job_of(net, data, batch_size=16)
    expected = trained(engine, job, net.parameters, order, [batches])
    for pieces in ([1] * batches, [4, 1, batches - 5], [batches - 1, 1]):
        assert trained(engine, job, net.parameters, order, pieces) == expected
        # a resumed job is a new one
        assert trained(engine, replace(job), net.parameters, order, pieces) == expected


@EVERY_INSTRUCTION_SET
@LENGTHS
@pytest.mark.parametrize("cell", cell_variants(H), ids=label)
def test_outputs_and_gradients_have_the_same_bits_on_any_number_of_threads(engine, cell, ragged, rng):
    net, data = network(cell), arrays(rng, ragged, rows=67)
    found = []
    for n in THREADS:
        with threads(n):
            run = engine.forward(net.program, net.parameters, {"x": data.x}, None, data.lengths, True, Place(7))
            back = engine.backward(run.tape, (data.target,))
        states = [part for state in (*run.state.values(), *back.state.values()) for part in state]
        found.append(digest(run.outputs[0], back.parameters, back.inputs["x"], *states))
    assert len(set(found)) == 1


@EVERY_INSTRUCTION_SET
@LENGTHS
@pytest.mark.parametrize("cell", cell_variants(37), ids=label)
def test_a_row_has_the_same_bits_in_a_batch_and_alone(engine, cell, ragged, rng):
    """Forecasts of one series do not depend on the others that are forecast with it."""
    net, data = network(cell), arrays(rng, ragged, rows=13)

    def output(rows):
        lengths = None if data.lengths is None else data.lengths[rows]
        return engine.forward(net.program, net.parameters, {"x": data.x[rows]}, None, lengths).outputs[0]

    together = output(np.arange(13))
    for row in range(13):
        np.testing.assert_array_equal(output([row])[0], together[row])


# --- other processes and other threads ----------------------------------------------------------------

FORKED = """
import hashlib, os, signal, threading, warnings
import numpy as np, unrolled as un
warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks is what is tried here
def bits():
    rng = np.random.default_rng(0)
    net = un.Network([un.LSTM(64), un.Last(), un.Dense(1)], 3)
    net.fit(rng.standard_normal((64, 20, 3)), rng.standard_normal((64, 1)), epochs=3, batch_size=33)
    return hashlib.sha256(net.parameters.tobytes()).hexdigest()
def train():
    print(bits(), flush=True)
def fork(then=train):
    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that hangs dies
        then()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
def in_thread(do):
    thread = threading.Thread(target=do)
    thread.start()
    return thread
train()
"""
FORKS = {  # and the number of trainings that report their bits
    "after training": ("fork(), train()", 3),
    "in a fork": ("fork(lambda: (train(), fork(), train()))", 4),
    "in a thread": ("in_thread(lambda: (train(), fork(), train())).join()", 4),
    "while a thread trains": ("busy = in_thread(lambda: [bits() for _ in range(9)]); fork(); fork(); busy.join()", 3),
    "by multiprocessing": (
        "import multiprocessing as m; p = m.get_context('fork').Process(target=train); p.start()",
        2,
    ),
}


@pytest.mark.parametrize("when", FORKS)
def test_a_forked_process_trains_and_does_not_hang(when):
    code, trainings = FORKS[when]
    found = python(FORKED + code, OMP_NUM_THREADS="2").split()
    assert len(found) == trainings
    assert len(set(found)) == 1


LONG = """
import numpy as np, unrolled as un
class Telling(un.Constant):
    def rates(self, *arguments):
        print("under way", flush=True)
        return super().rates(*arguments)
x = np.ones((20_000, 100, 1), np.float32)
net = un.Network([un.LSTM(128), un.Last(), un.Dense(1)], 1)
history = net.fit(x, x[:, 0], epochs=1, optimizer=un.Adam(Telling(1e-3)))
print(history.stopped, len(history.loss))
"""


def test_ctrl_c_ends_a_training_in_the_middle_of_a_long_epoch():
    environment = os.environ | {"UNROLLED_ENGINE": "native"}
    with subprocess.Popen(
        [sys.executable, "-c", LONG], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout.readline() == "under way\n"
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            asked = time.monotonic()
            assert process.communicate(timeout=60)[0] == "interrupted 0\n"
            assert time.monotonic() - asked < 2
        finally:
            process.kill()


def at_once(*functions) -> list:
    """The results of functions that start together, each in a thread of its own."""
    start, results = threading.Barrier(len(functions)), [None] * len(functions)

    def run(k):
        start.wait()
        try:
            results[k] = functions[k]()
        except Exception as error:
            results[k] = error

    workers = [threading.Thread(target=run, args=(k,)) for k in range(len(functions))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def test_networks_in_two_threads_give_the_same_results_as_alone(rng):
    engine, data, order = NATIVE[0], arrays(rng), np.arange(N)
    nets = [network(un.LSTM(H)), network(un.GRU(H))]

    def use(net):
        def run() -> str:
            bits = trained(engine, job_of(net, data), net.parameters, order, [2, 2])
            outputs = [engine.forward(net.program, net.parameters, {"x": data.x}).outputs[0] for _ in range(20)]
            return bits + digest(*outputs)

        return run

    alone = [use(net)() for net in nets]
    assert at_once(*map(use, nets)) == alone
    assert at_once(use(nets[0]), use(nets[0]), use(nets[0])) == alone[:1] * 3  # the same network, too


def test_one_run_in_two_threads_works_or_refuses(rng):
    net, data = network(), arrays(rng)
    compiled = native.NativeProgram(net.program, native._native.Program(net.program.size))
    run = native._native.Run32(compiled.native, native.INSTRUCTION_SETS[0])
    x = data.x.astype(np.float32)

    def forward():
        y, states = np.empty((N, 2), np.float32), [np.empty((N, H), np.float32) for _ in range(2)]
        run.forward(net.parameters, [x], None, [None, None], False, None, [y], states)
        return digest(y)

    expected = forward()
    for found in (found for _ in range(30) for found in at_once(forward, forward)):
        assert found == expected or "in use by another thread" in str(found)


def test_other_python_threads_run_while_the_engine_works(rng):
    engine, net, data = NATIVE[0], network(un.LSTM(128)), arrays(rng, rows=512, steps=100)
    job, rows = job_of(net, data, batch_size=64), np.arange(512)
    tape = engine.forward(net.program, net.parameters, {"x": data.x}, None, None, True).tape
    counted, over = 0, threading.Event()

    def count():
        nonlocal counted
        while not over.wait(0.001):
            counted += 1

    counter = threading.Thread(target=count, daemon=True)
    counter.start()
    with threads(1):  # so that each takes a while
        for work in (
            lambda: trained(engine, job, net.parameters, rows, [8]),
            lambda: engine.evaluate(job, net.parameters, rows),
            lambda: engine.forward(net.program, net.parameters, {"x": data.x}),
            lambda: engine.backward(tape, (data.target,)),
        ):
            before = counted
            work()
            assert counted - before >= 5
    over.set()
    counter.join()
