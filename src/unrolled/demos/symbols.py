"""Which symbol comes next? One-hot symbols 1, 2, 3 go in; after each the network names the next: 2, 3, 4.

    h_t = tanh(W_ih x_t + b + W_hh h_{t-1}),   h_0 = 0        (4 → 3)
    s_t = W h_t + c,   p_t = softmax(s_t)                     (3 → 4)
    loss = mean over t of -log p_t[next symbol]

Every step has an output, so the error of every step is backpropagated through all steps before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import unrolled as un
from unrolled.argument_types import Count, check_type
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd
from unrolled.nn.activations import log_softmax

from . import base
from .base import BLUE, GREEN, GREY, ORANGE, RED, DemoResult, Say, Transcript, show_parameters

if TYPE_CHECKING:
    import plotly.graph_objects as go

SYMBOLS = 4
ONE_HOT = np.eye(SYMBOLS)  # row k is symbol k + 1
SEQUENCE = ONE_HOT[None, :3]  # (N, T, F): symbols 1, 2, 3
NEXT = np.array([[1, 2, 3]])  # (N, T): symbols 2, 3, 4, counted from 0
PRINT_EVERY = 10  # epochs


def continue_from(net: un.Network, symbol: int, steps: int) -> list[int]:
    """Symbols, counted from 0, that the network generates: each output is its next input."""
    written, state = [symbol], None
    for _ in range(steps):
        scores, state = net.forward(ONE_HOT[written[-1]].reshape(1, 1, SYMBOLS), state)
        written.append(int(scores.argmax()))
    return written


def train(net: un.Network, epochs: int, seed: int, log: Transcript) -> tuple[list[float], list[dict[str, Array]]]:
    """The loss of each epoch, and the parameters before the first and after each."""

    def snapshot() -> dict[str, Array]:
        return {name: view.copy() for name, view in net.views.items()}  # the views change with every step

    losses: list[float] = []
    snapshots = [snapshot()]

    def after(end: EpochEnd) -> None:
        losses.append(end.loss)
        snapshots.append(snapshot())
        if (end.epoch + 1) % PRINT_EVERY == 0:
            log(f"epoch {end.epoch + 1}   loss {end.loss:.6f}\n{show_parameters(net.views)}\n{'-' * 60}")

    options = {"loss": "cross_entropy", "seed": seed, **base.PLAIN}
    net.fit(SEQUENCE, NEXT, optimizer=un.SGD(0.5), epochs=epochs, callbacks=[after], **options)
    return losses, snapshots


def run(say: Say = None, seed: int = 0, epochs: int = 100) -> DemoResult:
    """Learn the sequence."""
    log = Transcript(say)
    check_type("`epochs`", epochs, Count)
    net = un.Network([un.RNN(3), un.Dense(SYMBOLS)], input_size=SYMBOLS, dtype="float64", seed=seed)
    report = un.check_gradients(net, SEQUENCE, NEXT, loss="cross_entropy")
    log(f"{net}\n{report}\n")

    losses, snapshots = train(net, epochs, seed, log)
    p = np.exp(log_softmax(net.forward(SEQUENCE)[0][0]))  # of each symbol to follow each of the sequence, (T, K)
    said = p.argmax(axis=1)
    log("symbol   next   p(1)    p(2)    p(3)    p(4)")
    for t, row in enumerate(p):
        log(f"  {t + 1}   →    {said[t] + 1}    " + "  ".join(f"{value:.4f}" for value in row))
    written = continue_from(net, 0, steps=3)
    log("generated from 1: " + " → ".join(str(symbol + 1) for symbol in written))
    moved = {name: float(np.abs(now - snapshots[0][name]).max()) for name, now in net.views.items()}
    log("largest change of each parameter: " + ", ".join(f"{name} {size:.3f}" for name, size in moved.items()))
    correct = int((said == NEXT[0]).sum())
    return base.conclude(
        "symbols",
        log,
        report,
        [
            (correct == NEXT.size, f"{correct} of {NEXT.size} next symbols are right"),
            (written == [0, 1, 2, 3], "fed with its own outputs, it generates 1, 2, 3, 4"),
            (moved["0.weight_hh"] > 0, "the recurrent weights have learned"),
        ],
        {
            "seed": seed,
            "epochs": epochs,
            "loss": losses,
            "next_symbols": (said + 1).tolist(),
            "probabilities": p.tolist(),
            "written": [symbol + 1 for symbol in written],
            "largest_change": moved,
        },
        lambda: figure(losses, snapshots, p),
    )


def figure(losses: list[float], snapshots: list[dict[str, Array]], p: Array) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    titles = ("loss", "distance of each parameter from its start", "probability of the next symbol")
    plot = make_subplots(rows=1, cols=3, subplot_titles=titles, horizontal_spacing=0.08)
    epochs = np.arange(1, len(losses) + 1)
    plot.add_trace(go.Scatter(x=epochs, y=losses, name="loss", line={"color": GREY}, showlegend=False), row=1, col=1)
    start = snapshots[0]
    for name, color in zip(start, (BLUE, RED, GREEN, ORANGE, GREY), strict=True):
        distance = [float(np.linalg.norm(snapshot[name] - start[name])) for snapshot in snapshots]
        trace = go.Scatter(x=np.arange(len(snapshots)), y=distance, name=name, line={"color": color})
        plot.add_trace(trace, row=1, col=2)
    names = [str(k + 1) for k in range(SYMBOLS)]
    heat = go.Heatmap(
        z=p, x=names, y=names[: len(p)], zmin=0, zmax=1, colorscale="Blues", showscale=False, texttemplate="%{z:.2f}"
    )
    plot.add_trace(heat, row=1, col=3)
    plot.update_yaxes(title="after symbol", autorange="reversed", type="category", row=1, col=3)
    plot.update_xaxes(title="next symbol", type="category", row=1, col=3)
    plot.update_xaxes(title="epoch", col=1).update_xaxes(title="epoch", col=2)
    plot.update_layout(legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.2})
    return base.style(plot, "Symbols: three tanh units learn which symbol follows which", 440)
