"""The training loop: order of rows, schedules, early stopping, checkpoints, Ctrl-C.

The engine trains on batches; everything here happens between slices of an epoch. Neither the slices nor a resume from
a checkpoint change the result.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil, inf, isfinite

import numpy as np

from ...arrays import Array
from ...errors import TrainingDiverged
from ...interactive.interrupts import interruptible
from ...interactive.progress import EpochEnd, SilentProgress, progress_line
from .. import randomness
from ..datasets import Dataset
from ..engines import Engine, Job, engine_for
from ..losses import Loss
from ..optimizers import Optimizer
from ..program import Program
from ..randomness import Place
from .checkpoint import CheckpointFile, TrainingState, fingerprint, resume
from .history import History
from .plan import TrainingPlan

SLICE_WALL_S = 0.1  # Ctrl-C and the progress line are served between slices
EXPLOSION = 1e6  # a loss so many times that of the initial weights, or 1 if that is smaller, is a divergence


def train(
    program: Program,
    params: Array,
    data: Dataset,
    loss: Loss,
    optimizer: Optimizer,
    plan: TrainingPlan,
    training_rows: Array,
    validation_rows: Array,
) -> History:
    """Train `params` in place, or change nothing if it fails; `Network.fit` documents the options of the plan."""
    engine = engine_for(program, loss, optimizer)
    job = Job(program, data, loss, optimizer, plan.batch_size, plan.clip_norm, plan.seed)
    run = TrainingState(params, optimizer.start(params), History(), params.copy())
    checkpoints = None
    if plan.checkpoint is not None:
        identity = fingerprint(engine, job, plan, params.dtype, training_rows, validation_rows)
        checkpoints = CheckpointFile(plan.checkpoint, identity, plan.checkpoint_every)
    n_batches = ceil(len(training_rows) / plan.batch_size)
    steps = n_batches if plan.count_steps else None
    line_of_training = progress_line(plan.title, plan.epochs, plan.verbose, steps)
    with _unchanged_by_errors(params) as initial, interruptible() as interrupted, line_of_training as line:
        if checkpoints and os.path.exists(checkpoints.path):
            resume(run, checkpoints.path, checkpoints.identity, plan.epochs)
            # a callback or Ctrl-C that stopped it does not count any more; exhausted patience does
            run.history.stopped = "early" if _out_of_patience(run, plan) else "done"
        began = time.perf_counter() - (run.history.wall_s[-1] if run.history.wall_s else 0.0)
        slices = Slices(engine, job, interrupted, line)
        judged = validation_rows if len(validation_rows) else training_rows
        before = InitialWeights(initial, partial(_mean_loss, engine, job, rows=judged))
        try:
            while run.epoch < plan.epochs and run.history.stopped == "done":
                epoch = run.epoch
                order = training_rows
                if plan.shuffle:
                    order = training_rows[randomness.permutation(Place(plan.seed, epoch), len(training_rows))]
                rates = optimizer.schedule.rates(
                    epoch * n_batches, n_batches, plan.epochs * n_batches, run.history.monitored
                )
                mean, is_whole = slices.train_epoch(run, order, epoch, rates)
                validation = _mean_loss(engine, job, params, validation_rows) if len(validation_rows) else None
                if not is_whole:
                    run.history.stopped = "interrupted"
                    _keep_if_better(run, mean if validation is None else validation)
                    break
                end = EpochEnd(epoch, mean, validation, float(rates[-1]), time.perf_counter() - began)
                _check_divergence(run, end, n_batches - 1, before)
                _close_epoch(run, plan, end)
                is_last = run.epoch == plan.epochs or run.history.stopped != "done"
                if checkpoints:
                    checkpoints.update(run, is_last or interrupted())
                line.end_epoch(end)
                if interrupted():
                    run.history.stopped = "interrupted"
        except TrainingDiverged:
            _restore_after_divergence(run, before)
            raise
        if run.history.stopped == "interrupted" or plan.early_stopping:
            _restore_best(run)
    return run.history


@contextmanager
def _unchanged_by_errors(params: Array) -> Iterator[Array]:
    """Restore the parameters if the block fails, except by a divergence, which restores the best ones."""
    initial = params.copy()
    try:
        yield initial
    except TrainingDiverged:
        raise
    except BaseException:
        params[...] = initial
        raise


@dataclass
class Slices:
    """Trains epochs in slices of batches that take about `SLICE_WALL_S`, and checks for Ctrl-C between them."""

    engine: Engine
    job: Job
    interrupted: Callable[[], bool]
    line: SilentProgress
    size: int = 1  # batches in the next slice

    def train_epoch(self, run: TrainingState, order: Array, epoch: int, rates: Array) -> tuple[float, bool]:
        """Train one epoch; the mean loss of its batches, and whether Ctrl-C did not interrupt it."""
        total = weight = 0.0
        batch = 0
        while batch < len(rates):
            if self.interrupted():
                return total / weight if weight else inf, False
            piece = rates[batch : batch + self.size]
            started = time.perf_counter()
            sums = self.engine.train(self.job, run.params, run.optimizer, order, epoch, batch, piece)
            broken = np.flatnonzero(~np.isfinite(sums.totals))
            run.gradient_norm = run.gradient_norm if sums.gradient_norm is None else sums.gradient_norm
            if len(broken):
                raise TrainingDiverged(epoch, batch + int(broken[0]), float(piece[broken[0]]), run.gradient_norm)
            total, weight = _sequential_sum(total, sums.totals), _sequential_sum(weight, sums.weights)
            batch += len(piece)
            self.line.within_epoch(epoch, batch / len(rates))
            wall_s = max(time.perf_counter() - started, 1e-9)
            self.size = max(1, min(4 * self.size, int(SLICE_WALL_S * len(piece) / wall_s)))
        return total / weight if weight else 0.0, True


def _mean_loss(engine: Engine, job: Job, params: Array, rows: Array) -> float:
    sums = engine.evaluate(job, params, rows)
    return float(sums.totals.sum() / max(sums.weights.sum(), 1e-300))


def _sequential_sum(before: float, values: Array) -> float:
    """Add one value after the other: the sum must not depend on the slices."""
    return float(np.cumsum(np.concatenate(([before], values)))[-1])


@dataclass
class InitialWeights:
    """The weights before a training, with which those after it are compared."""

    weights: Array
    loss_of: Callable[[Array], float]  # of any weights, on the rows that decide which weights are the best

    @cached_property
    def loss(self) -> float:
        return self.loss_of(self.weights)

    def exploded(self, weights: Array, monitored: float) -> bool:
        """Whether these weights, after an epoch with this loss, have a loss that is larger by orders of magnitude."""
        if monitored <= EXPLOSION:  # the usual case, in which nothing needs to be computed
            return False
        limit = EXPLOSION * max(1.0, abs(self.loss))
        return monitored > limit and self.loss_of(weights) > limit


def _check_divergence(run: TrainingState, end: EpochEnd, batch: int, before: InitialWeights) -> None:
    """Raise if the weights after an epoch are not finite, or much worse than those before the training."""
    monitored = end.loss if end.validation_loss is None else end.validation_loss
    place = (end.epoch, batch, end.rate, run.gradient_norm)
    if not np.isfinite(run.params).all() or not isfinite(monitored):
        raise TrainingDiverged(*place)
    if before.exploded(run.params, monitored):
        raise TrainingDiverged(*place, event=f"the loss exploded from {before.loss:.3g} to {monitored:.3g}")


def _close_epoch(run: TrainingState, plan: TrainingPlan, end: EpochEnd) -> None:
    """Record an epoch, keep the best weights, and apply early stopping and the callbacks."""
    history = run.history
    history.loss.append(end.loss)
    history.validation_loss += [] if end.validation_loss is None else [end.validation_loss]
    history.rate.append(end.rate)
    history.wall_s.append(end.wall_s)
    monitored = end.loss if end.validation_loss is None else end.validation_loss
    min_delta = plan.stopping.min_delta if plan.stopping else 0.0
    if monitored < run.best_loss - min_delta:
        run.best_loss, run.waited, history.best_epoch = monitored, 0, end.epoch
        run.best_params[...] = run.params
    else:
        run.waited += 1
    if _out_of_patience(run, plan):
        history.stopped = "early"
    stops = [callback(end) for callback in plan.callbacks]  # a list: all callbacks are called
    if any(stops):
        history.stopped = "callback"


def _keep_if_better(run: TrainingState, loss: float) -> None:
    """Make the weights of an epoch that was interrupted the best ones if their loss is the smallest so far."""
    if loss < run.best_loss:
        run.best_loss = loss
        run.best_params[...] = run.params


def _out_of_patience(run: TrainingState, plan: TrainingPlan) -> bool:
    return plan.stopping is not None and run.waited >= plan.stopping.patience


def _restore_best(run: TrainingState) -> None:
    run.params[...] = run.best_params
    run.history.restored = True


def _restore_after_divergence(run: TrainingState, before: InitialWeights) -> None:
    """Restore the best weights, or those before the training if all epochs ended with a larger loss."""
    _restore_best(run)
    if not before.loss_of(run.params) <= before.loss:  # an epoch may have ended with a huge loss, but a finite one
        run.params[...] = before.weights
