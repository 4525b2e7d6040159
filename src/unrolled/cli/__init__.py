"""The command line. One file a command; what is heavy is imported when a command runs."""

from __future__ import annotations

import sys

import typer

from ..errors import TrainingDiverged, UnrolledError
from . import check, demo, forecast, info, predict
from .talk import say

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    help="Recurrent neural networks from first principles: a table of time series in, forecasts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("forecast")(forecast.command)
app.command("predict")(predict.command)
app.command("demo")(demo.command)
app.command("check")(check.command)
app.command("info")(info.command)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True),
) -> None:
    if version:
        from .. import __version__

        typer.echo(f"unrolled {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a command; every error that a user can cause becomes one message and an exit code."""
    try:
        app()
    except TrainingDiverged as error:
        say(f"error: {error}")
        sys.exit(FAILED)
    except UnrolledError as error:
        say(f"error: {error}")
        sys.exit(WRONG_INPUT)
    except KeyboardInterrupt:
        say("interrupted; nothing was written.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # whoever read the output has gone, as `head` does; nothing is wrong
        sys.stderr.close()
        sys.exit(DONE)
