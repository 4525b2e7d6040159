"""Forecaster: networks for a table of series, forecasts with intervals, and a comparison with baselines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from . import storage
from .argument_types import check_type
from .arrays import Array
from .errors import DataError, InputError
from .file_sets import write_bytes
from .forecasting.baselines.registry import check_baselines
from .forecasting.baselines.statistical import require_statsforecast
from .forecasting.cross_validation import CrossValidationPlan, backtest
from .forecasting.explanation.explanation import Explanation, explain, explain_first
from .forecasting.model.combination import weights_of
from .forecasting.multi_frequency import FittedTable, fit_table
from .forecasting.parameters import DEFAULTS, Parameters, check_paths, is_count
from .forecasting.predictor import Prediction, Predictor, SeriesToForecast, Source
from .forecasting.probabilistic.quantiles import check_levels
from .forecasting.selection.automatic import SelectionResult
from .forecasting.serialization import describe, rebuild
from .forecasting.totals import Over, total
from .forecasting.updating import Update
from .interactive.html import note, table, titled
from .nn.randomness import checked_seed
from .report import Report, ReportContent
from .report.figures import figure_of
from .series.by_frequency import merge_notes, read_panels
from .series.columns import Columns, named_columns
from .series.dataframe import in_library, library_of
from .series.panel import Panel, ends_note

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from narwhals.typing import IntoDataFrame

P = ParamSpec("P")
T = TypeVar("T")
Initializer = Callable[Concatenate[Any, P], None]


def _takes(parameters: Callable[P, Parameters]) -> Callable[[Callable[..., None]], Initializer[P]]:
    """Give an initializer the signature of the parameters, so that they are listed in one place."""
    return wraps(parameters.__init__)


class AfterFit(Generic[T]):
    """An attribute of a forecaster that exists after `fit`, read from its result.

    Before that, Python calls `Forecaster.__getattr__`, whose error says why it is missing.
    """

    def __init__(self, read: Callable[[FittedTable], T]) -> None:
        self.read = read

    def __get__(self, forecaster: Forecaster, owner: type) -> T:
        if forecaster is None or forecaster._fitted is None:
            raise AttributeError
        return self.read(forecaster._fitted)

    def __set__(self, forecaster: Forecaster, value: T) -> None:
        raise AttributeError("the result of a fit can't be changed")


def _single(table: FittedTable) -> Predictor:
    """The predictor of a table of one frequency; with several, there is one for each."""
    if table.mixed:
        raise AttributeError
    return table.only


class Forecaster:
    """A recurrent network for forecasting one or many series.

    One global network reads windows of all series and gives quantiles of the next `horizon` values directly; they
    are averaged with those of a network that was trained on synthetic series. `fit` trains twice: first without the
    end of each series, on which the networks are compared with simple baselines and their intervals are calibrated;
    then on everything, unless the end is a very small part of the series.

    Args:
        horizon: periods ahead, H.
        cell: "rnn", "gru", "lstm", or the name of a registered cell. "auto" searches for the cell, scaling, window,
            segment, sizes and steps, as far as they are not given; see `budget`.
        hidden: hidden units; None: 16, from 1,000 windows on 32, on segments 128.
        layers: recurrent layers; all but the first have a residual connection.
        window: periods that the network reads; None: from season and data.
        segment: periods that it takes in one step (the patch length); None: a season where there are very many
            windows, else 1.
        scaling: how windows are centred and scaled: "level", "trend", "season", "mean", "last", "robust", or several
            for the networks of an ensemble in turn (see `forecasting.inputs.views`); None: chosen from the data.
        decoder: how the horizon is written: "direct" at once; "parallel" or "recurrent" segment by segment, reading
            what is known ahead; None: "parallel" if anything is known ahead, else "direct".
        calendar: whether the networks read the place of each timestamp in the day, the week and the year; None: for
            daily and finer series that span two years.
        season: periods in a season; None: from the frequency; 1: none.
        freq: the frequency, as pandas names it, or a step between whole-number timestamps; None: inferred.
        open: the days and hours that have values, such as "mon-sat", "08:00-20:00" or "mon-fri 08:00-20:00, sat
            09:00-14:00"; other times are no gaps, and are not forecast. "all": none are closed; None: found in the
            data.
        zone: the time zone of the timestamps, such as "Europe/Berlin": those without a zone are local time of it,
            others are converted. None: that of the column. Forecasts have the same zone.
        log: whether to work on logarithms; None: decided for each series.
        steps: optimizer steps of each network; None: at most 200, from 1,000 windows on 1,000, on segments 3,000.
        batch_size: windows in an optimizer step, at most all; None: 32, on segments 128.
        rate: largest learning rate of the one-cycle schedule; None: 0.01, on segments 0.005.
        weight_decay: of AdamW.
        dropout: share of hidden units dropped in training; None: 0.4, on long segmented series none.
        ensemble: number of networks, which have different seeds and use the views in turn; their median is taken.
            None: 6, on segments 3, or a few more so that all views are used equally often.
        likelihood: None learns quantiles; "normal", "student_t", "poisson" and "negative_binomial" learn the
            parameters of that distribution. The last two are for counts (whole numbers ≥ 0) and forecast counts.
        reach: periods that the network forecasts at once (the output chunk length); None: the horizon. Beyond it the
            network reads its own forecasts (medians, and sample paths for intervals), up to any horizon.
        nonnegative: whether forecasts, intervals and samples are kept at or above 0; None: those of series without a
            negative value.
        integer: whether they are rounded to whole numbers, intervals outwards; means are not.
        seed: of all random numbers.
        alias: name of the forecast's column; None: the cell's name in capitals, or "Pretrained".
        verbose: 0 is silent, 1 shows progress in a notebook, and where standard error is a terminal.
        budget: seconds that the search of "auto" may take; None: 60, or no limit if `max_trials` is given.
        max_trials: trials of this search; without a budget, the search is reproducible.
        combine: methods whose forecasts are averaged with those of the networks: weights by name, {"AutoETS": 0.3},
            or names, which share a weight of one third (see `forecasting.model.combination`). They need whole series:
            the model and its file keep all rows, and tables for `predict` contain the history. "auto" ignores them.
        network: "trained": networks that are trained on the table; "pretrained": the network of this library that was
            trained on synthetic series, without any further training; "both": a weighted average of their quantiles
            (see `forecasting.evaluation.shares`). None: "both", but "trained" if there is a likelihood, a reach,
            or a search.
        holidays: the country whose public holidays may have effects, such as "DE" or "DE-BY" (with the package
            `holidays`); whether they do is decided on rows that are kept apart.
        point: what the forecast's column holds: "median", or "mean", which adds up to means of totals. None: means if
            at least half of the values are 0, else medians.

    After `fit`: `model_`, `held_out_` (comparison and coverage; None if the series are too short), `panel_` (the
    series; None after loading), `notes_` (what was changed in the data), `search_` (what was tried), `chosen_`
    (parameters that repeat this without a search), `reading_` (the options with which a command read the table;
    else empty). After `predict`: `predict_notes_` (what was changed in its tables, and which of their texts were
    not seen in training). After `update`: `update_` (rows added, coverage of the new values, notes). If the series
    of a table have different frequencies, each frequency has its own forecaster, `parts_["monthly"]`, which has
    `model_`, `panel_` and `chosen_`.

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> un.Forecaster(horizon=3, steps=20).fit(df).predict(level=[80]).columns.tolist()
    ['ds', 'GRU', 'GRU-lo-80', 'GRU-hi-80']
    """

    parameters: Parameters
    found_: SelectionResult | None = None  # by the search of the last cross-validation
    predict_notes_: Sequence[str] = ()
    update_: Update | None = None
    _fitted: FittedTable | None = None
    _parts: tuple[FittedTable, dict[str, Forecaster]] | None = None  # of a fit, which may no longer be the last one

    @_takes(Parameters)
    def __init__(self, *args: Any, **options: Any) -> None:
        try:
            self.parameters = Parameters(*args, **options)
        except TypeError as error:  # a parameter is missing or unknown
            raise TypeError(str(error).replace("Parameters.", f"{type(self).__name__}.", 1)) from None

    # --- parameters, by the conventions of scikit-learn ---------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return self.parameters.as_dict()

    def set_params(self, **params: Any) -> Self:
        """Change parameters. The next `fit` uses them; what was fitted keeps its own."""
        for name in params:
            if name not in self.get_params():
                known = ", ".join(self.get_params())
                raise InputError(f"{type(self).__name__} has no parameter {name!r}; it has: {known}.")
        self.parameters = replace(self.parameters, **params)
        return self

    if not TYPE_CHECKING:  # each parameter is an attribute, too

        def __getattr__(self, name: str) -> Any:
            if name in Parameters.__dataclass_fields__ and "parameters" in vars(self):
                return getattr(self.parameters, name)
            hint = ""
            if name in vars(type(self)):
                several = "; each frequency of its table has one, see parts_"
                hint = " before fit(df)" if self._fitted is None else several
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}")

        def __setattr__(self, name: str, value: Any) -> None:
            if name in Parameters.__dataclass_fields__:
                self.set_params(**{name: value})
            else:
                object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if k not in DEFAULTS or v != DEFAULTS[k]]
        return f"{type(self).__name__}({', '.join(changed)})"

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return (self.parameters if self._fitted is None else self._fitted.only.parameters).name

    # --- fitting ------------------------------------------------------------------------------------

    def fit(
        self,
        df: IntoDataFrame,
        id_col: str | int = "unique_id",
        time_col: str | int = "ds",
        target_col: str | int = "y",
        past_cols: Iterable[str | int] = (),
        future_cols: Iterable[str | int] = (),
        static_cols: Iterable[str | int] = (),
        weight_col: str | int | None = None,
        *,
        baselines: str | Iterable[str] | None = None,
    ) -> Forecaster:
        """Train on a long table: one row for each timestamp and series.

        A table without the id column is one series. Timestamps are dates or whole numbers; numbers that are dates in
        a code, such as 202412 or seconds since 1970, are read as dates, unless `freq` is a number. Columns may be
        called by numbers, which are texts in forecasts.

        Args:
            df: a table of any library that narwhals supports (pandas, polars, Arrow, ...).
            id_col, time_col, target_col: the columns that identify the series, hold the timestamps and are forecast.
            past_cols: covariates known up to the present: numbers, truth values or texts.
            future_cols: covariates known ahead, such as prices and holidays. Rows without a target after the end of a
                series hold their future values; otherwise `predict` takes a table of them.
            static_cols: columns with one value for each series; texts are categories.
            weight_col: a column with one value > 0 for each series: its weight in training.
            baselines: to compare with on the held-out end, besides those that always are: "Naive2",
                "HistoricAverage", "SES", "AutoETS", "AutoARIMA", "AutoTheta".

        Raises:
            DataError: the table can't be used as it stands; the message says where and what to do.
            InputError: an argument is invalid.
            TrainingDiverged: the loss stopped being finite.

        After an error the forecaster is as it was before, with the result of an earlier fit. While a fit is running,
        other threads get the forecasts of the earlier one.
        """
        self.parameters.check()
        columns = named_columns(id_col, time_col, target_col, past_cols, future_cols, static_cols, weight_col)
        panels = self._read(df, columns)
        return self.fit_panels(panels, Source(columns, library_of(df, (columns.id, columns.time))), baselines)

    def _read(self, df: IntoDataFrame, columns: Columns, left_out: int = 0) -> list[Panel]:
        p = self.parameters
        return read_panels(df, columns, p.freq, p.season, opened=p.open, zone=p.zone, left_out=left_out)

    def fit_panels(
        self,
        panels: Sequence[Panel],
        source: Source,
        baselines: str | Iterable[str] | None = None,
        notes: Sequence[str] = (),
    ) -> Forecaster:
        """`fit` for a table that has been read, one panel for each frequency; `notes` are those of the reader."""
        names = check_baselines(baselines)
        require_statsforecast([*names, *weights_of(self.parameters.combine)])  # before long work
        fitted = fit_table(self.parameters, panels, source, names)
        compared = [one for one in fitted.predictors.values() if one.comparison is not None and one.ensemble.members]
        ends = merge_notes({one.context.frequency.name: ends_note(one.context) for one in compared})
        self._fitted, self.update_ = replace(fitted, notes=(*notes, *fitted.notes, *ends)), None
        return self

    def update(self, df: IntoDataFrame) -> Self:
        """Carry the series of the fit on with newer rows, in milliseconds, without training.

        `predict` then forecasts the periods after the new last rows, as it would for a table with all rows. Networks
        and what was estimated of the series stay as fitted. The calibration of the intervals moves with each value
        that has become known: see `forecasting.probabilistic.tracking`. Updates row by row and all at once are the
        same.

        Args:
            df: a table like the one of `fit`, of any library, with rows after the known ones. It may begin earlier:
                rows of known periods must have the known values. Skipped periods are filled like those of `fit`. With
                columns known ahead, rows without a target after the last values hold the future.

        Returns:
            This forecaster. `update_` says what was added; its notes, and `predict_notes_` of later forecasts, say
            if forecasts have become so much worse than those of the held-out end that they need a new fit.

        Raises:
            DataError: a series is not one of the fit, a known row has another value, or the table can't be read. The
                forecaster is as before.
            InputError: the forecaster has not been fitted.

        >>> import pandas as pd, unrolled as un
        >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
        >>> fc = un.Forecaster(3, network="pretrained").fit(df[:58])
        >>> fc.update(df[58:]).predict()["ds"].min()
        Timestamp('2025-01-01 00:00:00')
        >>> print(fc.update_)
        2 rows added, up to 2024-12-01; the 80 % intervals one step ahead held 2 of 2 new values
        """
        self._fitted, self.update_ = self.fitted.updated(df)
        return self

    @classmethod
    def of(cls, fitted: FittedTable) -> Forecaster:
        """The forecaster of a table that has been fitted."""
        forecaster = cls.__new__(cls)  # a subclass may take other parameters
        forecaster.parameters, forecaster._fitted = fitted.parameters, fitted
        return forecaster

    @property
    def fitted(self) -> FittedTable:
        """The result of `fit`.

        Raises:
            InputError: `fit` has not been called.
        """
        if self._fitted is None:
            raise InputError("this forecaster has not been fitted: call fit(df) first.")
        return self._fitted

    model_ = AfterFit(lambda table: _single(table).ensemble)
    panel_ = AfterFit(lambda table: _single(table).panel)
    columns_ = AfterFit(lambda table: table.source.columns)
    reading_ = AfterFit(lambda table: table.source.reading)
    held_out_ = AfterFit(lambda table: table.comparison)
    notes_ = AfterFit(lambda table: list(table.notes))
    interrupted_ = AfterFit(lambda table: table.interrupted)
    search_ = AfterFit(lambda table: None if table.selection is None else table.selection.table)
    search_interrupted_ = AfterFit(lambda table: table.selection is not None and table.selection.interrupted)
    chosen_ = AfterFit(lambda table: (table.parameters if table.mixed else table.only.parameters).as_dict())

    @property
    def parts_(self) -> dict[str, Forecaster]:
        """A forecaster for each of several frequencies, by its name; empty for a table of one."""
        fitted, parts = self._fitted, self._parts
        if fitted is None or not fitted.mixed:
            return {}
        if parts is None or parts[0] is not fitted:
            parts = self._parts = fitted, {name: type(self).of(fitted.part(name)) for name in fitted.predictors}
        return parts[1]

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
            future: a table of the known-ahead columns at the timestamps to forecast, with ids where there are ids;
                None: they are in the table before, in rows without a target. Other rows and columns are ignored.

        Returns:
            A table in the library of the input: id, timestamp, forecast, and two columns for each interval.

        Raises:
            DataError: a series is too short, or a value known ahead is missing.
            InputError: an argument is invalid.
        """
        levels = check_levels(level)
        found = self._ask(df, lambda one, series: one.predict(series, levels, horizon, future))
        self.predict_notes_ = found.notes
        return found.frame

    def sample(
        self,
        n: int = 100,
        df: IntoDataFrame | None = None,
        horizon: int | None = None,
        seed: int = 0,
        future: IntoDataFrame | None = None,
    ) -> Any:
        """Sample paths of the series after their last rows, drawn from the forecast.

        Each step follows the calibrated quantiles of `predict`. The steps of a path are correlated as forecast errors
        were in the held-out windows (a Gaussian copula, see `forecasting.probabilistic.copula`). With fewer than
        8 held-out windows, the steps that the network gives at once are independent. Series have one common factor,
        as strong as their errors at the same time were correlated.

        Args:
            n: paths of each series.
            df, horizon, future: as in `predict`.
            seed: the same seed gives the same paths.

        Returns:
            A long table in the library of the input: id, timestamp, `sample` (0 .. n - 1) and the forecast's column.
        """
        check_paths(n)
        seed = checked_seed(seed)
        return self._ask(df, lambda one, series: one.sample(series, n, seed, horizon, future)).frame

    def total(
        self,
        over: Over = "series",
        level: Sequence[float] | float | None = (80, 95),
        *,
        n: int = 1000,
        seed: int = 0,
        df: IntoDataFrame | None = None,
        horizon: int | None = None,
        future: IntoDataFrame | None = None,
    ) -> Any:
        """Forecasts of sums, with intervals from sample paths, which keep the dependence between steps and series.

        The quantiles of a sum are not the sums of quantiles; only means add up (see `point`).

        Args:
            over: "series": the sum over all series for each period; "horizon": the sum over the horizon for each
                series; "both": one sum.
            level: coverage of the intervals in per cent; None: no intervals.
            n: sample paths.
            seed: of the paths.
            df, horizon, future: as in `predict`.

        Returns:
            A table in the library of the input: the timestamps ("series") or ids ("horizon"), the forecast, and two
            columns for each interval.

        Raises:
            DataError: series end at different times, or have different frequencies, and are summed.
            InputError: an argument is invalid.

        >>> import pandas as pd, unrolled as un
        >>> days = pd.date_range("2024-01-01", periods=60)
        >>> df = pd.concat([pd.DataFrame({"unique_id": k, "ds": days, "y": range(60)}) for k in "ab"])
        >>> un.Forecaster(7, network="pretrained").fit(df).total("both", level=80).columns.tolist()
        ['Pretrained', 'Pretrained-lo-80', 'Pretrained-hi-80']
        """
        check_type("`over`", over, Over)
        check_paths(n)
        seed, levels, fitted = checked_seed(seed), check_levels(level), self.fitted
        parts = fitted.split(df)
        if over != "horizon" and len(parts) > 1:
            raise DataError(
                f"series of different frequencies ({', '.join(fitted.predictors)}) have no common total. Sum over "
                "the horizon only (`over='horizon'`), or ask one of `parts_`."
            )
        asked = [
            (series, total(one, series, over, levels, n, seed, horizon=horizon, future=future))
            for one, series in parts
        ]
        return fitted.joined(asked).frame

    def explain(
        self,
        df: IntoDataFrame | None = None,
        ids: Any | Iterable[Any] | None = None,
        horizon: int | None = None,
        future: IntoDataFrame | None = None,
    ) -> Explanation:
        """Why forecasts are what they are: contributions of level, trend, season, calendar and covariates, and
        derivatives with respect to every input.

        The contributions are exact Shapley values: the forecast is computed without each combination of groups (see
        `forecasting.explanation.groups` for what this means), and what a group adds is averaged over all orders in
        which the groups can be added. They sum to the difference between the forecast and the baseline, which is the
        forecast without any group. Of more than ten groups, the weakest covariates become one.

        The derivatives are those of the median before rounding (of counts: of the mean of each network), by the
        backward passes of the networks. A filled gap is an input of its own. What `fit` has estimated is constant
        (logarithms, seasons, smoothing, coefficients of linear effects), and so are forecasts of `combine`.

        Args:
            df, horizon, future: as in `predict`.
            ids: the series, one or several; None: all of them.

        Returns:
            An `Explanation` with `table`, `sensitivities`, `summary` and `plot()`; a notebook displays its summary.

        Raises:
            DataError: as for `predict`.
            InputError: there is no such series, more than 100 are asked for, or an argument is invalid.

        Source: Shapley, "A value for n-person games", 1953; Lundberg & Lee, NeurIPS 2017.

        >>> import pandas as pd, unrolled as un
        >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
        >>> why = un.Forecaster(3, network="pretrained").fit(df).explain()
        >>> first = why.table[why.table.ds == "2025-01-01"]
        >>> first.group.tolist()
        ['level', 'trend']
        >>> bool(abs(first.baseline + first.contribution.sum() - first.forecast).max() < 1e-9)
        True
        """
        return explain(self.fitted, df, ids, horizon, future)

    def _ask(self, df: IntoDataFrame | None, ask: Callable[[Predictor, SeriesToForecast], Prediction]) -> Prediction:
        """The predictors' results for the series of a table, as one table in its library."""
        fitted = self.fitted  # another thread may fit again
        return fitted.joined([(series, ask(one, series)) for one, series in fitted.split(df)])

    def with_columns(self, columns: Columns) -> Forecaster:
        """The same forecaster for tables with other columns, which may also give the line of each row in a file."""
        other = type(self).of(self.fitted.with_columns(columns))
        other.parameters = self.parameters
        return other

    def cross_validation(
        self,
        df: IntoDataFrame,
        n_windows: int = 1,
        step_size: int | None = None,
        level: Sequence[float] | float | None = None,
        id_col: str | int = "unique_id",
        time_col: str | int = "ds",
        target_col: str | int = "y",
        *,
        past_cols: Iterable[str | int] = (),
        future_cols: Iterable[str | int] = (),
        static_cols: Iterable[str | int] = (),
        weight_col: str | int | None = None,
        refit: bool | int = True,
        baselines: bool | str | Iterable[str] = False,
    ) -> Any:
        """Forecasts from several origins in the past, each by a forecaster trained on the rows before it.

        Args:
            df, id_col, time_col, target_col: as in `fit`.
            n_windows: origins; the last one lies `horizon` rows before the end.
            step_size: rows between two origins; None: the horizon.
            level: coverage of intervals in per cent.
            past_cols, future_cols, static_cols, weight_col: as in `fit`; values known ahead are read from the
                rows after a cutoff.
            refit: True trains at each origin, k at every k-th one, False only before the first. Between trainings the
                networks, transforms of the series and calibration stay the same, and read the rows up to each origin.
                Series that begin after a training are left out until the next.
            baselines: whose forecasts become further columns: True for the simple ones, or names.

        With `cell="auto"` one search is made, on the rows before the first origin, and all origins use its choice.
        `found_` keeps the result, and a forecaster of `found_.parameters` repeats the table without a search. Each
        frequency has a search of its own, `found_.parts["monthly"]`.

        Returns:
            A table with the id, timestamp, `cutoff` (the last timestamp known), target, forecast and its intervals.

        Raises:
            DataError: the series are too short for so many origins.
            InputError: an argument is invalid.
        """
        parameters = self.parameters
        parameters.check()
        columns = named_columns(id_col, time_col, target_col, past_cols, future_cols, static_cols, weight_col)
        step = parameters.horizon if step_size is None else step_size
        plan = CrossValidationPlan.checked(n_windows, step, refit, check_levels(level), baselines)
        panels = self._read(df, columns, plan.most_left_out(parameters.horizon))
        found = backtest(parameters, panels, Source(columns), plan)
        if found.interrupted:  # a part could be taken for the whole
            raise KeyboardInterrupt
        frame = in_library(found.columns, library_of(df, (columns.id, columns.time)), found.zone)
        self.found_ = found.found
        return frame

    # --- reports and figures ------------------------------------------------------------------------

    def report(
        self,
        title: str | None = None,
        level: Sequence[float] | float = (50, 80, 95),
        future: IntoDataFrame | None = None,
    ) -> Report:
        """A report of the forecast: a page that works offline, or Markdown.

        Args:
            title: of the page; None: the target's name.
            level: coverage of the intervals in per cent.
            future: values known ahead, as in `predict`.

        Returns:
            A report: `show()` it, `save("report.html")` or `save("report.md")` it; a notebook displays it.

        Raises:
            InputError: the forecaster has not been fitted, or a level is out of range.
        """
        check_type("`title`", title, str | None)
        fitted = self.fitted
        forecast, notes = fitted.forecast(check_levels(level), future)
        fitted = replace(fitted, notes=(*fitted.notes, *notes))
        total = fitted.total(check_levels(level), future)
        why, name = explain_first(fitted, future), title or str(fitted.source.columns.target)
        return Report(ReportContent(fitted, forecast, name, total=total, explanation=why))

    def plot(
        self,
        ids: Any | Iterable[Any] | None = None,
        history: int | None = None,
        level: Sequence[float] | float = (50, 80, 95),
        future: IntoDataFrame | None = None,
    ) -> Figure:
        """A figure of the forecast, with Matplotlib (`pip install 'unrolled[plot]'`).

        Args:
            ids: the series to draw, one or several; None: the first six.
            history: rows of the past to draw; None: six horizons, at least 60.
            level: coverage of the intervals in per cent.
            future: values known ahead, as in `predict`.

        Returns:
            A Matplotlib figure, which a notebook displays: `fc.plot().savefig("forecast.svg")`.

        Raises:
            InputError: there is no such series, or Matplotlib is not installed.
        """
        if not (history is None or is_count(history)):
            raise InputError(f"`history` must be a whole number of periods ≥ 1; got {history!r}.")
        fitted = self.fitted
        content = ReportContent(fitted, fitted.forecast(check_levels(level), future).frame, "")
        return figure_of(content, ids, history)

    def _repr_html_(self) -> str:
        fitted = self._fitted
        if fitted is None:
            return titled(repr(self), note("not fitted"))
        contexts = [one.context for one in fitted.predictors.values()]
        series = "; ".join(f"{len(context.ids)} series, {context.frequency.name}" for context in contexts)
        shown = [note(f"fitted on {series}")]
        if fitted.comparison is not None:
            shown.append(fitted.comparison._repr_html_())
        if fitted.notes:
            shown.append(table(["notes"], [[text] for text in fitted.notes]))
        return titled(repr(self), *shown)

    # --- files --------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all that `predict` needs to one safetensors file: the last window of each series, or, with `combine`,
        all rows."""
        write_bytes(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """The content of the file that `save` writes."""
        content, arrays = describe(self.fitted)
        return storage.encode("forecaster", arrays, content)

    @classmethod
    def rebuild(cls, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Forecaster:
        """The forecaster that `save` wrote."""
        return cls.of(rebuild(content, arrays))
