import shlex
from typing import Any

import typer

from ...errors import UnrolledError
from ...plurals import counted
from ..common_options import AsJson, File, Season
from ..console import option_words, print_data, print_json, print_message, with_options
from ..exit_codes import INVALID_INPUT
from ..option_groups import with_option_groups
from ..table_options import READING


@with_option_groups(reading=READING)
def command(ctx: typer.Context, *, file: File, reading: Any, season: Season = None, as_json: AsJson = False) -> None:
    """Describe a table without training: its columns, its series, gaps and suspicious values.

    The last line is the command that forecasts the table. The exit code is 2 if it needs more options or periods.

    Example: unrolled inspect sales.csv
    """
    from ...series.files.inspection import format_inspection, inspect_table

    try:
        found = inspect_table(str(file), reading, season)
    except UnrolledError as error:  # of a file that is no table, or of an option
        if not as_json:
            raise
        found = {"file": str(file), "columns": [], "error": str(error), "notes": []}
    found["error"] = found["error"] or too_short(found)
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


def too_short(found: dict[str, Any]) -> str | None:
    """Why no network can be trained on the series of one frequency; None if those of all are long enough."""
    from ...forecasting.inputs.window_spec import SHORTEST_WINDOW

    needed = SHORTEST_WINDOW + found["horizon"]
    for part in found.get("parts", [found]):
        if part["longest"] < needed:
            longest = counted(part["longest"], "period")
            return (
                f"{found['file']}: the longest series ({part['frequency']}) has {longest}; a forecast needs "
                f"{needed}. Give more periods."
            )
    return None
