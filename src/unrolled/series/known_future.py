"""The known future: rows after the end of each series, with the covariates that are known in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from ..plurals import counted
from .columns import Columns
from .covariate_encoding import encode, has_future_values, unseen_texts
from .covariates import Covariates
from .dataframe import open_table, read_ids
from .from_frame import read_covariates
from .grid import refuse_other_stamps
from .panel import Panel
from .ragged import carry_forward, offsets_of, rows_between
from .stamp_texts import format_stamp
from .stamps import read_stamps

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

    The target of the new rows repeats its last value and is not observed; past covariates repeat theirs. Covariates
    known in advance come from the future table if there is one, else from `panel.covariates.ahead`; single missing
    values are carried forward.

    Args:
        panel: of S series.
        horizon: rows to add, H.
        future: a long table of timestamps, the columns known in advance, and ids if the panel has them; its other
            timestamps, series and columns are ignored. None: the panel holds everything.
        columns: the names of the table's columns.
        needed: the number of rows, of those added, for which covariates must be known; None: all. The others repeat
            the row before.

    Raises:
        DataError: covariates of a row are unknown, or the table can't be read.
    """
    count = len(panel.ids)
    offsets = panel.offsets + horizon * np.arange(count + 1)
    old = rows_between(offsets[:-1], offsets[:-1] + panel.lengths)
    new = rows_between(offsets[1:] - horizon, offsets[1:])
    last = np.repeat(panel.offsets[1:] - 1, horizon)
    y, observed = np.empty(offsets[-1]), np.zeros(offsets[-1], bool)
    y[old], y[new], observed[old] = panel.y, panel.y[last], panel.observed

    covariates, notes, named = panel.covariates, list[str](), list[Any]()
    values = np.empty((offsets[-1], covariates.values.shape[1]))
    values[old], values[new] = covariates.values, covariates.values[last]
    if covariates.known:
        block = _known_already(panel, horizon)  # (S, H, K)
        if future is not None:
            notes, named = _read_future(block, panel, future, columns or Columns())
        _refuse_unknown(block[:, :needed], panel, named)
        before = covariates.values[panel.offsets[1:] - 1, -covariates.known :]
        values[new, -covariates.known :] = _carry_forward(block, before)
    covariates = _advanced(covariates, values, horizon)
    all_notes = (*panel.notes, *notes)
    return replace(panel, offsets=offsets, y=y, observed=observed, notes=all_notes, covariates=covariates)


def refuse_unknown_rows(panel: Panel, rows: Array) -> None:
    """Raise an error if one of these observed rows (n,) of a panel has no value of any covariate known in advance.

    A row that would be forecast without these values is refused as in `extend_panel`.
    """
    layout = panel.covariates.layout
    if not layout.future or not all(spec.missing for spec in layout.future):
        return
    widths = np.cumsum([len(spec.names) for spec in layout.future])
    marks = panel.covariates.values[:, len(layout.names) - layout.known + widths - 1]  # of missing values
    bad = rows[panel.observed[rows] & (marks[rows] == 1).all(axis=1)]
    if len(bad):
        row = int(bad.min())
        k = int(np.searchsorted(panel.offsets, row, side="right")) - 1
        (stamp,) = panel.frequency.texts(panel.first[k : k + 1] + row - panel.offsets[k])
        names = [spec.name for spec in layout.future]
        raise DataError(
            f"{panel.name(k)} is to be forecast for {stamp}, but {_values_of(names)} missing "
            f"there ({counted(len(np.unique(bad)), 'such period')} in all). Fill them in, or omit `future_cols`."
        )


def _values_of(names: Sequence[str]) -> str:
    """The subject of a sentence about future covariates."""
    listed = ", ".join(map(repr, names))
    return f"the future covariate {listed} is" if len(names) == 1 else f"the future covariates {listed} are"


def _known_already(panel: Panel, horizon: int) -> Array:
    """The future values that the panel itself holds, NaN where it has none, (S, horizon, K)."""
    covariates = panel.covariates
    block = np.full((len(panel.ids), horizon, covariates.known), np.nan)
    rows = np.minimum(np.diff(covariates.ahead_offsets), horizon)
    starts = np.arange(len(panel.ids)) * horizon
    source = covariates.ahead[rows_between(covariates.ahead_offsets[:-1], covariates.ahead_offsets[:-1] + rows)]
    block.reshape(-1, covariates.known)[rows_between(starts, starts + rows)] = source
    return block


