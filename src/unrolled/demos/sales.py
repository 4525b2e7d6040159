"""The next day's sales from those of three days, learned in mini-batches of four windows.

    h_t = tanh(W_ih x_t + b + W_hh h_{t-1}),   h_0 = 0,   t = 1..3        (1 → 5)
    y   = w h_3 + c                                                       (5 → 1)
    loss = mean over the windows of (y - next day)²

Sales near 100 would saturate every tanh at ±1, where its derivative is 0 and nothing is learned. So the network reads
(sales - mean) / deviation, both estimated from the training days, and its outputs are transformed back into sales.

Fifteen days make twelve windows, and the network has 41 parameters: it can memorize them. How little that is worth
shows on the last three days, when they are held out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import unrolled as un
from unrolled.argument_types import Count, check_type
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd

from . import base
from .base import BLUE, GREY, ORANGE, RED, DemoResult, Say, Scale, Transcript, rmse, windows

if TYPE_CHECKING:
    import plotly.graph_objects as go

SALES = np.array([100, 90, 120, 80, 150, 110, 130, 140, 115, 105, 90, 125, 135, 100, 95], dtype=float)  # one per day
WINDOW, BATCH, HELD_OUT = 3, 4, 3  # days, windows, days


class Trained(NamedTuple):
    net: un.Network
    scale: Scale  # of the training days
    rmse: list[float]  # in sales, before training and after each epoch

    def next_day(self, days: Array) -> float:
        """The forecast, in sales, for the day after these three."""
        scaled, _ = self.net.forward(self.scale.transform(days).reshape(1, WINDOW, 1))
        return float(self.scale.inverse_transform(scaled).item())


def new_network(seed: int) -> un.Network:
    return un.Network([un.RNN(5), un.Last(), un.Dense(1)], input_size=1, dtype="float64", seed=seed)


def train(sales: Array, epochs: int, seed: int, log: Transcript) -> Trained:
    scale, net = Scale.standard(sales), new_network(seed)
    x, y = windows(scale.transform(sales), WINDOW)

    def error() -> float:
        return rmse(net.forward(x)[0], y) * scale.unit

    errors = [error()]

    def after(end: EpochEnd) -> None:
        errors.append(error())
        if (end.epoch + 1) % max(1, epochs // 20) == 0:
            log(f"epoch {end.epoch + 1:4d}   loss {end.loss:.6f}   root mean squared error {errors[-1]:7.3f} sales")

    options: dict[str, Any] = {"batch_size": BATCH, "seed": seed, **base.PLAIN}
    net.fit(x, y, optimizer=un.SGD(0.1), epochs=epochs, callbacks=[after], **options)
    return Trained(net, scale, errors)


def hold_out(epochs: int, seed: int, log: Transcript) -> tuple[dict[str, float], Array]:
    """Train without the last days and forecast them one by one.

    Returns the errors of the network and of two forecasts without a network, and the network's forecasts.
    """
    known = len(SALES) - HELD_OUT
    trained = train(SALES[:known], epochs, seed, Transcript())
    forecasts = np.array([trained.next_day(SALES[day - WINDOW : day]) for day in range(known, len(SALES))])
    truth = SALES[known:]
    errors = {
        "network": rmse(forecasts, truth),
        "the day before": rmse(SALES[known - 1 : -1], truth),
        "the mean": rmse(SALES[:known].mean(), truth),
    }
    log(f"root mean squared error on the last {HELD_OUT} days when they are held out:")
    for name, error in errors.items():
        log(f"  {name:15} {error:6.1f} sales")
    if errors["network"] > min(errors.values()):
        log("the network loses: it has memorized the few windows without learning a rule.")
    return errors, forecasts


def run(say: Say = None, seed: int = 0, epochs: int = 200) -> DemoResult:
    """Learn fifteen days of sales and forecast the sixteenth."""
    log = Transcript(say)
    check_type("`epochs`", epochs, Count)
    x, y = windows(Scale.standard(SALES).transform(SALES), WINDOW)
    net = new_network(seed)
    report = un.check_gradients(net, x, y)
    log(f"{len(SALES)} days, {len(x)} windows of {WINDOW} days, batches of {BATCH}")
    log(f"{net}\n{report}\n")

    trained = train(SALES, epochs, seed, log)
    forecast = trained.next_day(SALES[-WINDOW:])
    log(f"\n{base.show_parameters(trained.net.views)}")
    log(f"\nday {len(SALES) + 1}: {forecast:.1f} sales")
    held_out, forecasts = hold_out(epochs, seed, log)

    before, after, spread = trained.rmse[0], trained.rmse[-1], float(np.ptp(SALES))
    plausible = bool(SALES.min() - spread <= forecast <= SALES.max() + spread)
    claims = [
        (after < before / 2, f"the error fell from {before:.2f} to {after:.2f} sales"),
        (plausible, f"the forecast {forecast:.1f} is in the units of the sales"),
    ]
    numbers = {
        "seed": seed,
        "epochs": epochs,
        "rmse": trained.rmse,
        "forecast": forecast,
        "held_out_rmse": held_out,
        "held_out_forecasts": forecasts.tolist(),
    }
    return base.conclude("sales", log, report, claims, numbers, lambda: figure(trained, forecast, forecasts))


def figure(trained: Trained, forecast: float, held_out: Array) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    days = np.arange(1, len(SALES) + 2)
    x, _ = windows(trained.scale.transform(SALES), WINDOW)
    fitted = trained.scale.inverse_transform(trained.net.forward(x)[0][:, 0])
    plot = make_subplots(
        rows=1, cols=2, column_widths=[0.65, 0.35], subplot_titles=("sales by day", "error by epoch")
    )
    lines, markers = "lines+markers", "markers"
    star, diamond = {"color": RED, "size": 12, "symbol": "star"}, {"color": ORANGE, "size": 10, "symbol": "diamond"}
    for name, at, values, mode, line, marker in [
        ("sales", days[:-1], SALES, lines, {"color": GREY}, None),
        ("memorized", days[WINDOW:-1], fitted, lines, {"color": BLUE, "dash": "dot"}, None),
        ("forecast of the next day", days[-1:], np.array([forecast]), markers, None, star),
        ("forecasts of held-out days", days[-1 - HELD_OUT : -1], held_out, markers, None, diamond),
    ]:
        plot.add_trace(go.Scatter(x=at, y=values, name=name, line=line, marker=marker, mode=mode), row=1, col=1)
    epochs = np.arange(len(trained.rmse))
    plot.add_trace(go.Scatter(x=epochs, y=trained.rmse, line={"color": BLUE}, name="rmse", showlegend=False), 1, 2)
    plot.update_xaxes(title="day", dtick=1, range=[0.5, len(days) + 0.5], row=1, col=1)
    plot.update_xaxes(title="epoch", row=1, col=2)
    plot.update_yaxes(title="root mean squared error, sales", rangemode="tozero", row=1, col=2)
    plot.update_layout(legend={"orientation": "h", "y": -0.15})
    return base.style(plot, "Sales: three days predict the next", 480)
