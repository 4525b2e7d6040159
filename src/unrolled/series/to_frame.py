"""From panels to tables: forecasts and sample paths as long data frames of the input's library."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import Array
from .columns import Columns
from .dataframe import PANDAS, Library, in_library
from .panel import Panel


def forecast_frame(
    panel: Panel, horizon: int, columns: Columns, forecasts: Mapping[str, Array], library: Library = PANDAS
) -> Any:
    """A long table of forecasts, one column each from an array (S, horizon)."""
    data = index_columns(panel, horizon, columns, 1)
    data |= {name: np.ascontiguousarray(values.reshape(-1)) for name, values in forecasts.items()}
    return in_library(data, library, panel.frequency.zone)


def path_frame(panel: Panel, columns: Columns, name: str, paths: Array, library: Library) -> Any:
    """A long table of sample paths (S, P, H), path by path; the column `sample` numbers the paths."""
    count, n_paths, horizon = paths.shape
    data = index_columns(panel, horizon, columns, n_paths)
    data["sample"] = np.tile(np.repeat(np.arange(n_paths), horizon), count)
    data[name] = np.ascontiguousarray(paths.reshape(-1))
    return in_library(data, library, panel.frequency.zone)


def index_columns(panel: Panel, horizon: int, columns: Columns, n_paths: int) -> dict[str, Array]:
    """The ids, if there are any, and the next `horizon` timestamps, `n_paths` times for each of S series,
    (S · n_paths · horizon,)."""
    data: dict[str, Array] = {}
    if panel.ids[0] is not None:
        ids = np.asarray(panel.ids, object if len(set(map(type, panel.ids))) > 1 else None)  # 7 beside "x" stays 7
        data[columns.id] = np.repeat(ids, n_paths * horizon)
    ends = np.repeat(panel.first + panel.lengths, n_paths)
    data[columns.time] = panel.frequency.instants((ends[:, None] + np.arange(horizon)).reshape(-1))
    return data
