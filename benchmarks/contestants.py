"""The same network and the same work in each library, written as a user of that library would for speed.

Every function gives a `Run`: called with a number, it does the work that often. Libraries are imported where used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from unrolled.cli.commands.bench import Shape

Run = Callable[[int], Any]
BATCHES = 10  # different batches of data; a run cycles through them
RATE = 1e-3


class Rows(NamedTuple):
    x: np.ndarray  # (N, T, F)
    y: np.ndarray  # (N, 1)


def random_rows(shape: Shape) -> Rows:
    rng = np.random.default_rng(0)
    n = shape.batch * BATCHES
    x = rng.standard_normal((n, shape.steps, shape.inputs), np.float32)
    return Rows(x, rng.standard_normal((n, 1), np.float32))


# --- training steps: recurrent layer, last step, linear layer; squared error; Adam or SGD --------------------------


def unrolled_training(
    cell: str, shape: Shape, rows: Rows, optimizer: str = "Adam", lengths: Any = None, engine: Any = None
) -> Run:
    """Steps of the engine in use, many per call, as in `Network.fit`."""
    import unrolled as un
    from unrolled.nn.datasets import Arrays
    from unrolled.nn.engines import Job
    from unrolled.nn.losses import MSE

    net = un.Network([getattr(un, cell)(shape.hidden), un.Last(), un.Dense(1)], shape.inputs)
    rule = getattr(un, optimizer)(RATE)
    job = Job(net.program, Arrays(*rows, lengths=lengths), MSE(), rule, shape.batch, clip_norm=None, seed=0)
    state, order, engine = rule.start(net.parameters), np.arange(len(rows.x)), engine or un.active_engine()
    batches = len(rows.x) // shape.batch

    def run(steps: int) -> None:
        for first in range(0, steps, batches):
            engine.train(job, net.parameters, state, order, 0, 0, np.full(min(batches, steps - first), RATE))

    return run


def torch_training(cell: str, shape: Shape, rows: Rows, optimizer: str = "Adam") -> Run:
    """Steps as in PyTorch's own examples; the batches are prepared as tensors."""
    import torch
    from torch import nn

    recurrent = getattr(nn, cell)(shape.inputs, shape.hidden, batch_first=True)
    dense, loss = nn.Linear(shape.hidden, 1), nn.MSELoss()
    rule = getattr(torch.optim, optimizer)([*recurrent.parameters(), *dense.parameters()], lr=RATE)
    batches = list(
        zip(torch.from_numpy(rows.x).split(shape.batch), torch.from_numpy(rows.y).split(shape.batch), strict=True)
    )

    def run(steps: int) -> None:
        for step in range(steps):
            inputs, target = batches[step % len(batches)]
            rule.zero_grad()
            output, _ = recurrent(inputs)
            loss(dense(output[:, -1]), target).backward()
            rule.step()

    return run


