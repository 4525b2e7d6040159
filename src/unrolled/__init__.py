"""unrolled: recurrent neural networks from first principles.

Forward and backward passes through time are derived by hand, written out in NumPy, and proved by numerical checks.

    import unrolled as un

    fc = un.Forecaster(horizon=12).fit(df)       # a table with unique_id, ds, y
    fc.predict(level=[80, 95])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import losses, optimizers, schedules
    from .cells import CELLS, GRU, LSTM, RNN, Cell, register_cell
    from .checkpoint import History
    from .engines import active_engine, use_engine
    from .errors import DataError, InputError, ModelFileError, TrainingDiverged, UnrolledError
    from .forecasting import Forecaster, by_frequency, score
    from .gradients import GradientReport, check_gradients
    from .layers import Dense, Dropout, Embedding, Last, Layer
    from .loading import load
    from .network import Network
    from .optimizers import SGD, Adagrad, Adam, AdamW, RMSprop, Rprop
    from .schedules import Constant, Cosine, OneCycle, ReduceOnPlateau
    from .streaming import Stream
    from .tables import read_table
    from .training import EarlyStopping

__version__ = "0.1.0"

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Cell",
    "Constant",
    "Cosine",
    "DataError",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Forecaster",
    "GradientReport",
    "History",
    "InputError",
    "Last",
    "Layer",
    "ModelFileError",
    "Network",
    "OneCycle",
    "RMSprop",
    "ReduceOnPlateau",
    "Rprop",
    "Stream",
    "TrainingDiverged",
    "UnrolledError",
    "active_engine",
    "by_frequency",
    "check_gradients",
    "load",
    "losses",
    "optimizers",
    "read_table",
    "register_cell",
    "schedules",
    "score",
    "use_engine",
]

_MODULES = ("losses", "optimizers", "schedules")
# where each public name lives: it is imported when it is first asked for (PEP 562), so that nobody waits for more
# than what they use. The command's help needs none of it, networks need NumPy, tables pandas, which takes longest.
_HOME = {
    name: module
    for module, names in {
        "cells": ("CELLS", "GRU", "LSTM", "RNN", "Cell", "register_cell"),
        "checkpoint": ("History",),
        "engines": ("active_engine", "use_engine"),
        "errors": ("DataError", "InputError", "ModelFileError", "TrainingDiverged", "UnrolledError"),
        "forecasting": ("Forecaster", "by_frequency", "score"),
        "gradients": ("GradientReport", "check_gradients"),
        "layers": ("Dense", "Dropout", "Embedding", "Last", "Layer"),
        "loading": ("load",),
        "network": ("Network",),
        "optimizers": ("SGD", "Adagrad", "Adam", "AdamW", "RMSprop", "Rprop"),
        "schedules": ("Constant", "Cosine", "OneCycle", "ReduceOnPlateau"),
        "streaming": ("Stream",),
        "tables": ("read_table",),
        "training": ("EarlyStopping",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
