"""The architecture: imports only go to lower levels, the core stays light, and public names exist."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from typing import NamedTuple

import pytest

import unrolled as un
from support import FILES, trees

ROOT = "unrolled"
COMPILED = f"{ROOT}.nn.engines._native"
# For each package its parts from the ground up. A part imports from those below it; parts of one level do not import
# each other, and neither do the parts of a package that is not listed.
LEVELS = {
    ROOT: [
        {"arrays", "errors", "plurals", "version"},
        {"argument_types"},
        {"file_sets"},
        {"schema"},
        {"interactive", "storage"},
        {"nn", "series", "synthetic"},
        {"forecasting"},
        {"report"},
        {"forecaster", "zero_shot"},
        {"loading"},
        {"__init__"},
        {"demos"},
        {"cli"},
        {"__main__"},
    ],
    f"{ROOT}.interactive": [{"figure", "html", "interrupts", "notebook", "streams"}, {"progress"}],
    f"{ROOT}.synthetic": [{"components"}, {"distortions", "processes"}, {"generate"}],
    f"{ROOT}.nn": [
        {"activations", "lengths", "randomness", "schedules"},
        {"cells"},
        {"layers", "losses", "optimizers"},
        {"program"},
        {"argument_checks"},
        {"datasets"},
        {"engines"},
        {"training"},
        {"sequential"},
        {"streaming"},
        {"network"},
        {"gradient_check"},
    ],
    f"{ROOT}.nn.cells": [{"base"}, {"gru", "lstm", "rnn"}],
    f"{ROOT}.nn.losses": [{"base", "special_functions"}, {"distributions", "pointwise"}, {"likelihoods"}],
    f"{ROOT}.nn.engines": [{"base"}, {"native_program", "reference", "openmp"}, {"native"}],
    f"{ROOT}.nn.training": [{"history", "plan"}, {"checkpoint"}, {"loop", "parallel"}],
    f"{ROOT}.series": [
        {"date_words", "month_days", "open_phases", "packed_texts", "ragged", "zones"},
        {"stamp_texts"},
        {"frequency"},
        {"columns", "covariates", "date_codes", "jitter"},
        {"local_clock", "panel", "stamps"},
        {"dataframe"},
        {"grid", "outliers"},
        {"summary"},
        {"covariate_encoding", "origins", "to_frame"},
        {"from_frame", "holidays"},
        {"continuation"},
        {"by_frequency", "known_future"},
        {"files"},
    ],
    f"{ROOT}.series.files": [
        {"labels", "options", "sentinels", "texts", "workbook"},
        {"numbers"},
        {"dates"},
        {"day_periods", "decode", "header", "times_of_day"},
        {"dialect"},
        {"encodings", "flags", "parsed_stamps", "unread_dates"},
        {"date_columns"},
        {"timestamps"},
        {"aligned", "calendar_parts"},
        {"subtotals", "time_columns"},
        {"row_stamps"},
        {"column_roles"},
        {"aggregation", "reshape"},
        {"reader"},
        {"inspection", "read_table", "related_files"},
    ],
    f"{ROOT}.forecasting": [
        {"preprocessing", "probabilistic"},
        {"baselines", "pretrained"},
        {"inputs"},
        {"model"},
        {"evaluation"},
        {"parameters", "plausibility", "stored_arrays"},
        {"defaults"},
        {"predictor"},
        {"fitting", "totals", "updating"},
        {"selection"},
        {"multi_frequency"},
        {"cross_validation", "explanation"},
        {"serialization"},
    ],
    f"{ROOT}.forecasting.baselines": [{"simple", "statistical"}, {"naive2"}, {"theta"}, {"registry"}],
    f"{ROOT}.forecasting.pretrained": [{"seasons"}, {"representation"}, {"lessons", "network"}, {"pretraining"}],
    f"{ROOT}.forecasting.preprocessing": [
        {"effects", "logarithms", "seasonality"},
        {"smoothing", "spread"},
        {"transform"},
    ],
    f"{ROOT}.forecasting.probabilistic": [
        {"copula", "quantiles", "support"},
        {"quantile_function"},
        {"conformal", "interval_columns"},
        {"tracking"},
    ],
    f"{ROOT}.forecasting.inputs": [{"calendar", "views"}, {"features", "window_spec"}, {"windows"}],
    f"{ROOT}.forecasting.model": [
        {"architecture", "combination", "distributions"},
        {"settings"},
        {"ensemble"},
        {"recursion", "training"},
        {"paths"},
    ],
    f"{ROOT}.forecasting.evaluation": [{"shares", "student"}, {"metrics"}, {"comparison"}, {"holdout", "scoring"}],
    f"{ROOT}.forecasting.explanation": [
        {"groups", "representation_back", "shapley", "view_gradients"},
        {"contributions", "sensitivities"},
        {"explanation"},
    ],
    f"{ROOT}.forecasting.selection": [{"space", "validation"}, {"search"}, {"automatic"}],
    f"{ROOT}.report": [
        {"curves", "formatting"},
        {"content"},
        {"total"},
        {"tables", "wording"},
        {"html_elements"},
        {"html", "markdown"},
        {"report"},
        {"figures", "figure_page"},
    ],
    f"{ROOT}.cli": [
        {"console", "help_panels", "option_groups", "spreadsheet", "terminal_chart"},
        {"csv_form"},
        {"common_options", "exit_codes", "input_tables", "search_summary", "table_options"},
        {"config_file", "model_options", "saved_models"},
        {"command_group", "run_file"},
        {"output_files"},
        {"commands"},
        {"__init__"},
    ],
    f"{ROOT}.demos": [{"base"}, {"prices"}, {"counting", "fish", "sales", "stock", "symbols"}],
}
CORE = {*LEVELS[ROOT][0], *LEVELS[ROOT][1], *LEVELS[ROOT][2], "__init__", "loading", "nn"}
TALKING = {"cli", "report", "interactive"}


class Import(NamedTuple):
    target: str  # a module of ours, or the name of another package
    ours: bool
    late: bool  # inside a function: it costs time only when that is called
    typing: bool  # read by type checkers only


TREES = trees()
EVERY_MODULE = pytest.mark.parametrize("name", FILES)


def part_of(module: str) -> str:
    return "__init__" if module == ROOT else module.split(".")[1]


def imports(name: str) -> list[Import]:
    """All that a module imports."""
    found: list[Import] = []
    package = name if FILES[name].name == "__init__.py" else name.rpartition(".")[0]

    def visit(node: ast.AST, late: bool, typing: bool) -> None:
        typing = typing or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        if isinstance(node, ast.Import):
            for alias in node.names:
                add(alias.name, late, typing)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                add(f"{base}.{alias.name}" if f"{base}.{alias.name}" in {*FILES, COMPILED} else base, late, typing)
        inside = late or isinstance(node, (ast.FunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, inside, typing)

    def add(target: str, late: bool, typing: bool) -> None:
        ours = target.split(".")[0] == ROOT
        found.append(Import(target if ours else target.split(".")[0], ours, late, typing))

    visit(TREES[name], late=False, typing=False)
    return found


def meeting_place(one: str, other: str) -> tuple[str, str, str]:
    """The package in which two modules meet, and the part of it that holds each."""
    a, b = ([*name.split("."), *(["__init__"] if FILES[name].name == "__init__.py" else [])] for name in (one, other))
    depth = next(k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return ".".join(a[:depth]), a[depth], b[depth]


def test_every_part_of_a_listed_package_has_a_level():
    for package, levels in LEVELS.items():
        inside = {meeting_place(name, package)[1] for name in FILES if name.startswith(f"{package}.")}
        listed = [part for level in levels for part in level]
        assert sorted(listed) == sorted({*inside, *({"__init__"} & set(listed))}), package


@EVERY_MODULE
def test_imports_only_go_to_lower_levels(name):
    """Imports for type checkers count, and so do those inside functions."""
    for target in {i.target for i in imports(name) if i.target in FILES and i.target != name}:
        package, here, there = meeting_place(name, target)
        if "__init__" in (here, there) and package != ROOT:
            continue  # a package's __init__ imports its parts; `test_there_are_no_circular_imports` checks it
        level = {part: k for k, parts in enumerate(LEVELS.get(package, [])) for part in parts}
        assert there in level, f"{package} has no levels, but {name} imports {target}"
        assert level[there] < level[here], f"{name} imports {target}, which lies beside it or above"


def test_there_are_no_circular_imports():
    graph = {name: {i.target for i in imports(name) if i.target in FILES and i.target != name} for name in FILES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)  # it raises an error if there is a circle


@EVERY_MODULE
def test_no_framework_is_imported(name):
    assert not {i.target for i in imports(name)} & {"torch", "jax", "tensorflow", "keras", "sklearn"}


@EVERY_MODULE
def test_only_the_native_engine_imports_the_compiled_module(name):
    if name != "unrolled.nn.engines.native":
        assert COMPILED not in {i.target for i in imports(name)}


@EVERY_MODULE
def test_the_core_needs_numpy_alone_to_be_imported(name):
    if part_of(name) in CORE:
        outside = {i.target for i in imports(name) if not (i.ours or i.late or i.typing)} - sys.stdlib_module_names
        assert outside <= {"numpy"}


@EVERY_MODULE
def test_only_listed_parts_print_or_read_arguments(name):
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


def test_importing_the_package_does_not_even_load_numpy():
    program = "import sys, unrolled; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "unrolled" in loaded
    assert loaded & {"numpy", "pandas", "typer", "rich", "plotly"} == set()


def test_the_public_names_exist():
    assert set(un.__all__) <= set(dir(un))
    assert sorted(un.__all__, key=str.lower) == sorted(set(un.__all__), key=str.lower)
    for name in un.__all__:
        assert getattr(un, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'transformer'"):
        _ = un.transformer
