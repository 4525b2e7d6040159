"""Encoding of covariates: the layout is decided, texts become indicators or codes, and gaps are filled."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariates import CovariateLayout, Covariates, CovariateSpec
from .dataframe import ColumnValues
from .grid import Grid, Rows
from .ragged import carry_forward

MAX_INDICATORS = 50  # distinct texts of a column that become indicator columns
MAX_NAMES_IN_MESSAGE = 3


def decide_layout(
    values: Mapping[str, ColumnValues], columns: Columns, rows: Array, static: Mapping[str, ColumnValues]
) -> CovariateLayout:
    """The layout of a training table, from its covariates by name; those that are static have one cell per series.

    `rows` are the table's up to the last observed target of each series; later rows must not influence it.
    """
    past, future = (
        tuple(_spec(values[name].take(rows)) for name in names) for names in (columns.past, columns.future)
    )
    for spec in (*past, *future):
        if spec.texts is not None and len(spec.texts) > MAX_INDICATORS:
            raise DataError(_too_many_texts(spec.name, spec.texts))
    return CovariateLayout(past, future, tuple(_spec(static[name], static=True) for name in columns.static))


def _spec(column: ColumnValues, static: bool = False) -> CovariateSpec:
    missing = np.isnan(column.values)
    if column.texts is None:
        return CovariateSpec(column.name, None, bool(missing.any()))
    used = np.unique(column.values[~missing]).astype(int)
    # a missing static text needs no indicator: its category has the code 0
    texts = tuple(sorted(column.texts[k] for k in used))
    return CovariateSpec(column.name, texts, bool(missing.any()) and not static)


def _too_many_texts(name: str, texts: Sequence[str]) -> str:
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce")
    message = f"column {name!r} holds {len(texts)} different texts; at most {MAX_INDICATORS} become indicators. "
    if numbers.notna().mean() > 0.5:
        wrong = pd.Series(texts)[numbers.isna()].tolist()
        return message + "Most are numbers" + (f", except {_shortened(wrong)}" if wrong else "") + ". Convert them."
    return message + "Group them, replace them by numbers, or leave the column out."


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES_IN_MESSAGE} more" if len(names) > MAX_NAMES_IN_MESSAGE else ""
    return ", ".join(map(repr, names[:MAX_NAMES_IN_MESSAGE])) + more


def encode(column: ColumnValues, spec: CovariateSpec) -> Array:
    """The encoded columns of one covariate, NaN where it is missing, (n, c)."""
    missing = np.isnan(column.values)
    encoded = [np.zeros((len(missing), 0))]
    if spec.texts is None:
        encoded.append(column.values)
    else:
        positions = _positions(column, spec)
        encoded += [np.where(missing, np.nan, positions == k) for k in range(len(spec.texts))]
    if spec.missing:
        encoded.append(missing.astype(np.float64))
    return np.column_stack(encoded)


def _positions(column: ColumnValues, spec: CovariateSpec) -> Array:
    """The position of each text among those of training, -1 where it is missing or was not seen, (n,)."""
    order = {text: k for k, text in enumerate(spec.texts or ())}
    # the last entry is for missing texts
    positions = np.array([*(order.get(text, -1) for text in column.texts or ()), -1])
    return positions[np.nan_to_num(column.values, nan=len(positions) - 1).astype(int)]


def unseen_texts(column: ColumnValues, spec: CovariateSpec, effect: str) -> list[str]:
    """A note on texts that did not occur in training, if there are any."""
    if spec.texts is None:
        return []
    used = np.unique(column.values[~np.isnan(column.values)]).astype(int)
    new = sorted({(column.texts or ())[k] for k in used} - set(spec.texts))
    return [f"column {spec.name!r} holds texts not seen in training: {_shortened(new)}; {effect}"] if new else []


def _on_grid(
    values: Mapping[str, ColumnValues], specs: Sequence[CovariateSpec], grid: Grid, table_rows: Array
) -> Array:
    """The encoded columns on a grid, carried forward, 0 before the first value of a series, (n, C).

    `table_rows` (m,) are the positions in the table of the rows that lie on the grid.
    """
    columns = [np.zeros((int(grid.offsets[-1]), 0))]
    for spec in specs:
        encoded = encode(values[spec.name].take(table_rows), spec)
        for k in range(encoded.shape[1]):
            marks_missing = spec.missing and k == encoded.shape[1] - 1
            column = np.full(len(columns[0]), 1.0 if marks_missing else np.nan)
            column[grid.positions] = encoded[:, k]
            columns.append(np.nan_to_num(carry_forward(column, grid.offsets), nan=0.0))
    return np.column_stack(columns)


def _value_per_series(column: ColumnValues, rows: Rows, series: Array) -> ColumnValues:
    """One cell of a table's column for each series of these numbers (S,), NaN where all are missing."""
    values = column.values[rows.table_rows]
    present = np.flatnonzero(~np.isnan(values))
    codes = rows.codes[present]
    beginnings = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(present) else present
    first = np.full(len(rows.ids), -1)
    first[codes[beginnings]] = present[beginnings]
    differs = np.flatnonzero(values[present] != values[first[codes]])
    if len(differs):
        other = int(present[differs[0]])
        one = int(first[rows.codes[other]])
        kind = rows.columns.counts
        shown = [repr(column.texts[int(values[k])]) if column.texts else f"{values[k]:g}" for k in (one, other)]
        raise DataError(
            f"column {column.name!r} should have one value per series; {rows.series(other)} has {shown[0]} in {kind} "
            f"{rows.row(one)} and {shown[1]} in {kind} {rows.row(other)}. Correct it, or declare the column as a "
            "past or future covariate."
        )
    wanted = first[series]
    return column._replace(values=np.where(wanted < 0, np.nan, values[wanted]))


