"""A page with nothing but the interactive figure: the report's, without the rest."""

from collections.abc import Sequence
from html import escape

from . import formatting
from .content import MAX_HISTORY_SHOWN, MAX_ROWS_SHOWN, MAX_SERIES_SHOWN
from .curves import Curve, as_json
from .html import assembled


def figure_page(shown: Sequence[Curve], target: str, model: str, title: str) -> str:
    """The page of some series; of very many, the first are drawn, and it says so."""
    kept = [
        curve.last(min(MAX_HISTORY_SHOWN, MAX_ROWS_SHOWN // min(len(shown), MAX_SERIES_SHOWN)))
        for curve in shown[:MAX_SERIES_SHOWN]
    ]
    steps = max(len(curve.stamps) - len(curve.y) for curve in kept)
    content = as_json(kept)
    for series, curve in zip(content["series"], kept, strict=True):
        series["glance"] = formatting.count(len(curve.y), "row") + " of the past"
    first = kept[0].forecast
    known = [v for curve in kept for v in curve.forecast[model].tolist()]
    data = {
        "name": model,
        "target": target,
        "horizon": steps,
        "places": formatting.decimals(known, 5),
        "rivals": [name for name in first if name != model],
        "steps": None,
        "losses": [],
    }
    some = "" if len(kept) == len(shown) else f" Only the first {len(kept)} of {len(shown)} series are shown."
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("", *first))
    parts = {
        "title": escape(title),
        "question": escape(f"{target!r} and {formatting.count(steps, 'step')} ahead by {model}.{some}"),
        "facts": "",
        "summary": "",
        "numbers_open": "",
        # the page's script fills it in
        "forecast": f"<table><caption>In numbers</caption><thead><tr>{heads}</tr></thead><tbody></tbody></table>",
        "sections": "",
    }
    return assembled(parts, content | data)
