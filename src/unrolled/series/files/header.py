"""The first rows of a file: remarks, header rows, and data."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...plurals import counted
from .dates import parse_date
from .numbers import MISSING, core_of

MAX_DETECTED_HEADER_ROWS = 4
MAX_REMARK_ROWS = 30
Row = tuple[int, list[str]]  # lines of the file up to its end, cells


@dataclass(frozen=True)
class Header:
    """The names of the columns."""

    names: list[str]  # "" where a column has none
    end: int  # the number of lines before the data
    notes: tuple[str, ...] = ()  # what was inferred


def find_header(rows: Sequence[Row], given: int | None) -> Header | None:
    """The header among the first rows that are not blank; None if there are no rows.

    `given` is the number of header rows; None: detected.
    """
    if not rows:
        return None
    skipped = 0 if given == 0 else _count_remarks([cells for _, cells in rows])
    if given != 1 and _spans_names([cells for _, cells in rows], skipped):
        skipped -= 1
    note = f"{counted(skipped, 'line')} above the table skipped; `header` counts the rows below"
    notes = [note] if skipped else []
    before = rows[skipped - 1][0] if skipped else 0
    rows = rows[skipped:]
    count = given if given is not None else _count_headers([cells for _, cells in rows])
    if given is None and count == 0:
        notes.append("no header row: columns are named 'column 1', 'column 2', ...; change with `header=1`")
    if given is None and count > 1:
        notes.append(f"{count} header rows joined into one; change with `header=1`")
    count = min(count, len(rows))
    width = max(len(cells) for _, cells in rows[: max(count, 1)])
    if not count:
        return Header([f"column {k + 1}" for k in range(width)], before, tuple(notes))
    names = _join_rows([[*cells, *[""] * (width - len(cells))] for _, cells in rows[:count]])
    return Header(names, rows[count - 1][0], tuple(notes))


def _count_remarks(rows: Sequence[Sequence[str]]) -> int:
    """The number of rows above the table; they fill fewer cells than its rows."""
    filled = [sum(bool(cell) for cell in row) for row in rows]
    common = Counter(filled).most_common(1)[0][0]
    if common < 2:
        return 0
    for k in range(min(len(rows) - 1, MAX_REMARK_ROWS)):
        comment = rows[k][0].startswith(("# ", "##", "//"))
        comment = comment or (rows[k][0].startswith("#") and rows[k + 1][0][:1] in ("", "#"))  # as InfluxDB writes
        if filled[k] >= max(2, common / 2) and not (comment and not any(map(_is_data, rows[k + 1]))):
            return k
    return 0


def _spans_names(rows: Sequence[Sequence[str]], first: int) -> bool:
    """Whether the row above a header with equal names tells them apart, each cell for the columns up to the next."""
    own = [name for name in rows[first] if name]
    if not first or len(set(own)) == len(own) or len(rows[first - 1]) != len(rows[first]):
        return False
    names = _join_rows(rows[first - 1 : first + 1])
    return len(set(names)) == len(names)


def _count_headers(rows: Sequence[Sequence[str]]) -> int:
    """The number of header rows; they hold words in columns that hold numbers or dates further down."""
    body = rows[min(MAX_DETECTED_HEADER_ROWS, (len(rows) + 1) // 2) :] or rows[-1:]
    width = max(map(len, rows[:MAX_DETECTED_HEADER_ROWS]))
    kinds = [_kind([row[k] for row in body if k < len(row) and row[k] not in MISSING]) for k in range(width)]
    dated = any(kind == "date" for kind in kinds)
    if len(rows) > 1 and _first_is_data(rows[0], kinds, dated):
        return 0
    typed = [k for k, kind in enumerate(kinds) if kind != "text"]
    for count in range(1, min(MAX_DETECTED_HEADER_ROWS, len(rows))):
        cells = [rows[count][k] for k in typed if k < len(rows[count]) and rows[count][k]]
        if not typed or not cells or any(_is_data(cell) or cell in MISSING for cell in cells):
            return count
    return 1


def _first_is_data(row: Sequence[str], kinds: Sequence[str], dated: bool) -> bool:
    """Whether the first row is data: dates in columns of dates, or, without such columns, distinct numbers only."""
    cells = list(zip(row, kinds, strict=False))
    if dated:
        return any(kind == "date" and parse_date(cell) is not None for cell, kind in cells)
    numbers = [core_of(cell)[0] for cell, kind in cells if kind == "number"]
    return bool(numbers) and len(numbers) == len(row) and all(numbers) and len(set(numbers)) == len(numbers)


def _kind(cells: Sequence[str]) -> str:
    if not cells:
        return "text"
    if sum(parse_date(cell) is not None for cell in cells) >= 0.8 * len(cells):
        return "date"
    return "number" if sum(bool(core_of(cell)[0]) for cell in cells) >= 0.8 * len(cells) else "text"


def _is_data(cell: str) -> bool:
    return bool(core_of(cell)[0]) or parse_date(cell) is not None


def _join_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names in several header rows, without rows that are the same for all columns but the first."""
    if len(rows) == 1:
        return list(rows[0])
    first = next((row[0] for row in reversed(rows) if row[0]), "")
    filled_rows = []
    for row in rows:
        last, filled = "", []
        for cell in row[1:]:
            last = cell or last  # a cell that spans several columns stands in the first of them
            filled.append(last)
        if len(set(filled)) > 1:
            filled_rows.append(filled)
    columns = zip(*(filled_rows or [list(rows[0][1:])]), strict=True)
    return [first, *(" ".join(dict.fromkeys(part for part in parts if part)) for parts in columns)]
