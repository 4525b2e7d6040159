"""Text becomes cells: the delimiter, where the table begins, what names its columns, and on which line rows lie."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...errors import DataError
from .decode import DecodedFile
from .header import find_header
from .options import ReadOptions

DELIMITERS = (",", ";", "\t", "|")
HEAD = 50  # lines that are looked at
MOST_COLUMNS = 5_000
MOST_FIELD = 1 << 20  # characters


@dataclass
class Sheet:
    """Cells of text (None: empty), and on which line each row begins.

    Attributes:
        name: of the file, in messages.
        cells: texts, one column a column of the file, (n, c).
        lines: one a row.
        notes: what was guessed.
        delimiter: between its cells; "" where there is none.
    """

    name: str
    cells: pd.DataFrame
    lines: Sequence[int]
    notes: list[str] = field(default_factory=list)
    delimiter: str = ""

    def take(self, rows: np.ndarray) -> None:
        """Keep these rows only; a mask or positions."""
        positions = np.flatnonzero(rows) if rows.dtype == bool else rows
        self.cells = self.cells.iloc[positions].reset_index(drop=True)
        self.lines = list(np.asarray(self.lines)[positions].tolist())

    def place(self, column: object, row: int | None = None) -> str:
        """Where something is wrong, in a message."""
        return f"{self.name}, column {shorten(column)}" + ("" if row is None else f", line {self.lines[row]}")


def shorten(text: object) -> str:
    """A cell in a message: quoted, and not longer than a line."""
    said = str(text)
    return repr(said if len(said) <= 60 else said[:57] + "...")


def parse_sheet(content: DecodedFile, reading: ReadOptions) -> Sheet:
    """The cells of a file.

    Raises:
        DataError: it has no rows, too many columns, names twice, or rows that are longer than their header.
    """
    if content.frame is not None:
        return _from_frame(content.name, content.frame)
    name, text, before = content.name, content.text, 0
    told = re.match(r"sep=(.)\n", text)
    if told:  # how Excel is told of the delimiter
        text, before = text[told.end() :], 1
    delimiter = reading.delimiter or (told[1] if told else _delimiter(text))
    header = find_header(_head(text, delimiter), reading.header)
    if header is None:
        raise DataError(f"{name} has no cells that hold anything.")
    width = len(header.names)
    if width > MOST_COLUMNS:
        raise DataError(f"{name} has {width} columns; {MOST_COLUMNS} at most are read. Leave out those not needed.")
    _refuse_doubled(name, header.names)
    offset, first = _offset(text, header.end), before + header.end + 1
    frame, lines = _fast(text[offset:], delimiter, first) or _careful(
        name, text[offset:], delimiter, first, width, header.names
    )
    if not len(frame):
        raise DataError(f"{name} has a header but no rows.")
    frame = frame.iloc[:, :width] if frame.shape[1] > width else frame.reindex(columns=range(width))
    frame.columns = [label or f"column {k + 1}" for k, label in enumerate(header.names)]
    frame = frame.astype(object).where(frame.notna(), None)
    kept = frame.notna().any().to_numpy() | np.array([bool(label) for label in header.names])
    notes = [*content.notes, *header.notes]
    return Sheet(name, frame.loc[:, kept], lines, notes, delimiter)


def _from_frame(name: str, frame: pd.DataFrame) -> Sheet:
    """Parquet as cells of text: what follows is one way for both."""
    if frame.shape[1] > MOST_COLUMNS:
        raise DataError(f"{name} has {frame.shape[1]} columns; {MOST_COLUMNS} at most are read. Leave some out.")
    _refuse_doubled(name, list(frame.columns))
    text = frame.astype(object).where(frame.notna(), None)
    return Sheet(name, text.map(lambda cell: cell if cell is None else str(cell)), range(1, len(frame) + 1))


def _refuse_doubled(name: str, labels: Sequence[str]) -> None:
    seen = set()
    for label in labels:
        if label and label in seen:
            raise DataError(f"{name}: two columns are called {shorten(label)}. Rename one.")
        seen.add(label)


# --- the head ---------------------------------------------------------------------------------------


def _offset(text: str, lines: int) -> int:
    """Where line `lines` (from 0) begins."""
    place = 0
    for _ in range(lines):
        place = text.find("\n", place) + 1
        if not place:
            return len(text)
    return place


def _head(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The first rows that hold anything, each with the number of lines up to its end."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    csv.field_size_limit(MOST_FIELD)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, [cell.strip() for cell in row]))
            if len(rows) >= HEAD or reader.line_num >= 20 * HEAD:
                break
    except csv.Error:
        pass  # those that follow are read again, and refused there
    return rows


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first lines into the same number of fields, and into the most."""
    head = [line for line in text[: 1 << 20].split("\n", 2 * HEAD)[: 2 * HEAD] if line.strip()]

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            counts = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        except csv.Error:
            counts = [line.count(delimiter) + 1 for line in head]
        wide = [count for count in counts if count > 1]
        common = max(set(wide), key=lambda count: (wide.count(count), count)) if wide else 1
        return (round(wide.count(common) / len(counts), 2), common)

    return max(DELIMITERS, key=evenness)


