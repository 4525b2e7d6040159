"""Forecasts without training, by the pretrained network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .forecasting.fitting import fit
from .forecasting.multi_frequency import FittedTable
from .forecasting.parameters import Parameters
from .forecasting.predictor import Source
from .forecasting.probabilistic.interval_columns import Point
from .forecasting.probabilistic.quantiles import check_levels
from .series.by_frequency import frequency_note, merge_notes, read_panels
from .series.columns import named_columns
from .series.dataframe import library_of
from .series.panel import Panel

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


def forecast(
    df: IntoDataFrame,
    horizon: int,
    *,
    level: Sequence[float] | float | None = (80, 95),
    id_col: str | int = "unique_id",
    time_col: str | int = "ds",
    target_col: str | int = "y",
    future_cols: Iterable[str | int] = (),
    future: IntoDataFrame | None = None,
    season: int | None = None,
    freq: str | int | None = None,
    open: str | None = None,
    zone: str | None = None,
    alias: str | None = None,
    holidays: str | None = None,
    point: Point | None = None,
) -> Any:
    """Forecasts of one or many series without any training, in milliseconds.

    The pretrained network was trained on synthetic series (docs/pretrained.md). Nothing is held out, so
    that there is no comparison with baselines, and the intervals are those that the network has learned:
    `Forecaster(horizon, network="pretrained")` evaluates and calibrates them on the end of the series.

    Args:
        df: a long table of any library that narwhals supports, with one row for each timestamp and series.
        horizon: periods ahead, any number.
        level: coverage of the intervals in per cent; None: no intervals.
        id_col, time_col, target_col: columns, as in `Forecaster.fit`.
        future_cols: columns known ahead, whose linear effects are added to the forecasts.
        future: their values ahead; None: they are in the table, in rows without a target.
        season, freq, open, zone, alias, holidays, point: as in `Forecaster`.

    Returns:
        A table in the library of the input: id, timestamp, forecast, and two columns for each interval. In pandas,
        `.attrs["notes"]` says what was changed in the data.

    Raises:
        DataError: the table can't be used as it stands; the message says where and what to do.
        InputError: an argument is invalid.

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> un.forecast(df, 3, level=80).columns.tolist()
    ['ds', 'Pretrained', 'Pretrained-lo-80', 'Pretrained-hi-80']
    """
    asked = {"season": season, "freq": freq, "open": open, "zone": zone, "alias": alias}
    asked |= {"holidays": holidays, "point": point}
    parameters = Parameters(horizon, **asked, network="pretrained", verbose=0)  # type: ignore[arg-type]
    parameters.check()
    levels = check_levels(level)
    columns = named_columns(id_col, time_col, target_col, future_cols=future_cols)
    parameters.check_name(columns)
    panels = read_panels(df, columns, freq, season, opened=open, zone=zone)
    return _forecast(parameters, panels, Source(columns, library_of(df, (columns.id, columns.time))), levels, future)


def _forecast(
    parameters: Parameters,
    panels: Sequence[Panel],
    source: Source,
    levels: Sequence[float],
    future: IntoDataFrame | None,
) -> Any:
    """The table of forecasts of panels of different frequencies."""
    predictors = {p.frequency.name: fit(parameters, p, source, evaluate=False) for p in panels}
    table = FittedTable(parameters=parameters, predictors=predictors, mixed=len(panels) > 1)
    asked = table.split(None)
    frame, notes = table.joined([(series, one.predict(series, levels, future=future)) for one, series in asked])
    if hasattr(frame, "attrs"):
        read = merge_notes({name: one.notes for name, one in predictors.items()})
        frame.attrs["notes"] = [*frequency_note(panels), *read, *notes]
    return frame
