from pathlib import Path
from typing import Annotated, Any

from typer import Argument

from ..common_options import AsJson
from ..console import print_data, print_json
from ..saved_models import describe_model

Model = Annotated[Path | None, Argument(metavar="MODEL", help="Model file to describe.")]


def command(*, model: Model = None, as_json: AsJson = False) -> None:
    """Describe a model file, or this installation: engine, instruction set, versions.

    Example: unrolled info model.safetensors
    """
    facts = describe_installation() if model is None else describe_model(model)
    if as_json:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print_data(f"{name:{width}}  {', '.join(map(str, value)) if isinstance(value, list) else value}")


def describe_installation() -> dict[str, Any]:
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
