"""Learning rate schedules, as pure functions of the progress of training.

A schedule has no state: the rate of a step follows from the number of the step, the planned number of steps and the
history of the monitored loss, so that a resumed training continues exactly.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..argument_types import check_fields
from ..arrays import Array
from ..errors import InputError


class Progress(NamedTuple):
    """The progress of training when a step begins."""

    step: int  # optimizer steps done
    steps: int  # optimizer steps planned
    history: Sequence[float] = ()  # the monitored loss of each finished epoch


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate that changes. `rate` is its largest value."""

    rate: float
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        check_fields(self, f"{type(self).__name__}: {{}}")
        if not self.rate >= 0:
            raise InputError(f"{type(self).__name__}: the learning rate must not be negative; got {self.rate!r}.")

    @abstractmethod
    def at(self, progress: Progress) -> float:
        """The rate of the step that begins at this point."""

    def rates(self, first: int, n: int, steps: int, history: Sequence[float] = ()) -> Array:
        """The rates of n consecutive steps, of which at most the last one ends an epoch."""
        return np.array([self.at(Progress(first + k, steps, history)) for k in range(n)])


class Constant(Schedule):
    """The same rate at every step."""

    kind: ClassVar[str] = "constant"

    def at(self, progress: Progress) -> float:
        return self.rate

    def rates(self, first: int, n: int, steps: int, history: Sequence[float] = ()) -> Array:
        return np.full(n, self.rate)


class Curve(Schedule):
    """A rate that is a function of the step alone, for one step or for an array of them."""

    def at(self, progress: Progress) -> float:
        return float(self._at(progress.step, progress.steps))

    def rates(self, first: int, n: int, steps: int, history: Sequence[float] = ()) -> Array:
        return self._at(np.arange(first, first + n), steps)

    @abstractmethod
    def _at(self, step: Any, steps: int) -> Any: ...


@dataclass(frozen=True)
class Cosine(Curve):
    """Linear warm-up to `rate`, then half a cosine down to `final` times `rate`.

    Source: Loshchilov & Hutter, "SGDR", ICLR 2017 (without restarts).

    Args:
        rate: the largest learning rate.
        warmup: share of the steps that warm up, 0 ≤ warmup < 1.
        final: last rate as a share of the largest.

    >>> import unrolled as un
    >>> cosine = un.schedules.Cosine(0.1, warmup=0.5)
    >>> [round(cosine.at(un.schedules.Progress(step, 8)), 3) for step in range(8)]
    [0.025, 0.05, 0.075, 0.1, 0.1, 0.085, 0.05, 0.015]
    """

    warmup: float = 0.0
    final: float = 0.0
    kind: ClassVar[str] = "cosine"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.warmup < 1:
            raise InputError(f"Cosine: warmup is a share of the steps in [0, 1); got {self.warmup!r}.")
        if not 0 <= self.final <= 1:
            raise InputError(f"Cosine: final is a share of the largest rate in [0, 1]; got {self.final!r}.")

    def _at(self, step: Any, steps: int) -> Any:
        warm = self.warmup * steps
        rising = np.minimum(1.0, (step + 1) / max(1.0, warm))
        falling = _cosine(1.0, self.final, (step - warm) / max(1.0, steps - warm))
        return self.rate * np.where(step < warm, rising, falling)


@dataclass(frozen=True)
class OneCycle(Curve):
    """Half a cosine from `rate / start` up to `rate`, then one down to `rate / start / end`.

    Source: Smith & Topin, arXiv:1708.07120; the defaults are PyTorch's.

    Args:
        rate: the largest learning rate.
        rise: share of the steps in which the rate rises.
        start: the largest rate divided by the first.
        end: the first rate divided by the last.
    """

    rise: float = 0.3
    start: float = 25.0
    end: float = 1e4
    kind: ClassVar[str] = "one_cycle"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rise < 1:
            raise InputError(f"OneCycle: rise is a share of the steps in (0, 1); got {self.rise!r}.")
        if not (self.start >= 1 and self.end >= 1):
            raise InputError(
                f"OneCycle: start and end divide rates and must be ≥ 1; got {self.start!r}, {self.end!r}."
            )

    def _at(self, step: Any, steps: int) -> Any:
        first = self.rate / self.start
        peak = self.rise * steps - 1
        rising = _cosine(first, self.rate, step / max(1.0, peak))
        fall = (step - peak) / max(1.0, steps - 1 - peak)
        return np.where(step <= peak, rising, _cosine(self.rate, first / self.end, np.minimum(1.0, fall)))


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """Multiply the rate by `factor` whenever the monitored loss has not improved for `patience` epochs.

    Args:
        rate: the first learning rate.
        factor: multiplies the rate at each plateau.
        patience: epochs without improvement that are tolerated; the next one reduces the rate.
        threshold: relative improvement that counts.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    kind: ClassVar[str] = "reduce_on_plateau"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 < self.factor < 1 and self.patience >= 0):
            raise InputError(
                f"ReduceOnPlateau: factor lies in (0, 1), patience is ≥ 0; got {self.factor!r}, {self.patience!r}."
            )

    def at(self, progress: Progress) -> float:
        rate, best, waited = self.rate, float("inf"), 0
        for loss in progress.history:
            if loss < best - self.threshold * abs(best) if best < float("inf") else True:
                best, waited = loss, 0
            else:
                waited += 1
            if waited > self.patience:
                rate, waited = rate * self.factor, 0
        return rate

    def rates(self, first: int, n: int, steps: int, history: Sequence[float] = ()) -> Array:
        return np.full(n, self.at(Progress(first, steps, history)))


def _cosine(start: float, end: float, share: Any) -> Any:
    """Half a cosine from start (share 0) to end (share 1)."""
    return end + (start - end) * (1 + np.cos(np.pi * share)) / 2


SCHEDULES: dict[str, type[Schedule]] = {s.kind: s for s in (Constant, Cosine, OneCycle, ReduceOnPlateau)}
