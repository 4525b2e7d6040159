"""The texts of a report: the task, the data, the key figures, how the comparison was made."""

from typing import NamedTuple

import numpy as np

from ..forecasting.evaluation.comparison import Comparison, OverallComparison
from ..forecasting.evaluation.metrics import SQUARED
from ..plurals import counted
from ..series.columns import series_name
from ..series.frequency import mase_season
from ..series.panel import Panel
from . import formatting
from .content import ReportContent

NOT_HELD_OUT = "The series are too short to hold out any periods, so there is no comparison."
NOT_KEPT = "The comparison was computed during training and is not saved in the model file."


class KeyFigure(NamedTuple):
    """One of the numbers at the top of a report."""

    value: str
    meaning: str


def facts(content: ReportContent) -> str:
    """The data in one line."""
    return f"{'; '.join(map(_facts, content.panels))} · target {content.columns.shown_target}"


def _facts(panel: Panel) -> str:
    first = min(panel.first)
    last = max(panel.first + panel.lengths) - 1
    span = " … ".join(panel.frequency.texts(np.array([first, last])))
    values = counted(int(panel.observed.sum()), "value")
    return f"{len(panel.ids)} series · {panel.frequency.name} · {span} · {values}"


def periods(content: ReportContent) -> str:
    """The periods ahead, named after the frequency: "12 months", or "12 months or quarters"."""
    units = _units(content)
    return formatting.count(content.steps, units[:-1] if len(content.parts) == 1 else units, units)


def _units(content: ReportContent) -> str:
    return " or ".join(dict.fromkeys(part.panel.frequency.periods for part in content.parts))


def question(content: ReportContent) -> str:
    """The task, as a sentence."""
    columns = content.columns
    n = len(content.ids)
    of = columns.shown_target + (f" of {formatting.count(n, 'series', 'series')}" if n > 1 else "")
    if len(content.parts) > 1:
        of += f" ({', '.join(f'{len(part.panel.ids):,} {part.name}' for part in content.parts)})"
    levels = [f"{level:g} %" for level in content.levels]
    within = f", with intervals of {formatting.listed(levels)}" if levels else ""
    beside = [*columns.past, *columns.future, *columns.static]
    read = f", with the covariates {formatting.listed([*map(repr, beside)])}" if beside else ""
    return f"Forecast {of} {periods(content)} ahead{within}{read}, by {content.name}."


def key_figures(content: ReportContent) -> list[KeyFigure]:
    """The few numbers that readers want to see first."""
    if len(content.parts) > 1:
        found = [KeyFigure(formatting.count(content.steps, "period"), f"ahead: {_units(content)}")]
    else:
        panel = content.panels[0]
        (last,) = panel.frequency.texts(np.array([max(panel.first + panel.lengths) + content.steps - 1]))
        found = [KeyFigure(periods(content), f"ahead, to {last}")]
    comparison = content.comparison
    if comparison is not None:
        contest = comparison.contest
        ours, theirs = contest.errors
        if theirs > 0:
            change = ours / theirs - 1
            size = formatting.percent(abs(change))
            sign = "" if size == formatting.percent(0) else "−" if change < 0 else "+"
            meaning = f"error ({contest.measure}) against {contest.best}"
            found.append(KeyFigure(f"{sign}{size}", meaning))
        if len(content.ids) > 1:
            found.append(_won(comparison))
        level = max(comparison.coverage)
        reached = formatting.percent(comparison.coverage[level])
        found.append(KeyFigure(reached, f"of held-out values inside the {level} % intervals"))
    if content.wall_s is not None:
        found.append(KeyFigure(formatting.duration(content.wall_s), "total run time"))
    return found


def _won(comparison: Comparison) -> KeyFigure:
    """The number of series in which the network beats every baseline: a mean over series may depend on a few."""
    errors = comparison.by_series[comparison.measure].unstack("model").dropna()
    won = int((errors[comparison.name] < errors.drop(columns=comparison.name).min(axis=1)).sum())
    return KeyFigure(f"{won:,} of {len(errors):,}", f"series where {comparison.name} beats every baseline")


