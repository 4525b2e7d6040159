"""How a command ends: its exit code, and one message for every error that a user can cause."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ..errors import TrainingDiverged, UnrolledError
from ..interactive.interrupts import exit_code
from ..interactive.streams import drop_output
from .console import print_message, with_options

SUCCESS, FAILURE, INVALID_INPUT = 0, 1, 2


@contextmanager
def errors_as_exit_codes(ctx: typer.Context) -> Iterator[None]:
    """Turn every error that a user can cause into one message and an exit code.

    It must lie inside the call that typer makes, since typer handles Ctrl-C and closed pipes in its own way.
    """
    try:
        yield
    except UnrolledError as error:
        print_message(f"error: {with_options(str(error), ctx)}")
        raise typer.Exit(FAILURE if isinstance(error, TrainingDiverged) else INVALID_INPUT) from error
    except KeyboardInterrupt as error:
        print_message("interrupted.")
        raise typer.Exit(exit_code()) from error
    except BrokenPipeError as error:
        # the reader of the output has closed it, as `head` does: this is no failure, and nothing more can be printed
        drop_output()
        raise typer.Exit(SUCCESS) from error
    except MemoryError as error:
        reason = f": {str(error)[:1].lower()}{str(error)[1:]}" if str(error) else ""  # NumPy has the size in it
        text = f"there is not enough memory{reason}. Give fewer rows or series, or smaller `window` and `hidden`."
        print_message(f"error: {with_options(text, ctx)}")
        raise typer.Exit(FAILURE) from error
    except OSError as error:
        print_message(f"error: {error}")  # for example, standard output goes to a full disk
        if error.filename is None:
            drop_output()  # what it still holds would be written, and fail, once more
        raise typer.Exit(FAILURE) from error
