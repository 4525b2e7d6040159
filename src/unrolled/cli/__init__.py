"""The command line. One file a command; what is heavy is imported when a command runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from ..errors import TrainingDiverged, UnrolledError
from . import backtest, check, demo, forecast, info, inspect, predict, score
from .talk import say

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


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


app = typer.Typer(
    help="Recurrent neural networks from first principles: a table of time series in, forecasts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("forecast")(answering(forecast.command))
app.command("backtest")(answering(backtest.command))
app.command("predict")(answering(predict.command))
app.command("score")(answering(score.command))
app.command("inspect")(answering(inspect.command))
app.command("demo")(answering(demo.command))
app.command("check")(answering(check.command))
app.command("info")(answering(info.command))


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True),
) -> None:
    if version:
        from .. import __version__

        typer.echo(f"unrolled {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command that the arguments name."""
    app()
