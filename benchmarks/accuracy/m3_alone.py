"""Single series: every twelfth monthly and every sixth quarterly series of M3, with a forecaster for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import competition
import loaders

SETTINGS: dict[str, dict[str, Any]] = {"defaults": {}}
SEEDS = (0,)


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    found = []
    for name, load, horizon, season, every in (
        ("monthly", loaders.m3_monthly, 18, 12, 12),
        ("quarterly", loaders.m3_quarterly, 8, 4, 6),
    ):
        # a horizon to train on, one to hold out, and a season
        alone = loaders.one_by_one(load(data, validation), every, 2 * horizon + season)
        parts = [(horizon, one) for one in alone]
        found.append({"data": name, **competition.row(parts, season, {**settings, "season": season}, seeds)})
    return found
