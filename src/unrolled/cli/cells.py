"""A file on disk as cells of text, each row with the line where it begins."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "--", "."})


def shown(path: str) -> str:
    """A file in a message."""
    return "standard input" if path == "-" else path


def read_cells(path: str) -> tuple[pd.DataFrame, list[int]]:
    """All cells as text (None: missing), and for each row the line in the file where it begins."""
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}. Check the name, or give - to read standard input.") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name a CSV or Parquet file in it.") from error
    except OSError as error:
        raise DataError(f"can't read {path}: {error.strerror}. Name a file that you may read.") from error
    path = shown(path)
    if not content.strip():
        raise DataError(f"{path} is empty.")
    if content[:4] == b"PAR1":
        return _read_parquet(path, content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise DataError(f"{path} is not a text file: it holds NUL bytes. Give a CSV or Parquet file.")
    delimiter = _delimiter(text)
    csv.field_size_limit(1 << 20)
    # strict: a quote that is never closed would swallow all rows below it
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {begins}: {error}. Check the quotes from there on.") from error
    if not rows:
        raise DataError(f"{path} has no cells that hold anything.")
    header = [name.strip() for name in rows[0]]
    if len(rows) < 2:
        raise DataError(f"{path} has a header but no rows.")
    doubled = next((name for name in header if name and header.count(name) > 1), None)
    if doubled is not None:
        raise DataError(f"{path}: two columns are called {doubled!r}. Rename one.")
    unnamed = np.array([not name for name in header])
    header = [name or f"column {k + 1}" for k, name in enumerate(header)]
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            raise DataError(
                f"{path}, line {line}: {len(row)} fields, but the header has {len(header)}. "
                f"Quote fields that contain {delimiter!r}."
            )
    width = len(header)
    data = [[*row[:width], *[""] * (width - len(row))] for row in rows[1:]]
    frame = pd.DataFrame(data, columns=header, dtype=object)
    frame = frame.apply(lambda column: column.str.strip())
    frame = frame.where(~frame.apply(lambda column: column.str.lower().isin(MISSING)), None)
    return frame.loc[:, frame.notna().any() | ~unnamed], lines[1:]


def _read_parquet(path: str, content: bytes) -> tuple[pd.DataFrame, list[int]]:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except ImportError as error:
        raise DataError(f"{path} is a Parquet file; reading it needs: pip install 'unrolled[parquet]'") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is a damaged Parquet file ({error}).") from error
    if not len(frame):
        raise DataError(f"{path} has columns but no rows.")
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex))
    frame.columns = frame.columns.astype(str)
    text = frame.astype(object).where(frame.notna(), None)
    return text.map(lambda cell: cell if cell is None else str(cell)), list(range(1, len(frame) + 1))


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the most fields of an even number."""
    head = [line for line in text.splitlines()[:20] if line.strip()]

    def evenness(delimiter: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(head, delimiter=delimiter)]
        common = max(set(counts), key=counts.count)
        return (common > 1 and counts[0] == common, common)

    return max((",", ";", "\t", "|"), key=evenness)
