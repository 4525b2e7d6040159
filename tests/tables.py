"""Small tables for several test files: long frames of every library, and the lines of a CSV file."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa

LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": lambda data: pa.table(dict(data))}
SALES = ("date,sales", "2024-01-01,1.5", "2024-01-02,", "2024-01-03,3")


def table(y, start="2024-01-01", freq="D", **columns) -> pd.DataFrame:
    """A table with one row a value, whose stamps follow each other."""
    return pd.DataFrame({**columns, "ds": pd.date_range(start, periods=len(y), freq=freq), "y": y})
