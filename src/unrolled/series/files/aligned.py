"""Texts whose columns are aligned by spaces, which get tabs between their cells."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pandas as pd

from ...errors import DataError
from .decode import DecodedFile
from .dialect import DELIMITERS
from .numbers import is_numeric
from .timestamps import dates_share

HEAD_LINES = 200  # from which the columns are inferred
MIN_SHARE = 0.9  # of lines without a delimiter, and of those whose cells have a column each
MIN_FULL_SHARE = 0.1  # of lines without an empty cell
# between cells: several spaces, as cells may contain one; or any number. Each with the form of its cells.
GAPS = {r"\s{2,}": re.compile(r"\S+(?:\s\S+)*"), r"\s+": re.compile(r"\S+")}
COMMENT = "#"
Span = tuple[int, int]  # of a cell in its line: where it begins, and where it ends


def with_tabs(content: DecodedFile, skipped: Sequence[range] = ()) -> DecodedFile:
    """A file whose lines are cells aligned by spaces, with tabs between the cells; others as they are.

    Lines with fewer cells than most are read by the positions of the columns. A `DataError` refuses one whose empty
    cells these do not show, unless it is among those that are `skipped`.
    """
    head = [line for line in content.text[: 1 << 20].split("\n", HEAD_LINES)[:HEAD_LINES] if line.strip()]
    body = [line for line in head if not line.lstrip().startswith(COMMENT)]
    if len(body) < 2 or sum(map(_has_delimiter, body)) > (1 - MIN_SHARE) * len(body):
        return content
    gap, width = next(((gap, width) for gap in GAPS if (width := _width(body, gap))), ("", 0))
    if not width or dates_share(pd.Series(body).str.strip()) >= MIN_SHARE:
        return content
    whole = content.text.split("\n")
    lines = [line.strip() for line in whole]
    first = next(k for k, line in enumerate(lines) if line and not line.startswith(COMMENT))
    lines = [line if line.startswith(COMMENT) else re.sub(gap, "\t", line) for line in lines]
    counts = [0 if not line or line.startswith(COMMENT) else line.count("\t") + 1 for line in lines]
    if any(0 < count < width for count in counts):
        spans = [_spans(line, gap) if count else [] for line, count in zip(whole, counts, strict=True)]
        _place_by_columns(content.name, whole, lines, spans, width, {k for part in skipped for k in part})
    if first > 0 and (names := _names_in(lines[first - 1], lines[first].count("\t") + 1)):
        lines[first - 1] = names
    note = "cells are aligned by spaces; change with `delimiter`"
    return replace(content, text="\n".join(lines), notes=(*content.notes, note))


def _has_delimiter(line: str) -> bool:
    """Whether a line has a delimiter; between aligned cells, commas inside numbers are decimal."""
    if re.search(r"\S {2,}\S", line):
        line = re.sub(r"(?<=\d),(?=\d)", "", line)
    return any(delimiter in line for delimiter in DELIMITERS)


def _spans(line: str, gap: str) -> list[Span]:
    return [found.span() for found in GAPS[gap].finditer(line)]


def _width(body: Sequence[str], gap: str) -> int:
    """The number of columns if most lines have a cell in each, or cells whose column is clear; 0 if they have not.

    One of the columns holds numbers.
    """
    rows = [_spans(line, gap) for line in body]
    counts = Counter(map(len, rows))
    widest = max((width for width, count in counts.items() if count >= MIN_FULL_SHARE * len(rows)), default=0)
    for width in (counts.most_common(1)[0][0], widest):
        columns = _columns([row for row in rows if len(row) == width])
        clear = [len(row) == width or (len(row) < width and _places(row, columns)) for row in rows]
        if width < 2 or sum(map(bool, clear)) < MIN_SHARE * len(rows):
            continue
        texts = [re.split(gap, line.strip()) for line in body]
        cells = pd.DataFrame([row for row in texts if len(row) == width][1:], dtype=object)
        if any(is_numeric(cells[column]) for column in cells):
            return width
    return 0


def _columns(rows: Sequence[Sequence[Span]]) -> list[Span]:
    """Where the columns of lines with a cell in each begin and end; none if they overlap."""
    found = [(min(a for a, _ in cells), max(b for _, b in cells)) for cells in zip(*rows, strict=True)]
    return found if all(one[1] <= other[0] for one, other in pairwise(found)) else []


def _places(row: Sequence[Span], columns: Sequence[Span]) -> list[int]:
    """The column of each cell; none if a cell lies in no column or in several, or two lie in one."""
    own = [[k for k, (a, b) in enumerate(columns) if begin < b and end > a] for begin, end in row]
    found = [k for places in own for k in places]
    return found if all(len(places) == 1 for places in own) and len(set(found)) == len(found) else []


def _place_by_columns(
    name: str, whole: Sequence[str], lines: list[str], spans: Sequence[list[Span]], width: int, skipped: set[int]
) -> None:
    """Replace the lines with fewer cells than columns, in place, by lines with a tab for each empty cell, too.

    A line with one cell, or before or after all full ones, may be a remark, and stays if its columns are not clear.
    """
    full = [k for k, row in enumerate(spans) if len(row) == width]
    columns = _columns([spans[k] for k in full])
    for k, row in enumerate(spans):
        inside = full[0] < k < full[-1]
        if not 0 < len(row) < width or (len(row) == 1 and not inside):
            continue
        if places := _places(row, columns):
            cells = dict(zip(places, row, strict=True))
            lines[k] = "\t".join(whole[k][slice(*cells.get(column, (0, 0)))] for column in range(width))
        elif inside and len(row) > 1 and k + 1 not in skipped:
            raise DataError(
                f"{name}, line {k + 1}: the line has {len(row)} cells instead of {width}, and their positions do not "
                f"tell which are empty. Write NA into empty cells. To leave out this line, use `skip_rows='{k + 1}'`."
            )


def _names_in(comment: str, width: int) -> str | None:
    """The names of columns in a comment above them; None if it has others than so many words."""
    words = [re.split(gap, comment.lstrip(COMMENT).strip()) for gap in GAPS]
    return next(("\t".join(names) for names in words if len(names) == width), None)
