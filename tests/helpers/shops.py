"""A table of two shops with covariates of every kind."""

from __future__ import annotations

import pandas as pd

from tables import LIBRARIES
from unrolled.series.columns import Columns
from unrolled.series.panel import Panel


def shops(library: str = "pandas"):
    """Two shops of four days; shop b lacks its second day."""
    data = {
        "shop": ["b", "b", "b", "a", "a", "a", "a"],
        "day": pd.to_datetime([f"2024-01-{d:02}" for d in (1, 3, 4, 1, 2, 3, 4)]).to_pydatetime().tolist(),
        "sales": [1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "rain": [None, 0.5, None, 0.1, 0.2, 0.3, 0.4],
        "price": [10, 30, 40, 50, 60, 70, 80],
        "open": [True, False, True, True, True, False, False],
        "sky": ["grey", "blue", "grey", "blue", None, "grey", "blue"],
        "size": [3.5, 3.5, 3.5, 2.0, 2.0, 2.0, 2.0],
        "town": ["Rome", "Rome", "Rome", "Bonn", "Bonn", None, "Bonn"],
        "weight": [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0],
    }
    return LIBRARIES[library](data)


SHOPS = Columns(
    "shop",
    "day",
    "sales",
    past=("rain", "sky"),
    future=("price", "open"),
    static=("size", "town"),
    weight="weight",
)


def values_of(panel: Panel) -> dict[str, list[float]]:
    covariates = panel.covariates
    return dict(zip(covariates.names, covariates.values.T.tolist(), strict=True))
