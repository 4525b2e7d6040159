"""`read_table`: a tidy table for a forecaster."""

from __future__ import annotations

import unrolled as un
from tables import DAYS


def test_python_gets_a_tidy_table(file):
    path = file("store;date;sold;price", *(f"{s};{day};{k},5;{k}" for s in "ab" for k, day in enumerate(DAYS)))
    table = un.read_table(path, target="sold", future=["price"])
    assert list(table) == ["unique_id", "ds", "y", "price"]
    assert table.y[1] == 1.5
    assert table.attrs["columns"] == {"unique_id": "store", "ds": "date", "y": "sold"}
    assert "column 'sold': commas read as decimal points" in table.attrs["notes"]