# --- the rows ---------------------------------------------------------------------------------------


def _fast(text: str, delimiter: str, first: int) -> tuple[pd.DataFrame, Sequence[int]] | None:
    """Rows that take a line each, read by pandas' compiled parser; None where the text is not so clean."""
    mark = re.escape(delimiter)
    quotes = text.count('"')
    if quotes:
        field_ = rf'(?:(?<=[{mark}\n])|(?<=[{mark}] )|\A)"[^"\n]*"(?=[{mark}\n]|\Z)'
        if quotes != 2 * sum(1 for _ in re.finditer(field_, text)):
            return None
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            header=None,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError):
        return None
    lines = text.count("\n") + (not text.endswith("\n"))
    if len(frame) != lines:
        return None
    # a blank before a delimiter, a quote or the line's end, or behind a quote
    blank = " " if delimiter == "\t" else " \t"
    spaced = "\xa0" in text or re.search(rf'[{blank}](?:[{mark}"\n]|\Z)|"[{blank}]', text) is not None
    columns = []
    for k in frame:
        values = frame[k].to_numpy(object)
        if spaced:
            values = np.array([cell.strip() if isinstance(cell, str) else None for cell in values], object)
        values[(values == "") | pd.isna(values)] = None
        columns.append(values)
    return _without_blanks(columns, range(first, first + len(frame)))


def _without_blanks(columns: list[np.ndarray], lines: Sequence[int]) -> tuple[pd.DataFrame, Sequence[int]]:
    blank = np.ones(len(lines), bool)
    for values in columns:
        blank &= values == None  # noqa: E711  # of each cell
        if not blank.any():
            break
    if blank.any():
        columns = [values[~blank] for values in columns]
        lines = np.asarray(lines)[~blank].tolist()
    return pd.DataFrame(dict(enumerate(columns)), dtype=object), lines


def _careful(
    name: str, text: str, delimiter: str, first: int, width: int, header: Sequence[str]
) -> tuple[pd.DataFrame, Sequence[int]]:
    """Rows one by one: quotes that span lines, rows of different lengths; what is wrong is named with its line."""
    csv.field_size_limit(MOST_FIELD)
    # strict: a quote that is never closed would swallow all rows below it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[list[str | None]] = []
    lines: list[int] = []
    begins = first
    try:
        for row in reader:
            cells = [cell.strip() or None for cell in row]
            if any(cells):
                if any(cells[width:]):
                    raise DataError(
                        f"{name}, line {begins}: {len(row)} fields, but the header has {len(header)}. "
                        f"Quote fields that contain {delimiter!r}, or name the delimiter with --delimiter."
                    )
                rows.append([*cells[:width], *[None] * (width - len(cells))])
                lines.append(begins)
            begins = first + reader.line_num
    except csv.Error as error:
        raise DataError(f"{name}, line {begins}: {error}. Check the quotes from there on.") from error
    return pd.DataFrame(rows, columns=range(width), dtype=object), lines
