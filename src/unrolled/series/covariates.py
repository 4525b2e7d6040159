"""Covariates: the columns of a table besides the target, encoded as columns of numbers.

The encoding is decided once, from the training table, and kept in a `CovariateLayout`: a later table gives the same
columns, whatever it contains.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array
from .ragged import offsets_of, rows_between


@dataclass(frozen=True)
class CovariateSpec:
    """How one column of a table is encoded."""

    name: str  # the column's name
    texts: tuple[str, ...] | None = None  # its distinct texts in the training table, sorted; None: it holds numbers
    missing: bool = False  # whether a last indicator column marks missing values

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the encoded columns: one, or one per text, then the indicator of missing values.

        >>> CovariateSpec("sky", texts=("blue", "grey"), missing=True).names
        ('sky=blue', 'sky=grey', 'sky is missing')
        """
        own = [self.name] if self.texts is None else [f"{self.name}={text}" for text in self.texts]
        return (*own, *([f"{self.name} is missing"] if self.missing else []))


@dataclass(frozen=True)
class CovariateLayout:
    """How all covariates of a table are encoded; decided in training."""

    past: tuple[CovariateSpec, ...] = ()  # covariates whose values are known up to the present only
    future: tuple[CovariateSpec, ...] = ()  # covariates whose future values are known in advance
    static: tuple[CovariateSpec, ...] = ()  # covariates with one value per series; texts are categories

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the encoded columns that vary in time, past covariates first, (C)."""
        return tuple(name for spec in (*self.past, *self.future) for name in spec.names)

    @property
    def known(self) -> int:
        """The number of columns known in advance, K; they come last."""
        return sum(len(spec.names) for spec in self.future)

    @property
    def numeric(self) -> tuple[CovariateSpec, ...]:
        return tuple(spec for spec in self.static if spec.texts is None)

    @property
    def categorical(self) -> tuple[CovariateSpec, ...]:
        return tuple(spec for spec in self.static if spec.texts is not None)

    def describe(self) -> dict[str, Any]:
        """The layout as JSON can store it."""
        return asdict(self)


@dataclass(frozen=True)
class Covariates:
    """The encoded covariates of a panel of n rows and S series.

    Missing values are carried forward, and are 0 before the first value. Series k knows the rows ahead_offsets[k] ..
    ahead_offsets[k + 1] of `ahead`, which follow its last row in the panel.
    """

    layout: CovariateLayout  # how they are encoded
    values: Array  # covariates that vary in time, those known in advance last, (n, C)
    static: Array  # numbers, (S, A)
    categories: Array  # codes, (S, B); 0: missing or not seen in training, else 1 + the position in `levels`
    weights: Array  # weights of the series in the loss, with mean 1, (S,)
    ahead: Array  # future values of the columns known in advance, NaN where they are unknown, (m, K)
    ahead_offsets: Array = field(repr=False)  # (S + 1,)

    @classmethod
    def none(cls, rows: int, series: int) -> Covariates:
        """The covariates of a panel without any."""
        return cls(
            layout=CovariateLayout(),
            values=np.zeros((rows, 0)),
            static=np.zeros((series, 0)),
            categories=np.zeros((series, 0), np.int64),
            weights=np.ones(series),
            ahead=np.zeros((0, 0)),
            ahead_offsets=np.zeros(series + 1, np.int64),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of `values`, (C)."""
        return self.layout.names

    @property
    def known(self) -> int:
        """The number of columns of `values` known in advance, K; they come last."""
        return self.layout.known

    @property
    def static_names(self) -> tuple[str, ...]:
        """Names of the columns of `static`, (A)."""
        return tuple(name for spec in self.layout.numeric for name in spec.names)

    @property
    def category_names(self) -> tuple[str, ...]:
        """Names of the columns of `categories`, (B)."""
        return tuple(spec.name for spec in self.layout.categorical)

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """For each column of `categories` its sorted texts, whose codes are 1, 2, ..."""
        return tuple(spec.texts or () for spec in self.layout.categorical)

    def cut(self, offsets: Array, starts: Array, ends: Array, kept: Array) -> Covariates:
        """The covariates of the rows starts .. ends (S,) of the kept series; rows after `ends` are added to `ahead`.

        `offsets` (S + 1,) are the panel's, and `kept` the numbers of the series to keep.
        """
        weights = self.weights[kept]
        if 0 < len(kept) < len(self.weights):
            weights = weights / weights.mean()
        later, before = offsets[kept + 1] - ends[kept], np.diff(self.ahead_offsets)[kept]
        ahead_offsets = offsets_of(later + before)
        ahead = np.empty((ahead_offsets[-1], self.known))
        if self.known:
            first = ahead_offsets[:-1]
            known_in_advance = self.values[:, -self.known :]
            ahead[rows_between(first, first + later)] = known_in_advance[rows_between(ends[kept], offsets[kept + 1])]
            own = rows_between(self.ahead_offsets[kept], self.ahead_offsets[kept + 1])
            ahead[rows_between(first + later, ahead_offsets[1:])] = self.ahead[own]
        values = self.values[rows_between(starts[kept], ends[kept])]
        return Covariates(
            self.layout, values, self.static[kept], self.categories[kept], weights, ahead, ahead_offsets
        )

    def arrays(self) -> dict[str, Array]:
        """All arrays by the names under which model files store them."""
        names = ("values", "static", "categories", "weights", "ahead", "ahead_offsets")
        return {name: getattr(self, name) for name in names}
