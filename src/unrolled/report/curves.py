"""Series as they are drawn: the past on the grid, the forecast with intervals, and the held-out comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..forecasting.predictor import Predictor
from ..series.columns import Columns
from ..series.frequency import Frequency
from ..series.panel import Panel
from ..series.stamp_texts import format_stamp
from ..series.stamps import local_time, same_time_of_day
from ..series.zones import UTC, to_local, zone_name

FAR_STEPS = 2  # times the longest step between known values; a forecast that begins later is far from them
MAX_NAMED = 3  # series in a note


@dataclass(frozen=True)
class HeldOutPart:
    """The last held-out origin of a series: its position among the stamps, and the forecast of every model, (H,)."""

    begins: int
    values: dict[str, Array]


@dataclass(frozen=True)
class Curve:
    """One series."""

    id: Any  # None for a table without ids
    stamps: Array  # of the past and of the forecast, in UTC if there is a zone, (n + H,)
    y: Array  # the past, NaN in gaps, (n,)
    forecast: dict[str, Array]  # columns by name, including those of intervals, (H,) each
    held_out: HeldOutPart | None = None  # the comparison, if there is one
    zone: str | None = None  # of times; days and longer periods have none
    label: str | None = None  # one of the labels of years that the table has instead of dates

    @property
    def name(self) -> str:
        return "" if self.id is None else str(self.id)

    @property
    def local(self) -> Array:
        """The timestamps in local time."""
        return self.stamps if self.zone is None else to_local(self.stamps, self.zone)

    def last(self, rows: int) -> Curve:
        """The curve with at most this many rows of its past."""
        cut = max(0, len(self.y) - rows)
        held_out = self.held_out
        if held_out is not None:
            begins = held_out.begins - cut
            held_out = None if begins < 0 else HeldOutPart(begins, held_out.values)
        return replace(self, stamps=self.stamps[cut:], y=self.y[cut:], held_out=held_out)


def of_predictor(predictor: Predictor, panel: Panel, forecast: pd.DataFrame, most: int) -> list[Curve]:
    """Curves of the first `most` series of a panel and its forecast, whose rows are ordered by series."""
    steps = len(forecast) // len(panel.ids)
    values = {str(name): forecast[name].to_numpy(float) for name in value_columns(forecast, predictor.source.columns)}
    held_out = held_out_parts(predictor)
    curves = []
    for k in range(min(most, len(panel.ids))):
        rows = panel.series(k)
        ahead = slice(k * steps, (k + 1) * steps)
        part = held_out.get(panel.ids[k])
        stamps = panel.frequency.stamps(panel.first[k] + np.arange(panel.lengths[k] + steps))
        curves.append(
            Curve(
                panel.ids[k],
                stamps,
                np.where(panel.observed[rows], panel.y[rows], np.nan),
                {name: column[ahead] for name, column in values.items()},
                None if part is None else HeldOutPart(int(panel.lengths[k]) - predictor.parameters.horizon, part),
                **clock_of(panel.frequency),
            )
        )
    return curves


def clock_of(frequency: Frequency) -> dict[str, str | None]:
    """The zone and the label of the timestamps of a frequency, as fields of a curve."""
    return {"zone": None if frequency.counts_days else frequency.zone, "label": frequency.label}


def held_out_parts(predictor: Predictor) -> dict[Any, dict[str, Array]]:
    """The forecasts from the last held-out origin, by series."""
    if predictor.comparison is None:
        return {}
    example, columns = predictor.comparison.example, predictor.source.columns
    names = value_columns(example, columns)
    groups = example.groupby(columns.id, sort=False) if columns.id in example else [(None, example)]
    return {key: {str(name): part[name].to_numpy(float) for name in names} for key, part in groups}


def value_columns(frame: pd.DataFrame, columns: Columns) -> list[str]:
    return [name for name in frame.columns if name not in (columns.id, columns.time, "cutoff")]


def of_tables(forecast: pd.DataFrame, history: pd.DataFrame | None, columns: Columns) -> list[Curve]:
    """Curves of a table of forecasts and, if it is given, of the table they came from.

    Args:
        forecast: stamps, ids if there are any, and columns of forecasts.
        history: stamps, the target, and ids if the forecast has them.
        columns: their names in both tables.
    """
    grouped = columns.id in forecast
    past: dict[Any, pd.DataFrame] = {}
    if history is not None:
        forecast, history = _in_one_zone(forecast, history, columns.time)
        history = history.sort_values(columns.time, kind="stable")
        past = dict(list(history.groupby(columns.id))) if grouped else {None: history}
    names = value_columns(forecast, columns)
    curves = []
    for key, ahead in forecast.groupby(columns.id, sort=False) if grouped else [(None, forecast)]:
        ahead = ahead.sort_values(columns.time, kind="stable")
        stamps = local_time(ahead[columns.time])
        before, y = past.get(key), np.zeros(0)
        if before is not None:
            known = before[local_time(before[columns.time]) < stamps[0]]
            stamps = np.concatenate((local_time(known[columns.time]), stamps))
            y = known[columns.target].to_numpy(float)
        curves.append(Curve(key, stamps, y, {str(n): ahead[n].to_numpy(float) for n in names}))
    return curves


def _in_one_zone(forecast: pd.DataFrame, history: pd.DataFrame, time: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables whose timestamps have time zones in that of the history, or in that of the forecast if it is UTC."""
    theirs, ours = forecast[time].dtype, history[time].dtype
    if not (isinstance(theirs, pd.DatetimeTZDtype) and isinstance(ours, pd.DatetimeTZDtype)):
        return forecast, history
    if zone_name(ours.tz) == UTC:
        return forecast, history.assign(**{time: history[time].dt.tz_convert(theirs.tz)})
    return forecast.assign(**{time: forecast[time].dt.tz_convert(ours.tz)}), history


