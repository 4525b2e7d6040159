"""What every engine does, and the values that pass between it and its callers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...arrays import Array
from ..datasets import Data
from ..losses import Loss
from ..program import Program
from ..randomness import Place

if TYPE_CHECKING:
    from ..optimizers import Optimizer, OptimizerState


class Forward(NamedTuple):
    outputs: tuple[Array, ...]
    state: dict[str, Any]  # final states by name
    tape: Any  # for `backward`, to be used once; None unless kept


class Backward(NamedTuple):
    parameters: Array  # flat, like the parameters
    inputs: dict[str, Array]
    state: dict[str, Any]  # gradients of the initial states that came from the caller, by name


class Sums(NamedTuple):
    """Losses of batches: the weighted sum of costs and the sum of weights, float64, one a batch."""

    totals: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Job:
    """Everything about a training that stays the same from its first batch to its last."""

    program: Program
    data: Data
    loss: Loss
    optimizer: Optimizer
    batch_size: int
    clip_norm: float | None
    seed: int


class Engine(Protocol):
    """Executes programs. It sees programs and arrays only."""

    name: str

    @property
    def identity(self) -> str:
        """What decides the bits of its results: a checkpoint is resumed by the same one only."""

    @property
    def threads(self) -> int:
        """Threads that a large piece of work of the calling thread would be shared out over."""

    def limited(self, threads: int) -> AbstractContextManager[None]:
        """Within it, work of the calling thread is shared out over so many."""

    def missing(self, program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None) -> str | None:
        """Name the first part that this engine can't execute; None when it can do all."""

    def forward(
        self,
        program: Program,
        params: Array,
        inputs: Mapping[str, Array],
        state: Mapping[str, Any] | None = None,
        lengths: Array | None = None,
        keep: bool = False,
        place: Place | None = None,
    ) -> Forward:
        """Run the program; `place` (where in training this is) turns dropout on, `keep` records a tape."""

    def backward(self, tape: Any, doutputs: tuple[Array, ...], dstate: Mapping[str, Any] | None = None) -> Backward:
        """Read the program upwards: gradients from those of the outputs and of the final states."""

    def train(
        self,
        job: Job,
        params: Array,
        optimizer_state: OptimizerState,
        order: Array,
        epoch: int,
        first_batch: int,
        rates: Array,
    ) -> Sums:
        """Do batches first_batch, first_batch + 1, ... of an epoch that visits rows in `order`, one a rate.

        Changes `params` and `optimizer_state` in place. How an epoch is cut into calls never changes bits. It
        stops after a batch whose loss is not finite, before the parameters change.
        """

    def evaluate(self, job: Job, params: Array, rows: Array) -> Sums:
        """Losses of these rows without training."""

    def stream(self, program: Program, params: Array, rows: int) -> Stream:
        """Start feeding a causal program of one input step by step, with parameters as they are now."""


class Stream(Protocol):
    """A program that is fed one step at a time."""

    state: dict[str, Any]  # by the names of the initial states; may be set

    def step(self, x: Array) -> Array:
        """x (N, F) → output (N, ...)."""
