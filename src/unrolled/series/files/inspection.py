"""What is inferred about a table, without training: its columns and their roles, its series, and what looks wrong."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UnrolledError
from ...plurals import counted
from ..by_frequency import frequency_note, merge_notes, read_panels
from ..columns import Columns
from ..frequency import DAY, HOUR, Frequency
from ..outliers import find_outliers, outlier_notes
from ..panel import Panel
from .column_roles import list_names
from .dialect import RawTable
from .numbers import is_numeric, missing, sample_of
from .options import CovariateColumns, ReadOptions
from .reader import FileTable, checked, interpret, read_cells
from .sentinels import suspected_sentinel
from .time_columns import find_time
from .timestamps import dates_share

MAX_EXAMPLE_LENGTH = 40
MAX_COLUMNS_SHOWN = 60
MAX_TARGETS_SHOWN = 3
# how the values of several frequencies are combined
COMBINE: dict[str, Callable[[Iterable[Any]], Any]] = {
    **dict.fromkeys(("series", "values", "gaps", "outliers"), sum),
    **{"shortest": min, "longest": max, "frequency": ", ".join},
}


def common_horizon(panels: Sequence[Panel]) -> int:
    """A default horizon: that of the frequency with most rows, short enough for all frequencies to be trained."""
    return default_horizon(panels[0].frequency, min(int(panel.lengths.max()) for panel in panels))


def default_horizon(frequency: Frequency, rows: int) -> int:
    """A horizon for series of this length: a year of months or quarters, two weeks of days, a day of hours.

    >>> default_horizon(Frequency("month", 1, 0), 144), default_horizon(Frequency("month", 1, 0), 30)
    (12, 6)
    """
    if frequency.unit == "fixed" and frequency.step in (DAY, 7 * DAY):
        usual = 2 * frequency.season if frequency.step == DAY else 13
    elif frequency.unit == "fixed" and frequency.step <= 12 * HOUR:
        usual = max(1, min(frequency.season if frequency.open else DAY // frequency.step, 48))
    elif frequency.unit == "month":
        usual = 12 * max(len(frequency.days), 1) // frequency.step if frequency.step <= 12 else 1
    else:
        usual = 10
    return max(1, min(max(usual, 4), rows // 5))


def span(panels: Sequence[Panel]) -> tuple[str, str]:
    """The first and the last timestamp of all series."""
    ends = [(p.frequency, np.array([min(p.first), max(p.first + p.lengths) - 1])) for p in panels]
    found = [pair for freq, two in ends for pair in zip(freq.local_stamps(two), freq.texts(two), strict=True)]
    return min(found)[1], max(found)[1]


def describe_panel(panel: Panel, columns: Columns) -> str:
    """A panel in one line: series, frequency, span, values, target and gaps."""
    gaps, values = int((~panel.observed).sum()), int(panel.observed.sum())
    return (
        f"{len(panel.ids)} series · {panel.frequency.name} · {' … '.join(span([panel]))} · "
        f"{counted(values, 'value')} · target {columns.shown_target}"
        + (f" · {counted(gaps, 'gap')} filled" if gaps else "")
    )


def inspect_table(path: str, options: ReadOptions, season: int | None = None) -> dict[str, Any]:
    """Everything inferred about a table, for JSON; "error" is why it can't be forecast, None if it can.

    If `season` is None, it is that of the frequency. A `DataError` refuses a file that is no table at all.
    """
    name, found, table = _interpreted(path, options)
    if table is None:
        return found
    columns, notes = table.columns, table.notes
    try:
        panels = read_panels(table.frame, columns, options.freq, season, options.open, options.zone)
    except UnrolledError as error:
        return found | {"error": f"{name}, {error}"}
    del table  # the search for outliers needs memory
    outliers = [find_outliers(panel, season) for panel in panels]
    found |= _describe_all(panels, columns, season, [len(one.rows) for one in outliers])
    pairs = zip(panels, outliers, strict=True)
    merged = merge_notes({p.frequency.name: [*p.notes, *outlier_notes(p, own)] for p, own in pairs})
    return found | {"notes": [*notes, *frequency_note(panels), *merged]}


def _interpreted(path: str, options: ReadOptions) -> tuple[str, dict[str, Any], FileTable | None]:
    """The name of a file in messages, its columns and notes, and the table, if there is no error.

    The cells, which need the most memory, do not outlive this function.
    """
    raw = read_cells(path, options)
    name, notes, cells, lines = raw.name, raw.notes, raw.cells, raw.lines
    found: dict[str, Any] = {"file": path, "columns": [], "error": None}
    meaning = table = None
    try:
        meaning = interpret(raw, options, CovariateColumns())
    except UnrolledError as error:
        found["error"] = _named(error, name)
    roles = _time_roles(raw, options) if meaning is None else meaning.roles
    if raw.lines is not lines:  # without remarks and totals below the table
        cells = cells[np.isin(lines, raw.lines)]
    found["columns"] = _columns(cells)
    del raw, cells
    try:
        table = None if meaning is None else checked(meaning)
    except UnrolledError as error:
        found["error"] = _named(error, name)
        roles = {column: role for column, role in roles.items() if role == "time"}
    for column in found["columns"]:
        column["role"] = roles.get(column["name"])
    return name, found | {"notes": list(notes if table is None else table.notes)}, table


def _named(error: UnrolledError, name: str) -> str:
    """A message that begins with the name of the file."""
    message = str(error)
    return message if message.startswith(name) else f"{name}, {message}"


def _columns(table: pd.DataFrame) -> list[dict[str, Any]]:
    described = []
    for name, cells in table.items():
        sample = sample_of(cells)
        kind = "empty" if not len(sample) else "numbers" if is_numeric(cells) else "texts"
        if kind == "texts" and dates_share(sample) > 0.9:
            kind = "dates"
        absent = missing(cells)
        ends = np.flatnonzero(~absent)[[0, 1, -1] if len(absent) - absent.sum() > 2 else slice(None)]
        examples = [str(text)[:MAX_EXAMPLE_LENGTH] for text in cells.iloc[ends].drop_duplicates()]
        described.append({"name": str(name), "kind": kind, "missing": int(absent.sum()), "examples": examples})
    return described


def _time_roles(raw: RawTable, options: ReadOptions) -> dict[str, str]:
    """The columns of the time, where the other roles are unknown."""
    given = [options.time] if options.time is not None and options.time in raw.cells else []
    return dict.fromkeys(find_time(raw, given, [], options.dates), "time")


def _describe(panel: Panel, columns: Columns, season: int | None, outliers: int) -> dict[str, Any]:
    """What is inferred about the series of one frequency."""
    season = season or panel.frequency.season
    suspect = suspected_sentinel(panel.y[panel.observed])
    first, last = span([panel])
    return {
        "id": columns.id if panel.ids[0] is not None else None,
        "time": columns.time,
        "target": columns.target,
        "series": len(panel.ids),
        "frequency": panel.frequency.name,
        "first": first,
        "last": last,
        "values": int(panel.observed.sum()),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "gaps": int((~panel.observed).sum()),
        "season": season,
        "sentinels": None if suspect is None else {"value": suspect[0], "times": suspect[1]},
        "outliers": outliers,
    }


def _describe_all(
    panels: Sequence[Panel], columns: Columns, season: int | None, outliers: Sequence[int]
) -> dict[str, Any]:
    """What is inferred about all series, and, if there are several frequencies, about those of each in "parts"."""
    parts = [_describe(panel, columns, season, count) for panel, count in zip(panels, outliers, strict=True)]
    whole = dict(parts[0])
    if len(parts) > 1:
        whole |= {name: combine(part[name] for part in parts) for name, combine in COMBINE.items()}
        whole["first"], whole["last"] = span(panels)
        whole["sentinels"] = next((part["sentinels"] for part in parts if part["sentinels"]), None)
        whole["parts"] = parts
    return whole | {"horizon": common_horizon(panels)}


def format_inspection(found: dict[str, Any]) -> list[str]:
    """What `inspect_table` found as lines of text."""
    columns = pd.DataFrame(found["columns"])
    columns["examples"] = [
        " … ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:]))) for texts in columns["examples"]
    ]
    columns["role"] = columns["role"].fillna("")
    columns = columns.rename(columns={"name": "column"})[["column", "role", "kind", "missing", "examples"]]
    shown = columns.head(MAX_COLUMNS_SHOWN)
    lines = shown.to_string(index=False, justify="left").split("\n")
    if len(columns) > len(shown):
        lines.append(f"... and {len(columns) - len(shown)} more columns")
    lines.append("")
    if "series" in found:
        targets = [column["name"] for column in found["columns"] if column["role"] == "target"]
        lines += _facts(found, list_names(targets or [found["target"]], MAX_TARGETS_SHOWN))
    return lines + [f"note: {note}" for note in found["notes"]]


def _facts(found: dict[str, Any], target: str) -> list[str]:
    if "parts" in found:
        return [line for part in found["parts"] for line in _facts(part, target)]
    shortest, longest, outliers = found["shortest"], found["longest"], found["outliers"]
    periods = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
    return [
        f"{found['series']} series · {found['frequency']} · {found['first']} … {found['last']} · {periods} periods "
        "each",
        f"target {target} · {counted(found['values'], 'value')} · {counted(found['gaps'], 'gap')} · "
        f"season {found['season']}" + (f" · {counted(outliers, 'outlier')}" if outliers else ""),
    ]
