"""Forecaster: a table of series in, a trained network, forecasts with intervals and an honest comparison out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from inspect import signature
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from .. import storage
from ..errors import InputError
from ..network import checked_seed
from ..ops import Array
from ..training import interruptible
from .architecture import Architecture, Decoder
from .automatic import AUTO, check_cell, describe_search, fit_automatically, is_count, restore_search
from .backtest import HeldOut, held_out_rows, hold_out
from .baselines import check_baselines
from .choice import choose_framing, choose_logs, choose_settings, views_of
from .frequency import Frequency
from .intervals import MEDIAN, calibrate, check_levels, interval_columns
from .model import MOST_NETWORKS, Member, Model, train_model
from .panel import Columns, Panel
from .rolling import Plan, cross_validate
from .scaling import Profile, all_positive, estimate_profile, in_units
from .statistical import require_statsforecast
from .table import forecast_frame, in_library, library_of, read_panel, refuse_horizon
from .windows import Framing, refuse_unforecastable, refuse_untrainable, window_ends

if TYPE_CHECKING:
    import pandas as pd
    from narwhals.typing import IntoDataFrame


class Forecaster:
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
        scaling: how windows are seen: "level", "season", "mean", "last", "robust", or several of them, in which the
            networks of an ensemble take turns (see `forecasting.windows`); None: chosen from the data.
        decoder: "direct" writes the whole horizon at once, "parallel" and "recurrent" by segments (see
            `forecasting.architecture`); None: "direct".
        season: periods in a season; None: from the frequency; 1: none.
        freq: the frequency, as pandas names it, or a step between integer stamps; None: inferred.
        log: whether to work on logarithms; None: decided for each series.
        steps: optimizer steps of each network; None: 200, from 1,000 windows on 1,000, on segments 3,000.
        batch_size: windows a step; None: 32, on segments 128.
        rate: largest learning rate (one cycle); None: 0.01, on segments 0.005.
        weight_decay: of AdamW.
        dropout: share of hidden units dropped in training; None: 0.4, on segments none.
        ensemble: networks that are trained from different seeds, in turn on each view; their median is taken; None:
            6, on segments 3.
        seed: of everything random.
        alias: name of the forecast's column; None: the cell's name in capitals.
        verbose: 0 is silent, 1 shows progress where standard error is a terminal.
        budget: seconds that the search of "auto" may take; None: 60. What it tries depends on the machine.
        max_trials: how often it may judge a configuration; with this and no budget, the search repeats itself.

    After `fit`: `model_` (the networks), `held_out_` (the comparison and the coverage; None where the series are too
    short), `notes_` (what was changed in the data), `search_` (a table of what was tried, or None), `chosen_` (what
    repeats this forecaster without a search, as `Forecaster(**fc.chosen_)`).

    >>> import pandas as pd, unrolled as un
    >>> df = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60, freq="MS"), "y": range(60)})
    >>> un.Forecaster(horizon=3, steps=20).fit(df).predict(level=[80]).columns.tolist()
    ['ds', 'GRU', 'GRU-lo-80', 'GRU-hi-80']
    """

    def __init__(
        self,
        horizon: int,
        cell: str = "gru",
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
        seed: int = 0,
        alias: str | None = None,
        verbose: int = 1,
        budget: float | None = None,
        max_trials: int | None = None,
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
        self.seed = seed
        self.alias = alias
        self.verbose = verbose
        self.budget, self.max_trials = budget, max_trials

    # --- scikit-learn's conventions -----------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Forecaster:
        for name, value in params.items():
            if name not in self.get_params():
                raise InputError(f"Forecaster has no parameter {name!r}; it has: {', '.join(self.get_params())}.")
            setattr(self, name, value)
        return self

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return self.alias or self.cell.upper()

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in signature(type(self)).parameters.items()}
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name]]
        return f"Forecaster({', '.join(changed)})"

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
        if self.cell == AUTO:
            return fit_automatically(self, panel, evaluate, beside)
        self.search_: pd.DataFrame | None = None
        self.chosen_, self.search_interrupted_ = self.get_params(), False
        with interruptible() as interrupted:  # between the trainings too
            return self._fit(panel, evaluate, beside, interrupted)

    def _fit(
        self, panel: Panel, evaluate: bool, baselines: Sequence[str], interrupted: Callable[[], bool]
    ) -> Forecaster:
        self.notes_ = list(panel.notes)
        self.held_out_: HeldOut | None = None
        self.widening_ = np.ones((MEDIAN, self.horizon))
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

        if left_out:
            profile = estimate_profile(known, framing.season, self.horizon, logs)
            model = train_model(settings, known, profile, framing, "training without the end")
            self.held_out_ = hold_out(model, panel, known, profile, self.name, self.columns_, baselines, self.season)
            self.widening_ = self.held_out_.widening
        elif evaluate:
            self.notes_.append("too few rows to hold any out: no comparison, and the intervals are not calibrated")
        decided = dict(zip(known.ids, logs.tolist(), strict=True))
        wanted = np.array([decided.get(name, False) for name in panel.ids]) & all_positive(panel)
        self.profile_ = estimate_profile(panel, framing.season, self.horizon, wanted)
        if left_out and interrupted():
            self.notes_.append(f"interrupted: the networks have not seen the last {left_out} rows of each series")
        else:
            model = train_model(settings, panel, self.profile_, framing, "training on everything")
        self.model_ = model
        self.tail_ = panel.tail(framing.memory)
        return self

    def check_params(self) -> None:
        """Raise an `InputError` if a parameter does not fit."""
        refuse_horizon(self.horizon)
        check_cell(self.cell, self.budget, self.max_trials)
        checked_seed(self.seed)
        if self.scaling is not None:
            views_of(self.scaling)
        if self.decoder not in (None, *get_args(Decoder)):
            raise InputError(f"decoder must be one of {', '.join(get_args(Decoder))}; got {self.decoder!r}.")
        for name in ("hidden", "layers", "window", "segment", "season", "steps", "batch_size", "ensemble"):
            value = getattr(self, name)
            optional = signature(type(self)).parameters[name].default is None
            if (value is None and not optional) or (value is not None and not is_count(value)):
                raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
        if (self.ensemble or 0) > MOST_NETWORKS:
            raise InputError(f"ensemble must be ≤ {MOST_NETWORKS}; got {self.ensemble}.")

    def _choose(self, panel: Panel) -> tuple[Framing, Array]:
        """The framing, and for each series whether it is taken in logarithms."""
        season = self.season or panel.frequency.season
        logs = choose_logs(panel, self.log, season)
        return choose_framing(
            panel, logs, self.horizon, season, self.window, self.segment, self.scaling, self.decoder
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
            horizon: periods ahead, at most the trained ones.

        Returns:
            A table in the library of the input: id, stamp, forecast, and two columns an interval.
        """
        self._require_fit()
        levels = check_levels(level)
        horizon = self.horizon if horizon is None else refuse_horizon(horizon)
        if horizon > self.horizon:
            raise InputError(
                f"this forecaster was trained for horizon {self.horizon}; {horizon} is beyond it. Fit anew."
            )
        panel, profile, library = self.tail_, self.profile_, self.backend_
        if df is not None:
            whole = read_panel(df, self.columns_, self.tail_.frequency, self.season)
            panel, profile, library = whole.tail(self.model_.framing.memory), self._profile_of(whole), library_of(df)
        values = self.predict_panel(panel, profile)[:, :horizon]
        return forecast_frame(panel, horizon, self.columns_, interval_columns(self.name, values, levels), library)

    def predict_panel(self, panel: Panel, profile: Profile, ends: Array | None = None) -> Array:
        """Calibrated quantiles after these rows, (N, H, Q), in the target's units; None: after each series' end."""
        refuse_unforecastable(panel, self.model_.framing)
        ends = panel.offsets[1:] if ends is None else ends
        raw = self.model_.quantiles(panel, profile, ends)
        return in_units(calibrate(raw, self.widening_), profile, panel, ends)

    def _profile_of(self, panel: Panel) -> Profile:
        """Profiles for a new table: as fitted for known series, estimated afresh for others."""
        fresh = estimate_profile(panel, self.model_.framing.season, self.horizon, self._choose(panel)[1])
        fitted = {name: k for k, name in enumerate(self.tail_.ids)}
        known = np.array([fitted.get(name, -1) for name in panel.ids])
        # a fitted logarithm can't be kept where a new value is not positive
        use = (known >= 0) & ~(self.profile_.logs[known] & ~all_positive(panel))
        return Profile(
            *(
                np.where(use.reshape(-1, *[1] * (old.ndim - 1)), old[known], new)
                for old, new in zip(astuple(self.profile_), astuple(fresh), strict=True)
            )
        )

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
        } | describe_search(self)
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
        members = []
        for k, description in enumerate(content["networks"]):
            given = description | {"levels": tuple(description["levels"])}
            architecture = Architecture(**{name: value for name, value in given.items() if name != "view"})
            parameters = np.array(arrays[f"network.{k}"])
            if parameters.shape != (architecture.program.size,):
                size = architecture.program.size
                raise InputError(f"network {k} has {parameters.size} parameters instead of {size}")
            members.append(Member(architecture, description["view"], parameters))
        framing = content["framing"] | {"views": tuple(content["framing"]["views"])}
        fc.model_ = Model(Framing(**framing), members)
        fc.notes_, fc.held_out_ = [], None
        restore_search(fc, content)
        if not len(fc.tail_.ids) == len(offsets) - 1 == len(fc.profile_.logs) or offsets[-1] != len(fc.tail_.y):
            raise InputError("the series and their rows don't fit together")
        if not members or fc.horizon != fc.model_.framing.horizon:
            raise InputError("the networks don't fit the horizon")
        in_library({}, fc.backend_)
        return fc
