"""unrolled: recurrent neural networks from first principles.

Forward and backward passes through time are derived by hand, written out in NumPy, and proved by numerical checks.

    import unrolled as un

    fc = un.Forecaster(horizon=12).fit(df)       # a table with unique_id, ds, y
    fc.predict(level=[80, 95])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import losses
from .cells import CELLS, GRU, LSTM, RNN, Cell, register_cell
from .engines import active_engine, use_engine
from .errors import DataError, InputError, ModelFileError, TrainingDiverged, UnrolledError
from .layers import Dense, Dropout, Embedding, Last, Layer
from .network import Network
from .streaming import Stream

if TYPE_CHECKING:
    from . import optimizers, schedules
    from .checkpoint import History
    from .forecasting import Forecaster, score
    from .gradients import GradientReport, check_gradients
    from .loading import load
    from .optimizers import SGD, Adagrad, Adam, AdamW, RMSprop, Rprop
    from .schedules import Constant, Cosine, OneCycle, ReduceOnPlateau
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

# only who trains, checks or forecasts pays for importing what does it; tables need pandas, which takes longest
_LAZY = {
    "Adagrad": ".optimizers",
    "Adam": ".optimizers",
    "AdamW": ".optimizers",
    "Constant": ".schedules",
    "Cosine": ".schedules",
    "EarlyStopping": ".training",
    "Forecaster": ".forecasting",
    "GradientReport": ".gradients",
    "History": ".checkpoint",
    "OneCycle": ".schedules",
    "RMSprop": ".optimizers",
    "ReduceOnPlateau": ".schedules",
    "Rprop": ".optimizers",
    "SGD": ".optimizers",
    "check_gradients": ".gradients",
    "load": ".loading",
    "read_table": ".tables",
    "score": ".forecasting",
}
_LAZY_MODULES = {"optimizers", "schedules"}


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return import_module(f".{name}", __name__)
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
