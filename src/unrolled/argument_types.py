"""Types of arguments: a value that does not fit its annotation is refused where it is given, by its name."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import inf
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from .errors import InputError

ONE = {int: "a whole number", float: "a number", str: "a text", NoneType: "None"}
SEVERAL = {int: "whole numbers", float: "numbers", str: "texts", Any: "values"}
NAMES = {Mapping: "dictionary", os.PathLike: "path", Callable: "function"}
MAX_SHOWN_LENGTH = 60  # of a value in a message, in characters
LARGEST_COUNT = 2**31 - 1  # products of two counts are 64-bit whole numbers
SMALLEST_POSITIVE, LARGEST_FLOAT = 5e-324, float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Between:
    """Limits of a number, as a part of its annotation, such as `Annotated[int, Between(1, 31)]`."""

    low: float
    high: float = inf

    def __str__(self) -> str:
        if self.high == inf:
            return " above 0" if self.low == SMALLEST_POSITIVE else f" ≥ {self.low}"
        return f" from {self.low} to {self.high}"


Count = Annotated[int, Between(1, LARGEST_COUNT)]
Index = Annotated[int, Between(0, LARGEST_COUNT)]  # a place, or a number that may be 0
Integer64 = Annotated[int, Between(-(2**63), 2**63 - 1)]
Positive = Annotated[float, Between(SMALLEST_POSITIVE)]


def check_fields(owner: Any, name: str = "{}") -> None:
    """Raise an `InputError` for the first field of a dataclass whose value does not fit its annotation.

    `name` is how a message names a field, such as "Adam: {}".
    """
    kind: type = type(owner)
    for field, hint in hints_of(kind).items():
        check_type(name.format(field), getattr(owner, field), hint)


def check_type(name: str, value: Any, hint: Any) -> None:
    """Raise an `InputError` if a value does not fit an annotation.

    >>> check_type("`season`", [12], int | None)
    Traceback (most recent call last):
    unrolled.errors.InputError: `season` must be a whole number or None; got [12].
    """
    if not fits(value, hint):
        *first, last = dict.fromkeys(_accepted(hint, value))
        accepted = f"{', '.join(first)} or {last}" if first else last
        raise InputError(f"{name} must be {accepted}; got {_shown(value)}.")


@cache
def hints_of(owner: type) -> dict[str, Any]:
    """The annotations of a dataclass's fields."""
    try:
        found = get_type_hints(owner, include_extras=True)
    except NameError:  # a name that only type checkers import, in a class of the user
        return {}
    return {field.name: found[field.name] for field in fields(owner)}


def fits(value: Any, hint: Any) -> bool:
    """Whether a value fits an annotation; NumPy's scalars count as Python's, and truth values are no numbers.

    >>> fits(3, float), fits(True, int), fits(["a"], str | Sequence[str]), fits([1], str | Sequence[str])
    (True, False, True, False)
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in inner)
    if origin is Annotated:
        return fits(value, inner[0]) and bool(inner[1].low <= value <= inner[1].high)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin in (tuple, Sequence, Iterable):
        if origin is Iterable:  # its elements can perhaps be read only once
            return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
        if not isinstance(value, (list, tuple)):
            return False
        if origin is Sequence or inner[-1] is Ellipsis:
            return all(fits(part, inner[0]) for part in _distinct(value, inner[0]))
        return len(inner) == len(value) and all(map(fits, value, inner))
    if hint in (int, float):
        kinds = (int, np.integer) if hint is int else (int, float, np.integer, np.floating)
        if hint is float and isinstance(value, int) and abs(value) > LARGEST_FLOAT:
            return False
        return isinstance(value, kinds) and not isinstance(value, bool)
    if hint is bool:
        return isinstance(value, (bool, np.bool_))
    if origin is Callable:
        return callable(value)
    kind = origin or hint
    return isinstance(value, kind) if isinstance(kind, type) and kind is not Any else True


def _distinct(values: Sequence[Any], hint: Any) -> Iterable[Any]:
    """One value of each type if the annotation depends on the type alone; thousands of them are checked at once."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    same = all(part in (int, str, bool, NoneType) for part in parts)
    return {type(v): v for v in values}.values() if same else values


def _accepted(hint: Any, value: Any) -> list[str]:
    """The kinds of values that fit an annotation, in words; `value` is one that does not fit."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return [words for part in inner for words in _accepted(part, value)]
    if origin is Literal:
        return [repr(choice) for choice in inner]
    if hint is bool:
        return ["True", "False"]
    if origin is Annotated:
        kind, limits = inner
        if limits.high == LARGEST_COUNT and not (fits(value, kind) and value > LARGEST_COUNT):
            limits = Between(limits.low)  # the largest count matters only to a value above it
        return [f"{words}{limits}" for words in _accepted(kind, value)]
    if origin in (tuple, Sequence, Iterable):
        count = f"{len(inner)} " if origin is tuple and inner[-1] is not Ellipsis else ""
        (one, *limits) = get_args(inner[0]) if get_origin(inner[0]) is Annotated else (inner[0],)
        return [f"a list of {count}{SEVERAL.get(one, 'functions')}{limits[0] if limits else ''}"]
    name = str(NAMES.get(origin or hint) or getattr(hint, "__name__", hint))
    return [ONE.get(hint) or f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_LENGTH and "\n" not in text else f"a value of type {type(value).__name__}"
