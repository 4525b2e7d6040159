"""The options of a training: epochs, batches, early stopping, checkpoints."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...argument_types import Count, check_fields
from ...errors import InputError
from ...interactive.progress import EpochEnd
from ..randomness import checked_seed


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the monitored loss (validation, else training) no longer improves; restore the best weights.

    Args:
        patience: epochs in a row without improvement after which training stops.
        min_delta: the smallest decrease of the loss that counts as an improvement.
    """

    patience: int
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, "EarlyStopping: {}")
        if self.patience < 1:
            raise InputError(f"EarlyStopping: patience must be ≥ 1 epoch; got {self.patience!r}.")


@dataclass(frozen=True)
class TrainingPlan:
    """The options of `Network.fit` that describe how to train."""

    epochs: Count = 20
    batch_size: Count = 32
    shuffle: bool = True
    clip_norm: float | None = 1.0
    early_stopping: int | EarlyStopping | None = None
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: Count | None = None
    callbacks: Sequence[Callable[[EpochEnd], bool | None]] = ()
    seed: int = 0
    verbose: int | bool = 1
    title: str = "training"
    count_steps: bool = False  # whether the progress line counts optimizer steps instead of epochs

    def __post_init__(self) -> None:
        check_fields(self)
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise InputError(f"clip_norm must be positive, or None for no limit; got {self.clip_norm!r}.")
        if self.checkpoint is not None and not os.fspath(self.checkpoint):
            raise InputError("checkpoint must be the path of a file, or None; got ''.")
        object.__setattr__(self, "seed", checked_seed(self.seed))
        _ = self.stopping  # raises if the patience is not allowed

    @property
    def stopping(self) -> EarlyStopping | None:
        """`early_stopping` as an object."""
        given = self.early_stopping
        return EarlyStopping(int(given)) if isinstance(given, (int, np.integer)) else given
