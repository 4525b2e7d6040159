"""A group of commands that imports only the command it runs, and shows plain help quickly."""

import re
import time
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..interactive.interrupts import raise_at_interrupt
from .console import STARTED
from .exit_codes import errors_as_exit_codes
from .help_panels import ARGUMENTS, PANELS, panel_of

HELP_WIDTH = 100  # characters; longer lines are hard to read
# in the order in which a user meets them, each with the first line of its docstring
COMMANDS = {
    "forecast": "Train on a table of time series, compare with simple baselines, forecast, and write a report.",
    "backtest": "Forecast from several cutoffs in the past, and compare the errors with those of the baselines.",
    "predict": "Forecast with a saved model, without training.",
    "update": "Add newer rows to a saved model, without training.",
    "score": "Compute the errors of an earlier forecast from the actual values.",
    "inspect": "Describe a table without training: its columns, its series, gaps and suspicious values.",
    "plot": "Plot a forecast with its history and its intervals, as an image or an interactive page.",
    "demo": "Run one of the five classic demos: a gradient check, the training of a network, and a figure.",
    "check": "Check analytic gradients against central differences in float64, for every cell, depth and loss.",
    "bench": "Measure the training speed on this machine: every cell, with the native engine and with NumPy.",
    "info": "Describe a model file, or this installation: engine, instruction set, versions.",
}
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": HELP_WIDTH}


class Command(TyperCommand):
    """A command whose help lists its options by panel.

    Typer draws its own panels with rich, whose import takes longer than the rest of a help page.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with errors_as_exit_codes(ctx):  # of help, which the parser prints
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        ctx.meta[STARTED] = time.perf_counter()  # before the heavy imports, which are part of the run time
        with errors_as_exit_codes(ctx):
            raise_at_interrupt()
            return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panel = panel_of(str(param.name), param.param_type_name == "argument")
                # typer puts defaults that are described in words in parentheses inside of its brackets
                text = re.sub(r"\[default: \((.*)\)\]$", r"[default: \1]", record[1])
                panels.setdefault(panel, []).append((record[0], text))
        for name in (ARGUMENTS, *PANELS):
            if name in panels:
                with formatter.section(name):
                    formatter.write_dl(panels[name])


class Commands(TyperGroup):
    """The commands of the table above."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with errors_as_exit_codes(ctx):  # of help, which the parser prints
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS:  # typer suggests similar names among the loaded commands
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def load(name: str) -> Any:
    """Import a command, and let typer build it from its function."""
    from .config_file import accept_config_file  # late, because the list of commands does not need it

    module = import_module(f".commands.{name}", __package__)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, context_settings=SETTINGS)(accept_config_file(module.command))
    return typer.main.get_command(app)
