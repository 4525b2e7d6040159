"""What commands print: data to standard output, messages and notes to standard error."""

import ast
import json
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from ..interactive.streams import StandardError, is_terminal, visible

STANDARD_OUTPUT = Path("-")  # as options name it
STARTED = "unrolled.started"  # key of a context's `meta`: when its command was called, in seconds
MAX_ROWS_SHOWN = 60


class Console(NamedTuple):
    """The messages of a running command."""

    ctx: typer.Context  # of the command
    quiet: bool = False  # whether messages and notes are suppressed

    def message(self, text: str = "") -> None:
        if not self.quiet:
            print_message(text)

    def notes(self, notes: Iterable[str]) -> list[str]:
        """Print notes of the library in the words of the command line, and return them for --json."""
        translated = [with_options(note, self.ctx) for note in notes]
        for note in translated:
            self.message(f"note: {note}")
        return translated

    @property
    def elapsed_s(self) -> float:
        """Seconds since the command was called, the time for imports included."""
        return time.perf_counter() - float(self.ctx.meta[STARTED])


def print_message(text: str = "") -> None:
    """Print to standard error, if it is there, without control characters."""
    StandardError().write(visible(text) + "\n")


def print_data(text: str) -> None:
    """Print to standard output; at a terminal, without control characters."""
    if sys.stdout is not None:
        typer.echo(visible(text) if is_terminal(sys.stdout) else text)


def print_json(content: Any) -> None:
    print_data(json.dumps(content, indent=2, default=_json_value, allow_nan=False))


def print_table(frame: Any) -> None:
    """Print a data frame: aligned columns at a terminal, CSV into a pipe."""
    if not is_terminal(sys.stdout):
        print_data(frame.to_csv(index=False, float_format="%.6g").rstrip("\n"))
        return
    print_data(frame.head(MAX_ROWS_SHOWN).to_string(index=False, float_format=lambda v: f"{v:.6g}", na_rep=""))
    if len(frame) > MAX_ROWS_SHOWN:
        print_message(f"… {len(frame) - MAX_ROWS_SHOWN} more rows")


def records(frame: Any) -> list[dict[str, Any]]:
    """A data frame as JSON records: timestamps as ISO text, missing numbers as null."""
    zoned = frame.select_dtypes("datetimetz").columns  # of these, pandas would write the time in UTC
    frame = frame.assign(
        **{name: [stamp.isoformat(timespec="milliseconds") for stamp in frame[name]] for name in zoned}
    )
    text = frame.to_json(orient="records", date_format="iso", double_precision=15)
    return list(json.loads(text))


def number_or_null(value: Any) -> float | None:
    """A number for JSON, which has neither NaN nor infinity."""
    return float(value) if isfinite(value) else None


def records_by_model(table: Any) -> dict[str, dict[str, float | None]]:
    """A table with one row per model, for JSON."""
    return {str(model): {str(c): number_or_null(v) for c, v in row.items()} for model, row in table.iterrows()}


def _json_value(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


# parameters of the library whose option has another name; `future` without a value is the table given to `predict`,
# with a value it can only be the names of columns
OPTION_NAMES = {"n_windows": "windows", "step_size": "step"}
OPPOSITES = {"--nonnegative": "--signed"}  # of flags whose opposite has a name of its own
OPTION_NAMES_WITHOUT_VALUE = {"future": "future-file"}


def with_options(text: str, ctx: typer.Context) -> str:
    """A message of the library, with the parameters in it written as options of the running command.

    The library writes parameters in backticks, as Python code: `` `freq` ``, `` `freq='D'` ``, `` `wide=True` ``.
    Functions of the library in brackets, such as (`un.score`), are left out, and so is None, which is no value of an
    option. Everything else in backticks stays as it is, and so do parameters that neither the command nor `forecast`,
    which fits the model again, has an option for.
    """
    text = re.sub(r" \(`un\.\w+`\)", "", text)
    text = re.sub(
        r"must be ([^;]*) or None; got", lambda m: f"must be {' or '.join(m[1].rsplit(', ', 1))}; got", text
    )
    group = ctx.find_root().command
    fitting = group.get_command(ctx, "forecast") if isinstance(group, TyperGroup) else None
    params = [*ctx.command.params, *(fitting.params if fitting else [])]
    known = {name for param in params for name in (*param.opts, *param.secondary_opts)}
    return re.sub(r"`([^`\n]+)`", lambda match: _as_options(match[1], known) or match[0], text)


def _as_options(code: str, known: set[str]) -> str | None:
    """Parameters of a call as options, or None where one of them has no option."""
    import shlex

    try:
        call = ast.parse(f"f({code})", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(call, ast.Call):
        return None
    names = [argument.id if isinstance(argument, ast.Name) else "" for argument in call.args]
    words = [_option_name(OPTION_NAMES_WITHOUT_VALUE.get(name, name)) for name in names]
    for keyword in call.keywords:
        try:
            value = ast.literal_eval(keyword.value)
        except ValueError:
            return None
        words += option_words({str(keyword.arg): value})
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    return shlex.join(words) if given and given <= known else None


def option_words(values: Mapping[str, Any]) -> list[str]:
    """Parameters with their values as words of a command line; those that are None are left out.

    >>> option_words({"target": "CO", "na": "-200", "wide": False, "past_cols": ["rain", "wind"], "freq": None})
    ['--target', 'CO', '--na=-200', '--no-wide', '--past', 'rain,wind']
    >>> option_words({"nonnegative": False})
    ['--signed']
    """
    words: list[str] = []
    for name, value in values.items():
        option = _option_name(name)
        if isinstance(value, bool):
            words.append(option if value else OPPOSITES.get(option, option.replace("--", "--no-", 1)))
        elif value is not None:
            text = _option_value(value)
            words += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return words


def _option_name(parameter: str) -> str:
    return "--" + re.sub("_cols?$", "", OPTION_NAMES.get(parameter, parameter)).replace("_", "-")


def _option_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={part}" for key, part in value.items())
    return ",".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
