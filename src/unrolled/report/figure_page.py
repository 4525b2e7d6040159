"""A page with only the interactive figure of a report."""

from collections.abc import Sequence
from html import escape

from . import formatting
from .content import MAX_HISTORY_SHOWN, MAX_ROWS_SHOWN, MAX_SERIES_SHOWN
from .curves import Curve
from .html import assembled, page_data
from .html_elements import framed


def figure_page(shown: Sequence[Curve], target: str, model: str, title: str) -> str:
    """The page of some series; of very many, only the first ones are drawn, and the page says so."""
    kept = [
        curve.last(min(MAX_HISTORY_SHOWN, MAX_ROWS_SHOWN // min(len(shown), MAX_SERIES_SHOWN)))
        for curve in shown[:MAX_SERIES_SHOWN]
    ]
    steps = max(len(curve.stamps) - len(curve.y) for curve in kept)
    glances = (formatting.count(len(curve.y), "period") + " of the past" for curve in kept)
    first = kept[0].forecast
    some = "" if len(kept) == len(shown) else f" Only the first {len(kept)} of {len(shown)} series are shown."
    parts = dict.fromkeys(("facts", "summary", "numbers_open", "sections"), "") | {
        "title": escape(title),
        "question": escape(f"{target!r} and {formatting.count(steps, 'step')} ahead by {model}.{some}"),
        # the page's script fills it in
        "forecast": framed("In numbers", ["", *first], [], texts=0),
    }
    rivals = [name for name in first if name != model]
    return assembled(parts, page_data(kept, glances, model, target, rivals, steps))
