"""The options that say how to read a table: declared once, and given to every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from ..series.files import ReadOptions


def _option(kind: Any, name: str, explained: str, shown: str | bool = "found out") -> Any:
    return Annotated[kind, typer.Option(name, help=explained, show_default=shown)]


TEXT = str | None
OPTIONS: dict[str, Any] = {
    "id_column": _option(TEXT, "--id", "Column that tells series apart; several with commas between."),
    "time_column": _option(TEXT, "--time", "Column of stamps; several, such as date,hour, are joined."),
    "target": _option(TEXT, "--target", "Column to forecast; of several, each becomes a series."),
    "freq": _option(TEXT, "--freq", "Frequency, such as MS, W, D, B, h, 30min; it also numbers rows without stamps."),
    "wide": _option(bool | None, "--wide/--no-wide", "Whether every column of numbers is a series."),
    "na": _option(TEXT, "--na", "What counts as missing too, such as -200,9999.", False),
    "aggregate": _option(TEXT, "--aggregate", "One row a period: sum, mean, last or count of its rows.", False),
    "start": _option(TEXT, "--start", "First stamp of a table without stamps; needs --freq.", False),
    "dates": _option(TEXT, "--dates", "How dates are written: dmy, mdy, ymd, number, or a form such as %d.%m.%Y."),
    "decimal": _option(TEXT, "--decimal", "Decimal sign: . or a comma."),
    "delimiter": _option(TEXT, "--delimiter", "What stands between cells: one character, tab or space."),
    "encoding": _option(TEXT, "--encoding", "Encoding of the file, such as cp1252."),
    "header": _option(int | None, "--header", "Rows that name the columns; 0: none does."),
}
FIELDS = {"id_column": "id", "time_column": "time"}  # where an option's parameter has another name than the field


def all_given(ctx: typer.Context, reading: ReadOptions) -> dict[str, Any]:
    """All options of a command by name."""
    return {**ctx.params, "freq": reading.freq}


def arguments_of(options: ReadOptions) -> list[str]:
    """The options of a table as arguments of a command.

    >>> from unrolled.series.files import ReadOptions
    >>> arguments_of(ReadOptions(target="CO", na="-200", wide=True))
    ['--target', 'CO', '--wide', '--na=-200']
    """
    arguments = []
    for name, value in options.given.items():
        if isinstance(value, bool):
            arguments.append(f"--{name}" if value else f"--no-{name}")
        else:
            arguments += [f"--{name}={value}"] if str(value).startswith("-") else [f"--{name}", str(value)]
    return arguments


def reads_a_table(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options above, those that it does not have itself at the place of its parameter `reading`.

    It gets them as one `ReadOptions`.
    """
    own = signature(command).parameters
    hints = get_type_hints(command, include_extras=True)
    added = {name: kind for name, kind in OPTIONS.items() if name not in own}
    parameters: list[Parameter] = []
    for name, parameter in own.items():
        if name != "reading":
            parameters.append(parameter.replace(annotation=hints[name]))
            continue
        for option, kind in added.items():
            parameters.append(Parameter(option, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=kind))

    @wraps(command)
    def run(**given: Any) -> None:
        from ..series.files import ReadOptions
        from ..series.files.options import number_or_name

        options = {FIELDS.get(name, name): given[name] for name in OPTIONS}
        options["freq"] = number_or_name(options["freq"])
        command(**{name: value for name, value in given.items() if name not in added}, reading=ReadOptions(**options))

    run.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # typer would look through to the command's own parameters
    return run
