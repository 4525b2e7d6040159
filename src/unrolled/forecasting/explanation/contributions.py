"""The share of each group of causes in a forecast: Shapley values over all their coalitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ..model.ensemble import pieces
from ..model.recursion import with_room
from ..predictor import Predictor
from ..preprocessing.transform import TransformedOrigins
from .groups import CALENDAR, Group, WithoutCalendar, groups_of, typical_covariates, without
from .shapley import coalitions, shapley_values

MAX_GROUPS = 10  # there are 2^10 coalitions, each of which is forecast
OTHERS = "other covariates"
SERIES_AT_ONCE = 1024  # times coalitions


class Contributions(NamedTuple):
    """The division of forecasts after N origins among G groups."""

    groups: list[Group]
    shares: Array  # (G, N, H); with the baseline they sum to the forecast
    baseline: Array  # the forecast without all groups, (N, H)
    forecast: Array  # (N, H)


def contributions(predictor: Predictor, origins: TransformedOrigins, horizon: int) -> Contributions:
    """Exact Shapley values of all groups; beyond ten groups, the covariates that change the forecasts least are one.

    Args:
        predictor: the fit.
        origins: N; where anything is known ahead, their panel reaches the horizon.
        horizon: H.
    """
    groups = groups_of(predictor, origins)
    if len(groups) > MAX_GROUPS:
        groups = _with_weakest_merged(predictor, origins, horizon, groups)
    worth = forecasts_of(predictor, origins, horizon, groups, coalitions(len(groups)))
    return Contributions(groups, shapley_values(worth), worth[0], worth[-1])


def _with_weakest_merged(
    predictor: Predictor, origins: TransformedOrigins, horizon: int, groups: Sequence[Group]
) -> list[Group]:
    """At most ten groups: the covariates without which the forecasts change least become one."""
    alone = np.concatenate([np.ones((1, len(groups)), bool), ~np.eye(len(groups), dtype=bool)])
    worth = forecasts_of(predictor, origins, horizon, groups, alone)
    effect = dict(zip(groups, np.abs(worth[1:] - worth[0]).mean(axis=(1, 2)).tolist(), strict=True))
    covariates = sorted((one for one in groups if one.is_covariate), key=lambda one: -effect[one])
    kept = MAX_GROUPS - 1 - (len(groups) - len(covariates))
    weakest = covariates[kept:]
    strongest = [one for one in groups if one not in weakest]
    return [*strongest, weakest[0].merged(weakest[1:], OTHERS)]


def forecasts_of(
    predictor: Predictor, origins: TransformedOrigins, horizon: int, groups: Sequence[Group], present: Array
) -> Array:
    """The forecasts of coalitions of the groups, as `predict` gives them, (K, N, H).

    Args:
        predictor, origins, horizon: as in `contributions`.
        groups: G.
        present: which of them belong to each coalition, (K, G) bool.
    """
    count = len(present)
    found = np.empty((len(origins), count, horizon))
    typical = typical_covariates(predictor.context, origins)
    for some in pieces(len(origins), max(1, SERIES_AT_ONCE // count)):
        copies = with_room(origins.take(some), count, horizon, int(origins.panel.lengths.max()))
        absent = dict(zip(groups, np.tile(~present, (len(some), 1)).T, strict=True))
        each = np.repeat(some, count)
        usual = replace(
            typical,
            values=typical.values[each],
            static=typical.static[each],
            categories=typical.categories[each],
        )
        changed = without(predictor, copies, absent, usual)
        found[some] = _forecasts(predictor, changed, horizon, absent).reshape(len(some), count, horizon)
    return np.moveaxis(found, 1, 0)


def _forecasts(predictor: Predictor, origins: TransformedOrigins, horizon: int, absent: dict[Group, Array]) -> Array:
    """The column of the forecast after these origins, (N, H), where the calendar may be absent."""
    found = np.empty((len(origins), horizon))
    lacks = absent.get(Group(CALENDAR), np.zeros(len(origins), bool))
    features = predictor.ensemble.features
    for lack, read in ((False, features), (True, WithoutCalendar(**vars(features)))):
        rows = np.flatnonzero(lacks == lack)
        if len(rows):
            own = replace(predictor, ensemble=replace(predictor.ensemble, features=read))
            quantiles = own.quantiles(origins.take(rows), horizon, intervals=False)
            found[rows] = own.forecast_columns(quantiles, ())[own.name]
    return found
