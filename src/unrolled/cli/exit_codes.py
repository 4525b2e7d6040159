"""How a command ends: its exit code, and one message for every error that a user can cause."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from ..errors import TrainingDiverged, UnrolledError
from .console import say

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
BEGAN = "unrolled.began"  # where a command finds in its context when it was called


def answering(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with every error that a user can cause turned into one message and an exit code.

    It must stand inside of typer, which has answers of its own to Ctrl-C and to a closed pipe.
    """

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except TrainingDiverged as error:
            say(f"error: {error}")
            raise typer.Exit(FAILED) from error
        except UnrolledError as error:
            say(f"error: {error}")
            raise typer.Exit(WRONG_INPUT) from error
        except KeyboardInterrupt as error:
            say("interrupted.")
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            # whoever read the output has gone, as `head` does: nothing is wrong, and nothing more can be said there
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from error
        except OSError as error:
            say(f"error: {error}")  # such as a full disk under standard output
            raise typer.Exit(FAILED) from error

    return run
