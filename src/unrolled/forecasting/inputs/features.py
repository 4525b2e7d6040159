"""What the networks read besides the target: standardised covariates, the calendar, and where gaps were filled.

The features and their standardisation are determined by the rows of a training; later rows do not change them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...argument_types import Count, Index, Positive
from ...arrays import Array
from ...series.panel import Panel
from .calendar import calendar_features


@dataclass(frozen=True)
class Standardization:
    """The columns that are read, and the centre and scale that standardise them.

    A column that is constant in training is left out: the network has learned nothing about it, so a later change
    must have no effect. A column of two values becomes 0 and 1, any other has mean 0 and standard deviation 1 in
    training.
    """

    columns: tuple[Index, ...] = ()
    center: tuple[float, ...] = ()
    scale: tuple[Positive, ...] = ()

    @classmethod
    def of(cls, values: Array) -> Standardization:
        """The standardisation of (n, C) values of a training."""
        found = []
        for k, column in enumerate(values.T):
            low, high = column.min(initial=np.inf), column.max(initial=-np.inf)
            if low >= high:
                continue
            two = bool(((column == low) | (column == high)).all())
            spread = float(column.std())
            # rounding gives a constant column a tiny spread
            if two or spread > 1e-12 * max(abs(low), abs(high)):
                found.append((k, *((float(low), float(high - low)) if two else (float(column.mean()), spread))))
        return cls(*zip(*found, strict=True)) if found else cls()

    def apply(self, values: Array) -> Array:
        """(n, C) → (n, columns kept)."""
        return (values[:, list(self.columns)] - np.array(self.center)) / np.array(self.scale)


@dataclass(frozen=True)
class CategoryCodes:
    """The codes of one category that were seen in training; any other becomes 0, unknown."""

    column: Index  # which of the categories of the covariates
    codes: tuple[Index, ...]  # the code that networks read for each code of the covariates, 0 first


@dataclass(frozen=True)
class Features:
    """What the networks of one training read besides the target."""

    gaps: bool = False  # whether a channel is 1 where the target was observed and 0 where a gap was filled
    past: Standardization = Standardization()  # of the covariates known up to the present
    future: Standardization = Standardization()  # of the covariates known ahead
    calendar: tuple[str, ...] = ()  # names of the calendar's features; they are known ahead
    season: Count = 1  # periods in a season, for the calendar of whole-number timestamps
    static: Standardization = Standardization()  # of the static numbers of a series
    categories: tuple[CategoryCodes, ...] = ()  # of a series

    @classmethod
    def of(cls, panel: Panel, calendar: bool = False, season: int = 1) -> Features:
        """The features for training on a panel."""
        covariates = panel.covariates
        apart = covariates.values.shape[1] - covariates.known
        names = calendar_features(panel.frequency, np.zeros(0, np.int64), season)[0] if calendar else []
        return cls(
            gaps=not panel.observed.all(),
            past=Standardization.of(covariates.values[:, :apart]),
            future=Standardization.of(covariates.values[:, apart:]),
            calendar=tuple(names),
            season=season,
            static=Standardization.of(covariates.static),
            categories=_categories(panel),
        )

    @property
    def n_channels(self) -> int:
        """Channels of a window besides those of the target."""
        return self.gaps + len(self.past.columns) + self.n_known_ahead

    @property
    def n_known_ahead(self) -> int:
        """The number of these channels that are known ahead, the last ones."""
        return len(self.future.columns) + len(self.calendar)

    @property
    def n_static(self) -> int:
        """Numbers that are the same for all rows of a series."""
        return len(self.static.columns)

    @property
    def category_sizes(self) -> tuple[int, ...]:
        """The number of codes of each category, including the unknown one."""
        return tuple(max(category.codes) + 1 for category in self.categories)

    def channels(self, panel: Panel, rows: Array) -> Array:
        """The channels at these rows of a panel, (n, n_channels)."""
        covariates = panel.covariates
        values = covariates.values[rows]
        apart = values.shape[1] - covariates.known
        parts = [panel.observed[rows, None].astype(np.float64)] if self.gaps else []
        parts += [self.past.apply(values[:, :apart]), self.future.apply(values[:, apart:])]
        if self.calendar:
            series = np.searchsorted(panel.offsets, rows, side="right") - 1
            ordinals = panel.first[series] + rows - panel.offsets[series]
            parts.append(calendar_features(panel.frequency, ordinals, self.season)[1])
        return np.concatenate(parts, axis=1)

    def static_values(self, panel: Panel) -> Array | None:
        """The numbers of each series, (S, n_static); None where there are none."""
        return self.static.apply(panel.covariates.static) if self.n_static else None

    def category_codes(self, panel: Panel) -> Array | None:
        """The categories of each series as codes, (S, B); None where there are none."""
        if not self.categories:
            return None
        given = panel.covariates.categories
        return np.stack([np.array(c.codes)[given[:, c.column]] for c in self.categories], axis=1)

    def notes(self, panel: Panel) -> list[str]:
        """Notes on the covariates that are read and that are left out."""
        covariates = panel.covariates
        apart = covariates.values.shape[1] - covariates.known
        past, future = covariates.names[:apart], covariates.names[apart:]
        categories = tuple(c.column for c in self.categories)
        groups = [
            ("past", past, self.past.columns),
            ("known ahead", future, self.future.columns),
            ("static", covariates.static_names, self.static.columns),
            ("categories", covariates.category_names, categories),
        ]
        read = [f"{', '.join(names[k] for k in kept)} ({kind})" for kind, names, kept in groups if kept]
        if self.calendar:
            read.append(f"{', '.join(self.calendar)} (calendar)")
        notes = ["besides the target, the networks read " + "; ".join(read)] if read else []
        constant = [name for _, names, kept in groups for k, name in enumerate(names) if k not in kept]
        if constant:
            notes.append(f"left out because constant in training: {', '.join(constant)}")
        return notes

    def describe(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def _categories(panel: Panel) -> tuple[CategoryCodes, ...]:
    """Those categories that differ between the series of a panel."""
    found = []
    for k, levels in enumerate(panel.covariates.levels):
        seen = np.unique(panel.covariates.categories[:, k])
        if len(seen) > 1:
            codes = np.zeros(len(levels) + 1, np.int64)
            named = seen[seen > 0]
            codes[named] = 1 + np.arange(len(named))
            found.append(CategoryCodes(k, tuple(codes.tolist())))
    return tuple(found)
