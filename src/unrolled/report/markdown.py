"""The report as Markdown, for terminals, pull requests and mails."""

from __future__ import annotations

import re

from . import content as subject
from . import formatting as numbers
from . import tables
from .content import ReportContent
from .tables import TextTable

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$&!])")


def document(about: ReportContent) -> str:
    """The whole report."""
    parts = [
        f"# {text(about.title)}",
        text(subject.question(about)),
        text(subject.facts(about)),
        *_comparison(about),
        "## Forecast",
        table(tables.forecast(about)),
    ]
    left = len(about.forecast) - len(tables.forecast(about).rows)
    parts += [f"{numbers.count(left, 'more row')} in forecast.csv."] if left else []
    parts += ["## The data at a glance", table(tables.series(about))]
    notes = subject.notes(about)
    parts += ["## Notes", "\n".join(f"- {text(note)}" for note in notes)] if notes else []
    found = tables.search(about)
    parts += ["## Automatic choice", table(found)] if found is not None else []
    parts += ["## The model", _model(about)]
    parts += ["## To repeat this", code(about.asked)] if about.asked is not None else []
    return "\n\n".join(parts) + "\n"


def _model(about: ReportContent) -> str:
    content = tables.model(about)
    if len(about.parts) > 1:
        return table(content)
    return "\n".join(f"- {text(name)}: {text(value)}" for name, value in content.rows)


def _comparison(about: ReportContent) -> list[str]:
    if about.held_out is None:
        return [f"**{text(subject.why_no_comparison(about))}**"]
    return [
        f"**{text(about.held_out.verdict)}**",
        "## Held-out comparison",
        table(tables.models(about)),
        *([] if (found := tables.by_frequency(about)) is None else ["By frequency (sMAPE):", table(found)]),
        text(subject.how_held_out(about)),
        "Errors by step ahead (sMAPE):",
        table(tables.by_step(about)),
        "Coverage of the intervals:",
        table(tables.coverage(about)),
    ]


def text(content: str) -> str:
    r"""A text whose characters mean nothing to Markdown or HTML, on one line.

    >>> print(text("a_b|c\n<d>"))
    a\_b\|c \<d\>
    """
    return SPECIAL.sub(r"\\\1", " ".join(content.split()))


def table(content: TextTable) -> str:
    """A table, padded so that it reads well as it stands; the row to point out is bold."""
    rows = [[text(cell) for cell in row] for row in content.rows]
    if content.ours is not None:
        rows[content.ours] = [f"**{cell}**" if cell else cell for cell in rows[content.ours]]
    whole = [[text(cell) for cell in content.header], *rows]
    widths = [max(3, *(len(row[k]) for row in whole)) for k in range(len(content.header))]

    def line(cells: list[str]) -> str:
        padded = [
            c.ljust(w) if k < content.texts else c.rjust(w)
            for k, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * w if k < content.texts else "-" * (w - 1) + ":") for k, w in enumerate(widths)]
    return "\n".join([line(whole[0]), f"| {' | '.join(rule)} |", *map(line, whole[1:])])


def code(content: str) -> str:
    """A block of code, whatever backticks are in it."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{content}\n{fence}"
