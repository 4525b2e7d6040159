"""What looks wrong in a column but may be right: it is pointed out, never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ...arrays import Array

OFTEN = 3  # times a number must come before it is suspected to stand for a missing value


def suspected_sentinel(values: Array) -> tuple[float, int] | None:
    """A number that seems to stand for missing values, and how often it comes; None if there is none.

    It is the only negative one or made of nines, lies beyond all others, and comes at least three times.

    >>> suspected_sentinel(np.array([1.5, -200, 2.5, -200, -200, 3]))
    (-200.0, 3)
    """
    known = values[np.isfinite(values)]
    if len(known) < OFTEN + 1:
        return None
    low, high = known.min(), known.max()
    for end, others in ((low, known[known > low]), (high, known[known < high])):
        count = len(known) - len(others)
        if count < OFTEN or not len(others) or end != round(end):
            continue
        nines = re.fullmatch(r"-?9{2,}(\.0)?", str(float(end))) is not None
        if end < 0 <= others.min() or (nines and abs(end) > 2 * np.abs(others).max()):
            return float(end), count
    return None


def sentinel_notes(frame: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    notes = []
    for column in columns:
        if pd.api.types.is_float_dtype(frame[column]):
            found = suspected_sentinel(frame[column].to_numpy(float))
            if found:
                said = f"{found[0]:g}"
                notes.append(
                    f"{said} comes {found[1]} times in {column!r} and lies apart from all others: if it stands for a "
                    f"missing value, say --na={said}"
                )
    return notes
