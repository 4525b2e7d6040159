"""The parameters of a forecaster: scikit-learn's conventions, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..nn.cells import cell_named

if TYPE_CHECKING:
    from ..forecaster import Forecaster

from typing import Self, get_args

from ..nn.randomness import checked_seed
from .inputs.framing import views_of
from .model.architecture import Decoder
from .model.combination import weights_of
from .model.likelihood import check_likelihood
from .model.settings import MOST_NETWORKS


class Params:
    """What a forecaster is given, kept as it came; `Forecaster` says what each parameter means."""

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
        calendar: bool | None = None,
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
        budget: float | None = None,
        max_trials: int | None = None,
        combine: str | Sequence[str] | Mapping[str, float] | None = None,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.hidden = hidden
        self.layers = layers
        self.window = window
        self.segment = segment
        self.scaling = scaling
        self.decoder = decoder
        self.calendar = calendar
        self.season = season
        self.freq = freq
        self.log = log
        self.steps = steps
        self.batch_size = batch_size
        self.rate = rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.ensemble = ensemble
        self.likelihood, self.reach = likelihood, reach
        self.nonnegative, self.integer = nonnegative, integer
        self.seed = seed
        self.alias = alias
        self.verbose = verbose
        self.budget, self.max_trials = budget, max_trials
        self.combine = combine

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        for name, value in params.items():
            if name not in self.get_params():
                known = ", ".join(self.get_params())
                raise InputError(f"{type(self).__name__} has no parameter {name!r}; it has: {known}.")
            setattr(self, name, value)
        return self

    @property
    def name(self) -> str:
        """The column of the forecast."""
        return self.alias or self.cell.upper()

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in signature(type(self)).parameters.items()}
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name]]
        return f"{type(self).__name__}({', '.join(changed)})"

    def check_params(self) -> None:
        """Raise an `InputError` if a parameter does not fit."""
        refuse_horizon(self.horizon)
        check_cell(self.cell, self.budget, self.max_trials)
        checked_seed(self.seed)
        if self.scaling is not None:
            views_of(self.scaling)
        if self.decoder not in (None, *get_args(Decoder)):
            raise InputError(f"decoder must be one of {', '.join(get_args(Decoder))}; got {self.decoder!r}.")
        if not (self.calendar is None or isinstance(self.calendar, bool)):
            raise InputError(f"calendar must be True, False or None; got {self.calendar!r}.")
        check_likelihood(self.likelihood, self.log, self.scaling)
        weights_of(self.combine)
        for name in ("hidden", "layers", "window", "segment", "season", "steps", "batch_size", "ensemble", "reach"):
            value = getattr(self, name)
            optional = signature(type(self)).parameters[name].default is None
            if (value is None and not optional) or (value is not None and not is_count(value)):
                raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
        if (self.ensemble or 0) > MOST_NETWORKS:
            raise InputError(f"ensemble must be ≤ {MOST_NETWORKS}; got {self.ensemble}.")
        for name in ("nonnegative", "integer"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise InputError(f"{name} must be True or False; got {getattr(self, name)!r}.")
        if (self.reach or 0) > self.horizon:
            raise InputError(f"reach must be ≤ the horizon, {self.horizon}; got {self.reach}.")


def checked_horizon(fc: Forecaster, horizon: int | None) -> int:
    """Periods ahead that a fitted forecaster can forecast, or an error; None: those it was trained for."""
    horizon = fc.horizon if horizon is None else refuse_horizon(horizon)
    if horizon > fc.horizon and fc.reach is None:
        raise InputError(
            f"this forecaster was trained for horizon {fc.horizon}; {horizon} is beyond it. Fit anew, or with reach, "
            "which lets it go on from its own forecasts."
        )
    return horizon


def check_paths(n: int) -> None:
    """Raise an `InputError` if this is no number of paths."""
    if not is_count(n):
        raise InputError(f"n must be a whole number of paths ≥ 1; got {n!r}.")


AUTO = "auto"


DEFAULT_BUDGET_S = 60.0


def is_count(value: Any) -> bool:
    """Whether this is a whole number ≥ 1."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


def check_cell(cell: Any, budget: Any, max_trials: Any) -> None:
    """Raise an `InputError` for a cell that is not known, or for a budget that is none."""
    if budget is not None and (
        isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)) or not 0 < budget < inf
    ):
        raise InputError(f"budget must be a number of seconds > 0, such as 60; got {budget!r}.")
    if max_trials is not None and not (is_count(max_trials) and max_trials >= LEAST_TRIALS):
        raise InputError(
            f"max_trials must be a whole number ≥ {LEAST_TRIALS} (the default and a challenger, each screened and in "
            f"full); got {max_trials!r}."
        )
    if cell != AUTO:
        cell_named(cell)
        for name, value in (("budget", budget), ("max_trials", max_trials)):
            if value is not None:
                raise InputError(f"{name} is for the automatic choice; the cell is {cell!r}. Say cell='auto'.")


LEAST_TRIALS = 4  # the default and one challenger, each screened and in full


def refuse_horizon(horizon: Any) -> int:
    """The horizon as an int, or an error."""
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
        raise InputError(f"horizon must be a whole number of periods ≥ 1; got {horizon!r}.")
    return int(horizon)
