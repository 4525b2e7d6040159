"""The engines that execute programs, and the choice among them."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...errors import InputError
from .base import Backward, Engine, Forward, Job, Stream, Sums
from .reference import ReferenceEngine

if TYPE_CHECKING:
    from ..losses import Loss
    from ..optimizers import Optimizer
    from ..program import Program

__all__ = [
    "ENGINES",
    "Backward",
    "Engine",
    "Forward",
    "Job",
    "Stream",
    "Sums",
    "active_engine",
    "engine_for",
    "use_engine",
]

ENGINES: dict[str, Engine] = {"numpy": ReferenceEngine()}
try:
    from .native import NativeEngine
except ImportError as error:
    _no_native = (
        str(error) if find_spec("unrolled.nn.engines._native") else "there was no C++ compiler at installation"
    )
else:
    ENGINES["native"] = NativeEngine()

_chosen: str | None = None
_said: set[str] = set()  # warnings are given once


def use_engine(name: str) -> None:
    """Choose the engine for all networks of this process.

    The environment variable `UNROLLED_ENGINE` does the same at the start.

    Args:
        name: "native", the compiled one; "numpy", the readable one that needs no compiler; or "auto": the native
            one where it has kernels for the whole network, else NumPy, which is said once.

    >>> import unrolled as un
    >>> un.use_engine("auto")
    """
    global _chosen
    _find(name)
    _chosen = name


def active_engine() -> Engine:
    """The engine in use."""
    return _find(_name())


def engine_for(
    program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None, say: bool = True
) -> Engine:
    """The engine in use, or with "auto" the NumPy engine where that one can't execute all of this."""
    engine = active_engine()
    missing = engine.missing(program, loss, optimizer)
    if missing is None:
        return engine
    if _name() != "auto":
        raise InputError(f"the {engine.name} engine has no kernel for {missing}. Use the engine 'auto' or 'numpy'.")
    if say:
        _say(
            f"there is no compiled kernel for {missing}: the whole network runs on the NumPy engine, which is slower."
        )
    return ENGINES["numpy"]


def _name() -> str:
    global _chosen
    if _chosen is None:  # asked for once: it takes as long as a step of a small network
        _chosen = os.environ.get("UNROLLED_ENGINE") or "auto"
    return _chosen


def _find(name: str) -> Engine:
    if name == "auto":
        if "native" not in ENGINES:
            _say(
                f"the compiled engine is not there ({_no_native}): networks run on the slower NumPy engine. "
                "Install a C++ compiler and then unrolled again. With UNROLLED_ENGINE=numpy this is not said."
            )
        return next(reversed(ENGINES.values()))
    if name not in ENGINES:
        raise InputError(f"no engine is called {name!r}; this build has: auto, {', '.join(ENGINES)}.")
    return ENGINES[name]


def _say(what: str) -> None:
    if what not in _said:
        _said.add(what)
        frame, level = sys._getframe(), 1
        while frame.f_back and frame.f_globals["__name__"].partition(".")[0] == "unrolled":  # up to the user's line
            frame, level = frame.f_back, level + 1
        warnings.warn(what, stacklevel=level)
