"""Options from a TOML file, for every command.

A file holds options and arguments by the names that the command line has for them, without dashes:

    file = "sales.csv"
    horizon = 12
    level = [80, 95]

Relative paths in it are relative to its folder, so that the folder can be carried elsewhere. `repeats.py` writes such
files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ..errors import InputError, UnrolledError
from .console import say
from .exit_codes import WRONG_INPUT

NOT_IN_FILES = ("config", "help")
KINDS = {"int": "a whole number", "integer": "a whole number", "float": "a number"}  # as typer names types


def takes_a_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --config; the command itself sees only what the file says."""
    hints = get_type_hints(command, include_extras=True)
    kept = [p.replace(annotation=hints[name]) for name, p in signature(command).parameters.items()]
    config = Parameter("config", Parameter.KEYWORD_ONLY, default=None, annotation=CONFIG)

    @wraps(command)
    def run(**given: Any) -> None:
        command(**{name: value for name, value in given.items() if name != "config"})

    run.__signature__ = signature(command).replace(parameters=[*kept, config])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, config)}
    del run.__wrapped__  # typer would look through to the command's own parameters
    return run


def read_config(ctx: typer.Context, value: Path | None) -> Path | None:
    """What a file says becomes the defaults of the command that is about to run."""
    if value is not None and not ctx.resilient_parsing:  # nothing is said where a shell completes a line
        try:
            ctx.default_map = {**(ctx.default_map or {}), **options_in(value, ctx)}
        except UnrolledError as error:
            say(f"error: {error}")
            raise typer.Exit(WRONG_INPUT) from error
    return value


CONFIG = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="TOML file of options and arguments, named as here without dashes; the command line goes before it.",
        metavar="FILE",
        is_eager=True,
        callback=read_config,
    ),
]


def options_in(path: Path, ctx: typer.Context) -> dict[str, Any]:
    """The options of a file by the names of a command's parameters, as words of a command line.

    Raises:
        InputError: the file can't be read, or an option in it is not one of the command or not of its kind.
    """
    text = _text_of(path)
    content = _parsed(path, text)
    known = {name_of(param): param for param in ctx.command.params if param.name not in NOT_IN_FILES}
    found = {}
    for name, value in content.items():
        place = f"--config {path}, line {_line(text, name)}"
        if name not in known:
            raise InputError(f"{place}: {_unknown(name, list(known))}")
        param = known[name]
        words = as_words(f"{place}: {name}", value, param)
        for word in words if isinstance(words, list) else [words]:
            _refuse_other_kinds(f"{place}: {name}", word, param, ctx)
        relative = is_path(param) and words != "-"
        found[str(param.name)] = str(path.parent / str(words)) if relative else words
    return found


def _text_of(path: Path) -> str:
    try:
        # names of files may hold any bytes, and stand in what repeats a run as they are
        return path.read_text("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise InputError(
            f"can't read --config {path}: {error.strerror}. Name a TOML file such as run.toml."
        ) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits is no TOMLDecodeError
        if re.search("[\udc80-\udcff]", text):
            raise InputError(
                f"can't read --config {path}: it is not UTF-8. Name a TOML file such as run.toml."
            ) from error
        last = len(text.splitlines()) or 1
        reason = str(error).replace("at end of document", f"at line {last}, the end")
        raise InputError(f"--config {path}: {reason}. Write options as TOML, such as horizon = 12.") from error


def name_of(param: Any) -> str:
    """What a file calls a parameter: its longest option without dashes, or the name of an argument."""
    if param.param_type_name == "argument":
        return str(param.name)
    return str(max(param.opts, key=len)).lstrip("-")


def is_path(param: Any) -> bool:
    """Whether a parameter was declared as a path, and is relative to something."""
    return bool(param.type.name in ("path", "file", "directory"))


def as_words(place: str, value: Any, param: Any) -> str | bool | list[str]:
    """A value of a file as it would stand on the command line; typer reads it from there.

    >>> from types import SimpleNamespace
    >>> as_words("run.toml, line 1: level", [80, 95], SimpleNamespace(multiple=False))
    '80,95'
    """
    is_flag = getattr(param, "is_flag", False)
    if is_flag != isinstance(value, bool):
        expected = "true or false" if is_flag else "a value, not true or false"
        raise InputError(f"{place} takes {expected}; got {_shown(value)}.")
    if isinstance(value, bool):
        return value
    parts = value if isinstance(value, list) else [value]
    texts = [_as_text(part) for part in parts]
    if None in texts:
        raise InputError(f"{place} takes a text, a number or a list of them; got {_shown(value)}.")
    words = [text for text in texts if text is not None]
    return words if getattr(param, "multiple", False) else ",".join(words)


def _as_text(value: Any) -> str | None:
    """A text or a number as a word; a day, which TOML has a form for, as ISO writes it; None for anything else."""
    fits = isinstance(value, (str, int, float, date, datetime, time)) and not isinstance(value, bool)
    return str(value) if fits else None


def _refuse_other_kinds(place: str, word: str | bool, param: Any, ctx: typer.Context) -> None:
    """Raise where the command line would not take a word for this parameter."""
    try:
        param.type.convert(word, param, ctx)
    except typer.BadParameter as error:
        expected = KINDS.get(param.type.name)
        told = error.message if expected is None else f"takes {expected}; got {_shown(word)}."
        raise InputError(f"{place} {told}") from error


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name.replace("_", "-").lstrip("-"), known, n=1, cutoff=0.5)
    return f"there is no option {name!r}" + (
        f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}."
    )


def _line(text: str, name: str) -> int:
    """The line that gives this name a value; TOML readers do not tell."""
    written = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((k for k, line in enumerate(text.splitlines(), 1) if written.match(line)), 1)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