def _series_weights(column: ColumnValues, rows: Rows, series: Array) -> Array:
    """The weights of the series in the loss, with mean 1, (S,)."""
    if column.texts is not None:
        raise DataError(f"column {column.name!r} holds text; weights must be numbers. Convert it first.")
    values = column.values[rows.table_rows]
    bad = np.flatnonzero(~(values > 0))
    if len(bad):
        k = int(bad[0])
        found = "is missing" if np.isnan(values[k]) else f"is {values[k]:g}"
        raise DataError(
            f"{rows.place(k, column.name)}: the weight of {rows.series(k)} {found}; weights must be > 0. To leave a "
            "series out, drop its rows."
        )
    weights = _value_per_series(column, rows, series).values
    return weights / weights.mean()


def _encode_static(static: Mapping[str, ColumnValues], layout: CovariateLayout, count: int) -> tuple[Array, Array]:
    """Numbers (count, A) and codes of categories (count, B), from one cell per series."""
    numbers = [np.nan_to_num(encode(static[spec.name], spec), nan=0.0) for spec in layout.numeric]
    codes = [_positions(static[spec.name], spec) + 1 for spec in layout.categorical]
    return np.column_stack([np.zeros((count, 0)), *numbers]), np.column_stack(
        [np.zeros((count, 0), np.int64), *codes]
    )


def has_future_values(values: Mapping[str, ColumnValues], columns: Columns) -> Array:
    """Rows of the table with a value of a covariate known in advance, (n,) bool; there must be such a covariate."""
    return np.any([~np.isnan(values[name].values) for name in columns.future], axis=0)


def _missing_at_end(column: ColumnValues, grid: Grid, table_rows: Array) -> list[str]:
    """A note if a covariate has no value in the last row of a series, which the forecast depends on most."""
    cells = np.full(int(grid.offsets[-1]), np.nan)
    cells[grid.positions] = column.values[table_rows]
    count = int(np.isnan(cells[grid.offsets[:-1] + grid.lengths - 1]).sum())
    if not count:
        return []
    return [f"column {column.name!r} has no value in the last row of {count} series; the value before is used"]


def make_covariates(
    values: Mapping[str, ColumnValues], rows: Rows, grid: Grid, layout: CovariateLayout | None
) -> tuple[Covariates, list[str]]:
    """The covariates of the grid of a table's sorted rows, from the table's columns by name; and notes.

    The layout is that decided in training; if it is None, it is decided here.
    """
    columns, count = rows.columns, len(grid.series)
    none = Covariates.none(int(grid.offsets[-1]), count)
    if not values:
        return none, []
    table_rows = rows.table_rows[grid.rows]
    static = {name: _value_per_series(values[name], rows, grid.series) for name in columns.static}
    in_training = ~grid.ahead[grid.positions]
    weights = none.weights
    if layout is None:
        layout = decide_layout(values, columns, table_rows[in_training], static)
        if columns.weight is not None:
            weights = _series_weights(values[columns.weight], rows, grid.series)
    read = [(spec, values[spec.name].take(table_rows[in_training])) for spec in layout.past]
    read += [(spec, values[spec.name].take(table_rows)) for spec in layout.future]
    notes = [note for spec, column in read for note in unseen_texts(column, spec, "its indicators are all 0 there")]
    notes += [note for spec in layout.past for note in _missing_at_end(values[spec.name], grid, table_rows)]
    for spec in layout.static:
        notes += unseen_texts(static[spec.name], spec, "it counts as unknown")
    encoded = _on_grid(values, (*layout.past, *layout.future), grid, table_rows)
    if layout.known:
        # nothing is known in advance of timestamps that the table does not have
        known = np.zeros(len(encoded), bool)
        known[grid.positions] = has_future_values(values, columns)[table_rows]
        encoded[grid.ahead & ~known, -layout.known :] = np.nan
    numbers, categories = _encode_static(static, layout, count)
    nothing_ahead = np.zeros((0, layout.known))
    return Covariates(layout, encoded, numbers, categories, weights, nothing_ahead, none.ahead_offsets), notes
