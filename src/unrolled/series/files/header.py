"""Which of the first rows are remarks, which name the columns, and which are data already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .dates import looks_like_a_date
from .numbers import MISSING, core_of

MOST_HEADERS = 4
Row = tuple[int, list[str]]  # lines up to its end, cells


@dataclass(frozen=True)
class Header:
    """The names of the columns, "" where one has none, and after how many lines the data begin."""

    names: list[str]
    end: int
    notes: tuple[str, ...] = ()


def find_header(rows: Sequence[Row], told: int | None) -> Header | None:
    """The header among the first rows; None where no row holds anything.

    Args:
        rows: the first rows that hold anything, each with the number of lines up to its end.
        told: how many rows name the columns, where the user says so.
    """
    if not rows:
        return None
    skipped = 0 if told == 0 else _remarks([cells for _, cells in rows])
    notes = [f"{skipped} line(s) above the table left out; --header counts from below them"] if skipped else []
    before = rows[skipped - 1][0] if skipped else 0
    rows = rows[skipped:]
    count = told if told is not None else _count([cells for _, cells in rows])
    if told is None and count == 0:
        notes.append("no row names the columns: they are called 'column 1', 'column 2', ...; --header 1 overrules")
    if told is None and count > 1:
        notes.append(f"{count} header rows joined into one; --header 1 overrules")
    count = min(count, len(rows))
    width = max(len(cells) for _, cells in rows[: max(count, 1)])
    if not count:
        return Header([f"column {k + 1}" for k in range(width)], before, tuple(notes))
    names = _joined([[*cells, *[""] * (width - len(cells))] for _, cells in rows[:count]])
    return Header(names, rows[count - 1][0], tuple(notes))


def _remarks(rows: Sequence[Sequence[str]]) -> int:
    """How many rows lie above the table: they fill fewer cells than its rows do."""
    filled = [sum(bool(cell) for cell in row) for row in rows]
    common = Counter(filled).most_common(1)[0][0]
    if common < 2:
        return 0
    for k in range(min(len(rows) - 1, 30)):
        comment = rows[k][0].startswith(("# ", "##", "//")) and not any(map(_is_data, rows[k + 1]))
        if filled[k] >= max(2, common / 2) and not comment:
            return k
    return 0


def _count(rows: Sequence[Sequence[str]]) -> int:
    """How many rows name columns: those with words where the rows below them have numbers or dates."""
    body = rows[min(MOST_HEADERS, (len(rows) + 1) // 2) :] or rows[-1:]
    width = max(map(len, rows[:MOST_HEADERS]))
    kinds = [_kind([row[k] for row in body if k < len(row) and row[k] not in MISSING]) for k in range(width)]
    dated = any(kind == "date" for kind in kinds)
    if len(rows) > 1 and _first_is_data(rows[0], kinds, dated):
        return 0
    solid = [k for k, kind in enumerate(kinds) if kind != "text"]
    for count in range(1, min(MOST_HEADERS, len(rows))):
        cells = [rows[count][k] for k in solid if k < len(rows[count]) and rows[count][k]]
        if not solid or not cells or any(_is_data(cell) or cell in MISSING for cell in cells):
            return count
    return 1


def _first_is_data(row: Sequence[str], kinds: Sequence[str], dated: bool) -> bool:
    """Whether the first row has a date where dates are, or numbers alone, none of which can be a year's name."""
    cells = list(zip(row, kinds, strict=False))
    if dated:
        return any(kind == "date" and looks_like_a_date(cell) for cell, kind in cells)
    numbers = [core_of(cell)[0] for cell, kind in cells if kind == "number"]
    return bool(numbers) and len(numbers) == len(row) and all(numbers) and len(set(numbers)) == len(numbers)


def _kind(cells: Sequence[str]) -> str:
    if not cells:
        return "text"
    if sum(map(looks_like_a_date, cells)) >= 0.8 * len(cells):
        return "date"
    return "number" if sum(bool(core_of(cell)[0]) for cell in cells) >= 0.8 * len(cells) else "text"


def _is_data(cell: str) -> bool:
    return bool(core_of(cell)[0]) or looks_like_a_date(cell)


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of several header rows; what all columns share tells nothing, and the first column has its own."""
    if len(rows) == 1:
        return list(rows[0])
    first = next((row[0] for row in reversed(rows) if row[0]), "")
    levels = []
    for row in rows:
        held, level = "", []
        for cell in row[1:]:
            held = cell or held  # a cell that spans several columns stands in the first of them
            level.append(held)
        if len(set(level)) > 1:
            levels.append(level)
    if not levels:
        levels = [list(rows[0][1:])]
    return [first, *(" ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*levels, strict=True))]
