"""M4 hourly: 414 series, 48 hours ahead, measured as in the competition (m4/EVALUATION.md beside the data)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import competition
import loaders

HORIZON, SEASON = 48, 24
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"season": SEASON},
    "tuned": {"season": SEASON, "window": 336, "steps": 9000, "network": "trained"},
}


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    parts = loaders.m4_hourly(data, validation)
    return [competition.row([(HORIZON, parts)], SEASON, settings, seeds)]
