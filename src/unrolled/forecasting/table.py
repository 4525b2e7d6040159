"""Tables in and out: long frames of any library become a panel of series, and forecasts become such frames again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError, InputError
from ..ops import Array
from .frequency import Frequency
from .panel import Columns, Panel

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


MOST_GRID = 100  # rows a series may have on its grid for each one in the table


@dataclass(frozen=True)
class _Rows:
    """The rows of a table, sorted by series and stamp."""

    columns: Columns
    names: Sequence[Any]  # of the series
    codes: Array  # the series of each row, (n,)
    stamps: Array
    values: Array
    places: Array  # where each row stood in the table

    def take(self, rows: Array) -> _Rows:
        return replace(
            self,
            codes=self.codes[rows],
            stamps=self.stamps[rows],
            values=self.values[rows],
            places=self.places[rows],
        )

    @property
    def follows(self) -> Array:
        """Whether each row but the first is of the same series as the one before, (n - 1,)."""
        return self.codes[1:] == self.codes[:-1]

    def stamp(self, k: int) -> str:
        """Row k's stamp, and its series if there are several, in a message."""
        name = self.names[self.codes[k]]
        return show_stamp(self.stamps[k]) + ("" if name is None else f" of series {str(name)!r}")

    def row(self, k: int) -> int:
        return self.columns.row(self.places[k])


def read_panel(
    frame: IntoDataFrame,
    columns: Columns,
    freq: str | int | Frequency | None = None,
    season: int | None = None,
) -> Panel:
    """A long table of any library that narwhals knows (pandas, polars, Arrow, ...) as a panel.

    Rows are sorted, gaps filled and marked, missing ends cut off; the panel's notes say so.

    Raises:
        DataError: a column is missing or not of its kind, stamps are double or off the grid, values are infinite.
    """
    ids, stamps, values = _read_columns(frame, columns)
    codes, names = pd.factorize(ids) if ids is not None else (np.zeros(len(values), np.int64), [None])
    if (codes < 0).any():
        row = columns.row(int((codes < 0).argmax()))
        raise DataError(f"column {columns.id!r}, row {row}: the id is missing. Fill it in or drop the row.")
    notes = []
    table = _Rows(columns, list(names), codes, stamps, values, np.arange(len(values)))
    if (stamps[1:] < stamps[:-1])[table.follows].any():
        notes.append("rows were not in the order of time; they have been sorted")
    rows = table.take(np.lexsort((stamps, codes)))
    _refuse_duplicates(rows)
    starts = np.flatnonzero(np.r_[True, ~rows.follows])
    if isinstance(freq, Frequency):
        frequency = freq
        if (frequency.unit == "integer") == (stamps.dtype.kind == "M"):
            expected, found = (
                ("whole numbers", "dates") if frequency.unit == "integer" else ("dates", "whole numbers")
            )
            raise DataError(f"column {columns.time!r} holds {found}; stamps must be {expected} as in the training.")
    else:
        frequency = Frequency.infer(rows.stamps, starts) if freq is None else Frequency.named(freq, rows.stamps[0])
    ordinals, on_grid = frequency.ordinals(rows.stamps)
    keep = ~_incomplete_ends(rows, ordinals, on_grid, frequency)
    if not keep.all():
        notes.append(f"{(~keep).sum()} last stamp(s) dropped that come before their {frequency.name} period is over")
    rows, ordinals = rows.take(keep), ordinals[keep]
    _refuse_off_grid(rows, ordinals, on_grid[keep], frequency)
    panel, filled, cut = _on_grid(rows, ordinals, frequency, season)
    if filled:
        notes.append(f"{filled} gap(s) filled with the value one season before, and left out of every score")
    if cut:
        notes.append(f"{cut} row(s) without a value at the ends of series cut off")
    return replace(panel, notes=tuple(notes))


def _read_columns(frame: IntoDataFrame, columns: Columns) -> tuple[Array | None, Array, Array]:
    """The three columns as arrays: ids, stamps (int64 or datetime64[ns]), values (float64)."""
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"a table is a data frame of pandas, polars or Arrow; got {type(frame).__name__}. "
            "Wrap your data: pd.DataFrame({'ds': ..., 'y': ...})."
        ) from error
    for name in (columns.time, columns.target):
        if name not in table.columns:
            raise DataError(f"there is no column {name!r}; the table has: {', '.join(map(repr, table.columns))}.")
    if not len(table):
        raise DataError("the table has no rows.")
    if columns.id != Columns.id and columns.id not in table.columns:
        raise DataError(f"there is no column {columns.id!r}; the table has: {', '.join(map(repr, table.columns))}.")
    ids = table[columns.id].to_numpy() if columns.id in table.columns else None
    return ids, read_stamps(table[columns.time], columns), read_values(table[columns.target], columns)


