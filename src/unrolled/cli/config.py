"""Options from a TOML file, and the file that repeats a run.

A file holds options by the names that the command line has for them, without dashes, and the file to read as `file`:

    file = "sales.csv"
    horizon = 12
    level = [80, 95]

Relative paths in it are relative to its folder, so that the folder can be carried elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import InputError, UnrolledError
from .answers import WRONG_INPUT
from .talk import say

if TYPE_CHECKING:
    from ..forecasting import Forecaster

PATHS = ("file", "future_file", "out")
NOT_IN_FILES = ("config", "help")
NOT_REPEATED = (*NOT_IN_FILES, "as_json", "quiet")  # how a run was looked at, not what it did


def read_config(ctx: typer.Context, value: Path | None) -> Path | None:
    """What a file says becomes the defaults of the command that is about to run."""
    if value is not None:
        try:
            ctx.default_map = {**(ctx.default_map or {}), **options_in(value, ctx.command.params)}
        except UnrolledError as error:
            say(f"error: {error}")
            raise typer.Exit(WRONG_INPUT) from error
    return value


def options_in(path: Path, params: Any) -> dict[str, Any]:
    """The options of a file by the names of a command's parameters, as words of a command line.

    Raises:
        InputError: the file can't be read, or an option in it is not one of the command or not of its kind.
    """
    import tomllib

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"can't read --config {path}: {reason}. Name a TOML file such as run.toml.") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"--config {path}: {error}. Write options as TOML, such as horizon = 12.") from error
    known = {name_of(param): param for param in params if param.name not in NOT_IN_FILES}
    found = {}
    for name, value in content.items():
        place = f"--config {path}, line {_line(text, name)}"
        if name not in known:
            raise InputError(f"{place}: {_unknown(name, list(known))}")
        param = known[name]
        word = as_word(place, name, value, getattr(param, "is_flag", False))
        relative = param.name in PATHS and word != "-"
        found[param.name] = str(path.parent / str(word)) if relative else word
    return found


def name_of(param: Any) -> str:
    """What a file calls a parameter: its longest option without dashes, or the name of an argument."""
    if param.param_type_name == "argument":
        return str(param.name)
    return str(max(param.opts, key=len)).lstrip("-")


def as_word(place: str, name: str, value: Any, is_flag: bool) -> str | bool:
    """A value of a file as it would stand on the command line; typer reads it from there.

    >>> as_word("run.toml, line 1", "level", [80, 95], False)
    '80,95'
    """
    if is_flag != isinstance(value, bool):
        expected = "true or false" if is_flag else "a value, not true or false"
        raise InputError(f"{place}: {name} takes {expected}; got {_shown(value)}.")
    if isinstance(value, bool):
        return value
    if isinstance(value, list) and all(isinstance(v, (str, int, float)) and not isinstance(v, bool) for v in value):
        return ",".join(map(str, value))
    if not isinstance(value, (str, int, float)):
        raise InputError(f"{place}: {name} takes a text, a number or a list of them; got {_shown(value)}.")
    return str(value)


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


# --- the file that repeats a run --------------------------------------------------------------------


def run_file(ctx: typer.Context, given: Mapping[str, Any], fc: Forecaster, path: Path, interrupted: bool) -> str:
    """The text of a file that repeats a run: every option that was given, and what was chosen in place of a search.

    Args:
        ctx: of the command.
        given: its parameters by name, None where nothing was said.
        fc: fitted by it; a backtest's is not, since each of its trainings has one.
        path: of the file.
        interrupted: whether the run was, so that nothing repeats it.
    """
    import tomli_w

    from .. import __version__, active_engine

    chosen = _chosen(fc)
    values = {**given, **chosen, "budget": None, "max_trials": None} if chosen else dict(given)
    lines = [
        f"# unrolled {ctx.info_name} --config {path.name} repeats this run",
        f"# unrolled {__version__}, engine {active_engine().identity}",
    ]
    if interrupted:
        lines.append("# the run was interrupted: this repeats it as it would have been")
    if chosen:
        lines.append("# chosen by --cell auto: " + ", ".join(k for k, v in chosen.items() if v is not None))
    elif given["cell"] == "auto" and given["max_trials"] is None:
        lines.append("# each training searches under a budget of time, and need not choose the same again")
    for name, one in [*(getattr(fc, "parts_", {}).items() or [("", fc)])]:
        of = f", {name}" if name else ""
        lines += [f"# by the data{of}: {k} = {v}" for k, v in _decided(one).items() if chosen.get(k) is None]
    for param in ctx.command.params:
        value = values.get(str(param.name))
        if value is None or param.name in NOT_REPEATED:
            continue
        if param.name in PATHS and str(value) != "-":
            value = os.path.relpath(value, path.parent)
        elif isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        lines.append(tomli_w.dumps({name_of(param): str(value) if isinstance(value, Path) else value}).rstrip())
    return "\n".join(lines) + "\n"


def _chosen(fc: Forecaster) -> dict[str, Any]:
    """The parameters that a search has chosen; its column keeps its name."""
    from ..forecasting.candidates import Configuration

    if fc.parts_ or getattr(fc, "search_", None) is None:
        return {}
    return {"alias": fc.name} | {name: fc.chosen_[name] for name in Configuration._fields}


def _decided(fc: Forecaster) -> dict[str, Any]:
    """What was decided by the data, for a person to read."""
    if not hasattr(fc, "model_"):
        return {}
    framing, first = fc.model_.framing, fc.model_.members[0].architecture
    decided = {
        "season": framing.season,
        "hidden": first.hidden,
        "window": framing.window,
        "segment": framing.segment,
        "scaling": ",".join(framing.views),
        "ensemble": len(fc.model_.members),
        "decoder": first.decoder,
    }
    return {name: value for name, value in decided.items() if getattr(fc, name) is None}
