"""The known future: rows after the end of each series, with what is known of them beside the target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariate_encoding import encode, tells_of_the_future, unseen_texts
from .covariates import Covariates
from .dataframe import format_stamp, open_table, read_ids, read_stamps
from .from_frame import read_beside, refuse_other_stamps
from .panel import Panel
from .ragged import carry_forward, rows_between

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


def extend_panel(
    panel: Panel,
    horizon: int,
    future: IntoDataFrame | None = None,
    columns: Columns | None = None,
    needed: int | None = None,
) -> Panel:
    """The panel with `horizon` more rows after the end of each series.

    Their target repeats the last value and is not observed, and covariates of the past repeat theirs: neither tells
    anything. Covariates that are known ahead come from the future table, else from `panel.covariates.ahead`; single
    missing values are carried forward.

    Args:
        panel: of S series.
        horizon: rows to add, H.
        future: a long table with stamps, the known-ahead columns, and ids where the panel has them; other stamps and
            series in it, and other columns, are passed over. None: all is in the panel.
        columns: what the table's columns are.
        needed: of the rows to add, how many must be known of; None: all. The others repeat the row before.

    Raises:
        DataError: a stamp is not known of, or the table can't be read.
    """
    count = len(panel.ids)
    offsets = panel.offsets + horizon * np.arange(count + 1)
    old = rows_between(offsets[:-1], offsets[:-1] + panel.lengths)
    new = rows_between(offsets[1:] - horizon, offsets[1:])
    last = np.repeat(panel.offsets[1:] - 1, horizon)
    y, observed = np.empty(offsets[-1]), np.zeros(offsets[-1], bool)
    y[old], y[new], observed[old] = panel.y, panel.y[last], panel.observed

    covariates, notes = panel.covariates, []
    values = np.empty((offsets[-1], covariates.values.shape[1]))
    values[old], values[new] = covariates.values, covariates.values[last]
    if covariates.known:
        block = _known_already(panel, horizon)  # (S, H, K)
        if future is not None:
            notes = _read_future(block, panel, future, columns or Columns())
        _refuse_unknown(block[:, :needed], panel)
        values[new, -covariates.known :] = _carried(
            block, covariates.values[panel.offsets[1:] - 1, -covariates.known :]
        )
    return replace(
        panel,
        offsets=offsets,
        y=y,
        observed=observed,
        notes=(*panel.notes, *notes),
        covariates=_advanced(covariates, values, horizon),
    )


def _known_already(panel: Panel, horizon: int) -> Array:
    """What the panel itself knows ahead, NaN where it does not, (S, horizon, K)."""
    covariates = panel.covariates
    block = np.full((len(panel.ids), horizon, covariates.known), np.nan)
    rows = np.minimum(np.diff(covariates.ahead_offsets), horizon)
    starts = np.arange(len(panel.ids)) * horizon
    source = covariates.ahead[rows_between(covariates.ahead_offsets[:-1], covariates.ahead_offsets[:-1] + rows)]
    block.reshape(-1, covariates.known)[rows_between(starts, starts + rows)] = source
    return block


def _read_future(block: Array, panel: Panel, future: IntoDataFrame, columns: Columns) -> list[str]:
    """Put what a table tells of the rows ahead into their block (S, H, K); notes."""
    layout, horizon = panel.covariates.layout, block.shape[1]
    grouped = panel.ids[0] is not None
    names = [feature.name for feature in layout.future]
    table = open_table(future, columns, (*([columns.id] if grouped else []), columns.time, *names))
    stamps = read_stamps(table[columns.time], columns, panel.frequency)
    refuse_other_stamps(stamps, panel.frequency, columns)
    cells = read_beside(table, columns, names, layout)
    series = np.zeros(len(stamps), np.int64)
    if grouped:
        codes, ids = read_ids(table, columns)
        series = pd.Index(panel.ids).get_indexer(pd.Index(ids))[codes]
    ordinals, on_grid = panel.frequency.ordinals(stamps)
    steps = ordinals - (panel.first + panel.lengths)[series]
    wanted = (series >= 0) & on_grid & (steps >= 0) & (steps < horizon)
    wanted &= tells_of_the_future(cells, replace(columns, future=tuple(names), past=(), static=(), weight=None))
    rows = np.flatnonzero(wanted)
    places = series[rows] * horizon + steps[rows]
    _refuse_double(places, rows, stamps, columns)
    encoded = [encode(cells[f.name].take(rows), f) for f in layout.future]
    block.reshape(-1, block.shape[2])[places] = np.concatenate(encoded, axis=1)
    return [
        note
        for feature in layout.future
        for note in unseen_texts(cells[feature.name].take(rows), feature, "its indicators are all 0 there")
    ]


def _refuse_double(places: Array, rows: Array, stamps: Array, columns: Columns) -> None:
    order = np.argsort(places, kind="stable")
    double = np.flatnonzero(np.diff(places[order]) == 0)
    if len(double):
        one, other = rows[order[double[0]]], rows[order[double[0] + 1]]
        raise DataError(
            f"the table of the future has the stamp {format_stamp(stamps[one])} twice for one series, in rows "
            f"{columns.row(one)} and {columns.row(other)}. Keep one row a stamp and series."
        )


def _refuse_unknown(block: Array, panel: Panel) -> None:
    """Raise where nothing is known of a row ahead."""
    unknown = np.isnan(block).all(axis=2)
    if unknown.any():
        k = int(unknown.any(axis=1).argmax())
        step = int(unknown[k].argmax())
        end = panel.first[k] + panel.lengths[k]
        stamp, last = panel.frequency.stamps(np.array([end + step, end - 1]))
        names = ", ".join(repr(feature.name) for feature in panel.covariates.layout.future)
        raise DataError(
            f"{panel.name(k)} ends at {format_stamp(last)}; of {format_stamp(stamp)}, step {step + 1} of "
            f"{block.shape[1]} ahead, the known-ahead column(s) {names} are missing ({unknown.sum()} such row(s) in "
            "all). Give them in the table of the future, or as rows without a target after the end of the series."
        )


def _carried(block: Array, before: Array) -> Array:
    """Missing values become the ones of the row before, which for the first one is `before` (S, K); (S·H, K)."""
    whole = np.concatenate([before[:, None], block], axis=1)
    count, rows, known = whole.shape
    offsets = rows * np.arange(count + 1)
    columns = [carry_forward(whole[:, :, k].reshape(-1), offsets).reshape(count, rows)[:, 1:] for k in range(known)]
    return np.stack(columns, axis=2).reshape(-1, known)


def _advanced(covariates: Covariates, values: Array, horizon: int) -> Covariates:
    """Covariates with these values, which reach `horizon` rows further."""
    ends = covariates.ahead_offsets[1:]
    starts = np.minimum(covariates.ahead_offsets[:-1] + horizon, ends)
    return replace(
        covariates,
        values=values,
        ahead=covariates.ahead[rows_between(starts, ends)],
        ahead_offsets=np.concatenate(([0], np.cumsum(ends - starts))).astype(np.int64),
    )