def jax_training(cell: str, shape: Shape, rows: Rows, optimizer: str = "Adam", together: int = BATCHES) -> Run:
    """Steps compiled into one `lax.scan` of `together` steps; `run.compile_s` is the compilation time."""
    import time

    import jax
    import jax.numpy as jnp
    from jax import lax

    H, gates = shape.hidden, {"RNN": 1, "GRU": 3, "LSTM": 4}[cell]
    rng = np.random.default_rng(0)
    params = {
        "w": rng.standard_normal((shape.inputs, gates * H), np.float32) / H**0.5,
        "u": rng.standard_normal((H, gates * H), np.float32) / H**0.5,
        "b": np.zeros(gates * H, np.float32),
        "bn": np.zeros(H, np.float32),
        "dense": rng.standard_normal((H, 1), np.float32) / H**0.5,
        "bias": np.zeros(1, np.float32),
    }

    def step(p: Any, carry: Any, a: Any) -> Any:
        h, c = carry
        u = h @ p["u"]
        if cell == "RNN":
            h = jnp.tanh(a + u)
        elif cell == "GRU":
            r, z = jnp.split(jax.nn.sigmoid(a[:, : 2 * H] + u[:, : 2 * H]), 2, axis=1)
            n = jnp.tanh(a[:, 2 * H :] + r * (u[:, 2 * H :] + p["bn"]))
            h = n + z * (h - n)
        else:
            i, f, g, o = jnp.split(a + u, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return h, c

    def loss(p: Any, x: Any, y: Any) -> Any:
        a = jnp.swapaxes(x @ p["w"] + p["b"], 0, 1)  # (T, N, G·H)
        zero = jnp.zeros((x.shape[0], H), x.dtype)
        (h, _), _ = lax.scan(lambda carry, a_t: (step(p, carry, a_t), None), (zero, zero), a)
        return jnp.mean((h @ p["dense"] + p["bias"] - y) ** 2)

    def update(state: Any, batch: Any) -> Any:
        p, m, v, t = state
        value, g = jax.value_and_grad(loss)(p, *batch)
        t = t + 1
        if optimizer == "SGD":
            return (jax.tree.map(lambda p, g: p - RATE * g, p, g), m, v, t), value
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        p = jax.tree.map(
            lambda p, m, v: p - RATE * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), p, m, v
        )
        return (p, m, v, t), value

    def pieces(a: np.ndarray) -> Any:
        return jnp.asarray(a.reshape(-1, shape.batch, *a.shape[1:])[:together])

    zeros = {name: np.zeros_like(value) for name, value in params.items()}
    state: Any = jax.tree.map(jnp.asarray, (params, zeros, zeros, np.float32(0)))
    batches = (pieces(rows.x), pieces(rows.y))
    began = time.perf_counter()
    many = jax.jit(lambda state, batches: lax.scan(update, state, batches)).lower(state, batches).compile()
    compile_s = time.perf_counter() - began

    def run(steps: int) -> None:
        nonlocal state
        for _ in range(max(1, steps // together)):
            state, losses = many(state, batches)
        losses.block_until_ready()

    run.compile_s = compile_s  # type: ignore[attr-defined]
    run.together = together  # type: ignore[attr-defined]
    return run


def keras_training(cell: str, shape: Shape, rows: Rows) -> Run:
    """`Model.fit` on Keras with its PyTorch backend, or with the one that KERAS_BACKEND names."""
    import keras

    layer = {"RNN": keras.layers.SimpleRNN, "GRU": keras.layers.GRU, "LSTM": keras.layers.LSTM}[cell]
    model = keras.Sequential([keras.Input(rows.x.shape[1:]), layer(shape.hidden), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(RATE), "mse")
    n = len(rows.x)

    def run(steps: int) -> None:
        for _ in range(max(1, steps * shape.batch // n)):
            model.fit(rows.x, rows.y, batch_size=shape.batch, shuffle=False, verbose=0)

    return run


def numpy_stock_epoch(shape: Shape, rows: Rows) -> Run:
    """The loops of the teaching text without its faults: one window at a time, one time step after the other, SGD."""
    rng = np.random.default_rng(0)
    H = shape.hidden
    w = rng.standard_normal((H, shape.inputs)).astype(np.float32) / H**0.5
    u = rng.standard_normal((H, H)).astype(np.float32) / H**0.5
    v = rng.standard_normal((1, H)).astype(np.float32) / H**0.5
    b, c = np.zeros((H, 1), np.float32), np.zeros((1, 1), np.float32)
    windows, targets = rows.x[..., None], rows.y[..., None]

    def step(x: np.ndarray, target: np.ndarray) -> None:
        states = [np.zeros((H, 1), np.float32)]
        for t in range(shape.steps):
            states.append(np.tanh(w @ x[t] + u @ states[-1] + b))
        dy = 2 * (v @ states[-1] + c - target)
        dv, dc, dh = dy @ states[-1].T, dy, v.T @ dy
        dw, du, db = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b)
        for t in reversed(range(shape.steps)):
            da = dh * (1 - states[t + 1] ** 2)
            dw += da @ x[t].T
            du += da @ states[t].T
            db += da
            dh = u.T @ da
        for parameter, gradient in ((w, dw), (u, du), (v, dv), (b, db), (c, dc)):
            parameter -= RATE * gradient

    def run(steps: int) -> None:
        for k in range(steps):
            step(windows[k % len(windows)], targets[k % len(windows)])

    return run


# --- inference -----------------------------------------------------------------------------------------------------


def unrolled_inference(cell: str, shape: Shape, x: np.ndarray) -> Run:
    import unrolled as un

    net = un.Network([getattr(un, cell)(shape.hidden)], shape.inputs)

    def run(times: int) -> None:
        for _ in range(times):
            net.forward(x)

    return run


def onnx_session(cell: str, shape: Shape, steps: int, threads: int) -> Any:
    """A session of one recurrent operator, with inputs (T, N, F) and initial states, and outputs and final states."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    H, gates = shape.hidden, {"RNN": 1, "GRU": 3, "LSTM": 4}[cell]
    weights = {
        "W": rng.standard_normal((1, gates * H, shape.inputs), np.float32) / H**0.5,
        "R": rng.standard_normal((1, gates * H, H), np.float32) / H**0.5,
        "B": np.zeros((1, 2 * gates * H), np.float32),
    }
    states = ["h"] + (["c"] if cell == "LSTM" else [])
    options = {"linear_before_reset": 1} if cell == "GRU" else {}
    node = helper.make_node(
        cell, ["X", "W", "R", "B", "", *states], ["Y", *(f"{s}_end" for s in states)], hidden_size=H, **options
    )

    def info(name: str, *sizes: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)

    graph = helper.make_graph(
        [node],
        cell,
        [info("X", steps, shape.batch, shape.inputs), *(info(s, 1, shape.batch, H) for s in states)],
        [info("Y", steps, 1, shape.batch, H), *(info(f"{s}_end", 1, shape.batch, H) for s in states)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])


def onnx_inference(cell: str, shape: Shape, x: np.ndarray, threads: int) -> Run:
    session = onnx_session(cell, shape, shape.steps, threads)
    zero = np.zeros((1, shape.batch, shape.hidden), np.float32)
    feed = {"X": np.ascontiguousarray(x.transpose(1, 0, 2)), "h": zero} | ({"c": zero} if cell == "LSTM" else {})

    def run(times: int) -> None:
        for _ in range(times):
            session.run(None, feed)

    return run


def unrolled_stream(cell: str, shape: Shape, x: np.ndarray) -> Run:
    import unrolled as un

    stream = un.Network([getattr(un, cell)(shape.hidden)], shape.inputs).stream(rows=shape.batch)

    def run(times: int) -> None:
        for _ in range(times):
            stream.step(x)

    return run


def onnx_stream(cell: str, shape: Shape, x: np.ndarray) -> Run:
    """One step per call: the final state of a call is the initial state of the next."""
    session = onnx_session(cell, shape, 1, 1)
    names = ["h"] + (["c"] if cell == "LSTM" else [])
    zero = np.zeros((1, shape.batch, shape.hidden), np.float32)
    feed = {"X": x[None]} | dict.fromkeys(names, zero)

    def run(times: int) -> None:
        for _ in range(times):
            _, *states = session.run(None, feed)
            feed.update(zip(names, states, strict=True))

    return run
