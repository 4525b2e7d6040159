"""Columns of texts, which are categorical where long tables repeat a few: each distinct text is examined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ...arrays import Array

CELLS_AT_ONCE = 10_000  # that are compared before it is known whether others have to be


def distinct_texts(column: pd.Series) -> tuple[Array, pd.Series]:
    """The position of each cell among the distinct texts of a column, -1 where it is empty, (n,), and these texts."""
    cells = column.to_numpy()
    if cells.dtype == object and len(cells) > 1 and _rises(cells):
        return np.arange(len(cells)), pd.Series(cells, dtype=object, copy=False)
    codes, texts = pd.factorize(column)
    return codes, pd.Series(np.asarray(texts, object), dtype=object)


def _rises(cells: Array) -> bool:
    """Whether each text comes after the one before it, as the timestamps of a single series do."""
    try:
        pieces = (cells[start : start + CELLS_AT_ONCE + 1] for start in range(0, len(cells), CELLS_AT_ONCE))
        return all(bool((piece[1:] > piece[:-1]).all()) for piece in pieces)
    except TypeError:  # an empty cell can't be compared
        return False


def each_text(column: pd.Series, function: Callable[[pd.Series], Any]) -> pd.Series:
    """What a function of texts gives for each cell of a column, NaN where it is empty, (n,).

    >>> each_text(pd.Series(["7", None, "7", "8"]), pd.to_numeric).tolist()
    [7.0, nan, 7.0, 8.0]
    """
    codes, texts = distinct_texts(column)
    found = pd.Series(function(texts), name=column.name)
    return found.reindex(codes).set_axis(column.index)


def as_objects(column: pd.Series) -> pd.Series:
    """The texts of a column as objects, None where a cell is empty."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    texts = np.array([*column.cat.categories, None], object)
    return pd.Series(texts[column.cat.codes.to_numpy()], index=column.index, name=column.name, dtype=object)
