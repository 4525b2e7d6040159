"""Forecaster: a table of series in, a trained network, forecasts with intervals and an honest comparison out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from . import storage
from .arrays import Array
from .errors import InputError
from .forecasting.baselines.registry import check_baselines
from .forecasting.baselines.statistical import require_statsforecast
from .forecasting.cross_validation import CrossValidationPlan, uninterrupted
from .forecasting.defaults import choose_settings, logs_of, prepare
from .forecasting.evaluation.comparison import Comparison
from .forecasting.evaluation.holdout import hold_out
from .forecasting.inputs.features import Features
from .forecasting.inputs.windows import refuse_unforecastable
from .forecasting.model.combination import Combination, weights_of
from .forecasting.model.likelihood import limits_of, refuse_no_counts
from .forecasting.model.paths import path_noise, sample_paths
from .forecasting.model.recursion import forecast_quantiles
from .forecasting.model.training import train_model
from .forecasting.multi_frequency import answer, fit_parts, roll_all
from .forecasting.parameters import AUTO, Params, check_paths, checked_horizon
from .forecasting.preprocessing.logarithms import all_positive
from .forecasting.preprocessing.profile import (
    SeriesTransform,
    estimate_transform,
    inverse_transform,
    merge_transforms,
)
from .forecasting.probabilistic.conformal import UNCALIBRATED, calibrate
from .forecasting.probabilistic.interval_columns import interval_columns
from .forecasting.probabilistic.quantiles import MEDIAN, check_levels
from .forecasting.selection.automatic import fit_automatically
from .forecasting.serialization import describe, rebuild
from .interactive.interrupts import interruptible
from .interactive.progress import run_progress, subtask
from .nn.randomness import checked_seed
from .series.by_frequency import read_panels
from .series.columns import named_columns
from .series.dataframe import in_library, library_of
from .series.from_frame import read_panel
from .series.known_future import extend_panel
from .series.panel import Panel
from .series.to_frame import forecast_frame, path_frame
from .showing import Showing

if TYPE_CHECKING:
    import pandas as pd
    from narwhals.typing import IntoDataFrame


class Forecaster(Showing, Params):
    """A recurrent network for forecasting one or many series.

    One global network reads windows of all series and gives quantiles of the next `horizon` values directly. `fit`
    trains twice: first without the end of each series, on which the network is compared with simple baselines and
    its intervals are calibrated; then on everything.

    Args:
        horizon: periods ahead, H.
        cell: "rnn", "gru", "lstm", or the name of a registered cell. "auto": it, scaling, window,
            segment, sizes and steps are searched for, as far as they are not given; see `budget`.
        hidden: hidden units; None: 16, from 1,000 windows on 32, on segments 128.
        layers: recurrent layers, each but the first with a residual path.
        window: periods the network reads; None: from season and data.
        segment: periods it takes at one step; None: a season where there are very many windows, else 1.
        scaling: how windows are seen: "level", "trend", "season", "mean", "last", "robust", or several of them, in
            which the networks of an ensemble take turns (see `forecasting.windows`); None: chosen from the data.
        decoder: how the horizon is written: "direct" at once; "parallel" or "recurrent" segment by segment, told of
            what is known ahead; None: "parallel" where anything is known ahead, else "direct".
        calendar: whether the networks read where stamps lie in the day, the week and the year; None: for days and
            finer stamps, where the series span two years.
        season: periods in a season; None: from the frequency; 1: none.
        freq: the frequency, as pandas names it, or a step between integer stamps; None: inferred.
        log: whether to work on logarithms; None: decided for each series.
        steps: optimizer steps of each network; None: 200, from 1,000 windows on 1,000, on segments up to 3,000.
        batch_size: windows a step; None: 32, on segments 128.
        rate: largest learning rate (one cycle); None: 0.01, on segments 0.005.
        weight_decay: of AdamW.
        dropout: share of hidden units dropped in training; None: 0.4, on long segmented series none.
        ensemble: networks of different seeds, on each view in turn; their median is taken; None: 6, on segments 3,
            or more, so that views are taken equally often.
        likelihood: None learns quantiles; "normal", "student_t", "poisson" and "negative_binomial" the parameters of
            such a distribution. The last two are for counts, whole numbers ≥ 0, and give such.
        reach: periods that the network gives at once; None: the horizon. Beyond it the network reads its own
            forecasts, medians for the forecast and paths of draws for intervals, as far ahead as is asked for.
        nonnegative: whether forecasts, intervals and samples are clipped at 0.
        integer: whether they are rounded to whole numbers, intervals outwards.
        seed: of everything random.
        alias: name of the forecast's column; None: the cell's name in capitals.
        verbose: 0 is silent, 1 shows progress in a notebook, and where standard error is a terminal.
        budget: seconds that the search of "auto" may take; None: 60, or no limit where there is one of trials.
        max_trials: how often it may judge a configuration; limited by this alone, it repeats itself.
        combine: methods whose forecasts are averaged with the networks': weights by name, {"AutoETS": 0.3}, or names,
            a third for all together. They need whole series, which then stay in the model and its file, and belong in
            tables that `predict` takes. "auto" searches without them. See `forecasting.combination`.

    After `fit`: `model_`, `held_out_` (comparison and coverage; None where the series are too short), `panel_` (the
    series; None after loading), `notes_` (what was changed in the data), `search_` (what was tried), `chosen_`
    (parameters that repeat this without a search), `reading_` (the options by which a command read the table; else
    empty). After `predict`: `predict_notes_` (what was changed in its tables, and which of their texts no training
    has seen). Where the series of a table have different frequencies, each frequency gets a forecaster of its own,
    `parts_["monthly"]`, which has `model_`, `panel_` and `chosen_`.

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> un.Forecaster(horizon=3, steps=20).fit(df).predict(level=[80]).columns.tolist()
    ['ds', 'GRU', 'GRU-lo-80', 'GRU-hi-80']
    """

    parts_: Mapping[str, Forecaster] = MappingProxyType({})  # where there is one frequency, or no fit
    interrupted_ = False  # whether Ctrl-C ended the training

    # --- fitting ------------------------------------------------------------------------------------

    def fit(
        self,
        df: IntoDataFrame,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
        past_cols: Iterable[str] = (),
        future_cols: Iterable[str] = (),
        static_cols: Iterable[str] = (),
        weight_col: str | None = None,
        baselines: str | Iterable[str] | None = None,
    ) -> Forecaster:
        """Train on a long table: one row a stamp and series.

        A table without the id column is one series. Stamps are dates or whole numbers.

        Args:
            past_cols: covariates that are known up to the present: numbers, truths or texts.
            future_cols: covariates that are known ahead, such as prices and holidays. Rows without a target after the
                end of a series tell of its future; else `predict` takes a table of it.
            static_cols: columns with one value a series; texts are categories.
            weight_col: a column with one value > 0 a series: how much the series counts in training.
            baselines: to compare with on the held-out end, beside the simple ones: "Naive2", "AutoETS", "AutoARIMA",
                "Theta", "AutoTheta".

        Raises:
            DataError: the table can't be used as it stands; the message says where and what to do.
            InputError: an argument does not fit.
            TrainingDiverged: the loss stopped being finite.
        """
        self.check_params()
        self.columns_ = named_columns(id_col, time_col, target_col, past_cols, future_cols, static_cols, weight_col)
        self.backend_ = library_of(df)
        self.reading_: dict[str, Any] = {}
        return self.fit_panels(read_panels(df, self.columns_, self.freq, self.season), baselines)

    def fit_panels(self, panels: Sequence[Panel], baselines: str | Iterable[str] | None = None) -> Forecaster:
        """`fit` for a table that has been read: a panel for each frequency."""
        return self.fit_panel(panels[0], True, baselines) if len(panels) == 1 else fit_parts(self, panels, baselines)

    def fit_panel(
        self, panel: Panel, evaluate: bool = True, baselines: str | Iterable[str] | None = None
    ) -> Forecaster:
        """`fit` for a table that has been read; `evaluate=False` leaves out comparison and calibration."""
        beside = check_baselines(baselines)
        require_statsforecast([*beside, *weights_of(self.combine)])  # before long work
        self.parts_ = {}
        if self.cell == AUTO:
            return fit_automatically(self, panel, evaluate, beside)
        self.search_: pd.DataFrame | None = None
        self.chosen_, self.search_interrupted_ = self.get_params(), False
        with interruptible() as interrupted, run_progress(self.verbose):  # between the trainings too
            self._fit(panel, evaluate, beside, interrupted)
            self.interrupted_ = interrupted()
        return self

    def _fit(self, panel: Panel, evaluate: bool, baselines: Sequence[str], interrupted: Callable[[], bool]) -> None:
        self.notes_ = list(panel.notes)
        self.panel_: Panel | None = panel
        self.held_out_: Comparison | None = None
        self.widening_ = np.full((MEDIAN, self.horizon), UNCALIBRATED)
        dependence = None
        left_out, known, (framing, logs, features, decoder) = prepare(self, panel, evaluate)
        settings = choose_settings(panel.lengths, framing, self.get_params() | {"decoder": decoder})
        limits = limits_of(self.likelihood, self.nonnegative, self.integer)
        combination = Combination.of(self, framing.season, panel.frequency)

        if left_out:
            profile = estimate_transform(known, framing, logs)
            with subtask("", 0, 2):
                model = train_model(settings, known, profile, framing, features, "training without the end")
            model = replace(model, limits=limits, combination=combination)
            held_out = hold_out(
                model, panel, known, profile, self.name, self.columns_, baselines, self.season, self.horizon
            )
            self.held_out_, self.widening_, dependence = held_out, held_out.widening, held_out.dependence
        elif evaluate:
            self.notes_.append(
                "too few rows to hold any out: no comparison, and intervals not calibrated, only widened"
            )
        decided = dict(zip(known.ids, logs.tolist(), strict=True))
        wanted = np.array([decided.get(name, False) for name in panel.ids]) & all_positive(panel)
        self.profile_ = estimate_transform(panel, framing, wanted)
        if left_out and interrupted():
            self.notes_.append(f"interrupted: the networks have not seen the last {left_out} rows of each series")
        else:
            features = Features.of(panel, bool(features.calendar), features.season)
            with subtask("", bool(left_out), 1 + bool(left_out)):
                model = train_model(settings, panel, self.profile_, framing, features, "training on everything")
        self.model_ = replace(model, limits=limits, dependence=dependence, combination=combination)
        self.notes_ += self.model_.notes(panel)
        self.tail_ = self.model_.looked_at(panel)

    # --- forecasting --------------------------------------------------------------------------------

    def predict(
        self,
        df: IntoDataFrame | None = None,
        level: Sequence[float] | float | None = None,
        horizon: int | None = None,
        future: IntoDataFrame | None = None,
    ) -> Any:
        """Forecasts after the last row of each series.

        Args:
            df: a table like the one of `fit`, whose series are forecast without training; None: the series of `fit`.
            level: coverage of intervals in per cent, such as [80, 95].
            horizon: periods ahead, at most the trained ones, or any number where `reach` was given.
            future: a table of the known-ahead columns at the stamps to forecast, with ids where there are ids; None:
                they stand in the table before, in rows without a target. Elsewhere in it nothing is read.

        Returns:
            A table in the library of the input: id, stamp, forecast, and two columns an interval.

        Raises:
            DataError: a series is too short, or of a stamp ahead nothing is known.
            InputError: an argument does not fit.
        """
        self._require_fit()
        if self.parts_:
            return answer(self, df, lambda one, rows: one.predict(rows, level, horizon, future))
        levels = check_levels(level)
        horizon = checked_horizon(self, horizon)
        panel, profile, library = self._asked(df)
        longer, ends = self.ahead(panel, future, horizon)
        # those of the table of `fit` are in `notes_`
        told = [*longer.notes, *self.model_.combination.too_short(panel)]
        self.predict_notes_ = told if df is not None else list(longer.notes[len(panel.notes) :])
        values = self.predict_panel(longer, profile, ends, horizon, bool(levels))
        columns = interval_columns(self.name, values, levels, self.model_.limits)
        return forecast_frame(panel, horizon, self.columns_, columns, library)

    def sample(
        self,
        n: int = 100,
        df: IntoDataFrame | None = None,
        horizon: int | None = None,
        seed: int = 0,
        future: IntoDataFrame | None = None,
    ) -> Any:
        """Paths that the series may take after their last rows, drawn from the forecast.

        Each step follows the calibrated quantiles of `predict`. The steps of a path hang together as forecast errors
        did in the held-out windows (a Gaussian copula, see `dependence.py`); where fewer than 8 windows were held
        out, the steps that the network gives at once are drawn independently. Series are drawn independently.

        Args:
            n: paths a series.
            df, horizon, future: as in `predict`.
            seed: the same seed gives the same paths.

        Returns:
            A long table in the library of the input: id, stamp, `sample` (0 .. n - 1) and the column of the forecast.
        """
        self._require_fit()
        if self.parts_:
            return answer(self, df, lambda one, rows: one.sample(n, rows, horizon, seed, future))
        check_paths(n)
        horizon = checked_horizon(self, horizon)
        panel, profile, library = self._asked(df)
        longer, ends = self.ahead(panel, future, horizon)
        noise = path_noise(self.model_, horizon, len(panel.ids), n, checked_seed(seed))
        paths = sample_paths(self.model_, longer, profile, ends, horizon, self.widening_, noise)
        return path_frame(panel, self.columns_, self.name, paths, library)

    def _asked(self, df: IntoDataFrame | None) -> tuple[Panel, SeriesTransform, str]:
        """The last rows of the series to forecast, their profiles, and the library of the answer."""
        if df is None:
            return self.tail_, self.profile_, self.backend_
        whole = self.reread(df)
        refuse_no_counts(whole, self.likelihood)
        return self.model_.looked_at(whole), self.profile_of(whole), library_of(df)

    def reread(self, df: IntoDataFrame) -> Panel:
        """A table as a panel like the one of `fit`."""
        return read_panel(df, self.columns_, self.tail_.frequency, self.season, self.tail_.covariates.layout)

    def ahead(
        self, panel: Panel, future: IntoDataFrame | None = None, horizon: int | None = None
    ) -> tuple[Panel, Array]:
        """The panel with what is known of the trained horizon ahead, `horizon` rows of which must be known; the ends
        of its series before that, (S,)."""
        refuse_unforecastable(panel, self.model_.framing)
        if future is not None and not panel.covariates.layout.future:
            raise InputError(
                "no column is known ahead, so future can't be read. Name some in fit(future_cols=[...])."
            )
        if not self.model_.features.known and future is None:
            return panel, panel.offsets[1:]
        rows = max(self.horizon, horizon or 0)
        longer = extend_panel(panel, rows, future, replace(self.columns_, rows=None), horizon)
        return longer, longer.offsets[1:] - rows

    def predict_panel(
        self,
        panel: Panel,
        profile: SeriesTransform,
        ends: Array,
        horizon: int | None = None,
        intervals: bool = True,
        fitted: Array | None = None,
    ) -> Array:
        """Calibrated quantiles after these rows, (N, H, Q), in the target's units; without `intervals` only the
        medians count.

        Where anything is known ahead, the panel must reach a horizon beyond them. `fitted` is as in
        `Combination.forecasts`.
        """
        raw = forecast_quantiles(self.model_, panel, profile, ends, horizon or self.horizon, intervals)
        raw = self.model_.combination.combined(raw, panel, profile, ends, fitted)
        return inverse_transform(calibrate(raw, self.widening_), profile, panel, ends)

    def profile_of(self, panel: Panel) -> SeriesTransform:
        """Profiles for a new table: as fitted for known series, estimated afresh for others."""
        framing = self.model_.framing
        fresh = estimate_transform(panel, framing, logs_of(self, panel))
        return merge_transforms(self.profile_, self.tail_.ids, fresh, panel)

    def cross_validation(
        self,
        df: IntoDataFrame,
        n_windows: int = 1,
        step_size: int | None = None,
        level: Sequence[float] | float | None = None,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
        past_cols: Iterable[str] = (),
        future_cols: Iterable[str] = (),
        static_cols: Iterable[str] = (),
        weight_col: str | None = None,
        refit: bool | int = True,
        baselines: bool | str | Iterable[str] = False,
    ) -> Any:
        """Forecasts from several origins in the past, each by a forecaster trained on what came before it.

        Args:
            n_windows: origins; the last one lies `horizon` rows before the end.
            step_size: rows between two origins; None: the horizon.
            level: coverage of intervals in per cent.
            past_cols, future_cols, static_cols, weight_col: as in `fit`; what is known ahead of a cutoff stands in
                the rows after it.
            refit: True trains at each origin, k at every k-th one, False only before the first. Between trainings the
                same networks, profiles of the series and calibration go on, and read the rows up to each origin.
                Series that begin after a training are left out until the next.
            baselines: columns beside the network's: True for the simple ones, or their names.

        With cell="auto" the search is made once, in what is known before the first origin, and all origins have what
        it chose; `found_` keeps it, and a forecaster of `found_.parameters` repeats the table without a search. Each
        frequency has a search of its own, and `found_.parts["monthly"]`.

        Returns:
            A table with the id, stamp, `cutoff` (last stamp known), the target, the forecast and its intervals.

        Raises:
            DataError: the series are too short for so many origins.
            InputError: an argument does not fit.
        """
        self.check_params()
        columns = named_columns(id_col, time_col, target_col, past_cols, future_cols, static_cols, weight_col)
        step = self.horizon if step_size is None else step_size
        plan = CrossValidationPlan.checked(n_windows, step, refit, check_levels(level), baselines)
        panels = read_panels(df, columns, self.freq, self.season)
        backtest = uninterrupted(roll_all(self, panels, columns, plan))
        self.found_ = backtest.found
        return in_library(backtest.columns, library_of(df))

    @property
    def parts(self) -> list[Forecaster]:
        """Forecasters of one frequency each: those of `parts_`, or this one."""
        return list(self.parts_.values()) or [self]

    def _require_fit(self) -> None:
        if not (self.parts_ or hasattr(self, "model_")):
            raise InputError("this forecaster has not been fitted: call fit(df) first.")

    # --- files --------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to one safetensors file all that `predict` needs: of each series the last window, or, with
        `combine`, all rows."""
        self._require_fit()
        content, arrays = describe(self)
        storage.write(path, "forecaster", arrays, content)

    @classmethod
    def rebuild(cls, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Forecaster:
        """The forecaster that `save` wrote."""
        return rebuild(cls, content, arrays)
