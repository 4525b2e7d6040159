"""Reproduce the faults of the texts behind the five demos with this library, and show how they are exposed.

    python examples/faults.py             # all
    python examples/faults.py fish sales  # some

Most are found by a gradient check: `un.check_gradients` compares the gradients of a network that contains the faulty
cell, layer or loss with central differences. Faults that do not concern gradients (a state that leaks, dead units,
saturating inputs, a scale that uses future values) are shown by another number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from faulty_rules import (
    BiasForGradient,
    EarlierDerivative,
    EveryStep,
    Flipped,
    FourTimes,
    Noisy,
    OneEarly,
    OneStep,
    Overwriting,
    OwnState,
    PreActivation,
    SumGradient,
    Untransposed,
)

import unrolled as un
from unrolled.arrays import Array
from unrolled.demos import counting, fish, prices, sales, stock, symbols
from unrolled.demos.base import Scale, windows
from unrolled.nn.activations import dtanh
from unrolled.nn.gradient_check import TOLERANCE, central_difference
from unrolled.nn.losses import Loss, loss_named

WEEK = (fish.DAYS, fish.DAY_5)
SYMBOLS = (symbols.SEQUENCE, symbols.NEXT, "cross_entropy")
SALES = windows(Scale.standard(sales.SALES).transform(sales.SALES), sales.WINDOW)
OPENING = prices.bundled().open


class Finding(NamedTuple):
    exposed: bool
    lines: list[str]


# --- how a fault is tested ----------------------------------------------------------------------------


def check(layers: list[Any], x: Array, y: Array, loss: str | Loss = "mse") -> Finding:
    """The gradient check of a network, at positive weights so that every unit takes part."""
    net = un.Network(layers, input_size=x.shape[2], dtype="float64")
    net.parameters = np.random.default_rng(0).uniform(0.1, 0.5, net.parameters.size)
    report = un.check_gradients(net, x, y, loss=loss)
    return verdict([(row.name, row.largest, row.error) for row in report.rows if not row.ok])


def compare(net: un.Network, claimed: dict[str, Array], x: Array, y: Array, loss: str = "mse") -> Finding:
    """Claimed gradients of parameters, compared with central differences of the loss."""

    def value() -> float:
        return loss_named(loss).evaluate(net.forward(x)[0], y).mean

    wrong, centre = [], value()
    for name, gradient in claimed.items():
        array = net.views[name]
        truth = [central_difference(value, array, k) for k in range(array.size)]
        error, largest = float(np.abs(gradient.ravel() - truth).max()), float(np.abs(gradient).max())
        if error > TOLERANCE * max(1.0, centre, largest):
            wrong.append((name, largest, error))
    return verdict(wrong)


def verdict(wrong: list[tuple[str, float, float]]) -> Finding:
    lines = [f"{name:16}  gradient up to {largest:8.3g}, off by {error:8.3g}" for name, largest, error in wrong]
    return Finding(bool(wrong), lines or ["all gradients agree with central differences"])


def by_name(net: un.Network, gradients: Any) -> dict[str, Array]:
    return net.program.views(gradients.parameters)


# --- fish ---------------------------------------------------------------------------------------------


def text_week(net: un.Network, state: Any, rate: float | None) -> tuple[float, Any]:
    """One epoch as in the text: every day has an output, the same target and an update.

    The gradient goes back one step only; the state before it counts as a constant.
    """
    prediction = 0.0
    for day in range(4):
        x = fish.DAYS[:, day : day + 1]
        y, after = net.forward(x, state)
        prediction = y.item()
        if rate is not None:
            net.parameters -= rate * net.gradients(x, fish.DAY_5, state=state)[1].parameters
        state = after
    return prediction, state


def leaking_state() -> Finding:
    net, state, seen = fish.live_network(0), None, []
    for _ in range(3):
        prediction, state = text_week(net, state, rate=None)
        seen.append(prediction)
    text = ", ".join(f"{p:.4f}" for p in seen)
    return Finding(
        len(set(seen)) > 1, [f"predictions of three epochs on the same days with unchanged weights: {text}"]
    )


def dead_units(starts: int = 50) -> Finding:
    """Training as in the text, from normally distributed weights."""
    dead = right = 0
    for seed in range(starts):
        net = un.Network([un.RNN(2, "relu"), un.Last(), un.Dense(1)], input_size=1, dtype="float64")
        net.parameters = np.random.default_rng(seed).standard_normal(net.parameters.size)
        state = None
        for _ in range(100):
            prediction, state = text_week(net, state, rate=0.01)
        if not state[0].h.any():
            dead += 1
            right += abs(prediction - fish.DAY_5.item()) < 0.05
    text = (
        f"of {starts} trainings from normal weights, {dead} end with two dead units; the output's bias alone brings"
    )
    return Finding(dead > 0, [text, f"{right} of them within 0.05 of the answer"])


def sum_for_mean() -> Finding:
    one = check([un.RNN(2, "relu"), un.Last(), un.Dense(1)], fish.DAYS, fish.DAY_5, SumGradient())
    two = check([un.RNN(2, "relu"), un.Last(), un.Dense(2)], fish.DAYS, np.array([[1.25, 1.5]]), SumGradient())
    return Finding(two.exposed, [f"with one output: {one.lines[0]}; with two:", *two.lines])


# --- symbols ------------------------------------------------------------------------------------------


def first_step_three_times() -> Finding:
    net = un.Network([un.RNN(3), un.Dense(4)], input_size=4, dtype="float64")
    _, first = net.gradients(symbols.SEQUENCE[:, :1], symbols.NEXT[:, :1], loss="cross_entropy")
    # three times the first of three steps, as a mean: once
    return compare(net, by_name(net, first), symbols.SEQUENCE, symbols.NEXT, "cross_entropy")


def not_one_hot() -> Finding:
    third = np.array([0.0, 0.0, 1.0, 1.0])
    return Finding(
        third.sum() != 1, [f"the entries of the third input sum to {third.sum():g}: it is symbols 3 and 4 at once"]
    )


# --- counting -----------------------------------------------------------------------------------------


def loop_over_samples() -> Finding:
    """With four samples, the loop covers only the last four of ten steps."""
    x, ones = counting.sequences(np.random.default_rng(0))
    x, ones, reached = x[:4], ones[:4], 4
    net = counting.counter(*counting.CHECK_AT)
    _, given = net.forward(x[:, :-reached])
    _, claimed = net.gradients(x[:, -reached:], ones, state=given)
    found = compare(net, by_name(net, claimed), x, ones)
    return Finding(
        found.exposed, ["with 50 samples, the loop would read step 50 of 10; with 4 samples it runs:", *found.lines]
    )


def wrong_axis() -> Finding:
    states, target = (counting.SAMPLES, counting.STEPS + 1), (counting.SAMPLES,)
    without_last_sample = (states[0] - 1, states[1])
    try:
        np.broadcast_shapes(without_last_sample, target)
    except ValueError:
        return Finding(
            True, [f"states {states} without the last sample are {without_last_sample}; the targets are {target}"]
        )
    return Finding(False, ["the shapes fit"])


# --- sales --------------------------------------------------------------------------------------------


def saturation(starts: int = 100) -> Finding:
    """Unscaled sales and normally distributed weights, as in the text."""
    x, y = windows(sales.SALES, sales.WINDOW)
    net = sales.new_network(0)
    states, gradients = [], []
    for seed in range(starts):
        net.parameters = np.random.default_rng(seed).standard_normal(net.parameters.size)
        states.append(net.forward(x)[1][0].h)
        gradients.append(by_name(net, net.gradients(x, y)[1])["0.weight_hh"])
    full, none = (100 * float(np.mean(part)) for part in (np.abs(states) == 1, np.equal(gradients, 0)))
    return Finding(
        full > 50 and none > 50,
        [
            f"{full:.0f} % of the last states are exactly 1 or -1, {none:.0f} % of the recurrent gradients exactly",
            "0. These are the true gradients, so no check fails; scaling the inputs helps",
        ],
    )


def wrong_states(recompute: bool) -> Finding:
    """The backward pass with the final state at every step, or with states computed again from the final one."""
    (x, y), net = SALES, sales.new_network(0)
    p = {name.split(".")[1]: view for name, view in net.views.items() if name.startswith("0.")}
    prediction, (last, *_) = net.forward(x)
    h = last.h
    dh = 2 * (prediction - y) / len(x) @ net.views["2.weight"]
    claimed = {"0.weight_ih": np.zeros((5, 1)), "0.weight_hh": np.zeros((5, 5))}
    for t in reversed(range(sales.WINDOW)):
        if recompute:
            h = np.tanh(x[:, t] @ p["weight_ih"].T + h @ p["weight_hh"].T + p["bias"])
        da = dh * dtanh(h)
        claimed["0.weight_ih"] += da.T @ x[:, t]
        claimed["0.weight_hh"] += da.T @ h
        dh = da @ p["weight_hh"]
    return compare(net, claimed, x, y)


# --- stock --------------------------------------------------------------------------------------------


def price_windows(steps: int) -> tuple[Array, Array]:
    """Four windows of the first prices, scaled."""
    return windows(Scale.min_max(OPENING[:50]).transform(OPENING[: steps + 4]), steps)


def loop_over_units() -> Finding:
    """With six units, the loop treats step 6 as the last, which is right only for windows of six days."""
    hidden, lines, exposed = 6, [], []
    for steps in (6, 8):
        x, y = price_windows(steps)
        net = un.Network([un.RNN(hidden), un.Last(), un.Dense(1)], input_size=1, dtype="float64")
        _, claimed = net.gradients(x[:, :hidden], y)
        found = compare(net, by_name(net, claimed), x, y)
        exposed.append(found.exposed)
        lines += [f"{hidden} units, windows of {steps}:", *found.lines]
    return Finding(exposed == [False, True], lines)


def scaled_by_itself() -> Finding:
    parts = prices.split(OPENING)
    own = Scale.min_max(OPENING[parts.n_training :])
    a, b = parts.scale.transform(np.array(500.0)), own.transform(np.array(500.0))
    return Finding(abs(a - b) > 0.01, [f"a price of 500 dollars is {a:.3f} in training and {b:.3f} in the test part"])


def given_inputs() -> Finding:
    """A forecast of ten days that reads the prices of these days, before and after the prices are changed."""
    scaled = prices.split(OPENING).x_train[0]
    past, future = scaled[:40], scaled[40:]
    net = un.Network([un.RNN(stock.HIDDEN), un.Dense(1)], input_size=1, dtype="float64")
    _, state = net.forward(past[None])
    reading = [net.forward(days[None], state)[0] for days in (future, 1.1 * future)]
    moved = float(np.abs(reading[0] - reading[1]).max())
    return Finding(moved > 0, [f"if the future prices are 10 % higher, their forecast changes by {moved:.4f}"])


def chain(cell: Any = None, last: Any = None, dense: Any = None) -> list[Any]:
    """The demos' network with five units, and one of its rules replaced."""
    return [cell or un.RNN(5), last or un.Last(), dense or un.Dense(1)]


