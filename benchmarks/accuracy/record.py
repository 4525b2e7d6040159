"""What a result must be read with: machine, versions, threads, sizes; and how results are kept."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "results" / "accuracy"


def machine(*packages: str) -> dict[str, Any]:
    """Processor, threads (what OMP_NUM_THREADS allows, else the processors of this process), load, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return {
        "cpu": next(names, platform.machine()),
        "threads": int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))),
        "load_average": os.getloadavg()[0],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas", "utilsforecast", *packages)},
        },
    }


def configuration(forecasters: Sequence[Any]) -> dict[str, Any]:
    """Sizes of the networks; where two forecasters chose different ones, both.

    None is what more than two chose differently, and what one would that is not fitted, as after cross-validation.
    """
    found = [_sizes(fc) for fc in forecasters]
    chosen = {name: [sizes[name] for sizes in found] for name in found[0]}
    return {
        name: values[0] if len(set(values)) == 1 else values if len(values) <= 2 else None
        for name, values in chosen.items()
    }


def _sizes(fc: Any) -> dict[str, Any]:
    sizes = {name: fc.get_params()[name] for name in ("cell", "window", "hidden", "batch_size")}
    if hasattr(fc, "model_"):
        architecture = fc.model_.members[0].architecture
        sizes["window"] = fc.model_.framing.window
        sizes["segment"] = architecture.segment
        sizes["hidden"] = architecture.hidden
        sizes["networks"] = len(fc.model_.members)
        sizes["views"] = ", ".join(fc.model_.framing.views)
    return sizes


def file_of(folder: Path, name: str, validation: bool) -> Path:
    return folder / f"{name}{'-validation' if validation else ''}.json"


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def keep(path: Path, name: str, validation: bool, choice: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of one choice of settings; those of other choices stay."""
    stamp = {"choice": choice, "machine": machine("unrolled")}
    old = [row for row in load(path)["rows"] if row["choice"] != choice] if path.exists() else []
    content = {"table": name, "split": "validation" if validation else "test"}
    write(path, content | {"rows": [*old, *({**stamp, **row} for row in rows)]})


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)
