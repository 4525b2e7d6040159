"""No function, call or folder is too large to be understood at once."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from support import FILES, trees

MAX_LINES = 60  # of a function with its docstring
MAX_POSITIONAL = 8  # arguments of a definition or a call
MAX_FILES = 14  # in one folder of forecasting

TREES = trees()
EVERY_MODULE = pytest.mark.parametrize("name", FILES)


def functions(name: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(TREES[name]) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def is_command(name: str) -> bool:
    """Whether this module holds a command: its options are a function's parameters, which typer passes by name."""
    return ".cli.commands." in name


@EVERY_MODULE
def test_functions_are_short(name):
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(name)}
    assert {f: lines for f, lines in long.items() if lines > MAX_LINES} == {}


@EVERY_MODULE
def test_definitions_have_few_positional_arguments(name):
    counts = {f.name: len(f.args.posonlyargs) + len(f.args.args) for f in functions(name)}
    assert {f: n for f, n in counts.items() if n > MAX_POSITIONAL + 1} == {}  # and self


@EVERY_MODULE
def test_calls_have_few_positional_arguments(name):
    calls = [node for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]
    many = {ast.unparse(c.func): len(c.args) for c in calls if len(c.args) > MAX_POSITIONAL}
    assert many == {}


def test_folders_of_forecasting_hold_few_files():
    count = Counter(Path(path).parent for name, path in FILES.items() if name.startswith("unrolled.forecasting"))
    assert max(count.values()) <= MAX_FILES
