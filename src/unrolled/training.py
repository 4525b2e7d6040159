"""Training through epochs: order, schedules, early stopping, checkpoints, Ctrl-C.

The engine does the batches; everything here happens between slices of an epoch. How an epoch is sliced never
changes the result, nor does a resume from a checkpoint.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from . import randomness, storage
from .data import Data
from .engines import Engine, Job
from .errors import InputError, ModelFileError, TrainingDiverged
from .losses import Loss
from .ops import Array
from .optimizers import Optimizer, OptimizerState
from .program import Program
from .progress import EpochEnd, progress_line
from .randomness import Place
from .schedules import Progress

if TYPE_CHECKING:
    import pandas as pd

SLICE_WALL_S = 0.1  # between slices there is time for Ctrl-C and the progress line


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the monitored loss (validation, else training) no longer improves; restore the best weights.

    Args:
        patience: epochs in a row without improvement after which training stops.
        min_delta: improvement that counts.
    """

    patience: int
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise InputError(f"EarlyStopping: patience must be ≥ 1 epoch; got {self.patience!r}.")


@dataclass
class History:
    """What happened, one entry an epoch."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)  # empty without validation rows
    rate: list[float] = field(default_factory=list)  # of the epoch's last step
    wall_s: list[float] = field(default_factory=list)  # since training began
    stopped: str = "done"  # "done", "early", "callback", "interrupted"
    best_epoch: int | None = None  # epoch with the lowest monitored loss
    restored: bool = False  # whether the network has the weights of the best epoch

    @property
    def monitored(self) -> list[float]:
        return self.validation_loss or self.loss

    def to_frame(self) -> pd.DataFrame:
        """One row an epoch."""
        import pandas as pd

        columns = {
            "loss": self.loss,
            "validation_loss": self.validation_loss,
            "rate": self.rate,
            "wall_s": self.wall_s,
        }
        frame = pd.DataFrame({name: values for name, values in columns.items() if values or name == "loss"})
        frame.index.name = "epoch"
        return frame

    def __str__(self) -> str:
        lines = [f"{'epoch':>5}  {'loss':>11}  {'validation':>11}  {'rate':>9}  {'seconds':>8}"]
        for epoch, loss in enumerate(self.loss):
            validation = f"{self.validation_loss[epoch]:11.5g}" if self.validation_loss else f"{'':>11}"
            best = "  best" if epoch == self.best_epoch else ""
            lines.append(
                f"{epoch:5d}  {loss:11.5g}  {validation}  {self.rate[epoch]:9.3g}  {self.wall_s[epoch]:8.2f}{best}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html())


@dataclass(frozen=True)
class Plan:
    """How to train."""

    epochs: int = 20
    batch_size: int = 32
    shuffle: bool = True
    clip_norm: float | None = 1.0
    early_stopping: EarlyStopping | None = None
    checkpoint: str | os.PathLike[str] | None = None
    callbacks: tuple[Callable[[EpochEnd], bool | None], ...] = ()
    seed: int = 0
    verbose: int = 1
    title: str = "training"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise InputError(f"clip_norm must be positive, or None for no limit; got {self.clip_norm!r}.")


@dataclass
class Run:
    """All that changes while training; a checkpoint holds exactly this."""

    params: Array
    optimizer: OptimizerState
    history: History
    best_params: Array
    best_loss: float = inf
    waited: int = 0  # epochs since the last improvement

    @property
    def epoch(self) -> int:
        return len(self.history.loss)


def train(
    engine: Engine,
    program: Program,
    params: Array,
    data: Data,
    loss: Loss,
    optimizer: Optimizer,
    plan: Plan,
    training_rows: Array,
    validation_rows: Array,
) -> History:
    """Train `params` in place; see `Network.fit` for what the plan means."""
    job = Job(program, data, loss, optimizer, plan.batch_size, plan.clip_norm, plan.seed)
    run = Run(params, optimizer.start(params), History(), params.copy())
    identity = fingerprint(engine, job, plan, params.dtype, training_rows, validation_rows) if plan.checkpoint else ""
    if plan.checkpoint and os.path.exists(plan.checkpoint):
        resume(run, plan.checkpoint, identity)
        # what stopped it from outside, a callback or Ctrl-C, is over; being out of patience is not
        run.history.stopped = "early" if _out_of_patience(run, plan) else "done"
    n_batches = ceil(len(training_rows) / plan.batch_size)
    began = time.perf_counter() - (run.history.wall_s[-1] if run.history.wall_s else 0.0)

    with interruptible() as interrupted, progress_line(plan.title, plan.epochs, plan.verbose) as show:
        while run.epoch < plan.epochs and run.history.stopped == "done":
            epoch = run.epoch
            order = training_rows
            if plan.shuffle:
                order = training_rows[randomness.permutation(Place(plan.seed, epoch), len(training_rows))]
            rates = np.array(
                [
                    optimizer.schedule.at(
                        Progress(epoch * n_batches + k, plan.epochs * n_batches, run.history.monitored)
                    )
                    for k in range(n_batches)
                ]
            )
            mean = _train_epoch(engine, job, run, order, epoch, rates, interrupted)
            if mean is None:
                run.history.stopped = "interrupted"
                break
            validation = None
            if len(validation_rows):
                sums = engine.evaluate(job, params, validation_rows)
                validation = float(sums.totals.sum() / max(sums.weights.sum(), 1e-300))
                run.history.validation_loss.append(validation)
            end = EpochEnd(epoch, mean, validation, float(rates[-1]), time.perf_counter() - began)
            _close_epoch(run, plan, end, n_batches)
            if plan.checkpoint:
                save_checkpoint(run, plan.checkpoint, identity)
            show(end)
            if interrupted():
                run.history.stopped = "interrupted"

    if run.history.stopped == "interrupted" or plan.early_stopping:
        _restore_best(run)
    return run.history


def _train_epoch(
    engine: Engine,
    job: Job,
    run: Run,
    order: Array,
    epoch: int,
    rates: Array,
    interrupted: Callable[[], bool],
) -> float | None:
    """One epoch in slices; its mean loss, or None when Ctrl-C came before its end."""
    total = weight = 0.0
    batch, size = 0, 1
    while batch < len(rates):
        if interrupted():
            return None
        piece = rates[batch : batch + size]
        started = time.perf_counter()
        sums = engine.train(job, run.params, run.optimizer, order, epoch, batch, piece)
        broken = np.flatnonzero(~np.isfinite(sums.totals))
        if len(broken):
            _restore_best(run)
            raise TrainingDiverged(epoch, batch + int(broken[0]), float(piece[broken[0]]))
        # one addition after the other: the sum must not depend on where the slices end
        for t, w in zip(sums.totals.tolist(), sums.weights.tolist(), strict=True):
            total, weight = total + t, weight + w
        batch += len(piece)
        per_batch = (time.perf_counter() - started) / len(piece)
        size = max(1, min(4 * size, int(SLICE_WALL_S / max(per_batch, 1e-9))))
    return total / weight if weight else 0.0


def _close_epoch(run: Run, plan: Plan, end: EpochEnd, n_batches: int) -> None:
    """Record an epoch, remember the best weights, ask early stopping and the callbacks."""
    history = run.history
    history.loss.append(end.loss)
    history.rate.append(end.rate)
    history.wall_s.append(end.wall_s)
    monitored = end.loss if end.validation_loss is None else end.validation_loss
    if not np.isfinite(run.params).all() or not isfinite(monitored):
        _restore_best(run)
        raise TrainingDiverged(end.epoch, n_batches - 1, end.rate)
    min_delta = plan.early_stopping.min_delta if plan.early_stopping else 0.0
    if monitored < run.best_loss - min_delta:
        run.best_loss, run.waited, history.best_epoch = monitored, 0, end.epoch
        run.best_params[...] = run.params
    else:
        run.waited += 1
    if _out_of_patience(run, plan):
        history.stopped = "early"
    answers = [callback(end) for callback in plan.callbacks]
    if any(answers):
        history.stopped = "callback"


def _out_of_patience(run: Run, plan: Plan) -> bool:
    return plan.early_stopping is not None and run.waited >= plan.early_stopping.patience


def _restore_best(run: Run) -> None:
    run.params[...] = run.best_params
    run.history.restored = True


# --- Ctrl-C -----------------------------------------------------------------------------------------


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag that is asked between slices; a second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()
    previous = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


# --- checkpoints ------------------------------------------------------------------------------------


def fingerprint(
    engine: Engine, job: Job, plan: Plan, dtype: np.dtype, training_rows: Array, validation_rows: Array
) -> str:
    """What a resumed training must have in common with the interrupted one."""
    sample = job.data.batch(np.concatenate((training_rows, validation_rows)), np.dtype(np.float64))
    contents = [np.ascontiguousarray(a).tobytes() for a in sample if a is not None]
    checksum = 0
    for content in contents:
        checksum = zlib.crc32(content, checksum)
    return storage.to_json(
        {
            "engine": engine.name,
            "dtype": dtype.name,
            "operations": [(op.name, storage.describe(op.rule)) for op in job.program.operations],
            "parameters": [(p.name, p.shape) for p in job.program.parameters.values()],
            "loss": storage.describe(job.loss),
            "optimizer": storage.describe(job.optimizer),
            "batch_size": plan.batch_size,
            "clip_norm": plan.clip_norm,
            "epochs": plan.epochs,
            "seed": plan.seed,
            "shuffle": plan.shuffle,
            "rows": [len(training_rows), len(validation_rows)],
            "data": checksum,
        }
    )


def save_checkpoint(run: Run, path: str | os.PathLike[str], identity: str) -> None:
    arrays = {"params": run.params, "best_params": run.best_params}
    arrays |= {f"optimizer.{name}": vector for name, vector in run.optimizer.vectors.items()}
    content = {
        "identity": identity,
        "optimizer_step": run.optimizer.step,
        "history": asdict(run.history),
        "best_loss": run.best_loss if isfinite(run.best_loss) else None,
        "waited": run.waited,
    }
    storage.write(path, "checkpoint", arrays, content)


def resume(run: Run, path: str | os.PathLike[str], identity: str) -> None:
    """Continue from a checkpoint, bit for bit."""
    kind, arrays, content = storage.read(path)
    if kind != "checkpoint":
        raise ModelFileError(f"{path} holds a {kind}, not a checkpoint. Name another file, or delete it.")
    if content.get("identity") != identity:
        raise InputError(
            f"the checkpoint {path} is of another training (its data, network or settings differ). "
            "Delete it to start anew, or name another file."
        )
    with storage.guarded(path):
        run.params[...] = arrays["params"]
        run.best_params[...] = arrays["best_params"]
        for name, vector in run.optimizer.vectors.items():
            vector[...] = arrays[f"optimizer.{name}"]
        run.optimizer.step = content["optimizer_step"]
        run.history = History(**content["history"])
        run.best_loss = inf if content["best_loss"] is None else content["best_loss"]
        run.waited = content["waited"]
