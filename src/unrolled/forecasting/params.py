"""The parameters of a forecaster: scikit-learn's conventions, and what does not fit."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Self, get_args

import numpy as np

from ..cells import cell_named
from ..errors import InputError
from ..network import checked_seed
from .architecture import Decoder
from .choice import views_of
from .model import MOST_NETWORKS
from .outputs import check_likelihood
from .table import refuse_horizon

if TYPE_CHECKING:
    from .forecaster import Forecaster


class Params:
    """What takes its parameters by name and keeps them as they were given."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        for name, value in params.items():
            if name not in self.get_params():
                known = ", ".join(self.get_params())
                raise InputError(f"{type(self).__name__} has no parameter {name!r}; it has: {known}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in signature(type(self)).parameters.items()}
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name]]
        return f"{type(self).__name__}({', '.join(changed)})"


def is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 1)


def check_params(fc: Forecaster) -> None:
    """Raise an `InputError` if a parameter does not fit."""
    refuse_horizon(fc.horizon)
    cell_named(fc.cell)
    checked_seed(fc.seed)
    if fc.scaling is not None:
        views_of(fc.scaling)
    if fc.decoder not in (None, *get_args(Decoder)):
        raise InputError(f"decoder must be one of {', '.join(get_args(Decoder))}; got {fc.decoder!r}.")
    check_likelihood(fc.likelihood, fc.log, fc.scaling)
    for name in ("hidden", "layers", "window", "segment", "season", "steps", "batch_size", "ensemble", "reach"):
        value = getattr(fc, name)
        optional = signature(type(fc)).parameters[name].default is None
        if (value is None and not optional) or (value is not None and not is_count(value)):
            raise InputError(f"{name} must be a whole number ≥ 1; got {value!r}.")
    if (fc.ensemble or 0) > MOST_NETWORKS:
        raise InputError(f"ensemble must be ≤ {MOST_NETWORKS}; got {fc.ensemble}.")
    for name in ("nonnegative", "integer"):
        if not isinstance(getattr(fc, name), (bool, np.bool_)):
            raise InputError(f"{name} must be True or False; got {getattr(fc, name)!r}.")
    if (fc.reach or 0) > fc.horizon:
        raise InputError(f"reach must be ≤ the horizon, {fc.horizon}; got {fc.reach}.")


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
