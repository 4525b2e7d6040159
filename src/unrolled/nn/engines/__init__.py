"""The engines that execute programs, and the choice of one of them."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...argument_types import check_type
from ...errors import InputError
from .base import Engine, Forward, Job
from .reference import ReferenceEngine

if TYPE_CHECKING:
    from ..losses import Loss
    from ..optimizers import Optimizer
    from ..program import Program

__all__ = ["ENGINES", "Engine", "Forward", "Job", "active_engine", "engine_for", "use_engine"]

ENGINES: dict[str, Engine] = {"numpy": ReferenceEngine()}
try:
    from .native import NativeEngine
except ImportError as error:
    _why_no_native = (
        str(error) if find_spec("unrolled.nn.engines._native") else "there was no C++ compiler at installation"
    )
else:
    ENGINES["native"] = NativeEngine()

_chosen: str | None = None
_warned: set[str] = set()  # each warning is given once


def use_engine(name: str) -> None:
    """Choose the engine for all networks of this process.

    The environment variable `UNROLLED_ENGINE` sets the engine at the start.

    Args:
        name: "native" is the compiled engine; "numpy" the readable one that needs no compiler; "auto" is the native
            engine for networks that it has kernels for, else the NumPy engine, with a warning (once).

    >>> import unrolled as un
    >>> un.use_engine("auto")
    """
    global _chosen
    check_type("the engine", name, str)
    _engine_named(name)
    _chosen = name


def active_engine() -> Engine:
    """The engine in use."""
    return _engine_named(_chosen_name())


def engine_for(
    program: Program, loss: Loss | None = None, optimizer: Optimizer | None = None, warn: bool = True
) -> Engine:
    """The engine in use; with "auto", the NumPy engine if the native one cannot execute all of this."""
    engine = active_engine()
    missing = engine.missing(program, loss, optimizer)
    if missing is None:
        return engine
    if _chosen_name() != "auto":
        raise InputError(f"the {engine.name} engine has no kernel for {missing}. Use the engine 'auto' or 'numpy'.")
    if warn:
        _warn_once(
            f"there is no compiled kernel for {missing}: the whole network runs on the NumPy engine, which is slower."
        )
    return ENGINES["numpy"]


def _chosen_name() -> str:
    global _chosen
    if _chosen is None:  # read once: reading it takes as long as a step of a small network
        name = os.environ.get("UNROLLED_ENGINE") or "auto"
        try:
            _engine_named(name)
        except InputError as error:
            raise InputError(f"UNROLLED_ENGINE={name!r}: {error}") from None
        _chosen = name
    return _chosen


def _engine_named(name: str) -> Engine:
    if name == "auto":
        if "native" not in ENGINES:
            _warn_once(
                f"the compiled engine is not available ({_why_no_native}): networks run on the slower NumPy engine. "
                "Install a C++ compiler and reinstall unrolled. UNROLLED_ENGINE=numpy turns this warning off."
            )
        return next(reversed(ENGINES.values()))
    if name not in ENGINES:
        raise InputError(f"no engine is called {name!r}; this build has: auto, {', '.join(ENGINES)}.")
    return ENGINES[name]


def _warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        frame, depth = sys._getframe(), 1
        while frame.f_back and frame.f_globals["__name__"].partition(".")[0] == "unrolled":  # the caller's line
            frame, depth = frame.f_back, depth + 1
        warnings.warn(message, stacklevel=depth)
