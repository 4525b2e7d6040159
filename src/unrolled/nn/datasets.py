"""Training data as engines read it: each batch is gathered when it is needed, without earlier copies.

`Arrays` holds rows; `Windows` holds one long table of series and the start of each row in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..arrays import Array, over_leading_axes
from ..errors import InputError
from ..plurals import counted
from .argument_checks import numbers
from .lengths import valid_steps


class Batch(NamedTuple):
    """Rows for one step: inputs by name, target, and optionally weight (N, ...), lengths (N,) and unit (N,).

    `unit` is the value that a target of 1 stands for in the units of the data; likelihoods of counts need it.
    """

    inputs: dict[str, Array]
    target: Array
    weight: Array | None
    lengths: Array | None
    unit: Array | None = None


def target_array(target: Any, dtype: np.dtype) -> Array:
    """Targets in the working dtype; whole numbers, which may be classes, stay as they are."""
    target = numbers(target, "y")
    return target if target.dtype.kind in "iu" else target.astype(dtype, copy=False)


class Dataset(Protocol):
    """Rows that can be gathered by number."""

    def __len__(self) -> int: ...

    def batch(self, rows: Array, dtype: np.dtype) -> Batch: ...


@dataclass(frozen=True)
class Arrays:
    """Rows in arrays."""

    x: Array  # (N, T, F)
    target: Array  # (N, ...)
    weight: Array | None = None  # (N, ...)
    lengths: Array | None = None  # (N,)

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: Array, dtype: np.dtype) -> Batch:
        return Batch(
            {"x": self.x[rows].astype(dtype, copy=False)},
            target_array(self.target[rows], dtype),
            None if self.weight is None else self.weight[rows].astype(dtype, copy=False),
            None if self.lengths is None else self.lengths[rows],
        )

    def check_finite(self) -> None:
        """Raise if a value that the network reads, or a target whose weight is not 0, is NaN or infinite."""
        rows, steps = self.x.shape[:2]
        valid = np.ones((rows, steps), bool) if self.lengths is None else valid_steps(self.lengths, steps)
        wrong = np.argwhere(~np.isfinite(self.x).all(axis=2) & valid)
        if len(wrong):
            row, step = wrong[0]
            raise InputError(
                f"x is not finite in row {row}, step {step} ({counted(len(wrong), 'such step')}). Replace these "
                "values."
            )
        counts = np.ones(self.target.shape, bool)
        for mask in (self.weight, valid if self.target.shape[1:2] == (steps,) else None):
            if mask is not None and mask.shape == counts.shape[: mask.ndim]:
                counts &= over_leading_axes(mask > 0, counts.ndim)
        wrong = np.argwhere(~np.isfinite(self.target) & counts)
        if len(wrong):
            raise InputError(
                f"y is not finite in row {wrong[0][0]} ({counted(len(wrong), 'such value')}). "
                "Replace these values, or give them weight 0."
            )

    def followed_by(self, validation: Arrays) -> Arrays:
        """These rows, and the rows for validation after them; neither has weights or lengths."""
        for name in ("x", "target"):
            ours, theirs = getattr(self, name).shape[1:], getattr(validation, name).shape[1:]
            if ours != theirs:
                raise InputError(f"validation: rows of {name} have shape {theirs}; training rows have {ours}.")
        return Arrays(np.concatenate((self.x, validation.x)), np.concatenate((self.target, validation.target)))


@dataclass(frozen=True)
class Windows:
    """Rows that are windows of one table, in which the series follow each other.

    Row k reads `lengths[k]` rows of the table from `starts[k]` on. The first L channels are scaled: `loc[k]` is
    subtracted, and the result is divided by `scale[k]`; the other channels are read as they are. A step of the
    network reads `segment` rows of the table at once, so that its input "x" is (N, window / segment, segment·C).

    The targets are the next `horizon` values of channel 0; from each its anchor is subtracted, and the result is
    divided by `scale[k, 0]`. The anchor of the target h steps ahead is `loc[k, 0]`; with `drift` it is
    `loc[k, 0] + h drift[k]`; with `lags` it is the value `lags[h - 1]` steps before the target, which must be known
    at the end of the window. A network whose output is 0 forecasts the anchors. Counts have the anchor 0: `loc[k, 0]`
    is 0, and there are no lags.

    A network that decodes the horizon in M steps of one segment each (`decoded`) has a second input "ahead",
    (N, M, segment·K + A + M): the last K channels, which are known ahead, at the places of the targets; the fixed
    features of the row's series; and the number of the step, one-hot. Its targets are (N, M, segment), with weight 0
    past the horizon. Each column of `codes` is one more input "code 0", "code 1", ..., (N, M, 1).
    """

    values: Array  # (n, C)
    observed: Array  # (n,) 1 where channel 0 was observed, 0 where a gap was filled
    starts: Array  # (N,)
    lengths: Array  # (N,), each ≤ window and a multiple of segment
    loc: Array  # (N, L)
    scale: Array  # (N, L)
    window: int
    horizon: int
    lags: Array | None = None  # (horizon,)
    drift: Array | None = None  # (N,), not together with lags
    segment: int = 1
    decoded: bool = False
    known: int = 0  # K
    weight: Array | None = None  # (N,) weight of each row's targets
    series: Array | None = None  # (N,) the row of `fixed` and `codes` that belongs to each row
    fixed: Array | None = None  # (S, A)
    codes: Array | None = None  # (S, B) whole numbers ≥ 0

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def steps_ahead(self) -> int:
        """M, the number of steps in which the horizon is decoded."""
        return -(-self.horizon // self.segment)

    def inputs(self, rows: Array, dtype: np.dtype) -> tuple[dict[str, Array], Array | None]:
        """The network's inputs by name, as long as the longest row; and lengths in steps, None if all are equal."""
        lengths = self.lengths[rows]
        window = max(int(lengths.max()), self.segment)  # no padding beyond the longest
        places = np.arange(window)
        at = self.starts[rows, None] + np.minimum(places, np.maximum(lengths - 1, 0)[:, None])
        x = self._scaled(rows, at, 0)
        full = bool((lengths == window).all())
        if not full:
            x[places >= lengths[:, None]] = 0
        steps = window // self.segment
        found = {"x": x.reshape(len(rows), steps, -1).astype(dtype, copy=False)}
        if self.decoded:
            found |= self._ahead(rows, dtype)
        return found, None if full else lengths // self.segment

    def _scaled(self, rows: Array, places: Array, first: int) -> Array:
        """The channels from `first` on at places (N, T) of the table, scaled as the network reads them."""
        values = self.values.take(places, axis=0).astype(np.float64, copy=False)
        for c in range(first, self.loc.shape[1]):  # all steps of a channel at once, as there are few channels
            values[..., c] -= self.loc[rows, c, None]
            values[..., c] /= self.scale[rows, c, None]
        return values[..., first:]

    def _ahead(self, rows: Array, dtype: np.dtype) -> dict[str, Array]:
        n, steps = len(rows), self.steps_ahead
        known = np.zeros((n, steps * self.segment, self.known))
        if self.known:  # otherwise the table may end at the end of the windows
            first = self.values.shape[1] - self.known
            known[:, : self.horizon] = self._scaled(rows, self._target_places(rows), first)
        parts = [known.reshape(n, steps, -1), np.broadcast_to(np.eye(steps), (n, steps, steps))]
        if self.fixed is not None:
            parts.insert(1, np.broadcast_to(self.fixed[self._series(rows), None], (n, steps, self.fixed.shape[1])))
        found = {"ahead": np.concatenate(parts, axis=2).astype(dtype, copy=False)}
        if self.codes is not None:
            for k, column in enumerate(self.codes[self._series(rows)].T):
                found[f"code {k}"] = np.repeat(column[:, None, None], steps, axis=1).astype(dtype)
        return found

    def _series(self, rows: Array) -> Array:
        assert self.series is not None, "rows need the number of their series"
        return self.series[rows]

    def anchors(self, rows: Array) -> Array:
        """The anchors of the targets, (N, horizon), in the units of `values`."""
        if self.drift is not None:
            return self.loc[rows, :1] + self.drift[rows, None] * np.arange(1, self.horizon + 1)
        if self.lags is None:
            return np.repeat(self.loc[rows, :1], self.horizon, axis=1)
        return self.values[self.anchor_places(rows), 0]

    def anchor_places(self, rows: Array) -> Array:
        """The places of the anchors in `values` if there are lags, (N, horizon)."""
        return self._target_places(rows) - self.lags

    def batch(self, rows: Array, dtype: np.dtype) -> Batch:
        inputs, lengths = self.inputs(rows, dtype)
        places = self._target_places(rows)
        target = (self.values[places, 0] - self.anchors(rows)) / self.scale[rows, :1]
        weight = self.observed[places]
        if self.weight is not None:
            weight = weight * self.weight[rows, None]
        if self.decoded:
            padding = ((0, 0), (0, self.steps_ahead * self.segment - self.horizon))
            shape = (len(rows), self.steps_ahead, self.segment)
            target, weight = (np.pad(a, padding).reshape(shape) for a in (target, weight))
        return Batch(inputs, target.astype(dtype), weight.astype(dtype), lengths, self.scale[rows, 0])

    def _target_places(self, rows: Array) -> Array:
        return (self.starts[rows] + self.lengths[rows])[:, None] + np.arange(self.horizon)
