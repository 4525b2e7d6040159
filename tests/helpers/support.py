"""Helpers for several test files: a tolerance for rounding, and cases that follow from the registries."""

from __future__ import annotations

import ast
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path

import numpy as np

import unrolled
from unrolled.nn.cells import CELLS, Cell
from unrolled.nn.layers import Dense
from unrolled.nn.losses import Likelihood
from unrolled.nn.network import Network

SOURCE = Path(unrolled.__file__).parent
ROOT = Path(__file__).parents[2]  # of the checkout


def _module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}  # all modules of the library


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of each module of the library."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def assert_close(actual, expected, terms: int, scale: float | None = None) -> None:
    """Equal up to rounding: 8 eps for each term of the longest sum, times the size of what is summed (at least 1)."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    eps = np.finfo(actual.dtype).eps
    scale = max(1.0, float(np.abs(expected).max(initial=0))) if scale is None else scale
    np.testing.assert_allclose(actual, expected, rtol=0, atol=8 * eps * terms * scale)


def cell_variants(hidden: int) -> list[Cell]:
    """All registered cells with all options that change their mathematics."""
    return [CELLS[kind](hidden, **options) for kind in sorted(CELLS) for options in CELLS[kind].variants]


def label(rule) -> str:
    """A label for a rule: its kind and the options that are not the defaults."""
    changed = [
        str(getattr(rule, option.name))
        for option in fields(rule)
        if option.name != "hidden" and (option.default is MISSING or getattr(rule, option.name) != option.default)
    ]
    return "-".join([rule.kind, *changed])


def scattered(net: Network, rng: np.random.Generator) -> Network:
    """The network with random parameters, including biases, so that each affects the results."""
    net.parameters = 0.5 * rng.standard_normal(net.parameters.shape)
    return net


def task(loss, leading: tuple[int, ...], rng: np.random.Generator):
    """The last layer that a loss requires, and random targets with these leading axes."""
    if loss.kind == "cross_entropy":
        return Dense(4), rng.integers(4, size=leading)
    if isinstance(loss, Likelihood):
        target = rng.standard_normal((*leading, 2)) if not loss.needs_unit else rng.gamma(1.5, 2, (*leading, 2))
        return Dense((2, len(loss.parameters))), target
    size = (2, len(loss.levels)) if loss.kind == "quantile" else 2
    return Dense(size), rng.standard_normal((*leading, 2))
