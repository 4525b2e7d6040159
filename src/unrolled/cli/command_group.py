"""A group of commands of which only the one that is asked for is imported, and help that is plain and quick."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .config_file import takes_a_config
from .exit_codes import BEGAN, answering
from .help_panels import in_order, panel_of

HELP_WIDTH = 100  # a longer line is hard to read
# in the order in which a person meets them; each is what the first line of the command's docstring says
COMMANDS = {
    "forecast": "Train on a table of time series, compare with simple baselines, forecast, and write a report.",
    "backtest": "Forecast from several cutoffs in the past, and rate the network beside the baselines.",
    "predict": "Forecast with a saved model, without training.",
    "score": "Rate an old forecast now that its values have come.",
    "inspect": "Say what is understood of a table, without training: its columns, series, gaps and what looks wrong.",
    "plot": "Draw a forecast with its past and its intervals, as a picture or a page.",
    "demo": "Run one of the five classic systems, done right: what it learns, its gradient check, its picture.",
    "check": "Prove the gradients: analytic against central differences in float64, for every cell, depth and loss.",
    "bench": "Measure how fast this machine trains: every cell, the native engine beside NumPy.",
    "info": "Tell about a model file, or about this installation: engine, instruction set, versions.",
}
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": HELP_WIDTH}


class Command(TyperCommand):
    """A command whose help lists its options by panel.

    Typer's own panels are drawn by rich, whose import takes longer than all the rest of a help page.
    """

    def invoke(self, ctx: Any) -> Any:
        ctx.meta[BEGAN] = time.perf_counter()  # before anything heavy is imported: a person waits for that, too
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                usual = panel_of(str(param.name), param.param_type_name == "argument")
                panels.setdefault(getattr(param, "rich_help_panel", None) or usual, []).append(record)
        for name in in_order(set(panels)):
            with formatter.section(name):
                formatter.write_dl(panels[name])


class Commands(TyperGroup):
    """The commands of the table above."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS:  # typer suggests those that it knows
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def load(name: str) -> Any:
    """A command as typer makes it of a function."""
    module = import_module(f".commands.{name}", __package__)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, context_settings=SETTINGS)(takes_a_config(answering(module.command)))
    return typer.main.get_command(app)
