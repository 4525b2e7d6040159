"""The training of the pretrained network; tools/pretrain.py runs it.

Lessons are made while the network learns from earlier ones. The weights that are kept are a running mean of those of
the last lessons. An interrupted training continues from its checkpoint, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ... import storage
from ...arrays import Array
from ...errors import InputError
from ...nn.cells import GRU
from ...nn.datasets import Arrays
from ...nn.engines import Job, engine_for
from ...nn.layers import Dense
from ...nn.losses import Quantile
from ...nn.network import Network
from ...nn.optimizers import AdamW, OptimizerState
from ..probabilistic.quantiles import LEARNED
from .lessons import Lesson, lesson
from .representation import CHANNELS

HIDDEN = 96
LESSONS = 1500
BATCH = 64  # series
RATE, WARM_UP, FINAL_SHARE = 4e-3, 100, 0.01  # the largest rate, steps until it is reached, and its share at the end
WEIGHT_DECAY, CLIP_NORM = 1e-3, 1.0
AVERAGED = 40  # lessons behind the running mean of the weights
FIRST_OUTPUTS = 0.1  # share of the usual size of the output weights, so that the first forecasts are the anchors
LESSONS_PER_CHECKPOINT = 50
LESSONS_AHEAD = 4
DATA = "series made by unrolled.synthetic; no real ones"


def new_network(hidden: int = HIDDEN, seed: int = 0) -> Network:
    """An untrained network."""
    layers = (Dense(hidden, "relu"), GRU(hidden), Dense(hidden, "relu"), Dense(len(LEARNED)))
    network = Network(layers, input_size=CHANNELS, seed=seed)
    network.views["3.weight"][...] *= FIRST_OUTPUTS
    return network


def rates(first: int, steps: int, share_done: float) -> Array:
    """The learning rates of these steps: rising at first, then down a cosine."""
    numbers = np.arange(first, first + steps)
    cosine = 0.5 * (1 + np.cos(np.pi * share_done)) + FINAL_SHARE
    return RATE * np.minimum(1.0, (numbers + 1) / WARM_UP) * cosine


class Pretraining:
    """A network, its optimizer, the running mean of its weights, and the number of lessons that it has had."""

    def __init__(self, lessons: int = LESSONS, hidden: int = HIDDEN, seed: int = 0) -> None:
        self.lessons, self.hidden, self.seed, self.done, self.steps = lessons, hidden, seed, 0, 0
        self.network = new_network(hidden, seed)
        self.optimizer = AdamW(RATE, weight_decay=WEIGHT_DECAY)
        self.state: OptimizerState = self.optimizer.start(self.network.parameters)
        self.mean = self.network.parameters.copy()

    def learn(self, material: Lesson) -> float:
        """Learn from one lesson and return its mean loss."""
        network = self.network
        data = Arrays(material.inputs, material.targets, material.weights)
        job = Job(network.program, data, Quantile(LEARNED), self.optimizer, BATCH, CLIP_NORM, self.seed)
        count = len(material.inputs)
        batches = -(-count // BATCH)
        engine = engine_for(network.program, job.loss, job.optimizer)
        share = self.done / self.lessons
        sums = engine.train(
            job, network.parameters, self.state, np.arange(count), self.done, 0, rates(self.steps, batches, share)
        )
        self.done, self.steps = self.done + 1, self.steps + batches
        self.mean += max(1 / self.done, 1 / AVERAGED) * (network.parameters - self.mean)
        return float(sums.totals.sum() / sums.weights.sum())

    def averaged(self) -> Network:
        """The network with the running mean of its weights."""
        network = new_network(self.hidden, self.seed)
        network.parameters[...] = self.mean
        return network

    def publish(self, path: Path) -> None:
        """Write the network with the running mean of its weights, and how it was made."""
        network = self.averaged()
        made = {"lessons": self.done, "of": self.lessons, "seed": self.seed, "steps": self.steps, "data": DATA}
        storage.write(path, "network", network.views, {**network.describe(), "made": made})

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        arrays = {"parameters": self.network.parameters, "running mean": self.mean}
        arrays |= {f"optimizer {name}": vector for name, vector in self.state.vectors.items()}
        storage.write(path, "checkpoint", arrays, {"pretraining": [self.done, self.steps, self.lessons, self.seed]})

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint.

        Raises:
            InputError: it is of a training with other parameters.
        """
        _, arrays, content = storage.read(path)
        self.done, self.steps, *settings = content["pretraining"]
        if settings != [self.lessons, self.seed] or arrays["parameters"].shape != self.mean.shape:
            raise InputError(
                f"{path} is of another training (lessons: {settings[0]}, seed: {settings[1]}, "
                f"{arrays['parameters'].size} parameters). Delete it to begin anew."
            )
        self.network.parameters[...] = arrays["parameters"]
        self.mean[...] = arrays["running mean"]
        self.state.step = self.steps
        for name, vector in self.state.vectors.items():
            vector[...] = arrays[f"optimizer {name}"]


def lessons_ahead(first: int, last: int, seed: int) -> Iterator[Lesson]:
    """The lessons from `first` to `last - 1`, which another process makes in advance."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[Lesson]] = []
        for number in range(first, last):
            waiting += [
                pool.submit(lesson, k, seed) for k in range(number + len(waiting), min(number + LESSONS_AHEAD, last))
            ]
            yield waiting.pop(0).result()


def pretrain(
    path: Path,
    lessons: int = LESSONS,
    hidden: int = HIDDEN,
    seed: int = 0,
    tell: Callable[[Pretraining, float], None] = lambda run, loss: None,
) -> Network:
    """Train a network and write it to a file.

    Args:
        path: of the file; a checkpoint beside it lets an interrupted training continue.
        lessons: how many.
        hidden: units of its layers.
        seed: of its first weights and of the lessons.
        tell: called at each checkpoint, with the mean loss since the last one.
    """
    checkpoint = path.with_suffix(".checkpoint")
    run = Pretraining(lessons, hidden, seed)
    if checkpoint.exists():
        run.resume(checkpoint)
    losses: list[float] = []
    for material in lessons_ahead(run.done, run.lessons, run.seed):
        losses.append(run.learn(material))
        if run.done % LESSONS_PER_CHECKPOINT == 0 or run.done == run.lessons:
            run.save(checkpoint)
            run.publish(path)
            tell(run, float(np.mean(losses)))
            losses.clear()
    return run.averaged()
