"""Columns of forecasts and their intervals: LSTM, LSTM-lo-80, LSTM-hi-80."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from ...arrays import Array
from ...errors import InputError
from .quantiles import MEDIAN, read_quantile
from .support import UNBOUNDED, Support

Point = Literal["median", "mean"]  # of a distribution, as its point forecast
INTERVAL = re.compile(r"(?P<model>.+)-(?P<end>lo|hi)-(?P<level>\d+(?:\.\d+)?)")


def interval_columns(
    name: str, quantiles: Array, levels: Sequence[float], support: Support = UNBOUNDED
) -> dict[str, Array]:
    """The median and the intervals under their usual names: LSTM, LSTM-lo-80, LSTM-hi-80, ..."""
    columns = {name: support.quantile(quantiles[..., MEDIAN], 0.5)}
    for level in levels:
        tail = (1 - level / 100) / 2
        columns[f"{name}-lo-{level:g}"] = support.quantile(read_quantile(quantiles, tail), tail)
        columns[f"{name}-hi-{level:g}"] = support.quantile(read_quantile(quantiles, 1 - tail), 1 - tail)
    return columns


def models_in(columns: Iterable[str]) -> dict[str, dict[float, tuple[str, str]]]:
    """The models among the columns of forecasts, each with the columns of its intervals by their levels.

    >>> models_in(["RNN", "RNN-lo-80", "RNN-hi-80", "Naive"])
    {'RNN': {80.0: ('RNN-lo-80', 'RNN-hi-80')}, 'Naive': {}}
    """
    models: dict[str, dict[float, tuple[str, str]]] = {}
    ends: dict[tuple[str, float], dict[str, str]] = {}
    for name in columns:
        if match := INTERVAL.fullmatch(name):
            ends.setdefault((match["model"], float(match["level"])), {})[match["end"]] = name
        else:
            models[name] = {}
    for (model, level), found in ends.items():
        if len(found) < 2 or model not in models:
            missing = {"lo", "hi"} - set(found)
            lacks = f"{model}-{missing.pop()}-{level:g}" if missing else model
            raise InputError(f"the {level:g} % interval of {model!r} lacks the column {lacks!r}. Add it.")
        models[model][level] = found["lo"], found["hi"]
    return models
