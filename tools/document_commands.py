"""Write docs/commands.md: the help of every command, and the output of --json.

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

Data goes to standard output, messages and errors to standard error. Exit codes: 0 success, 1 the work failed, 2 the
input or the arguments are wrong, 130 interrupted: after one Ctrl-C the best result so far is kept and written, a
second one exits at once. SIGTERM and SIGHUP do the same, with exit codes 143 and 129. At a terminal, a line shows the
progress of a run, and a forecast ends with a small chart; elsewhere there is neither, and output is never colored.
`--quiet` prints errors only. `unrolled --install-completion` completes commands and options in bash, zsh and fish;
`--show-completion` prints what it would install.

## Options in a file

```toml
# run.toml: unrolled forecast --config run.toml
file = "sales.csv"      # relative paths are relative to this file
horizon = 12
level = [80, 95]        # a list, or "80,95"
nonnegative = true
```

Every command has the option `--config`. Its file holds options under their names without dashes, and arguments under
their names in the help, in lower case (`file`, `model`, `history`). An option that may be repeated takes a list. The
command line takes precedence over the file. An unknown option or a value of another type is an error, which names the
line.

The files of a run are written together: if it fails or is killed, either all of the earlier files remain or all of
the new ones are there. (If it is killed while they are put in place, which takes less than a millisecond, the next
command that writes to the folder or loads the model in it finishes this.) A second `forecast` into the same folder is
refused while the first one is still running.

Every run that writes files, except `update`, also writes a run file, which repeats the run and records the checksums
of the other files: `forecast` writes `run.toml` into its folder, `backtest`, `predict` and `score` with `--out
rows.csv` write `rows.toml`, and `plot` with `--out figure.svg` writes `figure.toml`. A run file holds the options
that were given, the columns that were detected, and, in place of `--cell auto`, the parameters that it chose. With
the same version and engine it gives the same bits again, from any folder. If the series have [several
frequencies](forecasting.md#series-of-different-frequencies), the parameters are chosen for each frequency, and the
run file repeats the search instead: with `--max-trials` alone the result is the same, within a time limit it may
differ.

```
unrolled forecast --config sales-forecast/run.toml --out again
unrolled predict --config rows.toml
```

A run file overwrites only the run file of an earlier run of the same command with the same output. If any other file
has its name, the whole name of the output is kept: next to `rows.toml`, which belongs to `rows.csv`, the run file of
`rows.svg` becomes `rows.svg.toml` (in the folder of a forecast, `forecast.csv.toml`). If that name is taken too, the
run ends with an error before it starts.

## Spreadsheets

A spreadsheet that opens a CSV file may execute texts that begin with `=`, `+`, `-`, `@`, a tab or a carriage return.
`--excel-safe` prefixes such texts with a single quote
([OWASP](https://owasp.org/www-community/attacks/CSV_Injection)'s rule; numbers are unchanged), and a note suggests it
where it is missing. With the same option, `predict` and `score` also remove such quotes from the tables they read.
"""
JSON = """\
### Output of --json

One object; [its schema](../src/unrolled/cli/schemas/{name}.json) is part of the package. `?` marks fields
that may be null or missing.

{fields}
"""


def document() -> str:
    """The content of the page."""
    parts = [BEGINNING, "## unrolled\n", _block(_help(typer.main.get_command(app), "unrolled"))]
    for name in COMMANDS:
        parts += [f"## unrolled {name}\n", _block(_help(load(name), f"unrolled {name}"))]
        schema = resources.files("unrolled.cli").joinpath(f"schemas/{name}.json")
        if schema.is_file():
            content = json.loads(schema.read_text("utf-8"))
            fields = "\n".join(_fields(content, content.get("$defs", {})))
            parts.append(JSON.format(name=name, fields=fields))
    return "\n".join(parts).rstrip() + "\n"


def _help(command: Any, name: str) -> str:
    # without running it, in the width of a wide terminal
    context = command.make_context(name, [], resilient_parsing=True, terminal_width=HELP_WIDTH)
    return str(command.get_help(context))


def _block(text: str) -> str:
    return f"```\n{text.rstrip()}\n```\n"


def _fields(schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> list[str]:
    """The properties of an object as a list, with nested properties indented below them.

    Those of a definition inside of itself are not repeated.
    """
    lines = []
    for variant in [schema, *schema.get("anyOf", [])]:
        if depth == 0 and variant is not schema:
            lines.append(f"\n{variant['description']}\n")
        reference = variant.get("$ref", "").rpartition("/")[2]
        definition, others = definitions.get(reference, {}), {**definitions, reference: {}}
        needed = {*variant.get("required", []), *definition.get("required", [])}
        for name, field in {**variant.get("properties", {}), **definition.get("properties", {})}.items():
            optional = "" if name in needed and not _nullable(field) else "?"
            words = field.get("description", f"`{field.get('const')}`")
            lines.append(f"{'  ' * depth}- `{name}`{optional}: {words}")
            lines += _fields(field.get("items", field), others, depth + 1)
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        if depth == 0:
            lines.append(f"{schema['description']}\n")
        lines += _fields(inner, definitions, depth)
    return lines


def _nullable(field: dict[str, Any]) -> bool:
    return "null" in field.get("type", ()) or {"type": "null"} in field.get("anyOf", [])


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
