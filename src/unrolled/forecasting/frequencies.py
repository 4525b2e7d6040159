"""Tables whose series have different frequencies: one table for each."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .frequency import Frequency
from .panel import Columns
from .reading import open_table, read_ids, read_stamps

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


def by_frequency(df: IntoDataFrame, id_col: str = "unique_id", time_col: str = "ds") -> dict[str, Any]:
    """A long table as one table for each frequency that its series have, by the frequency's name.

    Periods ahead, seasons and calendars mean something else at each frequency, so that each wants a forecaster of its
    own. A series with fewer than two different stamps goes with the most frequent frequency.

    Args:
        df: one row a stamp and series, of any library that narwhals knows.
        id_col: tells series apart.
        time_col: stamps, dates or whole numbers.

    Returns:
        Tables in the library of the input, each with its rows in their order; the largest first.

    Raises:
        DataError: a column is missing, or a stamp is none.

    >>> import pandas as pd, unrolled as un
    >>> months = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=12, freq="MS"), "y": 1.0})
    >>> years = pd.DataFrame({"unique_id": "b", "ds": pd.date_range("2014-01-01", periods=10, freq="YS"), "y": 2.0})
    >>> {name: len(table) for name, table in un.by_frequency(pd.concat([months, years])).items()}
    {'monthly': 12, 'yearly': 10}
    """
    columns = Columns(id_col, time_col)
    table = open_table(df, columns, (time_col,))
    codes, _ = read_ids(table, columns)
    stamps = read_stamps(table[time_col], columns)
    order = np.lexsort((stamps, codes))
    bounds = np.searchsorted(codes[order], np.arange(codes.max() + 2))
    names = [_name(stamps[order[low:high]]) for low, high in pairwise(bounds)]
    rows: dict[str, int] = {}
    for name, count in zip(names, np.diff(bounds).tolist(), strict=True):
        if name is not None:
            rows[name] = rows.get(name, 0) + count
    found = sorted(rows, key=lambda name: -rows[name])
    if len(found) < 2:
        return dict.fromkeys(found, df)
    of_row = np.array([found.index(name or found[0]) for name in names])[codes]
    return {name: table.filter((of_row == k).tolist()).to_native() for k, name in enumerate(found)}


def _name(stamps: np.ndarray) -> str | None:
    """The name of the frequency of one series' sorted stamps; None where they don't tell."""
    return Frequency.infer(stamps, np.zeros(1, int)).name if stamps[0] < stamps[-1] else None
