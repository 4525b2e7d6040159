"""Forecast origins."""

from __future__ import annotations

from typing import NamedTuple

from ...arrays import Array


class Origins(NamedTuple):
    """Where forecasts start: origin k sees the rows starts[k] .. ends[k] of its series."""

    series: Array  # (N,)
    starts: Array  # (N,)
    ends: Array  # (N,)
