"""Mutation testing of the mathematics: change one operator, comparison, constant, function name or branch at a time,
and see whether a test fails.

    python tools/mutate.py                                  # all files, two mutants at a time; hours
    python tools/mutate.py --sample 200 --seed 1            # some mutants, drawn at random
    python tools/mutate.py nn/cells/gru.py nn/optimizers.py # some files

Results are kept in build/mutants.jsonl, so that a run that was stopped continues. A mutant survives if no test of its
file fails; tests/mutants.md lists those whose change does not matter, with the reason. The command fails if any other
one survives.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import importlib.abc
import importlib.util
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TESTS = ROOT / "src" / "unrolled", ROOT / "tests"
RESULTS, EXPLAINED = ROOT / "build" / "mutants.jsonl", TESTS / "mutants.md"
AT_ONCE = 2  # mutants under test
HAND, FROZEN = "tests/witnesses/test_worked_by_hand.py", "tests/witnesses/test_frozen.py"
# files by pattern, each with tests besides the file of its name
TARGETS = {
    "nn/activations.py": [],
    "nn/cells/[glr]*.py": [HAND, FROZEN],
    "nn/losses/*.py": [],
    "nn/losses/likelihoods.py": ["tests/nn/losses/test_distributions.py"],
    "nn/optimizers.py": [FROZEN],
    "nn/schedules.py": [],
    "forecasting/inputs/views.py": [],
    "forecasting/inputs/windows.py": [],
    "forecasting/preprocessing/*.py": [],
    "forecasting/probabilistic/*.py": [],
    "forecasting/evaluation/metrics.py": [],
}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
OPERATORS |= {ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
OPERATORS |= {ast.MatMult: ast.Add}
COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}
NAMES |= {"mean": "sum", "sum": "mean", "zeros": "ones", "ones": "zeros"}


class Mutant(NamedTuple):
    """One change of one file."""

    file: str  # within the package
    name: str  # file, function, the expression before and after, and a number if there are several
    code: str  # of the whole module

    @property
    def module(self) -> str:
        return "unrolled." + self.file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """The replacements that are tried for an expression."""
    new: Any = copy.deepcopy(node)
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
        new.op = OPERATORS[type(node.op)]()
        yield new
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        new.ops[0] = COMPARISONS[type(node.ops[0])]()
        yield new
    elif isinstance(node, ast.BoolOp):
        new.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield new
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
        yield new.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        new.value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield new
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        new.attr = NAMES[node.attr]
        yield new
    elif isinstance(node, ast.IfExp):
        new.body, new.orelse = new.orelse, new.body
        yield new


def is_skipped(node: ast.AST) -> bool:
    """Whether a node is no mathematics: annotations, texts and errors."""
    checks = isinstance(node, ast.If) and all(isinstance(child, ast.Raise) for child in node.body)
    checks |= isinstance(node, ast.keyword) and node.arg == "strict"  # of zip
    return checks or isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom))


def mutants_of(file: str) -> list[Mutant]:
    tree = ast.parse((SOURCE / file).read_text("utf-8"))
    found: list[Mutant] = []
    counts: Counter[str] = Counter()

    def visit(node: ast.AST, where: str) -> None:
        if is_skipped(node):
            return
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            where = f"{where}.{node.name}".strip(".")
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for k, child in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(child, ast.AST):
                    continue
                for new in changes(child):
                    put(node, field, k if isinstance(value, list) else None, new)
                    name = f"{file} {where or 'module'}: {ast.unparse(child)} → {ast.unparse(new)}"
                    counts[name] += 1
                    number = f" ({counts[name]})" if counts[name] > 1 else ""
                    found.append(Mutant(file, name + number, ast.unparse(tree)))
                    put(node, field, k if isinstance(value, list) else None, child)
                visit(child, where)

    visit(tree, "")
    return found


def put(node: ast.AST, field: str, k: int | None, value: ast.AST) -> None:
    if k is None:
        setattr(node, field, value)
    else:
        getattr(node, field)[k] = value


def tests_of(file: str, extra: list[str]) -> list[str]:
    """The test file with the same place and name, and the extra ones."""
    path = Path(file)
    own = f"test_{path.parent.name if path.name == '__init__.py' else path.stem}.py"
    return [str(p) for p in (f"tests/{path.parent}/{own}", *extra) if (ROOT / p).exists()]


class Loader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        place = str(SOURCE / self.mutant.file)
        return (
            importlib.util.spec_from_file_location(name, place, loader=self) if name == self.mutant.module else None
        )

    def get_source(self, fullname: str) -> str:
        return self.mutant.code

    def is_package(self, fullname: str) -> bool:
        return self.mutant.file.endswith("__init__.py")


def start(mutant: Mutant | None, tests: list[str]) -> int:
    """A process that runs the tests of a mutant, and ends with 0 if none fails."""
    child = os.fork()
    if child:
        return child
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    code = 1
    try:
        import pytest

        if mutant is not None:
            sys.meta_path.insert(0, Loader(mutant))
        code = int(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *tests]))
    finally:
        os._exit(code)


def outcomes(work: list[tuple[Mutant, list[str]]], limit_s: dict[str, float]) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with "killed", "survived" or "timeout", some at a time."""
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = work[::-1]
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant, tests = waiting.pop()
            running[start(mutant, tests)] = (mutant, time.monotonic())
        child, status = os.waitpid(-1, os.WNOHANG)
        if child:
            mutant, _ = running.pop(child)
            yield mutant, "killed" if os.waitstatus_to_exitcode(status) else "survived"
            continue
        for child, (mutant, began) in list(running.items()):
            if time.monotonic() - began > limit_s[mutant.file]:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                del running[child]
                yield mutant, "timeout"
        time.sleep(0.02)


