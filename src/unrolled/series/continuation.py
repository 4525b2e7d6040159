"""Series that are continued: the rows of a newer table after the last known ones."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from ..errors import DataError
from ..plurals import counted
from .columns import Columns
from .covariate_encoding import encode, has_future_values, unseen_texts
from .from_frame import TableContent, gaps_filled, read_content, reading_notes
from .grid import MAX_GRID_ROWS_PER_ROW, MAX_NAMED, Rows, fill_gaps, place_rows
from .panel import Panel
from .ragged import carry_forward, offsets_of, rows_between

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

FIT_AGAIN = "or fit again on a table that has them"
ROUNDING = 1e-9  # relative difference of values that count as the same


@dataclass(frozen=True)
class Continuation:
    """New rows after the ends of S series, r of them."""

    added: Array  # the number of each series, (S,)
    y: Array  # the target, gaps filled, (r,)
    observed: Array  # false where a gap was filled, (r,)
    values: Array  # encoded covariates that vary in time, (r, C)
    ahead: Array  # those known ahead after the new rows, (M, K)
    ahead_offsets: Array  # (S + 1,)
    notes: tuple[str, ...]  # what was changed while reading the table

    def append_to(self, panel: Panel) -> Panel:
        """A panel of these series, which ends where the new rows begin, with these rows."""
        offsets = panel.offsets + offsets_of(self.added)
        old = rows_between(offsets[:-1], offsets[:-1] + panel.lengths)
        new = rows_between(offsets[1:] - self.added, offsets[1:])

        def joined(before: Array, after: Array) -> Array:
            whole = np.empty((len(before) + len(after), *before.shape[1:]), before.dtype)
            whole[old], whole[new] = before, after
            return whole

        covariates = replace(
            panel.covariates,
            values=joined(panel.covariates.values, self.values),
            ahead=self.ahead,
            ahead_offsets=self.ahead_offsets,
        )
        y, observed = joined(panel.y, self.y), joined(panel.observed, self.observed)
        return replace(panel, offsets=offsets, y=y, observed=observed, covariates=covariates)


def read_continuation(known: Panel, frame: IntoDataFrame, columns: Columns, season: int, whole: bool) -> Continuation:
    """The rows of a long table that follow the known rows of its series.

    Rows of known periods must have the known values. Missing periods between known and new rows, and among the new
    ones, are filled like gaps of a table that is read as a whole.

    Args:
        known: S series, with at least a season of rows before their ends, if they are so long.
        frame: a table like the one of the known rows, of any library that narwhals supports.
        columns: the names of its columns.
        season: rows per season, for filling gaps.
        whole: whether the known rows are all rows of the series; else earlier rows are not compared with anything.

    Raises:
        DataError: the table can't be read, has a series that is not known, or contradicts a known row.
    """
    table = read_content(frame, columns, known.frequency, known.covariates.layout)
    placed = place_rows(table.rows, table.trained)
    if placed.conflict is not None:
        raise DataError(placed.conflict)
    rows = placed.rows
    places = {name: k for k, name in enumerate(known.ids)}
    refuse_unknown_series(rows.ids, places, columns)
    series = np.array([places[name] for name in rows.ids])[rows.codes]
    steps = placed.ordinals - (known.first + known.lengths)[series]  # 0 is the first new row
    _compare(known, rows, series, steps, whole)
    with_value = (steps >= 0) & ~np.isnan(rows.values)
    added = np.zeros(len(known.ids), np.int64)
    np.maximum.at(added, series[with_value], steps[with_value] + 1)
    _refuse_jump(known, rows, series, steps, added)
    known.frequency.check_range(int(known.first.min()), int((known.first + known.lengths + added).max()))

    y = np.full(int(added.sum()), np.nan)
    y[(offsets_of(added)[series] + steps)[with_value]] = rows.values[with_value]
    values, ahead, ahead_offsets, n_ahead = _covariates(known, table, rows, series, steps, added)
    read = Continuation(added, y, ~np.isnan(y), values, ahead, ahead_offsets, ())
    longer = read.append_to(known)
    filled = fill_gaps(longer.y, season, longer.offsets)
    new = rows_between(longer.offsets[1:] - added, longer.offsets[1:])
    gaps = np.zeros(len(filled), bool)
    gaps[new] = ~read.observed
    cut = int(((steps >= added[series]) & (steps >= 0)).sum()) - n_ahead
    notes = reading_notes(table, placed, filled=gaps_filled(gaps, longer.offsets, season), n_ahead=n_ahead, n_cut=cut)
    layout = known.covariates.layout
    notes += [
        note
        for spec in (*layout.past, *layout.future)
        for note in unseen_texts(
            table.covariates[spec.name].take(rows.table_rows[steps >= 0]), spec, "its indicators are all 0 there"
        )
    ]
    return replace(read, y=filled[new], notes=(*table.notes, *notes))


def refuse_unknown_series(ids: Sequence[Any], known: Container[Any], columns: Columns) -> None:
    """Raise a `DataError` if a table has other series than the known ones."""
    unknown = [name for name in ids if name not in known]
    if not unknown:
        return
    if unknown == [None]:
        raise DataError(f"there is no column {columns.id!r}, but the known series have ids. Name it with `id_col`.")
    names = ", ".join(repr(str(name)) for name in unknown[:MAX_NAMED])
    more = f" and {len(unknown) - MAX_NAMED} more" if len(unknown) > MAX_NAMED else ""
    raise DataError(
        f"series {names}{more} {'is' if len(unknown) == 1 else 'are'} not known, and only known series can be "
        f"continued. Leave their rows out (`predict` forecasts new series of a table without training), {FIT_AGAIN}."
    )


def _compare(known: Panel, rows: Rows, series: Array, steps: Array, whole: bool) -> None:
    """Raise a `DataError` if a row of a known period has another value than the known one, or lies before all of
    them, where these are whole series."""
    position = known.offsets[series + 1] + steps
    here = (steps < 0) & ~np.isnan(rows.values)
    early = position < known.offsets[series]
    if whole and (here & early).any():
        k = int((here & early).argmax())
        (first,) = known.frequency.texts(known.first[series[k]][None])
        raise DataError(
            f"{rows.place(k)}: {rows.stamp(k)} lies before the first known row, {first}. An update adds rows at the "
            f"end: leave this one out, {FIT_AGAIN}."
        )
    own = np.flatnonzero(here & ~early)
    at = position[own]
    same = known.observed[at] & np.isclose(rows.values[own], known.y[at], rtol=ROUNDING, atol=0)
    if not same.all():
        k, row = int(own[~same][0]), int(at[~same][0])
        had = f"{known.y[row]:g}" if known.observed[row] else "missing"
        more = counted(int((~same).sum()), "such row")
        raise DataError(
            f"{rows.place(k, rows.columns.target)}: {rows.stamp(k)} has the value {rows.values[k]:g}; so far it was "
            f"{had} ({more}). An update adds rows at the end: leave changed ones out, {FIT_AGAIN}."
        )


def _refuse_jump(known: Panel, rows: Rows, series: Array, steps: Array, added: Array) -> None:
    """Raise a `DataError` if a series would become almost nothing but gaps."""
    count = np.bincount(series[steps >= 0], minlength=len(added))
    jumps = np.flatnonzero(added > MAX_GRID_ROWS_PER_ROW * count + 1000)
    if len(jumps):
        own = np.flatnonzero((series == jumps[0]) & (steps >= 0) & ~np.isnan(rows.values))
        k = int(own[0])
        (last,) = known.frequency.texts((known.first + known.lengths - 1)[jumps[:1]])
        raise DataError(
            f"{rows.place(k)}: {rows.stamp(k)} comes {steps[k] + 1} periods after the last known timestamp, {last}; "
            f"{len(own)} rows would become {added[jumps[0]]} periods. Correct the timestamp."
        )


def _covariates(
    known: Panel, table: TableContent, rows: Rows, series: Array, steps: Array, added: Array
) -> tuple[Array, Array, Array, int]:
    """The encoded covariates of the new rows, those known ahead of later ones with their offsets, and the number of
    rows of the table with the latter. Values known ahead before hold where the table has no row."""
    covariates, columns = known.covariates, table.rows.columns
    layout, width = covariates.layout, covariates.values.shape[1]
    specs = (*layout.past, *layout.future)
    known_ahead = slice(width - covariates.known, None)
    later = steps >= added[series]
    if columns.future:
        tells = has_future_values(table.covariates, columns)[rows.table_rows]
    else:
        tells = np.zeros(len(steps), bool)
    used = (steps >= 0) & (~later | tells)
    before = np.diff(covariates.ahead_offsets)
    length = np.maximum(added, before)
    np.maximum.at(length, series[used], steps[used] + 1)

    offsets = offsets_of(1 + length)  # the last known row comes first
    block, is_known = np.full((int(offsets[-1]), width), np.nan), np.zeros(int(offsets[-1]), bool)
    for spec, end in zip(specs, np.cumsum([len(spec.names) for spec in specs], dtype=int), strict=True):
        if spec.missing:
            block[:, end - 1] = 1.0
    block[offsets[:-1]] = covariates.values[known.offsets[1:] - 1]
    own = rows_between(offsets[:-1] + 1, offsets[:-1] + 1 + before)
    block[own, known_ahead], is_known[own] = covariates.ahead, ~np.isnan(covariates.ahead).all(axis=1)
    told = (offsets[series] + 1 + steps)[used]
    taken = [encode(table.covariates[spec.name].take(rows.table_rows[used]), spec) for spec in specs]
    block[told], is_known[told] = np.column_stack([np.zeros((len(told), 0)), *taken]), True

    carried = [carry_forward(column, offsets) for column in block.T]
    whole = np.column_stack([np.zeros((len(block), 0)), *carried])
    new = rows_between(offsets[:-1] + 1, offsets[:-1] + 1 + added)
    after = rows_between(offsets[:-1] + 1 + added, offsets[1:])
    ahead = np.where(is_known[after, None], whole[after, known_ahead], np.nan)
    return whole[new], ahead, offsets_of(length - added), int((used & later).sum())
