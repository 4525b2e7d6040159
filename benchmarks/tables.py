"""The tables of README and docs/performance.md, from what `make bench` measured.

python benchmarks/tables.py            # prints them; tests hold the documents to them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import geometric_mean
from typing import Any

RESULTS = Path(__file__).parent / "results" / "speed.json"


def load(path: Path = RESULTS) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def lines_of(results: dict[str, Any], section: str) -> dict[str, dict[str, float]]:
    """Median milliseconds by what was measured."""
    return {line["what"]: line["median_ms"] for line in results["lines"] if line["section"] == section}


def by_shape(results: dict[str, Any], section: str, figure: Callable[[dict[str, float]], str]) -> str:
    """A row a cell, a column a shape."""
    lines = lines_of(results, section)
    cells = list(dict.fromkeys(what.split(" ", 1)[0] for what in lines))
    shapes = list(dict.fromkeys(what.split(" ", 1)[1] for what in lines))
    rows = [[cell, *(figure(lines[f"{cell} {shape}"]) for shape in shapes)] for cell in cells]
    return markdown(["", *shapes], rows)


def markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def training(results: dict[str, Any]) -> str:
    """Milliseconds of unrolled, and how many times as long PyTorch and JAX take."""

    def figure(ms: dict[str, float]) -> str:
        ours = ms["unrolled"]
        return f"{ours:.3g} ms: {ms['torch'] / ours:.1f}, {ms['jax'] / ours:.1f}"

    return by_shape(results, "training", figure)


def inference(results: dict[str, Any]) -> str:
    def figure(ms: dict[str, float]) -> str:
        return f"{ms['unrolled']:.3g} ms: {ms['onnx'] / ms['unrolled']:.1f}"

    return by_shape(results, "inference", figure)


def figures(results: dict[str, Any]) -> str:
    """Every figure with what was wanted of it."""
    rows = [
        [f["what"], f"{f['value']:.2f}", f"{f['must']:g}", f"{f['aim']:g}", f["verdict"]] for f in results["figures"]
    ]
    return markdown(["figure", "measured", "must", "aim", ""], rows)


def stock(results: dict[str, Any]) -> str:
    (ms,) = lines_of(results, "stock").values()
    rows = [[name, f"{t:.3g} ms", f"{t / ms['unrolled']:.1f}"] for name, t in ms.items()]
    return markdown(["one epoch of 555 windows", "time", "times unrolled"], rows)


def keras(results: dict[str, Any]) -> str:
    lines = lines_of(results, "keras")
    rows = [
        [what, f"{ms['unrolled']:.3g} ms", f"{ms['keras']:.3g} ms", f"{ms['keras'] / ms['unrolled']:.0f}"]
        for what, ms in lines.items()
    ]
    return markdown(["a step of `Model.fit`", "unrolled", "Keras", "ratio"], rows)


def machine(results: dict[str, Any]) -> str:
    facts = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return f"{facts['cpu']}, {facts['threads']} threads, engine {facts['engine']}; {versions}."


def mean_ratio(results: dict[str, Any], rival: str) -> float:
    return geometric_mean(ms[rival] / ms["unrolled"] for ms in lines_of(results, "training").values())


TABLES = (machine, stock, training, inference, keras, figures)


if __name__ == "__main__":
    found = load()
    print("\n\n".join(table(found) for table in TABLES))
