"""An independent reference: results of PyTorch, frozen by tools/freeze_torch.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import unrolled as un
from support import ROOT, assert_close
from unrolled.nn.datasets import Arrays
from unrolled.nn.engines import Job
from unrolled.nn.losses import MSE, Huber, loss_named
from unrolled.nn.optimizers import OPTIMIZERS, clip_by_norm
from unrolled.nn.schedules import Progress

FILE = Path(__file__).parent / "frozen" / "torch.safetensors"
FROZEN = load_file(FILE)
RECURRENT = {"rnn-tanh": un.RNN(5), "rnn-relu": un.RNN(5, "relu"), "gru": un.GRU(5), "lstm": un.LSTM(5)}
WITH_LENGTHS = [f"lengths/{kind}/2" for kind in RECURRENT]
FULL = [f"model/{kind}/{layers}" for kind in RECURRENT for layers in (1, 2)]
OPTIMIZER_RUNS = {
    "sgd": un.SGD(),
    "sgd-decay": un.SGD(weight_decay=0.1),
    "momentum": un.SGD(momentum=0.9),
    "nesterov": un.SGD(momentum=0.9, nesterov=True),
    "rmsprop": un.RMSprop(),
    "rmsprop-decay": un.RMSprop(weight_decay=0.1),
    "rprop": un.Rprop(),
    "adagrad": un.Adagrad(),
    "adagrad-decay": un.Adagrad(weight_decay=0.1),
    "adam": un.Adam(),
    "adam-decay": un.Adam(weight_decay=0.1),
    "adamw": un.AdamW(),
    "adamw-decay": un.AdamW(weight_decay=0.1),
}
LOSSES = {
    "mse": "mse",
    "mae": "mae",
    "huber": "huber",
    "huber-delta": Huber(0.3),
    "cross_entropy": "cross_entropy",
    "cross_entropy-steps": "cross_entropy",
}
SCHEDULES = {"one_cycle": un.OneCycle(0.1), "cosine": un.Cosine(0.1, final=0.01)}


def test_the_file_says_how_it_was_made():
    with safe_open(FILE, framework="numpy") as file:
        made = file.metadata()
    assert (ROOT / made["script"]).is_file()
    assert made["torch"]


class Frozen:
    """One frozen model, and the same model of ours."""

    def __init__(self, group: str, dtype: str = "float64") -> None:
        self.kept = {name.removeprefix(f"{group}/"): a for name, a in FROZEN.items() if name.startswith(f"{group}/")}
        _, kind, depth = group.split("/")
        self.depth, self.cell = int(depth), RECURRENT[kind]
        n, t, f = self.kept["x"].shape
        self.stack = un.Network([self.cell] * self.depth, f, dtype)
        self.net = un.Network([*self.stack.layers, un.Last(), un.Dense(self.kept["target"].shape[1])], f, dtype)
        assert self.of("parameters").keys() == self.net.views.keys()
        for net in (self.stack, self.net):
            for name, view in net.views.items():
                view[...] = self.of("parameters")[name]
        # the longest chain of sums: through all steps of all layers; a gradient also sums over all rows
        self.terms = self.depth * t * (f + self.cell.hidden)
        self.gradient_terms = n * self.terms

    def of(self, group: str) -> dict:
        return {name.removeprefix(f"{group}/"): a for name, a in self.kept.items() if name.startswith(f"{group}/")}

    def state(self, which: str) -> list:
        """One state per layer from the arrays (layers, N, H)."""
        parts = [self.kept[f"{which}.{field}"] for field in self.cell.State._fields]
        return [self.cell.State(*(part[layer] for part in parts)) for layer in range(self.depth)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("group", FULL + WITH_LENGTHS)
def test_outputs_and_final_states_are_those_of_pytorch(group, dtype, engine):
    frozen = Frozen(group, dtype)
    output, final = frozen.stack.forward(frozen.kept["x"], tuple(frozen.state("initial")), frozen.kept.get("lengths"))
    assert output.dtype == dtype
    assert_close(output, frozen.kept["output"], frozen.terms)
    for ours, theirs in zip(final, frozen.state("final"), strict=True):
        assert_close(ours, theirs, frozen.terms)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("group", FULL + WITH_LENGTHS)
def test_loss_and_all_gradients_are_those_of_pytorch(group, dtype, engine):
    frozen = Frozen(group, dtype)
    loss, grads = frozen.net.gradients(
        frozen.kept["x"],
        frozen.kept["target"],
        state=(*frozen.state("initial"), None, None),
        lengths=frozen.kept.get("lengths"),
    )
    assert_close(np.asarray(loss, dtype), frozen.kept["loss"], frozen.terms)
    assert_close(grads.x, frozen.kept["dx"], frozen.gradient_terms)
    for name, gradient in frozen.net.program.views(grads.parameters).items():
        assert_close(gradient, frozen.of("dparameters")[name], frozen.gradient_terms)
    for ours, theirs in zip(grads.state[: frozen.depth], frozen.state("dinitial"), strict=True):
        assert_close(ours, theirs, frozen.gradient_terms)


@pytest.mark.parametrize("run", OPTIMIZER_RUNS)
@pytest.mark.parametrize("group", FULL)
def test_three_steps_of_an_optimizer_are_those_of_pytorch(group, run, engine):
    frozen, optimizer = Frozen(group), OPTIMIZER_RUNS[run]
    params = frozen.net.parameters
    n = len(frozen.kept["x"])
    job = Job(frozen.net.program, Arrays(frozen.kept["x"], frozen.kept["target"]), MSE(), optimizer, n, None, seed=0)
    state = optimizer.start(params)
    for epoch in range(3):
        engine.train(job, params, state, np.arange(n), epoch, 0, np.array([optimizer.rate]))
    assert_close(params, frozen.kept[f"after/{run}"], frozen.gradient_terms)


def test_every_registered_optimizer_was_frozen():
    assert {type(optimizer) for optimizer in OPTIMIZER_RUNS.values()} == set(OPTIMIZERS.values())
    assert OPTIMIZER_RUNS.keys() == Frozen(FULL[-1]).of("after").keys()


@pytest.mark.parametrize("group", FULL)
def test_clipping_by_the_norm_is_that_of_pytorch(group):
    frozen = Frozen(group)
    grads = np.concatenate([frozen.of("dparameters")[name].ravel() for name in frozen.net.views])
    norm, limit = float(frozen.kept["norm"]), float(frozen.kept["limit"])
    assert norm > limit
    assert_close(clip_by_norm(grads, limit), norm, terms=grads.size)
    # PyTorch divides by norm + 1e-6, we by the norm
    np.testing.assert_allclose(grads, frozen.kept["clipped"], rtol=1.01e-6 / norm, atol=0)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_their_gradients_are_those_of_pytorch(name):
    prediction, target, value, dprediction = (
        FROZEN[f"loss/{name}/{part}"] for part in ("prediction", "target", "value", "dprediction")
    )
    evaluation = loss_named(LOSSES[name]).evaluate(prediction, target)
    assert_close(evaluation.mean, value, terms=prediction.size)
    assert_close(evaluation.dprediction, dprediction, terms=prediction.shape[-1])


@pytest.mark.parametrize(
    ("name", "schedule"), [("one_cycle", un.OneCycle(0.1)), ("cosine", un.Cosine(0.1, final=0.01))]
)
def test_schedules_are_those_of_pytorch(name, schedule):
    rates = FROZEN[f"schedule/{name}"]
    ours = [schedule.at(Progress(step, len(rates))) for step in range(len(rates))]
    # PyTorch steps its cosine from one rate to the next, so that rounding adds up over the steps
    assert_close(np.array(ours), rates, terms=len(rates))
