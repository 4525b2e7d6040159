"""The rules of the house: imports go down only, the core stays light, and what is written can be found."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from typing import NamedTuple

import pytest

import unrolled as un
from support import FILES

ROOT = "unrolled"
# from the ground up; a part imports from its own level and those before it
LEVELS = [
    {"errors", "ops", "display"},
    {"cells"},
    {"layers", "losses", "optimizers", "schedules", "randomness"},
    {"program", "data"},
    {"engines"},
    {"storage", "progress", "notebook", "interrupts", "gradients"},
    {"checkpoint"},
    {"training", "abreast"},
    {"streaming"},
    {"network"},
    {ROOT},  # the public face
    {"forecasting"},
    {"tables"},
    {"loading"},
    {"report", "demos"},
    {"cli", "__main__"},
]
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
COMPILED = f"{ROOT}._native"
# methods that hand over to what stands above, and import it when they are called
HANDED_UP = {
    "unrolled.forecasting.showing": {"unrolled.report", "unrolled.report.figures"},
    "unrolled.checkpoint": {"unrolled.report.figures"},
}
TALKING = {"cli", "report", "progress"}


class Import(NamedTuple):
    target: str  # a module of ours, or the name of another package
    ours: bool
    late: bool  # inside a function: paid for by who calls it


TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
EVERY_MODULE = pytest.mark.parametrize("name", FILES)


def part_of(module: str) -> str:
    return ROOT if module == ROOT else module.split(".")[1]


def imports(name: str) -> list[Import]:
    """What a module imports when it runs; what is for type checkers only does not count."""
    found: list[Import] = []
    package = name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]

    def visit(node: ast.AST, late: bool) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                add(alias.name, late)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                add(f"{base}.{alias.name}" if f"{base}.{alias.name}" in {*FILES, COMPILED} else base, late)
        inside = late or isinstance(node, (ast.FunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    def add(target: str, late: bool) -> None:
        ours = target.split(".")[0] == ROOT
        found.append(Import(target if ours else target.split(".")[0], ours, late))

    visit(TREES[name], late=False)
    return found


def test_every_part_has_its_level():
    assert {part_of(name) for name in FILES} == set(LEVEL)


@EVERY_MODULE
def test_imports_only_go_down(name):
    level = LEVEL[part_of(name)]
    handed = {i.target for i in imports(name) if i.late} & HANDED_UP.get(name, set())
    upward = {i.target for i in imports(name) if i.target in FILES and LEVEL[part_of(i.target)] > level} - handed
    assert not upward, f"{name} imports from above: {upward}"


def test_no_module_needs_itself_to_be_imported():
    graph = {name: {i.target for i in imports(name) if i.target in FILES and not i.late} for name in FILES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)  # it raises where there is a circle


@EVERY_MODULE
def test_no_framework_is_imported(name):
    assert not {i.target for i in imports(name)} & {"torch", "jax", "tensorflow", "keras", "sklearn"}


@EVERY_MODULE
def test_only_the_native_engine_knows_the_compiled_one(name):
    if name != "unrolled.engines.native":
        assert COMPILED not in {i.target for i in imports(name)}


@EVERY_MODULE
def test_the_core_needs_numpy_alone_to_be_imported(name):
    if LEVEL[part_of(name)] <= LEVEL[ROOT]:
        outside = {i.target for i in imports(name) if not i.ours and not i.late} - sys.stdlib_module_names
        assert outside <= {"numpy"}


@EVERY_MODULE
def test_only_those_who_talk_print_or_read_arguments(name):
    if part_of(name) in TALKING:
        return
    assert not {i.target for i in imports(name)} & {"argparse", "typer", "rich", "click"}
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in {"print", "input", "breakpoint"}, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in {"sys.stdout", "sys.stderr", "sys.argv"}, f"line {node.lineno}"


@EVERY_MODULE
def test_there_is_no_global_random_state(name):
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"np.random", "numpy.random"}:
            assert node.attr in {"Generator", "Philox", "default_rng"}, f"line {node.lineno}"
    assert "random" not in {i.target for i in imports(name)}


LIGHT = """
import json, sys
import numpy, numpy.random
before = set(sys.modules)
import unrolled as un
net = un.Network([un.LSTM(2), un.Last(), un.Dense(1)], 1)
x = numpy.ones((2, 3, 1))
net.fit(x, x[:, 0], epochs=1)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def test_importing_and_training_load_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "unrolled" in loaded
    assert loaded - sys.stdlib_module_names - {"unrolled", "numpy"} == set()  # no pandas, rich, typer, plotly, ...


def test_importing_alone_loads_not_even_numpy():
    program = "import sys, unrolled; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "unrolled" in loaded
    assert loaded & {"numpy", "pandas", "typer", "rich", "plotly"} == set()


def test_the_public_names_are_there():
    assert set(un.__all__) <= set(dir(un))
    assert sorted(un.__all__, key=str.lower) == sorted(set(un.__all__), key=str.lower)
    for name in un.__all__:
        assert getattr(un, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'transformer'"):
        _ = un.transformer