FAULTS: dict[str, dict[str, Callable[[], Finding]]] = {
    "fish": {
        "the gradient goes back one step only": partial(check, chain(OneStep(2, "relu")), *WEEK),
        "the state leaks into the next epoch": leaking_state,
        "both units die": dead_units,
        "a mean in the loss, not in its gradient": sum_for_mean,
    },
    "symbols": {
        "no gradient passes between steps": partial(check, [OneStep(3), un.Dense(4)], *SYMBOLS),
        "the output reads the pre-activation": partial(check, [PreActivation(3), un.Dense(4)], *SYMBOLS),
        "the sign is wrong": partial(check, [un.RNN(3), un.Dense(4)], *SYMBOLS[:2], Flipped()),
        "the bias is used in place of its gradient": partial(check, [un.RNN(3), BiasForGradient(4)], *SYMBOLS),
        "the first step's gradient is used three times": first_step_three_times,
        "the third input is not one-hot": not_one_hot,
    },
    "counting": {
        "the backward loop runs over samples": loop_over_samples,
        "the check cuts the wrong axis": wrong_axis,
    },
    "sales": {
        "unscaled inputs saturate tanh": saturation,
        "the final state at every step": partial(wrong_states, recompute=False),
        "gradients are overwritten": partial(check, chain(Overwriting(5)), *SALES),
        "states are computed again from the final one": partial(wrong_states, recompute=True),
        "the output's gradient enters every step": partial(check, chain(last=EveryStep()), *SALES),
        "the output weights are counted four times": partial(check, chain(dense=FourTimes(1)), *SALES),
        "the recurrent gradient uses the wrong state": partial(check, chain(OwnState(5)), *SALES),
    },
    "stock": {
        "the test part is scaled by itself": scaled_by_itself,
        "the backward loop runs over hidden units": loop_over_units,
        "off by one step": partial(check, chain(last=OneEarly()), *price_windows(8)),
        "the recurrent weights are not transposed": partial(check, chain(Untransposed(5)), *price_windows(8)),
        "the derivative of tanh at the wrong step": partial(check, chain(EarlierDerivative(5)), *price_windows(8)),
        "gradients start as noise": partial(check, chain(dense=Noisy(1)), *price_windows(8)),
        "the forecast reads future prices": given_inputs,
    },
}


@cache
def find(demo: str, name: str) -> Finding:
    return FAULTS[demo][name]()


def lines(demo: str) -> list[str]:
    """The lines that `main` prints for a demo."""
    text = []
    for name in FAULTS[demo]:
        found = find(demo, name)
        text += [
            f"{'exposed' if found.exposed else 'HIDDEN '}  {name}",
            *(f"         {line}" for line in found.lines),
        ]
    return text


def main(names: list[str]) -> None:
    for demo in names or FAULTS:
        print("\n".join([f"== {demo}", *lines(demo), ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
