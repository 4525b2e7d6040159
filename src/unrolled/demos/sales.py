"""From three days of sales the next day's, learned in mini-batches of four windows.

    h_t = tanh(W_ih x_t + b + W_hh h_{t-1}),   h_0 = 0,   t = 1..3        (1 → 5)
    y   = w h_3 + c                                                       (5 → 1)
    loss = mean over the windows of (y - next day)²

Sales near 100 would drive every tanh to ±1, where its derivative is 0 and nothing is learned. So the network sees
(sales - mean) / deviation, both taken from the days it trains on, and its answers are turned back into sales.

Fifteen days make twelve windows, and the network has 41 parameters: it can learn them by heart. What that is worth
shows when the last three days are kept from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import unrolled as un
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd

from .base import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    DemoResult,
    Say,
    Transcript,
    conclude,
    rmse,
    show_parameters,
    silent,
    style,
    whole,
    windows,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

SALES = np.array([100, 90, 120, 80, 150, 110, 130, 140, 115, 105, 90, 125, 135, 100, 95], dtype=float)  # one a day
WINDOW, BATCH, HELD_OUT = 3, 4, 3  # days, windows, days


class Scaler(NamedTuple):
    """The scale of the training days."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, sales: Array) -> Scaler:
        return cls(float(sales.mean()), float(sales.std()))

    def down(self, sales: Array) -> Array:
        return (sales - self.mean) / self.deviation

    def up(self, scaled: Array) -> Array:
        return scaled * self.deviation + self.mean


class Trained(NamedTuple):
    net: un.Network
    scaler: Scaler
    rmse: list[float]  # in sales, before training and after each epoch

    def next_day(self, days: Array) -> float:
        """The forecast, in sales, for the day after these three."""
        scaled, _ = self.net.forward(self.scaler.down(days).reshape(1, WINDOW, 1))
        return float(self.scaler.up(scaled).item())


def new_network(seed: int) -> un.Network:
    return un.Network([un.RNN(5), un.Last(), un.Dense(1)], input_size=1, dtype="float64", seed=seed)


def train(sales: Array, epochs: int, seed: int, talk: Transcript) -> Trained:
    scaler, net = Scaler.of(sales), new_network(seed)
    x, y = windows(scaler.down(sales), WINDOW)

    def error() -> float:
        return rmse(net.forward(x)[0], y) * scaler.deviation

    errors = [error()]

    def after(end: EpochEnd) -> None:
        errors.append(error())
        if (end.epoch + 1) % max(1, epochs // 20) == 0:
            talk(f"epoch {end.epoch + 1:4d}   loss {end.loss:.6f}   root mean squared error {errors[-1]:7.3f} sales")

    net.fit(
        x,
        y,
        optimizer=un.SGD(0.1),
        epochs=epochs,
        batch_size=BATCH,
        clip_norm=None,
        callbacks=[after],
        seed=seed,
        verbose=0,
    )
    return Trained(net, scaler, errors)


def hold_out(epochs: int, seed: int, talk: Transcript) -> tuple[dict[str, float], Array]:
    """The same training without the last days, asked for them one by one.

    Returns the errors of the network and of two guesses that need none, and the network's forecasts.
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
    talk(f"the last {HELD_OUT} days, when they are kept from training: root mean squared error of")
    for name, error in errors.items():
        talk(f"  {name:15} {error:6.1f} sales")
    if errors["network"] > min(errors.values()):
        talk("the network loses: so few windows are learned by heart, and no rule is found.")
    return errors, forecasts


def run(say: Say = silent, seed: int = 0, epochs: int = 200) -> DemoResult:
    """Learn fifteen days of sales and say the sixteenth.

    Args:
        say: receives each line.
        seed: of the first weights and of the order of windows.
        epochs: passes over the twelve windows.
    """
    talk = Transcript(say)
    whole("epochs", epochs)
    x, y = windows(Scaler.of(SALES).down(SALES), WINDOW)
    net = new_network(seed)
    report = un.check_gradients(net, x, y)
    talk(f"{len(SALES)} days, {len(x)} windows of {WINDOW} days, batches of {BATCH}")
    talk(f"{net}\n{report}\n")

    trained = train(SALES, epochs, seed, talk)
    forecast = trained.next_day(SALES[-WINDOW:])
    talk("")
    talk(show_parameters(trained.net.views))
    talk(f"\nday {len(SALES) + 1}: {forecast:.1f} sales")
    held_out, forecasts = hold_out(epochs, seed, talk)

    before, after, spread = trained.rmse[0], trained.rmse[-1], float(np.ptp(SALES))
    plausible = bool(SALES.min() - spread <= forecast <= SALES.max() + spread)
    promises = [
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
    return conclude("sales", talk, report, promises, numbers, lambda: figure(trained, forecast, forecasts))


def figure(trained: Trained, forecast: float, held_out: Array) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    days = np.arange(1, len(SALES) + 2)
    x, _ = windows(trained.scaler.down(SALES), WINDOW)
    fitted = trained.scaler.up(trained.net.forward(x)[0][:, 0])
    plot = make_subplots(
        rows=1, cols=2, column_widths=[0.65, 0.35], subplot_titles=("sales by day", "error by epoch")
    )
    lines: list[tuple[str, Array, Any, dict[str, Any]]] = [
        ("sales", days[:-1], SALES, {"line": {"color": GREY}, "mode": "lines+markers"}),
        (
            "learned by heart",
            days[WINDOW:-1],
            fitted,
            {"line": {"color": BLUE, "dash": "dot"}, "mode": "lines+markers"},
        ),
        (
            "forecast of the next day",
            days[-1:],
            [forecast],
            {"mode": "markers", "marker": {"color": RED, "size": 12, "symbol": "star"}},
        ),
        (
            "forecasts of days kept from training",
            days[-1 - HELD_OUT : -1],
            held_out,
            {"mode": "markers", "marker": {"color": ORANGE, "size": 10, "symbol": "diamond"}},
        ),
    ]
    for name, at, values, look in lines:
        plot.add_trace(go.Scatter(x=at, y=values, name=name, **look), row=1, col=1)
    plot.add_trace(
        go.Scatter(
            x=np.arange(len(trained.rmse)), y=trained.rmse, line={"color": BLUE}, name="rmse", showlegend=False
        ),
        row=1,
        col=2,
    )
    plot.update_xaxes(title="day", dtick=1, range=[0.5, len(days) + 0.5], row=1, col=1).update_xaxes(
        title="epoch", row=1, col=2
    )
    plot.update_yaxes(title="root mean squared error, sales", rangemode="tozero", row=1, col=2)
    plot.update_layout(legend={"orientation": "h", "y": -0.15})
    return style(plot, "Sales: three days in, the next day out", 480)
