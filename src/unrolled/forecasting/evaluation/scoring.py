"""An earlier forecast and the actual values: rows are joined on id and timestamp, and every model is scored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...argument_types import Count, check_type
from ...arrays import Array
from ...errors import DataError
from ...interactive.html import note, table, titled
from ...plurals import counted
from ...series.by_frequency import read_panels
from ...series.columns import Columns, named_columns
from ...series.dataframe import open_frame, read_ids, read_target
from ...series.frequency import mase_season
from ...series.stamp_texts import format_stamp
from ...series.stamps import Times, read_times, same_time_of_day
from ...series.zones import checked_zone
from ..probabilistic.interval_columns import models_in
from .comparison import format_value
from .metrics import (
    InSampleValues,
    has_many_zeros,
    in_sample_values,
    judging_measure,
    score_series,
    summarize,
    without_scale,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


NO_HISTORY = "the actuals have no rows before the forecast: MASE, RMSSE and MSIS are unknown"
NOTES = "notes"  # an attribute of a table: how it was read
ZONE = "zone"  # an attribute of a table: that of its timestamps, if they are in UTC
CLOCK = "\0clock"  # a column for timestamps on the clock of their frequency, whose name no file can hold


@dataclass(frozen=True, repr=False)
class Score:
    """How good an earlier forecast was.

    Attributes:
        table: one row per model, columns such as sMAPE, MAE, coverage-80: means over series. MASE, RMSSE and MSIS are
            included if the actuals begin before the forecast.
        measure: the column by which models are compared.
        by_series: the same for each series and model.
        rows: rows of the forecast.
        matched: rows of it whose actual value is known.
        notes: what the user should know about the tables.
    """

    table: pd.DataFrame
    measure: str
    by_series: pd.DataFrame
    rows: int
    matched: int
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self._title}\n{self.ordered.to_string(na_rep='')}"

    def _repr_html_(self) -> str:
        order = self.ordered
        rows = [[str(k), *("" if np.isnan(v) else format_value(v) for v in order.loc[k])] for k in order.index]
        header = ["model", *map(str, self.table.columns)]
        return titled(self._title, table(header, rows), *map(note, self.notes))

    @property
    def ordered(self) -> pd.DataFrame:
        """The table with the best model first."""
        return self.table.sort_values(self.measure, kind="stable")

    @property
    def _title(self) -> str:
        return f"{self.matched} of {self.rows} forecast rows have actual values"


def score(
    forecast: IntoDataFrame,
    actuals: IntoDataFrame,
    id_col: str | int = "unique_id",
    time_col: str | int = "ds",
    target_col: str | int = "y",
    season: int | None = None,
    freq: str | int | None = None,
    zone: str | None = None,
) -> Score:
    """Score a forecast once the actual values are known.

    Args:
        forecast: a table as `Forecaster.predict` returns it, or any with timestamps, a column per model, and perhaps
            ids; intervals are columns such as X-lo-80 and X-hi-80. A `cutoff` column is allowed.
        actuals: a table like the one of `fit`. Its rows before the first forecast are the history that scales
            MASE, RMSSE and MSIS.
        season: m of those three; None: M4's for the frequency.
        freq: the frequency of the history; None: inferred.
        zone: the time zone of timestamps without one, such as "Europe/Berlin".

    Raises:
        DataError: no row of the forecast has an actual value, or a table can't be used as it stands.

    >>> import pandas as pd, unrolled as un
    >>> forecast = pd.DataFrame({"ds": [4, 5], "RNN": [10.0, 12.0], "RNN-lo-80": 9.0, "RNN-hi-80": 13.0})
    >>> actuals = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [6.0, 8.0, 10.0, 11.0]})
    >>> un.score(forecast, actuals).table[["MASE", "MAE", "coverage-80"]].loc["RNN"].tolist()
    [0.5, 1.0, 1.0]
    """
    check_type("`season`", season, Count | None)
    columns = named_columns(id_col, time_col, target_col)
    zone = None if zone is None else checked_zone(zone)
    predicted, observed = _read_both(forecast, actuals, columns, freq, zone)
    keys = [name for name in (columns.id, columns.time) if name in predicted]
    values = {str(k): predicted[k].to_numpy(float) for k in predicted if k not in (*keys, columns.target, "cutoff")}
    if not models_in(values):
        raise DataError(
            f"the forecast has no column of numbers besides {', '.join(map(repr, keys))}: there is nothing to score."
        )
    y = predicted[keys].merge(observed[[*keys, columns.target]], on=keys, how="left")[columns.target].to_numpy(float)
    known = ~np.isnan(y)
    if not known.any():
        raise DataError(_nothing_matches(predicted, observed, columns))
    for name, column in values.items():
        missing = np.flatnonzero(np.isnan(column) & known)
        if len(missing):
            raise DataError(
                f"the forecast's column {name!r}, row {missing[0]}: the number is missing. Leave that row out."
            )
    own = predicted.get(columns.id)
    names = pd.Index([0]) if own is None else _ordered_ids(own)
    history = _history(predicted, observed, columns, season, freq, names)
    ids = np.zeros(len(predicted), np.int64) if own is None else names.get_indexer(pd.Index(own))
    scores = score_series(ids, y, values, history).rename(index=dict(enumerate(names)), level="series")
    notes = [*predicted.attrs[NOTES], *(without_scale(scores) if history else [NO_HISTORY])]
    table = summarize(scores)
    measure = judging_measure(table, has_many_zeros(y if history is None else history.y))
    return Score(table, measure, scores, len(predicted), int(known.sum()), tuple(notes))


def _read_both(
    forecast: IntoDataFrame, actuals: IntoDataFrame, columns: Columns, freq: str | int | None, zone: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tables with the same key columns, each row once, and the clock of the actuals' own frequency."""
    predicted, theirs = _read(forecast, columns, "the forecast", zone, freq)
    observed, ours = _read(actuals, columns, "the actuals", zone, freq)
    if {theirs.local.dtype.kind, ours.local.dtype.kind} == {"i", "M"}:  # numbers of which some could be dates
        predicted, theirs = _read(forecast, columns, "the forecast", zone, 1)
        observed, ours = _read(actuals, columns, "the actuals", zone, 1)
    codes = pd.factorize(observed[columns.id])[0] if columns.id in observed else np.zeros(len(observed), np.int64)
    observed[CLOCK] = ours.counted(freq, codes)[0]
    both = _on_one_clock(theirs, ours, observed[CLOCK].to_numpy())
    predicted.attrs[NOTES] = _clock_notes(theirs, ours)
    for rows, stamps, times in zip((predicted, observed), both, (theirs, ours), strict=True):
        rows[columns.time] = stamps
        rows.attrs[ZONE] = times.zone if stamps is times.utc else None
    if (columns.id in predicted) != (columns.id in observed):
        has, lacks = ("forecast", "actuals") if columns.id in predicted else ("actuals", "forecast")
        repeated = any(table[columns.time].duplicated().any() for table in (predicted, observed))
        several = any(columns.id in table and table[columns.id].nunique() > 1 for table in (predicted, observed))
        if columns.id != Columns.id or repeated or several:
            raise DataError(
                f"the {has} has a column {columns.id!r}, the {lacks} has none. Add it, or give both the same name."
            )
        predicted, observed = (table.drop(columns=columns.id, errors="ignore") for table in (predicted, observed))
    keys = [name for name in (columns.id, columns.time) if name in predicted]
    _refuse_duplicates(predicted, [*keys, *(["cutoff"] if "cutoff" in predicted else [])], "the forecast")
    _refuse_duplicates(observed, keys, "the actuals")
    if (predicted[columns.time].dtype.kind == "M") != (observed[columns.time].dtype.kind == "M"):
        raise DataError(f"column {columns.time!r} holds dates in one of the tables and whole numbers in the other.")
    return predicted, observed


