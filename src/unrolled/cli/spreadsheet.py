"""Escaping of texts that a spreadsheet would execute as formulas when it opens a CSV file.

Source: OWASP, "CSV Injection" (owasp.org/www-community/attacks/CSV_Injection): texts that begin with =, +, -, @, a
tab or a carriage return are prefixed with a single quote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def is_formula(text: Any) -> bool:
    """Whether a spreadsheet would execute a text as a formula, or would if it were not escaped.

    Numbers, and texts that read as numbers, are not formulas.

    >>> is_formula("=1+1"), is_formula("'=1+1"), is_formula("-5"), is_formula("a=1")
    (True, True, False, False)
    """
    if not isinstance(text, str):
        return False
    bare = text.lstrip("'")
    return bare.startswith(FORMULA_STARTS) and not _is_number(bare)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def escape(text: Any) -> Any:
    """A text that a spreadsheet displays; anything else is returned unchanged.

    >>> escape("@SUM(A1)"), escape("'=x"), escape("plain"), escape(-5.0)
    ("'@SUM(A1)", "''=x", 'plain', -5.0)
    """
    return f"'{text}" if is_formula(text) else text


def unescape(text: Any) -> Any:
    """The inverse of `escape`.

    >>> unescape("'@SUM(A1)"), unescape("''=x"), unescape("'tis")
    ('@SUM(A1)', "'=x", "'tis")
    """
    return text[1:] if isinstance(text, str) and text.startswith("'") and is_formula(text) else text


def escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with escaped texts and column names."""
    return _mapped(frame, escape)


def unescaped(frame: pd.DataFrame) -> pd.DataFrame:
    """The inverse of `escaped`."""
    return _mapped(frame, unescape)


def formula_notes(frame: pd.DataFrame, excel_safe: bool) -> list[str]:
    """A note on texts of a table that a spreadsheet would execute, unless they are escaped."""
    for name in [] if excel_safe else _text_columns(frame):
        formulas = {text for text in frame[name] if is_formula(text)}
        if formulas:
            return [
                f"column {name!r} holds texts that a spreadsheet may execute, such as {min(formulas)!r} "
                f"({len(formulas)} in all); escape them with --excel-safe"
            ]
    return []


def _text_columns(frame: pd.DataFrame) -> list[str]:
    from pandas.api.types import is_object_dtype, is_string_dtype

    return [name for name in frame.columns if is_object_dtype(frame[name]) or is_string_dtype(frame[name])]


def _mapped(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    new = frame.assign(**{name: frame[name].map(change) for name in _text_columns(frame)})
    return new.rename(columns={name: change(name) for name in frame.columns})
