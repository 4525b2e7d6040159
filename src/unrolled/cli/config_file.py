"""Options from a TOML file, for every command.

A file holds options and arguments under their names on the command line, without dashes:

    file = "sales.csv"
    horizon = 12
    level = [80, 95]

Relative paths in it are relative to its folder, so that the folder can be moved. `run_file.py` writes such files.
"""

import errno
import os
import re
from collections.abc import Callable
from datetime import date, datetime, time
from difflib import get_close_matches
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Option

from ..errors import InputError
from .exit_codes import errors_as_exit_codes
from .option_groups import own_parameters, with_parameters

NOT_IN_FILES = ("config", "help")
WORDS = (str, int, float, date, datetime, time)  # values that are one word of a command line; a flag is not
MAX_BYTES = 1 << 24  # of a file
TYPE_NAMES = {"int": "a whole number", "integer": "a whole number", "float": "a number"}  # by their names in typer


def accept_config_file(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --config; the command itself receives only the options in the file."""

    def run(**given: Any) -> None:
        command(**{name: value for name, value in given.items() if name != "config"})

    config = Parameter("config", Parameter.KEYWORD_ONLY, default=None, annotation=CONFIG)
    return with_parameters(command, run, [*own_parameters(command).values(), config])


def read_config(ctx: typer.Context, value: Path | None) -> Path | None:
    """Make the options in a file the defaults of the command that is about to run."""
    if value is not None and not ctx.resilient_parsing:  # which is set while a shell completes a line
        with errors_as_exit_codes(ctx):
            ctx.default_map = {**(ctx.default_map or {}), **options_in(value, ctx)}
    return value


CONFIG = Annotated[
    Path | None,
    Option(
        "--config",
        help="TOML file with options and arguments, named as in this help, without dashes; the command line takes "
        "precedence.",
        metavar="FILE",
        is_eager=True,
        callback=read_config,
    ),
]


def options_in(path: Path, ctx: typer.Context) -> dict[str, Any]:
    """The options in a file by the names of a command's parameters, as words of a command line, checked."""
    text, content = _read_toml(path)
    known = {name_in_file(param): param for param in ctx.command.params if param.name not in NOT_IN_FILES}
    found = {}
    for name, value in content.items():
        place = f"--config {path}, line {_line_of(text, name)}: "
        if name not in known:
            near = get_close_matches(name.replace("_", "-").lstrip("-"), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
            raise InputError(f"{place}there is no option {name!r}; {hint}")
        param = known[name]
        words = command_line_value(place + name, value, param)
        for word in words if isinstance(words, list) else [words]:
            _check_type(place + name, word, param, ctx)
        relative = is_path(param) and words != "-"
        found[str(param.name)] = _below(path.parent, str(words)) if relative else words
    return found


def _below(folder: Path, name: str) -> str:
    """A path relative to a folder, without `..` in the middle unless it goes up from the target of a link there."""
    joined = str(folder / name)
    shorter = os.path.normpath(joined)
    return shorter if os.path.realpath(shorter) == os.path.realpath(joined) else joined


def _read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file and its content."""
    import tomllib

    try:
        # file names may hold any bytes, and run files contain them unchanged
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig", "surrogateescape")
        if len(data) > MAX_BYTES:
            raise OSError(errno.EFBIG, f"it holds more than {MAX_BYTES:,} bytes")
        return text, tomllib.loads(text)
    except OSError as error:
        reason = str(error.strerror)
    except (ValueError, RecursionError) as error:  # too many digits in a number are not a TOMLDecodeError
        if not re.search("[\udc80-\udcff]", text):
            last_line = len(text.splitlines()) or 1
            reason = str(error).replace("at end of document", f"at line {last_line}, the end")
            raise InputError(f"--config {path}: {reason}. Write options as TOML, such as horizon = 12.") from error
        reason = "it is not UTF-8"
    raise InputError(f"can't read --config {path}: {reason}. Name a TOML file such as run.toml.")


def name_in_file(param: Any) -> str:
    """The name of a parameter in a file: its longest option without dashes, or the name of an argument."""
    if param.param_type_name == "argument":
        return str(param.name)
    return str(max(param.opts, key=len)).lstrip("-")


def is_path(param: Any) -> bool:
    """Whether a parameter is declared as a path, which may be relative."""
    return bool(param.type.name in ("path", "file", "directory"))


def command_line_value(place: str, value: Any, param: Any) -> str | bool | list[str]:
    """A value in a file as it is written on the command line, from which typer parses it.

    >>> from types import SimpleNamespace
    >>> command_line_value("run.toml, line 1: level", [80, 95], SimpleNamespace(multiple=False))
    '80,95'
    """
    is_flag = getattr(param, "is_flag", False)
    if is_flag != isinstance(value, bool):
        expected = "true or false" if is_flag else "a value, not true or false"
        raise InputError(f"{place} takes {expected}; got {_toml_text(value)}.")
    if isinstance(value, bool):
        return value
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, WORDS) and not isinstance(part, bool) for part in parts):
        raise InputError(f"{place} takes a text, a number or a list of them; got {_toml_text(value)}.")
    words = [str(part) for part in parts]
    return words if getattr(param, "multiple", False) else ",".join(words)


def _check_type(place: str, word: str | bool, param: Any, ctx: typer.Context) -> None:
    """Raise an `InputError` for a word that the command line would not accept for this parameter."""
    try:
        param.type.convert(word, param, ctx)
    except typer.BadParameter as error:
        expected = TYPE_NAMES.get(param.type.name)
        reason = error.message if expected is None else f"takes {expected}; got {_toml_text(word)}."
        raise InputError(f"{place} {reason}") from error
    except ValueError as error:  # about a text that can't be a path
        raise InputError(f"{place} takes a path; got {_toml_text(word)} ({error}).") from error


def _line_of(text: str, name: str) -> int:
    """The line that gives this name a value, which TOML readers do not report."""
    written = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((k for k, line in enumerate(text.splitlines(), 1) if written.match(line)), 1)


def _toml_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