def _on_one_clock(theirs: Times, ours: Times, counted: Array) -> tuple[Array, Array]:
    """The timestamps of a forecast and of actual values, which are `counted` on a clock, as comparable arrays.

    They are compared as instants if both tables have a time zone. If only the forecast has one, the actual values are
    in its local time, as `predict` reads such tables. If only the actual values have one, days are compared as local
    dates, and shorter periods of the forecast are in UTC.
    """
    if theirs.utc is not None and ours.utc is not None:
        return theirs.utc, ours.utc
    if ours.utc is not None:
        return theirs.local, counted if same_time_of_day(theirs.local) else ours.utc
    return theirs.local, ours.local


def _clock_notes(theirs: Times, ours: Times) -> list[str]:
    """A note if hours without a time zone are compared with those of a zone."""
    if theirs.utc is None or ours.utc is not None:
        return []
    if same_time_of_day(ours.local) and same_time_of_day(theirs.local):
        return []
    zone = f" ({theirs.zone})" if theirs.zone else ""
    return [f"the actuals have no time zone, and are read as local time of the forecast{zone}; change with `zone`"]


def _read(
    frame: IntoDataFrame, columns: Columns, called: str, zone: str | None, freq: str | int | None
) -> tuple[pd.DataFrame, Times]:
    """The id and all columns of numbers, and the timestamps."""
    table = open_frame(frame, called)
    needed = [columns.time, *([columns.target] if called == "the actuals" else [])]
    needed += [columns.id] if columns.id != Columns.id else []
    for name in needed:
        if name not in table.columns:
            raise DataError(f"{called} has no column {name!r}; it has: {', '.join(map(repr, table.columns))}.")
    data: dict[str, Array] = {}
    try:
        codes, ids = read_ids(table, columns)
        times = read_times(table[columns.time], columns, zone, codes, freq)
        data[columns.time] = times.local
        for name in filter(lambda name: isinstance(name, str), table.columns):
            if name == columns.id:
                data[name] = np.array(ids, object)[codes]
            elif name == "cutoff":
                data[name] = read_times(table[name], replace(columns, time=name), freq=freq).local
            elif name != columns.time and (name in needed or table[name].dtype.is_numeric()):
                data[name] = read_target(table[name], Columns(columns.id, columns.time, name))
    except DataError as error:
        raise DataError(f"{called}: {error}") from error
    return pd.DataFrame(data), times


