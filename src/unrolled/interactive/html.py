"""HTML representations for notebooks: a title, notes and tables in one style.

Colours are derived from the text colour, so that they fit light and dark themes. All text is escaped here.
"""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = (
    "<style>"
    ".unrolled{font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;margin:.3em 0}"
    ".unrolled .title{font-weight:600;overflow-wrap:anywhere}"
    ".unrolled .note{opacity:.72}"
    ".unrolled table{border-collapse:collapse;margin:.4em 0;border:0}"
    ".unrolled th,.unrolled td{padding:.15em 0 .15em 1.4em;text-align:right;background:none;border:0;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent)}"
    ".unrolled th:first-child,.unrolled td:first-child{padding-left:0;text-align:left}"
    ".unrolled thead th{font-weight:500;opacity:.72}"
    ".unrolled tbody th{font-weight:inherit}"
    ".unrolled th.words,.unrolled td.words{text-align:left}"
    ".unrolled tr.ours>*{font-weight:650}"
    "</style>"
)


def titled(title: str, *parts: str) -> str:
    """A block with a title (text) and parts (HTML).

    >>> "&lt;b&gt;" in titled("<b>")
    True
    """
    return f'{STYLE}<div class="unrolled"><div class="title">{escape(title)}</div>{"".join(parts)}</div>'


def note(text: str) -> str:
    """A line of text in a muted colour."""
    return f'<div class="note">{escape(text)}</div>'


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], ours: int | None = None, words: Sequence[str] = ()
) -> str:
    """A table of texts whose first column names the rows; the row with index `ours` is highlighted.

    Columns that hold words, with these headers, are aligned to the left.
    """
    kinds = [" class=words" if name in words else "" for name in header[1:]]
    heads = "".join(
        f'<th scope="col"{kind}>{escape(cell)}</th>' for cell, kind in zip(header, ["", *kinds], strict=True)
    )
    body = "".join(
        f'<tr{" class=ours" if k == ours else ""}><th scope="row">{escape(first)}</th>'
        + "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(rest, kinds, strict=True))
        + "</tr>"
        for k, (first, *rest) in enumerate(rows)
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
