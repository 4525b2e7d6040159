"""From text to cells: the delimiter, the header, the rows, and the line of each row."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...errors import DataError
from ..packed_texts import PackedTexts, TextPacker
from .decode import DecodedFile
from .header import Header, find_header
from .options import ReadOptions

DELIMITERS = (",", ";", "\t", "|")
HEAD_ROWS = 50  # from which the delimiter and the header are inferred
CHUNK_ROWS = 50_000  # that are parsed at a time
MIN_LONG_ROWS = 40_000  # of a table whose columns are categorical if they have few distinct texts, and else packed
SHARED_SAMPLE_ROWS = 20_000  # from which they are found
MAX_DISTINCT_SHARE = 0.5  # of their cells in this sample
MAX_COLUMNS = 5_000
MAX_FIELD_LENGTH = 1 << 20  # characters
MAX_QUOTED_LENGTH = 60  # characters of a cell in a message
MAX_LISTED_LINES = 10  # and ranges of them, in a message that can be copied into an option


@dataclass
class RawTable:
    """The cells of a file as texts, None where empty, with the line on which each row begins."""

    name: str  # of the file, in messages
    cells: pd.DataFrame  # texts, as objects, categorical or packed, one column for each column of the file, (n, c)
    lines: Sequence[int]  # one per row
    notes: list[str] = field(default_factory=list)  # what was inferred
    delimiter: str = ""  # between cells; "" if there is none

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return [str(name) for name in self.cells]

    def without(self, rows: Iterable[int]) -> str:
        """The sentence of a message that names the option to leave out the lines of these rows."""
        lines = np.unique([self.lines[row] for row in rows])
        runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1)
        ranges = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
        option = f"`skip_rows={','.join(ranges)!r}`" if len(ranges) <= MAX_LISTED_LINES else "`skip_rows`"
        return f"To leave out {'this line' if len(lines) == 1 else 'these lines'}, use {option}."

    def place(self, column: object, row: int | None = None) -> str:
        """A column, and a row of it, in a message."""
        return f"{self.name}, column {shorten(column)}" + ("" if row is None else f", line {self.lines[row]}")


def shorten(text: object) -> str:
    """A cell in a message: quoted, and cut to a readable length."""
    whole = str(text)
    return repr(whole if len(whole) <= MAX_QUOTED_LENGTH else whole[: MAX_QUOTED_LENGTH - 3] + "...")


def parse_cells(content: DecodedFile, options: ReadOptions) -> RawTable:
    """The cells of a file; a `DataError` refuses one without rows, or with rows that are longer than the header."""
    if content.frame is not None:
        return _from_frame(content.name, content.frame, options)
    if content.rows is not None:
        return _from_rows(content, content.rows, options)
    name, before = content.name, 0
    text = _without_lines(name, content.text, options.skipped_lines)
    declared = re.match(r"sep=(.)\n", text)
    if declared:  # a line for Excel that names the delimiter
        text, before = text[declared.end() :], 1
    delimiter = options.delimiter or (declared[1] if declared else _delimiter(text))
    header = _checked(name, find_header(_head(text, delimiter), options.header))
    width = len(header.names)
    start, first = _offset(text, header.end), before + header.end + 1
    found = _parse_fast(text, start, delimiter, first)
    frame, lines = found or _parse_strictly(name, text[start:], delimiter, first, width)
    if frame.shape[1] != width:
        frame = frame.reindex(columns=range(width)).astype(object)
        frame = frame.where(frame.notna(), None)
    return _named(content, header, frame, lines, delimiter)


def _from_rows(content: DecodedFile, rows: list[list[str]], options: ReadOptions) -> RawTable:
    """The cells of a sheet, whose rows have the same length."""
    skipped = {line for part in options.skipped_lines for line in _inside(content.name, part, len(rows))}
    filled = [(k + 1, row) for k, row in enumerate(rows) if any(row) and k + 1 not in skipped]
    header = _checked(content.name, find_header(filled[:HEAD_ROWS], options.header))
    body = [(line, row) for line, row in filled if line > header.end]
    frame = pd.DataFrame(
        [[cell or None for cell in row] for _, row in body], columns=range(len(header.names)), dtype=object
    )
    return _named(content, header, frame, [line for line, _ in body])


def _checked(name: str, header: Header | None) -> Header:
    if header is None:
        raise DataError(f"{name} has only empty cells.")
    if len(header.names) > MAX_COLUMNS:
        raise DataError(
            f"{name} has {len(header.names)} columns; at most {MAX_COLUMNS} are read. Remove those not needed."
        )
    _refuse_duplicate_names(name, header.names, ", or use `header=0` if they are no names")
    return header


def _named(
    content: DecodedFile, header: Header, frame: pd.DataFrame, lines: Sequence[int], delimiter: str = ""
) -> RawTable:
    """Cells below a header as a table, without columns that have neither a name nor cells."""
    if not len(frame):
        raise DataError(f"{content.name} has a header but no rows.")
    frame.columns = [label or f"column {k + 1}" for k, label in enumerate(header.names)]
    kept = frame.notna().any().to_numpy() | np.array([bool(label) for label in header.names])
    frame = frame if kept.all() else frame.loc[:, kept]
    return RawTable(content.name, frame, lines, [*content.notes, *header.notes], delimiter)


def _without_lines(name: str, text: str, skipped: Sequence[range]) -> str:
    """A text in which these lines are blank."""
    if not skipped:
        return text
    lines = text.split("\n")
    for part in skipped:
        for line in _inside(name, part, len(lines)):
            lines[line - 1] = ""
    return "\n".join(lines)


def _inside(name: str, part: range, lines: int) -> range:
    """The lines of a range that a file of this length has."""
    if part.start > lines:
        raise DataError(f"{name} has {lines} lines; `skip_rows` names line {part.start}.")
    return range(part.start, min(part.stop, lines + 1))


def _from_frame(name: str, frame: pd.DataFrame, options: ReadOptions) -> RawTable:
    """The cells of Parquet as texts, so that they are read like those of a text file."""
    if frame.shape[1] > MAX_COLUMNS:
        raise DataError(f"{name} has {frame.shape[1]} columns; at most {MAX_COLUMNS} are read. Remove some.")
    _refuse_duplicate_names(name, list(frame.columns))
    text = frame.astype(object).where(frame.notna(), None)
    lines = np.arange(1, len(frame) + 1)
    kept = np.ones(len(frame), bool)
    for part in options.skipped_lines:
        kept[[line - 1 for line in _inside(name, part, len(frame))]] = False
    text = text[kept].reset_index(drop=True)
    return RawTable(name, text.map(_as_text), lines[kept].tolist())


def _as_text(cell: object) -> str | None:
    """A cell of Parquet as a text; truth values are 1 and 0, as in data frames."""
    return None if cell is None else str(int(cell) if isinstance(cell, (bool, np.bool_)) else cell)


def _refuse_duplicate_names(name: str, labels: Sequence[str], remedy: str = "") -> None:
    seen = set()
    for label in labels:
        if label and label in seen:
            raise DataError(f"{name}: two columns are called {shorten(label)}. Rename one{remedy}.")
        seen.add(label)


def _offset(text: str, lines: int) -> int:
    """The position in the text after this number of lines."""
    place = 0
    for _ in range(lines):
        place = text.find("\n", place) + 1
        if not place:
            return len(text)
    return place


def _head(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The first rows that are not blank, each with the number of lines up to its end."""
    reader = csv.reader(_lines(text), delimiter=delimiter, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    csv.field_size_limit(MAX_FIELD_LENGTH)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, [cell.strip() for cell in row]))
            if len(rows) >= HEAD_ROWS or reader.line_num >= 20 * HEAD_ROWS:
                break
    except csv.Error:
        pass  # the parser of the rows reports it with its line
    return rows


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends."""
    place = 0
    while place < len(text):
        end = text.find("\n", place) + 1 or len(text)
        yield text[place:end]
        place = end


def _delimiter(text: str) -> str:
    """The delimiter that splits most of the first lines into the same number of fields; of several, into the most."""
    head = [line for line in text[: 1 << 20].split("\n", 2 * HEAD_ROWS)[: 2 * HEAD_ROWS] if line.strip()]
    if not head:
        return ","

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            counts = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
        except csv.Error:
            counts = [line.count(delimiter) + 1 for line in head]
        wide = [count for count in counts if count > 1]
        common = max(set(wide), key=lambda count: (wide.count(count), count)) if wide else 1
        return (round(wide.count(common) / len(counts), 2), common)

    return max(DELIMITERS, key=evenness)


class _Characters(io.TextIOBase):
    """A text from some place on as a file, without a copy of it."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.place = text, start

    def close(self) -> None:
        self.text = ""  # what has read it may be kept until the next search for garbage
        super().close()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        end = len(self.text) if size is None or size < 0 else self.place + size
        piece = self.text[self.place : end]
        self.place += len(piece)
        return piece