def read_stamps(column: Any, columns: Columns) -> Array:
    name = columns.time
    missing = column.is_null().to_numpy()
    if missing.any():
        row = int(missing.argmax())
        raise DataError(f"column {name!r}, row {columns.row(row)}: the stamp is missing. Fill it in or drop the row.")
    if column.dtype.is_integer():
        return np.asarray(column.to_numpy(), np.int64)
    stamps = pd.Series(column.to_numpy())
    if column.dtype.is_numeric():
        values = stamps.to_numpy(float)
        # beyond 2^53 a float64 has no ones; NaN is not below it
        bad = ~((np.abs(values) < 2**53) & (values == np.round(values)))
        if bad.any():
            row = int(bad.argmax())
            raise DataError(
                f"column {name!r}, row {columns.row(row)}: {values[row]:g} is not a whole number or a date."
            )
        return values.astype(np.int64)
    if not pd.api.types.is_datetime64_any_dtype(stamps):
        # errors="coerce" so that the message can name the row
        parsed = pd.to_datetime(stamps.astype(str), errors="coerce", format="ISO8601")
        if parsed.isna().any():
            row = int(parsed.isna().to_numpy().argmax())
            place = f"column {name!r}, row {columns.row(row)}"
            if _beyond_nanoseconds(str(stamps[row])):  # pandas before 3 reads no such stamp
                raise DataError(f"{place}: {stamps[row]} lies outside the years 1678 to 2261. Correct it.")
            raise DataError(f"{place}: {stamps[row]!r} is not a date. Write dates as 2024-12-31.")
        stamps = parsed
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    outside = ~stamps.between(pd.Timestamp.min, pd.Timestamp.max).to_numpy()
    if outside.any():
        row = int(outside.argmax())
        raise DataError(
            f"column {name!r}, row {columns.row(row)}: {stamps[row]} lies outside the years 1678 to 2261. Correct it."
        )
    return stamps.to_numpy("datetime64[ns]")


def _beyond_nanoseconds(text: str) -> bool:
    """Whether a text is a date too far away to be counted in nanoseconds."""
    try:
        pd.to_datetime([text], format="ISO8601")
    except pd.errors.OutOfBoundsDatetime:
        return True
    except ValueError:
        return False
    return False


def read_values(column: Any, columns: Columns) -> Array:
    import narwhals as nw

    name = columns.target
    if not (column.dtype.is_numeric() or str(column.dtype) == "Boolean"):
        cells = pd.Series(column.to_numpy())
        bad = (pd.to_numeric(cells, errors="coerce").isna() & cells.notna()).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise DataError(f"column {name!r}, row {columns.row(row)}: {cells[row]!r} is not a number.")
        raise DataError(f"column {name!r} holds text; convert it to numbers first.")
    values = np.array(column.cast(nw.Float64).to_numpy(), np.float64)
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise DataError(
            f"column {name!r}, row {columns.row(row)}: the value is infinite. Correct it, or leave it empty."
        )
    if np.isnan(values).all():
        raise DataError(f"column {name!r} has no values: all {len(values)} are missing.")
    return values


def show_stamp(stamp: Any) -> str:
    """A stamp in a message: without a time of day where that is midnight."""
    if isinstance(stamp, np.datetime64):
        return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00")
    return str(stamp)


def _refuse_duplicates(rows: _Rows) -> None:
    double = np.flatnonzero(rows.follows & (rows.stamps[1:] == rows.stamps[:-1]))
    if len(double):
        k = int(double[0])
        remedy = (
            "If the table holds several series, name the column that tells them apart (the id column)"
            if rows.names[0] is None
            else "Keep one row a stamp"
        )
        raise DataError(
            f"column {rows.columns.time!r}: the stamp {rows.stamp(k)} comes twice, in rows {rows.row(k)} and "
            f"{rows.row(k + 1)} ({len(double)} such pair(s)). {remedy}."
        )


def _incomplete_ends(rows: _Rows, ordinals: Array, on_grid: Array, frequency: Frequency) -> Array:
    """Last rows of series that come before their period is over, (n,) bool.

    They share it with the row before; where stamps are the ends of months, such a row has its month for itself.
    """
    last = np.r_[~rows.follows, True]
    shared = np.r_[False, rows.follows & (ordinals[1:] == ordinals[:-1])]
    return last & ~on_grid & (shared | frequency.month_end)


