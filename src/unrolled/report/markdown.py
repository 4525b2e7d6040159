"""The report as Markdown, for terminals, pull requests and emails."""

import re

from . import formatting, tables, wording
from .content import ReportContent
from .tables import TextTable
from .total import total_of

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$&!])")


def document(content: ReportContent) -> str:
    """The whole report."""
    parts = [
        f"# {text(content.title)}",
        text(wording.question(content)),
        text(wording.facts(content)),
        *_comparison(content),
        "## Forecast",
        table(tables.forecast(content)),
    ]
    left = len(content.forecast) - len(tables.forecast(content).rows)
    parts += [f"{formatting.count(left, 'more row')} in forecast.csv."] if left else []
    summed = total_of(content)
    sums = None if summed is None else tables.total(content, summed)
    parts += ["## Total of all series", table(sums), text(wording.how_summed(content))] if sums is not None else []
    why = tables.explanation(content)
    parts += ["## Why this forecast", table(why), text(wording.how_explained(content))] if why is not None else []
    parts += ["## The data at a glance", table(tables.series(content))]
    notes = wording.notes(content)
    parts += ["## Notes", "\n".join(f"- {text(note)}" for note in notes)] if notes else []
    found = tables.search(content)
    parts += ["## Automatic choice", table(found)] if found is not None else []
    shown = tables.model(content)
    facts = "\n".join(f"- {text(row[0])}: {text(row[1])}" for row in shown.rows)
    parts += ["## The model", facts if len(content.parts) == 1 else table(shown)]
    parts += ["## How to repeat this", code(content.command)] if content.command is not None else []
    return "\n\n".join(parts) + "\n"


def _comparison(content: ReportContent) -> list[str]:
    if content.comparison is None:
        return [f"**{text(wording.why_no_comparison(content))}**"]
    measure = content.comparison.measure
    return [
        f"**{text(content.comparison.verdict)}**",
        "## Held-out comparison",
        table(tables.models(content)),
        *([] if (found := tables.by_frequency(content)) is None else [f"By frequency ({measure}):", table(found)]),
        text(wording.how_held_out(content)),
        f"Errors by step ahead ({measure}):",
        table(tables.by_step(content)),
        "Coverage of the intervals:",
        table(tables.coverage(content)),
        *([text(uneven)] if (uneven := wording.uneven_days(content)) else []),
    ]


def text(content: str) -> str:
    r"""A text on one line, with the special characters of Markdown and HTML escaped.

    >>> print(text("a_b|c\n<d>"))
    a\_b\|c \<d\>
    """
    return SPECIAL.sub(r"\\\1", " ".join(content.split()))


def table(content: TextTable) -> str:
    """A table, padded so that its source is readable too; the highlighted row is bold."""
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
    """A block of code, which may contain backticks."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{content}\n{fence}"
