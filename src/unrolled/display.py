"""What notebooks show: of an object a title, a few lines and tables, in one quiet style; of an error its one message.

Colours come from the text's own, so that they go with any theme, light or dark. Everything is escaped here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from html import escape
from types import TracebackType

PACKAGE = __name__.partition(".")[0]

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
    """A block with a title; the parts are markup already.

    >>> "&lt;b&gt;" in titled("<b>")
    True
    """
    return f'{STYLE}<div class="unrolled"><div class="title">{escape(title)}</div>{"".join(parts)}</div>'


def note(text: str) -> str:
    """A quiet line."""
    return f'<div class="note">{escape(text)}</div>'


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], ours: int | None = None, words: Sequence[str] = ()
) -> str:
    """A table of texts, the first column of which names the rows.

    Args:
        ours: the row to point out.
        words: the columns that hold words and not numbers, by their heads.
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


def short_traceback(error: BaseException) -> list[str]:
    """What IPython shows of an error that its user can mend: the lines that are theirs, and the message.

    Lines of this package, and what the error came from, would hide both. `%xmode Verbose` shows everything all the
    same, and `%debug` goes in.
    """
    traceback = sys.modules["IPython"].get_ipython().InteractiveTB  # IPython is what asks for this
    if traceback.mode == "Verbose":
        lines: list[str] = traceback.structured_traceback(type(error), error, error.__traceback__)
    else:
        bare = type(error).__new__(type(error), *error.args)  # the same message, and no cause
        vars(bare).update(vars(error))
        lines = traceback.structured_traceback(type(error), bare, _outside(error.__traceback__))
    return lines


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """Those of its lines that come before the first one of this package."""
    if traceback is None or traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        return None
    inner = _outside(traceback.tb_next)
    return TracebackType(inner, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)
