"""The command line. One file a command; a command is imported when it runs, and what is heavy when it is needed."""

from __future__ import annotations

import typer

from .command_group import SETTINGS, Commands
from .console import give

app = typer.Typer(
    cls=Commands,
    help="Recurrent neural networks from first principles: a table of time series in, forecasts out.",
    epilog="Example: unrolled forecast sales.csv --horizon 12",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and the engine with its instruction set, and leave.",
        is_eager=True,
    ),
) -> None:
    if version:
        from .. import __version__, active_engine

        give(f"unrolled {__version__} ({active_engine().identity})")
        raise typer.Exit


def main() -> None:
    """Run the command that the arguments name."""
    app()
