"""The tables of a report as texts, for both HTML and Markdown."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..forecasting.evaluation.comparison import Comparison, OverallComparison
from ..forecasting.model.ensemble import Member
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..plurals import counted
from ..series.outliers import find_outliers
from ..series.summary import SeriesSummary, summarize_series
from . import formatting
from .content import FrequencyPart, ReportContent
from .curves import Curve, shown_column

MAX_TRIALS_SHOWN = 50  # of a search
MAX_FORECAST_ROWS = 50
MAX_STEPS_SHOWN = 8  # columns of the errors by step


@dataclass(frozen=True)
class TextTable:
    """Cells as texts."""

    header: list[str]  # one per column
    rows: list[list[str]]  # of cells
    texts: int = 1  # the number of columns, from the left, that hold texts
    ours: int | None = None  # the row to highlight, if there is one
    caption: str = ""  # for screen readers


def models(content: ReportContent) -> TextTable:
    """The errors of every model on the held-out end, the best first."""
    assert content.comparison is not None
    errors = content.comparison.table
    return _by_model(
        errors, ["model", *map(str, errors.columns)], "Errors on the held-out end, the best first", content
    )


def _by_model(errors: pd.DataFrame, header: list[str], caption: str, content: ReportContent) -> TextTable:
    """Columns of errors, one row per model, the best on the held-out end first."""
    comparison = content.comparison
    assert comparison is not None
    order = list(comparison.ordered.index)
    columns = [formatting.column(errors[name].loc[order]) for name in errors.columns]
    rows = [list(row) for row in zip(map(str, order), *columns, strict=True)]
    return TextTable(header, rows, ours=order.index(comparison.name), caption=caption)


def by_frequency(content: ReportContent) -> TextTable | None:
    """The measure of the verdict by model and frequency; None if there is only one frequency."""
    comparison = content.comparison
    if not isinstance(comparison, OverallComparison) or len(comparison.parts) < 2:
        return None
    errors = comparison.by_frequency
    counts = {part.name: len(part.panel.ids) for part in content.parts}
    header = ["", *(f"{counts[name]:,} {name}" for name in errors.columns)]
    return _by_model(errors, header, f"{comparison.measure} by frequency", content)


def coverage(content: ReportContent) -> TextTable:
    """The nominal level of each interval, and the share of values inside it."""
    comparison = content.comparison
    assert comparison is not None
    is_exact = comparison.table.loc[comparison.name, "MAE"] == 0  # as for a constant series
    rows = [
        [f"{level} %", formatting.percent(reached), "no errors" if is_exact else _judged(level / 100, reached)]
        for level, reached in comparison.coverage.items()
    ]
    return TextTable(["interval", "values inside", ""], rows, caption="Coverage of the intervals on the held-out end")


def _judged(promised: float, reached: float) -> str:
    """The verdict in words; a coverage within five percentage points of the level counts as promised."""
    if abs(reached - promised) <= 0.05:
        return "as promised"
    return "too narrow" if reached < promised else "wider than needed"


def by_step(content: ReportContent) -> TextTable:
    """The measure of the verdict by step ahead and model; if there are many steps, only at some of them."""
    assert content.comparison is not None
    errors = step_errors(content)
    evenly = np.linspace(0, len(errors) - 1, min(MAX_STEPS_SHOWN, len(errors))).round().astype(int)
    steps = [int(step) for step in errors.index[evenly]]
    ranked = models(content)
    places = formatting.decimals(errors.to_numpy().reshape(-1))
    rows = [
        [name, *(formatting.number(float(errors[name][step]), places) for step in steps)] for name, *_ in ranked.rows
    ]
    caption = f"{content.comparison.measure} by step ahead"
    return TextTable(["step ahead", *map(str, steps)], rows, ours=ranked.ours, caption=caption)


def step_errors(content: ReportContent) -> pd.DataFrame:
    """The measure of the verdict, one row per step ahead, one column per model."""
    assert content.comparison is not None
    return pd.DataFrame(content.comparison.by_step[content.comparison.measure].unstack("model"))


def glances(content: ReportContent) -> list[SeriesSummary]:
    """A summary of each series that is drawn."""
    found = []
    for predictor, panel, _, shown in content.parts:
        season = predictor.ensemble.spec.season
        known = dict(zip(predictor.context.ids, predictor.transform.logs.tolist(), strict=True))
        logs = np.array([known.get(name, False) for name in panel.ids])
        outliers = find_outliers(panel, predictor.parameters.season)
        found += [summarize_series(panel, k, season, outliers, logs[k]) for k in range(shown)]
    return found


def series(content: ReportContent) -> TextTable:
    """The series that are drawn, one row each."""
    found = glances(content)
    shown = [(part.panel.ids[k], part.name) for part in content.parts for k in range(part.shown)]
    mixed = len(content.parts) > 1
    comparison = content.comparison if len(content.ids) > 1 else None  # that of a single series is shown elsewhere
    ends = len({glance.last for glance in found}) > 1 or len(found) == 1  # most tables end at one timestamp
    rows = [
        [
            content.columns.target if name is None else str(name),
            *([frequency] if mixed else []),
            f"{glance.periods:,}",
            glance.first,
            *([glance.last] if ends else []),
            f"{glance.gaps:,}",
            f"{glance.outliers:,}",
            formatting.MISSING if glance.season is None else f"{glance.season:.2f}",
            *([] if comparison is None else _errors_of(comparison, name)),
        ]
        for (name, frequency), glance in zip(shown, found, strict=True)
    ]
    header = ["series", *(["frequency"] if mixed else []), "periods", "from", *(["to"] if ends else [])]
    header += ["gaps", "outliers", "season"]
    header += [] if comparison is None else [f"{comparison.measure} {content.name}", "best baseline"]
    return TextTable(header, rows, caption="The series at a glance")


def _errors_of(comparison: Comparison, name: Any) -> list[str]:
    """The error of the network and of the best baseline for one of several series."""
    key = 0 if name is None else name
    table = comparison.by_series[comparison.measure]
    if key not in table.index.get_level_values("series"):
        return [formatting.MISSING, formatting.MISSING]
    errors = table.xs(key, level="series").dropna()
    others = errors.drop(comparison.name, errors="ignore")
    ours = formatting.number(errors.get(comparison.name, np.nan), 2)
    return [ours, formatting.MISSING if others.empty else f"{formatting.number(others.min(), 2)} {others.idxmin()}"]


def total(content: ReportContent, summed: Curve) -> TextTable | None:
    """The sums over series and over the last held-out horizon; None if there is none or its values are not known."""
    if summed.held_out is None or not np.isfinite(summed.y[summed.held_out.begins :]).all():
        return None
    actual = float(summed.y[summed.held_out.begins :].sum())
    found = {name: float(values.sum()) for name, values in summed.held_out.values.items()}
    order = sorted(found, key=lambda name: abs(found[name] - actual))
    sums = formatting.column([actual, *(found[name] for name in order)], 5)
    apart = [_difference(found[name], actual) for name in order]
    rows = [list(row) for row in zip(["actual", *order], sums, ["", *apart], strict=True)]
    header = ["", f"last {content.fitted.parameters.horizon} held out", "difference"]
    ours = 1 + order.index(content.name) if content.name in order else None
    return TextTable(header, rows, ours=ours, caption="Sums over all series and the last held-out horizon")


def _difference(found: float, actual: float) -> str:
    """The difference in per cent of the actual value, with one decimal."""
    return formatting.MISSING if actual == 0 else f"{formatting.number(100 * (found - actual) / abs(actual), 1)} %"


def explanation(content: ReportContent) -> TextTable | None:
    """What contributes to the forecast of the first series, and how much over the horizon; None if not computed."""
    if content.explanation is None:
        return None
    found = content.explanation.parts[0].found
    names = ["baseline", *(group.name for group in found.groups), "forecast"]
    values = [found.baseline[0], *found.shares[:, 0], found.forecast[0]]
    cells = [[v.mean(), v.min(), v.max()] for v in values]
    places = formatting.decimals([value for row in cells for value in row])
    rows = [[name, *(formatting.number(v, places) for v in row)] for name, row in zip(names, cells, strict=True)]
    header = ["", "on average", "at least", "at most"]
    return TextTable(header, rows, ours=len(rows) - 1, caption="Contributions to the forecast over the horizon")


def forecast(content: ReportContent, most: int = MAX_FORECAST_ROWS) -> TextTable:
    """The first rows of the forecast; all rows if there is only one series."""
    columns = content.columns
    whole = content.forecast
    part = whole.head(content.steps if len(whole) == content.steps else most)
    cells = {}
    values = [c for c in part.columns if c not in (columns.id, columns.time)]
    places = formatting.decimals(whole[values].head(most).to_numpy(float).reshape(-1), 5) if values else 0
    for name in part.columns:
        if name == columns.id:
            cells[name] = [str(v) for v in part[name]]
        elif name == columns.time:
            cells[name] = list(map(str, shown_column(part[name], columns.label)))
        else:
            cells[name] = [formatting.number(v, places) for v in part[name]]
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    texts = len(part.columns) - len(values)
    return TextTable([_heading(str(name)) for name in part.columns], rows, texts, caption="The forecast in numbers")


def _heading(name: str) -> str:
    """The name of a column; for the bound of an interval, in words."""
    match = INTERVAL.fullmatch(name)
    if match is None:
        return name
    return f"{match['level']} % {'from' if match['end'] == 'lo' else 'to'}"


def search(content: ReportContent) -> TextTable | None:
    """The trials of an automatic choice."""
    selection = content.fitted.selection
    if selection is None or selection.table.empty:
        return None
    shown = selection.table.head(MAX_TRIALS_SHOWN)
    rows = [[_cell(cell) for cell in row] for row in shown.itertuples(index=False)]
    chosen = next((k for k, note in enumerate(shown["note"]) if "chosen" in str(note)), None)
    header = [str(column).replace("_", " ") for column in shown.columns]
    return TextTable(header, rows, ours=chosen, caption="Trials of the search")


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else formatting.MISSING if pd.isna(cell) else f"{cell:.4g}"


def members(content: ReportContent) -> list[Member]:
    """All networks."""
    return [member for part in content.parts for member in part.predictor.ensemble.members]


def model(content: ReportContent) -> TextTable:
    """A description of the networks and their data, one column per frequency."""
    found = [_of_model(part, content) for part in content.parts]
    names = list(dict.fromkeys(name for facts in found for name in facts))
    rows = [[name, *(facts.get(name, formatting.MISSING) for facts in found)] for name in names]
    header = ["", *(part.name if len(found) > 1 else "" for part in content.parts)]
    return TextTable(header, rows, texts=len(header), caption="The model")


def _of_model(part: FrequencyPart, content: ReportContent) -> dict[str, str]:
    predictor, ensemble = part.predictor, part.predictor.ensemble
    spec, members, gains = ensemble.spec, ensemble.members, predictor.transform.effects.terms.gains
    trained_s = sum(member.history.wall_s[-1] for member in members if member.history.wall_s)
    columns, calendar = predictor.source.columns, ["the calendar"] if ensemble.features.calendar else []
    covariates = [*columns.past, *columns.future, *columns.static, *calendar]
    effects = ", ".join(f"{name}: {formatting.percent(gain)} less error" for name, gain in gains if gain > 0)
    parameters = f"{ensemble.size:,}" + (" each" if len(members) > 1 else "")
    rows = [
        ("network", ensemble.description),
        *([("networks in the ensemble", str(len(members)))] if members else []),
        ("parameters", parameters),
        *([("the forecast", str(ensemble.combination))] if ensemble.combination.weights else []),
        ("window", counted(spec.window, "step")),
        ("season", counted(spec.season, "step") if spec.season > 1 else "none"),
        *([("targets are relative to", "; ".join(view.description for view in ensemble.views))] if members else []),
        ("distribution", (predictor.parameters.likelihood or "learned quantiles").replace("_", " ")),
        ("logarithms", f"{int(predictor.transform.logs.sum())} of {len(predictor.context.ids)} series"),
        *([("covariates", ", ".join(covariates))] if covariates else []),
        *([("linear effects", effects)] if effects else []),
        *([("last training", formatting.duration(trained_s))] if trained_s else []),
        *([("total run time", formatting.duration(content.wall_s))] if content.wall_s is not None else []),
        ("seed", str(predictor.parameters.seed)),
    ]
    return dict(rows)
