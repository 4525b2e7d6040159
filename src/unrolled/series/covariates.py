"""Covariates: what a table knows of its series beside the target, as columns of numbers.

Which columns there are is decided once, on the table of a training, and kept in a `CovariateLayout`: a later table
gives the same columns, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array
from .ragged import rows_between


@dataclass(frozen=True)
class CovariateSpec:
    """What one column of a table becomes.

    Attributes:
        name: the column's name.
        texts: the texts it held in training, in sorted order; None: it holds numbers.
        missing: whether a last column tells where a value was missing.
    """

    name: str
    texts: tuple[str, ...] | None = None
    missing: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of numbers: one, or one a text, and the one for missing values.

        >>> CovariateSpec("sky", texts=("blue", "grey"), missing=True).names
        ('sky=blue', 'sky=grey', 'sky is missing')
        """
        own = [self.name] if self.texts is None else [f"{self.name}={text}" for text in self.texts]
        return (*own, *([f"{self.name} is missing"] if self.missing else []))


@dataclass(frozen=True)
class CovariateLayout:
    """Which columns of numbers the covariates of a table become; decided in training.

    Attributes:
        past: covariates known up to the present only.
        future: covariates known ahead.
        static: one value a series; texts are categories.
    """

    past: tuple[CovariateSpec, ...] = ()
    future: tuple[CovariateSpec, ...] = ()
    static: tuple[CovariateSpec, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that vary in time, those of the past first, (C)."""
        return tuple(name for feature in (*self.past, *self.future) for name in feature.names)

    @property
    def known(self) -> int:
        """How many of the last columns are known ahead, K."""
        return sum(len(feature.names) for feature in self.future)

    @property
    def numeric(self) -> tuple[CovariateSpec, ...]:
        return tuple(feature for feature in self.static if feature.texts is None)

    @property
    def categorical(self) -> tuple[CovariateSpec, ...]:
        return tuple(feature for feature in self.static if feature.texts is not None)

    def describe(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def rebuild(cls, content: Mapping[str, Any]) -> CovariateLayout:
        """The layout that `describe` wrote."""
        return cls(**{part: tuple(_feature(f) for f in content[part]) for part in ("past", "future", "static")})


def _feature(content: Mapping[str, Any]) -> CovariateSpec:
    texts = content["texts"]
    return CovariateSpec(content["name"], None if texts is None else tuple(texts), content["missing"])


@dataclass(frozen=True)
class Covariates:
    """What is known of the n rows and S series of a panel beside the target.

    Attributes:
        layout: which columns there are.
        values: one row a row of the panel, what is known ahead in the last columns, (n, C). Nothing is missing:
            values are carried forward, and are 0 before the first.
        static: numbers, one row a series, (S, A).
        categories: codes, one row a series; 0: missing or not seen in training, else 1 + the place in `levels`,
            (S, B).
        weights: of the series in the loss; their mean is 1, (S,).
        ahead: the known-ahead columns of stamps after the ends of the series, where they are known already, else NaN;
            series k has the rows ahead_offsets[k] .. ahead_offsets[k + 1], (m, K).
        ahead_offsets: (S + 1,).
    """

    layout: CovariateLayout
    values: Array
    static: Array
    categories: Array
    weights: Array
    ahead: Array
    ahead_offsets: Array = field(repr=False)

    @classmethod
    def none(cls, rows: int, series: int) -> Covariates:
        """Those of a panel that has none."""
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
        """Of the columns of `values`, (C)."""
        return self.layout.names

    @property
    def known(self) -> int:
        """How many of the last columns of `values` are known ahead, K."""
        return self.layout.known

    @property
    def static_names(self) -> tuple[str, ...]:
        """Of the columns of `static`, (A)."""
        return tuple(name for feature in self.layout.numeric for name in feature.names)

    @property
    def category_names(self) -> tuple[str, ...]:
        """Of the columns of `categories`, (B)."""
        return tuple(feature.name for feature in self.layout.categorical)

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """For each column of `categories` its texts in sorted order, whose codes are 1, 2, ..."""
        return tuple(feature.texts or () for feature in self.layout.categorical)

    def cut(self, offsets: Array, starts: Array, ends: Array, kept: Array) -> Covariates:
        """Those of the rows starts .. ends of the kept series; the rows after `ends` become part of what is ahead.

        Args:
            offsets: of the panel, (S + 1,).
            starts: (S,).
            ends: (S,).
            kept: numbers of the series that stay.
        """
        weights = self.weights[kept]
        if 0 < len(kept) < len(self.weights):
            weights = weights / weights.mean()
        later, before = offsets[kept + 1] - ends[kept], np.diff(self.ahead_offsets)[kept]
        ahead_offsets = np.concatenate(([0], np.cumsum(later + before))).astype(np.int64)
        ahead = np.empty((ahead_offsets[-1], self.known))
        if self.known:
            here = ahead_offsets[:-1]
            known = self.values[:, -self.known :]
            ahead[rows_between(here, here + later)] = known[rows_between(ends[kept], offsets[kept + 1])]
            own = rows_between(self.ahead_offsets[kept], self.ahead_offsets[kept + 1])
            ahead[rows_between(here + later, ahead_offsets[1:])] = self.ahead[own]
        values = np.zeros((int((ends - starts)[kept].sum()), 0))
        if self.values.shape[1]:
            values = self.values[rows_between(starts[kept], ends[kept])]
        return Covariates(
            self.layout, values, self.static[kept], self.categories[kept], weights, ahead, ahead_offsets
        )

    def arrays(self) -> dict[str, Array]:
        """All but the layout, for a file."""
        names = ("values", "static", "categories", "weights", "ahead", "ahead_offsets")
        return {name: getattr(self, name) for name in names}
