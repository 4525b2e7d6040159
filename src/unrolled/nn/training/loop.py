"""Training through epochs: order, schedules, early stopping, checkpoints, Ctrl-C.

The engine does the batches; everything here happens between slices of an epoch. How an epoch is sliced never
changes the result, nor does a resume from a checkpoint.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from math import ceil, isfinite

import numpy as np

from ...arrays import Array
from ...errors import TrainingDiverged
from ...interactive.interrupts import interruptible
from ...interactive.progress import EpochEnd, Silent, progress_line
from .. import randomness
from ..datasets import Data
from ..engines import Engine, Job, engine_for
from ..losses import Loss
from ..optimizers import Optimizer
from ..program import Program
from ..randomness import Place
from .checkpoint import TrainingState, fingerprint, resume, save_checkpoint
from .history import History
from .plan import TrainingPlan

SLICE_WALL_S = 0.1  # between slices there is time for Ctrl-C and the progress line


def train(
    program: Program,
    params: Array,
    data: Data,
    loss: Loss,
    optimizer: Optimizer,
    plan: TrainingPlan,
    training_rows: Array,
    validation_rows: Array,
) -> History:
    """Train `params` in place; see `Network.fit` for what the plan means."""
    engine = engine_for(program, loss, optimizer)
    job = Job(program, data, loss, optimizer, plan.batch_size, plan.clip_norm, plan.seed)
    run = TrainingState(params, optimizer.start(params), History(), params.copy())
    identity = (
        fingerprint(engine, job, plan.epochs, plan.shuffle, params.dtype, training_rows, validation_rows)
        if plan.checkpoint
        else ""
    )
    if plan.checkpoint and os.path.exists(plan.checkpoint):
        resume(run, plan.checkpoint, identity)
        # what stopped it from outside, a callback or Ctrl-C, is over; being out of patience is not
        run.history.stopped = "early" if _out_of_patience(run, plan) else "done"
    n_batches = ceil(len(training_rows) / plan.batch_size)
    began = time.perf_counter() - (run.history.wall_s[-1] if run.history.wall_s else 0.0)

    steps = n_batches if plan.count_steps else None
    slices = Slices()
    with interruptible() as interrupted, progress_line(plan.title, plan.epochs, plan.verbose, steps) as line:
        while run.epoch < plan.epochs and run.history.stopped == "done":
            epoch = run.epoch
            order = training_rows
            if plan.shuffle:
                order = training_rows[randomness.permutation(Place(plan.seed, epoch), len(training_rows))]
            rates = optimizer.schedule.rates(
                epoch * n_batches, n_batches, plan.epochs * n_batches, run.history.monitored
            )
            mean = _train_epoch(engine, job, run, order, epoch, rates, slices, interrupted, line)
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
            line.end(end)
            if interrupted():
                run.history.stopped = "interrupted"

    if run.history.stopped == "interrupted" or plan.early_stopping:
        _restore_best(run)
    return run.history


class Slices:
    """How many batches are done between two looks at Ctrl-C."""

    size = 1

    def took(self, batches: int, seconds: float) -> None:
        self.size = max(1, min(4 * self.size, int(SLICE_WALL_S * batches / max(seconds, 1e-9))))


def _train_epoch(
    engine: Engine,
    job: Job,
    run: TrainingState,
    order: Array,
    epoch: int,
    rates: Array,
    slices: Slices,
    interrupted: Callable[[], bool],
    line: Silent,
) -> float | None:
    """One epoch in slices; its mean loss, or None when Ctrl-C came before its end."""
    total = weight = 0.0
    batch = 0
    while batch < len(rates):
        if interrupted():
            return None
        piece = rates[batch : batch + slices.size]
        started = time.perf_counter()
        sums = engine.train(job, run.params, run.optimizer, order, epoch, batch, piece)
        broken = np.flatnonzero(~np.isfinite(sums.totals))
        if len(broken):
            _restore_best(run)
            raise TrainingDiverged(epoch, batch + int(broken[0]), float(piece[broken[0]]))
        total, weight = _added(total, sums.totals), _added(weight, sums.weights)
        batch += len(piece)
        line.within(epoch, batch / len(rates))
        slices.took(len(piece), time.perf_counter() - started)
    return total / weight if weight else 0.0


def _added(before: float, values: Array) -> float:
    """One addition after the other: the sum must not depend on where the slices end."""
    return float(np.cumsum(np.concatenate(([before], values)))[-1])


def _close_epoch(run: TrainingState, plan: TrainingPlan, end: EpochEnd, n_batches: int) -> None:
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


def _out_of_patience(run: TrainingState, plan: TrainingPlan) -> bool:
    return plan.early_stopping is not None and run.waited >= plan.early_stopping.patience


def _restore_best(run: TrainingState) -> None:
    run.params[...] = run.best_params
    run.history.restored = True
