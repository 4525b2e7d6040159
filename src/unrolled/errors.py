"""Every error that a user can cause: it carries the numbers, the place and a remedy."""

from __future__ import annotations


class UnrolledError(Exception):
    """The root of all errors that `unrolled` raises for something its user can mend.

    IPython and notebooks show the user's own lines and the message; `%xmode Verbose` and `%debug` show the rest.
    """

    def _render_traceback_(self) -> list[str]:
        from .display import short_traceback

        return short_traceback(self)


class InputError(UnrolledError, ValueError):
    """An argument, array or option that does not fit; the message says what would."""


class DataError(InputError):
    """A table that cannot be used as it stands; the message names column, row and remedy."""


class ModelFileError(UnrolledError, ValueError):
    """A model file that is damaged, of another kind, or written by a newer version."""


class TrainingDiverged(UnrolledError, ArithmeticError):
    """The loss became infinite or NaN. The best weights so far have been restored.

    Attributes:
        epoch: the epoch in which it happened, counted from 0.
        batch: the batch of that epoch, counted from 0.
    """

    def __init__(self, epoch: int, batch: int, rate: float) -> None:
        self.epoch, self.batch = epoch, batch
        super().__init__(
            f"the loss stopped being finite in epoch {epoch}, batch {batch} (learning rate {rate:g}). "
            "The best weights so far are restored. Try a lower learning rate, clip_norm=1.0, or scaled inputs."
        )