def digest(file: str, tests: list[str]) -> str:
    content = b"".join((ROOT / path).read_bytes() for path in (SOURCE / file, *tests))
    return hashlib.sha256(content).hexdigest()[:16]


def explained() -> set[str]:
    return (
        set(re.findall(r"^- `(.+?)`: ", EXPLAINED.read_text("utf-8"), re.MULTILINE)) if EXPLAINED.exists() else set()
    )


def tests_of_targets() -> dict[str, list[str]]:
    """The files that are mutated, within src/unrolled, each with its tests."""
    found = {str(p.relative_to(SOURCE)): tests_of(str(p.relative_to(SOURCE)), extra)
             for pattern, extra in TARGETS.items() for p in sorted(SOURCE.glob(pattern))}  # fmt: skip
    return {file: tests for file, tests in found.items() if tests}


def arguments(targets: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="files among the targets, within src/unrolled (default: all)"
    )
    parser.add_argument("--sample", type=int, help="number of mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    given = parser.parse_args()
    if unknown := sorted(set(given.files) - set(targets)):
        parser.error(f"not among the targets: {', '.join(unknown)}; these are {', '.join(targets)}")
    return given


def main() -> int:
    found = tests_of_targets()
    given = arguments(found)
    files = given.files or list(found)
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    if given.sample is not None:
        mutants = random.Random(given.seed).sample(mutants, min(given.sample, len(mutants)))
    if given.list:
        print("\n".join(mutant.name for mutant in mutants))
        return 0
    os.chdir(ROOT)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import hypothesis  # noqa: F401  (forks have what is imported here)
    import pandas  # noqa: F401

    RESULTS.parent.mkdir(exist_ok=True)
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    known = {(line["name"], line["digest"]): line["outcome"] for line in map(json.loads, lines)}
    digests = {file: digest(file, found[file]) for file in files}
    work = [(m, found[m.file]) for m in mutants if (m.name, digests[m.file]) not in known]
    limit_s = {}
    for file in sorted({mutant.file for mutant, _ in work}):
        began = time.monotonic()
        if os.waitstatus_to_exitcode(os.waitpid(start(None, found[file]), 0)[1]):
            raise SystemExit(f"the tests of {file} fail without any mutant: {' '.join(found[file])}")
        limit_s[file] = 10 + 5 * (time.monotonic() - began)
    with RESULTS.open("a", encoding="utf-8") as out:
        for k, (mutant, outcome) in enumerate(outcomes(work, limit_s)):
            known[mutant.name, digests[mutant.file]] = outcome
            line = {"name": mutant.name, "digest": digests[mutant.file], "outcome": outcome}
            print(json.dumps(line, ensure_ascii=False), file=out, flush=True)
            if outcome == "survived":
                print(f"{k + 1}/{len(work)} survived: {mutant.name}", flush=True)
    return report(mutants, {m.name: known[m.name, digests[m.file]] for m in mutants})


def report(mutants: list[Mutant], outcome: dict[str, str]) -> int:
    """Print a table by file and the survivors without an explanation; 1 if there are any."""
    reasons = explained()
    print("| file | mutants | killed | explained | surviving |\n| --- | --- | --- | --- | --- |")
    survivors = []
    for file in dict.fromkeys(mutant.file for mutant in mutants):
        names = [mutant.name for mutant in mutants if mutant.file == file]
        alive = [name for name in names if outcome[name] == "survived"]
        open_ones = [name for name in alive if name not in reasons]
        survivors += open_ones
        counts = len(names), len(names) - len(alive), len(alive) - len(open_ones), len(open_ones)
        print(f"| {file} | {' | '.join(map(str, counts))} |")
    print("".join(f"\nsurvives: {name}" for name in survivors))
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
