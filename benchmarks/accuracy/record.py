"""The context of a result (machine, versions, threads, sizes), and the files of results."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unrolled import Forecaster

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


def configuration(forecasters: Sequence[Forecaster], **given: Any) -> dict[str, Any]:
    """Sizes of the networks of fitted forecasters, with some of their parameters replaced by those in `given`; where
    forecasters differ, all of their values, or the range of more than two numbers."""
    found = [_sizes(fc, given) for fc in forecasters]
    names = dict.fromkeys(name for sizes in found for name in sizes)
    return {name: _together([sizes[name] for sizes in found if name in sizes]) for name in names}


def _sizes(fc: Forecaster, given: dict[str, Any]) -> dict[str, Any]:
    from unrolled.forecasting.defaults import (
        choose_settings,
    )  # not installed in the environment of the statistical methods

    assert fc.panel_ is not None, "it has been fitted"
    spec = fc.model_.spec
    pretrained = fc.model_.pretrained
    share = {} if pretrained is None else {"pretrained": round(pretrained.share, 2)}
    if not fc.model_.members:
        return {"window": spec.window, **share}
    decoder = fc.model_.members[0].architecture.decoder
    settings = choose_settings(replace(fc.parameters, **given), fc.panel_.lengths, spec, decoder)
    return {
        "cell": settings.cell,
        "window": spec.window,
        "segment": spec.segment,
        "hidden": settings.hidden,
        "networks": settings.ensemble,
        "views": " + ".join(view.name for view in spec.views),
        "batch_size": settings.batch_size,
        "steps": settings.steps,
        **share,
    }


def _together(values: Sequence[Any]) -> Any:
    different = list(dict.fromkeys(values))
    if len(different) > 2 and not isinstance(different[0], str):
        return f"{min(different)} to {max(different)}"
    return different if len(different) > 1 else different[0]


def file_of(folder: Path, name: str, validation: bool) -> Path:
    return folder / f"{name}{'-validation' if validation else ''}.json"


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def keep(path: Path, name: str, validation: bool, choice: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of one choice of settings; the rows of other choices are kept."""
    stamp = {"choice": choice, "machine": machine("unrolled")}
    old = [row for row in load(path)["rows"] if row["choice"] != choice] if path.exists() else []
    content = {"table": name, "split": "validation" if validation else "test"}
    write(path, content | {"rows": [*old, *({**stamp, **row} for row in rows)]})


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)
