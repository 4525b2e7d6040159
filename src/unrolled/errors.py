"""Every error that a user can cause: it carries the numbers, the place and a remedy."""

from __future__ import annotations

import sys
from types import TracebackType


class UnrolledError(Exception):
    """The root of all errors that `unrolled` raises for something its user can mend.

    IPython and notebooks show the user's own lines and the message; `%xmode Verbose` and `%debug` show the rest.
    """

    def _render_traceback_(self) -> list[str]:
        from .errors import short_traceback

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


PACKAGE = __name__.partition(".")[0]


def short_traceback(error: BaseException) -> list[str]:
    """What IPython shows of an error that its user can mend: the lines that are theirs, and the message.

    Lines of this package, and what the error came from, would hide both. `%xmode Verbose` shows everything all the
    same, and `%debug` goes in.
    """
    traceback = sys.modules["IPython"].get_ipython().InteractiveTB  # IPython is what asks for this
    if traceback.mode == "Verbose":
        lines: list[str] = traceback.structured_traceback(type(error), error, error.__traceback__)
    else:
        bare = type(error).__new__(type(error), *error.args)  # the same message, and no cause
        vars(bare).update(vars(error))
        lines = traceback.structured_traceback(type(error), bare, _outside(error.__traceback__))
    return lines


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """Those of its lines that come before the first one of this package."""
    if traceback is None or traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        return None
    inner = _outside(traceback.tb_next)
    return TracebackType(inner, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)
