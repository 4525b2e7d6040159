"""Tomorrow's opening price from the last fifty: 50 tanh units, trained one window at a time.

    h_t = tanh(W_ih x_t + b + W_hh h_{t-1}),   h_0 = 0,   t = 1..50       (1 → 50)
    y   = w h_50 + c                                                      (50 → 1)
    loss = (y - price of day 51)²

The first 80 % of the days are for training. The scale of the prices is estimated from these days alone, and the test
days are transformed with it, so nothing that is fitted depends on the future. Each test day is forecast from the
fifty days before it, which may extend into the training part.

The forecast of several days is recursive: each output is the next input, and the state is carried along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import unrolled as un
from unrolled.argument_types import Count, check_type
from unrolled.arrays import Array
from unrolled.interactive.progress import EpochEnd

from . import base, prices
from .base import BLUE, GREEN, GREY, ORANGE, RED, DemoResult, Say, Transcript, rmse
from .prices import WINDOW, Prices, Split

if TYPE_CHECKING:
    import plotly.graph_objects as go

HIDDEN, RATE = 50, 1e-3
START, END = "2020-04-01", "2023-04-01"  # the default period of a ticker's prices


def train(net: un.Network, parts: Split, epochs: int, seed: int, log: Transcript) -> list[float]:
    """Train; returns the loss of each epoch.

    Windows are shuffled in every epoch: in the order of time, the network would follow the last weeks of the training
    part and forget the rest.
    """

    def after(end: EpochEnd) -> None:
        log(f"epoch {end.epoch + 1:4d}   loss {end.loss:.8f}   {end.wall_s:6.1f} s")

    options: dict[str, Any] = {"batch_size": 1, "seed": seed, **base.PLAIN}
    x, y = parts.x_train, parts.y_train
    return net.fit(x, y, optimizer=un.SGD(RATE), epochs=epochs, callbacks=[after], **options).loss


def n_steps(net: un.Network, window: Array, steps: int) -> Array:
    """The next prices, scaled, (steps,): each output is the next input, and the state is carried along."""
    y, state, path = window, None, []
    for _ in range(steps):
        y, state = net.forward(y.reshape(1, -1, 1), state)
        path.append(y.item())
    return np.array(path)


def feeds_on_itself(net: un.Network, window: Array, path: Array) -> bool:
    """Whether reading the window and then all outputs at once gives the same last output."""
    again, _ = net.forward(np.concatenate((window, path[:-1])).reshape(1, -1, 1))
    # equal up to rounding, because sums are taken in another order
    return bool(np.isclose(again.item(), path[-1], rtol=0, atol=1e-4))


def run(
    say: Say = None,
    seed: int = 0,
    epochs: int = 200,
    horizon: int = 20,
    ticker: str | None = None,
    start: str | None = None,
    end: str | None = None,
) -> DemoResult:
    """Learn a share's opening prices.

    Args:
        say, seed, epochs: as in every demo.
        horizon: days of the n-step forecasts.
        ticker: a symbol of Yahoo Finance; None: the bundled prices of Google, 2005 to 2008.
        start, end: first day and the day after the last, YYYY-MM-DD; with a ticker only.

    Raises:
        InputError: an option does not fit, or yfinance is not installed.
        DataError: there are no prices, or too few.
    """
    log = Transcript(say)
    check_type("`epochs`", epochs, Count)
    check_type("`horizon`", horizon, Count)
    if ticker is None and not (start is None and end is None):
        raise un.InputError("`start` and `end` select the prices of a ticker. Give one (`ticker`), or omit them.")
    net = un.Network([un.RNN(HIDDEN), un.Last(), un.Dense(1)], input_size=1, dtype="float32", seed=seed)
    series = prices.bundled() if ticker is None else prices.from_yahoo(ticker, start or START, end or END)
    parts = prices.split(series.open)
    log(f"{series.name}: {len(series.open)} opening prices, {series.dates[0]} to {series.dates[-1]}")
    training = series.open[: parts.n_training]
    log(f"training: the first {len(training)}, which lie between {training.min():.2f} and {training.max():.2f}")
    log(f"X_train {parts.x_train.shape} y_train {parts.y_train.shape}")
    log(f"X_test {parts.x_test.shape} y_test {parts.y_test.shape}")
    # three windows suffice, since the equations are the same for all
    report = un.check_gradients(net, parts.x_train[:3], parts.y_train[:3])
    log(f"{net}\n{report}\n")

    at_start = float(((net.forward(parts.x_train)[0] - parts.y_train) ** 2).mean())
    losses = train(net, parts, epochs, seed, log)
    found = evaluate(net, parts, series, horizon)
    describe(found, min(horizon, len(parts.x_test)), log)
    numbers = {"seed": seed, "epochs": epochs, "loss": losses, **found}
    numbers = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in numbers.items()}
    fed = f"each of the {horizon} days of the forecast was computed from the days before it"
    claims = [
        (losses[-1] < at_start, f"the loss fell from {at_start:.6f} before training to {losses[-1]:.6f}"),
        (found["feeds_on_itself"], fed),
    ]
    return base.conclude("stock", log, report, claims, numbers, lambda: figure(series, parts, losses, found))


def evaluate(net: un.Network, parts: Split, series: Prices, horizon: int) -> dict[str, Any]:
    """A description of the prices, forecasts one day and several days ahead, and their errors on the test part."""
    n, up, scaled = parts.n_training, parts.scale.inverse_transform, parts.scale.transform(series.open)
    truth = series.open[n:]
    tested = up(net.forward(parts.x_test)[0][:, 0].astype(float))
    from_training = up(n_steps(net, scaled[n - WINDOW : n], horizon))
    ahead = n_steps(net, scaled[-WINDOW:], horizon)
    return {
        "prices": series.name,
        "first": str(series.dates[0]),
        "last": str(series.dates[-1]),
        "training_days": n,
        "training_windows": len(parts.x_train),
        "test_windows": len(parts.x_test),
        "test_forecast": tested,
        "rmse_network": rmse(tested, truth),
        "rmse_yesterday": rmse(series.open[n - 1 : -1], truth),
        "from_training": from_training,
        "rmse_n_steps": rmse(from_training[: len(truth)], truth[:horizon]),
        "rmse_last_price": rmse(series.open[n - 1], truth[:horizon]),
        "from_end": up(ahead),
        "feeds_on_itself": feeds_on_itself(net, scaled[-WINDOW:], ahead),
    }


def describe(found: dict[str, Any], days: int, log: Transcript) -> None:
    network, yesterday = found["rmse_network"], found["rmse_yesterday"]
    log("\nroot mean squared error on the test days, in dollars")
    log(f"    1 day ahead:   network {network:8.2f}   yesterday's price {yesterday:8.2f}")
    steps, last = found["rmse_n_steps"], found["rmse_last_price"]
    log(f"  {days:3d} days ahead:  network {steps:8.2f}   the last price    {last:8.2f}")
    if network < yesterday:
        log(f"the network beats yesterday's price by {100 * (1 - network / yesterday):.1f} % on these test days.")
    else:
        log(f"the network loses: yesterday's price is better by {100 * (1 - yesterday / network):.1f} %.")
    log("recursive forecast of the next days: " + ", ".join(f"{p:.2f}" for p in found["from_end"][:10]))


def figure(series: Prices, parts: Split, losses: list[float], found: dict[str, Any]) -> go.Figure:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    n, horizon = parts.n_training, len(found["from_end"])
    test, last = series.dates[n:], series.dates[-1]
    ahead = np.busday_offset(last, np.arange(1, horizon + 1), roll="forward")  # without holidays
    titles = ("test part: one day and several days ahead", "the whole series", "loss")
    plot = make_subplots(
        rows=2,
        cols=2,
        specs=[[{"colspan": 2}, None], [{}, {}]],
        row_heights=[0.64, 0.36],
        vertical_spacing=0.14,
        subplot_titles=titles,
    )
    several = {"color": RED, "dash": "dot"}
    for row, name, x, y, line in [
        (1, "price", test, series.open[n:], {"color": GREY}),
        (1, "network, one day ahead", test, found["test_forecast"], {"color": BLUE}),
        (1, f"{horizon} days from the training part", [*test, *ahead][:horizon], found["from_training"], several),
        (1, f"{horizon} days from the end", ahead, found["from_end"], {"color": ORANGE, "dash": "dot"}),
        (2, "training part", series.dates[:n], series.open[:n], {"color": GREEN}),
        (2, "test part", test, series.open[n:], {"color": GREY}),
    ]:
        plot.add_trace(go.Scatter(x=x, y=y, name=name, line=line), row=row, col=1)
    epochs = np.arange(1, len(losses) + 1)
    plot.add_trace(go.Scatter(x=epochs, y=losses, name="loss", line={"color": BLUE}, showlegend=False), row=2, col=2)
    plot.update_yaxes(title="dollars", col=1).update_xaxes(title="epoch", row=2, col=2)
    plot.update_yaxes(type="log", exponentformat="power", dtick="D2", row=2, col=2)
    plot.update_layout(hovermode="x unified", legend={"orientation": "h", "y": -0.1})
    return base.style(plot, f"Stock: {series.name}, opening prices, a window of {WINDOW} days", 700)
