"""The arrays of a fit in a file: their types, shapes and ranges. docs/model-file.md explains them."""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from ..argument_types import SMALLEST_POSITIVE
from ..arrays import Array
from ..errors import InputError

MAX_WIDENING = 1000.0
ROUNDING = 1e-6  # of correlations
LARGEST_ORDINAL = 2.0**62


class ArraySpec(NamedTuple):
    """What an array may hold."""

    dtype: str
    shape: tuple[str, ...]  # the names of sizes
    low: float = -inf
    high: float = inf


ARRAYS = {
    "y": ArraySpec("float64", ("n",)),
    "observed": ArraySpec("bool", ("n",)),
    "offsets": ArraySpec("int64", ("S + 1",), 0),
    "first": ArraySpec("int64", ("S",), -LARGEST_ORDINAL, LARGEST_ORDINAL),
    "widening": ArraySpec("float64", ("intervals", "horizon"), 0, MAX_WIDENING),
    "tracking.added": ArraySpec("int64", ("S",), 0, LARGEST_ORDINAL),
    "tracking.before": ArraySpec("float64", ("counts",), 0, LARGEST_ORDINAL),
    "tracking.recent": ArraySpec("float64", ("W", "counts"), 0, LARGEST_ORDINAL),
    "dependence": ArraySpec("float64", ("H", "H"), -1 - ROUNDING, 1 + ROUNDING),
    "covariates.values": ArraySpec("float64", ("n", "C")),
    "covariates.static": ArraySpec("float64", ("S", "A")),
    "covariates.categories": ArraySpec("int64", ("S", "B"), 0),
    "covariates.weights": ArraySpec("float64", ("S",), 0),
    "covariates.ahead": ArraySpec("float64", ("M", "K")),
    "covariates.ahead_offsets": ArraySpec("int64", ("S + 1",), 0),
    "profile.logs": ArraySpec("bool", ("S",)),
    "profile.nonnegative": ArraySpec("bool", ("S",)),
    "profile.effects": ArraySpec("float64", ("S", "E")),
    "profile.season": ArraySpec("float64", ("S", "m")),
    "profile.smoothing": ArraySpec("float64", ("S",), 0, 1),
    "profile.trend": ArraySpec("float64", ("S",), 0),
    "profile.steady": ArraySpec("bool", ("S",)),
    "profile.spread": ArraySpec("float64", ("S",), 0),
    "profile.change": ArraySpec("float64", ("S",), SMALLEST_POSITIVE),
    "profile.extent": ArraySpec("float64", ("S", "extremes")),
}
OPTIONAL = {"dependence", "tracking.added", "tracking.before", "tracking.recent"}


def checked_arrays(arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Mapping[str, Array]:
    """The arrays, each with the type, shape and range of its specification.

    Args:
        arrays: by name; others than those of the specification are ignored.
        sizes: of the shapes, by name.

    Raises:
        InputError: an array is missing, or has another type, shape or range.
    """
    for name, (dtype, names, low, high) in ARRAYS.items():
        if name not in arrays and name not in OPTIONAL:
            raise InputError(f"the array {name!r} is missing")
        values, shape = arrays.get(name), tuple(sizes[size] for size in names)
        if values is None:
            continue
        if values.dtype != dtype or values.shape != shape:
            raise InputError(f"the array {name!r} should be {dtype} {shape}; it is {values.dtype} {values.shape}")
        if ((values < low) | (values > high)).any():
            raise InputError(f"the array {name!r} should lie within {low:g} and {high:g}")
    return arrays


def rows_of(name: str, arrays: Mapping[str, Array]) -> int:
    """The rows of an array; 0 if there is none."""
    shape = arrays[name].shape if name in arrays else ()
    return shape[0] if shape else 0
