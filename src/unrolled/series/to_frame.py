"""Panels to tables: forecasts and sample paths as long frames, in the library of the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from .columns import Columns
from .dataframe import in_library
from .panel import Panel

if TYPE_CHECKING:
    pass


def path_frame(panel: Panel, columns: Columns, name: str, paths: Array, library: str) -> Any:
    """A long table of paths (S, P, H), path by path, in this library."""
    count, number, horizon = paths.shape
    starts = np.repeat(panel.first + panel.lengths, number)
    data: dict[str, Any] = {}
    if panel.ids[0] is not None:
        data[columns.id] = np.repeat(np.asarray(panel.ids), number * horizon)
    data[columns.time] = panel.frequency.stamps((starts[:, None] + np.arange(horizon)).reshape(-1))
    data["sample"] = np.tile(np.repeat(np.arange(number), horizon), count)
    data[name] = np.ascontiguousarray(paths.reshape(-1))
    return in_library(data, library)


def forecast_frame(
    panel: Panel, horizon: int, columns: Columns, forecasts: Mapping[str, Array], library: str = "pandas"
) -> Any:
    """A long table of forecasts, (S, horizon) each, in this library."""
    ends = panel.first + panel.lengths
    data: dict[str, Any] = {}
    if panel.ids[0] is not None:
        data[columns.id] = np.repeat(np.asarray(panel.ids), horizon)
    data[columns.time] = panel.frequency.stamps((ends[:, None] + np.arange(horizon)).reshape(-1))
    data |= {name: np.ascontiguousarray(values.reshape(-1)) for name, values in forecasts.items()}
    return in_library(data, library)
