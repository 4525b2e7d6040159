"""The state of a training, and its checkpoint file: a resumed training continues bit for bit."""

import os
import time
import zlib
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Annotated

import numpy as np

from ... import storage
from ...argument_types import Between, Index
from ...arrays import Array
from ...errors import InputError, ModelFileError
from ...schema import read_object
from ..engines import Engine, Job
from ..optimizers import OptimizerState
from .history import History
from .plan import TrainingPlan

MAX_STEPS = 2**53  # of an optimizer; the powers of its decay rates take them as floating-point numbers
MAX_SHARE_OF_TIME = 0.05  # of a training that writes checkpoints, unless their interval is given


@dataclass
class TrainingState:
    """Everything that changes during a training; a checkpoint holds what the result depends on."""

    params: Array
    optimizer: OptimizerState
    history: History
    best_params: Array
    best_loss: float = inf
    waited: int = 0  # epochs since the last improvement
    gradient_norm: float | None = None  # of the last step, for messages: it is not in a checkpoint

    @property
    def epoch(self) -> int:
        return len(self.history.loss)

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays by their names in a file."""
        vectors = {f"optimizer.{name}": vector for name, vector in self.optimizer.vectors.items()}
        return {"params": self.params, "best_params": self.best_params, **vectors}


def fingerprint(
    engine: Engine, job: Job, plan: TrainingPlan, dtype: np.dtype, training_rows: Array, validation_rows: Array
) -> str:
    """A text that a resumed training must have in common with the interrupted one: data, network and settings."""
    sample = job.data.batch(np.concatenate((training_rows, validation_rows)), np.dtype(np.float64))
    parts = (*sample.inputs.values(), sample.target, sample.weight, sample.lengths, sample.unit)
    checksum = 0
    for part in parts:
        if part is not None:
            checksum = zlib.crc32(np.ascontiguousarray(part).tobytes(), checksum)
    return storage.to_json(
        {
            "engine": engine.identity,
            "dtype": dtype.name,
            "operations": [(op.name, storage.describe(op.rule)) for op in job.program.operations],
            "parameters": [(p.name, p.shape) for p in job.program.parameters.values()],
            "loss": storage.describe(job.loss),
            "optimizer": storage.describe(job.optimizer),
            "batch_size": job.batch_size,
            "clip_norm": job.clip_norm,
            "epochs": plan.epochs,
            "seed": job.seed,
            "shuffle": plan.shuffle,
            "early_stopping": plan.stopping and asdict(plan.stopping),
            "rows": [len(training_rows), len(validation_rows)],
            "data": checksum,
        }
    )


@dataclass
class CheckpointFile:
    """The file of a training's checkpoints: written after the last epoch, and some epochs before it.

    Without a given interval, a checkpoint is due when writing it will take at most `MAX_SHARE_OF_TIME` of the time
    since the one before.
    """

    path: str | os.PathLike[str]
    identity: str
    every: int | None  # epochs between checkpoints; None: as above
    wall_s: float = 0.0  # that writing the last one took
    ended_s: float = -inf  # when it had been written

    def update(self, run: TrainingState, is_last: bool) -> None:
        """Write a checkpoint at the end of an epoch, if it is due."""
        began_s = time.perf_counter()
        if self.every is None:
            due = began_s - self.ended_s >= self.wall_s / MAX_SHARE_OF_TIME
        else:
            due = run.epoch % self.every == 0
        if due or is_last:
            save_checkpoint(run, self.path, self.identity)
            self.ended_s = time.perf_counter()
            self.wall_s = self.ended_s - began_s


def save_checkpoint(run: TrainingState, path: str | os.PathLike[str], identity: str) -> None:
    content = {
        "identity": identity,
        "optimizer_step": run.optimizer.step,
        "history": asdict(run.history),
        "best_loss": run.best_loss if isfinite(run.best_loss) else None,
        "waited": run.waited,
    }
    storage.write(path, "checkpoint", run.arrays, content)


@dataclass(frozen=True)
class StoredTraining:
    """The content of a checkpoint; docs/model-file.md explains the keys."""

    optimizer_step: Annotated[int, Between(0, MAX_STEPS)]
    history: History
    best_loss: float | None
    waited: Index

    def check(self, epochs: int) -> None:
        """Raise an `InputError` if the numbers are not those of a training of so many epochs."""
        history, done = self.history, len(self.history.loss)
        if not done == len(history.rate) == len(history.wall_s) or len(history.validation_loss) not in (0, done):
            raise InputError("the lists of `history` have different lengths")
        if done > epochs or self.waited > done or (history.best_epoch or 0) >= max(done, 1):
            raise InputError(f"its epochs go beyond the {min(done, epochs)} that were trained")


def resume(run: TrainingState, path: str | os.PathLike[str], identity: str, epochs: int) -> None:
    """Continue from a checkpoint of a training of so many epochs, bit for bit."""
    kind, arrays, content = storage.read(path)
    if kind != "checkpoint":
        raise ModelFileError(f"{path} holds a {kind}, not a checkpoint. Name another file, or delete it.")
    if content.get("identity") != identity:
        raise InputError(
            f"the checkpoint {path} is of another training (its data, network or settings differ). "
            "Delete it to train from the start, or name another file."
        )
    with storage.guarded(path):
        stored = read_object(content, StoredTraining, ignore_unknown=True)
        stored.check(epochs)
        for name, vector in run.arrays.items():
            found = arrays.get(name, np.zeros(0))
            if (found.shape, found.dtype) != (vector.shape, vector.dtype):
                raise InputError(f"the array {name!r} should be {vector.dtype} {vector.shape}")
        for name, vector in run.arrays.items():  # nothing changes before everything has been checked
            vector[...] = arrays[name]
        run.optimizer.step = stored.optimizer_step
        run.history = stored.history
        run.best_loss = inf if stored.best_loss is None else float(stored.best_loss)
        run.waited = stored.waited
