"""Tables in and out: long frames of any library become a panel of series, and forecasts become such frames again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariate_encoding import make_covariates, tells_of_the_future
from .covariates import CovariateLayout
from .dataframe import Cells, open_table, read_cells, read_ids, read_stamps, read_target
from .frequency import Frequency
from .grid import Rows, build_grid, fill_gaps, incomplete_ends, refuse_coarser, refuse_duplicates, refuse_off_grid
from .panel import Panel

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


def read_panel(
    frame: IntoDataFrame,
    columns: Columns,
    freq: str | int | Frequency | None = None,
    season: int | None = None,
    layout: CovariateLayout | None = None,
) -> Panel:
    """A long table of any library that narwhals knows (pandas, polars, Arrow, ...) as a panel.

    Rows are sorted, gaps filled and marked, missing ends cut off; the panel's notes say so. Where columns are known
    ahead, rows after the last known target that have values in them are kept as the known future, in
    `covariates.ahead`.

    Args:
        frame: one row a stamp and series.
        columns: what its columns are.
        freq: the frequency; None: inferred.
        season: rows in a season, for filling gaps; None: that of the frequency.
        layout: of the covariates in training, so that this table gives the same columns, and no weights; None: it is
            decided here, by the rows up to each series' last known target.

    Raises:
        DataError: a column is missing or not of its kind, stamps are double or off the grid, values are infinite.
    """
    weight = [columns.weight] if columns.weight is not None and layout is None else []
    beside = [*columns.past, *columns.future, *columns.static, *weight]
    table = open_table(frame, columns, (columns.time, columns.target, *beside))
    codes, names = read_ids(table, columns)
    stamps = read_stamps(table[columns.time], columns, freq if isinstance(freq, Frequency) else None)
    values = read_target(table[columns.target], columns)
    cells = read_beside(table, columns, beside, layout)
    whole = Rows(columns, names, codes, stamps, values, np.arange(len(values)))
    notes = []
    if (whole.follows & (stamps[1:] < stamps[:-1])).any():
        notes.append("rows were not in the order of time; they have been sorted")
    rows = whole.sorted()
    refuse_duplicates(rows)
    frequency = _frequency(rows, freq)
    rows, ordinals, dropped = _place(rows, frequency)
    if freq is None:
        refuse_coarser(rows, ordinals, frequency)
    if dropped:
        notes.append(f"{dropped} last stamp(s) dropped that come before their {frequency.name} period is over")
    panel, more = _fill(rows, ordinals, frequency, season, cells, layout)
    return replace(panel, notes=(*notes, *more))


def read_beside(table: Any, columns: Columns, names: list[str], layout: CovariateLayout | None) -> dict[str, Cells]:
    """The columns beside id, stamp and target, by name."""
    fitted = {} if layout is None else {f.name: f for f in (*layout.past, *layout.future, *layout.static)}
    return {name: read_cells(table[name], columns, fitted.get(name)) for name in names}


def refuse_other_stamps(stamps: Array, frequency: Frequency, columns: Columns) -> None:
    """Raise where stamps are dates and a frequency counts whole numbers, or the other way round."""
    if (frequency.unit == "integer") == (stamps.dtype.kind == "M"):
        expected, found = ("whole numbers", "dates") if frequency.unit == "integer" else ("dates", "whole numbers")
        raise DataError(f"column {columns.time!r} holds {found}; stamps must be {expected} as in the training.")


def _frequency(rows: Rows, freq: str | int | Frequency | None) -> Frequency:
    if isinstance(freq, Frequency):
        refuse_other_stamps(rows.stamps, freq, rows.columns)
        return freq
    if freq is not None:
        return Frequency.named(freq, rows.stamps[0])
    return Frequency.infer(rows.stamps, np.flatnonzero(np.r_[True, ~rows.follows]))


def _place(rows: Rows, frequency: Frequency) -> tuple[Rows, Array, int]:
    """Rows on the grid, their ordinals, and how many incomplete last ones were dropped."""
    ordinals, on_grid = frequency.ordinals(rows.stamps)
    if on_grid.all() and not (rows.follows & (ordinals[1:] == ordinals[:-1])).any():
        return rows, ordinals, 0
    keep = ~incomplete_ends(rows, ordinals, on_grid, frequency)
    kept, ordinals = rows.take(keep), ordinals[keep]
    refuse_off_grid(kept, ordinals, on_grid[keep], frequency)
    return kept, ordinals, int((~keep).sum())


def _fill(
    rows: Rows,
    ordinals: Array,
    frequency: Frequency,
    season: int | None,
    cells: Mapping[str, Cells],
    layout: CovariateLayout | None,
) -> tuple[Panel, list[str]]:
    """The panel on its complete grid, and notes."""
    columns = rows.columns
    # rows that were dropped are in the cells still
    useful = tells_of_the_future(cells, columns)[rows.places] if columns.future else np.zeros(len(ordinals), bool)
    grid = build_grid(rows, ordinals, useful)
    y = np.full(grid.offsets[-1], np.nan)
    y[grid.places] = rows.values[grid.rows]
    observed = ~np.isnan(y)
    y = fill_gaps(y, season or frequency.season, grid.offsets)
    covariates, unseen = make_covariates(cells, rows, grid, columns, layout)
    ids = [rows.names[k] for k in grid.series]
    whole = Panel(ids, frequency, grid.offsets, grid.first, y, observed, covariates=covariates)
    panel = whole.head(grid.lengths)
    notes = []
    if not panel.observed.all():
        gaps = int((~panel.observed).sum())
        notes.append(f"{gaps} gap(s) filled with the value one season before, and left out of every score")
    ahead = int(grid.ahead[grid.places].sum())
    if ahead:
        notes.append(f"{ahead} row(s) after the last values of {columns.target!r} taken as the known future")
    cut = len(ordinals) - len(grid.rows)
    if cut:
        notes.append(f"{cut} row(s) without a value at the ends of series cut off")
    return panel, notes + unseen
