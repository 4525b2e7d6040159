"""How much fish will the cat eat on the fifth day?

Four days of meals go in, one number a day; a recurrent network of two ReLU units reads them, and a linear layer reads
the units after the fourth day:

    h_t = max(0, W_ih x_t + b + W_hh h_{t-1}),   h_0 = 0,   t = 1..4
    y   = w h_4 + c,        loss = (y - 1.25)²

The prediction is made once, after the last day. Every epoch starts from h_0 = 0, because it is the same week again,
and the gradient is backpropagated through all four days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import unrolled as un
from unrolled.argument_types import Count, check_type
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd

from .base import BLUE, GREY, ORANGE, PLAIN, DemoResult, Say, Transcript, conclude, rng_of, style

if TYPE_CHECKING:
    import plotly.graph_objects as go

DAYS = np.array([0.25, 0.5, 0.75, 1.0]).reshape(1, 4, 1)  # (N, T, F)
DAY_5 = np.array([[1.25]])  # (N, 1)
TOLERANCE = 0.01  # of the prediction


def live_network(seed: int) -> un.Network:
    """Two ReLU units that are active at the start, since positive weights of positive inputs give positive sums.

    With weights of both signs, both units may be 0 on all days. Then they have no gradient and stay 0, and the
    bias of the output learns the answer alone: the prediction is right, but ignores the days.
    """
    net = un.Network([un.RNN(2, activation="relu"), un.Last(), un.Dense(1)], input_size=1, dtype="float64", seed=seed)
    net.parameters = rng_of(seed).uniform(0.1, 0.5, net.parameters.size)
    return net


def sensitivity(net: un.Network) -> Array:
    """dy / dx_t for each day, (T,): the derivative of the prediction with respect to the meals."""
    y, _ = net.forward(DAYS)
    # the loss (y - target)² with target = y - ½ has the derivative 1, so its input gradient is that of y
    _, grads = net.gradients(DAYS, y - 0.5)
    return grads.x[0, :, 0]


def train(net: un.Network, epochs: int, seed: int, log: Transcript) -> tuple[list[float], list[float]]:
    """The loss and the prediction after each epoch."""
    losses, predictions = [], []

    def after(end: EpochEnd) -> None:
        prediction = net.forward(DAYS)[0].item()  # without a state it starts from zero
        losses.append((prediction - DAY_5.item()) ** 2)
        predictions.append(prediction)
        log(f"epoch {end.epoch + 1:3d}   loss {losses[-1]:.8f}   prediction {prediction:.6f}")

    net.fit(DAYS, DAY_5, optimizer=un.SGD(0.01), epochs=epochs, callbacks=[after], seed=seed, **PLAIN)
    return losses, predictions


def run(say: Say = None, seed: int = 0, epochs: int = 100) -> DemoResult:
    """Learn the cat's week."""
    log = Transcript(say)
    check_type("`epochs`", epochs, Count)
    net = live_network(seed)
    report = un.check_gradients(net, DAYS, DAY_5)
    log(f"days 1 to 4: {DAYS.ravel().tolist()}, day 5: {DAY_5.item()}")
    log(f"{net}\n{report}\n")

    losses, predictions = train(net, epochs, seed, log)
    _, (last, *_) = net.forward(DAYS)
    alive = int((last.h > 0).sum())
    slopes = sensitivity(net)
    log(f"\nunits after day 4: {np.round(last.h[0], 4).tolist()}")
    log(f"the prediction changes by {np.round(slopes, 4).tolist()} per additional fish on days 1 to 4")
    off = abs(predictions[-1] - DAY_5.item())
    return conclude(
        "fish",
        log,
        report,
        [
            (alive > 0, f"{alive} of 2 units are active on the last day"),
            (bool((slopes != 0).all()), "every day's meal affects the prediction"),
            (off <= TOLERANCE, f"the prediction {predictions[-1]:.6f} is within {TOLERANCE} of {DAY_5.item()}"),
        ],
        {
            "seed": seed,
            "epochs": epochs,
            "loss": losses,
            "prediction": predictions[-1],
            "units_alive": alive,
            "sensitivity": slopes.tolist(),
        },
        lambda: figure(losses, predictions, slopes),
    )


def figure(losses: list[float], predictions: list[float], slopes: Array) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    epochs = np.arange(1, len(losses) + 1)
    titles = ("prediction of day 5, epoch by epoch", "loss", "effect of an additional fish")
    plot = make_subplots(rows=1, cols=3, column_widths=[0.38, 0.3, 0.32], subplot_titles=titles)
    plot.add_trace(go.Scatter(x=epochs, y=predictions, name="prediction", line={"color": BLUE}), row=1, col=1)
    plot.add_hline(y=DAY_5.item(), line={"color": GREY, "dash": "dot"}, row=1, col=1)
    plot.add_trace(go.Scatter(x=epochs, y=losses, name="loss", line={"color": ORANGE}), row=1, col=2)
    days = [f"day {t}" for t in range(1, len(slopes) + 1)]
    plot.add_trace(go.Bar(x=days, y=slopes, name="dy / dx", marker={"color": BLUE}), row=1, col=3)
    plot.update_yaxes(type="log", exponentformat="power", row=1, col=2)
    plot.update_xaxes(title="epoch", col=1).update_xaxes(title="epoch", col=2)
    return style(
        plot.update_layout(showlegend=False), "Fish: two ReLU units read four days and predict the fifth", 420
    )
