"""The command line. Each command has a file, which is imported when the command runs; heavy imports come last."""

import warnings
from contextlib import redirect_stderr

import typer
from typer import Option

from ..interactive.streams import StandardError
from .command_group import SETTINGS, Commands
from .console import print_data
from .exit_codes import errors_as_exit_codes

app = typer.Typer(
    cls=Commands,
    help="Forecast tables of time series with recurrent neural networks.",
    epilog="Example: unrolled forecast sales.csv --horizon 12",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: bool = Option(
        False, "--version", help="Print the version and the engine with its instruction set, and exit.", is_eager=True
    ),
) -> None:
    if version:
        from .. import __version__, active_engine

        with errors_as_exit_codes(ctx):
            print_data(f"unrolled {__version__} ({active_engine().identity})")
        raise typer.Exit


def main() -> None:
    """Run the command that the arguments name."""
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"  # the place in the code helps nobody
    with redirect_stderr(StandardError()):  # typer prints errors of the command line itself
        app()
