"""unrolled: recurrent neural networks from first principles.

Forward and backward passes through time are derived by hand, written in NumPy, and verified by numerical checks.

    import unrolled as un

    fc = un.Forecaster(horizon=12).fit(df)       # a table with unique_id, ds, y
    fc.predict(level=[80, 95])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import synthetic
    from .errors import DataError, InputError, ModelFileError, TrainingDiverged, UnrolledError
    from .forecaster import Forecaster
    from .forecasting.evaluation.scoring import score
    from .loading import load
    from .nn import losses, optimizers, schedules
    from .nn.cells import CELLS, GRU, LSTM, RNN, Cell, register_cell
    from .nn.engines import active_engine, use_engine
    from .nn.gradient_check import GradientReport, check_gradients
    from .nn.layers import Dense, Dropout, Embedding, Last, Layer
    from .nn.network import Network
    from .nn.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop, Rprop
    from .nn.schedules import Constant, Cosine, OneCycle, ReduceOnPlateau
    from .nn.streaming import Stream
    from .nn.training.history import History
    from .nn.training.plan import EarlyStopping
    from .series.by_frequency import by_frequency
    from .series.files import read_table
    from .version import __version__ as __version__
    from .zero_shot import forecast

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
    "forecast",
    "load",
    "losses",
    "optimizers",
    "read_table",
    "register_cell",
    "schedules",
    "score",
    "synthetic",
    "use_engine",
]

_MODULES = {  # public modules
    "losses": "nn.losses",
    "optimizers": "nn.optimizers",
    "schedules": "nn.schedules",
    "synthetic": "synthetic",
}
# the module of each public name, which is imported when the name is first used (PEP 562): networks need NumPy only,
# tables need pandas, whose import takes longest, and the help of the command line needs neither
_HOME = {
    name: module
    for module, names in {
        "nn.cells": ("CELLS", "GRU", "LSTM", "RNN", "Cell", "register_cell"),
        "nn.training.history": ("History",),
        "nn.engines": ("active_engine", "use_engine"),
        "errors": ("DataError", "InputError", "ModelFileError", "TrainingDiverged", "UnrolledError"),
        "forecaster": ("Forecaster",),
        "forecasting.evaluation.scoring": ("score",),
        "nn.gradient_check": ("GradientReport", "check_gradients"),
        "nn.layers": ("Dense", "Dropout", "Embedding", "Last", "Layer"),
        "loading": ("load",),
        "nn.network": ("Network",),
        "nn.optimizers": ("SGD", "Adagrad", "Adam", "AdamW", "RMSprop", "Rprop"),
        "nn.schedules": ("Constant", "Cosine", "OneCycle", "ReduceOnPlateau"),
        "nn.streaming": ("Stream",),
        "series.by_frequency": ("by_frequency",),
        "series.files": ("read_table",),
        "nn.training.plan": ("EarlyStopping",),
        "version": ("__version__",),
        "zero_shot": ("forecast",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{_MODULES[name]}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *__all__})
