"""Forecaster: a table of series in, a trained network, forecasts with intervals and an honest comparison out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import storage
from ..cells import cell_named
from ..data import Windows
from ..engines import active_engine
from ..errors import DataError, InputError
from ..layers import Dense, Dropout, Last
from ..losses import Quantile
from ..network import Network, checked_seed
from ..ops import Array
from ..optimizers import AdamW
from ..randomness import Place, Purpose, generator
from ..schedules import OneCycle
from ..training import Plan, train
from .frequency import Frequency
from .intervals import MEDIAN, QUANTILES, calibrate, check_levels, interval_columns
from .scaling import all_positive, from_model, to_model, wants_logarithm
from .table import Columns, Panel, forecast_frame, library_of, read_panel, refuse_horizon
from .windows import (
    Framing,
    choose_framing,
    make_windows,
    refuse_unforecastable,
    refuse_untrainable,
    window_ends,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from .backtest import HeldOut

MOST_NETWORKS = 1000  # in an ensemble: so many seeds belong to each seed of a forecaster
MANY_WINDOWS = 1000  # from here on a larger network learns more than it overfits


class Size(NamedTuple):
    """How large the network is, and how long it is trained."""

    hidden: int
    steps: int


def choose_size(windows: int, hidden: int | None, steps: int | None) -> Size:
    """Sizes from the amount of data, where they are not given."""
    many = windows >= MANY_WINDOWS
    return Size(hidden or (64 if many else 16), steps or (1000 if many else 200))


def is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


class Forecaster:
    """A recurrent network for forecasting one or many series.

    One global network reads windows of all series and gives quantiles of the next `horizon` values directly. `fit`
    trains twice: first without the end of each series, on which the network is compared with simple baselines and
    its intervals are calibrated; then on everything.

    Args:
        horizon: periods ahead, H.
        cell: "rnn", "gru", "lstm", or the name of a registered cell. On short series the plain RNN errs less than the
            gated cells and trains in a third of their time.
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
        ensemble: networks that are trained from different seeds; their median is taken.
        seed: of everything random.
        alias: name of the forecast's column; None: the cell's name in capitals.
        verbose: 0 is silent, 1 shows progress where standard error is a terminal.

    After `fit`: `framing_`, `networks_`, `histories_`, `held_out_` (the comparison and the coverage; None where the
    series are too short), `notes_` (what was changed in or decided about the data).

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
        season: int | None = None,
        freq: str | int | None = None,
        log: bool | None = None,
        steps: int | None = None,
        batch_size: int = 32,
        rate: float = 1e-2,
        weight_decay: float = 1e-2,
        dropout: float = 0.4,
        ensemble: int = 5,
        seed: int = 0,
        alias: str | None = None,
        verbose: int = 1,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.hidden = hidden
        self.layers = layers
        self.window = window
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
    ) -> Forecaster:
        """Train on a long table: one row a stamp and series.

        A table without the id column is one series. Stamps are dates or whole numbers.

        Raises:
            DataError: the table can't be used as it stands; the message says where and what to do.
            InputError: an argument does not fit.
            TrainingDiverged: the loss stopped being finite.
        """
        self.check_params()
        self.columns_ = Columns(id_col, time_col, target_col)
        self.library_ = library_of(df)
        return self.fit_panel(read_panel(df, self.columns_, self.freq, self.season))

    def fit_panel(self, panel: Panel, evaluate: bool = True) -> Forecaster:
        """`fit` for a table that has been read; `evaluate=False` leaves out comparison and calibration."""
        from .backtest import held_out_rows, hold_out

        horizon = refuse_horizon(self.horizon)
        self.notes_ = list(panel.notes)
        self.held_out_: HeldOut | None = None
        self.widening_ = np.zeros((MEDIAN, horizon))
        self.interrupted_ = False
        left_out = held_out_rows(panel, horizon) if evaluate else 0
        # whatever is chosen from data is chosen without the held-out end, for both trainings
        self._choose(panel, panel.until(left_out))
        if self._trainable(panel, left_out) < 1:
            left_out = 0
            self._choose(panel, panel)
        self.size_ = choose_size(self._trainable(panel, left_out), self.hidden, self.steps)
        refuse_untrainable(panel, self.framing_)
        refuse_unforecastable(panel, self.framing_)
        z = to_model(panel, self.logs_)
        if left_out:
            self._train(panel, z, left_out, title="training without the end")
            self.held_out_ = hold_out(self, panel, z, left_out)
            self.widening_ = self.held_out_.widening
        elif evaluate:
            self.notes_.append("too few rows to hold any out: no comparison, and the intervals are not calibrated")
        if self.interrupted_:
            self.notes_.append(f"interrupted: the networks have not seen the last {left_out} rows of each series")
        else:
            self._train(panel, z, left_out=0, title="training on everything")
        self.tail_ = panel.tail(self._memory)
        return self

    def check_params(self) -> None:
        """Raise an `InputError` if a parameter does not fit."""
        refuse_horizon(self.horizon)
        cell_named(self.cell)
        checked_seed(self.seed)
        for name in ("hidden", "layers", "window", "season", "steps", "batch_size", "ensemble"):
            value = getattr(self, name)
            optional = signature(type(self)).parameters[name].default is None
            if (value is None and not optional) or (value is not None and not is_count(value)):
                raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
        if self.ensemble > MOST_NETWORKS:
            raise InputError(f"ensemble must be ≤ {MOST_NETWORKS}; got {self.ensemble}.")

    def _choose(self, panel: Panel, known: Panel) -> None:
        """Decide on logarithms for each series of the panel and on the framing, looking at its known part only."""
        season = self.season or panel.frequency.season
        known_logs = self._choose_logs(known, season)
        decided = dict(zip(known.ids, known_logs.tolist(), strict=True))
        self.logs_ = np.array([decided.get(name, False) for name in panel.ids]) & all_positive(panel)
        self.framing_ = choose_framing(known, to_model(known, known_logs), self.horizon, season, self.window)

    def _choose_logs(self, panel: Panel, season: int) -> Array:
        positive = all_positive(panel)
        if self.log is None:
            parts = [panel.series(k) for k in range(len(panel.ids))]
            return positive & [wants_logarithm(panel.y[p], panel.observed[p], season) for p in parts]
        if self.log and not positive.all():
            name = panel.name(int((~positive).argmax()))
            raise DataError(f"{name} has values that are not positive, so log=True can't be. Leave log out.")
        return np.full(len(panel.ids), self.log)

    def _trainable(self, panel: Panel, left_out: int) -> int:
        """Windows to train on when the last `left_out` rows of each series are not there."""
        return len(window_ends(panel, self.framing_, self.horizon + left_out))

    def _train(self, panel: Panel, z: Array, left_out: int, title: str) -> None:
        """Train the ensemble on all windows that end, targets included, `left_out` rows before each series' end."""
        ends = window_ends(panel, self.framing_, self.horizon + left_out)
        windows = make_windows(panel, z, self.framing_, ends)
        self.networks_, self.histories_ = [], []
        for member in range(self.ensemble):
            seed = self.seed * MOST_NETWORKS + member
            net = self._network(seed)
            rows = np.arange(len(ends))
            drawn = self.size_.steps * self.batch_size
            if len(rows) > drawn:
                rows = generator(Purpose.SAMPLE, Place(seed)).choice(rows, drawn, replace=False)
            plan = Plan(
                epochs=max(1, round(drawn / len(rows))),
                batch_size=self.batch_size,
                seed=seed,
                verbose=self.verbose,
                title=title + (f" {member + 1}/{self.ensemble}" if self.ensemble > 1 else ""),
            )
            optimizer = AdamW(OneCycle(self.rate), weight_decay=self.weight_decay)
            loss = Quantile(QUANTILES)
            history = train(
                active_engine(), net.program, net.parameters, windows, loss, optimizer, plan, rows, rows[:0]
            )
            self.networks_.append(net)
            self.histories_.append(history)
            if history.stopped == "interrupted":
                self.interrupted_ = True
                break
        if self.interrupted_ and len(self.networks_) > 1:
            self.networks_.pop()  # it is the only one that is not trained to its end
            self.histories_.pop()

    def _network(self, seed: int) -> Network:
        layers: list[Any] = [cell_named(self.cell)(self.size_.hidden) for _ in range(self.layers)]
        if self.dropout:
            layers.append(Dropout(self.dropout))
        net = Network([*layers, Last(), Dense((self.horizon, len(QUANTILES)))], input_size=2, seed=seed)
        # begin near the anchor: a small head changes little before it has learned
        net.views[f"{len(layers) + 1}.weight"][...] *= 0.1
        return net

    # --- forecasting --------------------------------------------------------------------------------

    def quantiles(self, windows: Windows) -> Array:
        """The learned quantiles of each window, uncalibrated, in the network's units, (N, H, Q)."""
        parts = []
        for rows in np.array_split(np.arange(len(windows)), max(1, len(windows) // 4096)):
            x, lengths = windows.inputs(rows, np.dtype(np.float32))
            outputs = [net.forward(x, lengths=lengths)[0] for net in self.networks_]
            parts.append(np.sort(np.median(outputs, axis=0).astype(np.float64), axis=-1))
        return np.concatenate(parts)

    def to_units(self, quantiles: Array, windows: Windows, logs: Array) -> Array:
        """From the network's units to those of the target; `logs` (N,) says which rows are logarithms."""
        anchors = windows.anchors(np.arange(len(windows)))
        return from_model(anchors[..., None] + quantiles * windows.scale[:, :1, None], logs)

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
        panel, logs, library = self.tail_, self.logs_, self.library_
        if df is not None:
            whole = read_panel(df, self.columns_, self.freq, self.season)
            panel, logs, library = whole.tail(self._memory), self._logs_of(whole), library_of(df)
        values = self.predict_panel(panel, logs)[:, :horizon]
        return forecast_frame(panel, horizon, self.columns_, interval_columns(self.name, values, levels), library)

    def predict_panel(self, panel: Panel, logs: Array) -> Array:
        """Calibrated quantiles after the end of each series in the units of the target, (S, H, Q)."""
        refuse_unforecastable(panel, self.framing_)
        windows = make_windows(panel, to_model(panel, logs), self.framing_, panel.offsets[1:])
        return self.to_units(calibrate(self.quantiles(windows), self.widening_), windows, logs)

    @property
    def _memory(self) -> int:
        """Rows of a series that a forecast looks at."""
        return self.framing_.window + self.framing_.season

    def _logs_of(self, panel: Panel) -> Array:
        """Logarithms for a new table: as fitted for known series, decided afresh for others."""
        fitted = dict(zip(self.tail_.ids, self.logs_.tolist(), strict=True))
        fresh = self._choose_logs(panel, self.framing_.season)
        return np.array([fitted.get(name, fresh[k]) for k, name in enumerate(panel.ids)]) & all_positive(panel)

    def cross_validation(
        self,
        df: IntoDataFrame,
        n_windows: int = 1,
        step_size: int | None = None,
        level: Sequence[float] | float | None = None,
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str = "y",
    ) -> Any:
        """Forecasts from several origins in the past, each by a forecaster trained on what came before it.

        Args:
            n_windows: origins; the last one lies `horizon` rows before the end.
            step_size: rows between two origins; None: the horizon.
            level: coverage of intervals in per cent.

        Returns:
            A table with the id, stamp, `cutoff` (last stamp known), the target, the forecast and its intervals.
        """
        from .backtest import cross_validate

        self.check_params()
        columns = Columns(id_col, time_col, target_col)
        return cross_validate(self, df, columns, n_windows, step_size or self.horizon, check_levels(level))

    def _require_fit(self) -> None:
        if not hasattr(self, "networks_"):
            raise InputError("this forecaster has not been fitted: call fit(df) first.")

    # --- files --------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to one safetensors file all that `predict` needs, the last window of each series included."""
        self._require_fit()
        arrays = {"y": self.tail_.y, "observed": self.tail_.observed, "offsets": self.tail_.offsets}
        arrays |= {"first": self.tail_.first, "logs": self.logs_, "widening": self.widening_}
        for k, net in enumerate(self.networks_):
            arrays |= {f"network.{k}.{name}": view for name, view in net.views.items()}
        content = {
            "params": self.get_params(),
            "columns": {name: getattr(self.columns_, name) for name in ("id", "time", "target")},
            "ids": [name.item() if isinstance(name, np.generic) else name for name in self.tail_.ids],
            "frequency": asdict(self.tail_.frequency),
            "framing": asdict(self.framing_),
            "networks": [net.describe() for net in self.networks_],
            "library": self.library_,
        }
        storage.write(path, "forecaster", arrays, content)

    @classmethod
    def rebuild(cls, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> Forecaster:
        """The forecaster that `save` wrote."""
        fc = cls(**content["params"])
        fc.check_params()
        fc.columns_ = Columns(**content["columns"])
        fc.framing_ = Framing(**content["framing"])
        fc.library_ = content["library"]
        offsets = arrays["offsets"]
        fc.tail_ = Panel(
            content["ids"],
            Frequency(**content["frequency"]),
            offsets,
            arrays["first"],
            arrays["y"],
            arrays["observed"],
        )
        fc.logs_, fc.widening_ = arrays["logs"], arrays["widening"]
        fc.networks_ = []
        for k, description in enumerate(content["networks"]):
            prefix = f"network.{k}."
            own = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
            fc.networks_.append(Network.rebuild(description, own))
        fc.notes_, fc.histories_, fc.held_out_ = [], [], None
        if not len(fc.tail_.ids) == len(offsets) - 1 == len(fc.logs_) or offsets[-1] != len(fc.tail_.y):
            raise InputError("the series and their rows don't fit together")
        return fc