def _refuse_off_grid(rows: _Rows, ordinals: Array, on_grid: Array, frequency: Frequency) -> None:
    off = np.flatnonzero(~on_grid)
    if len(off):
        k = int(off[0])
        raise DataError(
            f"column {rows.columns.time!r}, row {rows.row(k)}: the stamp {rows.stamp(k)} does not lie on the "
            f"{frequency.name} grid that most stamps follow ({len(off)} of {len(on_grid)} do not). "
            "Aggregate to regular stamps first, or give the frequency (freq)."
        )
    double = np.flatnonzero(rows.follows & (ordinals[1:] == ordinals[:-1]))
    if len(double):
        k = int(double[0])
        raise DataError(
            f"column {rows.columns.time!r}, rows {rows.row(k)} and {rows.row(k + 1)}: two stamps lie in one "
            f"{frequency.name} period, {rows.stamp(k)} and {rows.stamp(k + 1)}. Aggregate them, or give the "
            "frequency (freq)."
        )


def _on_grid(rows: _Rows, ordinals: Array, frequency: Frequency, season: int | None) -> tuple[Panel, int, int]:
    """The panel, and how many values were filled in and cut off."""
    known = np.flatnonzero(~np.isnan(rows.values))
    cut = 0
    ids, first, pieces, masks = [], [], [], []
    bounds = np.searchsorted(rows.codes, np.arange(len(rows.names) + 1))
    for name, start, stop in zip(rows.names, bounds[:-1], bounds[1:], strict=True):
        inside = known[np.searchsorted(known, start) : np.searchsorted(known, stop)]
        if not len(inside):
            cut += stop - start
            continue
        a, b = int(inside[0]), int(inside[-1]) + 1
        cut += (stop - start) - (b - a)
        _refuse_jump(rows.take(np.arange(a, b)), ordinals[a:b])
        values = np.full(ordinals[b - 1] - ordinals[a] + 1, np.nan)
        values[ordinals[a:b] - ordinals[a]] = rows.values[a:b]
        ids.append(name)
        first.append(ordinals[a])
        masks.append(~np.isnan(values))
        pieces.append(fill_gaps(values, season or frequency.season))
    observed = np.concatenate(masks)
    offsets = np.concatenate(([0], np.cumsum([len(p) for p in pieces])))
    panel = Panel(ids, frequency, offsets, np.array(first, np.int64), np.concatenate(pieces), observed)
    return panel, int((~observed).sum()), int(cut)


def _refuse_jump(rows: _Rows, ordinals: Array) -> None:
    """Raise where one series has nothing but gaps: a stamp is wrong, or the frequency is."""
    length = int(ordinals[-1] - ordinals[0]) + 1
    if length > MOST_GRID * len(ordinals) + 1000:
        jumps = np.diff(ordinals)
        k = int(jumps.argmax()) + 1
        raise DataError(
            f"column {rows.columns.time!r}, row {rows.row(k)}: {rows.stamp(k)} comes {jumps[k - 1]} periods "
            f"after the one before, {rows.stamp(k - 1)}; {len(ordinals)} rows would become {length}. "
            "Correct the stamp, or give the frequency (freq)."
        )


def fill_gaps(values: Array, season: int) -> Array:
    """Each missing value becomes the one a season before, else the one before: from the past only."""
    values = values.copy()
    for at in np.flatnonzero(np.isnan(values)):
        values[at] = values[at - season] if at >= season else values[at - 1]
    return values


def library_of(frame: IntoDataFrame) -> str:
    """The library a table comes from, as narwhals names it: "pandas", "polars", "pyarrow", ..."""
    import narwhals as nw

    return str(nw.from_native(frame, eager_only=True).implementation.value)


def forecast_frame(
    panel: Panel, horizon: int, columns: Columns, forecasts: Mapping[str, Array], library: str = "pandas"
) -> Any:
    """A long table of forecasts, (S, horizon) each, in this library."""
    ends = panel.first + panel.lengths
    data: dict[str, Any] = {}
    if panel.ids[0] is not None:
        data[columns.id] = np.repeat(np.asarray(panel.ids), horizon)
    data[columns.time] = panel.frequency.stamps((ends[:, None] + np.arange(horizon)).reshape(-1))
    data |= {name: np.ascontiguousarray(values.reshape(-1)) for name, values in forecasts.items()}
    return in_library(data, library)


def in_library(data: Mapping[str, Array], library: Any) -> Any:
    """Columns as a table of this library."""
    import narwhals as nw

    return pd.DataFrame(data) if library == "pandas" else nw.from_dict(data, backend=library).to_native()


def refuse_horizon(horizon: Any) -> int:
    """The horizon as an int, or an error."""
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
        raise InputError(f"horizon must be a whole number of periods ≥ 1; got {horizon!r}.")
    return int(horizon)
