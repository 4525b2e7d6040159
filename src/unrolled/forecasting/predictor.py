"""The fit of one frequency, and its forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..errors import DataError, InputError
from ..series.columns import Columns, plain_id
from ..series.dataframe import PANDAS, Library, library_of
from ..series.from_frame import read_panel
from ..series.known_future import extend_panel
from ..series.panel import Panel, sparse_note
from ..series.to_frame import forecast_frame, path_frame
from .defaults import estimate_for, logs_of
from .evaluation.comparison import Comparison
from .inputs.windows import refuse_unforecastable, without_short
from .model.ensemble import Ensemble
from .model.paths import path_noise, sample_paths
from .model.recursion import forecast_quantiles
from .parameters import Parameters
from .plausibility import fan_notes, limit_notes, zero_notes
from .preprocessing.transform import SeriesTransform, TransformedOrigins, merge_transforms
from .probabilistic.conformal import calibrate
from .probabilistic.interval_columns import interval_columns
from .probabilistic.quantile_function import means
from .probabilistic.tracking import Tracking

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


@dataclass(frozen=True)
class Source:
    """The table of a fit."""

    columns: Columns  # the names of its columns
    library: Library = PANDAS  # of the table and of its forecasts
    reading: Mapping[str, Any] = field(default_factory=dict)  # the options with which its file was read


class SeriesToForecast(NamedTuple):
    """Series to forecast."""

    panel: Panel  # their last rows
    history: Panel  # all known rows
    transform: SeriesTransform  # of the series
    columns: Columns  # of their table
    library: Library  # of the table of forecasts


class Prediction(NamedTuple):
    """A table of forecasts, and what the user should know about it."""

    frame: Any
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """The fit of one frequency."""

    parameters: Parameters  # those of the fit; after a search, those that it chose
    source: Source  # the table
    ensemble: Ensemble  # the networks
    transform: SeriesTransform  # of the series of the fit
    conformal_factors: Array  # the calibration of intervals, (MEDIAN, H)
    mean_factor: float = 1.0  # the calibration of means
    tracking: Tracking  # what is known about forecasts since the fit
    context: Panel  # the last rows of the series, as far as forecasts depend on them
    panel: Panel | None = None  # the whole series; None after loading
    comparison: Comparison | None = None  # on the held-out end; None without one, and after loading
    notes: tuple[str, ...] = ()  # what the user should know about the fit
    interrupted: bool = False  # whether Ctrl-C ended it

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return self.parameters.name

    @property
    def season(self) -> int:
        """The season with which gaps are filled, in periods."""
        return self.parameters.season_of(self.context.frequency)

    @property
    def drift_notes(self) -> list[str]:
        """A note if forecasts since the fit have become worse than chance explains."""
        others = len(self.context.ids) - 1
        return self.tracking.drift_notes(1 + others * self.ensemble.series_correlation)

    # --- series to forecast -------------------------------------------------------------------------

    @property
    def series(self) -> SeriesToForecast:
        """The series of the fit."""
        source = self.source
        return SeriesToForecast(
            self.context, self.panel or self.context, self.transform, source.columns, source.library
        )

    def read(self, df: IntoDataFrame, columns: Columns) -> SeriesToForecast:
        """The series of another table that are long enough, which are forecast without training.

        Raises:
            DataError: the table does not match that of the training.
        """
        layout = self.context.covariates.layout
        panel = read_panel(df, columns, self.context.frequency, self.parameters.season, layout)
        self.ensemble.distribution.refuse_other_targets(panel)
        sparse = sparse_note(int(panel.observed.sum()), len(panel.y), panel.frequency)
        panel = without_short(replace(panel, notes=(*sparse, *panel.notes)), self.ensemble.spec)
        library = library_of(df, (columns.id, columns.time))
        context = self.ensemble.context(panel, self.season)
        return SeriesToForecast(context, panel, self.transform_of(panel), columns, library)

    def transform_of(self, panel: Panel) -> SeriesTransform:
        """The transform of a panel: as fitted for series of the fit, estimated afresh for others."""
        terms = self.transform.effects.terms
        fresh = estimate_for(self.parameters, panel, self.ensemble.spec, logs_of(self.parameters, panel), terms)
        return merge_transforms(self.transform, self.context.ids, fresh, panel)

    def origins(self, series: SeriesToForecast, future: IntoDataFrame | None, horizon: int) -> TransformedOrigins:
        """The ends of the S series, in a panel that includes the rows ahead if anything is known ahead.

        Raises:
            DataError: a series is too short, or one of the `horizon` rows ahead lacks values known ahead.
            InputError: a table of the future is given, but no column is known ahead.
        """
        panel = series.panel
        refuse_unforecastable(panel, self.ensemble.spec)
        if future is not None and not panel.covariates.layout.future:
            raise InputError(
                "no column is known ahead, so `future` can't be read. Name some in `future_cols` of fit."
            )
        reads = self.ensemble.features.n_known_ahead or self.transform.effects.terms.lags
        if not reads and future is None:
            return TransformedOrigins(panel, panel.offsets[1:], series.transform)
        rows = max(self.parameters.horizon, horizon)
        longer = extend_panel(panel, rows, future, replace(series.columns, rows=None), horizon)
        return TransformedOrigins(longer, longer.offsets[1:] - rows, series.transform)

    # --- forecasts ----------------------------------------------------------------------------------

    def quantiles(
        self,
        origins: TransformedOrigins,
        horizon: int | None = None,
        *,
        intervals: bool = True,
        fitted: Array | None = None,
    ) -> Array:
        """Calibrated quantiles after these origins, (N, H, Q), in the units of the target.

        Args:
            origins: N; where anything is known ahead, their panel reaches a horizon beyond them.
            horizon: periods ahead; None: those of the training.
            intervals: False computes the medians only.
            fitted: as in `Combination.forecasts`.
        """
        horizon = horizon or self.parameters.horizon
        spread = intervals or self.parameters.point == "mean"  # a mean depends on all quantiles
        raw = forecast_quantiles(self.ensemble, origins, horizon, intervals=spread)
        raw = self.ensemble.combination.combined(raw, origins, fitted)
        return origins.inverse_transform(calibrate(raw, self.conformal_factors))

    def forecast_columns(self, quantiles: Array, levels: Sequence[float]) -> dict[str, Array]:
        """The medians or means and their intervals under the names of their columns, from quantiles (N, H, Q)."""
        found = interval_columns(self.name, quantiles, levels, self.ensemble.support)
        if self.parameters.point == "mean":  # means of whole numbers are not whole
            found[self.name] = self.mean_factor * means(quantiles)
        return found

    @np.errstate(over="ignore", invalid="ignore")  # a forecast that is not finite is refused
    def predict(
        self,
        series: SeriesToForecast,
        levels: Sequence[float] = (),
        horizon: int | None = None,
        future: IntoDataFrame | None = None,
    ) -> Prediction:
        """Forecasts after the last row of each series, with intervals of these levels in per cent."""
        horizon = self.parameters.checked_horizon(horizon)
        refuse_beyond_time(series.panel, horizon)
        origins = self.origins(series, future, horizon)
        values = self.quantiles(origins, horizon, intervals=bool(levels))
        forecast = self.forecast_columns(values, levels)
        for column in forecast.values():
            refuse_infinite(series.panel, column)
        frame = forecast_frame(series.panel, horizon, series.columns, forecast, series.library)
        told = [limit_notes] if self.parameters.nonnegative is None and not self.ensemble.distribution.counts else []
        told += [zero_notes] if self.parameters.point != "mean" else []
        checks = [check(series.panel, series.transform, forecast) for check in (*told, fan_notes)]
        return Prediction(frame, [*self._notes(series, origins), *(note for notes in checks for note in notes)])

    @np.errstate(over="ignore", invalid="ignore")  # as above
    def sample(
        self,
        series: SeriesToForecast,
        n: int,
        seed: int,
        horizon: int | None = None,
        future: IntoDataFrame | None = None,
    ) -> Prediction:
        """`n` paths after the last row of each series."""
        horizon = self.parameters.checked_horizon(horizon)
        refuse_beyond_time(series.panel, horizon)
        origins = self.origins(series, future, horizon)
        noise = path_noise(self.ensemble, horizon, len(series.panel.ids), n, seed)
        paths = sample_paths(self.ensemble, origins, horizon, self.conformal_factors, noise)
        refuse_infinite(series.panel, paths)
        return Prediction(path_frame(series.panel, series.columns, self.name, paths, series.library), [])

    def _notes(self, series: SeriesToForecast, origins: TransformedOrigins) -> list[str]:
        """What the user should know about a prediction; the notes of the fit are not repeated."""
        if series.panel is self.context:
            return [*origins.panel.notes[len(series.panel.notes) :], *self.drift_notes]
        known = set(self.context.ids)
        new = [name for name in series.panel.ids if name not in known]
        notes = [*origins.panel.notes, *self.ensemble.combination.too_short(series.panel)]
        if new and None not in known:
            notes.append(
                f"{len(new)} series not in the training, such as {plain_id(new[0])!r}: forecast as new series"
            )
        return notes


def refuse_beyond_time(panel: Panel, horizon: int) -> None:
    """Raise an `InputError` if the timestamps to forecast can't be represented."""
    last = panel.first + panel.lengths
    try:
        panel.frequency.check_range(int(panel.first.min()), int(last.max()) + horizon)
    except InputError as error:
        (stamp,) = panel.frequency.texts(last.max(keepdims=True) - 1)
        raise InputError(
            f"{horizon} periods after {stamp} lie beyond the year 2262, where timestamps end. Lower the horizon."
        ) from error


def refuse_infinite(panel: Panel, forecast: Array, first: int = 0) -> None:
    """Raise a `DataError` for the first series whose forecast, (S, ...), is not finite; it begins with series `first`
    of the panel."""
    wrong = ~np.isfinite(forecast).all(axis=tuple(range(1, forecast.ndim)))
    if wrong.any():
        k = first + int(wrong.argmax())
        low, high = panel.y[panel.series(k)].min(), panel.y[panel.series(k)].max()
        raise DataError(
            f"the forecast of {panel.name(k)} is not finite. Its last values are {low:g} to {high:g}, and numbers of "
            "that size, or of the fitted model, are beyond the computation. Divide the target by a constant, and fit "
            "again."
        )
