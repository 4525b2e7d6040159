"""Sheets of Excel workbooks (.xlsx, .xlsm) as rows of texts."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...errors import DataError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

ZIP, OLE = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
)  # the first bytes of archives, and of workbooks of old or with a password
PROBED_ROWS = 100  # of a sheet, among which a table begins
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"


def is_workbook(data: bytes) -> bool:
    """Whether a file is a workbook or an archive, by its first bytes."""
    return data[:4] in (ZIP, OLE)


def refuse_beyond(limit: int, size: int, name: str) -> None:
    """Raise a `DataError` if a table has more bytes than the limit: a small file can expand to endless zeros."""
    if size > limit:
        raise DataError(
            f"{name} holds more than {limit:,} bytes. Leave out rows or columns that are not needed, or allow more "
            f"with `max_bytes={2 * max(size, limit)}`."
        )


def read_sheet(name: str, data: bytes, sheet: str | None, limit: int) -> tuple[list[list[str]], tuple[str, ...]]:
    """The rows of a sheet from the first one, with cells as texts, "" where empty; and notes.

    `sheet` is its name or its number; None: the first visible sheet that holds a table. `limit` is the largest size
    of a workbook that has been unpacked, in bytes.

    Raises:
        DataError: the file is no workbook that can be read, or has no such sheet.
    """
    _refuse_other_archives(name, data, limit)
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise DataError(f"{name} is an Excel workbook; reading it needs: pip install 'unrolled[excel]'") from error
    try:
        with warnings.catch_warnings(action="ignore"):  # on parts of a workbook that are not read anyway
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            chosen, notes = _chosen_sheet(name, book, sheet)
            return _rows(book[chosen].iter_rows(values_only=True)), notes
    except (DataError, MemoryError):
        raise
    except Exception as error:  # openpyxl passes on errors of all kinds about files that are damaged
        raise DataError(
            f"{name} is a damaged Excel workbook ({error}). Open it in a spreadsheet and save it again, or save the "
            "table as CSV."
        ) from error


def _refuse_other_archives(name: str, data: bytes, limit: int) -> None:
    if data[:4] == OLE:
        raise DataError(
            f"{name} is an old (.xls) or encrypted Excel workbook. Save it as .xlsx without a password, or as CSV."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            size = sum(member.file_size for member in archive.infolist())
            kind = archive.read("mimetype") if "mimetype" in members else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise DataError(
            f"{name} is a damaged Excel workbook or archive ({error}). Save or download it again."
        ) from error
    if kind.strip() == OPEN_DOCUMENT or "xl/workbook.bin" in members:
        raise DataError(f"{name} is an OpenDocument (.ods) or binary (.xlsb) workbook. Save it as .xlsx or CSV.")
    if "xl/workbook.xml" not in members:
        raise DataError(f"{name} is an archive, not an Excel workbook. Unpack it, and use the table in it.")
    refuse_beyond(limit, size, f"{name}, unpacked,")


def _chosen_sheet(name: str, book: Workbook, sheet: str | None) -> tuple[str, tuple[str, ...]]:
    """The name of a sheet, and a note if it is one of several that were not asked for."""
    names = [one.title for one in book.worksheets]
    listed = ", ".join(map(repr, names))
    if sheet in names:
        return str(sheet), ()
    if sheet is not None:
        if sheet.isdecimal() and 1 <= int(sheet) <= len(names):
            return names[int(sheet) - 1], ()
        raise DataError(f"{name}: there is no sheet {sheet!r}; it has: {listed}. `sheet` takes a name or a number.")
    visible = [one for one in book.worksheets if one.sheet_state == "visible"]
    found = next((one.title for one in visible if _holds_table(one.iter_rows(values_only=True))), None)
    if found is None:
        raise DataError(f"{name}: no sheet holds a table; it has: {listed}. Name one with `sheet`.")
    return found, (f"sheet {found!r} read, of {listed}; change with `sheet`",) if len(names) > 1 else ()


def _holds_table(rows: Iterable[tuple[Any, ...]]) -> bool:
    """Whether at least two of the first rows have at least two cells that are filled."""
    return sum(sum(cell is not None for cell in row) > 1 for row in islice(rows, PROBED_ROWS)) > 1


def _rows(rows: Iterable[tuple[Any, ...]]) -> list[list[str]]:
    """Rows of the same length as texts."""
    texts = [[as_text(cell) for cell in row] for row in rows]
    width = max((k + 1 for row in texts for k, cell in enumerate(row) if cell), default=0)
    return [[*row[:width], *[""] * (width - len(row))] for row in texts]


def as_text(cell: Any) -> str:
    """The value of a cell as text: dates in the form of ISO 8601, numbers with all their digits.

    >>> as_text(datetime(2024, 1, 31)), as_text(datetime(2024, 1, 31, 6, 30)), as_text(12.0), as_text(0.1)
    ('2024-01-31', '2024-01-31 06:30:00', '12', '0.1')
    """
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()
