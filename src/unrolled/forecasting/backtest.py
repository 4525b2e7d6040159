"""Honest comparison: rolling origins, simple baselines beside the network, and what intervals really cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError, InputError
from ..ops import Array
from .baselines import BASELINES
from .intervals import MEDIAN, calibrate, conformal_widening, interval_columns, pooled, read_quantile
from .panel import Columns, Panel, series_of
from .scaling import Profile, in_units, to_logs
from .table import forecast_frame, in_library, library_of, read_panel
from .windows import window_ends

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from .forecaster import Forecaster
    from .model import Model

MOST_WINDOWS = 5000  # held-out windows that are looked at; more would cost time and tell little more
REPORTED_LEVELS = (80, 95)


@dataclass(frozen=True, repr=False)
class HeldOut:
    """What the network did on the end of the series, which it had not seen.

    Attributes:
        table: one row a model, columns sMAPE (0..200), MASE, MAE, RMSE, each a mean over series.
        coverage: share of held-out values inside the intervals, by level in per cent. Each origin's intervals are
            calibrated on the other origins.
        widening: the calibration of all intervals.
        origins: forecast origins a series.
        rows: rows held out at the end of each series.
        pooled: whether calibration pools the steps ahead.
        example: of the last origin: id, stamp, y, the forecasts of all models, and intervals.
        name: the network's column.
    """

    table: pd.DataFrame
    coverage: dict[int, float]
    widening: Array
    origins: int
    rows: int
    pooled: bool
    example: pd.DataFrame
    name: str

    def __repr__(self) -> str:
        coverage = ", ".join(f"{level} %: {100 * share:.0f} %" for level, share in self.coverage.items())
        return (
            f"the last {self.rows} rows of each series, {self.origins} origins\n"
            f"{self.table.to_string(float_format=short, index_names=False)}\n"
            f"{self.verdict}\n"
            f"intervals held ({'steps pooled' if self.pooled else 'step by step'}): {coverage}"
        )

    @property
    def verdict(self) -> str:
        """In plain words, whether the network is worth using here."""
        errors = self.table["sMAPE"]
        best = str(errors.drop(self.name).idxmin())
        ours, theirs = errors[self.name], errors[best]
        if ours < theirs:
            return f"The network beats the best baseline ({best}): sMAPE {ours:.4g} against {theirs:.4g}."
        return f"The network loses to {best}: sMAPE {ours:.4g} against {theirs:.4g}. Prefer {best} here."


def short(value: float) -> str:
    """Four digits, or all before the point; never an exponent for what a person counts in thousands."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def held_out_rows(panel: Panel, horizon: int) -> int:
    """Rows to hold out: a horizon for each of some origins, one row apart, at most a third of the typical series.

    Origins one row apart tell much the same, so a long series gives more of them: a twentieth of it, up to 100.
    """
    typical = int(np.median(panel.lengths))
    origins = min(max(horizon, 12, min(typical // 20, 100)), typical // 3 - horizon + 1)
    return horizon + origins - 1 if origins >= 1 else 0


def hold_out(model: Model, panel: Panel, known: Panel, profile: Profile, name: str, columns: Columns) -> HeldOut:
    """Compare and calibrate a model on the rows of a panel that it has not seen.

    Args:
        model: trained on `known`.
        panel: the whole panel.
        known: the panel without its held-out end.
        profile: of the series of `known`.
        name: the column of the model's forecasts.
        columns: of the table.
    """
    framing = model.framing
    horizon = framing.horizon
    kept = set(known.ids)
    panel = panel.select(np.array([i in kept for i in panel.ids]))  # whoever has no known rows can't be judged
    left_out = int((panel.lengths - known.lengths).max())
    origins = left_out - horizon + 1
    every = max(1, -(-len(panel.ids) * origins // MOST_WINDOWS))
    # from the last origin backwards, so that it is among those that are looked at
    ends = window_ends(panel, framing, origins=slice(-1, -origins - 1, -every))
    raw = model.quantiles(panel, profile, ends)
    series = series_of(panel, ends)
    left = panel.offsets[series + 1] - horizon - ends  # 0 for a series' last origin
    places = ends[:, None] + np.arange(horizon)
    target, weight = to_logs(panel, profile.logs)[places], panel.observed[places].astype(float)

    widening = conformal_widening(raw, target, weight)
    values = in_units(calibrate(raw, widening), profile, panel, ends)
    forecasts = {name: values[..., MEDIAN]}
    for baseline, method in BASELINES.items():
        if baseline != "SeasonalNaive" or framing.season > 1:
            forecasts[baseline] = method(panel.y, ends, panel.offsets[series], horizon, framing.season)
    scores = score(
        np.repeat(series, horizon),
        panel.y[places].reshape(-1),
        {model_name: f.reshape(-1) for model_name, f in forecasts.items()},
        panel.observed[places].reshape(-1),
        np.repeat(np.arange(len(known.ids)), known.lengths),
        known.y,
        panel.frequency.mase_season,
    )
    last = left == 0
    judged = panel.select(np.isin(np.arange(len(panel.ids)), series))  # the others are too short for a window
    example = forecast_frame(
        judged.until(horizon),
        horizon,
        columns,
        {"y": panel.y[places[last]]}
        | {baseline: f[last] for baseline, f in forecasts.items() if baseline != name}
        | interval_columns(name, values[last], REPORTED_LEVELS),
    )
    return HeldOut(
        table=scores,
        coverage=_coverage(raw, target, weight, left),
        widening=widening,
        origins=len(np.unique(left)),
        rows=left_out,
        pooled=pooled(weight),
        example=example,
        name=name,
    )


def _coverage(raw: Array, target: Array, weight: Array, origin: Array) -> dict[int, float]:
    """Share of known targets inside each interval, one origin after the other calibrated on other origins: on those
    that share no target with it, where there are any."""
    inside = dict.fromkeys(REPORTED_LEVELS, 0.0)
    for k in np.unique(origin):
        here = origin == k
        apart = np.abs(origin - k) >= target.shape[1]
        others = next(rows for rows in (apart, ~here, here) if rows.any())
        widened = calibrate(raw[here], conformal_widening(raw[others], target[others], weight[others]))
        for level in REPORTED_LEVELS:
            tail = (1 - level / 100) / 2
            low, high = read_quantile(widened, tail), read_quantile(widened, 1 - tail)
            inside[level] += float((weight[here] * (low <= target[here]) * (target[here] <= high)).sum())
    return {level: count / max(float(weight.sum()), 1.0) for level, count in inside.items()}


def score(
    ids: Array,
    y: Array,
    forecasts: dict[str, Array],
    observed: Array,
    train_ids: Array,
    train_y: Array,
    mase_season: int,
) -> pd.DataFrame:
    """Errors of forecasts, one row a model: means over series of utilsforecast's metrics; sMAPE on 0..200."""
    from utilsforecast import losses

    frame = pd.DataFrame({"unique_id": ids, "y": y, **forecasts})[observed.astype(bool)]
    train = pd.DataFrame({"unique_id": train_ids, "y": train_y})
    models = list(forecasts)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "sMAPE": 200 * losses.smape(frame, models)[models].mean(),
            "MASE": losses.mase(frame, models, mase_season, train)[models]
            .replace([np.inf, -np.inf], np.nan)  # a constant series has no scale
            .mean(),
            "MAE": losses.mae(frame, models)[models].mean(),
            "RMSE": losses.rmse(frame, models)[models].mean(),
        }
    table = pd.DataFrame(columns)
    table.index.name = "model"
    return table


def cross_validate(
    fc: Forecaster, df: IntoDataFrame, columns: Columns, n_windows: int, step_size: int, levels: Sequence[float]
) -> Any:
    """See `Forecaster.cross_validation`."""
    for name, value in (("n_windows", n_windows), ("step_size", step_size)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
    panel = read_panel(df, columns, fc.freq, fc.season)
    parts = []
    for window in reversed(range(n_windows)):
        left_out = fc.horizon + window * step_size
        past = panel.until(left_out)
        if not len(past.ids):
            raise DataError(
                f"the longest series has {panel.lengths.max()} rows; {n_windows} windows {step_size} rows apart with "
                f"horizon {fc.horizon} leave none to train on. Lower one of the three."
            )
        fold = type(fc)(**fc.get_params())
        fold.columns_ = columns
        fold.fit_panel(past, evaluate=bool(levels))
        values = fold.predict_panel(past, fold.profile_)
        ends = past.first + past.lengths
        frame = forecast_frame(past, fc.horizon, columns, interval_columns(fc.name, values, levels))
        at = [panel.ids.index(name) for name in past.ids]
        rows = (panel.offsets[at] + past.lengths)[:, None] + np.arange(fc.horizon)
        truth = np.where(panel.observed[rows], panel.y[rows], np.nan)
        where = list(frame.columns).index(columns.time) + 1
        frame.insert(where, "cutoff", np.repeat(panel.frequency.stamps(ends - 1), fc.horizon))
        frame.insert(where + 1, columns.target, truth.reshape(-1))
        parts.append(frame)
    whole = pd.concat(parts, ignore_index=True)
    return in_library({str(name): whole[name].to_numpy() for name in whole}, library_of(df))
