import shlex
from typing import Any

import typer

from ..common_options import AsJson, File, Season
from ..console import option_words, print_data, print_json, print_message, with_options
from ..exit_codes import INVALID_INPUT
from ..option_groups import with_option_groups
from ..table_options import READING


@with_option_groups(reading=READING)
def command(ctx: typer.Context, *, file: File, reading: Any, season: Season = None, as_json: AsJson = False) -> None:
    """Describe a table without training: its columns, its series, gaps and suspicious values.

    The last line is the command that forecasts the table. The exit code is 2 if it needs more options.

    Example: unrolled inspect sales.csv
    """
    from ...series.files.inspection import format_inspection, inspect_table

    found = inspect_table(str(file), reading, season)
    if found["error"] is None:
        words = ["unrolled", "forecast", str(file), "--horizon", str(found["horizon"]), *option_words(reading.given)]
        found["command"] = shlex.join(words if season is None else [*words, "--season", str(season)])
    found["notes"] = [with_options(note, ctx) for note in found["notes"]]
    found["error"] = None if found["error"] is None else with_options(found["error"], ctx)
    if as_json:
        print_json(found)
    else:
        print_data("\n".join([*format_inspection(found), *(["", found["command"]] if "command" in found else [])]))
    if found["error"] is not None:
        print_message(f"error: {found['error']}")
        raise typer.Exit(INVALID_INPUT)
