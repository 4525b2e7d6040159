"""Columns of a table become covariates: layouts are decided, texts become indicators or codes, gaps are bridged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..arrays import Array
from ..errors import DataError
from .columns import Columns
from .covariates import CovariateLayout, Covariates, CovariateSpec
from .dataframe import Cells
from .grid import Grid, Rows
from .ragged import carry_forward

MOST_TEXTS = 50  # that become indicator columns
NAMED = 3  # of several things in a message


def decide_layout(
    cells: Mapping[str, Cells], columns: Columns, rows: Array, series: Mapping[str, Cells]
) -> CovariateLayout:
    """Which columns there are to be, from the rows of training.

    Args:
        cells: of past and future covariates, by name.
        columns: of the table.
        rows: those up to the last known target of each series: what comes later has no part in it.
        series: static covariates, one cell a series.
    """

    def features(names: Sequence[str]) -> tuple[CovariateSpec, ...]:
        return tuple(_feature(cells[name].take(rows)) for name in names)

    past, future = features(columns.past), features(columns.future)
    for feature in (*past, *future):
        if feature.texts is not None and len(feature.texts) > MOST_TEXTS:
            raise DataError(_too_many_texts(feature.name, feature.texts))
    return CovariateLayout(past, future, tuple(_feature(series[name], static=True) for name in columns.static))


def _feature(cells: Cells, static: bool = False) -> CovariateSpec:
    missing = np.isnan(cells.values)
    if cells.texts is None:
        return CovariateSpec(cells.name, None, bool(missing.any()))
    seen = np.unique(cells.values[~missing]).astype(int)
    # a category that is missing has a code of its own
    return CovariateSpec(cells.name, tuple(sorted(cells.texts[k] for k in seen)), bool(missing.any()) and not static)


def _too_many_texts(name: str, texts: Sequence[str]) -> str:
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce")
    message = f"column {name!r} holds {len(texts)} different texts; at most {MOST_TEXTS} become indicator columns. "
    if numbers.notna().mean() > 0.5:
        wrong = pd.Series(texts)[numbers.isna()].tolist()
        return message + "Most are numbers" + (f", {_listed(wrong)} not" if wrong else "") + ". Convert them."
    return message + "Group them, give numbers instead, or leave the column out."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more


# --- what varies in time ----------------------------------------------------------------------------


def encode(cells: Cells, feature: CovariateSpec) -> Array:
    """The columns of one covariate, NaN where it is missing, (n, c)."""
    columns = []
    missing = np.isnan(cells.values)
    if feature.texts is None:
        columns.append(cells.values)
    else:
        place = _places(cells, feature)
        columns += [np.where(missing, np.nan, place == k) for k in range(len(feature.texts))]
    if feature.missing:
        columns.append(missing.astype(np.float64))
    return np.stack(columns, axis=1) if columns else np.zeros((len(missing), 0))


def _places(cells: Cells, feature: CovariateSpec) -> Array:
    """The place of each text among those of training, -1 where it is missing or was not seen, (n,)."""
    order = {text: k for k, text in enumerate(feature.texts or ())}
    # the last entry is for what is missing
    places = np.array([*(order.get(text, -1) for text in cells.texts or ()), -1])
    return places[np.nan_to_num(cells.values, nan=len(places) - 1).astype(int)]


def unseen_texts(cells: Cells, feature: CovariateSpec, effect: str) -> list[str]:
    """A note on texts that were not seen in training, if there are any."""
    if feature.texts is None:
        return []
    used = np.unique(cells.values[~np.isnan(cells.values)]).astype(int)
    new = sorted({(cells.texts or ())[k] for k in used} - set(feature.texts))
    return [f"column {feature.name!r} holds what training did not: {_listed(new)}; {effect}"] if new else []


def on_grid(cells: Mapping[str, Cells], features: Sequence[CovariateSpec], grid: Grid, sources: Array) -> Array:
    """The columns of these features on a grid, carried forward, 0 before the first known value, (n, C).

    Args:
        cells: of the whole table, by name.
        features: past, then future.
        grid: where the table's rows lie.
        sources: where each row of the grid's rows stands in the table, (m,).
    """
    values = np.empty((int(grid.offsets[-1]), sum(len(f.names) for f in features)))
    at = 0
    for feature in features:
        encoded = encode(cells[feature.name].take(sources), feature)
        for k in range(encoded.shape[1]):
            told = feature.missing and k == encoded.shape[1] - 1
            column = np.full(len(values), 1.0 if told else np.nan)
            column[grid.places] = encoded[:, k]
            values[:, at] = np.nan_to_num(carry_forward(column, grid.offsets), nan=0.0)
            at += 1
    return values


# --- what is constant in a series -------------------------------------------------------------------


def constant_cells(cells: Cells, rows: Rows, series: Array) -> Cells:
    """One cell a series, NaN where all are missing, (S,).

    Args:
        cells: of the whole table.
        rows: its sorted rows.
        series: the numbers of the series that are wanted, (S,).
    """
    values = cells.values[rows.places]
    known = np.flatnonzero(~np.isnan(values))
    codes = rows.codes[known]
    beginnings = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(known) else known
    first = np.full(len(rows.names), -1)
    first[codes[beginnings]] = known[beginnings]
    differs = np.flatnonzero(values[known] != values[first[codes]])
    if len(differs):
        other = int(known[differs[0]])
        one = int(first[rows.codes[other]])
        shown = [repr(cells.texts[int(values[k])]) if cells.texts else f"{values[k]:g}" for k in (one, other)]
        raise DataError(
            f"column {cells.name!r} should have one value a series; {rows.series(other)} has {shown[0]} in row "
            f"{rows.row(one)} and {shown[1]} in row {rows.row(other)}. Correct it, or call it past or future."
        )
    wanted = first[series]
    return cells._replace(values=np.where(wanted < 0, np.nan, values[wanted]))


def series_weights(cells: Cells, rows: Rows, series: Array) -> Array:
    """The weights of the series in the loss, their mean 1, (S,)."""
    if cells.texts is not None:
        raise DataError(f"column {cells.name!r} holds text; weights are numbers. Convert it first.")
    values = cells.values[rows.places]
    bad = np.flatnonzero(~(values > 0))
    if len(bad):
        k = int(bad[0])
        found = "is missing" if np.isnan(values[k]) else f"is {values[k]:g}"
        raise DataError(
            f"column {cells.name!r}, row {rows.row(k)}: the weight of {rows.series(k)} {found}; weights are > 0. "
            "To leave a series out, drop its rows."
        )
    weights = constant_cells(cells, rows, series).values
    return weights / weights.mean()


def encode_static(series: Mapping[str, Cells], layout: CovariateLayout) -> tuple[Array, Array]:
    """Numbers (S, A) and codes of categories (S, B), from one cell a series."""
    numbers = [np.nan_to_num(encode(series[f.name], f), nan=0.0) for f in layout.numeric]
    codes = [_places(series[f.name], f) + 1 for f in layout.categorical]
    return np.concatenate(numbers, axis=1) if numbers else np.zeros((0, 0)), (
        np.stack(codes, axis=1).astype(np.int64) if codes else np.zeros((0, 0), np.int64)
    )


# --- all of it --------------------------------------------------------------------------------------


def tells_of_the_future(cells: Mapping[str, Cells], columns: Columns) -> Array:
    """Rows of the table in which a known-ahead covariate has a value, (n,) bool; there must be such a covariate."""
    return np.any([~np.isnan(cells[name].values) for name in columns.future], axis=0)


def make_covariates(
    cells: Mapping[str, Cells], rows: Rows, grid: Grid, columns: Columns, layout: CovariateLayout | None
) -> tuple[Covariates, list[str]]:
    """The covariates of a grid, and notes.

    Args:
        cells: of the whole table, by name.
        rows: its sorted rows.
        grid: where they lie.
        columns: of the table.
        layout: as decided in training; None: decided here.
    """
    count = len(grid.series)
    if not cells:
        return Covariates.none(int(grid.offsets[-1]), count), []
    none = Covariates.none(int(grid.offsets[-1]), count)
    sources = rows.places[grid.rows]
    series = {name: constant_cells(cells[name], rows, grid.series) for name in columns.static}
    in_training = ~grid.ahead[grid.places]
    weights = none.weights
    if layout is None:
        layout = decide_layout(cells, columns, sources[in_training], series)
        if columns.weight is not None:
            weights = series_weights(cells[columns.weight], rows, grid.series)
    notes = []
    varying = (*layout.past, *layout.future)
    read = {f.name: sources[in_training] for f in layout.past} | {f.name: sources for f in layout.future}
    for feature in varying:
        notes += unseen_texts(cells[feature.name].take(read[feature.name]), feature, "its indicators are all 0 there")
    for feature in layout.static:
        notes += unseen_texts(series[feature.name], feature, "it counts as unknown")
    values = on_grid(cells, varying, grid, sources)
    if layout.known:
        # of stamps that the table has not, nothing is known ahead
        told = np.zeros(len(values), bool)
        told[grid.places] = tells_of_the_future(cells, columns)[sources]
        values[grid.ahead & ~told, -layout.known :] = np.nan
    static, categories = encode_static(series, layout)
    return Covariates(
        layout,
        values,
        static.reshape(count, -1),
        categories.reshape(count, -1),
        weights,
        np.zeros((0, layout.known)),
        none.ahead_offsets,
    ), notes
