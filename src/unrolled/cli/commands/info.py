from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from ..console import give, give_json


def command(
    model: Annotated[Path | None, typer.Argument(metavar="MODEL", help="Model file to describe.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell about a model file, or about this installation: engine, instruction set, versions.

    Example: unrolled info model.safetensors
    """
    facts = installation() if model is None else about_model(model)
    if as_json:
        give_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        give(f"{name:{width}}  {', '.join(map(str, value)) if isinstance(value, list) else value}")


def installation() -> dict[str, Any]:
    import platform
    from importlib.metadata import version

    import numpy as np

    from ... import CELLS, __version__, active_engine
    from ...nn.engines import ENGINES

    native: Any = ENGINES.get("native")
    return {
        "unrolled": __version__,
        "engine": active_engine().identity,
        "engines": list(ENGINES),
        **({"levels": list(native.instruction_sets), "threads": native.threads} if native else {}),
        "cells": sorted(CELLS),
        "numpy": np.__version__,
        "pandas": version("pandas"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }


def about_model(path: Path) -> dict[str, Any]:
    from ...forecaster import Forecaster
    from ...loading import load
    from ...series.files import ReadOptions

    model = load(path)
    if not isinstance(model, Forecaster):
        return {"kind": "network", "network": repr(model), "parameters": model.parameters.size, "seed": model.seed}
    first = model.parts[0].model_
    tails = [one.tail_ for one in model.parts]
    return {
        "kind": "forecaster",
        "network": repr(first.members[0].architecture),
        "ensemble": len(first.members),
        **({"combine": str(first.combination)} if first.combination.weights else {}),
        "horizon": model.horizon,
        "frequency": ", ".join(tail.frequency.name for tail in tails),
        "season": first.framing.season,
        "window": first.framing.window,
        "series": sum(len(tail.ids) for tail in tails),
        "columns": [model.columns_.id, model.columns_.time, model.columns_.target],
        "reading": shlex.join(ReadOptions().after(model.reading_).words),
        "seed": model.seed,
        "size": f"{path.stat().st_size / 1000:.1f} kB",
    }