def distance_notes(curves: Sequence[Curve]) -> list[str]:
    """A note each on the series whose history ends long before their forecast, or has no value before it."""
    without = [curve.name for curve in curves if not np.isfinite(curve.y).any()]
    notes = [] if not without else [f"no value of the history lies before the forecast{_of(without)}"]
    far = [(curve, np.flatnonzero(np.isfinite(curve.y))) for curve in curves]
    far = [(curve, known) for curve, known in far if len(known) > 1 and _is_far(curve, known)]
    if far:
        curve, known = far[0]
        last, first = (format_stamp(stamp) for stamp in curve.stamps[[known[-1], len(curve.y)]])
        notes.append(f"the history{_of([one.name for one, _ in far])} ends at {last}, long before {first}")
    return notes


def _is_far(curve: Curve, known: Array) -> bool:
    """Whether the step from the last known value to the forecast exceeds all before, and the forecast's length."""
    last, ahead = curve.stamps[known[-1]], curve.stamps[len(curve.y) :]
    longest = max(FAR_STEPS * np.diff(curve.stamps[known]).max(), ahead[-1] - ahead[0])
    return bool(ahead[0] - last > longest)


def _of(names: Sequence[str]) -> str:
    """Series in a note; nothing for the only one."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f" of {', '.join(map(repr, names[:MAX_NAMED]))}{more}" if names[0] else ""


def shown_stamps(stamps: Array, zone: str | None = None, label: str | None = None) -> list[Any]:
    """Timestamps as texts, all with the time of day unless all are days; whole numbers as they are.

    If there is a zone, they are instants in UTC. A label of a year is the example of all texts.
    """
    if stamps.dtype.kind != "M":
        return [int(s) for s in stamps]
    if zone is not None:
        return [str(s) for s in pd.DatetimeIndex(stamps).tz_localize(UTC).tz_convert(zone)]
    days = (stamps == stamps.astype("datetime64[D]")).all()
    return [format_stamp(s, label=label) if days else str(pd.Timestamp(s)) for s in stamps]


def shown_column(column: pd.Series, label: str | None = None) -> list[Any]:
    """A column of timestamps as texts, as in `shown_stamps`; local days of a zone have no offsets."""
    local = local_time(column)
    if isinstance(column.dtype, pd.DatetimeTZDtype) and not same_time_of_day(local):
        return shown_stamps(column.dt.tz_convert(UTC).dt.tz_localize(None).to_numpy(), zone_name(column.dt.tz))
    return shown_stamps(local, label=label)


def as_json(curves: Sequence[Curve]) -> dict[str, Any]:
    """The axes and the series, for the page's script; series with the same stamps share their axis."""
    axes: dict[bytes, list[Any]] = {}
    series = []
    for curve in curves:
        held, stamps = curve.held_out, curve.stamps.tobytes()
        if stamps not in axes:
            axes[stamps] = shown_stamps(curve.stamps, curve.zone, curve.label)
        series.append(
            {
                "id": curve.name,
                "axis": list(axes).index(stamps),
                "y": plain(curve.y),
                "forecast": _all_plain(curve.forecast),
                "held_out": None if held is None else {"begins": held.begins, "values": _all_plain(held.values)},
            }
        )
    return {"axes": list(axes.values()), "series": series}


def _all_plain(columns: Mapping[str, Array]) -> dict[str, list[float | None]]:
    return {name: plain(values) for name, values in columns.items()}


def plain(values: Array) -> list[float | None]:
    """Numbers for JSON, which has neither NaN nor infinity."""
    return [float(v) if np.isfinite(v) else None for v in values]
