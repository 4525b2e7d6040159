"""The groups of causes among which a forecast is divided, and what a series is without some of them.

- level: without it, the level of the series is moved to its median.
- trend: without it, the line through the last values, with the slope of the last five seasons, is turned flat.
- season: without it, the seasonal effects are removed from the values, and not added to the forecast.
- calendar: without it, the networks read the centre of each circle of the calendar, and holidays and the time of the
  year have no linear effect.
- each covariate: without it, it has its typical value in all rows, past and ahead: the median of a number (a text
  counts as unknown unless half of the rows have it), and over all series for one that does not vary in time.

Level, slope and seasonal effects are measured in the values without linear effects, in logarithms where these are
taken. What remains of a series without all groups are its last deviations from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...arrays import Array
from ...series.columns import free_name
from ...series.covariates import Covariates
from ...series.origins import Origins
from ...series.panel import Panel
from ...series.ragged import side_by_side
from ..inputs.features import Features
from ..predictor import Predictor
from ..preprocessing.smoothing import TREND_DECAYS, window_level, window_slope
from ..preprocessing.transform import TransformedOrigins, deseasonalized
from ..pretrained.seasons import find_seasons

LEVEL, TREND, SEASON, CALENDAR = "level", "trend", "season", "calendar"
WEEKEND_SHARE = 2 / 7


@dataclass(frozen=True)
class Group:
    """A group of causes. Those that are covariates name their columns."""

    name: str
    columns: tuple[int, ...] = ()  # of the covariates that vary in time
    static: tuple[int, ...] = ()  # of the numbers that do not
    categories: tuple[int, ...] = ()

    @property
    def is_covariate(self) -> bool:
        return bool(self.columns or self.static or self.categories)

    def merged(self, others: Sequence[Group], name: str) -> Group:
        """This group and others as one."""
        parts = [self, *others]
        columns, static, categories = (
            tuple(k for one in parts for k in getattr(one, kind)) for kind in ("columns", "static", "categories")
        )
        return Group(name, columns, static, categories)


def groups_of(predictor: Predictor, origins: TransformedOrigins) -> list[Group]:
    """The groups that exist for a fit, at these origins."""
    ensemble, terms = predictor.ensemble, predictor.transform.effects.terms
    features = ensemble.features if ensemble.members else Features()
    names = [LEVEL, TREND]
    if seasonal_effects(predictor, origins).any():
        names.append(SEASON)
    if features.calendar or terms.year or terms.country:
        names.append(CALENDAR)
    found, layout = [Group(name) for name in names], origins.panel.covariates.layout
    read, first = read_columns(predictor, origins.panel), 0
    for spec in (*layout.past, *layout.future):
        columns = tuple(k for k in range(first, first + len(spec.names)) if k in read)
        first += len(spec.names)
        found += [Group(free_name(spec.name, names), columns)] if columns else []
    return [*found, *_static_groups(features, origins.panel, names)]


def read_columns(predictor: Predictor, panel: Panel) -> list[int]:
    """The columns of covariates that vary in time on which forecasts depend."""
    features = predictor.ensemble.features if predictor.ensemble.members else Features()
    apart = panel.covariates.values.shape[1] - panel.covariates.known
    ahead = (*features.future.columns, *(k for k, _ in predictor.transform.effects.terms.lags))
    return sorted({*features.past.columns, *(apart + k for k in ahead)})


def _static_groups(features: Features, panel: Panel, taken: Sequence[str]) -> list[Group]:
    """The covariates that do not vary in time, which only decoders read."""
    layout, found, first = panel.covariates.layout, [], 0
    for spec in layout.numeric:
        columns = tuple(k for k in range(first, first + len(spec.names)) if k in features.static.columns)
        first += len(spec.names)
        found += [Group(free_name(spec.name, taken), static=columns)] if columns else []
    for code in features.categories:
        found.append(Group(free_name(layout.categorical[code.column].name, taken), categories=(code.column,)))
    return found


def seasonal_effects(predictor: Predictor, origins: TransformedOrigins) -> Array:
    """The seasonal effects in the rows before each origin: those of the fit, and what the seasons that the networks
    read explain of the rest, (n,); 0 in other rows."""
    ensemble, panel = predictor.ensemble, origins.panel
    flat = deseasonalized(panel, origins.transform)
    effects = np.zeros(len(flat))
    for some, values in side_by_side(flat, origins.starts, origins.ends):
        rows = origins.starts[some, None] + np.arange(values.shape[1])
        lengths: tuple[int, ...] = (ensemble.spec.season,) if ensemble.spec.season > 1 else ()
        if ensemble.pretrained is not None:
            lengths = ensemble.pretrained.seasons(panel.frequency, values.shape[1])
        found = sum((one.effect for one in find_seasons(values, lengths, 0)), np.zeros_like(values))
        effects[rows] = (origins.transform.transformed(panel) - flat)[rows] + found
    return effects


def without(
    predictor: Predictor, origins: TransformedOrigins, absent: Mapping[Group, Array], typical: Covariates
) -> TransformedOrigins:
    """Origins in series without some of the groups. The calendar that networks read stays, see `WithoutCalendar`.

    Args:
        predictor: the fit.
        origins: S, each in a series of its own.
        absent: by group, whether it is absent from each series, (S,) bool.
        typical: typical values of the covariates, of one row for each series.
    """
    panel, transform = origins.panel, origins.transform
    lacks = {group.name: lack for group, lack in absent.items() if not group.is_covariate}
    none = np.zeros(len(panel.ids), bool)
    level, trend, season = (lacks.get(name, none) for name in (LEVEL, TREND, SEASON))
    z, effects = transform.transformed(panel), seasonal_effects(predictor, origins)
    rows = np.repeat(np.arange(len(panel.ids)), panel.lengths)
    distance = np.arange(len(z)) - (origins.ends - 1)[rows]
    decays, spec = np.full(len(panel.ids), TREND_DECAYS[0]), predictor.ensemble.spec
    slope = window_slope(z - effects, origins, decays, spec.season, spec.horizon)
    line = slope[rows] * distance
    now = window_level(z - effects - line, origins, transform.smoothing, int(panel.lengths.max()))
    shift = now - transform.extent[:, 1]
    z = z - season[rows] * effects - trend[rows] * line - (level * shift)[rows]
    coefficients = transform.effects.coefficients.copy()
    coefficients[lacks.get(CALENDAR, none), len(transform.effects.terms.lags) :] = 0
    covariates = _with_typical(panel.covariates, absent, typical, rows)
    changed = replace(panel, covariates=covariates)
    transform = replace(
        transform,
        season=np.where(season[:, None], 0.0, transform.season),
        effects=replace(transform.effects, coefficients=coefficients),
    )
    z = z + transform.effects.of(changed)
    y = np.exp(z, out=z.copy(), where=transform.logs[rows])
    return TransformedOrigins(replace(changed, y=y), origins.ends, transform)


def _with_typical(
    covariates: Covariates, absent: Mapping[Group, Array], typical: Covariates, rows: Array
) -> Covariates:
    """Covariates that have their typical values where their group is absent; `rows` (n,) number the rows' series."""
    parts = {name: getattr(covariates, name).copy() for name in ("values", "static", "categories")}
    for group, lack in absent.items():
        for name, columns, lacking, of in (
            ("values", group.columns, lack[rows], rows),
            ("static", group.static, lack, np.arange(len(lack))),
            ("categories", group.categories, lack, np.arange(len(lack))),
        ):
            for k in columns:
                usual = getattr(typical, name)[of, k]
                parts[name][:, k] = np.where(lacking, usual, parts[name][:, k])
    return replace(covariates, **parts)


def typical_covariates(context: Panel, origins: Origins) -> Covariates:
    """Typical values at N origins, as covariates of one row for each: medians of the rows before the origin, and over
    the series of the fit, (S,), for those that do not vary in time; of texts the most frequent one."""
    values, own = origins.panel.covariates.values, context.covariates
    medians = [np.median(values[a:b], axis=0) for a, b in zip(origins.starts, origins.ends, strict=True)]
    static = np.median(own.static, axis=0)
    texts = np.array([np.bincount(column).argmax() for column in own.categories.T], np.int64)
    count = len(origins)
    found = Covariates.none(count, count)
    repeated = [np.broadcast_to(part, (count, len(part))) for part in (static, texts)]
    return replace(found, values=np.stack(medians), static=repeated[0], categories=repeated[1])


@dataclass(frozen=True)
class WithoutCalendar(Features):
    """Features whose calendar is the centre of each circle, and for weekends their share of the week."""

    def channels(self, panel: Panel, rows: Array) -> Array:
        found = super().channels(panel, rows)
        if self.calendar:
            found[:, -len(self.calendar) :] = [WEEKEND_SHARE * (name == "weekend") for name in self.calendar]
        return found
