"""CIF 2016: 72 monthly series, 6 or 12 months ahead, with one forecaster for each horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import competition
import loaders

SEASON = 12
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"season": SEASON},
    "tuned": {"season": SEASON, "combine": {"AutoETS": 0.15}},
}


def rows(data: Path, validation: bool, settings: Mapping[str, Any], seeds: Sequence[int]) -> list[dict[str, Any]]:
    return [competition.row([*loaders.cif2016(data, validation).items()], SEASON, settings, seeds)]
