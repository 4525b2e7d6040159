"""The tables of README and docs/performance.md, from the results of `make bench`.

python benchmarks/tables.py            # prints them; tests compare the documents with them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import geometric_mean
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results" / "speed.json"


def load(path: Path = RESULTS) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


class Line(NamedTuple):
    ms: dict[str, float]  # medians by contestant
    ratios: dict[str, float]  # to the time of unrolled: medians of the ratios within a turn


def lines_of(results: dict[str, Any], section: str) -> dict[str, Line]:
    """The lines of a section, by what they measure."""
    found = (line for line in results["lines"] if line["section"] == section)
    return {line["what"]: Line(line["median_ms"], line["ratios"]) for line in found}


def by_shape(results: dict[str, Any], section: str, figure: Callable[[Line], str]) -> str:
    """A table with one row per cell and one column per shape."""
    lines = lines_of(results, section)
    cells = list(dict.fromkeys(what.split(" ", 1)[0] for what in lines))
    shapes = list(dict.fromkeys(what.split(" ", 1)[1] for what in lines))
    rows = [[cell, *(figure(lines[f"{cell} {shape}"]) for shape in shapes)] for cell in cells]
    return markdown(["", *shapes], rows)


def markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def training(results: dict[str, Any]) -> str:
    """Milliseconds of unrolled, and the times of PyTorch and JAX relative to it."""

    def figure(line: Line) -> str:
        return f"{line.ms['unrolled']:.3g} ms: {line.ratios['torch']:.1f}, {line.ratios['jax']:.1f}"

    return by_shape(results, "training", figure)


def inference(results: dict[str, Any]) -> str:
    def figure(line: Line) -> str:
        return f"{line.ms['unrolled']:.3g} ms: {line.ratios['onnx']:.1f}"

    return by_shape(results, "inference", figure)


def figures(results: dict[str, Any]) -> str:
    """Every figure with its requirement and its target."""
    rows = [
        [f["what"], f"{f['value']:.2f}", f"{f['must']:g}", f"{f['aim']:g}", f["verdict"]] for f in results["figures"]
    ]
    return markdown(["figure", "measured", "required", "target", ""], rows)


def stock(results: dict[str, Any]) -> str:
    (line,) = lines_of(results, "stock").values()
    rows = [[name, f"{t:.3g} ms", f"{line.ratios[name]:.1f}"] for name, t in line.ms.items()]
    return markdown(["one epoch of 555 windows", "time", "times unrolled"], rows)


def keras(results: dict[str, Any]) -> str:
    lines = lines_of(results, "keras")
    rows = [
        [what, f"{line.ms['unrolled']:.3g} ms", f"{line.ms['keras']:.3g} ms", f"{line.ratios['keras']:.0f}"]
        for what, line in lines.items()
    ]
    return markdown(["a step of `Model.fit`", "unrolled", "Keras", "ratio"], rows)


def machine(results: dict[str, Any]) -> str:
    facts = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return f"{facts['cpu']}, {facts['threads']} threads, engine {facts['engine']}; {versions}."


def mean_ratio(results: dict[str, Any], rival: str) -> float:
    return geometric_mean(line.ratios[rival] for line in lines_of(results, "training").values())


TABLES = (machine, stock, training, inference, keras, figures)


if __name__ == "__main__":
    found = load()
    print("\n\n".join(table(found) for table in TABLES))
