from __future__ import annotations

import shlex
from typing import Any

import typer

from .. import model_options as opt
from ..console import give, give_json, say
from ..table_options import arguments_of, reads_a_table


@reads_a_table
def command(
    file: opt.File,
    reading: Any = None,
    season: opt.Season = None,
    as_json: opt.AsJson = False,
) -> None:
    """Say what is understood of a table, without training: its columns, series, gaps and what looks wrong.

    The command that would forecast it comes last. Exit code 2 where something must be told first.

    Example: unrolled inspect sales.csv
    """
    from ...series.files.inspection import format_inspection, inspect_table

    found = inspect_table(str(file), reading, season)
    if found["error"] is None:
        words = ["unrolled", "forecast", str(file), "--horizon", str(found["horizon"]), *arguments_of(reading)]
        found["command"] = shlex.join(words if season is None else [*words, "--season", str(season)])
    if as_json:
        give_json(found)
    else:
        give("\n".join([*format_inspection(found), *(["", found["command"]] if "command" in found else [])]))
    if found["error"] is not None:
        say(f"error: {found['error']}")
        raise typer.Exit(2)
