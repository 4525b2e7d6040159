"""From bytes to text: encodings, compression, workbooks and standard input; files that are no tables are refused."""

import codecs
import io
import os
import re
import sys
import zlib
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from ...errors import DataError
from .options import ReadOptions
from .workbook import is_workbook, read_sheet, refuse_beyond

PIECE_BYTES = 1 << 20  # of a pipe that are read at once
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
NO_TABLES = {  # formats by the beginnings of their texts
    "JSON": r"\s*(?:\[\s*[\[{\"]|\{\s*\")",
    "HTML": r"\s*<(?:!doctype\s+html|html)\b",
    "XML": r"\s*<\?xml\b",
    "PDF": r"%PDF-",
}
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class DecodedFile:
    """The content of a file: text, a data frame if it is Parquet, or the rows of a sheet if it is a workbook."""

    name: str  # of the file, in messages
    text: str = ""  # with "\n" as line ends
    frame: pd.DataFrame | None = None  # of a Parquet file
    rows: list[list[str]] | None = None  # of a sheet
    notes: tuple[str, ...] = ()  # what was inferred


def decode_file(path: str, options: ReadOptions) -> DecodedFile:
    """Read a file, or standard input if the path is "-"; a `DataError` refuses a file without a table."""
    limit = options.size_limit
    name = "standard input" if path == "-" else path
    data = _read_bytes(path, name, limit)
    if data[:2] == GZIP:
        data = _decompress(name, data, limit)
    if not data or data.isspace():
        raise DataError(f"{name} is empty.")
    if data[:4] == PARQUET:
        return DecodedFile(name, frame=_read_parquet(name, data, limit))
    if is_workbook(data):
        rows, notes = read_sheet(name, data, options.sheet, limit)
        return DecodedFile(name, rows=rows, notes=notes)
    text, notes = _decode(name, data, options.encoding)
    other = next((form for form, beginning in NO_TABLES.items() if re.match(beginning, text, re.IGNORECASE)), None)
    if other is not None:
        raise DataError(f"{name} is {other}, and not a table of cells. Save the table as CSV, Excel or Parquet.")
    if "\0" in text:
        raise DataError(f"{name} is not a text file: it holds NUL bytes. Use a CSV or Parquet file.")
    if not text or text.isspace():
        raise DataError(f"{name} is empty.")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return DecodedFile(name, text, notes=notes)


def _read_bytes(path: str, name: str, limit: int) -> bytes:
    if path == "-" and sys.stdin is None:
        raise DataError("standard input is closed. Name a file instead of -.")
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as file:
            return _read_at_most(file, name, limit)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}. Check the name, or give - to read standard input.") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name a CSV or Parquet file in it.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"can't read {path}: {reason}. Name a file that you may read.") from error


def _read_at_most(file: BinaryIO, name: str, limit: int) -> bytes:
    """The content of a file, a pipe or a device that may never end."""
    try:
        size = os.fstat(file.fileno()).st_size  # 0 for pipes and devices
    except OSError:  # not a file of the operating system
        size = 0
    refuse_beyond(limit, size, name)
    pieces, found, at_once = [], 0, max(size + 1, PIECE_BYTES)
    while piece := file.read(at_once):
        found += len(piece)
        refuse_beyond(limit, found, name)
        pieces.append(piece)
        if len(piece) < at_once:  # the end
            break
    return b"".join(pieces)


def _decompress(name: str, data: bytes, limit: int) -> bytes:
    """The content of a gzip file, which may consist of several members."""
    pieces, size, rest = [], 0, data
    try:
        while rest[:2] == GZIP:
            unpacker = zlib.decompressobj(wbits=31)
            pieces.append(unpacker.decompress(rest, limit - size + 1))
            size += len(pieces[-1])
            refuse_beyond(limit, size, f"{name}, unpacked,")
            if not unpacker.eof:
                raise DataError(f"{name} is a gzip file that is cut off. Download it again.")
            rest = unpacker.unused_data
    except zlib.error as error:
        raise DataError(f"{name} is a damaged gzip file ({error}). Download it again.") from error
    return b"".join(pieces)


def _decode(name: str, data: bytes, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """The text, and notes: a byte order mark decides, then UTF-8 is tried, then Windows-1252."""
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), ()
        except LookupError as error:
            raise DataError(
                f"{name}: no encoding is called {encoding!r}; `encoding` takes names such as utf-8, cp1252 or utf-16."
            ) from error
        except (UnicodeError, ValueError) as error:
            raise DataError(f"{name} is not {encoding}: {error}. Omit `encoding`, or name another one.") from error
    forms = [(form, "") for mark, form in BYTE_ORDER_MARKS if data.startswith(mark)]
    head = data[:4000]
    for form, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(head) >= 4 and head[place::2].count(0) > 0.4 * len(head) and not head[1 - place :: 2].count(0):
            forms.append((form, "read as UTF-16 without a byte order mark"))
    for form, note in (*forms, ("utf-8-sig", ""), ("cp1252", "not UTF-8: read as Windows-1252")):
        try:
            return data.decode(form), ((f"{note}; change with `encoding`",) if note else ())
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), ("not UTF-8: read as Latin-1; change with `encoding`",)


def _read_parquet(name: str, data: bytes, limit: int) -> pd.DataFrame:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_metadata

        found = read_metadata(io.BytesIO(data))
        columns = sum(found.row_group(k).total_byte_size for k in range(found.num_row_groups))
        refuse_beyond(limit, max(columns, found.num_rows * found.num_columns), f"{name}, unpacked,")
        frame = pd.read_parquet(io.BytesIO(data))
    except ImportError as error:
        raise DataError(f"{name} is a Parquet file; reading it needs: pip install 'unrolled[parquet]'") from error
    except (DataError, MemoryError):
        raise
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"{name} is a damaged Parquet file ({error}).") from error
    if not len(frame):
        raise DataError(f"{name} has columns but no rows.")
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex))
    frame.columns = frame.columns.astype(str)
    return frame