def notes(content: ReportContent) -> list[str]:
    """Notes on the data and on the report itself."""
    found = list(content.fitted.notes)
    for part in content.parts:
        if part.shown < len(part.panel.ids):
            of = f" that are {part.name}" if len(content.parts) > 1 else ""
            found.append(
                f"Only the first {part.shown} of {len(part.panel.ids)} series{of} are shown; forecast.csv has all"
            )
    return found


def why_no_comparison(content: ReportContent) -> str:
    return NOT_HELD_OUT if content.parts[0].predictor.panel is not None else NOT_KEPT


def how_held_out(content: ReportContent) -> str:
    """How the comparison was made."""
    comparison = content.comparison
    assert comparison is not None
    steps = formatting.count(content.fitted.parameters.horizon, "step")
    if isinstance(comparison, OverallComparison):
        parts = [f"{name}: {', '.join(_counts(part))}" for name, part in comparison.parts.items()]
        how = f"The last periods of each series were held out ({'; '.join(parts)}) and forecast, {steps} at a time"
    else:
        periods, origins = _counts(comparison)
        of = " of each series" if comparison.by_block is None else ""
        how = f"The last {periods}{of} were held out and forecast, {steps} at a time from {origins}"
    smape = "sMAPE ranges from 0 to 200"
    if comparison.table["sMAPE"].isna().all():
        smape = "sMAPE is left out, because it means little for values that are 0 or have both signs"
    means = "these forecasts"
    if comparison.by_block is None:
        means = (
            "the forecasts of each series, then over the series; those by step ahead over all forecasts of that step"
        )
    trains = content.fitted.parameters.trains
    networks = (
        "networks trained without them" if trains else "the pretrained network, which is not trained on any table"
    )
    order = (
        f"; {comparison.measure}, with squared errors, orders the models because at least half of the values are 0"
    )
    return (
        f"{how}, by {networks}. Errors are averaged over {means}. {smape}; MASE is the error "
        f"divided by that of {_scale_of_mase(content)} on the periods before"
        f"{order * (comparison.measure in SQUARED)}.{''.join(f' {text}.' for text in comparison.unscaled)}"
    )


def _scale_of_mase(content: ReportContent) -> str:
    """The forecast whose error on the periods before scales MASE."""
    asked = content.fitted.parameters.season
    one_step = {mase_season(panel.frequency, asked) == 1 for panel in content.panels}
    return " or ".join(
        f"the {'' if naive else 'seasonal '}naive forecast" for naive in sorted(one_step, reverse=True)
    )


def uneven_days(content: ReportContent) -> str:
    """A sentence on the day of the week with the lowest coverage, if it is far too low."""
    assert content.comparison is not None
    return "".join(f" O{text[1:]} of the values." for text in content.comparison.uneven)


def how_summed(content: ReportContent) -> str:
    """What the total over series means."""
    comparison = content.comparison
    how = (
        "Its forecast is the sum of their forecasts."
        if content.total is None
        else "Its forecast and intervals come from sample paths of all series, whose errors have one common factor; "
        "the table sums the forecasts of single series."
    )
    of_medians = (
        " Here these are medians, which are close to 0 where most values are 0, so their sum is too low; means add "
        "up (`point='mean'`)."
    )
    medians = comparison is not None and comparison.measure in SQUARED and content.fitted.point != "mean"
    return (
        f"The sum of {content.columns.shown_target} over all series, for targets that add up, such as sales. {how}"
        + of_medians * medians
    )


def how_explained(content: ReportContent) -> str:
    """What the contributions to the forecast mean."""
    assert content.explanation is not None
    of = series_name(content.explanation.parts[0].series.panel.ids[0])
    return (
        f"What the forecast of {of} is made of, over the steps ahead. The baseline is the forecast of the series at "
        "its median level, without slope, seasonal effects and what is special about its covariates and dates. Each "
        "line says how much the forecast changes when this cause is added, as the mean over all orders of adding the "
        "causes (Shapley values). At each step, the baseline and all contributions sum to the forecast."
    )


def _counts(comparison: Comparison) -> tuple[str, str]:
    return formatting.count(comparison.rows, "period"), formatting.count(comparison.origins, "origin")
