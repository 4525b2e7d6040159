"""Numbers that may stand for missing values: they are reported, never changed."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...arrays import Array

MIN_SENTINEL_COUNT = 3


def suspected_sentinel(values: Array) -> tuple[float, int] | None:
    """A number that seems to stand for missing values, and how often it occurs; None if there is none.

    It occurs at least three times, lies beyond all others, and is either the only negative number or made of nines.

    >>> suspected_sentinel(np.array([1.5, -200, 2.5, -200, -200, 3]))
    (-200.0, 3)
    """
    is_finite = np.isfinite(values)
    finite = values if is_finite.all() else values[is_finite]
    if len(finite) < MIN_SENTINEL_COUNT + 1:
        return None
    low, high = finite.min(), finite.max()
    for end in (low, high):
        count = int((finite == end).sum())
        if count < MIN_SENTINEL_COUNT or count == len(finite) or end != round(end):
            continue
        others = finite[finite != end]
        nines = re.fullmatch(r"-?9{2,}(\.0)?", str(float(end))) is not None
        if end < 0 <= others.min() or (nines and abs(end) > 2 * np.abs(others).max()):
            return float(end), count
    return None


def sentinel_notes(frame: pd.DataFrame, columns: Mapping[str, str]) -> list[str]:
    """A note for each of these columns, given with their names in notes, in which a number seems to mean none."""
    notes = []
    for column, shown in columns.items():
        if pd.api.types.is_float_dtype(frame[column]):
            found = suspected_sentinel(frame[column].to_numpy(float))
            if found:
                value = f"{found[0]:g}"
                notes.append(
                    f"{value} occurs {found[1]} times in {shown}, far from all other values: if it stands for a "
                    f"missing value, use `na={value!r}`"
                )
    return notes
