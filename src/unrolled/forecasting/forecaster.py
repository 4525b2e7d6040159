"""Forecaster: a table of series in, a trained network, forecasts with intervals and an honest comparison out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import storage
from ..errors import InputError
from ..network import checked_seed
from ..ops import Array
from ..training import interruptible
from .backtest import HeldOut, held_out_rows, hold_out
from .baselines import check_baselines
from .choice import choose_framing, choose_logs, choose_settings
from .frequency import Frequency
from .intervals import MEDIAN, UNCALIBRATED, calibrate, check_levels, interval_columns
from .model import Model, rebuild_members, train_model
from .outputs import COUNTS, limits_of, refuse_no_counts
from .panel import Columns, Panel
from .params import Params, check_params, check_paths, checked_horizon
from .paths import path_frame, path_noise, sample_paths
from .recursion import forecast_quantiles
from .rolling import Plan, cross_validate
from .scaling import Profile, all_positive, estimate_profile, in_units
from .statistical import require_statsforecast
from .table import forecast_frame, in_library, library_of, read_panel
from .windows import Framing, refuse_unforecastable, refuse_untrainable, window_ends

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


class Forecaster(Params):
    """A recurrent network for forecasting one or many series.

    One global network reads windows of all series and gives quantiles of the next `horizon` values directly. `fit`
    trains twice: first without the end of each series, on which the network is compared with simple baselines and
    its intervals are calibrated; then on everything.

    Args:
        horizon: periods ahead, H.
        cell: "rnn", "gru", "lstm", or the name of a registered cell. On windows this short the plain RNN errs no more
            than the gated cells, and trains in a third of their time.
        hidden: hidden units; None: 16, or 64 where there are at least 1,000 windows to train on.
        layers: recurrent layers.
        window: steps the network reads; None: from season and data.
        season: periods in a season; None: from the frequency; 1: none.
        freq: the frequency, as pandas names it, or a step between integer stamps; None: inferred.
        log: whether to work on logarithms; None: decided for each series.
        steps: optimizer steps of each training; None: 200, or 1,000 where there are at least 1,000 windows.
        batch_size: windows a step.
        rate: largest learning rate (one cycle).
        weight_decay: of AdamW.
        dropout: share of hidden units dropped in training.
        ensemble: networks that are trained from different seeds, in turn on each view; their mean is taken; None:
            6, or 2 where there are at least 1,000 windows.
        likelihood: None learns quantiles; "normal", "student_t", "poisson" and "negative_binomial" the parameters of
            such a distribution. The last two are for counts, whole numbers ≥ 0, and give such.
        reach: periods that the network gives at once; None: the horizon. Beyond it the network reads its own
            forecasts, medians for the forecast and paths of draws for intervals, as far ahead as is asked for.
        nonnegative: whether forecasts, intervals and samples are clipped at 0.
        integer: whether they are rounded to whole numbers, intervals outwards.
        seed: of everything random.
        alias: name of the forecast's column; None: the cell's name in capitals.
        verbose: 0 is silent, 1 shows progress where standard error is a terminal.

    After `fit`: `model_` (the networks), `held_out_` (the comparison and the coverage; None where the series are too
    short), `notes_` (what was changed in the data).

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> un.Forecaster(horizon=3, steps=20).fit(df).predict(level=[80]).columns.tolist()
    ['ds', 'RNN', 'RNN-lo-80', 'RNN-hi-80']
    """

    def __init__(
        self,
        horizon: int,
        cell: str = "rnn",
        hidden: int | None = None,
        layers: int = 1,
        window: int | None = None,
        segment: int | None = None,
        scaling: str | Sequence[str] | None = None,
        decoder: str | None = None,
        season: int | None = None,
        freq: str | int | None = None,
        log: bool | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        rate: float | None = None,
        weight_decay: float = 1e-2,
        dropout: float | None = None,
        ensemble: int | None = None,
        likelihood: str | None = None,
        reach: int | None = None,
        nonnegative: bool = False,
        integer: bool = False,
        seed: int = 0,
        alias: str | None = None,
        verbose: int = 1,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.hidden = hidden
        self.layers = layers
        self.window = window
        self.segment = segment
        self.scaling = scaling
        self.decoder = decoder
        self.season = season
        self.freq = freq
        self.log = log
        self.steps = steps
        self.batch_size = batch_size
        self.rate = rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.ensemble = ensemble
        self.likelihood = likelihood
        self.reach = reach
        self.nonnegative = nonnegative
        self.integer = integer
        self.seed = seed
        self.alias = alias
        self.verbose = verbose

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return self.alias or self.cell.upper()

    def check_params(self) -> None:
        """Raise an `InputError` if a parameter does not fit."""
        check_params(self)

    # --- fitting ------------------------------------------------------------------------------------

    def fit(
        self,
        df: IntoDataFrame,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
        baselines: str | Iterable[str] | None = None,
    ) -> Forecaster:
        """Train on a long table: one row a stamp and series.

        A table without the id column is one series. Stamps are dates or whole numbers. `baselines` are compared with
        on the held-out end, beside the simple ones: "Naive2", "AutoETS", "AutoARIMA", "Theta", "AutoTheta".

        Raises:
            DataError: the table can't be used as it stands; the message says where and what to do.
            InputError: an argument does not fit.
            TrainingDiverged: the loss stopped being finite.
        """
        self.check_params()
        self.columns_ = Columns(id_col, time_col, target_col)
        self.backend_ = library_of(df)
        return self.fit_panel(read_panel(df, self.columns_, self.freq, self.season), baselines=baselines)

    def fit_panel(
        self, panel: Panel, evaluate: bool = True, baselines: str | Iterable[str] | None = None
    ) -> Forecaster:
        """`fit` for a table that has been read; `evaluate=False` leaves out comparison and calibration."""
        beside = check_baselines(baselines)
        require_statsforecast(beside)  # before long work
        with interruptible() as interrupted:  # between the trainings too
            return self._fit(panel, evaluate, beside, interrupted)

    def _fit(
        self, panel: Panel, evaluate: bool, baselines: Sequence[str], interrupted: Callable[[], bool]
    ) -> Forecaster:
        refuse_no_counts(panel, self.likelihood)
        self.notes_ = list(panel.notes)
        self.held_out_: HeldOut | None = None
        self.widening_ = np.full((MEDIAN, self.horizon), UNCALIBRATED)
        left_out = held_out_rows(panel, self.horizon) if evaluate else 0
        # whatever is chosen from data is chosen without the held-out end, for both trainings
        known = panel.until(left_out)
        framing, logs = self._choose(known)
        if not len(window_ends(known, framing)):
            left_out, known = 0, panel
            framing, logs = self._choose(panel)
        refuse_untrainable(panel, framing)
        refuse_unforecastable(panel, framing)
        settings = choose_settings(known, framing, self.get_params())
        limits = limits_of(self.likelihood, self.nonnegative, self.integer)

        if left_out:
            profile = estimate_profile(known, framing.season, framing.horizon, logs)
            model = replace(train_model(settings, known, profile, framing, "training without the end"), limits=limits)
            self.held_out_ = hold_out(
                model, panel, known, profile, self.name, self.columns_, baselines, self.season, self.horizon
            )
            self.widening_ = self.held_out_.widening
        elif evaluate:
            self.notes_.append(
                "too few rows to hold any out: no comparison, and intervals not calibrated, only widened"
            )
        decided = dict(zip(known.ids, logs.tolist(), strict=True))
        wanted = np.array([decided.get(name, False) for name in panel.ids]) & all_positive(panel)
        self.profile_ = estimate_profile(panel, framing.season, framing.horizon, wanted)
        if left_out and interrupted():
            self.notes_.append(f"interrupted: the networks have not seen the last {left_out} rows of each series")
        else:
            model = train_model(settings, panel, self.profile_, framing, "training on everything")
        dependence = self.held_out_.dependence if self.held_out_ else None
        self.model_ = replace(model, limits=limits, dependence=dependence)
        self.tail_ = panel.tail(framing.memory)
        return self

    def _choose(self, panel: Panel) -> tuple[Framing, Array]:
        """The framing, and for each series whether it is taken in logarithms."""
        season = self.season or panel.frequency.season
        counts = self.likelihood in COUNTS
        logs = choose_logs(panel, False if counts else self.log, season)
        scaling = "count" if counts else self.scaling
        return choose_framing(
            panel, logs, self.reach or self.horizon, season, self.window, self.segment, scaling, self.decoder
        ), logs

    # --- forecasting --------------------------------------------------------------------------------

    def predict(
        self,
        df: IntoDataFrame | None = None,
        level: Sequence[float] | float | None = None,
        horizon: int | None = None,
    ) -> Any:
        """Forecasts after the last row of each series.

        Args:
            df: a table like the one of `fit`, whose series are forecast without training; None: the series of `fit`.
            level: coverage of intervals in per cent, such as [80, 95].
            horizon: periods ahead, at most the trained ones, or any number where `reach` was given.

        Returns:
            A table in the library of the input: id, stamp, forecast, and two columns an interval.
        """
        self._require_fit()
        levels = check_levels(level)
        horizon = checked_horizon(self, horizon)
        panel, profile, library = self._asked(df)
        values = self.predict_panel(panel, profile, horizon=horizon)
        columns = interval_columns(self.name, values, levels, self.model_.limits)
        return forecast_frame(panel, horizon, self.columns_, columns, library)

    def sample(self, n: int = 100, df: IntoDataFrame | None = None, horizon: int | None = None, seed: int = 0) -> Any:
        """Paths that the series may take after their last rows, drawn from the forecast.

        Each step follows the calibrated quantiles of `predict`. The steps of a path hang together as forecast errors
        did in the held-out windows (a Gaussian copula, see `dependence.py`); where fewer than 8 windows were held
        out, the steps that the network gives at once are drawn independently. Series are drawn independently.

        Args:
            n: paths a series.
            df, horizon: as in `predict`.
            seed: the same seed gives the same paths.

        Returns:
            A long table in the library of the input: id, stamp, `sample` (0 .. n - 1) and the column of the forecast.
        """
        self._require_fit()
        check_paths(n)
        horizon = checked_horizon(self, horizon)
        panel, profile, library = self._asked(df)
        refuse_unforecastable(panel, self.model_.framing)
        noise = path_noise(self.model_, horizon, len(panel.ids), n, checked_seed(seed))
        paths = sample_paths(self.model_, panel, profile, panel.offsets[1:], horizon, self.widening_, noise)
        return path_frame(panel, self.columns_, self.name, paths, library)

    def _asked(self, df: IntoDataFrame | None) -> tuple[Panel, Profile, str]:
        """The last rows of the series to forecast, their profiles, and the library of the answer."""
        if df is None:
            return self.tail_, self.profile_, self.backend_
        whole = read_panel(df, self.columns_, self.tail_.frequency, self.season)
        refuse_no_counts(whole, self.likelihood)
        return whole.tail(self.model_.framing.memory), self._profile_of(whole), library_of(df)

    def predict_panel(
        self, panel: Panel, profile: Profile, ends: Array | None = None, horizon: int | None = None
    ) -> Array:
        """Calibrated quantiles after these rows, (N, H, Q), in the target's units; None: after each series' end."""
        refuse_unforecastable(panel, self.model_.framing)
        ends = panel.offsets[1:] if ends is None else ends
        raw = forecast_quantiles(self.model_, panel, profile, ends, horizon or self.horizon)
        return in_units(calibrate(raw, self.widening_), profile, panel, ends)

    def _profile_of(self, panel: Panel) -> Profile:
        """Profiles for a new table: as fitted for known series, estimated afresh for others."""
        framing = self.model_.framing
        fresh = estimate_profile(panel, framing.season, framing.horizon, self._choose(panel)[1])
        fitted = {name: k for k, name in enumerate(self.tail_.ids)}
        known = np.array([fitted.get(name, -1) for name in panel.ids])
        # a fitted logarithm can't be kept where a new value is not positive
        use = (known >= 0) & ~(self.profile_.logs[known] & ~all_positive(panel))
        return self.profile_.kept(use, known, fresh)

    def cross_validation(
        self,
        df: IntoDataFrame,
        n_windows: int = 1,
        step_size: int | None = None,
        level: Sequence[float] | float | None = None,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
        refit: bool | int = True,
        baselines: bool | str | Iterable[str] = False,
    ) -> Any:
        """Forecasts from several origins in the past, each by a forecaster trained on what came before it.

        Args:
            n_windows: origins; the last one lies `horizon` rows before the end.
            step_size: rows between two origins; None: the horizon.
            level: coverage of intervals in per cent.
            refit: True trains at each origin, k at every k-th one, False only before the first. Between trainings the
                same networks, profiles of the series and calibration go on, and read the rows up to each origin.
                Series that begin after a training are left out until the next.
            baselines: columns beside the network's: True for the simple ones, or their names.

        Returns:
            A table with the id, stamp, `cutoff` (last stamp known), the target, the forecast and its intervals.

        Raises:
            DataError: the series are too short for so many origins.
            InputError: an argument does not fit.
        """
        self.check_params()
        columns = Columns(id_col, time_col, target_col)
        step = self.horizon if step_size is None else step_size
        plan = Plan.checked(n_windows, step, refit, check_levels(level), baselines)
        panel = read_panel(df, columns, self.freq, self.season)
        return in_library(cross_validate(self, panel, columns, plan), library_of(df))

    def _require_fit(self) -> None:
        if not hasattr(self, "model_"):
            raise InputError("this forecaster has not been fitted: call fit(df) first.")

    # --- files --------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to one safetensors file all that `predict` needs, the last window of each series included."""
        self._require_fit()
        arrays = {"y": self.tail_.y, "observed": self.tail_.observed, "offsets": self.tail_.offsets}
        arrays |= {"first": self.tail_.first, "widening": self.widening_}
        arrays |= {} if self.model_.dependence is None else {"dependence": self.model_.dependence}
        arrays |= {f"profile.{f.name}": getattr(self.profile_, f.name) for f in fields(Profile)}
        arrays |= {f"network.{k}": member.parameters for k, member in enumerate(self.model_.members)}
        content = {
            "params": {name: value for name, value in self.get_params().items() if name != "verbose"},
            "columns": {name: getattr(self.columns_, name) for name in ("id", "time", "target")},
            "ids": [name.item() if isinstance(name, np.generic) else name for name in self.tail_.ids],
            "frequency": asdict(self.tail_.frequency),
            "framing": asdict(self.model_.framing),
            "networks": [asdict(member.architecture) | {"view": member.view} for member in self.model_.members],
            "library": self.backend_,
        }
        storage.write(path, "forecaster", arrays, content)

    @classmethod
    def rebuild(cls, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Forecaster:
        """The forecaster that `save` wrote."""
        fc = cls(**content["params"])
        fc.check_params()
        fc.columns_ = Columns(**content["columns"])
        fc.backend_ = content["library"]
        offsets = arrays["offsets"]
        fc.tail_ = Panel(
            content["ids"],
            Frequency(**content["frequency"]),
            offsets,
            arrays["first"],
            arrays["y"],
            arrays["observed"],
        )
        fc.profile_ = Profile(**{f.name: arrays[f"profile.{f.name}"] for f in fields(Profile)})
        fc.widening_ = arrays["widening"]
        framing = content["framing"] | {"views": tuple(content["framing"]["views"])}
        fc.model_ = Model(
            Framing(**framing),
            rebuild_members(content["networks"], arrays),
            likelihood=fc.likelihood,
            limits=limits_of(fc.likelihood, fc.nonnegative, fc.integer),
            dependence=arrays.get("dependence"),
            seed=fc.seed,
        )
        fc.notes_, fc.held_out_ = [], None
        if not len(fc.tail_.ids) == len(offsets) - 1 == len(fc.profile_.logs) or offsets[-1] != len(fc.tail_.y):
            raise InputError("the series and their rows don't fit together")
        if not fc.model_.members or (fc.reach or fc.horizon) != fc.model_.framing.horizon:
            raise InputError("the networks don't fit the horizon")
        in_library({}, fc.backend_)
        return fc
