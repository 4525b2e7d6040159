"""The errors that users can cause: their messages have the numbers, the place and a remedy."""

import sys
from types import TracebackType


class UnrolledError(Exception):
    """The base class of all errors that `unrolled` raises for mistakes that its user can correct.

    IPython and notebooks show the user's own lines and the message; `%xmode Verbose` and `%debug` show the rest.
    """

    def _render_traceback_(self) -> list[str]:
        return short_traceback(self)


class InputError(UnrolledError, ValueError):
    """An argument, array or option that is not allowed; the message says what is."""


class DataError(InputError):
    """A table that cannot be used; the message names the column, the row and a remedy."""


class NotRegisteredError(InputError):
    """A name of a cell, view or likelihood that is not registered."""


class ModelFileError(UnrolledError, ValueError):
    """A model file that is damaged, of another kind, or written by a newer version."""


RESTORED = "The best weights so far are restored. Try a lower learning rate, a smaller `clip_norm` or scaled inputs."


class TrainingDiverged(UnrolledError, ArithmeticError):
    """The loss became infinite, NaN or far larger than before; the best weights so far have been restored.

    Attributes:
        epoch: the epoch in which it happened, counted from 0.
        batch: the batch of that epoch, counted from 0.
        rate: the learning rate of that batch.
        gradient_norm: of the step before, without clipping; None if there was none.
    """

    def __init__(
        self,
        epoch: int,
        batch: int,
        rate: float,
        gradient_norm: float | None = None,
        event: str = "the loss stopped being finite",
        remedy: str = RESTORED,
    ) -> None:
        self.epoch, self.batch, self.rate, self.gradient_norm = epoch, batch, rate, gradient_norm
        self._arguments = epoch, batch, rate, gradient_norm, event, remedy
        norm = "" if gradient_norm is None else f", gradient norm {gradient_norm:.2g} in the step before"
        super().__init__(f"{event} in epoch {epoch}, batch {batch} (learning rate {rate:.3g}{norm}). {remedy}")

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), self._arguments  # pickle would call the class with the message alone


PACKAGE = __name__.partition(".")[0]


def short_traceback(error: BaseException) -> list[str]:
    """The traceback that IPython shows: the user's own lines and the message, without the lines of this package.

    The cause of the error is left out as well. `%xmode Verbose` shows everything, and `%debug` enters the package.
    """
    traceback = sys.modules["IPython"].get_ipython().InteractiveTB  # only IPython calls this
    if traceback.mode == "Verbose":
        lines: list[str] = traceback.structured_traceback(type(error), error, error.__traceback__)
    else:
        bare = type(error).__new__(type(error), *error.args)  # the same message without a cause
        vars(bare).update(vars(error))
        lines = traceback.structured_traceback(type(error), bare, _outside(error.__traceback__))
    return lines


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """The entries of the traceback before the first one of this package."""
    if traceback is None or traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        return None
    inner = _outside(traceback.tb_next)
    return TracebackType(inner, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)
