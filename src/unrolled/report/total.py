"""The sum over all series: its past, its forecast, and the forecasts of its last held-out values."""

import numpy as np

from ..arrays import Array
from ..forecasting.probabilistic.interval_columns import INTERVAL
from ..series.panel import Panel
from .content import ReportContent
from .curves import Curve, HeldOutPart, clock_of, held_out_parts, value_columns

MIN_KNOWN_SHARE = 0.5  # of the timestamps at which all series have a value; with fewer there is no curve to draw


def total_of(content: ReportContent) -> Curve | None:
    """The sum over several series of one frequency that end together; None for others."""
    if len(content.parts) != 1 or len(content.ids) < 2:
        return None
    predictor, panel, forecast, _ = content.parts[0]
    y = _sums(panel)
    if y is None:
        return None
    names = [str(name) for name in value_columns(forecast, content.columns) if not INTERVAL.fullmatch(str(name))]
    ahead = {name: forecast[name].to_numpy(float).reshape(len(panel.ids), -1).sum(axis=0) for name in names}
    if content.total is not None:  # with intervals
        ahead = {str(name): content.total[name].to_numpy(float) for name in content.total.columns[1:]}
    stamps = panel.frequency.stamps(panel.first.max() + np.arange(len(y) + content.steps))
    parts, horizon = held_out_parts(predictor), predictor.parameters.horizon
    held_out = None
    if predictor.comparison is not None and set(parts) >= set(panel.ids) and len(y) >= horizon:
        models = map(str, predictor.comparison.table.index)
        values = {name: np.sum([parts[key][name] for key in panel.ids], axis=0) for name in models}
        held_out = HeldOutPart(len(y) - horizon, values)
    return Curve(None, stamps, y, ahead, held_out, **clock_of(panel.frequency))


def _sums(panel: Panel) -> Array | None:
    """The sum over all series where each has a value, from the first common timestamp on, (n,)."""
    ends = panel.first + panel.lengths
    rows = int(ends[0] - panel.first.max())
    if rows < 1 or (ends != ends[0]).any():
        return None
    observed = np.where(panel.observed, panel.y, np.nan)
    sums: Array = np.sum([observed[end - rows : end] for end in panel.offsets[1:]], axis=0)
    return sums if np.isfinite(sums).mean() >= MIN_KNOWN_SHARE else None