def _parse_fast(text: str, start: int, delimiter: str, first: int) -> tuple[pd.DataFrame, Sequence[int]] | None:
    """Rows of one line each, from a place in the text on, read by the compiled parser of pandas.

    None if the text is not as regular as that; `first` is the number of the first line.
    """
    mark = re.escape(delimiter)
    quotes = text.count('"', start)
    if quotes:
        field_ = rf'(?:(?<=[{mark}\n])|(?<=[{mark}] )|\A)"[^"\n]*"(?=[{mark}\n]|\Z)'
        if quotes != 2 * sum(1 for _ in re.compile(field_).finditer(text, start)):
            return None
    # whether there is a blank before a delimiter, a quote or the end of a line, or after a quote
    blanks = tuple(blank for blank in " \t" if blank != delimiter and text.find(blank, start) >= 0)
    pieces = ["\xa0", *(blank + end for blank in blanks for end in (delimiter, "\n"))]
    pieces += [pair for blank in blanks if quotes for pair in (f'{blank}"', f'"{blank}')]
    has_blanks = text.endswith(blanks) or any(text.find(piece, start) >= 0 for piece in pieces)
    lines = text.count("\n", start) + (not text.endswith("\n"))
    form: dict[str, Any] = {
        "sep": delimiter,
        "header": None,
        "na_filter": False,
        "low_memory": False,
        "skip_blank_lines": False,
        "skipinitialspace": True,
        "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
    }
    columns: list[_Column | _PackedColumn | _SharedColumn] = []
    usual = _PackedColumn if lines >= MIN_LONG_ROWS else _Column
    kinds: Any = str
    try:
        if lines >= MIN_LONG_ROWS:
            with _Characters(text, start) as file:
                sample = pd.read_csv(file, **form, dtype=str, nrows=SHARED_SAMPLE_ROWS)
            most = MAX_DISTINCT_SHARE * len(sample)
            kinds = {k: "category" if sample[k].nunique() <= most else "str" for k in sample}
        with (
            _Characters(text, start) as file,
            pd.read_csv(file, **form, dtype=kinds, chunksize=CHUNK_ROWS) as parts,
        ):
            for part in parts:
                columns = columns or [
                    _SharedColumn(lines) if isinstance(part[k].dtype, pd.CategoricalDtype) else usual(lines)
                    for k in part
                ]
                is_ragged = bool(part.iloc[:, -1].isna().any())  # rows that are too short end in NaN
                for column, name in zip(columns, part, strict=True):
                    column.add(part[name], has_blanks or is_ragged)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError):
        return None
    if not columns or columns[0].filled != lines:
        return None
    return _without_blank_rows([column.finish() for column in columns], range(first, first + lines))


