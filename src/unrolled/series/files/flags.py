"""Tables of Eurostat, in which a flag such as b (break in the series) or p (provisional) may follow a number."""

import re
from collections import Counter

from ...plurals import counted
from .dialect import RawTable
from .texts import as_objects

# of the first column: the names of the ids, and that of the columns to its right
FIRST_NAME = re.compile(r".+\\(?:time_period|time)", re.IGNORECASE)
FLAGGED = r"^(:|[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?)\s*@?([a-zA-Z]{1,4})$"  # a number, or the mark of a missing one


def remove_flags(raw: RawTable) -> None:
    """Remove the flags behind the numbers of a table of Eurostat, in place, with a note."""
    if not FIRST_NAME.fullmatch(raw.names[0]):
        return
    flags: Counter[str] = Counter()
    for column in raw.names[1:]:
        cells = as_objects(raw.cells[column])
        found = cells.str.extract(FLAGGED)
        flagged = found[0].notna()
        if flagged.any():
            raw.cells[column] = cells.where(~flagged, found[0])
            flags.update(found[1][flagged])
    if flags:
        raw.notes.append(f"{counted(flags.total(), 'flag')} behind numbers left out: {', '.join(sorted(flags))}")