def _refuse_duplicates(table: pd.DataFrame, keys: list[str], called: str) -> None:
    double = table.duplicated(keys).to_numpy()
    if double.any():
        at = int(double.argmax())
        zones = [table.attrs[ZONE] if table[key].dtype.kind == "M" else None for key in keys]
        place = ", ".join(
            f"{key} {format_stamp(table[key].to_numpy()[at], zone)}" for key, zone in zip(keys, zones, strict=True)
        )
        raise DataError(
            f"{called}: several rows for {place} ({counted(double.sum(), 'row')} too many). "
            "Keep one; if there are several series, name the column that tells them apart (id)."
        )


def _nothing_matches(predicted: pd.DataFrame, observed: pd.DataFrame, columns: Columns) -> str:
    """The message if no forecast row has an actual value."""
    if columns.id in predicted and not set(predicted[columns.id]) & set(observed[columns.id]):
        theirs, ours = (repr(table[columns.id].iloc[0]) for table in (predicted, observed))
        return (
            f"no series is in both tables: the forecast has {theirs}, the actuals {ours}. Use the same names in both."
        )
    spans = []
    for rows in (predicted, observed):
        stamps = rows[columns.time].to_numpy()
        spans.append(" … ".join(format_stamp(end, rows.attrs[ZONE]) for end in (stamps.min(), stamps.max())))
    return (
        f"no forecast row has a value in the actuals: the forecast covers {spans[0]}, the actuals {spans[1]}. "
        "Give the actuals of that period, with timestamps in the same format."
    )


def _ordered_ids(ids: pd.Series) -> pd.Index:
    """The distinct ids in order; texts come after numbers."""
    distinct = sorted(ids.unique(), key=lambda name: (isinstance(name, str), name))
    return pd.Index(distinct, dtype=object)


def _history(
    predicted: pd.DataFrame,
    observed: pd.DataFrame,
    columns: Columns,
    season: int | None,
    freq: str | int | None,
    names: pd.Index,
) -> InSampleValues | None:
    """The rows before each series' first forecast; None if there are too few to infer their frequency.

    Series are numbered as in `names`.
    """
    begins = predicted[columns.time].min()
    if columns.id in predicted:
        begins = observed[columns.id].map(predicted.groupby(columns.id)[columns.time].min())
    past = observed[(observed[columns.time] < begins) & observed[columns.target].notna()]
    longest = past.groupby(columns.id).size().max() if columns.id in predicted and len(past) else len(past)
    if longest < (2 if freq is None else 1):
        return None
    past = past.assign(**{columns.time: past[CLOCK]}).dropna(subset=[columns.time])
    histories = []
    for panel in read_panels(past, columns, freq):
        numbers = names.get_indexer(pd.Index(panel.ids)) if columns.id in predicted else None
        histories.append(in_sample_values(panel, season or mase_season(panel.frequency, None), numbers))
    return InSampleValues.concatenated(histories)