def _read_future(block: Array, panel: Panel, future: IntoDataFrame, columns: Columns) -> tuple[list[str], list[Any]]:
    """Write values of a table of the future into the block (S, H, K), in place; notes, and the ids of the table."""
    layout, horizon = panel.covariates.layout, block.shape[1]
    has_ids = panel.ids[0] is not None
    names = [spec.name for spec in layout.future]
    table = open_table(future, columns, (*([columns.id] if has_ids else []), columns.time, *names))
    series, codes, ids = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64), list[Any]()
    if has_ids:
        codes, ids = read_ids(table, columns)
        series = pd.Index(panel.ids).get_indexer(pd.Index(ids))[codes]
    stamps = read_stamps(table[columns.time], columns, panel.frequency, codes)
    refuse_other_stamps(stamps, panel.frequency, columns)
    values = read_covariates(table, columns, names, layout)
    ordinals, on_grid = panel.frequency.ordinals(stamps)
    steps = ordinals - (panel.first + panel.lengths)[series]
    wanted = (series >= 0) & on_grid & (steps >= 0) & (steps < horizon)
    wanted &= has_future_values(values, replace(columns, future=tuple(names), past=(), static=(), weight=None))
    rows = np.flatnonzero(wanted)
    positions = series[rows] * horizon + steps[rows]
    _refuse_duplicates(positions, rows, stamps, columns)
    read = [(spec, values[spec.name].take(rows)) for spec in layout.future]
    block.reshape(-1, block.shape[2])[positions] = np.concatenate([encode(col, spec) for spec, col in read], axis=1)
    notes = [note for spec, col in read for note in unseen_texts(col, spec, "its indicators are all 0 there")]
    return notes, ids


def _refuse_duplicates(positions: Array, rows: Array, stamps: Array, columns: Columns) -> None:
    order = np.argsort(positions, kind="stable")
    duplicates = np.flatnonzero(np.diff(positions[order]) == 0)
    if len(duplicates):
        one, other = rows[order[duplicates[0]]], rows[order[duplicates[0] + 1]]
        raise DataError(
            f"the table of the future has the timestamp {format_stamp(stamps[one])} twice for one series, in rows "
            f"{columns.row(one)} and {columns.row(other)}. Keep one row per timestamp and series."
        )


def _refuse_unknown(block: Array, panel: Panel, named: Sequence[Any]) -> None:
    """Raise an error if no value is known in a row of the block (S, H, K); `named` are ids of a future table."""
    unknown = np.isnan(block).all(axis=2)
    if unknown.any():
        k = int(unknown.any(axis=1).argmax())
        step = int(unknown[k].argmax())
        end = panel.first[k] + panel.lengths[k]
        stamp, last = panel.frequency.texts(np.array([end + step, end - 1]))
        names = [spec.name for spec in panel.covariates.layout.future]
        other = len(named) > 0 and panel.ids[k] not in named
        raise DataError(
            f"{panel.name(k)} ends at {last}; for {stamp}, step {step + 1} of "
            f"{block.shape[1]} ahead, {_values_of(names)} missing "
            f"({counted(unknown.sum(), 'such period')} in all). Give them in the table of the future (`future`), or "
            "as rows without a target after the end of the series; covariates that are not known ahead are named "
            "with `past_cols`."
            + (f" The table of the future has no rows of this series, but has some of {named[0]!r}." if other else "")
        )


def _carry_forward(block: Array, before: Array) -> Array:
    """Replace missing values by those of the row before, which is `before` (S, K) for the first; (S·H, K)."""
    whole = np.concatenate([before[:, None], block], axis=1)
    count, rows, width = whole.shape
    offsets = rows * np.arange(count + 1)
    columns = [carry_forward(whole[:, :, k].reshape(-1), offsets).reshape(count, rows)[:, 1:] for k in range(width)]
    return np.stack(columns, axis=2).reshape(-1, width)


def _advanced(covariates: Covariates, values: Array, horizon: int) -> Covariates:
    """The covariates with these values, which extend `horizon` rows further into the known future."""
    ends = covariates.ahead_offsets[1:]
    starts = np.minimum(covariates.ahead_offsets[:-1] + horizon, ends)
    return replace(
        covariates,
        values=values,
        ahead=covariates.ahead[rows_between(starts, ends)],
        ahead_offsets=offsets_of(ends - starts),
    )
