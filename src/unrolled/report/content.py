"""What a report is about, and what it says of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..forecasting.evaluation.overall_comparison import OverallComparison
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..series.dataframe import format_stamp
from ..series.panel import Panel
from . import formatting as numbers
from .curves import Curve, of_forecaster

if TYPE_CHECKING:
    from ..forecaster import Forecaster
    from ..forecasting.evaluation.comparison import Comparison

# more would make the page slow to open; all series are in the forecast's table
MOST_SERIES = 100
MOST_HISTORY = 2000  # rows of the past a series
MOST_ROWS = 50_000  # of the past in all; forecasts are a tenth of that at most
PERIODS = {"quarterly": "quarters", "monthly": "months", "weekly": "weeks", "daily": "days", "hourly": "hours"}
PERIODS |= {"yearly": "years", "business days": "business days", "every minute": "minutes", "every second": "seconds"}
NOT_HELD_OUT = "The series are too short to hold any rows out: there is no comparison."
NOT_KEPT = "The comparison was made when the networks were trained; model files don't keep it."


class Figure(NamedTuple):
    """One of the numbers at the top."""

    value: str
    meaning: str


class FrequencyPart(NamedTuple):
    """The series of one frequency: most tables have no others."""

    fc: Forecaster
    panel: Panel
    forecast: pd.DataFrame
    shown: int  # how many of them are drawn, the first ones

    @property
    def name(self) -> str:
        return self.panel.frequency.name


@dataclass(frozen=True)
class ReportContent:
    """A forecast and what it came from.

    Attributes:
        fc: the fitted forecaster.
        forecast: what it predicted of the series of its fit, series by series, with intervals.
        title: such as the file's name.
        asked: the command that repeats this; None: there is none.
        wall_s: how long it all took; None: not known.
    """

    fc: Forecaster
    forecast: pd.DataFrame
    title: str
    asked: str | None = None
    wall_s: float | None = None

    @property
    def held_out(self) -> Comparison | None:
        return self.fc.held_out_

    @cached_property
    def panels(self) -> list[Panel]:
        """The series, one panel a frequency; those of a loaded forecaster have only their ends."""
        return [one.tail_ if one.panel_ is None else one.panel_ for one in self.fc.parts]

    @cached_property
    def ids(self) -> list[Any]:
        return [name for panel in self.panels for name in panel.ids]

    @property
    def steps(self) -> int:
        """Periods ahead, H."""
        return len(self.forecast) // len(self.ids)

    @cached_property
    def parts(self) -> list[FrequencyPart]:
        """All of it by frequency; each has its share of the series that are drawn."""
        most = min(MOST_SERIES, max(1, MOST_ROWS // (10 * self.steps)))
        found, begin = [], 0
        for fc, panel in zip(self.fc.parts, self.panels, strict=True):
            count = len(panel.ids)
            rows = self.forecast.iloc[begin : begin + count * self.steps]
            found.append(FrequencyPart(fc, panel, rows, min(count, max(1, most * count // max(len(self.ids), most)))))
            begin += len(rows)
        return found

    @cached_property
    def levels(self) -> list[float]:
        """Coverage of the intervals in per cent, ascending."""
        found = [INTERVAL.fullmatch(str(name)) for name in self.forecast.columns]
        return sorted({float(match["level"]) for match in found if match})

    @cached_property
    def shown(self) -> int:
        """How many series are drawn."""
        return sum(part.shown for part in self.parts)

    @cached_property
    def curves(self) -> list[Curve]:
        rows = min(MOST_HISTORY, MOST_ROWS // self.shown)
        return [
            curve.last(rows)
            for part in self.parts
            for curve in of_forecaster(part.fc, part.panel, part.forecast, part.shown)
        ]


def facts(subject: ReportContent) -> str:
    """What was understood of the data, in one line."""
    found = "; ".join(map(_facts, subject.panels))
    return f"{found} · target {subject.fc.columns_.target!r}"


def _facts(panel: Panel) -> str:
    first = min(panel.first)
    last = max(panel.first + panel.lengths) - 1
    span = " … ".join(format_stamp(stamp) for stamp in panel.frequency.stamps(np.array([first, last])))
    return f"{len(panel.ids)} series · {panel.frequency.name} · {span} · {int(panel.observed.sum())} values"


def periods(subject: ReportContent) -> str:
    """The periods ahead, named after the frequency: "12 months", or "12 months or quarters"."""
    units = _units(subject)
    return numbers.count(subject.steps, units[:-1] if len(subject.parts) == 1 else units, units)


def _units(subject: ReportContent) -> str:
    return " or ".join(dict.fromkeys(PERIODS.get(part.name, "steps") for part in subject.parts))


def question(subject: ReportContent) -> str:
    """What was asked, as a sentence."""
    fc, columns = subject.fc, subject.fc.columns_
    n = len(subject.ids)
    of = f"{columns.target!r}" + (f" of {numbers.count(n, 'series', 'series')}" if n > 1 else "")
    if len(subject.parts) > 1:
        of += f" ({', '.join(f'{len(part.panel.ids):,} {part.name}' for part in subject.parts)})"
    levels = [f"{level:g} %" for level in subject.levels]
    within = f", with intervals of {numbers.listed(levels)}" if levels else ""
    beside = [*columns.past, *columns.future, *columns.static]
    read = f", reading {', '.join(map(repr, beside))} as well" if beside else ""
    return f"Forecast {of} {periods(subject)} ahead{within}{read}, by {fc.name}."


def figures(subject: ReportContent) -> list[Figure]:
    """The few numbers that a reader wants first."""
    found = [Figure(periods(subject), f"ahead, to {format_stamp(_last_stamp(subject))}")]
    if len(subject.parts) > 1:
        found = [Figure(numbers.count(subject.steps, "period"), f"ahead: {_units(subject)}")]
    held_out = subject.held_out
    if held_out is not None:
        errors = held_out.table["sMAPE"]
        best = str(errors.drop(held_out.name).idxmin())
        if errors[best] > 0:
            change = errors[held_out.name] / errors[best] - 1
            sign = "−" if change < 0 else "+"
            found.append(Figure(f"{sign}{numbers.percent(abs(change))}", f"error (sMAPE) against {best}"))
        if len(subject.ids) > 1:
            found.append(_won(held_out))
        level = max(held_out.coverage)
        reached = numbers.percent(held_out.coverage[level])
        found.append(Figure(reached, f"of held-out values inside {level} % intervals"))
    if subject.wall_s is not None:
        found.append(Figure(numbers.duration(subject.wall_s), "for all of it"))
    return found


def _won(held_out: Comparison) -> Figure:
    """In how many series the network beats every baseline: a mean over series may hang on a few."""
    errors = held_out.by_series["sMAPE"].unstack("model").dropna()
    won = int((errors[held_out.name] < errors.drop(columns=held_out.name).min(axis=1)).sum())
    return Figure(f"{won:,} of {len(errors):,}", f"series where {held_out.name} beats every baseline")


def _last_stamp(subject: ReportContent) -> np.datetime64 | int:
    stamps = subject.forecast[subject.fc.columns_.time].to_numpy()
    last: np.datetime64 | int = stamps.max()
    return last


def notes(subject: ReportContent) -> list[str]:
    """What the reader must know of the data and of the page itself."""
    found = list(subject.fc.notes_)
    for part in subject.parts:
        if part.shown < len(part.panel.ids):
            of = f" that are {part.name}" if len(subject.parts) > 1 else ""
            found.append(
                f"drawn are the first {part.shown} of {len(part.panel.ids)} series{of}; forecast.csv has all"
            )
    return found


def why_no_comparison(subject: ReportContent) -> str:
    return NOT_HELD_OUT if subject.parts[0].fc.panel_ is not None else NOT_KEPT


def how_held_out(subject: ReportContent) -> str:
    """How the comparison was made."""
    held_out = subject.held_out
    assert held_out is not None
    steps = numbers.count(subject.fc.horizon, "step")
    if isinstance(held_out, OverallComparison):
        parts = [f"{name}: {_rows(part)}, {_origins(part)}" for name, part in held_out.parts.items()]
        how = f"The last rows of each series were held out ({'; '.join(parts)}); forecasts of {steps} in them"
    else:
        how = f"The last {_rows(held_out)} of each series were held out; forecasts of {steps} from "
        how += f"{_origins(held_out)} in them"
    return (
        f"{how}, by networks trained without them. Errors are means over series; sMAPE runs from 0 to 200, MASE "
        "divides by the error of the seasonal naive on the rows before."
    )


def _rows(held_out: Comparison) -> str:
    return numbers.count(held_out.rows, "row")


def _origins(held_out: Comparison) -> str:
    return numbers.count(held_out.origins, "origin")
