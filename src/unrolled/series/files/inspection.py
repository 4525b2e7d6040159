"""What was understood of a table, without training: its columns and their roles, its series, and what looks wrong."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import UnrolledError
from ..by_frequency import frequency_note, merge_notes, read_panels
from ..columns import Columns
from ..dataframe import format_stamp
from ..frequency import DAY, HOUR, Frequency
from ..panel import Panel
from ..summary import summarize_series
from .dialect import Sheet
from .numbers import is_numeric, missing, sample_of
from .options import CovariateColumns, ReadOptions
from .reader import interpret_sheet, read_sheet
from .sentinels import suspected_sentinel
from .time_columns import find_time
from .timestamps import dates_share

MOST_EXAMPLES = 3
# how what is found of several frequencies becomes that of all
TOGETHER: dict[str, Callable[[Iterable[Any]], Any]] = {
    **dict.fromkeys(("series", "values", "gaps", "outliers"), sum),
    **{"shortest": min, "longest": max, "frequency": ", ".join},
}


def common_horizon(panels: Sequence[Panel]) -> int:
    """A horizon to begin with, of the frequency that has most rows, and at which all can be trained."""
    shortest = min(int(panel.lengths.max()) for panel in panels)
    return sensible_horizon(panels[0].frequency, shortest)


def span(panels: Sequence[Panel]) -> tuple[str, str]:
    """The first and the last stamp of all series."""
    ends = np.concatenate(
        [p.frequency.stamps(np.array([min(p.first), max(p.first + p.lengths) - 1])) for p in panels]
    )
    return format_stamp(ends.min()), format_stamp(ends.max())


def panel_in_a_line(panel: Panel, columns: Columns) -> str:
    """What was understood of a table, in one line."""
    gaps = int((~panel.observed).sum())
    return (
        f"{len(panel.ids)} series · {panel.frequency.name} · {' … '.join(span([panel]))} · "
        f"{int(panel.observed.sum())} values · target {columns.target!r}" + (f" · {gaps} gaps filled" if gaps else "")
    )


def inspect_table(path: str, reading: ReadOptions, season: int | None = None) -> dict[str, Any]:
    """All that is understood of a table, for JSON; "error" says what is missing, None where nothing is.

    Args:
        path: of the file.
        reading: what the user says about it.
        season: rows in a season; None: that of the frequency.

    Raises:
        DataError: the file is no table at all.
    """
    sheet = read_sheet(path, reading)
    found: dict[str, Any] = {"file": path, "columns": _columns(sheet), "error": None}
    roles: dict[str, str] = {}
    try:
        table = interpret_sheet(sheet, reading, CovariateColumns())
        roles = dict(table.roles)
        panels = read_panels(table.frame, table.columns, reading.freq, season)
    except UnrolledError as error:
        told = str(error)
        found["error"] = told if told.startswith(sheet.name) else f"{sheet.name}, {told}"
        roles = roles or _guessed_roles(sheet, reading)
        found["notes"] = list(sheet.notes)
    else:
        found |= _of_all(panels, table.columns, season)
        found["notes"] = [
            *table.notes,
            *frequency_note(panels),
            *merge_notes({p.frequency.name: p.notes for p in panels}),
        ]
        found["command"] = _command(path, reading, season, found["horizon"])
    for column in found["columns"]:
        column["role"] = roles.get(column["name"])
    return found


def _columns(sheet: Sheet) -> list[dict[str, Any]]:
    described = []
    for name, cells in sheet.cells.items():
        sample = sample_of(cells)
        kind = "empty" if not len(sample) else "numbers" if is_numeric(cells) else "texts"
        if kind == "texts" and dates_share(sample) > 0.9:
            kind = "dates"
        examples = [str(text)[:40] for text in sample.drop_duplicates().head(MOST_EXAMPLES)]
        described.append(
            {"name": str(name), "kind": kind, "missing": int(missing(cells).sum()), "examples": examples}
        )
    return described


def _guessed_roles(sheet: Sheet, reading: ReadOptions) -> dict[str, str]:
    """The columns of the time, where no more than those could be found out."""
    told = [reading.time] if reading.time is not None and reading.time in sheet.cells else []
    return dict.fromkeys(find_time(sheet, told, []), "time")


def _of_panel(panel: Panel, columns: Columns, season: int | None) -> dict[str, Any]:
    sentinels: dict[str, float] = {}
    strange = sum(
        summarize_series(panel, k, season or panel.frequency.season).outliers for k in range(len(panel.ids))
    )
    suspect = suspected_sentinel(panel.y[panel.observed])
    if suspect is not None:
        sentinels = {"value": suspect[0], "times": suspect[1]}
    first, last = span([panel])
    lengths = panel.lengths
    return {
        "id": columns.id if panel.ids[0] is not None else None,
        "time": columns.time,
        "target": columns.target,
        "series": len(panel.ids),
        "frequency": panel.frequency.name,
        "first": first,
        "last": last,
        "values": int(panel.observed.sum()),
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "gaps": int((~panel.observed).sum()),
        "season": season or panel.frequency.season,
        "sentinels": sentinels or None,
        "outliers": strange,
    }


def _of_all(panels: Sequence[Panel], columns: Columns, season: int | None) -> dict[str, Any]:
    """What is found of all series together, and of those of each frequency, where there are several."""
    parts = [_of_panel(panel, columns, season) for panel in panels]
    whole = dict(parts[0])
    if len(parts) > 1:
        whole |= {name: how(part[name] for part in parts) for name, how in TOGETHER.items()}
        whole["first"], whole["last"] = span(panels)
        whole["sentinels"] = next((part["sentinels"] for part in parts if part["sentinels"]), None)
        whole["parts"] = parts
    return whole | {"horizon": common_horizon(panels)}


def sensible_horizon(frequency: Frequency, rows: int) -> int:
    """A horizon to begin with: a year of months or quarters, a day of hours, two weeks of days.

    >>> sensible_horizon(Frequency("month", 1, 0), 144), sensible_horizon(Frequency("month", 1, 0), 30)
    (12, 6)
    """
    if frequency.unit == "fixed" and frequency.step in (DAY, 7 * DAY):
        usual = 14 if frequency.step == DAY else 13
    elif frequency.unit == "fixed" and frequency.step <= 12 * HOUR:
        usual = max(1, min(DAY // frequency.step, 48))
    else:
        usual = {"month": 12 // frequency.step if frequency.step <= 12 else 1, "business day": 10}.get(
            frequency.unit, 10
        )
    return max(1, min(max(usual, 4), rows // 5))


def _command(path: str, reading: ReadOptions, season: int | None, horizon: int) -> str:
    """The command that forecasts the table as it was read here."""
    words = ["unrolled", "forecast", path, "--horizon", str(horizon)]
    words += reading.words
    if season is not None:
        words += ["--season", str(season)]
    return shlex.join(words)


def format_inspection(found: dict[str, Any]) -> list[str]:
    """What `inspect_table` found, for a person."""
    columns = pd.DataFrame(found["columns"])
    columns["examples"] = columns["examples"].map(", ".join)
    columns["role"] = columns["role"].fillna("")
    columns = columns.rename(columns={"name": "column"})[["column", "role", "kind", "missing", "examples"]]
    shown = columns.head(60)
    lines = shown.to_string(index=False, justify="left").split("\n")
    if len(columns) > len(shown):
        lines.append(f"... and {len(columns) - len(shown)} columns more")
    lines.append("")
    if found["error"] is None:
        lines += _facts(found)
    lines += [f"note: {note}" for note in found["notes"]]
    if found["error"] is None:
        lines += ["", found["command"]]
    return lines


def _facts(found: dict[str, Any]) -> list[str]:
    if "parts" in found:
        return [line for part in found["parts"] for line in _facts(part)]
    rows = (
        f"{found['shortest']}"
        if found["shortest"] == found["longest"]
        else f"{found['shortest']} to {found['longest']}"
    )
    strange = found["outliers"]
    return [
        f"{found['series']} series · {found['frequency']} · {found['first']} … {found['last']} · {rows} rows each",
        f"target {found['target']!r} · {found['values']} values · {found['gaps']} gaps · season {found['season']}"
        + (f" · {strange} outlier(s)" if strange else ""),
    ]
