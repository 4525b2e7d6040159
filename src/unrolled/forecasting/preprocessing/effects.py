"""Linear effects of what is known ahead: columns of the table, in the same period and one period later, holidays, and
the time of the year.

They are removed from each series before networks read it, and added to the forecasts. Networks that are trained on
the table still read the columns, for effects that are not linear; the pretrained network, which reads none, forecasts
the rest.

The errors of a regression on a series are alike from row to row, so its equation is taken in quasi-differences
z[t] - ρ z[t-1] (Cochrane & Orcutt, "Application of least squares regression to relationships containing
autocorrelated error terms", J. of the American Statistical Association 44, 1949), without the means of each place of
the season on both sides (Frisch & Waugh, Econometrica 1, 1933). Many series share their effects in part: those of a
series are shrunk towards those of all together (Efron & Morris, "Data analysis using Stein's estimator", J. of the
American Statistical Association 70, 1975).

What has an effect, ρ and the shrinkage are chosen out of sample: each tenth of the rows is predicted by the effects
that the others give. What is judged is the change over half a horizon, because slow waves matter only there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from ...argument_types import Between, Index, Positive
from ...arrays import Array
from ...series.holidays import NEIGHBORS, holiday_columns, holiday_names
from ...series.origins import Origins
from ...series.panel import Panel
from ...series.ragged import rows_between

BLOCKS = 10  # of rows, of which each is predicted by the others
CORRELATIONS = (0.0, 0.5, 0.8, 0.95, 1.0)  # ρ
SHRINKAGES = (1.0, 10.0, 100.0, 1e6)  # of the effects of a series towards those of all; the last: these
RIDGE = 1.0  # in units of squared standardised values
MIN_CYCLES = 3  # of a season whose means are taken out; fewer say nothing of other effects
MIN_GAIN, MIN_ERRORS = 0.05, 2.0  # share of the error, and standard errors of its mean, from which on it counts
MIN_ROWS = 30  # of the typical series
MAX_ROWS_TO_CHOOSE, MAX_SERIES_TO_CHOOSE = 200_000, 100  # more would take longer and change little
YEAR, HOLIDAYS, LAGGED = "time of the year", "holidays", " (one period before)"
YEAR_DAYS, MIN_YEARS = 365.25, 1.15  # from which on a yearly wave may be found
DAY_NS = 86_400 * 10**9
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Terms:
    """What has linear effects, and how these are estimated."""

    columns: tuple[Index, ...] = ()  # of the columns that are known ahead
    lagged: tuple[Index, ...] = ()  # those whose value one period before has an effect
    year: bool = False  # whether there is a yearly wave, a sine and a cosine
    country: str | None = None  # whose holidays have effects
    holidays: tuple[str, ...] = ()  # their names
    correlation: Annotated[float, Between(0, 1)] = 0.0  # ρ
    shrinkage: Positive = 1.0
    gains: tuple[tuple[str, float], ...] = ()  # by covariate: the share by which it lowers the error

    @property
    def size(self) -> int:
        """The number of coefficients of a series, K."""
        holidays = len(self.holidays) + len(NEIGHBORS) if self.country else 0
        return len(self.lags) + 2 * self.year + holidays

    @property
    def lags(self) -> list[tuple[int, int]]:
        """The columns behind the first coefficients, and how many periods before they have their effect."""
        return [*((k, 0) for k in self.columns), *((k, 1) for k in self.lagged)]

    @property
    def notes(self) -> list[str]:
        """What the user should know about the effects."""
        helpful = [f"{name} ({100 * gain:.0f} % less error)" for name, gain in self.gains if gain > 0]
        effective = {name for name, gain in self.gains if gain > 0}
        useless = [
            name
            for name, gain in self.gains
            if gain == 0 and name != YEAR and not name.endswith(LAGGED) and name + LAGGED not in effective
        ]
        found = []
        if helpful:
            found.append(f"linear effects are removed before networks read the series: {', '.join(helpful)}")
        if useless:
            found.append(f"no linear effect that helps on rows that were kept apart: {', '.join(useless)}")
        return found

    def values(self, panel: Panel, rows: Array, ordinals: Array) -> Array:
        """What the coefficients are multiplied with, (n, K).

        Args:
            panel: that holds the columns.
            rows: of it, (n,).
            ordinals: their periods, (n,).
        """
        covariates = panel.covariates
        apart = covariates.values.shape[1] - covariates.known
        parts = [np.zeros((len(ordinals), 0))]
        if self.lags:
            first = panel.offsets[np.searchsorted(panel.offsets, rows, side="right") - 1]
            parts += [covariates.values[np.maximum(rows - lag, first), apart + k, None] for k, lag in self.lags]
        if self.year:
            parts.append(_wave(panel, ordinals))
        if self.country:
            parts.append(holiday_columns(self.country, self.holidays, panel.frequency, ordinals))
        return np.concatenate(parts, axis=1)


NO_TERMS = Terms()


@dataclass(frozen=True)
class LinearEffects:
    """The linear effects of S series."""

    terms: Terms
    coefficients: Array  # (S, K)

    def take(self, series: Array) -> LinearEffects:
        return replace(self, coefficients=self.coefficients[series])

    def of(self, panel: Panel) -> Array | float:
        """The effects in the rows of a panel, (n,)."""
        if not self.terms.size:
            return 0.0
        values = self.terms.values(panel, np.arange(len(panel.y)), _ordinals(panel))
        return (values * np.repeat(self.coefficients, panel.lengths, axis=0)).sum(axis=1)

    def ahead(self, origins: Origins, horizon: int) -> Array | float:
        """The effects after some origins, (N, horizon); the panel has these rows if columns have effects."""
        if not self.terms.size:
            return 0.0
        rows, ordinals = origins.rows_ahead(horizon), origins.ordinals_ahead(horizon)
        values = self.terms.values(origins.panel, rows.ravel(), ordinals.ravel()).reshape(*rows.shape, -1)
        return (values * self.coefficients[origins.series, None]).sum(axis=2)


def _ordinals(panel: Panel) -> Array:
    """The period of each row, (n,)."""
    return rows_between(panel.first, panel.first + panel.lengths)


def _wave(panel: Panel, ordinals: Array) -> Array:
    """The time of the year as a place on a circle, (n, 2)."""
    days = panel.frequency.stamps(ordinals).astype("datetime64[ns]").view(np.int64) / DAY_NS
    place = 2 * np.pi * days / YEAR_DAYS
    return np.stack([np.sin(place), np.cos(place)], axis=1)


# --- estimation -------------------------------------------------------------------------------------


def estimate_effects(panel: Panel, z: Array, terms: Terms) -> LinearEffects:
    """The effects of these terms in each series.

    Args:
        panel: S series.
        z: their values, in logarithms where these are taken, (n,).
        terms: as `choose_terms` found them.
    """
    if not terms.size:
        return LinearEffects(terms, np.zeros((len(panel.ids), 0)))
    values = _Standardized.of(panel, z, terms)
    grams = values.grams(terms.correlation, 1, blocks=1)[:, 0]
    found = _shrunk(grams, grams.sum(axis=0), terms.shrinkage)
    found *= values.unit[:, None] / values.spread
    return LinearEffects(terms, np.where(np.isfinite(found), found, 0.0))


def _ridge(gram: Array) -> Array:
    """The coefficients (..., K) of Gram matrices (..., 1 + K, 1 + K) of the target and what explains it."""
    size = gram.shape[-1] - 1
    return np.asarray(np.linalg.solve(gram[..., 1:, 1:] + RIDGE * np.eye(size), gram[..., 1:, :1])[..., 0])


def _shrunk(grams: Array, total: Array, shrinkage: float) -> Array:
    """The coefficients of each series, shrunk towards those of all series together, (S, ..., K).

    Args:
        grams: of each series, (S, ..., 1 + K, 1 + K).
        total: of all, (..., 1 + K, 1 + K).
        shrinkage: the weight of the latter.
    """
    common = _ridge(total)
    if len(grams) == 1:
        return common[None]
    own = grams[..., 1:, :1] + shrinkage * common[..., None]
    return np.asarray(np.linalg.solve(grams[..., 1:, 1:] + shrinkage * np.eye(common.shape[-1]), own)[..., 0])


@dataclass(frozen=True)
class _Standardized:
    """The target and what may explain it, without the means of the season, in comparable units."""

    panel: Panel
    columns: Array  # the target first, (n, 1 + K)
    unit: Array  # of the target of each series, (S,)
    spread: Array  # of the others, (K,)
    place: Array  # of each row in its series, (n,)

    @classmethod
    def of(cls, panel: Panel, z: Array, terms: Terms) -> _Standardized:
        ordinals, count = _ordinals(panel), len(panel.ids)
        values = np.column_stack([z, terms.values(panel, np.arange(len(z)), ordinals)])
        season, series = _season(panel), np.repeat(np.arange(count), panel.lengths)
        cells = series * season + panel.frequency.local_ordinals(ordinals, season) % season
        known = np.maximum(np.bincount(cells, panel.observed, minlength=count * season), 1)
        sums = [np.bincount(cells, panel.observed * column, minlength=len(known)) for column in values.T]
        values -= (np.stack(sums, axis=1) / known[:, None])[cells]
        place = np.arange(len(z)) - panel.offsets[series]
        steps = _apart(panel, place, 1)
        change = np.abs(values[:, 0] - np.roll(values[:, 0], 1))
        # large effects change few rows, and the median little
        unit = np.array([_median(change[panel.series(k)][steps[panel.series(k)]]) for k in range(count)])
        spread = values[:, 1:].std(axis=0)
        spread[spread <= 1e-12 * np.abs(values[:, 1:]).max(axis=0, initial=0)] = np.inf  # constant columns
        values /= np.column_stack([unit[series], np.broadcast_to(spread, (len(z), len(spread)))])
        return cls(panel, values, unit, spread, place)

    def grams(self, correlation: float, lag: int, blocks: int) -> Array:
        """The Gram matrix of quasi-differences in each block of each series, with the weight of the series,
        (S, blocks, 1 + K, 1 + K)."""
        values = self.columns - correlation * np.roll(self.columns, lag, axis=0)
        values[~_apart(self.panel, self.place, lag)] = 0
        offsets = self.panel.offsets
        bounds = offsets[:-1, None] + self.panel.lengths[:, None] * np.arange(blocks + 1) // blocks
        size = values.shape[1]
        found = np.zeros((len(offsets) - 1, blocks, size, size))
        for series, begins in enumerate(bounds.tolist()):
            for block in range(blocks):
                own = values[begins[block] : begins[block + 1]]
                # unlike a product by BLAS, the same bits with any number of threads
                found[series, block] = np.einsum("ni,nj->ij", own, own)
        return found * self.panel.covariates.weights[:, None, None, None]

    def counts(self, lag: int, blocks: int) -> Array:
        """The changes over this lag in each block of all series, (blocks,)."""
        rows = np.flatnonzero(_apart(self.panel, self.place, lag))
        lengths = np.repeat(self.panel.lengths, self.panel.lengths)
        return np.bincount(((self.place[rows] + 1) * blocks - 1) // lengths[rows], minlength=blocks)


def _median(changes: Array) -> float:
    """The median of absolute changes, or, where it is 0, their mean; 1 where all of them are 0."""
    return float(np.median(changes) or changes.mean() or 1.0) if len(changes) else 1.0


def _apart(panel: Panel, place: Array, lag: int) -> Array:
    """Rows that are known together with that of `lag` rows before in the same series, (n,) bool."""
    return (place >= lag) & panel.observed & np.roll(panel.observed, lag)


def _season(panel: Panel) -> int:
    """The longest season of the calendar that the typical series contain a few times."""
    typical = np.median(panel.lengths)
    return max((n for n in panel.frequency.seasons.values() if MIN_CYCLES * n <= typical), default=1)


# --- choice -----------------------------------------------------------------------------------------


@np.errstate(all="ignore")  # extreme values have no effects
def choose_terms(panel: Panel, z: Array, horizon: int, country: str | None = None) -> Terms:
    """What has linear effects that help out of sample: the most helpful first, until another one no longer does.

    Args:
        panel: S series.
        z: their values, in logarithms where these are taken, (n,).
        horizon: periods to forecast.
        country: whose holidays may have effects, as in `checked_country`.
    """
    every, candidates = _candidates(panel, country)
    if not candidates or np.median(panel.lengths) < MIN_ROWS:
        return NO_TERMS
    panel, z = _some_series(panel, z)
    values = _Standardized.of(panel, z, every)
    lag = max(1, min((horizon + 1) // 2, int(np.median(panel.lengths)) // (2 * BLOCKS)))
    counts = values.counts(lag, BLOCKS)
    grams = np.stack([values.grams(rho, 1, BLOCKS) for rho in CORRELATIONS], axis=1)  # (S, R, B, 1 + K, 1 + K)
    checks = values.grams(1.0, lag, BLOCKS) / np.maximum(counts, 1)[:, None, None]  # (S, B, 1 + K, 1 + K)
    if not (np.isfinite(grams).all() and np.isfinite(checks).all() and counts.all()):
        return NO_TERMS
    chosen, gains, (correlation, shrinkage) = _forward(candidates, grams, checks)
    if not chosen:
        return Terms(gains=tuple(gains))
    size = len(every.columns)
    wave, days = 2 * size, 2 * size + 2 * every.year  # the first columns of the wave and of the holidays
    return replace(
        every,
        columns=tuple(k for k in chosen if k < size),
        lagged=tuple(k - size for k in chosen if size <= k < wave),
        year=every.year and wave in chosen,
        country=country if days in chosen else None,
        correlation=correlation,
        shrinkage=shrinkage,
        gains=tuple(gains),
    )


def _candidates(panel: Panel, country: str | None) -> tuple[Terms, list[tuple[str, list[int]]]]:
    """What may have an effect: all terms, and the name and the numbers of the columns of each."""
    future = panel.covariates.layout.future
    sizes = [(spec.name + text, len(spec.names)) for text in ("", LAGGED) for spec in future]
    columns = tuple(range(panel.covariates.known))
    year = panel.frequency.seasons.get("year", 0)
    dated = panel.frequency.unit == "fixed" and not panel.frequency.open
    wave = dated and bool(MIN_YEARS * year <= np.median(panel.lengths)) and _season(panel) < year
    days = holiday_names(country, panel.frequency, _ordinals(panel)) if country else ()
    every = Terms(columns, columns, wave, country, days)
    sizes += [(YEAR, 2)] * wave + [(HOLIDAYS, len(days) + len(NEIGHBORS))] * bool(country)
    ends = np.cumsum([0, *(size for _, size in sizes)]).tolist()
    return every, [(name, list(range(end - size, end))) for (name, size), end in zip(sizes, ends[1:], strict=True)]


def _some_series(panel: Panel, z: Array) -> tuple[Panel, Array]:
    """Series evenly spread over the panel that have a limited number of rows, and their values."""
    every = -(-max(len(z) / MAX_ROWS_TO_CHOOSE, len(panel.ids) / MAX_SERIES_TO_CHOOSE) // 1)
    if every == 1 or len(panel.ids) == 1:
        return panel, z
    wanted = np.arange(len(panel.ids)) % every == 0
    return panel.select(wanted), z[np.repeat(wanted, panel.lengths)]


def _forward(
    candidates: Sequence[tuple[str, list[int]]], grams: Array, checks: Array
) -> tuple[list[int], list[tuple[str, float]], tuple[float, float]]:
    """Forward selection: the chosen columns, the gain of each candidate, and the best correlation and shrinkage.

    Args:
        candidates: names and columns.
        grams: of quasi-differences for each series, correlation and block, (S, R, B, 1 + K, 1 + K).
        checks: of the changes that are judged, (S, B, 1 + K, 1 + K), as means.
    """
    chosen: list[int] = []
    gains: list[tuple[str, float]] = []
    left = list(candidates)
    now, best = _log_errors(grams, checks, chosen)
    while left:
        tried = [_log_errors(grams, checks, [*chosen, *columns]) for _, columns in left]
        helpful = [_gain(now - errors) for errors, _ in tried]
        k = int(np.argmax(helpful))
        if not helpful[k]:
            break
        name, columns = left.pop(k)
        gains.append((name, helpful[k]))
        chosen += columns
        now, best = tried[k]
    return chosen, [*gains, *((name, 0.0) for name, _ in left)], best


def _gain(fall: Array) -> float:
    """The share by which the error falls, 0 where it is small or may be chance; `fall` (B,) is that of the logarithms
    of the squared errors of the blocks."""
    mean, error = fall.mean(), fall.std(ddof=1) / np.sqrt(len(fall))
    gain = float(1 - np.exp(-mean / 2))
    return gain if gain >= MIN_GAIN and mean > MIN_ERRORS * error else 0.0


def _log_errors(grams: Array, checks: Array, columns: Sequence[int]) -> tuple[Array, tuple[float, float]]:
    """The logarithm of the squared errors of each block (B,) under effects of the other blocks, at the best of all
    correlations and shrinkages, and these."""
    wanted = [0, *(1 + k for k in columns)]
    own, judged = (part[..., wanted, :][..., wanted] for part in (grams, checks))
    others = own.sum(axis=2, keepdims=True) - own
    total, found = others.sum(axis=0), []
    for shrinkage in SHRINKAGES if len(grams) > 1 else SHRINKAGES[-1:]:
        errors = _squared(_shrunk(others, total, shrinkage), judged[:, None]).sum(axis=0)
        found += [(np.log(e + TINY), (rho, shrinkage)) for e, rho in zip(errors, CORRELATIONS, strict=True)]
    return min(found, key=lambda one: float(one[0].mean()))


def _squared(coefficients: Array, gram: Array) -> Array:
    """The squared errors (...) of what coefficients (..., K) leave, from Gram matrices (..., 1 + K, 1 + K)."""
    rest = np.concatenate([np.ones((*coefficients.shape[:-1], 1)), -coefficients], axis=-1)
    return np.einsum("...i,...ij,...j->...", rest, gram, rest)
