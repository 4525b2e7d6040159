"""A linear recurrence with two numbers that learns to count ones.

    s_t = wx x_t + wrec s_{t-1},   s_0 = 0,   t = 1..10
    loss = mean over the sequences of (s_10 - number of ones)²

It counts exactly if wx = wrec = 1. Backwards in time the gradient is multiplied by wrec at every step,

    dL/ds_{t-1} = wrec dL/ds_t,

so over ten steps it vanishes for wrec below 1 and explodes above 1. The figures show this, and the steep valley of
the loss that results. The size of such a gradient is useless for a step, but its sign is not; so Rprop uses the sign
alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import unrolled as un
from unrolled.argument_types import Count, check_type
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd

from . import base
from .base import BLUE, GREEN, GREY, ORANGE, RED, DemoResult, Say, Transcript

if TYPE_CHECKING:
    import plotly.graph_objects as go

SAMPLES, STEPS = 50, 10
CHECK_AT = (1.2, 1.2)  # wx, wrec where the gradients are checked
TOLERANCE = 0.01  # of both weights
COLORS = {0.7: BLUE, 0.9: GREEN, 1.0: GREY, 1.1: ORANGE, 1.3: RED}  # by wrec, for the gradients in the figure


def sequences(rng: np.random.Generator) -> tuple[Array, Array]:
    """Random bits x (N, T, 1), and the number of ones in each sequence, (N, 1)."""
    x = rng.integers(0, 2, (SAMPLES, STEPS, 1)).astype(float)
    return x, x.sum(axis=1)


def counter(wx: float, wrec: float) -> un.Network:
    net = un.Network([un.RNN(1, activation="linear", bias=False), un.Last()], input_size=1, dtype="float64")
    net.views["0.weight_ih"][...] = wx
    net.views["0.weight_hh"][...] = wrec
    return net


def gradient_through_time(x: Array, ones: Array, wrec: float, wx: float = CHECK_AT[0]) -> Array:
    """The mean of |dL/ds_t| over the sequences for t = 1..T, relative to that of the last step."""
    _, grads = counter(wx, wrec).gradients(x, ones)
    dstate = np.abs(grads.x[:, :, 0] / wx).mean(axis=0)  # ds_t / dx_t = wx
    return dstate / dstate[-1]


def train(
    net: un.Network, x: Array, ones: Array, epochs: int, seed: int, log: Transcript
) -> tuple[Array, list[float]]:
    """Train; returns wx and wrec before and after each epoch, (epochs + 1, 2), and the loss of each epoch."""
    path, losses = [net.parameters.copy()], []

    def after(end: EpochEnd) -> None:
        path.append(net.parameters.copy())
        losses.append(end.loss)
        if end.epoch + 1 in (1, 2, 5, 10, 20) or (end.epoch + 1) % 50 == 0 or end.epoch + 1 == epochs:
            wx, wrec = net.parameters
            log(f"epoch {end.epoch + 1:4d}   loss {end.loss:14.8f}   wx {wx:9.6f}   wrec {wrec:9.6f}")

    log(f"start                               wx {path[0][0]:9.6f}   wrec {path[0][1]:9.6f}")
    # Rprop compares signs from step to step, so all steps must have the same sequences
    options: dict[str, Any] = {"batch_size": SAMPLES, "shuffle": False, **base.PLAIN}
    net.fit(x, ones, optimizer=un.Rprop(0.01), epochs=epochs, callbacks=[after], seed=seed, **options)
    return np.array(path), losses


def run(say: Say = None, seed: int = 0, epochs: int = 500) -> DemoResult:
    """Learn to count, from first weights between 0.5 and 1.5; an epoch is one step with all sequences."""
    log = Transcript(say)
    check_type("`epochs`", epochs, Count)
    rng = base.rng_of(seed)
    x, ones = sequences(rng)
    bits = ["".join(f"{bit:.0f}" for bit in row) for row in x[:3, :, 0]]
    log(f"X {x.shape[:2]}, the first three: {', '.join(bits)}")
    log(f"ones {ones.shape[:1]}, the first three: {ones[:3, 0].astype(int).tolist()}")
    report = un.check_gradients(counter(*CHECK_AT), x, ones)
    log(f"gradients at wx = {CHECK_AT[0]}, wrec = {CHECK_AT[1]}:\n{report}\n")

    net = counter(*rng.uniform(0.5, 1.5, 2))
    path, losses = train(net, x, ones, epochs, seed, log)
    wx, wrec = (float(value) for value in net.parameters)
    counted = net.forward(x)[0]
    exact = int((np.round(counted) == ones).sum())
    log()
    for wrec_at in COLORS:
        share = gradient_through_time(x, ones, wrec_at)[0]
        log(f"wrec {wrec_at}: the gradient at step 1 is {share:8.4f} times that at step {STEPS}")
    return base.conclude(
        "counting",
        log,
        report,
        [
            (abs(wx - 1) <= TOLERANCE, f"wx = {wx:.6f} is within {TOLERANCE} of 1"),
            (abs(wrec - 1) <= TOLERANCE, f"wrec = {wrec:.6f} is within {TOLERANCE} of 1"),
            (exact == SAMPLES, f"{exact} of {SAMPLES} sequences are counted correctly"),
        ],
        {
            "seed": seed,
            "epochs": epochs,
            "loss": losses,
            "wx": wx,
            "wrec": wrec,
            "start": path[0].tolist(),
            "counted_right": exact,
        },
        lambda: figure(x, ones, path, losses),
    )


def loss_surface(x: Array, ones: Array, wxs: Array, wrecs: Array) -> Array:
    """The loss for every pair of weights, (len(wrecs), len(wxs)).

    The count is linear in wx, so one forward pass with wx = 1 gives a whole row of the surface.
    """
    counts = [counter(1.0, wrec).forward(x)[0] for wrec in wrecs]  # (N, 1) each
    return np.array([((counted * wxs - ones) ** 2).mean(axis=0) for counted in counts])


def figure(x: Array, ones: Array, path: Array, losses: list[float]) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    titles = ("log₁₀ of the loss, path of the training", "gradient through time, relative to the last step", "loss")
    plot = make_subplots(
        rows=2,
        cols=2,
        specs=[[{"rowspan": 2}, {}], [None, {}]],
        column_widths=[0.55, 0.45],
        subplot_titles=titles,
        vertical_spacing=0.2,
        horizontal_spacing=0.18,
    )
    for trace in valley(x, ones, path):
        plot.add_trace(trace, row=1, col=1)
    steps = np.arange(1, STEPS + 1)
    for wrec, color in COLORS.items():
        y = gradient_through_time(x, ones, wrec)
        plot.add_trace(go.Scatter(x=steps, y=y, name=f"wrec {wrec}", line={"color": color}), row=1, col=2)
    epochs = np.arange(1, len(losses) + 1)
    plot.add_trace(go.Scatter(x=epochs, y=losses, line={"color": GREY}, showlegend=False, name="loss"), row=2, col=2)
    plot.update_xaxes(title="wx", row=1, col=1).update_yaxes(title="wrec", row=1, col=1)
    plot.update_xaxes(title="step t", dtick=1, row=1, col=2).update_xaxes(title="epoch", row=2, col=2)
    plot.update_yaxes(type="log", exponentformat="power", dtick=1, row=1, col=2)
    plot.update_yaxes(type="log", exponentformat="power", row=2, col=2)
    return base.style(plot, "Counting: two weights, their loss, and a gradient that explodes or vanishes", 640)


def valley(x: Array, ones: Array, path: Array) -> list[go.Contour | go.Scatter]:
    """Traces of the loss over both weights, of the path of the training, and of its two ends."""
    import plotly.graph_objects as go

    low, high = np.minimum(path.min(axis=0), 0.4) - 0.2, np.maximum(path.max(axis=0), 1.4) + 0.2
    wxs, wrecs = np.linspace(low[0], high[0], 121), np.linspace(low[1], high[1], 121)
    surface = np.log10(np.maximum(loss_surface(x, ones, wxs, wrecs), 1e-3))
    contour = go.Contour(
        x=wxs,
        y=wrecs,
        z=surface,
        colorscale="Viridis",
        contours={"start": -1.5, "end": 4.5, "size": 0.5},
        colorbar={"x": 0.455, "thickness": 12},
        name="log₁₀ loss",
    )
    look: dict[str, Any] = {"showlegend": False, "line": {"color": "white", "width": 2}, "marker": {"size": 4}}
    way = go.Scatter(x=path[:, 0], y=path[:, 1], mode="lines+markers", name="path", **look)
    ends = go.Scatter(
        x=path[[0, -1], 0],
        y=path[[0, -1], 1],
        mode="markers+text",
        text=["start", "end"],
        textposition="top center",
        textfont={"color": "white"},
        marker={"color": [ORANGE, RED], "size": 10},
        showlegend=False,
        name="ends",
    )
    return [contour, way, ends]
