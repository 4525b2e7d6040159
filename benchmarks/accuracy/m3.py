"""M3 monthly: 1,428 series, 18 months ahead. Some start dates are unknown, so timestamps are whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import competition
import loaders

HORIZON, SEASON = 18, 12
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"season": SEASON},
    "tuned": {"season": SEASON, "combine": {"Theta": 0.35}},
}


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    parts = loaders.m3_monthly(data, validation)
    return [competition.row([(HORIZON, parts)], SEASON, settings, seeds)]
