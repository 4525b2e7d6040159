"""Columns of texts, which long tables have as categories or packed: each distinct text is examined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ...arrays import Array
from ..packed_texts import PackedTexts, pieces_of


def distinct_texts(column: pd.Series) -> tuple[Array, pd.Series]:
    """The position of each cell among the distinct texts of a column, -1 where it is empty, (n,), and these texts.

    The texts are packed if the column is, and its texts are in order, as the timestamps of a single series are.
    """
    if not isinstance(column.dtype, pd.CategoricalDtype) and len(column) > 1 and _rises(column):
        return np.arange(len(column)), column.reset_index(drop=True)
    codes, texts = pd.factorize(column)
    return codes, pd.Series(np.asarray(texts, object), dtype=object)


def _rises(column: pd.Series) -> bool:
    """Whether each text comes after the one before it."""
    last = ""
    for piece in pieces_of(column):
        cells = np.append(np.array([last], object), piece.to_numpy(object))
        try:
            if not (cells[1:] > cells[:-1]).all():
                return False
        except TypeError:  # an empty cell can't be compared
            return False
        last = cells[-1]
    return True


def each_text(column: pd.Series, function: Callable[[pd.Series], Any]) -> pd.Series:
    """What a function of texts gives for each cell of a column, NaN where it is empty, (n,).

    >>> each_text(pd.Series(["7", None, "7", "8"]), pd.to_numeric).tolist()
    [7.0, nan, 7.0, 8.0]
    """
    codes, texts = distinct_texts(column)
    found = pd.Series(function(as_objects(texts)), name=column.name)
    return found.reindex(codes).set_axis(column.index)


def as_objects(column: pd.Series) -> pd.Series:
    """The texts of a column as objects, None where a cell is empty."""
    if isinstance(column.array, PackedTexts):
        return column.astype(object)
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    texts = np.array([*column.cat.categories, None], object)
    return pd.Series(texts[column.cat.codes.to_numpy()], index=column.index, name=column.name, dtype=object)
