"""Training data as engines read it: a batch is gathered when it is needed, and nothing is copied before.

`Arrays` holds rows; `Windows` holds one long table of series and says where in it each row begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from .errors import InputError
from .ops import Array, valid_steps


class Batch(NamedTuple):
    """Rows for one step: x (N, T, F), target, and optionally weight (N, ...), lengths (N,) and unit (N,).

    A target of 1 stands for so much in the data's own units, which likelihoods of counts need to know.
    """

    x: Array
    target: Array
    weight: Array | None
    lengths: Array | None
    unit: Array | None = None


class Data(Protocol):
    """Rows that can be gathered by number."""

    def __len__(self) -> int: ...

    def batch(self, rows: Array, dtype: np.dtype) -> Batch: ...


@dataclass(frozen=True)
class Arrays:
    """Rows that lie in arrays."""

    x: Array  # (N, T, F)
    target: Array  # (N, ...)
    weight: Array | None = None  # (N, ...)
    lengths: Array | None = None  # (N,)

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: Array, dtype: np.dtype) -> Batch:
        target = self.target[rows]
        return Batch(
            self.x[rows].astype(dtype, copy=False),
            target if target.dtype.kind in "iu" else target.astype(dtype, copy=False),
            None if self.weight is None else self.weight[rows].astype(dtype, copy=False),
            None if self.lengths is None else self.lengths[rows],
        )


def refuse_not_finite(data: Arrays) -> None:
    """Raise if a value that the network reads, or a target that counts, is NaN or infinite."""
    rows, steps = data.x.shape[:2]
    valid = np.ones((rows, steps), bool) if data.lengths is None else valid_steps(data.lengths, steps)
    wrong = np.argwhere(~np.isfinite(data.x).all(axis=2) & valid)
    if len(wrong):
        row, step = wrong[0]
        raise InputError(f"x is not finite in row {row}, step {step} ({len(wrong)} such step(s)). Fill it in.")
    counts = np.ones(data.target.shape, bool)
    for mask in (data.weight, valid if data.target.shape[1:2] == (steps,) else None):
        if mask is not None and mask.shape == counts.shape[: mask.ndim]:
            counts &= (mask > 0).reshape(mask.shape + (1,) * (counts.ndim - mask.ndim))
    wrong = np.argwhere(~np.isfinite(data.target) & counts)
    if len(wrong):
        raise InputError(
            f"y is not finite in row {wrong[0][0]} ({len(wrong)} such value(s)). Fill it in, or give it weight 0."
        )


@dataclass(frozen=True)
class Windows:
    """Rows that are windows of one table in which all series stand one below the other.

    Row k reads `lengths[k]` steps from `starts[k]` on, less `loc[k]`, divided by `scale[k]`, channel by channel. Its
    targets are the next `horizon` values of channel 0, each less its anchor, divided by `scale[k, 0]`. The anchor is
    `loc[k, 0]`, or with `lags` the value so many steps before the target, which must be known at the window's end. A
    network that gives 0 repeats the anchors. Counts have the anchor 0: `loc[k, 0]` is 0, and there are no lags.
    """

    values: Array  # (n, C)
    observed: Array  # (n,) 1 where channel 0 was observed, 0 where a gap was filled
    starts: Array  # (N,)
    lengths: Array  # (N,), each ≤ window
    loc: Array  # (N, C)
    scale: Array  # (N, C)
    window: int
    horizon: int
    lags: Array | None = None  # (horizon,)

    def __len__(self) -> int:
        return len(self.starts)

    def inputs(self, rows: Array, dtype: np.dtype) -> tuple[Array, Array | None]:
        """x (N, T, C) with padding at its end set to 0, and lengths (None where all windows are full)."""
        lengths = self.lengths[rows]
        steps = np.arange(self.window)
        at = self.starts[rows, None] + np.minimum(steps, np.maximum(lengths - 1, 0)[:, None])
        x = (self.values[at] - self.loc[rows, None]) / self.scale[rows, None]
        if (lengths == self.window).all():
            return x.astype(dtype, copy=False), None
        x[steps >= lengths[:, None]] = 0
        return x.astype(dtype, copy=False), lengths

    def anchors(self, rows: Array) -> Array:
        """What the targets are measured from, (N, horizon), in the units of `values`."""
        if self.lags is None:
            return np.repeat(self.loc[rows, :1], self.horizon, axis=1)
        return self.values[self.anchor_places(rows), 0]

    def anchor_places(self, rows: Array) -> Array:
        """Where the anchors stand in `values` when there are lags, (N, horizon)."""
        return self._target_places(rows) - self.lags

    def batch(self, rows: Array, dtype: np.dtype) -> Batch:
        x, lengths = self.inputs(rows, dtype)
        places = self._target_places(rows)
        target = (self.values[places, 0] - self.anchors(rows)) / self.scale[rows, :1]
        return Batch(x, target.astype(dtype), self.observed[places].astype(dtype), lengths, self.scale[rows, 0])

    def _target_places(self, rows: Array) -> Array:
        return (self.starts[rows] + self.lengths[rows])[:, None] + np.arange(self.horizon)