def _stripped(part: pd.Series, has_blanks: bool) -> list[str]:
    """Cells, which are texts, with or without blanks around them, or NaN; "" where they are empty."""
    cells: list[Any] = part.tolist()
    return [cell.strip() if isinstance(cell, str) else "" for cell in cells] if has_blanks else cells


class _Column:
    """A column of objects that is filled part by part."""

    def __init__(self, rows: int) -> None:
        self.cells, self.filled = np.empty(rows, object), 0  # texts, None where empty, (n,)

    def add(self, part: pd.Series, has_blanks: bool) -> None:
        cells = [cell or None for cell in _stripped(part, has_blanks)]
        self.cells[self.filled : self.filled + len(cells)] = cells
        self.filled += len(cells)

    def finish(self) -> np.ndarray:
        return self.cells


class _PackedColumn(TextPacker):
    """A column of mostly different texts that is filled part by part."""

    def add(self, part: pd.Series, has_blanks: bool) -> None:
        self.add_texts(_stripped(part, has_blanks))


class _SharedColumn:
    """A categorical column that is filled part by part."""

    def __init__(self, rows: int) -> None:
        self.codes, self.filled = np.empty(rows, np.int32), 0
        self.texts: dict[str, int] = {}

    def add(self, part: pd.Series, has_blanks: bool) -> None:
        """Add cells of categorical texts, with or without blanks around them, or NaN."""
        texts = part.cat.categories.tolist()
        if has_blanks:
            texts = [text.strip() for text in texts]
        codes = [self.texts.setdefault(text, len(self.texts)) if text else -1 for text in texts]
        self.codes[self.filled : self.filled + len(part)] = np.array([*codes, -1])[part.cat.codes]
        self.filled += len(part)

    def finish(self) -> pd.Categorical:
        return pd.Categorical.from_codes(self.codes, pd.Index(list(self.texts), dtype=object))


def _without_blank_rows(
    columns: list[np.ndarray | pd.Categorical | PackedTexts], lines: Sequence[int]
) -> tuple[pd.DataFrame, Sequence[int]]:
    blank = np.ones(len(lines), bool)
    for values in columns:
        blank &= pd.isna(values)
        if not blank.any():
            break
    if blank.any():
        columns = [values[~blank] for values in columns]
        lines = np.asarray(lines)[~blank].tolist()
    # with its type given, pandas does not look for dates among the texts
    named = {k: pd.Series(values, dtype=values.dtype, copy=False) for k, values in enumerate(columns)}
    return pd.DataFrame(named, copy=False), lines


def _parse_strictly(
    name: str, text: str, delimiter: str, first: int, width: int
) -> tuple[pd.DataFrame, Sequence[int]]:
    """Rows parsed one by one, with quotes that span lines and rows of different lengths; errors name the line."""
    csv.field_size_limit(MAX_FIELD_LENGTH)
    # strict, because an unclosed quote would swallow all rows below it
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
                        f"{name}, line {begins}: {len(row)} fields, but the header has {width}. "
                        f"Quote fields that contain {delimiter!r}, or name the delimiter with `delimiter`. "
                        f"To leave out this line, use `skip_rows='{begins}'`."
                    )
                rows.append([*cells[:width], *[None] * (width - len(cells))])
                lines.append(begins)
            begins = first + reader.line_num
    except csv.Error as error:
        raise DataError(f"{name}, line {begins}: {error}. Check the quotes from this line on.") from error
    return pd.DataFrame(rows, columns=range(width), dtype=object), lines
