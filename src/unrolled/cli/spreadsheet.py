"""Texts that a spreadsheet would execute when it opens a CSV file: a formula hides in any cell that looks like one.

Source: OWASP, "CSV Injection" (owasp.org/www-community/attacks/CSV_Injection): what begins with =, +, -, @, a tab or
a carriage return gets a single quote before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def is_executed(text: Any) -> bool:
    """Whether a spreadsheet would take a text for a formula; so are texts that escaping has made of such.

    Numbers are none, and a text that reads as one is shown as one.

    >>> is_executed("=1+1"), is_executed("'=1+1"), is_executed("-5"), is_executed("a=1")
    (True, True, False, False)
    """
    if not isinstance(text, str):
        return False
    bare = text.lstrip("'")
    return bare.startswith(BEGINNINGS) and not _is_number(bare)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def escape(text: Any) -> Any:
    """A text that a spreadsheet shows; anything else stays as it is.

    >>> escape("@SUM(A1)"), escape("'=x"), escape("plain"), escape(-5.0)
    ("'@SUM(A1)", "''=x", 'plain', -5.0)
    """
    return f"'{text}" if is_executed(text) else text


def unescape(text: Any) -> Any:
    """What `escape` was given.

    >>> unescape("'@SUM(A1)"), unescape("''=x"), unescape("'tis")
    ('@SUM(A1)', "'=x", "'tis")
    """
    return text[1:] if isinstance(text, str) and text.startswith("'") and is_executed(text) else text


def escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts and column names a spreadsheet shows."""
    return _mapped(frame, escape)


def unescaped(frame: pd.DataFrame) -> pd.DataFrame:
    """The table that `escaped` was given."""
    return _mapped(frame, unescape)


def as_csv(frame: pd.DataFrame, excel_safe: bool) -> str:
    """A table as CSV, escaped if that is asked for."""
    return str((escaped(frame) if excel_safe else frame).to_csv(index=False))


def warning(frame: pd.DataFrame) -> list[str]:
    """A note on texts of a table that a spreadsheet would execute, if there are any."""
    for name in _texts(frame):
        found = {text for text in frame[name] if is_executed(text)}
        if found:
            return [
                f"column {name!r} holds texts that a spreadsheet may execute, such as {min(found)!r} "
                f"({len(found)} in all); --excel-safe escapes them"
            ]
    return []


def _texts(frame: pd.DataFrame) -> list[str]:
    from pandas.api.types import is_object_dtype, is_string_dtype

    return [name for name in frame.columns if is_object_dtype(frame[name]) or is_string_dtype(frame[name])]


def _mapped(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    new = frame.assign(**{name: frame[name].map(change) for name in _texts(frame)})
    return new.rename(columns={name: change(name) for name in frame.columns})


def executed(frame: pd.DataFrame, excel_safe: bool) -> list[str]:
    """A note on ids that a spreadsheet would execute, unless they are escaped."""
    from .spreadsheet import warning

    return [] if excel_safe else warning(frame)
