"""The tables of a report, as texts: what HTML and Markdown both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..forecasting.evaluation.overall_comparison import OverallComparison
from ..forecasting.model.ensemble import Member
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..series.summary import SeriesSummary, summarize_series
from . import formatting as numbers
from .content import FrequencyPart, ReportContent
from .curves import shown_stamps

if TYPE_CHECKING:
    from ..forecaster import Forecaster

MOST_TRIALS = 50  # of a search
MOST_FORECASTS = 50  # rows
MOST_STEPS = 8  # columns of the errors by step
VIEWS = {
    "level": "the smoothed level",
    "trend": "the smoothed level and its slope",
    "season": "the value one season before",
    "mean": "the window's mean",
    "last": "the last value",
    "robust": "the window's median",
    "count": "0",
}


@dataclass(frozen=True)
class TextTable:
    """Cells as texts.

    Attributes:
        header: one a column.
        rows: of cells.
        texts: how many columns, from the left, hold texts.
        ours: the row to point out, if there is one.
        caption: for who can't see the page.
    """

    header: list[str]
    rows: list[list[str]]
    texts: int = 1
    ours: int | None = None
    caption: str = ""


def models(subject: ReportContent) -> TextTable:
    """Every model's errors on the held-out end, the best first."""
    held_out = subject.held_out
    assert held_out is not None
    table = held_out.table.sort_values("sMAPE", kind="stable")
    columns = [numbers.column(table[name]) for name in table.columns]
    names = [str(name) for name in table.index]
    rows = [list(row) for row in zip(names, *columns, strict=True)]
    header = ["model", *map(str, table.columns)]
    return TextTable(
        header, rows, ours=names.index(held_out.name), caption="Errors on the held-out end, the best first"
    )


def by_frequency(subject: ReportContent) -> TextTable | None:
    """sMAPE by model and frequency; None where there is one frequency."""
    held_out = subject.held_out
    if not isinstance(held_out, OverallComparison) or len(held_out.parts) < 2:
        return None
    errors = held_out.by_frequency
    order = [row[0] for row in models(subject).rows]
    columns = [numbers.column(errors[name].loc[order]) for name in errors.columns]
    counts = {part.name: len(part.panel.ids) for part in subject.parts}
    header = ["", *(f"{counts[name]:,} {name}" for name in errors.columns)]
    rows = [list(row) for row in zip(order, *columns, strict=True)]
    return TextTable(header, rows, ours=order.index(held_out.name), caption="sMAPE by frequency")


def coverage(subject: ReportContent) -> TextTable:
    """What intervals promise and what they held."""
    held_out = subject.held_out
    assert held_out is not None
    rows = [
        [f"{level} %", numbers.percent(reached), _judged(level / 100, reached)]
        for level, reached in held_out.coverage.items()
    ]
    return TextTable(["interval", "values inside", ""], rows, caption="Coverage of the intervals on the held-out end")


def _judged(promised: float, reached: float) -> str:
    """In words; a tenth of the distance to all or nothing, and five points at least, pass for as promised."""
    if abs(reached - promised) <= 0.05:
        return "as promised"
    return "too narrow" if reached < promised else "wide"


def by_step(subject: ReportContent) -> TextTable:
    """sMAPE by step ahead and model, at some steps where there are many."""
    errors = step_errors(subject)
    steps = _some([int(step) for step in errors.index], MOST_STEPS)
    order = [row[0] for row in models(subject).rows]
    places = numbers.decimals(errors.to_numpy().reshape(-1))
    rows = [[name, *(numbers.number(float(errors[name][step]), places) for step in steps)] for name in order]
    assert subject.held_out is not None
    ours = order.index(subject.held_out.name)
    return TextTable(["step ahead", *map(str, steps)], rows, ours=ours, caption="sMAPE by step ahead")


def step_errors(subject: ReportContent) -> pd.DataFrame:
    """sMAPE, one row a step ahead, one column a model."""
    assert subject.held_out is not None
    errors: pd.DataFrame = subject.held_out.by_step["sMAPE"].unstack("model")
    return errors


def _some(values: list[int], most: int) -> list[int]:
    """At most so many of them, evenly, both ends included."""
    places = np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int)
    return [values[k] for k in places]


def glances(subject: ReportContent) -> list[SeriesSummary]:
    """What is worth knowing of each series that is drawn."""
    return [glance for part in subject.parts for glance in _glances(part)]


def _glances(part: FrequencyPart) -> list[SeriesSummary]:
    fc, panel = part.fc, part.panel
    season = fc.model_.framing.season
    logs = dict(zip(fc.tail_.ids, fc.profile_.logs.tolist(), strict=True))
    return [summarize_series(panel, k, season, logs.get(panel.ids[k], False)) for k in range(part.shown)]


def series(subject: ReportContent) -> TextTable:
    """The series that are drawn, one row each."""
    found = glances(subject)
    shown = [(part.panel.ids[k], part.name) for part in subject.parts for k in range(part.shown)]
    mixed = len(subject.parts) > 1
    ends = len({glance.last for glance in found}) > 1 or len(found) == 1  # most tables end at one stamp
    rows = [
        [
            _id(name, subject),
            *([frequency] if mixed else []),
            f"{glance.rows:,}",
            glance.first,
            *([glance.last] if ends else []),
            f"{glance.gaps:,}",
            f"{glance.outliers:,}",
            numbers.MISSING if glance.season is None else f"{glance.season:.2f}",
            *_errors_of(subject, name),
        ]
        for (name, frequency), glance in zip(shown, found, strict=True)
    ]
    header = [
        "series",
        *(["frequency"] if mixed else []),
        "rows",
        "from",
        *(["to"] if ends else []),
        "gaps",
        "outliers",
        "season",
    ]
    header += [f"sMAPE {subject.fc.name}", "best baseline"] if _several_rated(subject) else []
    return TextTable(header, rows, caption="The series at a glance")


