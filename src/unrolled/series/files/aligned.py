"""Texts whose columns are aligned by spaces, which get tabs between their cells."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from .decode import DecodedFile
from .dialect import DELIMITERS
from .numbers import is_numeric
from .timestamps import dates_share

HEAD_LINES = 200  # from which the columns are inferred
MIN_SHARE = 0.9  # of lines without a delimiter, and of those with the same number of cells
GAPS = (r"\s{2,}", r"\s+")  # between cells: several spaces, as cells may contain one; or any number
COMMENT = "#"


def with_tabs(content: DecodedFile) -> DecodedFile:
    """A file whose lines are cells aligned by spaces, with tabs between the cells; others as they are."""
    head = [line.strip() for line in content.text[: 1 << 20].split("\n", HEAD_LINES)[:HEAD_LINES] if line.strip()]
    body = [line for line in head if not line.startswith(COMMENT)]
    if len(body) < 2 or sum(map(_has_delimiter, body)) > (1 - MIN_SHARE) * len(body):
        return content
    gap = next((gap for gap in GAPS if _is_even(body, gap)), None)
    if gap is None or dates_share(pd.Series(body)) >= MIN_SHARE:
        return content
    lines = [line.strip() for line in content.text.split("\n")]
    first = next(k for k, line in enumerate(lines) if line and not line.startswith(COMMENT))
    lines = [line if line.startswith(COMMENT) else re.sub(gap, "\t", line) for line in lines]
    if first > 0 and (names := _names_in(lines[first - 1], lines[first].count("\t") + 1)):
        lines[first - 1] = names
    note = "cells are aligned by spaces; change with `delimiter`"
    return replace(content, text="\n".join(lines), notes=(*content.notes, note))


def _has_delimiter(line: str) -> bool:
    """Whether a line has a delimiter; between aligned cells, commas inside numbers are decimal."""
    if re.search(r"\S {2,}\S", line):
        line = re.sub(r"(?<=\d),(?=\d)", "", line)
    return any(delimiter in line for delimiter in DELIMITERS)


def _is_even(body: Sequence[str], gap: str) -> bool:
    """Whether most lines have the same number of cells, and one of these columns holds numbers."""
    rows = [re.split(gap, line) for line in body]
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or count < MIN_SHARE * len(rows):
        return False
    cells = pd.DataFrame([row for row in rows if len(row) == width][1:], dtype=object)
    return any(is_numeric(cells[column]) for column in cells)


def _names_in(comment: str, width: int) -> str | None:
    """The names of columns in a comment above them; None if it has others than so many words."""
    words = [re.split(gap, comment.lstrip(COMMENT).strip()) for gap in GAPS]
    return next(("\t".join(names) for names in words if len(names) == width), None)
