"""The report as one self-contained HTML page: texts and tables are made here, charts by its own script.

A content security policy allows the page to load nothing, and to run only its own two scripts, by their hashes.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib import resources
from math import ceil, isfinite
from re import sub
from typing import Any

from ..series.summary import SeriesSummary
from ..version import __version__
from . import formatting, tables, wording
from .content import ReportContent
from .curves import Curve, as_json, plain
from .html_elements import framed, section, table, words
from .total import total_of


@cache
def source(name: str) -> str:
    """One of the files that the page is made of."""
    return resources.files(__package__).joinpath("page", name).read_text("utf-8")


def page(content: ReportContent) -> str:
    """The whole report."""
    several = len(content.ids) > 1
    whole = len(content.forecast) == len(tables.forecast(content).rows)
    more = "" if whole else '<p class="how">All series are in forecast.csv.</p>'
    sections = (_comparison, _total, _why, _series, _search, _model, _repeat)
    parts = {
        "title": escape(content.title),
        "question": words(wording.question(content)),
        "facts": escape(wording.facts(content)),
        "summary": _summary(content),
        "numbers_open": "" if several and content.steps > 30 else " open",
        "forecast": table(tables.forecast(content)) + more,
        "sections": "\n".join(filter(None, (of(content) for of in sections))),
    }
    return assembled(parts, _data(content))


def assembled(parts: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """The page with its parts, which are markup already, and its data."""
    scripts = {"chart": source("chart.js"), "script": source("script.js")}
    hashes = " ".join(f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts.values())
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    whole = {
        **parts,
        **scripts,
        "style": source("style.css"),
        "policy": policy,
        "version": escape(__version__),
        # </script> inside a name must not end the script
        "data": json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    # in one pass, so that inserted text is not searched again
    return sub(r"<!--(\w+)-->", lambda match: whole[match[1]], source("page.html"))


def page_data(
    curves: Sequence[Curve],
    glances: Iterable[str],
    name: str,
    target: str,
    rivals: list[str],
    horizon: int,
    *,
    steps: Mapping[str, Any] | None = None,
    losses: Sequence[list[float]] = (),
    total: Curve | None = None,
) -> dict[str, Any]:
    """The data for the page's script: the series, each with a summary in words, and the data common to all.

    `name` is the forecast with intervals, `rivals` are the others; `steps` holds the errors by step ahead, `total`
    the sum over series.
    """
    data = as_json([*curves, *([] if total is None else [total])])
    data["total"] = None if total is None else data["series"].pop()
    for series, glance in zip(data["series"], glances, strict=True):
        series["glance"] = glance
    places = formatting.decimals([v for curve in curves for v in curve.forecast[name].tolist()], 5)
    common = {"name": name, "target": target, "rivals": rivals, "horizon": horizon, "places": places}
    return data | common | {"steps": steps, "losses": losses}


def _data(content: ReportContent) -> dict[str, Any]:
    steps, rivals = None, []
    if content.comparison is not None:
        rivals = content.comparison.strongest
        errors = tables.step_errors(content)
        by_model = {name: plain(errors[name].to_numpy()) for name in (content.name, *rivals)}
        steps = {
            "labels": [int(step) for step in errors.index],
            "errors": by_model,
            "measure": content.comparison.measure,
        }
    losses = [thinned(member.history.loss) for member in tables.members(content) if member.history.loss]
    glances, target = map(_in_words, tables.glances(content)), str(content.columns.target)
    curves, name = content.curves, content.name
    summed = total_of(content)
    total = None if summed is None else summed.last(content.history)
    return page_data(curves, glances, name, target, rivals, content.steps, steps=steps, losses=losses, total=total)


def thinned(values: list[float]) -> list[float]:
    """At most 1,000 values of a long curve: means of neighbouring values."""
    every = ceil(len(values) / 1000)
    return [sum(values[k : k + every]) / len(values[k : k + every]) for k in range(0, len(values), every)]


def _in_words(glance: SeriesSummary) -> str:
    told = [formatting.count(glance.periods, "period"), f"{glance.first} … {glance.last}"]
    told.append(formatting.count(glance.gaps, "gap") if glance.gaps else "no gaps")
    told.append(formatting.count(glance.outliers, "outlier") if glance.outliers else "no outliers")
    return " · ".join([*told, *([] if glance.season is None else [f"season strength {glance.season:.2f}"])])


def _summary(content: ReportContent) -> str:
    comparison = content.comparison
    if comparison is None:
        verdict = f'<p class="verdict">{escape(wording.why_no_comparison(content))}</p>'
    else:
        kind = {"better": "good", "tie": "", "worse": "poor"}[comparison.contest.outcome]
        verdict = f'<p class="verdict {kind}">{words(comparison.verdict)}</p>'
    figures = "".join(
        f"<div><dt>{words(meaning)}</dt><dd>{words(value)}</dd></div>"
        for value, meaning in wording.key_figures(content)
    )
    notes = "".join(f"<li>{words(note)}</li>" for note in wording.notes(content))
    told = f'<ul class="notes" aria-label="notes">{notes}</ul>' if notes else ""
    return (
        f'<section class="summary" aria-label="summary">{verdict}<dl class="figures">{figures}</dl>{told}</section>'
    )


def _comparison(content: ReportContent) -> str:
    if content.comparison is None:
        return ""
    shown, measure = tables.by_frequency(content), content.comparison.measure
    split = "" if shown is None else f'<h3>By frequency ({measure})</h3><div class="scroll">{table(shown)}</div>'
    return section(
        "comparison",
        "Held-out comparison",
        f'<p class="how">{escape(wording.how_held_out(content))}</p>'
        f'<div class="scroll">{table(tables.models(content))}</div>{split}'
        '<h3>The last held-out periods</h3><figure id="held-out-chart"></figure>'
        f'<div class="two"><div><h3>Errors by step ahead ({measure})</h3><figure id="step-chart"></figure>'
        f'<details><summary>In numbers</summary><div class="scroll">{table(tables.by_step(content))}</div></details>'
        f"</div><div><h3>Do the intervals hold?</h3>{_coverage(content)}</div></div>",
    )


def _coverage(content: ReportContent) -> str:
    """The nominal coverage of the intervals, as ticks, and the actual one, as bars."""
    assert content.comparison is not None
    shown = tables.coverage(content)
    rows = []
    for cells, (level, reached) in zip(shown.rows, content.comparison.coverage.items(), strict=True):
        held = 0.0 if not isfinite(reached) else 100 * reached
        gauge = (
            '<svg class="gauge" viewBox="0 0 104 8" preserveAspectRatio="none" aria-hidden="true">'
            '<path class="track" d="M2 4H102"/>'
            f'<path class="reached" d="M2 4H{2 + held:.1f}"/><path class="promised" d="M{2 + level} 0V8"/></svg>'
        )
        rows.append(
            f'<tr><th scope="row" class="text">{escape(cells[0])}</th><td>{gauge}</td><td>{escape(cells[1])}</td>'
            f'<td class="text">{escape(cells[2])}</td></tr>'
        )
    return (
        f'<div class="scroll">{framed(shown.caption, ["interval", "", "inside", ""], rows)}</div>'
        '<p class="how">Share of held-out values inside each interval; the mark shows the nominal level. Each origin '
        f"is calibrated on the others.{escape(wording.uneven_days(content))}</p>"
    )


def _total(content: ReportContent) -> str:
    summed = total_of(content)
    if summed is None:
        return ""
    shown = tables.total(content, summed)
    whole = "" if shown is None else f'<div class="scroll">{table(shown)}</div>'
    how = f'<p class="how">{escape(wording.how_summed(content))}</p>'
    return section("total", "Total of all series", f'<figure id="total-chart"></figure>{whole}{how}')


def _why(content: ReportContent) -> str:
    shown = tables.explanation(content)
    if shown is None:
        return ""
    how = f'<p class="how">{escape(wording.how_explained(content))}</p>'
    return section("why", "Why this forecast", f'<div class="scroll">{table(shown)}</div>{how}')


def _series(content: ReportContent) -> str:
    shown = tables.series(content)
    several = len(shown.rows) > 1
    rows = []
    for k, (name, *cells) in enumerate(shown.rows):
        label = escape(name)
        called = f'<button type="button" class="pick" data-k="{k}">{label}</button>' if several else label
        rest = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        first = f'<th scope="row" class="text name" title="{label}">{called}</th>'
        rows.append(f'<tr>{first}<td class="spark" data-k="{k}"></td>{rest}</tr>')
    whole = framed(shown.caption, [shown.header[0], "", *shown.header[1:]], rows)
    how = (
        "Gaps are periods without a value between the first and the last. Outliers are single values far from the "
        "level and the season around them, compared with the usual deviations of their series. Season is the "
        "strength of the season, from 0 (none) to 1 (it explains all variation). The line shows the end of the "
        "series and its forecast."
    )
    how += " A click on a heading sorts the table, by errors the worst series first." if several else ""
    tall = " tall" if len(rows) > 12 else ""
    shown_table = f'<div class="scroll{tall}" tabindex="0">{whole}</div><p class="how">{escape(how)}</p>'
    return section("series", "The data at a glance", shown_table)


def _search(content: ReportContent) -> str:
    shown = tables.search(content)
    if shown is None:
        return ""
    how = (
        "Judged by forecasts from rolling origins before the held-out end: score is the error of the median, divided "
        "by the series' mean change from row to row; the standard error is that of the difference from the default. "
        "Trials that were only screened, with less training and fewer origins, are comparable only with each other."
    )
    return section(
        "search", "Automatic choice", f'<div class="scroll">{table(shown)}</div><p class="how">{escape(how)}</p>'
    )


def _model(content: ReportContent) -> str:
    losses = any(len(member.history.loss) > 1 for member in tables.members(content))
    chart = '<div><h3>Training loss</h3><figure id="loss-chart"></figure></div>' if losses else ""
    shown = table(tables.model(content), "model")
    beside = ' class="two"' if len(content.parts) == 1 else ""  # several frequencies need the width of the page
    return section("model", "The model", f'<div{beside}><div class="scroll">{shown}</div>{chart}</div>')


def _repeat(content: ReportContent) -> str:
    if content.command is None:
        return ""
    return section(
        "repeat",
        "How to repeat this",
        f'<pre><code id="command">{escape(content.command)}</code></pre>'
        '<div class="controls copy"><button type="button" id="copy" aria-live="polite">Copy</button></div>',
    )
