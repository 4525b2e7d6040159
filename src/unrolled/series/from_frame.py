"""From tables to panels: a long data frame of any library becomes series on the complete grid of their timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import DataError
from ..plurals import counted
from .columns import Columns, series_name
from .covariate_encoding import has_future_values, make_covariates
from .covariates import CovariateLayout
from .dataframe import ColumnValues, open_table, read_covariate, read_ids, read_target
from .frequency import Frequency
from .grid import MAX_NAMED, Placement, Rows, build_grid, fill_gaps, place_rows, refuse_open
from .panel import Panel
from .stamp_texts import format_stamp
from .stamps import read_times

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


class TableContent(NamedTuple):
    """The columns of a table as arrays."""

    rows: Rows  # in the table's order
    covariates: dict[str, ColumnValues]  # with the column of weights, by name
    zone: str | None = None  # of a frequency that was not given
    notes: Sequence[str] = ()  # how the timestamps were read
    trained: Frequency | None = None  # the given one, if it is that of a training, in the zone of this table


def read_panel(
    frame: IntoDataFrame,
    columns: Columns,
    freq: str | int | Frequency | None = None,
    season: int | None = None,
    layout: CovariateLayout | None = None,
    opened: str | None = None,
    zone: str | None = None,
) -> Panel:
    """A long table of any library that narwhals supports (pandas, polars, Arrow, ...) as a panel.

    Rows are sorted, gaps filled and marked, missing ends cut off; the panel's notes say so. If covariates are known
    in advance, rows with their values after the last observed target become the known future, `covariates.ahead`.

    Args:
        frame: one row per timestamp and series.
        columns: the names of its columns.
        freq: the frequency; None: inferred.
        season: rows per season, for filling gaps; None: that of the frequency.
        layout: the covariates' encoding in training, which makes this table give the same columns and no weights;
            None: it is decided here, from the rows up to the last observed target of each series.
        opened: open days and hours, such as "mon-sat"; None: found in the data, or those of a given `Frequency`.
        zone: the time zone of the timestamps; None: that of the frequency or of the column.

    Raises:
        DataError: a column is missing or of the wrong kind, timestamps are duplicate or off the grid, or values are
            infinite.
    """
    table = read_content(frame, columns, freq, layout, zone)
    placed = place_rows(table.rows, table.trained or freq, opened, table.zone)
    refuse_open(opened, [placed.frequency])
    return make_panel(table, placed, season, layout)


def read_content(
    frame: IntoDataFrame,
    columns: Columns,
    freq: str | int | Frequency | None = None,
    layout: CovariateLayout | None = None,
    zone: str | None = None,
) -> TableContent:
    """The columns of a table, each cell checked; parameters as in `read_panel`."""
    weight = [columns.weight] if columns.weight is not None and layout is None else []
    names = [*columns.past, *columns.future, *columns.static, *weight]
    table = open_table(frame, columns, (columns.time, columns.target, *names))
    codes, ids = read_ids(table, columns)
    trained = freq if isinstance(freq, Frequency) else None
    own = trained.zone if trained else zone
    times = read_times(table[columns.time], columns, own, codes, freq)
    stamps, counted_in, notes = times.counted(freq, codes)
    notes = [*times.notes, *notes]
    if trained:
        counted_in, notes = None, times.notes_on(trained)
        trained = replace(trained, zone=times.zone if trained.zone else None)
    values = read_target(table[columns.target], columns)
    covariates = read_covariates(table, columns, names, layout)
    rows = Rows(columns, ids, codes, stamps, values, np.arange(len(values), dtype=np.min_scalar_type(len(values))))
    if stamps is times.utc:
        rows = rows._replace(zone=times.zone)
    return TableContent(_existing(rows, times.local, own), covariates, counted_in, notes, trained)


def _existing(rows: Rows, local: Array, zone: str | None) -> Rows:
    """The rows without those of local times that clocks skip; a `DataError` if they have a value."""
    gone = np.isnat(rows.stamps) if rows.stamps.dtype.kind == "M" else np.zeros(len(rows.stamps), bool)
    wrong = np.flatnonzero(gone & ~np.isnan(rows.values))
    if len(wrong):
        k = int(wrong[0])
        raise DataError(
            f"{rows.place(k)}: {format_stamp(local[k])} does not exist in {zone}, where clocks are set forward "
            f"({counted(len(wrong), 'such row')}). Give the zone of the table (`zone`), or remove it from the "
            "timestamps."
        )
    return rows.take(~gone) if gone.any() else rows


def read_covariates(
    table: Any, columns: Columns, names: Sequence[str], layout: CovariateLayout | None
) -> dict[str, ColumnValues]:
    """These columns of a narwhals table by name, read as the kinds that they had in training."""
    specs = {} if layout is None else {spec.name: spec for spec in (*layout.past, *layout.future, *layout.static)}
    return {name: read_covariate(table[name], columns, specs.get(name)) for name in names}


def make_panel(
    table: TableContent, placed: Placement, season: int | None = None, layout: CovariateLayout | None = None
) -> Panel:
    """A panel of the rows that were placed on a grid; parameters as in `read_panel`."""
    if placed.conflict is not None:
        raise DataError(placed.conflict)
    rows, frequency, columns = placed.rows, placed.frequency, table.rows.columns
    no_future = np.zeros(len(rows.values), bool)
    has_future = has_future_values(table.covariates, columns)[rows.table_rows] if columns.future else no_future
    grid = build_grid(rows, placed.ordinals, has_future, placed.remedy)
    y = np.full(grid.offsets[-1], np.nan)
    y[grid.positions] = rows.values[grid.rows]
    observed = ~np.isnan(y)
    season = season or frequency.season
    y = fill_gaps(y, season, grid.offsets)
    covariates, covariate_notes = make_covariates(table.covariates, rows, grid, layout)
    filled = gaps_filled(~observed & ~grid.ahead, grid.offsets, season)
    if filled is not None and layout is None:  # a table that is only forecast has no scores
        filled += ", and left out of every score"
    n_ahead = int(grid.ahead[grid.positions].sum())
    notes = [
        *table.notes,
        *reading_notes(table, placed, filled=filled, n_ahead=n_ahead, n_cut=len(rows.values) - len(grid.rows)),
    ]
    ids = [rows.ids[k] for k in grid.series]
    kept = {*grid.series.tolist(), *placed.strays.tolist()}
    empty = [series_name(name) for k, name in enumerate(rows.ids) if k not in kept]
    if empty:
        more = f" and {len(empty) - MAX_NAMED} more" if len(empty) > MAX_NAMED else ""
        notes.append(f"{', '.join(empty[:MAX_NAMED])}{more} left out, as all values are missing")
    whole = Panel(ids, frequency, grid.offsets, grid.first, y, observed, (*notes, *covariate_notes), covariates)
    return whole.head(grid.lengths)


def gaps_filled(gaps: Array, offsets: Array, season: int) -> str | None:
    """A note on the rows (n,) bool that `fill_gaps` has filled; None if there are none."""
    count = int(gaps.sum())
    if not count:
        return None
    early = int((gaps & (np.arange(len(gaps)) - np.repeat(offsets[:-1], np.diff(offsets)) < season)).sum())
    how = "the value one season before" if season > 1 and early < count else "the value before"
    some = f" ({early} in the first season with the value before)" if season > 1 and 0 < early < count else ""
    return f"{counted(count, 'gap')} filled with {how}{some}"


def reading_notes(
    table: TableContent, placed: Placement, *, filled: str | None, n_ahead: int, n_cut: int
) -> list[str]:
    """What was changed on the way from a table to a panel."""
    original, notes = table.rows, []
    if (original.same_series & (original.stamps[1:] < original.stamps[:-1])).any():
        notes.append("rows were not in time order; they have been sorted")
    if placed.n_dropped:
        notes.append(
            f"{counted(placed.n_dropped, 'last row')} dropped, as the {placed.frequency.name} period is incomplete"
        )
    notes += [*placed.notes, *placed.stray_notes]
    if filled is not None:
        notes.append(filled)
    if n_ahead:
        target = original.columns.shown_target
        notes.append(f"{counted(n_ahead, 'row')} after the last values of {target} taken as the known future")
    if n_cut:
        notes.append(f"{counted(n_cut, 'row')} without a value at the ends of series cut off")
    return notes
