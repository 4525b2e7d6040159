"""Texts and tables as HTML; all text is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

from .tables import TextTable


def words(text: str) -> str:
    """A text as prose: a number and its per cent sign stay on one line."""
    return escape(text).replace(" %", "&nbsp;%")


def table(content: TextTable, kind: str = "") -> str:
    """A table; the first column names its rows."""
    rows = (row(cells, content.texts, k == content.ours) for k, cells in enumerate(content.rows))
    return framed(content.caption, content.header, rows, content.texts, kind)


def framed(caption: str, header: Sequence[str], rows: Iterable[str], texts: int = 1, kind: str = "") -> str:
    """The table around rows that are markup already; its first `texts` columns hold texts."""
    heads = "".join(f'<th scope="col"{aligned(k < texts)}>{escape(cell)}</th>' for k, cell in enumerate(header))
    head = f"<thead><tr>{heads}</tr></thead>" if any(header) else ""
    named = f' class="{kind}"' if kind else ""
    return f"<table{named}><caption>{escape(caption)}</caption>{head}<tbody>{''.join(rows)}</tbody></table>"


def row(cells: list[str], texts: int, ours: bool = False) -> str:
    first = f'<th scope="row" class="text">{escape(cells[0])}</th>'
    rest = "".join(f"<td{aligned(k < texts)}>{escape(cell)}</td>" for k, cell in enumerate(cells[1:], 1))
    named = ' class="ours"' if ours else ""
    return f"<tr{named}>{first}{rest}</tr>"


def aligned(text: bool) -> str:
    """The attribute of cells that hold texts; numbers are aligned to the right."""
    return ' class="text"' if text else ""


def section(name: str, title: str, content: str) -> str:
    heading = f'<h2 id="{name}-title">{escape(title)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{content}</section>'
