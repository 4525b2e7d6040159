"""The content of a report: a fitted table, its forecast, and the part of it that is drawn."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from ..forecasting.evaluation.comparison import Comparison
from ..forecasting.explanation.explanation import Explanation
from ..forecasting.multi_frequency import FittedTable
from ..forecasting.predictor import Predictor
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..series.columns import Columns
from ..series.panel import Panel
from .curves import Curve, of_predictor

# more would make the page slow to open; the forecast's table has all series
MAX_SERIES_SHOWN = 100
MAX_HISTORY_SHOWN = 2000  # rows of the past of a series
MAX_ROWS_SHOWN = 50_000  # of the past in all; forecasts are a tenth of that at most


class FrequencyPart(NamedTuple):
    """The series of one frequency; most tables have only one."""

    predictor: Predictor
    panel: Panel
    forecast: pd.DataFrame
    shown: int  # the number of series that are drawn, the first ones

    @property
    def name(self) -> str:
        return self.panel.frequency.name


@dataclass(frozen=True)
class ReportContent:
    """A forecast and the fitted table that it came from."""

    fitted: FittedTable  # the table and the result of its fit
    forecast: pd.DataFrame  # of the series of the fit, one after the other, with intervals
    title: str  # such as the file's name
    command: str | None = None  # that repeats the forecast; None: not known
    wall_s: float | None = None  # total run time; None: not known
    total: pd.DataFrame | None = None  # the forecast of the sum of all series; None: not computed
    explanation: Explanation | None = None  # of the first series; None: not computed

    @property
    def comparison(self) -> Comparison | None:
        return self.fitted.comparison

    @property
    def columns(self) -> Columns:
        return self.fitted.source.columns

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return self.fitted.parameters.name

    @cached_property
    def panels(self) -> list[Panel]:
        """The series, one panel per frequency; a loaded forecaster has only the ends of its series."""
        return [one.context if one.panel is None else one.panel for one in self.fitted.predictors.values()]

    @cached_property
    def ids(self) -> list[Any]:
        return [name for panel in self.panels for name in panel.ids]

    @property
    def steps(self) -> int:
        """Periods ahead, H."""
        return len(self.forecast) // len(self.ids)

    @cached_property
    def parts(self) -> list[FrequencyPart]:
        """The content by frequency; the series that are drawn are divided among the frequencies."""
        most = min(MAX_SERIES_SHOWN, max(1, MAX_ROWS_SHOWN // (10 * self.steps)))
        found, begin = [], 0
        for predictor, panel in zip(self.fitted.predictors.values(), self.panels, strict=True):
            count = len(panel.ids)
            rows = self.forecast.iloc[begin : begin + count * self.steps]
            found.append(
                FrequencyPart(predictor, panel, rows, min(count, max(1, most * count // max(len(self.ids), most))))
            )
            begin += len(rows)
        return found

    @cached_property
    def levels(self) -> list[float]:
        """Coverage of the intervals in per cent, ascending."""
        found = [INTERVAL.fullmatch(str(name)) for name in self.forecast.columns]
        return sorted({float(match["level"]) for match in found if match})

    @cached_property
    def shown(self) -> int:
        """The number of series that are drawn."""
        return sum(part.shown for part in self.parts)

    @property
    def history(self) -> int:
        """The rows of the past of each series that are drawn at most."""
        return min(MAX_HISTORY_SHOWN, MAX_ROWS_SHOWN // self.shown)

    @cached_property
    def curves(self) -> list[Curve]:
        return [
            curve.last(self.history)
            for part in self.parts
            for curve in of_predictor(part.predictor, part.panel, part.forecast, part.shown)
        ]