def _several_rated(subject: ReportContent) -> bool:
    """Whether errors by series tell more than those of all."""
    return subject.held_out is not None and len(subject.ids) > 1


def _id(name: Any, subject: ReportContent) -> str:
    return subject.fc.columns_.target if name is None else str(name)


def _errors_of(subject: ReportContent, name: Any) -> list[str]:
    """The network's sMAPE of one of several series and the best baseline's."""
    held_out = subject.held_out
    if held_out is None or not _several_rated(subject):
        return []
    key = 0 if name is None else name
    table = held_out.by_series["sMAPE"]
    if key not in table.index.get_level_values("series"):
        return [numbers.MISSING, numbers.MISSING]
    errors = table.xs(key, level="series").dropna()
    others = errors.drop(held_out.name, errors="ignore")
    ours = numbers.number(errors.get(held_out.name, np.nan), 2)
    return [ours, numbers.MISSING if others.empty else f"{numbers.number(others.min(), 2)} {others.idxmin()}"]


def forecast(subject: ReportContent, most: int = MOST_FORECASTS) -> TextTable:
    """The first rows of the forecast: those of the first series, or of several where they are short."""
    columns = subject.fc.columns_
    whole = subject.forecast
    part = whole.head(subject.steps if len(whole) == subject.steps else most)
    cells = {}
    values = [c for c in part.columns if c not in (columns.id, columns.time)]
    places = numbers.decimals(whole[values].head(most).to_numpy(float).reshape(-1), 5) if values else 0
    for name in part.columns:
        if name == columns.id:
            cells[name] = [str(v) for v in part[name]]
        elif name == columns.time:
            cells[name] = [str(s) for s in shown_stamps(part[name].to_numpy())]
        else:
            cells[name] = [numbers.number(v, places) for v in part[name]]
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    texts = len(part.columns) - len(values)
    return TextTable([_heading(str(name)) for name in part.columns], rows, texts, caption="The forecast in numbers")


def _heading(name: str) -> str:
    """An interval's column in words."""
    match = INTERVAL.fullmatch(name)
    if match is None:
        return name
    return f"{match['level']} % {'from' if match['end'] == 'lo' else 'to'}"


def search(subject: ReportContent) -> TextTable | None:
    """The evidence of an automatic choice."""
    found = subject.fc.search_
    if found is None or found.empty:
        return None
    shown = found.head(MOST_TRIALS)
    rows = [[_cell(cell) for cell in row] for row in shown.itertuples(index=False)]
    chosen = next((k for k, note in enumerate(shown["note"]) if "chosen" in str(note)), None)
    header = [str(column).replace("_", " ") for column in shown.columns]
    return TextTable(header, rows, ours=chosen, caption="What the search tried")


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else numbers.MISSING if pd.isna(cell) else f"{cell:.4g}"


def members(subject: ReportContent) -> list[Member]:
    """All networks."""
    return [member for part in subject.parts for member in part.fc.model_.members]


def model(subject: ReportContent) -> TextTable:
    """What the networks are, and what they saw; one column a frequency."""
    found = [_of_model(part, subject) for part in subject.parts]
    names = list(dict.fromkeys(name for facts in found for name in facts))
    rows = [[name, *(facts.get(name, numbers.MISSING) for facts in found)] for name in names]
    header = ["", *(part.name if len(found) > 1 else "" for part in subject.parts)]
    return TextTable(header, rows, texts=len(header), caption="The model")


def _of_model(part: FrequencyPart, subject: ReportContent) -> dict[str, str]:
    fc = part.fc
    framing, members = fc.model_.framing, fc.model_.members
    architecture = members[0].architecture
    trained_s = sum(member.history.wall_s[-1] for member in members if member.history.wall_s)
    parameters = f"{architecture.program.size:,}" + (" each" if len(members) > 1 else "")
    rows = [
        ("network", repr(architecture)),
        ("networks in the ensemble", str(len(members))),
        ("parameters", parameters),
        *([("the forecast", str(fc.model_.combination))] if fc.model_.combination.weights else []),
        ("window", f"{framing.window} steps"),
        ("season", f"{framing.season} steps" if framing.season > 1 else "none"),
        ("targets are measured from", " and ".join(VIEWS[view] for view in framing.views)),
        ("distribution", (fc.likelihood or "learned quantiles").replace("_", " ")),
        ("logarithms", f"{int(fc.profile_.logs.sum())} of {len(fc.tail_.ids)} series"),
        *([("read beside the target", ", ".join(beside))] if (beside := _beside(fc)) else []),
        *([("last training", numbers.duration(trained_s))] if trained_s else []),
        *([("all together", numbers.duration(subject.wall_s))] if subject.wall_s is not None else []),
        ("seed", str(fc.seed)),
    ]
    return dict(rows)


def _beside(fc: Forecaster) -> Sequence[str]:
    columns, features = fc.columns_, fc.model_.features
    return [*columns.past, *columns.future, *columns.static, *(["the calendar"] if features.calendar else [])]
