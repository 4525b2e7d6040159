"""The engines that execute programs, and the choice among them."""

from __future__ import annotations

import os

from ..errors import InputError
from .contract import Backward, Engine, Forward, Job, Sums
from .reference import ReferenceEngine

__all__ = ["ENGINES", "Backward", "Engine", "Forward", "Job", "Sums", "active_engine", "use_engine"]

ENGINES: dict[str, Engine] = {"numpy": ReferenceEngine()}
_chosen: str | None = None


def use_engine(name: str) -> None:
    """Choose the engine for all networks of this process: "numpy", or "auto" for the fastest there is.

    The environment variable `UNROLLED_ENGINE` does the same at the start.

    >>> import unrolled as un
    >>> un.use_engine("auto")
    """
    global _chosen
    _find(name)
    _chosen = name


def active_engine() -> Engine:
    """The engine in use."""
    return _find(_chosen or os.environ.get("UNROLLED_ENGINE") or "auto")


def _find(name: str) -> Engine:
    if name == "auto":
        return next(reversed(ENGINES.values()))
    if name not in ENGINES:
        raise InputError(f"no engine is called {name!r}; this build has: auto, {', '.join(ENGINES)}.")
    return ENGINES[name]
