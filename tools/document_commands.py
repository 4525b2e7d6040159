"""Write docs/commands.md: the help of every command, and what --json prints.

python tools/document_commands.py
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import typer

from unrolled.cli import app
from unrolled.cli.command_group import COMMANDS, HELP_WIDTH, load

DOCUMENT = Path(__file__).parent.parent / "docs" / "commands.md"
BEGINNING = """\
# The commands

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 the work failed, 2 the input
or the arguments are wrong, 130 interrupted. Ctrl-C once keeps the best so far and still writes it; twice exits at
once. At a terminal, a line shows the progress of a run, and a small chart ends a forecast; elsewhere there is
neither, and no colour. `--quiet` prints errors only. `unrolled --install-completion` completes commands and options
in bash, zsh and fish; `--show-completion` shows what it would install.

## Options in a file

```toml
# run.toml: unrolled forecast --config run.toml
file = "sales.csv"      # relative paths are relative to this file
horizon = 12
level = [80, 95]        # a list, or "80,95"
nonnegative = true
```

Every command takes `--config`: a file that may contain each of its options by the name without dashes, and each of
its arguments by the name in its help, in lower case (`file`, `model`, `history`). An option that may be repeated
takes a list. The command line takes precedence over the file. A name that is not known, or a value of the wrong
type, is an error that names the line.

Every run that writes files also writes one file that repeats it: `forecast` writes `run.toml` into its folder, and
`--out rows.csv` of `backtest`, `predict` and `score`, `--out figure.svg` of `plot` and `demo fish` write
`rows.toml`, `figure.toml` and `fish.toml`. It contains the options that were given, the columns that were detected,
and the configuration that `--cell auto` chose instead of the search, so that the same version and engine give the
same bits again, from any folder. (If the series have [several
frequencies](forecasting.md#series-of-different-frequencies), each has its own configuration, and the file contains
the search instead. With `--max-trials` alone the search repeats; with a time budget it may choose differently.)

```
unrolled forecast --config sales-forecast/run.toml --out again
unrolled predict --config rows.toml
```

The file overwrites only what an earlier run of the same command wrote for the same output. If its name is taken by
another file, such as that of `rows.csv` beside `rows.svg`, it is called `rows.svg.toml` (`forecast.csv.toml` in the
folder of a forecast). If that is taken, too, the run is refused before it starts.

## Spreadsheets

A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return may be executed by a spreadsheet that opens a
CSV file. `--excel-safe` puts a single quote before such texts
([OWASP](https://owasp.org/www-community/attacks/CSV_Injection)'s rule; numbers are unchanged). Without the option,
a note names such texts. `predict` and `score` remove the quotes again with the same option.
"""
JSON = """\
### What --json prints

One object; [the schema](../src/unrolled/cli/schemas/{name}.json) is part of the package. `?`: may be null or
missing.

{fields}
"""


def document() -> str:
    """The whole page."""
    parts = [BEGINNING, "## unrolled\n", _block(_help(typer.main.get_command(app), "unrolled"))]
    for name in COMMANDS:
        parts += [f"## unrolled {name}\n", _block(_help(load(name), f"unrolled {name}"))]
        schema = resources.files("unrolled.cli").joinpath(f"schemas/{name}.json")
        if schema.is_file():
            fields = "\n".join(_fields(json.loads(schema.read_text("utf-8"))))
            parts.append(JSON.format(name=name, fields=fields))
    return "\n".join(parts).rstrip() + "\n"


def _help(command: Any, name: str) -> str:
    # nothing is run; as wide as a terminal of that width shows it
    context = command.make_context(name, [], resilient_parsing=True, terminal_width=HELP_WIDTH)
    return str(command.get_help(context))


def _block(text: str) -> str:
    return f"```\n{text.rstrip()}\n```\n"


def _fields(schema: dict[str, Any], depth: int = 0) -> list[str]:
    """The properties of an object as a list, those of their objects indented below them."""
    lines = []
    for variant in [schema, *schema.get("anyOf", [])]:
        if depth == 0 and variant is not schema:
            lines.append(f"\n{variant['description']}\n")
        needed = set(variant.get("required", []))
        for name, field in variant.get("properties", {}).items():
            optional = "" if name in needed and not _nullable(field) else "?"
            words = field.get("description", f"`{field.get('const')}`")
            lines.append(f"{'  ' * depth}- `{name}`{optional}: {words}")
            lines += _fields(field.get("items", field), depth + 1)
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        if depth == 0:
            lines.append(f"{schema['description']}\n")
        lines += _fields(inner, depth)
    return lines


def _nullable(field: dict[str, Any]) -> bool:
    return "null" in field.get("type", ()) or {"type": "null"} in field.get("anyOf", [])


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
