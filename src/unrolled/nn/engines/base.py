"""The interface of engines, and the values that they take and return."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...arrays import Array
from ..datasets import Dataset
from ..losses import Loss
from ..program import Program
from ..randomness import Place

if TYPE_CHECKING:
    from ..optimizers import Optimizer, OptimizerState


class Forward(NamedTuple):
    outputs: tuple[Array, ...]
    state: dict[str, Any]  # final states by name
    tape: Any  # for one call of `backward`; None unless kept


class Backward(NamedTuple):
    parameters: Array  # flat, like the parameters
    inputs: dict[str, Array]
    state: dict[str, Any]  # gradients of the initial states that came from the caller, by name


class Sums(NamedTuple):
    """Losses of batches: for each batch the weighted sum of costs and the sum of weights, float64."""

    totals: Array
    weights: Array
    gradient_norm: float | None = None  # of the last step of a training, before clipping; None without a step


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that stays the same during a training."""

    program: Program
    data: Dataset
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
        """Engines with different identities may give different bits: a checkpoint is tied to one identity."""

    @property
    def threads(self) -> int:
        """Number of threads for large work of the calling thread."""

    def limited(self, threads: int) -> AbstractContextManager[None]:
        """In this context, work of the calling thread uses at most `threads` threads."""

    def missing(self, program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None) -> str | None:
        """Name the first part that this engine cannot execute; None if it can execute everything."""

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
        """Run the program; `place` (of this batch in training) turns dropout on, `keep` records a tape."""

    def backward(self, tape: Any, doutputs: tuple[Array, ...], dstate: Mapping[str, Any] | None = None) -> Backward:
        """Go through the program in reverse: gradients from those of the outputs and of the final states."""

    def train(
        self, job: Job, params: Array, state: OptimizerState, order: Array, epoch: int, first_batch: int, rates: Array
    ) -> Sums:
        """Train on the batches first_batch, first_batch + 1, ... of an epoch, one for each rate.

        The epoch visits rows in `order`. `params` and `state` change in place. How an epoch is divided into
        calls never changes bits. Training stops after a batch whose loss is not finite, before the parameters change.
        """

    def evaluate(self, job: Job, params: Array, rows: Array) -> Sums:
        """Losses of these rows, without training."""

    def stream(self, program: Program, params: Array, rows: int) -> EngineStream:
        """Start feeding a causal program of one input step by step, with a copy of the parameters."""


class EngineStream(Protocol):
    """A program that is fed one step at a time."""

    state: dict[str, Any]  # by the names of the initial states; can be set

    def step(self, x: Array) -> Array:
        """x (N, F) → output (N, ...)."""
